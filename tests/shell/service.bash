# shellcheck shell=bats
# shellcheck disable=SC2034,SC2119 # the tests use what is set here
# What the tests of all services share: a simulated service with a small world, and a mount of it.
#
# A service's own file, such as dis.bash, sets
#
#   SIMULATED       the program that serves; see tests/service/README.md
#   ROOT            what all paths of its calls begin with
#   CALLS           a part of the path of all calls for what is in the tree
#   VALUES          below ROOT, the path of the call that has all values of billing on orders
#   REQUEST_ID      a regular expression for the ids that it gives to requests
#   READS           the method of all requests that change nothing; "" where they have many
#   READS_OF_WIDE   a part of the path of all that read a checkpoint of the stream wide
#   METHOD, WHERE   which request each operation sends last that can be made to fail
#
# and defines start_service, make_world, use_keys, and op_OPERATION for each operation. What is tested of
# every service, in services-*.bats, needs more:
#
#   HOST            of SOURCE
#   ELSEWHERE       a source on another machine
#   NOWHERE         a source on NO_HOST, which is not there
#   INCOMPLETE      sources that are none
#   SIGNATURES      those that it knows, FOREIGN_SIGNATURE one that only another service does
#   WAY             how requests say who it is, and WAY_ELSEWHERE there
#   REFUSALS        a regular expression for the statuses of requests that are refused
#   UNTOUCHED       what stored prints of the small world
#   CONTENT         of its one checkpoint, as checkpoints/ has it
#   GAP             what is between a checkpoint and the number of the next record
#   SEARCH          how many requests may be sent for an app that is not there
#   MALFORMED       the code of requests that are EINVAL
#   BROKEN          statuses and codes of a service that fails: "500:CODE"
#   NONSENSE        answers to a read that are none
#   MADE, REMOVED   the app and the stream of op_mkdir and op_rmdir, as commits has them
#   COMMITTED       the status of a commit that was carried out, NOT_COMMITTED those that none has
#   THROTTLED       the code of too many requests
#   REFUSED         how a commit is refused: "400:CODE:ERRNO"
#   NO_COMMIT       "STATUS:BODY" of answers to a commit that acknowledge none
#   LACKS           what it has not, of which scenes say that they are about it (of)
#
# and withdrawn, keeps, begins, another_app, wide, stored, asked_for, shown, row, signed_by,
# use_security_token, first_of and everything_is_right.

load helper

ACCESS_KEY=SIMULATEDACCESSKEY01
SECRET_KEY=simulated/secret+key
TOKEN=temporary+token/1==

# How each errno reads.
declare -gA SAYS=(
    [EACCES]="Permission denied"
    [EBADMSG]="Bad message"
    [EBUSY]="Device or resource busy"
    [ECONNREFUSED]="Connection refused"
    [ECONNRESET]="Connection reset by peer"
    [EDQUOT]="Disk quota exceeded"
    [EEXIST]="File exists"
    [EHOSTUNREACH]="No route to host"
    [EINVAL]="Invalid argument"
    [EIO]="Input/output error"
    [ENODATA]="No data available"
    [ENOENT]="No such file or directory"
    [ENOTEMPTY]="Directory not empty"
    [EOPNOTSUPP]="Operation not supported"
    [EPERM]="Operation not permitted"
    [EPROTO]="Protocol error"
    [ERANGE]="Numerical result out of range"
    [EROFS]="Read-only file system"
    [ETIMEDOUT]="Connection timed out"
)

setup() {
    begin_service
}

teardown() {
    end_service
}

# ---- places and mounts

# A mount of a service with a small world, as the current directory.
begin_service() {
    make_service
    use_keys "$ACCESS_KEY" "$SECRET_KEY"
    mount_service
    cd "$MNT" || return
}

# A service with a small world, no credentials, and no mount.
make_service() {
    if [[ ! -x "${SIMULATED:-}" ]]; then
        echo "the path of the simulated service must be in the environment" >&2
        return 1
    fi
    SIMULATED=$(realpath "$SIMULATED")
    make_place || return
    use_nothing
    start_service || return
    make_world
}

end_service() {
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

# run_service OPTION...: on a free port, or again on the one that it had.
run_service() {
    rm -f "$DIR/port"
    # not in the current directory, which may be in the mount
    (cd / && exec "$SIMULATED" --port "${PORT:-0}" --port-file "$DIR/port" "$@") \
        </dev/null >"$DIR/service.log" 2>&1 3>&- 4>&- &
    SERVER=$!
    if ! eventually test -s "$DIR/port"; then
        cat "$DIR/service.log" >&2
        return 1
    fi
    PORT=$(<"$DIR/port")
    URL=http://127.0.0.1:$PORT
}

# Ends the service, which must end well.
stop_service() {
    local pid=${SERVER:-}
    [[ -n $pid ]] || return 0
    SERVER=
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

# want_token [TOKEN]: the service again, which wants a temporary key.
want_token() {
    restart_service --security-token "${1:-$TOKEN}"
    make_world
}

# The service again, with other options, and without a world.
restart_service() {
    stop_service
    start_service "$@"
}

# mount_service [OPTION...]
mount_service() {
    mount_service_at "$MNT" "$@"
}

# mount_service_at MOUNTPOINT [OPTION...]: listings last for the test, unless it says otherwise, so that
# on a slow machine none is fetched anew amid requests that are counted, or made to fail; values last for
# SNAPSHOT seconds.
mount_service_at() {
    local mountpoint=$1
    shift
    mkdir -p "$mountpoint"
    if ! timeout 20 "$CHECKPOINTFS" -o "listing=600,snapshot=${SNAPSHOT:-1}" "$@" "$SOURCE" "$mountpoint" \
        </dev/null >"$DIR/mount.log" 2>&1 3>&- 4>&-; then
        cat "$DIR/mount.log"
        return 1
    fi
}

# Mounts again, with all names and values forgotten.
remount_service() {
    cd /
    unmount "$MNT"
    mount_service "$@"
    cd "$MNT" || return
}

# cannot_mount [OPTION...]: exit status 1, one line that says why, and nothing mounted.
cannot_mount() {
    run -1 timeout 20 "$CHECKPOINTFS" "$@" "$SOURCE" "$MNT"
    # shellcheck disable=SC2154 # run sets it
    is "${#lines[@]}" 1
    not is_mounted "$MNT"
}

# begin_with [OPTION...]: the first mount, as the current directory.
begin_with() {
    mount_service "$@"
    cd "$MNT" || return
}

# again_with [OPTION...]: the mount with other options, and all names known.
again_with() {
    remount_service "$@"
    warm
}

# The daemon forgets what it knows.
hup() {
    kill -HUP "$(daemon)"
    sleep 0.2
}

# of WHAT: the scene is about something that not every service has.
of() {
    [[ " ${LACKS[*]} " != *" $1 "* ]] || skip "${SERVICE:-it} has no $1"
}

# No credentials, neither from the tester's environment nor from files.
use_nothing() {
    local name
    for name in $(compgen -e); do
        case $name in
        HUAWEICLOUD_* | OS_* | AWS_* | ALIBABA* | ALICLOUD_* | ALIYUN_* | SECURITY_TOKEN | \
            *_proxy | *_PROXY) unset "$name" ;;
        esac
    done
    export HOME=$DIR/home XDG_CONFIG_HOME=$DIR/home/.config
    mkdir -p "$HOME"
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

# make_many [NAME=VALUE...]: apps and streams.
make_many() {
    control POST make "$@" >/dev/null
}

quirk() {
    control POST quirk "$@" >/dev/null
}

# fault KIND [NAME=VALUE...]
fault() {
    control POST fault "kind=$1" "${@:2}" >/dev/null
}

# Sends the answers that a fault with hold=1 keeps.
release() {
    control POST release >/dev/null
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

# requests [METHOD [PATH]]: how many there were. PATH is below ROOT: a regular expression for all of
# it, up to the query.
# shellcheck disable=SC2120 # not every test asks for less than all
requests() {
    control GET log | awk -v method="${1:-}" -v path="${2:-}" -v root="$ROOT" '
        {
            target = $2
            sub(/[?].*/, "", target)
            sub("/$", "", target)
        }
        (method == "" || $1 == method) && (path == "" || target ~ "^" root path "$") { count++ }
        END { print count + 0 }'
}

# What was asked how often, in one look: "2 GET /logstores", a line each.
summary() {
    control GET log | awk '{ sub(/[?].*/, "", $2); print $1, $2 }' | sort | uniq -c | sed 's/^ *//'
}

# once_a_second BEGIN SUMMARY REQUEST: nothing else was asked, and it once a second since BEGIN.
once_a_second() {
    local count=${2%% *}
    is "${2#* }" "$3"
    ((count >= 2 && count <= ($(milliseconds) - $1) / 1000 + 1)) || is "$count" "once a second"
}

# Those that change something.
changes() {
    control GET log | grep -cEv '^GET ' || true
}

last_request() {
    control GET log | tail -n 1
}

# parameters LINE: of a request, in the order of their names.
parameters() {
    sed -E 's/^[A-Z]+ [^ ?]*[?]?([^ ]*) .*/\1/; s/%2[Dd]/-/g; y/&/\n/' <<<"$1" | sort |
        paste -sd ' '
}

# The ways in which requests said who it is.
ways() {
    control GET log | awk -v root="$ROOT/" 'index($2, root) == 1 { print $4 }' | sort -u | xargs
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

# ---- operations that fail

# fail_at OPERATION FAULT [NAME=VALUE...]: arms a fault for the operation's request.
fail_at() {
    fault "$2" method="${METHOD[$1]:?}" path="${WHERE[$1]:?}" "${@:3}"
}

# says TEXT: the answer to a read.
says() {
    fail_at read body text="$1"
}

# answers OPERATION STATUS CODE ERRNO: that error gives this errno, and is in errors.
answers() {
    forget_requests
    gives "$@"
    reported "$4" "$2" "$3" "Said of $1. [detail]"
}

# gives OPERATION STATUS CODE ERRNO: without a look at errors.
gives() {
    fail_at "$1" status status="$2" code="$3" message="Said of $1. [detail]" count=forever
    refused "${SAYS[$4]:?}" "op_$1"
    no_faults
}

# Waits until an outage is over for the mount, and it sends as fast as ever.
settle() {
    eventually op_read >/dev/null 2>&1 || return
    for _ in 1 2 3; do
        op_read >/dev/null || return
    done
}

# exhausts ERRNO FAULT [NAME=VALUE...]: that fault for ever gives this errno, not before it was tried
# again, and not long after the timeout of one second.
exhausts() {
    local begin
    settle || return
    forget_requests
    fail_at read "${@:2}" count=forever
    begin=$(milliseconds)
    refused "${SAYS[$1]:?}" op_read
    soon_after "$begin"
    no_faults
    (($(requests) >= 2)) || is "$* was tried $(requests) times" "more"
}

# survives FAULT [NAME=VALUE...]: that fault, once, is not seen by who reads.
survives() {
    forget_requests
    fail_at read "$@"
    is "$(op_read)" "$(shown 42)"
    is "$* $(requests)" "$* 2"
}

# spoilt FAULT [NAME=VALUE...]: that answer is EBADMSG, and nothing else but errors shows it.
spoilt() {
    fail_at read "$@" count=forever
    refused "${SAYS[EBADMSG]:?}" op_read
    no_faults
    last_error
    is "$* ${FIELD[3]}" "$* EBADMSG"
    is "$(op_read)" "$(shown 42)"
}

# ---- changes that wait for each other

# commits_begun COUNT: so many requests of op_commit have reached the service.
commits_begun() {
    [[ $(control GET log | grep -c "^${METHOD[commit]} [^ ?]*${WHERE[commit]}") == "$1" ]]
}

# begin_commit FILE TEXT FAULT [NAME=VALUE...]: in the background, until the service has met it with the fault.
begin_commit() {
    forget_requests
    fail_at commit "${@:3}"
    in_background bash -c "echo $2 >$1" 2>>"$DIR/messages"
    eventually commits_begun 1
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
    matches "${FIELD[6]}" "$REQUEST_ID"
    [[ "${FIELD[7]}" == *"${4:-}"* ]] || is "${FIELD[7]}" "...${4:-}..."
}

# The mount can be read and written, and no request was refused.
works() {
    is "$(cat "$MNT/$P/checkpoint")" "$(shown 42)"
    put "$MNT/$P/checkpoint" "$(shown 42)"
    is "$(control GET log | awk -v refused="$REFUSALS" '$3 ~ refused' | head -n 1)" ""
}

# lands POSITION NUMBER: what is committed then.
lands() {
    put "$P/checkpoint" "$1"
    is "$1: $(cat "$P/checkpoint")" "$1: $(shown "$2")"
    is "$(stored)" "$(row billing orders 0 "$2")"
}

# interrupted SIGNAL COMMAND...: the command ends when it gets the signal amid its request: soon, and in the
# best of three times at once. With PATIENCE it may take as many ms more: the answer to a change that was
# sent is waited for a moment.
interrupted() {
    local begin passed best=100000
    for _ in 1 2 3; do
        in_background "${@:2}" 2>/dev/null
        eventually in_flight 1
        sleep 0.05
        begin=$(milliseconds)
        kill "-$1" "$!"
        wait "$!" || true
        passed=$(($(milliseconds) - begin))
        soon_after "$begin"
        ((passed >= best)) || best=$passed
        eventually in_flight 0
    done
    ((best < 200 + ${PATIENCE:-0})) || is "$best ms" "less than $((200 + ${PATIENCE:-0}))"
}

# nowhere TEXT...: in nothing that the mount shows, or that the system shows of the process.
nowhere() {
    local text pid file
    pid=$(daemon)
    for text; do
        for file in "$DIR"/*.log "/proc/$pid"/{cmdline,comm,status,mountinfo}; do
            [[ -e $file ]] || continue
            not grep -aqF -e "$text" "$file" || is "in $file" "nowhere" || return
        done
        run timeout 20 grep -arlsF -e "$text" "$MNT"
        # shellcheck disable=SC2154 # run sets it
        is "$output" "" || return
    done
}

# listed DIRECTORY NAMES
listed() {
    [[ $(entries "$1") == "$2" ]]
}

# listed_partitions DIRECTORY NAMES
listed_partitions() {
    [[ $(partitions "$1") == "$2" ]]
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

# words FILE: all texts anywhere in its JSON.
words() {
    jq -r '.. | strings' "$1"
}

# Whether the program was built with a sanitizer: it is larger then, and slower.
is_sanitized() {
    grep -aqE '__(asan|tsan|msan)_init' "$CHECKPOINTFS"
}
