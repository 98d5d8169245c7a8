# shellcheck shell=bats
# shellcheck disable=SC2034 # the tests use what is set here
# What the tests of DIS share: a simulated service with a small world, and a mount of it.
#
# SIMULATED_DIS is the simulated service that the tests talk to; see tests/service/README.md.

load helper

PROJECT=0123456789abcdef0123456789abcdef
ACCESS_KEY=SIMULATEDACCESSKEY01
SECRET_KEY=simulated/secret+key
USERNAME=tester
PASSWORD='a password, "quoted" \ secret'
DOMAIN=OTC00000000001

# How each errno reads.
declare -gA SAYS=(
    [EACCES]="Permission denied"
    [EBADMSG]="Bad message"
    [EBUSY]="Device or resource busy"
    [ECONNREFUSED]="Connection refused"
    [ECONNRESET]="Connection reset by peer"
    [EDQUOT]="Disk quota exceeded"
    [EEXIST]="File exists"
    [EINVAL]="Invalid argument"
    [EIO]="Input/output error"
    [ENOENT]="No such file or directory"
    [ENOTEMPTY]="Directory not empty"
    [EPERM]="Operation not permitted"
    [EPROTO]="Protocol error"
    [ERANGE]="Numerical result out of range"
    [EROFS]="Read-only file system"
    [ETIMEDOUT]="Connection timed out"
)

setup() {
    begin_dis
}

teardown() {
    end_dis
}

# ---- places and mounts

# A mount of a service with a small world, as the current directory.
begin_dis() {
    make_dis
    use_keys "$ACCESS_KEY" "$SECRET_KEY"
    mount_dis
    cd "$MNT" || return
}

# A service with a small world, no credentials, and no mount.
make_dis() {
    if [[ ! -x "${SIMULATED_DIS:-}" ]]; then
        echo "SIMULATED_DIS must be the path of the simulated service" >&2
        return 1
    fi
    SIMULATED_DIS=$(realpath "$SIMULATED_DIS")
    make_place || return
    use_nothing
    start_service || return
    make_world
}

end_dis() {
    local failed=0
    cd /
    stop_service || failed=1
    clear_place || failed=1
    if [[ -n "${DIR:-}" ]] && pgrep -f -- "--port-file $DIR/"; then
        echo "a service is left" >&2
        failed=1
    fi
    return "$failed"
}

# start_service [OPTION...]: on a free port, or again on the one that it had.
start_service() {
    rm -f "$DIR/port"
    "$SIMULATED_DIS" --port "${PORT:-0}" --port-file "$DIR/port" --project "$PROJECT" \
        --key "$ACCESS_KEY:$SECRET_KEY" --user "$USERNAME:$PASSWORD:$DOMAIN" "$@" \
        </dev/null >"$DIR/service.log" 2>&1 3>&- 4>&- &
    SERVICE=$!
    if ! eventually test -s "$DIR/port"; then
        cat "$DIR/service.log" >&2
        return 1
    fi
    PORT=$(<"$DIR/port")
    URL=http://127.0.0.1:$PORT
    SOURCE=dis+$URL/$PROJECT
}

# Ends the service, which must end well.
stop_service() {
    local pid=${SERVICE:-}
    [[ -n $pid ]] || return 0
    SERVICE=
    kill -TERM "$pid" 2>/dev/null
    if ! eventually ended "$pid"; then
        kill -KILL "$pid"
        return 1
    fi
    if ! wait "$pid"; then
        cat "$DIR/service.log" >&2
        return 1
    fi
}

# The service again, with other options, and without a world.
restart_service() {
    stop_service
    start_service "$@"
}

# Streams with the records 10 to 99, three partitions and one; and one checkpoint.
make_world() {
    seed '{
        "apps": ["audit", "billing"],
        "streams": [
            {"name": "orders", "partitions": 3, "earliest": 10, "latest": 100},
            {"name": "payments", "partitions": 1, "earliest": 10, "latest": 100}],
        "checkpoints": [
            {"app": "billing", "stream": "orders", "partition": 0, "sequence": 42,
             "metadata": "note"}]}'
}

# mount_dis [OPTION...]
mount_dis() {
    mount_dis_at "$MNT" "$@"
}

# mount_dis_at MOUNTPOINT [OPTION...]
mount_dis_at() {
    local mountpoint=$1
    shift
    mkdir -p "$mountpoint"
    if ! timeout 20 "$CHECKPOINTFS" "$@" "$SOURCE" "$mountpoint" \
        </dev/null >"$DIR/mount.log" 2>&1 3>&- 4>&-; then
        cat "$DIR/mount.log"
        return 1
    fi
}

remount_dis() {
    cd /
    unmount "$MNT"
    mount_dis "$@"
    cd "$MNT" || return
}

# cannot_mount [OPTION...]: exit status 1, one line that says why, and nothing mounted.
cannot_mount() {
    run -1 timeout 20 "$CHECKPOINTFS" "$@" "$SOURCE" "$MNT"
    # shellcheck disable=SC2154 # run sets it
    is "${#lines[@]}" 1
    not is_mounted "$MNT"
}

# ---- credentials

# None, neither from the tester's environment nor from files.
use_nothing() {
    local name
    for name in $(compgen -e); do
        case $name in
        HUAWEICLOUD_* | OS_* | AWS_* | *_proxy | *_PROXY) unset "$name" ;;
        esac
    done
    export HOME=$DIR/home XDG_CONFIG_HOME=$DIR/home/.config
    mkdir -p "$HOME"
}

# use_keys ACCESS-KEY SECRET
use_keys() {
    export HUAWEICLOUD_SDK_AK=$1 HUAWEICLOUD_SDK_SK=$2
}

use_password() {
    export OS_AUTH_URL=$URL/v3 OS_USERNAME=$USERNAME OS_PASSWORD=${1:-$PASSWORD} \
        OS_USER_DOMAIN_NAME=$DOMAIN OS_PROJECT_ID=$PROJECT
}

use_token() {
    export OS_TOKEN=${1:-$(new_token)}
}

# A token from the identity service.
new_token() {
    jq -nc --arg user "$USERNAME" --arg password "$PASSWORD" --arg domain "$DOMAIN" \
        --arg project "$PROJECT" '{auth: {
            identity: {methods: ["password"], password: {user:
                {name: $user, password: $password, domain: {name: $domain}}}},
            scope: {project: {id: $project}}}}' |
        curl -sS --max-time 10 -o /dev/null -D - -H 'Content-Type: application/json' -d @- \
            "$URL/v3/auth/tokens" |
        awk 'tolower($1) == "x-subject-token:" { print $2 }' | tr -d '\r'
}

# ---- the service

# control METHOD CALL [NAME=VALUE...]: prints the answer; fails when it is refused.
control() {
    local method=$1 call=$2 pair values=()
    shift 2
    for pair; do
        values+=(--data-urlencode "$pair")
    done
    curl -sSk --max-time 10 --fail-with-body -G -X "$method" "${values[@]}" "$URL/_control/$call"
}

# seed JSON: puts all that into the world.
seed() {
    curl -sSk --max-time 10 --fail-with-body -o "$DIR/seeded" -H 'Content-Type: application/json' \
        -d @- "$URL/_control/seed" <<<"$1" || cat "$DIR/seeded"
}

# make [NAME=VALUE...]: many apps and streams.
make_many() {
    control POST make "$@" >/dev/null
}

# committed APP STREAM PARTITION NUMBER [METADATA]: as if another client had.
committed() {
    control POST checkpoint "app=$1" "stream=$2" "partition=$3" "sequence=$4" \
        ${5+"metadata=$5"} >/dev/null
}

# All checkpoints that the service has: app stream partition number metadata.
stored() {
    control GET checkpoints
}

quirk() {
    control POST quirk "$@" >/dev/null
}

# fault KIND [NAME=VALUE...]
fault() {
    control POST fault "kind=$1" "${@:2}" >/dev/null
}

no_faults() {
    control DELETE faults >/dev/null
}

# stat_of NAME: one of the service's counters.
stat_of() {
    control GET stats | awk -v name="$1" '$1 == name { print $2 }'
}

in_flight() {
    [[ $(stat_of in_flight) == "$1" ]]
}

# ---- counting requests

# Requests count from here.
forget_requests() {
    eventually in_flight 0
    control DELETE log >/dev/null
}

# requests [METHOD [PATH]]: how many there were. PATH is below the project: a regular expression for
# all of it, up to the query.
requests() {
    control GET log | awk -v method="${1:-}" -v path="${2:-}" -v project="/v2/$PROJECT" '
        {
            target = $2
            sub(/[?].*/, "", target)
            sub("/$", "", target)
        }
        (method == "" || $1 == method) && (path == "" || target ~ "^" project path "$") { count++ }
        END { print count + 0 }'
}

# Those that change something.
changes() {
    control GET log | grep -cEv '^GET ' || true
}

# Tries to get a token.
logins() {
    control GET log | grep -c '^POST /v3/auth/tokens' || true
}

last_request() {
    control GET log | tail -n 1
}

# parameters LINE: of a request, in the order of their names.
parameters() {
    sed -E 's/^[A-Z]+ [^ ?]*[?]?([^ ]*) .*/\1/; s/%2[Dd]/-/g; y/&/\n/' <<<"$1" | sort |
        paste -sd ' '
}

# Makes all names known, and begins to count.
warm() {
    (cd "$MNT" && ls -R apps checkpoints streams) >/dev/null
    forget_requests
}

# What was known of values is too old after this.
let_values_age() {
    sleep "${1:-1.2}"
}

# ---- expecting

# The last line of errors, as FIELD.
last_error() {
    fields "$(tail -n 1 "$MNT/errors")"
    is "${#FIELD[@]}" 8
}

# reported ERRNO STATUS CODE [TEXT]: the last line of errors has that, and a request id.
reported() {
    last_error
    is "${FIELD[3]} ${FIELD[4]} ${FIELD[5]}" "$1 $2 $3"
    matches "${FIELD[6]}" '^[0-9a-f]{32}$'
    [[ "${FIELD[7]}" == *"${4:-}"* ]] || is "${FIELD[7]}" "...${4:-}..."
}

# took LEAST MOST COMMAND...: milliseconds; the command must succeed.
took() {
    local least=$1 most=$2 begin passed
    shift 2
    begin=$(milliseconds)
    "$@"
    passed=$(($(milliseconds) - begin))
    if ((passed < least || passed > most)); then
        printf '%s\ntook %d ms, expected %d to %d\n' "$*" "$passed" "$least" "$most" >&2
        return 1
    fi
}

# count DIRECTORY: how many names are in it.
count() {
    local names
    names=$(ls -A "$1") || return
    grep -c . <<<"$names" || true
}

# flat FILE: its lines, joined by blanks.
flat() {
    paste -sd ' ' "$1"
}

# decoded CURSOR: its JSON.
decoded() {
    local cursor=$1
    while ((${#cursor} % 4)); do
        cursor+='='
    done
    tr _- /+ <<<"$cursor" | base64 -d
}

# parameter CURSOR NAME
parameter() {
    decoded "$1" | jq -r --arg name "$2" '.getIteratorParam[$name]'
}

# Whether the program was built with a sanitizer: it is larger then, and slower.
is_sanitized() {
    grep -aqE '__(asan|tsan|msan)_init' "$CHECKPOINTFS"
}
