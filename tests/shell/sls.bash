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
REQUEST_ID='^[0-9A-F]{24}$'

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
}

# stored_as GROUP LOGSTORE SHARD TEXT [NAME=VALUE...]: that text, unchecked, by another client.
stored_as() {
    control POST checkpoint "group=$1" "logstore=$2" "shard=$3" "checkpoint=$4" "${@:5}" >/dev/null
}

# committed GROUP LOGSTORE SHARD NUMBER [NAME=VALUE...]: as if another client had.
committed() {
    stored_as "$1" "$2" "$3" "$(b64 "$4")" "${@:5}"
}

# group NAME LOGSTORE: another client makes it.
group() {
    control POST group "name=$1" "logstore=$2" >/dev/null
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

# ---- expecting

# lands POSITION NUMBER: what is committed then.
lands() {
    put "$P/checkpoint" "$1"
    is "$1: $(decimal "$(cat "$P/checkpoint")")" "$1: $2"
    is "$(stored)" "billing orders 0 $(b64 "$2") -"
}
