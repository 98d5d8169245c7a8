# shellcheck shell=bats
# shellcheck disable=SC2030,SC2031,SC2034 # each test is a shell of its own
# Groups that are removed while something is committed for them: what was acknowledged is not lost. What holds
# for every service is in services-queue.bats.

load sls

# Values are known, so that nothing but changes sends requests.
SNAPSHOT=600

# amid METHOD FAULT COMMAND...: the command is under way; its first request by this method meets the fault.
amid() {
    forget_requests
    fault "$2" shape=none hold=1 method="$1" path=/consumergroups
    in_background "${@:3}"
    eventually in_flight 1
}

@test "rmdir of a directory that was made here waits for a commit, and then it has a checkpoint" {
    mkdir -p checkpoints/newgroup/orders
    amid POST status bash -c "echo 51 >checkpoints/newgroup/orders/0"
    local first=$!
    behind rmdir checkpoints/newgroup/orders
    release
    wait "$first"
    not wait "$!"
    matches "$(<"$DIR/messages")" "${SAYS[ENOTEMPTY]}"
    is "$(stored | grep newgroup)" "newgroup orders 0 NTE= -"
    is "$(known_groups | grep newgroup)" "newgroup orders"
}

@test "a commit waits for rmdir of a directory that was made here, and then there is no group" {
    mkdir -p checkpoints/newgroup/orders
    amid GET delay rmdir checkpoints/newgroup/orders
    local first=$!
    behind bash -c "echo 51 >apps/newgroup/orders/0/checkpoint"
    is "$(asked_for)" ""
    release
    wait "$first"
    not wait "$!"
    matches "$(<"$DIR/messages")" "${SAYS[ENOENT]}"
    is "$(stored | grep -c newgroup) $(known_groups | grep -c newgroup)" "0 0"
}

@test "rmdir of a group waits for a commit, and takes it along" {
    warm
    amid POST status bash -c "echo 51 >$P/checkpoint"
    local first=$!
    behind rmdir apps/billing/orders
    release
    wait_all "$first" "$!"
    is "$(stored) $(known_groups | grep -c 'billing orders')" " 0"
    is "$(cut -f 5,6,8,9,11,12,14 commits)" "ok	commit	billing	orders	0	NTE=	NDI=
ok	remove-app	billing	orders	-	-	-"
}

@test "a commit waits for rmdir of its group, and is not told as done" {
    warm
    amid DELETE delay rmdir apps/billing/orders
    local first=$!
    behind bash -c "echo 51 >$P/checkpoint"
    is "$(asked_for)" ""
    release
    wait "$first"
    not wait "$!"
    is "$(stored) $(known_groups | grep -c 'billing orders')" " 0"
}

@test "rmdir of a group waits for none of another logstore, or of another group" {
    warm
    fault never method=POST path=/consumergroups count=2
    in_background bash -c "echo 51 >$P/checkpoint"
    in_background bash -c "echo 51 >apps/audit/orders/1/checkpoint"
    eventually in_flight 2
    promptly rmdir apps/billing/payments
    promptly mkdir apps/audit/payments
    is "$(known_groups)" "audit orders
audit payments
billing orders"
}
