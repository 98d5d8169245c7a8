# shellcheck shell=bats
# shellcheck disable=SC2034 # the tests use what is set here
# What the tests of SLS share: its small world, its credentials, and what its numbers look like.
# An app is a consumer group, a stream a logstore, a partition a shard.
#
# SIMULATED_SLS is the simulated service that the tests talk to; see tests/service/README.md.

load service

SIMULATED=${SIMULATED_SLS:-}
PROJECT=my-project
REGION=cn-hangzhou
ROOT=
CALLS=/logstores
VALUES=/logstores/orders/consumergroups/billing
REQUEST_ID='^[0-9A-F]{24}$'
HOST=$PROJECT.localhost
ELSEWHERE=sls+http://$PROJECT.$REGION.log.aliyuncs.com
NO_HOST=$PROJECT.no-such-host.invalid
NOWHERE=sls://$NO_HOST
INCOMPLETE=(sls: sls:// sls://my-project sls:///x "sls://my-project.localhost:99999"
    "sls://my-project.localhost:x" sls+ftp://my-project.localhost
    sls://my-project.localhost/logstore 'sls://my project.localhost' sls://.localhost)
SIGNATURES=(v1 v4)
LIST_OF_STREAMS=' GET .*/logstores$'
FOREIGN_SIGNATURE=access
WAY=v1
WAY_ELSEWHERE=v4 # the region is in the name
REFUSALS='^40[013]$'
UNTOUCHED="billing orders 0 NDI= -"
CONTENT=NDI=
READS=GET
READS_OF_WIDE=/wide/consumergroups/
GAP=0
SEARCH=6 # all logstores, once or twice
MALFORMED=ParameterInvalid
BROKEN=(500:InternalServerError 503:ServerBusy)
MADE=$'billing\tempty'
REMOVED=$'audit\torders'
COMMITTED=200
THROTTLED=WriteQuotaExceed
NOT_COMMITTED=(201 202 204)
REFUSED=(400:ParameterInvalid:EINVAL 403:ProjectForbidden:EACCES 404:ConsumerGroupNotExist:ENOENT)
NONSENSE=('' '{}' '{"login":"required"}'
    '{"errorCode":"ConsumerGroupNotExist","errorMessage":"no"}' '"NDI="' 42 null '[' '[1]' '[null]' '[{"shard":0}]'
    '[{"shard":"0","checkpoint":["NDI="],"updateTime":1,"consumer":""}]'
    '[{"shard":0,"checkpoint":"NDI=","updateTime":1,"consumer":""}] trailing'
    '{"checkpoints":[{"shard":0,"checkpoint":"NDI="}]}')
NO_COMMIT=('200:{}' '200:{"errorCode":"InternalServerError","errorMessage":"later"}'
    '200:{"errorCode":"ShardNotExist","errorMessage":"no"}' '200:{"login":"required"}' '200:[]' 201:
    202: '202:{}' 203: 204: 206:)

# ---- the service

# start_service [OPTION...]
start_service() {
    run_service --project "$PROJECT" --region "$REGION" --key "$ACCESS_KEY:$SECRET_KEY" "$@" ||
        return
    SOURCE=sls+http://$PROJECT.localhost:$PORT
}

# Logstores with the log groups 10 to 99, three shards and one; billing consumes both, audit only
# orders; and one checkpoint.
make_world() {
    seed '{
        "logstores": [
            {"name": "orders", "shards": 3, "earliest": 10, "latest": 100},
            {"name": "payments", "shards": 1, "earliest": 10, "latest": 100}],
        "groups": [
            {"logstore": "orders", "name": "audit"},
            {"logstore": "orders", "name": "billing"},
            {"logstore": "payments", "name": "billing"}],
        "checkpoints": [
            {"logstore": "orders", "group": "billing", "shard": 0, "checkpoint": "NDI="}]}'
}

# b64 NUMBER: as the service has it.
b64() {
    printf %s "$1" | base64 -w 0
}

# decimal BASE64
decimal() {
    base64 -d <<<"$1"
}

# shown NUMBER: as files show it.
shown() {
    b64 "$1"
    echo
}

# row GROUP LOGSTORE SHARD NUMBER: a line of stored, of a commit for no consumer.
row() {
    echo "$1 $2 $3 $(b64 "$4") -"
}

# stored_as GROUP LOGSTORE SHARD TEXT [NAME=VALUE...]: that text, unchecked, by another client.
stored_as() {
    control POST checkpoint "group=$1" "logstore=$2" "shard=$3" "checkpoint=$4" "${@:5}" >/dev/null
}

# committed GROUP LOGSTORE SHARD NUMBER [NAME=VALUE...]: as if another client had.
committed() {
    stored_as "$1" "$2" "$3" "$(b64 "$4")" "${@:5}"
}

# The numbers that the service was asked to commit, in their order, on one line.
asked_for() {
    control GET log | sed -n 's/^POST .*"checkpoint":"\([^"]*\)".*/\1/p' |
        while read -r number; do
            base64 -d <<<"$number"
            echo
        done | xargs
}

# keeps FIRST NEXT: the bounds of the shard with the checkpoint.
keeps() {
    control POST shard logstore=orders shard=0 "earliest=$1" "latest=$2" >/dev/null
}

# group NAME LOGSTORE: another client makes it.
group() {
    control POST group "name=$1" "logstore=$2" >/dev/null
}

# another_app NAME: another client makes it.
another_app() {
    group "$1" orders
}

# another_stream NAME: another client makes it, for billing too.
another_stream() {
    control POST logstore "name=$1" shards=2 earliest=0 latest=100 >/dev/null
    group billing "$1"
}

# names_with_nul: the answer to a list of groups.
names_with_nul() {
    fault body path=/orders/consumergroups count=forever text='[{"name":"a\u0000b"},{"name":"billing"}]'
}

# withdrawn GROUP LOGSTORE SHARD: another client removes the checkpoint, for which it must remove the
# group and make it again; of the small world's checkpoints it commits the others anew.
withdrawn() {
    control DELETE group "name=$1" "logstore=$2" >/dev/null
    group "$1" "$2"
    [[ "$*" == "billing orders 0" ]] || committed billing orders 0 42
}

# alive NAME GROUP LOGSTORE SHARDS: a consumer that holds these shards.
alive() {
    control POST consumer "name=$1" "group=$2" "logstore=$3" "shards=$4" >/dev/null
}

# All checkpoints that the service has: group logstore shard checkpoint consumer.
stored() {
    control GET checkpoints | awk '{ print $2, $1, $3, $4, $5 }'
}

# All groups: group logstore.
known_groups() {
    control GET groups | awk '{ print $2, $1 }' | sort
}

# A logstore "wide" with that many shards, and a checkpoint on each for audit: its number and 1000.
wide() {
    control POST logstore name=wide "shards=$1" earliest=0 latest=5000 >/dev/null
    group audit wide
    seed "$(jq -nc --argjson shards "$1" '{checkpoints: [range($shards) | {logstore: "wide",
        group: "audit", shard: ., checkpoint: ("\(. + 1000)" | @base64)}]}')"
}

# many COUNT SHARDS: logstores s1, s2 ... with so many shards, and a checkpoint on each for audit.
many() {
    seed "$(jq -nc --argjson count "$1" --argjson shards "$2" '[range(1; $count + 1) | "s\(.)"] as $names | {
        logstores: [$names[] | {name: ., shards: $shards, earliest: 0, latest: 5000}],
        groups: [$names[] | {logstore: ., name: "audit"}],
        checkpoints: [$names[] as $name | range($shards) | {logstore: $name, group: "audit", shard: .,
            checkpoint: ("\(. + 1000)" | @base64)}]}')"
}

# closes PARTITION: nothing more will be written to that of orders.
closes() {
    control POST shard logstore=orders "shard=$1" status=readonly >/dev/null
}

# asking STREAMS PARTITIONS: how many requests it takes to ask so many streams for their lags: for each its
# checkpoints, its shards, and both ends of each shard.
asking() {
    echo $(($1 * (2 + 2 * $2)))
}

# ---- operations that fail

# Those that meet the errors of a code.
op_read() { cat "$P/checkpoint"; }
op_commit() { put "$P/checkpoint" 43; }
op_cursor() { cat "$S/cursors/latest"; }
op_resume() { cat apps/billing/orders/1/cursor; }
op_lag() { cat "$P/lag"; }
op_mkdir() { mkdir apps/billing/empty; }
op_rmdir() { rmdir apps/audit/orders; }

# Which request each of them sends last.
declare -gA METHOD=([read]=GET [commit]=POST [cursor]=GET [resume]=GET [lag]=GET [mkdir]=POST
    [rmdir]=DELETE)
declare -gA WHERE=([read]=/consumergroups/billing [commit]=/consumergroups/billing
    [cursor]=/orders/shards/0 [resume]=/orders/shards/1 [lag]=/orders/shards/0
    [mkdir]=/empty/consumergroups [rmdir]=/consumergroups/audit)

# ---- credentials

# use_keys ACCESS-KEY SECRET
use_keys() {
    export ALIBABA_CLOUD_ACCESS_KEY_ID=$1 ALIBABA_CLOUD_ACCESS_KEY_SECRET=$2
}

# signed_by SIGNATURE: the options for it.
signed_by() {
    echo "signature=$1,region=$REGION"
}

use_security_token() {
    export ALIBABA_CLOUD_SECURITY_TOKEN=$TOKEN
}

# ---- cursors

# first_of CURSOR: the number of the log group that it begins with.
first_of() {
    decimal "$1"
}

# ---- expecting

# begins POSITION: the oldest log group is next then.
begins() {
    lands "$1" 10
    is "$1: $(first_of "$(cat "$P/cursor")")" "$1: 10"
}

# everything_is_right: the small world, seen from all sides.
everything_is_right() {
    is "$(entries apps) $(entries streams)" "audit billing orders payments"
    is "$(entries apps/audit) $(entries apps/billing)" "orders orders payments"
    is "$(partitions apps/billing/orders) $(partitions apps/billing/payments)" "0 1 2 0"
    is "$(entries streams/orders) $(entries streams/payments)" "0 1 2 status 0 status"
    is "$(entries checkpoints) $(entries checkpoints/billing)" "audit billing orders"
    is "$(entries checkpoints/billing/orders)$(entries checkpoints/audit)" 0
    is "$(entries "$P") $(entries apps/billing/orders/1)" \
        "checkpoint cursor lag records status cursor lag records status"
    is "$(cat "$P/checkpoint") $(cat "$C") $(cat "$P/lag")" "NDI= NDI= 58"
    is "$(stat -c %s "$P/checkpoint" "$C" | xargs)" "5 5"
    refused "${SAYS[ENOENT]:?}" cat apps/billing/orders/1/checkpoint
    is "$(cat apps/billing/orders/1/lag)" 90
    is "$(cat "$S/earliest") $(cat "$S/latest")" "10 100"
}
