# shellcheck shell=bats
# shellcheck disable=SC2030,SC2031,SC2034,SC2153 # each test is a shell of its own
# Who we are to SLS: both signatures, temporary keys, what happens when they are refused; and that no
# secret is ever shown.

load sls

setup() {
    make_service
}

# ini_file PATH [SECRET [TOKEN]]: as Alibaba's tools have it.
ini_file() {
    (umask 077 && printf '[main]\naccess-id = %s\naccess-key = %s\nsts-token = %s\n' \
        "$ACCESS_KEY" "${2:-$SECRET_KEY}" "${3:+$ACCESS_KEY::$3}" >"$1")
}

# refused_once: an EACCES for one request, or two.
refused_once() {
    forget_requests
    refused "${SAYS[EACCES]:?}" cat "$MNT/$P/checkpoint"
    (($(requests) <= 2)) || is "$(requests) requests" "1 or 2"
}

# ---- signatures

@test "without a region requests are signed by v1" {
    use_keys "$ACCESS_KEY" "$SECRET_KEY"
    begin_with
    works
    is "$(ways) $(stat_of signature_failures)" "v1 0"
}

@test "with a region they are signed by v4, wherever it is from" {
    use_keys "$ACCESS_KEY" "$SECRET_KEY"
    begin_with -o "region=$REGION"
    works
    is "$(ways)" v4
    cd /
    unmount "$MNT"
    forget_requests
    ALIBABA_CLOUD_DEFAULT_REGION=$REGION mount_service
    works
    is "$(ways)" v4
}

@test "-o signature says which, and v4 needs a region" {
    use_keys "$ACCESS_KEY" "$SECRET_KEY"
    local signature
    for signature in v1 v4; do
        mount_service -o "signature=$signature,region=$REGION"
        forget_requests
        works
        is "$(ways)" "$signature"
        unmount "$MNT"
    done
    forget_requests
    run "$CHECKPOINTFS" -o signature=v4 "$SOURCE" "$MNT"
    is "$((status > 0)) ${#lines[@]} $(requests)" "1 1 0"
    matches "$output" "region"
    not is_mounted "$MNT"
}

@test "-o region wins over that of the credentials" {
    use_keys "$ACCESS_KEY" "$SECRET_KEY"
    export ALIBABA_CLOUD_DEFAULT_REGION=eu-central-1
    cannot_mount
    forget_requests
    begin_with -o "region=$REGION"
    works
}

@test "a wrong region is refused by the service, and told" {
    use_keys "$ACCESS_KEY" "$SECRET_KEY"
    cannot_mount -o region=eu-central-1
    begin_with -o lazy,region=eu-central-1
    refused_once
}

@test "every call is signed right, by both" {
    use_keys "$ACCESS_KEY" "$SECRET_KEY"
    local signature
    for signature in v1 v4; do
        begin_with -o "signature=$signature,region=$REGION"
        works
        mkdir -p apps/newgroup/orders
        put apps/newgroup/orders/0/checkpoint @1m
        rmdir apps/newgroup/orders
        cat "$P"/{cursor,lag,status} "$S"/{earliest,latest,status} streams/orders/status \
            "$S/cursors/since/1m" "$S/cursors/latest" >/dev/null
        ls -lR checkpoints >/dev/null
        cd /
        unmount "$MNT"
    done
    is "$(ways) $(stat_of signature_failures)" "v1 v4 0"
}

@test "a temporary key needs its token, with both signatures" {
    use_keys "$ACCESS_KEY" "$SECRET_KEY"
    want_token
    cannot_mount
    export ALIBABA_CLOUD_SECURITY_TOKEN=$TOKEN
    local signature
    for signature in v1 v4; do
        mount_service -o "signature=$signature,region=$REGION"
        forget_requests
        works
        nowhere "$TOKEN" "$SECRET_KEY"
        unmount "$MNT"
    done
}

# ---- refused

@test "a wrong secret under -o lazy is EACCES, told in full, also as older services say it" {
    use_keys "$ACCESS_KEY" "a mistyped secret"
    begin_with -o lazy
    local style
    for style in documented:401 old:403; do
        quirk auth_failure="${style%:*}"
        refused_once
        last_error
        is "${FIELD[3]} ${FIELD[4]}" "EACCES ${style#*:}"
        matches "${FIELD[5]}" '^(SignatureNotMatch|Unauthorized)$'
        matches "${FIELD[6]}" "$REQUEST_ID"
        refused "${SAYS[EACCES]:?}" put "$P/checkpoint" 43
        refused "${SAYS[EACCES]:?}" ls apps
    done
    nowhere "a mistyped secret"
}

@test "each code of refused credentials is EACCES" {
    use_keys "$ACCESS_KEY" "$SECRET_KEY"
    begin_with
    warm
    local code
    for code in 401:SignatureNotMatch 401:Unauthorized 401:InvalidAccessKeyId \
        403:ProjectForbidden 403:SecurityToken.Expired; do
        fault status status="${code%:*}" code="${code#*:}" message="Said so: $code." count=forever \
            path=/consumergroups/billing
        refused_once
        reported EACCES "${code%:*}" "${code#*:}" "Said so: $code."
        no_faults
        is "$(cat "$P/checkpoint")" NDI=
    done
}

# ---- renewed

@test "SIGHUP reads the credentials anew" {
    ini_file "$DIR/keys" "a mistyped secret"
    begin_with -o "lazy,credentials=$DIR/keys"
    refused_once
    ini_file "$DIR/keys"
    hup
    is "$(cat "$P/checkpoint")" NDI=
    nowhere "a mistyped secret" "$SECRET_KEY"
}

@test "a temporary key that expired is read again from a file that was renewed, by itself" {
    want_token first-token
    ini_file "$DIR/keys" "$SECRET_KEY" first-token
    begin_with -o "credentials=$DIR/keys"
    warm
    want_token second-token
    refused_once
    ini_file "$DIR/keys" "$SECRET_KEY" second-token
    forget_requests
    is "$(cat "$P/checkpoint")" NDI=
    (($(requests) <= 2))
    put "$P/checkpoint" 43
    is "$(stored)" "billing orders 0 NDM= -"
    nowhere first-token second-token "$SECRET_KEY"
}

@test "a commit with a key that expired is sent again with the renewed one, and succeeds" {
    want_token first-token
    (umask 077 && mkdir "$HOME/.aliyun")
    json() {
        (umask 077 && jq -n --arg key "$ACCESS_KEY" --arg secret "$SECRET_KEY" --arg token "$1" '
            {current: "default", profiles: [{name: "default", mode: "StsToken",
                access_key_id: $key, access_key_secret: $secret, sts_token: $token}]}' \
            >"$HOME/.aliyun/new" && mv "$HOME/.aliyun/new" "$HOME/.aliyun/config.json")
    }
    json first-token
    begin_with
    warm
    want_token second-token
    json second-token
    put "$P/checkpoint" 43
    is "$(stored) $(cat errors)" "billing orders 0 NDM= - "
}

@test "a file that could not be read anew is read when it is right again" {
    ini_file "$DIR/keys"
    begin_with -o "credentials=$DIR/keys"
    chmod 644 "$DIR/keys"
    hup
    refused "Permission denied" cat "$P/checkpoint"
    chmod 600 "$DIR/keys"
    is "$(cat "$P/checkpoint")" NDI=
}

was_asked() {
    (($(requests)))
}

@test "what waits to be sent again is not signed with credentials that could not be read anew" {
    local signature
    for signature in v1 v4; do
        ini_file "$DIR/keys"
        begin_with -o "credentials=$DIR/keys,signature=$signature,region=$REGION"
        fault status status=500 path="$VALUES" count=forever
        forget_requests
        in_background cat "$P/checkpoint" 2>"$DIR/messages"
        eventually was_asked
        chmod 644 "$DIR/keys"
        hup
        not wait "$!"
        grep -q "${SAYS[EACCES]:?}" "$DIR/messages"
        last_error
        matches "${FIELD[7]}" "$DIR/keys can be read by others"
        no_faults
        rm "$DIR/keys"
        ini_file "$DIR/keys"
        is "$(cat "$P/checkpoint")" NDI=
        cd /
        unmount "$MNT"
    done
}

# ---- secrets

@test "a file of another user is refused, and root's is not" {
    needs_root
    ini_file "$DIR/keys"
    chown 65534 "$DIR/keys"
    cannot_mount -o "credentials=$DIR/keys"
    matches "$output" "$DIR/keys belongs to another user"
    is "$(requests)" 0
    chown 0 "$DIR/keys"
    begin_with -o "credentials=$DIR/keys"
    works
}

@test "no secret is in what -f prints" {
    use_keys "$ACCESS_KEY" "$SECRET_KEY"
    in_background "$CHECKPOINTFS" -f "$SOURCE" "$MNT" >"$DIR/foreground.log" 2>&1
    eventually is_mounted "$MNT"
    put "$MNT/$P/checkpoint" 43
    fault status status=401 path=/logstores count=forever
    refused "${SAYS[EACCES]:?}" cat "$MNT/$P/checkpoint"
    nowhere "$SECRET_KEY"
}

# ---- sources and HTTPS

@test "the region in the name of a host makes it version 4, and without one it is 1" {
    use_keys "$ACCESS_KEY" "$SECRET_KEY"
    export http_proxy=$URL
    local host word
    for host in "$REGION.log" "$REGION-intranet.log" "$REGION-share.log" "$REGION-vpc.log" \
        "$REGION.sls" log-global; do
        SOURCE=sls+http://$PROJECT.$host.aliyuncs.com
        forget_requests
        mount_service
        works
        word=v4
        [[ $host != log-global ]] || word=v1
        is "$host $(ways)" "$host $word"
        unmount "$MNT"
    done
    SOURCE=sls+http://$PROJECT.log.aliyuncs.com
    run -2 "$CHECKPOINTFS" "$SOURCE" "$MNT"
    matches "$output" PROJECT.ENDPOINT
}

@test "https with a certificate that -o cacert names, and with none" {
    needs openssl
    openssl req -x509 -newkey ec -pkeyopt ec_paramgen_curve:prime256v1 -nodes -days 2 \
        -keyout "$DIR/server.key" -out "$DIR/server.pem" -subj /CN=server \
        -addext "subjectAltName=DNS:my-project.localhost" 2>"$DIR/openssl.log"
    stop_service
    PORT=0
    start_service --tls "$DIR/server.pem" "$DIR/server.key"
    URL=https://127.0.0.1:$PORT
    SOURCE=sls://my-project.localhost:$PORT
    make_world
    use_keys "$ACCESS_KEY" "$SECRET_KEY"
    cannot_mount
    matches "$output" "ertificate"
    is "$(requests)" 0
    begin_with -o "cacert=$DIR/server.pem"
    works
}
