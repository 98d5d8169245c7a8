# shellcheck shell=bats
# shellcheck disable=SC2030,SC2031,SC2153 # each test is a shell of its own
# Where the credentials of SLS come from: the variables and files of the service's own tools, in
# their order, and what is said of those that are no good.

load sls

# All sources, the first first.
SOURCES=(option cli-variables cli-file alibaba alicloud alibabacloud alicloud-id config-file)

setup() {
    make_service
    KEYS=$DIR/keys
    CLI=$HOME/.aliyunlogcli
    CONFIG=$HOME/.aliyun/config.json
    OPTIONS=()
    mkdir -p "$HOME/.aliyun"
}

# private FILE: made of standard input, for the owner alone.
private() {
    rm -f "$1"
    (umask 077 && cat >"$1")
}

# ini SECTION ACCESS-KEY SECRET [REGION [TOKEN]]
ini() {
    printf '[%s]\naccess-id = %s\naccess-key=%s\nregion-endpoint = nowhere.example.com\n' "$1" "$2" "$3"
    if [[ -n ${4:-} ]]; then
        printf 'region-id = %s\n' "$4"
    fi
    if [[ -n ${5:-} ]]; then
        printf 'sts-token = %s\n' "$5"
    fi
}

# json NAME ACCESS-KEY SECRET [REGION [TOKEN]]: a configuration with that one profile.
json() {
    jq -n --arg name "$1" --arg key "$2" --arg secret "$3" --arg region "${4:-}" \
        --arg token "${5:-}" '{current: $name, profiles: [{name: $name,
            mode: (if $token == "" then "AK" else "StsToken" end), access_key_id: $key,
            access_key_secret: $secret, region_id: $region, sts_token: $token, language: "en"}],
            meta_path: ""}'
}

# source_of NAME SECRET [REGION [TOKEN]]: from then on that source has them.
source_of() {
    local key=$ACCESS_KEY
    case $1 in
    option)
        ini main "$key" "${@:2}" | private "$KEYS"
        OPTIONS=(-o "credentials=$KEYS")
        ;;
    cli-variables)
        export ALIYUN_LOG_CLI_ACCESSID=$key ALIYUN_LOG_CLI_ACCESSKEY=$2 \
            ALIYUN_LOG_CLI_REGION_ID=${3:-} ALIYUN_LOG_CLI_STS_TOKEN=${4:-}
        ;;
    cli-file) ini main "$key" "${@:2}" | private "$CLI" ;;
    alibaba)
        export ALIBABA_CLOUD_ACCESS_KEY_ID=$key ALIBABA_CLOUD_ACCESS_KEY_SECRET=$2 \
            ALIBABA_CLOUD_DEFAULT_REGION=${3:-} ALIBABA_CLOUD_SECURITY_TOKEN=${4:-}
        ;;
    alicloud)
        export ALICLOUD_ACCESS_KEY=$key ALICLOUD_SECRET_KEY=$2 ALICLOUD_REGION=${3:-} \
            SECURITY_TOKEN=${4:-}
        ;;
    alibabacloud)
        export ALIBABACLOUD_ACCESS_KEY_ID=$key ALIBABACLOUD_ACCESS_KEY_SECRET=$2
        ;;
    alicloud-id)
        export ALICLOUD_ACCESS_KEY_ID=$key ALICLOUD_ACCESS_KEY_SECRET=$2 \
            ALICLOUD_REGION_ID=${3:-} SECURITY_TOKEN=${4:-}
        ;;
    config-file) json default "$key" "${@:2}" | private "$CONFIG" ;;
    esac
}

# mounts: with what there is, and reads a checkpoint.
mounts() {
    mount_service "${OPTIONS[@]}" || return
    is "$(cat "$MNT/$P/checkpoint")" NDI= || return
    unmount "$MNT"
}

# refuses WORDS...: it cannot be mounted, nothing is sent, and the one line has all of these words.
refuses() {
    local word
    forget_requests
    cannot_mount "${OPTIONS[@]}"
    for word; do
        matches "$output" "$word"
    done
    not grep -F "$SECRET_KEY" <<<"$output"
    is "$(requests)" 0
}

# ---- sources

@test "each source is enough by itself" {
    local name
    for name in "${SOURCES[@]}"; do
        (
            source_of "$name" "$SECRET_KEY"
            mounts || is "$name" "can be used"
        )
        rm -f "$KEYS" "$CLI" "$CONFIG"
    done
    is "$(ways)" v1
}

@test "each source has a region, and then v4 is used" {
    local name
    for name in "${SOURCES[@]}"; do
        [[ $name != alibabacloud ]] || continue
        (
            forget_requests
            source_of "$name" "$SECRET_KEY" "$REGION"
            mounts
            is "$name $(ways)" "$name v4"
        )
        rm -f "$KEYS" "$CLI" "$CONFIG"
    done
}

@test "each source has a security token" {
    restart_service --security-token temporary+token/1==
    make_world
    local name token
    for name in "${SOURCES[@]}"; do
        [[ $name != alibabacloud ]] || continue
        (
            token=temporary+token/1==
            # these files keep it with the key that it belongs to
            [[ $name != option && $name != cli-file ]] || token=$ACCESS_KEY::$token
            source_of "$name" "$SECRET_KEY" "" "$token"
            mounts || is "$name" "has a token"
        )
        rm -f "$KEYS" "$CLI" "$CONFIG"
    done
}

@test "the first source that has a key wins over all that follow" {
    local i name
    for name in "${SOURCES[@]}"; do
        source_of "$name" "a secret that is not used"
    done
    for ((i = ${#SOURCES[@]} - 1; i >= 0; i--)); do
        (
            source_of "${SOURCES[i]}" "$SECRET_KEY"
            # the ones before it are not there
            for name in "${SOURCES[@]:0:i}"; do
                case $name in
                option) OPTIONS=() ;;
                cli-variables) unset ALIYUN_LOG_CLI_ACCESSID ALIYUN_LOG_CLI_ACCESSKEY ;;
                cli-file) rm -f "$CLI" ;;
                alibaba) unset ALIBABA_CLOUD_ACCESS_KEY_ID ALIBABA_CLOUD_ACCESS_KEY_SECRET ;;
                alicloud) unset ALICLOUD_ACCESS_KEY ALICLOUD_SECRET_KEY ;;
                alibabacloud) unset ALIBABACLOUD_ACCESS_KEY_ID ALIBABACLOUD_ACCESS_KEY_SECRET ;;
                alicloud-id) unset ALICLOUD_ACCESS_KEY_ID ALICLOUD_ACCESS_KEY_SECRET ;;
                esac
            done
            mounts || is "${SOURCES[i]}" "first"
        )
        source_of cli-file "a secret that is not used"
        source_of "${SOURCES[i]}" "a secret that is not used"
    done
}

@test "a wrong secret of the first source is not made good by another" {
    local name
    source_of config-file "$SECRET_KEY"
    for name in option cli-variables cli-file alibaba; do
        (
            source_of "$name" "a mistyped secret"
            cannot_mount "${OPTIONS[@]}"
            not grep -F mistyped <<<"$output"
        )
        rm -f "$CLI"
    done
}

@test "parts of different sources are never mixed" {
    export ALIYUN_LOG_CLI_ACCESSID=$ACCESS_KEY ALIBABA_CLOUD_ACCESS_KEY_SECRET=$SECRET_KEY
    refuses ALIYUN_LOG_CLI_ACCESSKEY
    unset ALIYUN_LOG_CLI_ACCESSID
    # the token of another source would be refused
    export ALIBABA_CLOUD_ACCESS_KEY_ID=$ACCESS_KEY ALIYUN_LOG_CLI_STS_TOKEN=other \
        SECURITY_TOKEN=other
    mounts
}

@test "nothing at all: the line names what to set" {
    refuses ALIBABA_CLOUD_ACCESS_KEY_ID
}

@test "a key without its secret: the line names what is missing" {
    local pair
    for pair in ALIYUN_LOG_CLI_ACCESSID:ALIYUN_LOG_CLI_ACCESSKEY \
        ALIBABA_CLOUD_ACCESS_KEY_ID:ALIBABA_CLOUD_ACCESS_KEY_SECRET \
        ALICLOUD_ACCESS_KEY:ALICLOUD_SECRET_KEY \
        ALIBABACLOUD_ACCESS_KEY_ID:ALIBABACLOUD_ACCESS_KEY_SECRET \
        ALICLOUD_ACCESS_KEY_ID:ALICLOUD_ACCESS_KEY_SECRET; do
        (
            export "${pair%:*}=$ACCESS_KEY"
            refuses "${pair#*:}"
            export "${pair#*:}="
            refuses "${pair#*:}"
        )
    done
    printf '[main]\naccess-id = %s\n' "$ACCESS_KEY" | private "$CLI"
    refuses "$CLI" access-key
    rm "$CLI"
    json default "$ACCESS_KEY" "" | private "$CONFIG"
    refuses "$CONFIG" access_key_secret
}

# ---- ~/.aliyunlogcli

@test "the section is main, or the default client, or the one that the variable names" {
    {
        ini main "$ACCESS_KEY" wrong
        ini production "$ACCESS_KEY" "$SECRET_KEY"
        ini other "$ACCESS_KEY" wrong
        printf '[__option__]\ndefault-client = production\nformat-output = json\n'
    } | private "$CLI"
    mounts
    sed -i 's/^default-client = .*/default-client = other/' "$CLI"
    cannot_mount
    export ALIYUN_LOG_CLI_CLIENT_NAME=production
    mounts
    ALIYUN_LOG_CLI_CLIENT_NAME=nosuch refuses "$CLI" nosuch
}

@test "comments, blanks, empty lines and CRLF in it are no matter" {
    printf '# mine\r\n; too\r\n\r\n[main]\r\naccess-id=%s  \r\naccess-key  =  %s\r\n' \
        "$ACCESS_KEY" "$SECRET_KEY" | private "$CLI"
    mounts
    # without a newline at its end
    printf '[main]\naccess-id=%s\naccess-key=%s' "$ACCESS_KEY" "$SECRET_KEY" | private "$CLI"
    mounts
}

@test "-o credentials takes either form, also after blank lines" {
    OPTIONS=(-o "credentials=$KEYS")
    ini main "$ACCESS_KEY" "$SECRET_KEY" | private "$KEYS"
    mounts
    { printf '\n \n' && json default "$ACCESS_KEY" "$SECRET_KEY"; } | private "$KEYS"
    mounts
}

@test "a relative -o credentials is of the directory where the command was given" {
    ini main "$ACCESS_KEY" "$SECRET_KEY" | private "$KEYS"
    cd "$DIR"
    mount_service -o credentials=keys
    cd /
    hup
    is "$(cat "$MNT/$P/checkpoint")" NDI=
}

# ---- ~/.aliyun/config.json

@test "the profile is the current one" {
    json default "$ACCESS_KEY" wrong | jq --arg key "$ACCESS_KEY" --arg secret "$SECRET_KEY" '
        .profiles += [{name: "production", mode: "AK", access_key_id: $key,
            access_key_secret: $secret}] | .current = "production"' | private "$CONFIG"
    mounts
    jq '.current = "nosuch"' "$CONFIG" | private "$DIR/edited"
    private "$CONFIG" <"$DIR/edited"
    refuses "$CONFIG" nosuch
}

@test "a token is used in mode StsToken" {
    restart_service --security-token temporary+token/1==
    make_world
    json default "$ACCESS_KEY" "$SECRET_KEY" "" temporary+token/1== | private "$CONFIG"
    mounts
}

@test "a profile of a mode that cannot be used is named" {
    local mode
    for mode in EcsRamRole RamRoleArn OAuth; do
        jq -n --arg mode "$mode" '{current: "default", profiles: [{name: "default", mode: $mode,
            ram_role_name: "role"}]}' | private "$CONFIG"
        refuses "$CONFIG" "$mode"
    done
}

@test "what a file says cannot control the terminal" {
    jq -n '{current: "a\u001b[2J\n\u009b", profiles: []}' | private "$CONFIG"
    refuses "$CONFIG" '\\x1b\[2J\\n\\xc2\\x9b$'
}

# ---- files that are no good

@test "files that others can read are refused, with the remedy" {
    local mode name file
    for name in option cli-file config-file; do
        source_of "$name" "$SECRET_KEY"
        for file in "$KEYS" "$CLI" "$CONFIG"; do
            [[ -e $file ]] || continue
            for mode in 604 644 640 666; do
                chmod "$mode" "$file"
                refuses "$file" "chmod 600"
            done
            chmod 400 "$file"
            mounts
            rm "$file"
        done
        OPTIONS=()
    done
}

@test "a file that is missing, empty, or no file is named" {
    OPTIONS=(-o "credentials=$DIR/missing")
    refuses "$DIR/missing"
    OPTIONS=(-o "credentials=$KEYS")
    private "$KEYS" </dev/null
    refuses "$KEYS"
    printf '# nothing\n' | private "$KEYS"
    refuses "$KEYS"
    OPTIONS=(-o "credentials=$HOME")
    refuses "$HOME"
}

@test "broken INI files are named, and what is in them is not shown" {
    local text
    OPTIONS=(-o "credentials=$KEYS")
    for text in '[main\naccess-id = a\naccess-key = hunter2\n' 'hunter2\n' '\1\2\377hunter2\n' \
        '[main]\nhunter2\n' '[other]\naccess-id = a\naccess-key = hunter2\n'; do
        # shellcheck disable=SC2059 # escapes are wanted
        printf "$text" | private "$KEYS"
        refuses "$KEYS"
        not grep -F hunter2 <<<"$output"
    done
}

@test "broken JSON files are named, and what is in them is not shown" {
    local text
    OPTIONS=(-o "credentials=$KEYS")
    for text in '{' '{}' '{"current":"default","profiles":{}}' '{"current":1,"profiles":[]}' \
        '{"current":"default","profiles":["default",null]}' \
        '{"current":"default","profiles":[{"name":"default","mode":"AK","access_key_id":[1],
            "access_key_secret":"hunter2"}]}' \
        '{"current":"default","profiles":[{"name":"default","access_key_id":"a",
            "access_key_secret":["hunter2"]}]}' \
        '{"current":"default","access_key_secret":"hunter2" trailing'; do
        private "$KEYS" <<<"$text"
        refuses "$KEYS"
        not grep -F hunter2 <<<"$output"
    done
}

@test "a file that is far too large is refused at once" {
    OPTIONS=(-o "credentials=$KEYS")
    head -c 50000000 /dev/zero | private "$KEYS"
    refuses "$KEYS"
}
