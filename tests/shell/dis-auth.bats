# shellcheck shell=bats
# shellcheck disable=SC2030,SC2031,SC2153 # each test is a shell of its own
# Who we are to DIS: tokens, passwords, keys; what happens when they are refused; and that none of
# them is ever shown.

load dis

setup() {
    make_service
}

# key_file PATH [SECRET]: as Huawei's tools have it.
key_file() {
    (umask 077 && printf '[basic]\nak = %s\nsk = %s\n' "$ACCESS_KEY" "${2:-$SECRET_KEY}" >"$1")
}

# ---- tokens

@test "OS_TOKEN is sent as it is" {
    use_token
    begin_with
    forget_requests
    works
    is "$(ways)" token
    is "$(logins)" 0
    is "$(stat_of tokens_issued)" 1
}

@test "a wrong OS_TOKEN ends the mount" {
    use_token wrong
    cannot_mount
    matches "$output" "OS_TOKEN|token|credentials"
    (($(requests) <= 2))
    is "$(logins)" 0
}

@test "OS_USERNAME and OS_PASSWORD get one token at OS_AUTH_URL" {
    use_password
    begin_with
    works
    local i
    for i in {1..20}; do
        cat "$P/checkpoint"
    done >/dev/null
    is "$(ways)" token
    is "$(logins)" 1
    is "$(stat_of tokens_issued) $(stat_of auth_failures)" "1 0"
}

@test "OS_AUTH_URL may end in a slash" {
    use_password
    OS_AUTH_URL+=/
    begin_with
    works
    is "$(logins)" 1
}

@test "OS_PROJECT_NAME may stand for OS_PROJECT_ID" {
    use_password
    unset OS_PROJECT_ID
    export OS_PROJECT_NAME=eu-de
    begin_with
    works
}

@test "without OS_PROJECT_ID and OS_PROJECT_NAME the token is for the project of the source" {
    use_password
    unset OS_PROJECT_ID
    begin_with
    works
}

@test "a token that was revoked is renewed once, on 401 and on 441" {
    use_password
    begin_with
    local style tokens=1
    for style in gateway iam dis; do
        quirk auth_failure="$style"
        warm
        control POST tokens/revoke >/dev/null
        is "$(cat "$P/checkpoint")" 42
        is "$(stat_of tokens_issued)" $((++tokens))
        is "$(logins) $(requests GET /checkpoints) $(requests)" "1 2 3"
        is "$(cat "$P/checkpoint")" 42
        is "$(requests)" 4
    done
}

@test "a commit with a token that was revoked is sent again, and succeeds" {
    use_password
    begin_with
    warm
    control POST tokens/revoke >/dev/null
    put "$P/checkpoint" 43
    is "$(stored)" "billing orders 0 43"
    is "$(logins) $(requests POST /checkpoints)" "1 2"
    is "$(cat errors)" ""
}

@test "20 readers with a token that was revoked renew it once" {
    use_password
    begin_with
    warm
    control POST tokens/revoke >/dev/null
    local i readers=()
    for i in {1..20}; do
        in_background cat "$P/checkpoint" >"$DIR/read.$i"
        readers+=("$!")
    done
    wait_all "${readers[@]}"
    is "$(cat "$DIR"/read.* | sort | uniq -c | xargs)" "20 42"
    is "$(logins)" 1
}

@test "a token is renewed before it expires" {
    control POST tokens lifetime=4 >/dev/null
    use_password
    begin_with
    sleep 4.5
    forget_requests
    is "$(cat "$P/checkpoint")" 42
    is "$(control GET log | awk '$3 == 401')" ""
    is "$(stat_of auth_failures)" 0
}

@test "a token that is refused again after it was renewed is left alone" {
    local status
    for status in 401 441; do
        use_password
        mount_service
        cd "$MNT"
        warm
        fault status status="$status" code=DIS.4114 message="token header invalid." \
            path=/v2/ count=forever
        refused "Permission denied" cat "$P/checkpoint"
        is "$(logins) $(requests GET /checkpoints) $(requests)" "1 2 3"
        refused "Permission denied" cat "$P/checkpoint"
        refused "Permission denied" put "$P/checkpoint" 43
        refused "Permission denied" cat "$S/latest"
        is "$(requests)" 3
        no_faults
        cd /
        unmount "$MNT"
    done
}

@test "a token without a project, or of another one, is EACCES and no loop" {
    use_password
    begin_with
    warm
    fault status status=403 code=DIS.4116 message="Invalid RBAC. [x]" path=/checkpoints \
        count=forever
    refused "Permission denied" cat "$P/checkpoint"
    reported EACCES 403 DIS.4116 "Invalid RBAC. [x]"
    (($(requests GET /checkpoints) == 1))
}

# ---- a wrong password

@test "a wrong password at mount: one line, exit 1, nothing mounted, one attempt" {
    use_password "a mistyped password"
    cannot_mount
    matches "$output" "OS_USERNAME|OS_PASSWORD|password|credentials"
    not grep -F "mistyped" <<<"$output"
    is "$(logins) $(requests)" "1 1"
    is "$(stat_of wrong_passwords)" 1
    is "$(mounts_below "$DIR")" ""
}

@test "a wrong password under -o lazy: EACCES, and one attempt for many readers" {
    use_password "a mistyped password"
    begin_with -o lazy
    local i
    for i in {1..20}; do
        refused "Permission denied" cat "$P/checkpoint"
    done
    is "$(logins) $(requests)" "1 1"
    nowhere "a mistyped password"
}

@test "an unknown user and an unknown domain are told as a wrong password is" {
    use_password
    export OS_USERNAME=nobody
    cannot_mount
    is "$(logins) $(requests)" "1 1"
    export OS_USERNAME=$USERNAME OS_USER_DOMAIN_NAME=OTHER
    cannot_mount
    is "$(logins) $(requests)" "2 2"
}

@test "an identity service that is not there is told in one line" {
    use_password
    export OS_AUTH_URL=http://127.0.0.1:1/v3
    cannot_mount -o timeout=2
    matches "$output" "127.0.0.1:1"
    is "$(requests)" 0
}

@test "an identity service that fails, and one that answers no JSON, end the mount" {
    use_password
    fault status status=500 path=/v3/auth/tokens count=forever
    cannot_mount -o timeout=2
    no_faults
    fault html status=201 path=/v3/auth/tokens count=forever
    cannot_mount -o timeout=2
}

@test "an identity service that fails for ever is the reason that errors gives" {
    use_password
    begin_with -o lazy,timeout=2
    local failure
    for failure in "html status=503" "status status=500 shape=none"; do
        # shellcheck disable=SC2086 # several words
        fault $failure path=/v3/auth/tokens count=forever
        refused "Input/output error" stat apps/other
        last_error
        is "${FIELD[3]} ${FIELD[4]}" "EIO $(grep -o '50[03]' <<<"$failure")"
        matches "${FIELD[7]}" "^IAM gave no token: it answered with HTTP 50[03]"
        no_faults
        remount_service -o lazy,timeout=2
    done
}

@test "a commit that a proxy kept from its token was not sent" {
    use_password
    begin_with -o timeout=2
    warm
    local failure
    for failure in "html status=404" "body status=301 text=" "html status=400"; do
        control POST tokens/revoke >/dev/null
        # shellcheck disable=SC2086 # several words
        fault $failure path=/v3/auth/tokens count=forever
        refused "${SAYS[EBADMSG]:?}" op_commit
        no_faults
    done
    is "$(journal what result | sort -u)" $'commit\tfailed'
    is "$(stored)" "$UNTOUCHED"
    op_commit
}

@test "an identity service that fails once is asked again" {
    use_password
    fault status status=503 path=/v3/auth/tokens
    begin_with
    is "$(logins)" 2
    is "$(stat_of tokens_issued)" 1
    forget_requests
    works
}

@test "OS_PASSWORD without OS_AUTH_URL, and no credentials at all, name what is missing" {
    use_password
    unset OS_AUTH_URL
    cannot_mount
    matches "$output" "OS_AUTH_URL"
    use_nothing
    cannot_mount
    matches "$output" "credentials|HUAWEICLOUD_SDK_AK|OS_TOKEN"
    is "$(requests)" 0
}

@test "an access key without its secret names what is missing" {
    export HUAWEICLOUD_SDK_AK=$ACCESS_KEY
    cannot_mount
    matches "$output" "HUAWEICLOUD_SDK_SK"
    is "$(requests)" 0
}

# ---- keys

@test "-o signature=access signs all requests so" {
    use_keys "$ACCESS_KEY" "$SECRET_KEY"
    begin_with -o signature=access
    works
    mkdir apps/newapp
    put "$P/metadata" $'\xc3\xa9\xe2\x82\xac'
    cat "$P/cursor" "$S/cursors/since/1m" "$S/latest" streams/orders/status >/dev/null
    rm "$P/checkpoint"
    rmdir apps/newapp
    is "$(ways)" access
    is "$(stat_of signature_failures)" 0
}

@test "-o signature=credential signs all requests so" {
    use_keys "$ACCESS_KEY" "$SECRET_KEY"
    begin_with -o signature=credential,region=eu-de,service=dis
    works
    mkdir apps/newapp
    put "$P/metadata" $'\xc3\xa9\xe2\x82\xac'
    cat "$P/cursor" "$S/cursors/since/1m" "$S/latest" streams/orders/status >/dev/null
    rm "$P/checkpoint"
    rmdir apps/newapp
    is "$(ways)" credential
    is "$(stat_of signature_failures)" 0
}

@test "region and service are those of the options" {
    use_keys "$ACCESS_KEY" "$SECRET_KEY"
    restart_service --region eu-de
    make_world
    begin_with -o signature=credential,region=eu-de,service=dis
    works
    cd /
    unmount "$MNT"
    cannot_mount -o signature=credential,region=cn-north-4,service=dis
    cannot_mount -o signature=credential,region=eu-de,service=sls
}

@test "region and service may be empty" {
    use_keys "$ACCESS_KEY" "$SECRET_KEY"
    restart_service --region eu-de
    make_world
    begin_with -o signature=credential,region=,service=
    works
    is "$(ways)" credential
    is "$(stat_of signature_failures)" 0
}

@test "a temporary key needs its security token, with both signatures" {
    use_keys "$ACCESS_KEY" "$SECRET_KEY"
    restart_service --security-token temporary+token/1==
    make_world
    cannot_mount
    export HUAWEICLOUD_SDK_SECURITY_TOKEN=temporary+token/1==
    local signature
    for signature in access credential; do
        mount_service -o "signature=$signature"
        forget_requests
        works
        nowhere "temporary+token/1==" "$SECRET_KEY"
        unmount "$MNT"
    done
}

@test "after a refused key nothing is sent for a while: no address is locked out" {
    control POST lockout after=3 >/dev/null
    use_keys "$ACCESS_KEY" "a mistyped secret"
    begin_with -o lazy
    local i sent
    refused "Permission denied" cat "$P/checkpoint"
    sent=$(requests)
    ((sent <= 2))
    for i in {1..20}; do
        refused "Permission denied" cat "$P/checkpoint"
        refused "Permission denied" put "$P/checkpoint" 43
    done
    run ls apps streams checkpoints
    is "$(requests)" "$sent"
    is "$(control GET log | grep -c DIS.4309 || true)" 0
}

@test "readers at the same time with a wrong key do not lock the address out" {
    control POST lockout after=5 >/dev/null
    use_keys "$ACCESS_KEY" "$SECRET_KEY"
    begin_with
    warm
    fault status status=401 code=APIGW.0301 shape=gateway message=refused path=/v2/ count=forever \
        delay=300
    local i readers=()
    for i in {1..30}; do
        in_background cat "$P/checkpoint" >"$DIR/read.$i" 2>&1
        readers+=("$!")
    done
    for i in "${readers[@]}"; do
        not wait "$i"
    done
    is "$(cat "$DIR"/read.* | grep -c 'Permission denied')" 30
    local sent
    sent=$(requests)
    refused "Permission denied" cat "$P/checkpoint"
    is "$(requests)" "$sent"
}

@test "an address that is locked out is told, and not asked again" {
    use_keys "$ACCESS_KEY" "$SECRET_KEY"
    begin_with
    warm
    fault status status=400 code=DIS.4309 path=/v2/ count=forever \
        message="Too many request failures. Please try again later."
    run cat "$P/checkpoint"
    matches "$output" "Permission denied|Device or resource busy"
    is "$(requests)" 1
    last_error
    is "${FIELD[4]} ${FIELD[5]}" "400 DIS.4309"
    run cat "$P/checkpoint"
    is "$(requests)" 1
}

# ---- files

@test "-o credentials=FILE" {
    key_file "$DIR/keys"
    begin_with -o "credentials=$DIR/keys"
    works
    is "$(ways)" access
}

@test "-o credentials=FILE is refused when others can read it" {
    local mode
    key_file "$DIR/keys"
    for mode in 604 644 666; do
        chmod "$mode" "$DIR/keys"
        cannot_mount -o "credentials=$DIR/keys"
        matches "$output" "$DIR/keys"
    done
    is "$(requests)" 0
    chmod 400 "$DIR/keys"
    begin_with -o "credentials=$DIR/keys"
    works
}

@test "-o credentials=FILE that is missing, or has no key, ends the mount" {
    cannot_mount -o "credentials=$DIR/missing"
    matches "$output" "$DIR/missing"
    (umask 077 && printf '[basic]\n# nothing\n' >"$DIR/empty")
    cannot_mount -o "credentials=$DIR/empty"
    matches "$output" "$DIR/empty"
    is "$(requests)" 0
}

@test "-o credentials=openrc.sh, as OpenStack gives it out" {
    cat >"$DIR/openrc.sh" <<EOF
#!/usr/bin/env bash
export OS_AUTH_URL=$URL/v3
export OS_PROJECT_ID=$PROJECT
export OS_USER_DOMAIN_NAME="$DOMAIN"
if [ -z "\$OS_USER_DOMAIN_NAME" ]; then unset OS_USER_DOMAIN_NAME; fi
export OS_USERNAME="$USERNAME"
echo "Please enter your OpenStack Password for \$OS_USERNAME: "
read -sr OS_PASSWORD_INPUT
export OS_PASSWORD=\$OS_PASSWORD_INPUT
export OS_REGION_NAME="\$REGION"
EOF
    chmod 600 "$DIR/openrc.sh"
    cannot_mount -o "credentials=$DIR/openrc.sh"
    is "$output" "checkpointfs: line 9 of $DIR/openrc.sh: only a shell can tell what OS_PASSWORD is: write the value itself, in single quotes"
    is "$(requests)" 0
    sed -i /OS_PASSWORD=/d "$DIR/openrc.sh"
    echo "export OS_PASSWORD='$PASSWORD' # by hand" >>"$DIR/openrc.sh"
    begin_with -o "credentials=$DIR/openrc.sh"
    is "$(cat "$P/checkpoint")" 42
    is "$(stat_of tokens_issued)" 1
}

@test "a relative -o credentials=FILE is of the directory where the command was given" {
    key_file "$DIR/keys"
    cd "$DIR"
    mount_service -o credentials=keys
    works
    cd /
    hup
    works
}

@test "~/.huaweicloud/credentials" {
    mkdir "$HOME/.huaweicloud"
    key_file "$HOME/.huaweicloud/credentials"
    begin_with
    works
    is "$(ways)" access
}

@test "SIGHUP reads the credentials anew, and ends the wait after a refused key" {
    key_file "$DIR/keys" "a mistyped secret"
    begin_with -o "lazy,credentials=$DIR/keys"
    refused "Permission denied" cat "$P/checkpoint"
    key_file "$DIR/keys"
    hup
    is "$(cat "$P/checkpoint")" 42
    nowhere "a mistyped secret" "$SECRET_KEY"
}

# ---- a file that is replaced

# replace_file PATH LINE...: with these lines, in one step.
replace_file() {
    (umask 077 && printf '%s\n' "${@:2}" >"$1.new")
    mv "$1.new" "$1"
}

# temporary_key TOKEN: a file with the key and that security token.
temporary_key() {
    replace_file "$DIR/keys" "ak = $ACCESS_KEY" "sk = $SECRET_KEY" "security_token = $1"
}

# refusals: how many requests the service refused since they count.
refusals() {
    control GET log | awk '$3 == 401' | wc -l
}

@test "a temporary key that expired is read again from a file that was renewed, by itself" {
    want_token first-token
    temporary_key first-token
    begin_with -o "credentials=$DIR/keys"
    warm
    want_token second-token
    temporary_key second-token
    is "$(cat "$P/checkpoint")" 42
    is "$(requests) $(refusals)" "2 1"
    put "$P/checkpoint" 43
    is "$(stored) $(refusals)" "billing orders 0 43 1"
    is "$(cat errors)" ""
    nowhere first-token second-token "$SECRET_KEY"
}

@test "a commit with a key that expired is sent again with the renewed one, and succeeds" {
    want_token first-token
    temporary_key first-token
    begin_with -o "credentials=$DIR/keys"
    warm
    want_token second-token
    temporary_key second-token
    put "$P/checkpoint" 43
    is "$(stored) $(cat errors)" "billing orders 0 43 "
    is "$(requests POST /checkpoints)" 2
}

@test "~/.huaweicloud/credentials is read again too" {
    want_token first-token
    mkdir "$HOME/.huaweicloud"
    temporary_key first-token
    mv "$DIR/keys" "$HOME/.huaweicloud/credentials"
    begin_with
    warm
    want_token second-token
    temporary_key second-token
    mv "$DIR/keys" "$HOME/.huaweicloud/credentials"
    is "$(cat "$P/checkpoint")" 42
}

@test "20 readers with a key that expired read the file again, and no address is locked out" {
    want_token first-token
    temporary_key first-token
    begin_with -o "credentials=$DIR/keys"
    warm
    want_token second-token
    temporary_key second-token
    local i readers=()
    for i in {1..20}; do
        in_background cat "$P/checkpoint" >"$DIR/read.$i"
        readers+=("$!")
    done
    wait_all "${readers[@]}"
    is "$(cat "$DIR"/read.* | sort | uniq -c | xargs)" "20 42"
}

@test "after a refusal another key in the file is tried at once, and each only once" {
    control POST lockout after=5 >/dev/null
    key_file "$DIR/keys"
    begin_with -o "credentials=$DIR/keys"
    warm
    key_file "$DIR/keys" "a mistyped secret"
    hup
    refused "Permission denied" cat "$P/checkpoint"
    matches "$(tail -n 1 errors)" "until there are others"
    is "$(requests)" 1
    local i
    for i in {1..10}; do
        # touched, and with another line that means nothing
        key_file "$DIR/keys" "a mistyped secret"
        echo "# $i" >>"$DIR/keys"
        refused "Permission denied" cat "$P/checkpoint"
    done
    is "$(requests)" 1
    key_file "$DIR/keys" "another mistyped secret"
    refused "Permission denied" cat "$P/checkpoint"
    refused "Permission denied" cat "$P/checkpoint"
    is "$(requests)" 2
    # half of a file
    printf '[basic]\nak = %s\n' "$ACCESS_KEY" >"$DIR/keys"
    refused "Permission denied" cat "$P/checkpoint"
    rm "$DIR/keys"
    refused "Permission denied" cat "$P/checkpoint"
    is "$(requests)" 2
    key_file "$DIR/keys"
    is "$(cat "$P/checkpoint")" 42
    put "$P/checkpoint" 43
    is "$(stored)" "billing orders 0 43"
    nowhere "mistyped secret" "$SECRET_KEY"
}

@test "a file that could not be read anew is read when it is right again" {
    key_file "$DIR/keys"
    begin_with -o "credentials=$DIR/keys"
    chmod 644 "$DIR/keys"
    hup
    refused "Permission denied" cat "$P/checkpoint"
    chmod 600 "$DIR/keys"
    is "$(cat "$P/checkpoint")" 42
}

@test "when the service has locked the address out, another key is not tried" {
    key_file "$DIR/keys"
    begin_with -o "credentials=$DIR/keys"
    warm
    fault status status=400 code=DIS.4309 path=/v2/ message="Too many request failures."
    refused "Device or resource busy" cat "$P/checkpoint"
    key_file "$DIR/keys" "another secret"
    refused "Device or resource busy" cat "$P/checkpoint"
    is "$(requests)" 1
}

# password_file [PASSWORD]
password_file() {
    replace_file "$DIR/keys" "auth_url = $URL/v3" "username = $USERNAME" "user_domain_name = $DOMAIN" \
        "password = ${1:-$PASSWORD}"
}

@test "a password that IAM refused is not tried again, and another in the file is" {
    password_file "a mistyped password"
    begin_with -o "lazy,credentials=$DIR/keys"
    local i
    for i in {1..5}; do
        refused "Permission denied" cat "$P/checkpoint"
        password_file "a mistyped password"
    done
    is "$(logins) $(requests)" "1 1"
    password_file
    is "$(cat "$P/checkpoint")" 42
    is "$(logins)" 2
    nowhere "a mistyped password" "$PASSWORD"
}

@test "a password that was changed, in the file too, is seen by nobody" {
    password_file
    begin_with -o "credentials=$DIR/keys"
    warm
    PASSWORD="another password"
    restart_service
    make_world
    password_file
    local i readers=()
    for i in {1..20}; do
        in_background cat "$P/checkpoint" >"$DIR/read.$i"
        readers+=("$!")
    done
    wait_all "${readers[@]}"
    is "$(cat "$DIR"/read.* | sort | uniq -c | xargs)" "20 42"
    is "$(stat_of wrong_passwords)" 0
    is "$(cat errors)" ""
}

@test "a password that is changed while a token is waited for is used by those who wait" {
    password_file "a mistyped password"
    begin_with -o "lazy,credentials=$DIR/keys"
    fault delay delay=500 path=/v3/auth/tokens
    in_background cat "$P/checkpoint" >"$DIR/read"
    local reader=$!
    eventually in_flight 1
    password_file
    wait "$reader"
    is "$(cat "$DIR/read") $(logins)" "42 2"
}

@test "the file may change from a key to a password, and to a token" {
    key_file "$DIR/keys"
    begin_with -o "credentials=$DIR/keys"
    works
    fault status status=401 code=APIGW.0301 shape=gateway message=refused path=/v2/
    password_file
    let_values_age
    is "$(cat "$P/checkpoint") $(ways)" "42 access token"
    fault status status=401 code=APIGW.0301 shape=gateway message=refused path=/v2/
    replace_file "$DIR/keys" "token = $(new_token)"
    let_values_age
    forget_requests
    is "$(cat "$P/checkpoint") $(logins)" "42 0"
    is "$(ways)" token
}

# ---- secrets

@test "a file of another user is refused, and root's is not" {
    needs_root
    key_file "$DIR/keys"
    chown 65534 "$DIR/keys"
    cannot_mount -o "credentials=$DIR/keys"
    matches "$output" "$DIR/keys belongs to another user"
    is "$(requests)" 0
    chown 0 "$DIR/keys"
    begin_with -o "credentials=$DIR/keys"
    works
}

@test "no password and no token is in any output, log or /proc" {
    use_password
    mount_service
    put "$MNT/$P/checkpoint" 43
    control POST tokens/revoke >/dev/null
    cat "$MNT/$P/checkpoint" >/dev/null
    fault status status=401 path=/v2/ count=forever
    refused "Permission denied" cat "$MNT/$P/checkpoint"
    nowhere "$PASSWORD" 'a password' MIIsimulated-
}

@test "no secret is in what -f prints" {
    use_password
    in_background "$CHECKPOINTFS" -f "$SOURCE" "$MNT" >"$DIR/foreground.log" 2>&1
    eventually is_mounted "$MNT"
    put "$MNT/$P/checkpoint" 43
    fault status status=401 path=/v2/ count=forever
    refused "Permission denied" cat "$MNT/$P/checkpoint"
    nowhere "$PASSWORD" 'a password' MIIsimulated-
}

@test "what a refused signature is answered with shows no security token" {
    restart_service --security-token temporary+token/1==
    make_world
    use_keys "$ACCESS_KEY" "a mistyped secret"
    export HUAWEICLOUD_SDK_SECURITY_TOKEN=temporary+token/1==
    local signature
    for signature in access credential; do
        cannot_mount -o "signature=$signature"
        not grep -F -e temporary+token -e temporary%2B <<<"$output"
        mount_service -o "lazy,signature=$signature"
        refused "Permission denied" cat "$MNT/$P/checkpoint"
        nowhere temporary+token "a mistyped secret"
        unmount "$MNT"
    done
}

@test "an unknown option is named, and its value is not repeated" {
    run -2 "$CHECKPOINTFS" -o "password=hunter2" "$SOURCE" "$MNT"
    matches "$output" password
    not grep -F hunter2 <<<"$output"
}
