# shellcheck shell=bats
# shellcheck disable=SC2034 # the tests use what is set here
# What the tests of DIS share: its small world, its credentials, and what its answers mean.
#
# SIMULATED_DIS is the simulated service that the tests talk to, and COMMIT_RANGE whether it holds commits
# to what is kept (checked, or any); see tests/service/README.md.

load service

SIMULATED=${SIMULATED_DIS:-}
COMMIT_RANGE=${COMMIT_RANGE:-checked}
PROJECT=0123456789abcdef0123456789abcdef
ROOT=/v2/$PROJECT
CALLS=/v2/
VALUES=/apps/billing/streams/orders
REQUEST_ID='^[0-9a-f]{32}$'
HOST=127.0.0.1
ELSEWHERE=dis+http://dis.example.com/$PROJECT
NO_HOST=no-such-host.invalid
NOWHERE=dis://$NO_HOST/$PROJECT
INCOMPLETE=(dis: dis:// "dis:///$PROJECT" dis://127.0.0.1 dis://127.0.0.1/
    "dis://127.0.0.1:99999/$PROJECT" "dis://127.0.0.1:x/$PROJECT" "dis+ftp://127.0.0.1/$PROJECT"
    "dis://127.0.0.1/$PROJECT/more" "dis://127.0.0.1/a b")
SIGNATURES=(access credential)
LIST_OF_STREAMS=' GET .*/streams$'
FOREIGN_SIGNATURE=v4
WAY=access
WAY_ELSEWHERE=access
REFUSALS='^[45]'
UNTOUCHED="billing orders 0 42 note"
CONTENT=$'42\nnote'
READS=GET
READS_OF_WIDE=/checkpoints # of all streams
GAP=1
SEARCH=2
MALFORMED=DIS.4200
BROKEN=(500:DIS.5000 502:DIS.5000 503:DIS.5000)
MADE=$'newapp\t-'
REMOVED=$'audit\t-'
COMMITTED=201
THROTTLED=DIS.4303
NOT_COMMITTED=(200 202 204)
REFUSED=(400:DIS.4200:EINVAL 403:DIS.4116:EACCES 404:DIS.4332:ENOENT)
NONSENSE=('' '[]' '{}' '{"metadata":""}' '{"login":"required"}'
    '{"sequence_number":"-1","metadata":"","errorCode":"DIS.5250"}'
    '{"errorCode":"DIS.4375","message":"The app does not commit checkpoint"}' '"42"' 42 null '{"sequence_number":"42"'
    '{"sequence_number":"42","metadata":"x"} trailing')
NO_COMMIT=(200: '200:{}' '200:{"errorCode":"DIS.5250","message":"later"}'
    '200:{"errorCode":"DIS.4332","message":"app not found"}' 202: '202:{}' 203: 204: 206:
    '201:{"errorCode":"DIS.5250"}' '299:{"login":"required"}')
USERNAME=tester
PASSWORD='a password, "quoted" \ secret'
DOMAIN=OTC00000000001

# ---- the service

# start_service [OPTION...]
start_service() {
    run_service --project "$PROJECT" --key "$ACCESS_KEY:$SECRET_KEY" \
        --user "$USERNAME:$PASSWORD:$DOMAIN" "$@" || return
    SOURCE=dis+$URL/$PROJECT
}

# Streams with the records 10 to 99, three partitions and one; and one checkpoint.
make_world() {
    [[ $COMMIT_RANGE == checked ]] || quirk commit_range="$COMMIT_RANGE"
    seed '{
        "apps": ["audit", "billing"],
        "streams": [
            {"name": "orders", "partitions": 3, "earliest": 10, "latest": 100},
            {"name": "payments", "partitions": 1, "earliest": 10, "latest": 100}],
        "checkpoints": [
            {"app": "billing", "stream": "orders", "partition": 0, "sequence": 42,
             "metadata": "note"}]}'
}

# committed APP STREAM PARTITION NUMBER [METADATA]: as if another client had.
committed() {
    control POST checkpoint "app=$1" "stream=$2" "partition=$3" "sequence=$4" \
        ${5+"metadata=$5"} >/dev/null
}

# withdrawn APP STREAM PARTITION: another client removes the checkpoint.
withdrawn() {
    control DELETE checkpoint "app=$1" "stream=$2" "partition=$3" >/dev/null
}

# keeps FIRST NEXT: the bounds of the partition with the checkpoint.
keeps() {
    control POST partition stream=orders partition=0 "earliest=$1" "latest=$2" >/dev/null
}

# All checkpoints that the service has: app stream partition number metadata.
stored() {
    control GET checkpoints
}

# The numbers that the service was asked to commit, in their order, on one line.
asked_for() {
    control GET log | sed -n 's/^POST .*"sequence_number":"\([0-9]*\)".*/\1/p' | xargs
}

# another_app NAME: another client makes it.
another_app() {
    control POST app "name=$1" >/dev/null
}

# another_stream NAME: another client makes it, for billing too.
another_stream() {
    control POST stream "name=$1" partitions=2 earliest=0 latest=100 >/dev/null
}

# names_with_nul: the answer to a list of apps.
names_with_nul() {
    fault body path=/apps count=forever \
        text='{"has_more_app":false,"apps":[{"app_name":"a\u0000b"},{"app_name":"billing"}]}'
}

# A stream "wide" with that many partitions, and a checkpoint on each for audit: its number and 1000.
wide() {
    control POST stream name=wide "partitions=$1" earliest=0 latest=5000 >/dev/null
    seed "$(jq -nc --argjson partitions "$1" '{checkpoints: [range($partitions) | {stream: "wide",
        app: "audit", partition: ., sequence: (. + 1000)}]}')"
}

# many COUNT PARTITIONS: streams s1, s2 ... with so many partitions, and a checkpoint on each for audit.
many() {
    seed "$(jq -nc --argjson count "$1" --argjson partitions "$2" '[range(1; $count + 1) | "s\(.)"] as $names | {
        streams: [$names[] | {name: ., partitions: $partitions, earliest: 0, latest: 5000}],
        checkpoints: [$names[] as $name | range($partitions) | {stream: $name, app: "audit", partition: .,
            sequence: (. + 1000)}]}')"
}

# closes PARTITION: nothing more will be written to that of orders.
closes() {
    control POST partition stream=orders "partition=$1" status=DELETED >/dev/null
}

# asking STREAMS PARTITIONS: how many requests it takes to ask so many streams for their lags.
asking() {
    echo "$1"
}

# shown NUMBER: as files show it.
shown() {
    echo "$1"
}

# row APP STREAM PARTITION NUMBER: a line of stored.
row() {
    echo "$*"
}

# ---- operations that fail

# Those that meet the errors of a code.
op_read() { cat "$P/checkpoint"; }
op_metadata() { cat "$P/metadata"; }
op_commit() { put "$P/checkpoint" 43; }
op_delete() { rm "$P/checkpoint"; }
op_cursor() { cat "$S/cursors/latest"; }
op_resume() { cat "$P/cursor"; }
op_lag() { cat "$P/lag"; }
op_mkdir() { mkdir apps/newapp; }
op_rmdir() { rmdir apps/audit; }

# Which request each of them sends last.
declare -gA METHOD=([read]=GET [metadata]=GET [commit]=POST [delete]=DELETE [cursor]=GET
    [resume]=GET [lag]=GET [mkdir]=POST [rmdir]=DELETE)
declare -gA WHERE=([read]=/checkpoints [metadata]=/checkpoints [commit]=/checkpoints
    [delete]=/checkpoints [cursor]=/cursors [resume]=/cursors [lag]=/streams/orders
    [mkdir]=/apps [rmdir]=/apps/audit)

# ---- credentials

# use_keys ACCESS-KEY SECRET
use_keys() {
    export HUAWEICLOUD_SDK_AK=$1 HUAWEICLOUD_SDK_SK=$2
}

# signed_by SIGNATURE: the options for it.
signed_by() {
    echo "signature=$1"
}

use_security_token() {
    export HUAWEICLOUD_SDK_SECURITY_TOKEN=$TOKEN
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

# Tries to get a token.
logins() {
    control GET log | grep -c '^POST /v3/auth/tokens' || true
}

# ---- cursors

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

# first_of CURSOR: the number of the record that it begins with.
first_of() {
    parameter "$1" starting-sequence-number
}

# ---- expecting

# begins POSITION: the oldest record is next then. No number of DIS says so when it holds commits to what is
# kept, so nothing is committed.
begins() {
    put "$P/checkpoint" "$1"
    if [[ $COMMIT_RANGE == checked ]]; then
        is "$1: $(stored)" "$1: "
        refused "${SAYS[ENOENT]:?}" cat "$P/checkpoint"
        is "$1: $(journal what result note | tail -n 1)" \
            "$1: "$'delete\tok\tno number says that the oldest record is next'
        matches "$(tail -n 1 errors)" "done by deleting the checkpoint"
    else
        is "$1: $(stored)" "$1: $(row billing orders 0 9)"
    fi
    is "$1: $(first_of "$(cat "$P/cursor")")" "$1: 10"
}

# everything_is_right: the small world, seen from all sides.
everything_is_right() {
    is "$(entries apps) $(entries streams)" "audit billing orders payments"
    is "$(entries apps/billing) $(partitions apps/billing/orders)" "orders payments 0 1 2"
    is "$(entries streams/orders) $(entries streams/payments)" "0 1 2 status 0 status"
    is "$(entries checkpoints) $(entries checkpoints/billing)" "audit billing orders"
    is "$(entries checkpoints/billing/orders)$(entries checkpoints/audit)" 0
    is "$(cat "$P/checkpoint") $(cat "$P/metadata") $(cat "$P/lag")" "42 note 57"
    is "$(stat -c %s "$P/checkpoint" "$P/metadata" "$C" | xargs)" "3 5 8"
    is "$(cat "$C")" $'42\nnote'
    is "$(entries "$P")" "checkpoint cursor lag metadata records status"
    is "$(entries apps/billing/orders/1)" "cursor lag records status"
    refused "${SAYS[ENOENT]:?}" cat apps/billing/orders/1/checkpoint
    is "$(cat apps/billing/orders/1/lag)" 90
    is "$(cat "$S/earliest") $(cat "$S/latest")" "10 100"
}
