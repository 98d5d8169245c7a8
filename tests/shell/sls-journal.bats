# shellcheck shell=bats
# shellcheck disable=SC2030,SC2031,SC2034 # each test is a shell of its own
# What `commits` tells of what only SLS has: groups on logstores, and who holds a shard. What holds for every
# service is in services-journal.bats.

load sls

# Values are known, so that nothing but changes sends requests.
SNAPSHOT=600

GROUP=/logstores/orders/consumergroups/billing

# last FIELD,...: of the last line.
last() {
    tail -n 1 commits | cut -f "$1"
}

# by COMMAND...: runs it, and tells its process and name as commits does.
by() {
    # shellcheck disable=SC2016 # it is for the other shell
    run -0 bash -c 'echo $$; exec "$@"' - "$@" || return
    # shellcheck disable=SC2154 # run sets it
    echo "uid=$EUID"$'\t'"pid=${lines[0]}"$'\t'"$1"
}

# ---- groups

@test "a group that was made or removed has a line that says who did it, by both faces" {
    local who
    who=$(by mkdir apps/audit/payments)
    is "$(last 2-6,8-)" "$who"$'\tok\tmake-app\taudit\tpayments\t\t-\t-\t\t-'
    who=$(by rmdir apps/audit/payments)
    is "$(last 2-6,8-)" "$who"$'\tok\tremove-app\taudit\tpayments\t\t-\t-\t\t-'
    mkdir checkpoints/newgroup
    who=$(by mkdir checkpoints/newgroup/orders)
    is "$(last 2-6,8-)" "$who"$'\tok\tmake-app\tnewgroup\torders\t\t-\t-\t\t-'
    who=$(by rmdir checkpoints/newgroup/orders)
    is "$(last 2-6,8-)" "$who"$'\tok\tremove-app\tnewgroup\torders\t\t-\t-\t\t-'
    is "$(wc -l <commits)" 4
}

@test "a group that was removed with its checkpoints has a line" {
    put apps/billing/orders/1/checkpoint 50
    run -0 bash -c 'echo $$; exec rmdir apps/billing/orders'
    is "$(last 2-6,8,9)" "uid=$EUID"$'\t'"pid=$output"$'\trmdir\tok\tremove-app\tbilling\torders'
    is "$(stored)" ""
}

@test "a group whose removal was garbled is unknown, whether it is gone or not" {
    warm
    local execute
    for execute in 0 1; do
        fault html status=201 execute="$execute" method=DELETE path="$GROUP"
        not rmdir apps/billing/orders
        is "$(last 5,6,8,9)" $'unknown\tremove-app\tbilling\torders'
        is "$execute $(known_groups | grep -c 'billing orders')" "$execute $((1 - execute))"
    done
}

@test "a group whose removal was refused has failed" {
    warm
    fault status status=403 code=ProjectForbidden method=DELETE path="$GROUP"
    refused "${SAYS[EACCES]}" rmdir apps/billing/orders
    is "$(last 5,6,8,9)" $'failed\tremove-app\tbilling\torders'
    is "$(stored)" "billing orders 0 NDI= -"
}

@test "what was committed for a group that is gone is no old value of the next one" {
    put "$P/checkpoint" 51
    rmdir apps/billing/orders
    mkdir apps/billing/orders
    put "$P/checkpoint" 52
    matches "$(journal before | tail -n 1)" '^[-?]$'
}

@test "a directory that only the mount has is no line" {
    mkdir apps/newgroup checkpoints/other
    rmdir apps/newgroup checkpoints/other
    is "$(cat commits)" ""
}

# ---- who holds a shard

# open_unknown: opens the checkpoint as 7 when nothing is known of who holds the shard, and no answer will tell.
open_unknown() {
    warm
    exec 7>"$P/checkpoint"
    hup
    fault never method=GET path="$GROUP" count=forever
    forget_requests
}

# A program that writes to 7, and asks for nothing before, as a shell does.
WRITE='import os, signal; signal.signal(signal.SIGINT, signal.SIG_DFL); os.write(7, b"43\n")'

@test "a commit that is interrupted while it is asked who holds the shard has failed, for it was not sent" {
    needs python3
    open_unknown
    in_background python3 -c "$WRITE"
    eventually in_flight 1
    kill -INT "$!"
    not wait "$!"
    eventually in_flight 0
    is "$(requests GET "$GROUP") $(requests POST) $(stored)" "1 0 billing orders 0 NDI= -"
    is "$(journal path number result)" $'billing/orders/0\t43\tfailed'
    exec 7>&-
}

@test "a commit is made, and told, although nobody tells who holds the shard" {
    needs python3
    open_unknown
    python3 -c "$WRITE"
    exec 7>&-
    is "$(requests GET "$GROUP") $(requests POST) $(stored)" "1 1 billing orders 0 NDM= -"
    is "$(journal number result note)" $'NDM=\tok\t-'
}

@test "a commit that a consumer will overwrite is ok, and the note says so" {
    committed billing orders 0 50 consumer=consumer_1
    remount_service
    put "$P/checkpoint" 43
    is "$(journal number before result note)" \
        $'NDM=\tNTA=\tok\tconsumer_1 seems to be alive and will overwrite this'
}

@test "a commit that a holder refuses has failed, with the reason" {
    alive consumer_1 billing orders 1
    alive consumer_2 billing orders 0
    remount_service -o consumer=consumer_1
    refused "${SAYS[EBUSY]}" put "$P/checkpoint" 43
    is "$(journal result number)" $'failed\tNDM='
    matches "$(journal note)" "consumer"
}
