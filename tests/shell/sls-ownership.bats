# shellcheck shell=bats
# Who holds a shard: commits as a consumer, forced commits, and the warning of a consumer that is alive.

load sls

# minutes_ago N: as the service has times.
minutes_ago() {
    echo $(($(date +%s) * 1000000 - $1 * 60000000))
}

# warned CONSUMER: commits and errors say that it will overwrite what was committed last.
warned() {
    is "$(COMMITS=$MNT/commits journal result note | tail -n 1)" \
        "ok"$'\t'"$1 seems to be alive and will overwrite this"
    last_error
    is "${FIELD[2]} ${FIELD[3]}" "commit -"
    [[ ${FIELD[7]} == *"$1"* ]] || is "${FIELD[7]}" "...$1..."
    matches "${FIELD[7]}" "[Ss]top"
}

not_warned() {
    is "$(COMMITS=$MNT/commits journal result note | sort -u) $(cat "$MNT/errors")" $'ok\t- '
}

# ---- as a consumer

@test "-o consumer commits as that consumer, and not by force" {
    alive consumer_1 billing orders 0,1
    remount_service -o consumer=consumer_1
    warm
    put "$P/checkpoint" NDM=
    is "$(requests)" 1
    is "$(parameters "$(last_request)")" "consumer=consumer_1 forceSuccess=false type=checkpoint"
    put "$C" 44
    put apps/billing/orders/1/checkpoint earliest
    is "$(stored | sort)" "billing orders 0 NDQ= consumer_1
billing orders 1 MTA= consumer_1"
    not_warned
}

@test "a shard that another consumer holds is EBUSY, with words of what to do" {
    alive consumer_1 billing orders 0
    alive consumer_2 billing orders 1,2
    remount_service -o consumer=consumer_1
    local file
    for file in apps/billing/orders/1/checkpoint apps/billing/orders/2/checkpoint; do
        refused "${SAYS[EBUSY]:?}" put "$file" 43
        last_error
        is "${FIELD[1]} ${FIELD[3]} ${FIELD[5]}" "$file EBUSY ConsumerNotMatch"
        matches "${FIELD[6]}" "$REQUEST_ID"
        matches "${FIELD[7]}" "consumer"
    done
    put "$P/checkpoint" 43
    is "$(stored)" "billing orders 0 NDM= consumer_1"
}

@test "in checkpoints/ it is EBUSY too, by a write and by a rename" {
    alive consumer_1 billing orders 1
    alive consumer_2 billing orders 0
    remount_service -o consumer=consumer_1
    refused "${SAYS[EBUSY]:?}" put "$C" 43
    echo 43 >checkpoints/billing/orders/draft
    refused "${SAYS[EBUSY]:?}" rename checkpoints/billing/orders/draft "$C"
    is "$(stored) $(cat "$C")" "billing orders 0 NDI= - NDI="
}

@test "a consumer that is not in the group is ENOENT, in both spellings, with words of what to do" {
    alive consumer_1 billing orders 0,1,2
    remount_service -o consumer=stranger
    local spelling
    for spelling in exist:ConsumerNotExist exsit:ConsumerNotExsit; do
        quirk spelling="${spelling%:*}"
        refused "${SAYS[ENOENT]:?}" put "$P/checkpoint" 43
        reported ENOENT 404 "${spelling#*:}"
        matches "${FIELD[7]}" "consumer"
        matches "${FIELD[7]}" "stranger|-o consumer"
    done
    is "$(stored)" "billing orders 0 NDI= -"
    # the checkpoint is still there
    is "$(cat "$P/checkpoint")" NDI=
}

@test "refusals of a consumer are not tried again" {
    alive consumer_1 billing orders 1
    alive consumer_2 billing orders 0
    local name
    for name in consumer_1 stranger; do
        remount_service -o "consumer=$name"
        warm
        not put "$P/checkpoint" NDM=
        is "$name $(requests)" "$name 1"
    done
}

@test "a consumer that left the group is told so" {
    alive consumer_1 billing orders 0
    remount_service -o consumer=consumer_1
    put "$P/checkpoint" 43
    control DELETE consumer name=consumer_1 group=billing logstore=orders >/dev/null
    run put "$P/checkpoint" 44
    # shellcheck disable=SC2154 # run sets it
    matches "$output" "${SAYS[ENOENT]:?}|${SAYS[EBUSY]:?}"
    is "$(stored)" "billing orders 0 NDM= consumer_1"
}

@test "names of consumers may have blanks and any letters, with both signatures" {
    local name signature
    for name in 'consumer one' 'a+b&c=d?e#f/g%20' $'K\xc3\xa4ufer \xe4\xbd\xa0 1' "it's (here)!*~"; do
        alive "$name" billing orders 0
        for signature in v1 v4; do
            remount_service -o "region=$REGION,signature=$signature" -o "consumer=$name"
            put "$P/checkpoint" 42
            put "$P/checkpoint" 43
        done
        [[ $(stored) == "billing orders 0 NDM= "* ]]
        control GET checkpoints | grep -qF -- "${name%% *}"
        control DELETE consumer "name=$name" group=billing logstore=orders >/dev/null
    done
    is "$(stat_of signature_failures) $(cat errors)" "0 "
}

@test "reading is the same as any consumer" {
    remount_service -o consumer=stranger
    is "$(cat "$P/checkpoint") $(cat "$P/lag") $(cat "$P/cursor")" "NDI= 58 NDI="
    mkdir -p apps/newgroup/orders
    rmdir apps/newgroup/orders
}

# ---- by force

@test "without -o consumer a shard that somebody holds is committed by force" {
    alive consumer_1 billing orders 0
    warm
    put "$P/checkpoint" 43
    is "$(parameters "$(last_request)")" "consumer= forceSuccess=true type=checkpoint"
    is "$(cat "$P/checkpoint")" NDM=
}

@test "a consumer that seems to be alive is warned of in commits and errors" {
    committed billing orders 0 50 consumer=consumer_1
    remount_service
    cat "$P/checkpoint" "$C"
    put "$P/checkpoint" 43
    is "$(cat "$P/checkpoint")" NDM=
    warned consumer_1
    is "${FIELD[1]}" "$P/checkpoint"
}

@test "the warning comes in a mount that has not looked at the checkpoint before, too" {
    committed billing orders 0 50 consumer=consumer_1
    remount_service
    put "$P/checkpoint" 43
    warned consumer_1
}

@test "the warning comes for what is written to checkpoints/, and for shifts" {
    committed billing orders 0 50 consumer='consumer one'
    remount_service
    ls -l checkpoints/billing/orders
    put "$C" 43
    warned 'consumer one'
    is "${FIELD[1]}" "$C"
    committed billing orders 0 50 consumer=consumer_2
    let_values_age
    ls -l checkpoints/billing/orders
    put "$P/checkpoint" 'shift +1'
    warned consumer_2
}

@test "reset.sh prints the warning" {
    committed billing orders 0 50 consumer=consumer_1
    remount_service
    TMPDIR=$DIR run -0 "$BATS_TEST_DIRNAME/../../examples/reset.sh" apps/billing/orders latest
    # shellcheck disable=SC2154 # run sets it
    matches "${lines[1]}" "^orders/0: NTA= -> MTAw: done, but the consumer consumer_1 has committed"
    is "${lines[2]}" "orders/1: none -> MTAw"
}

@test "the warning comes whatever the service leaves of the consumer" {
    local what
    for what in keep clear; do
        quirk forced_consumer="$what"
        committed billing orders 0 50 consumer=consumer_1
        remount_service
        cat "$P/checkpoint"
        put "$P/checkpoint" 43
        warned consumer_1
    done
}

@test "a consumer that has been silent for more than two minutes is not warned of" {
    committed billing orders 0 50 consumer=consumer_1 update_time="$(minutes_ago 3)"
    remount_service
    cat "$P/checkpoint"
    put "$P/checkpoint" 43
    not_warned
}

@test "our own commits do not make a dead consumer look alive" {
    quirk forced_consumer=keep
    committed billing orders 0 50 consumer=consumer_1 update_time="$(minutes_ago 60)"
    remount_service
    local number
    for number in 43 44 45; do
        put "$P/checkpoint" "$number"
        cat "$P/checkpoint" "$C"
        let_values_age
    done
    not_warned
}

@test "a group is not deleted while a consumer of it is alive" {
    committed billing orders 1 50 consumer=consumer_1
    remount_service
    refused "${SAYS[EBUSY]:?}" rmdir apps/billing/orders
    last_error
    matches "${FIELD[7]}" 'consumer_1 .* stop it first'
    matches "$(tail -n 1 commits)" $'\tfailed\t.*consumer_1'
    is "$(changes)" 0
    committed billing orders 1 50 consumer=consumer_1 update_time="$(minutes_ago 3)"
    rmdir apps/billing/orders
    not grep -q "^billing orders" <<<"$(stored)"
}

@test "our own commits by force do not keep a group from being deleted" {
    quirk forced_consumer=keep
    committed billing orders 0 50 consumer=consumer_1 update_time="$(minutes_ago 60)"
    remount_service
    cat "$P/checkpoint"
    put "$P/checkpoint" 43
    rmdir apps/billing/orders
}

@test "without a consumer there is no warning" {
    committed billing orders 0 50
    remount_service
    cat "$P/checkpoint"
    put "$P/checkpoint" 43
    put apps/billing/orders/1/checkpoint 43
    not_warned
}

@test "no name of a consumer can break the lines of commits and errors" {
    committed billing orders 0 50 consumer=$'one\ttwo\nthree\e[2J'
    remount_service
    cat "$P/checkpoint"
    put "$P/checkpoint" 43
    is "$(journal path | wc -l) $(wc -l <errors)" "1 1"
    last_error
    is "$(cat errors commits | tr -d '\t\n -~')" ""
}
