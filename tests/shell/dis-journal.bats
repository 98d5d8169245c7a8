# shellcheck shell=bats
# shellcheck disable=SC2030,SC2031,SC2034 # each test is a shell of its own
# What `commits` tells of what only DIS has: metadata, deletions of single checkpoints, and tokens. What
# holds for every service is in services-journal.bats.

load dis

# Values are known, so that nothing but changes sends requests.
SNAPSHOT=600

# ---- metadata

@test "metadata that the service has is in the line, as the old one and as the new one" {
    committed billing orders 0 42 $'tab\there\nand a \\ line'
    remount_service
    put "$P/checkpoint" 'shift +1'
    put_once "$P/checkpoint" '44\nb\\\tc\n'
    put "$P/metadata" 'größer 🚚'
    is "$(journal old-metadata number metadata before)" \
        $'tab\\there\\nand a \\\\ line\t43\t\t42\n\t44\tb\\\\\\tc\t43\nb\\\\\\tc\t44\tgrößer 🚚\t44'
}

@test "after an unknown end the old metadata is true, too" {
    warm
    fail_at commit html status=200 execute=1
    not put_once "$P/checkpoint" '43\nmine\n'
    put "$P/checkpoint" 50
    is "$(journal old-metadata before | tail -n 1)" $'mine\t43'
    fail_at commit html status=200
    not put_once "$P/checkpoint" '51\nlost\n'
    committed billing orders 0 88 theirs
    put "$P/checkpoint" 52
    is "$(journal old-metadata before | tail -n 1)" $'theirs\t88'
}

# ---- deletions

# deleted RESULT ERRNO FAULT...: with these faults, which are words, the deletion ends so, in a single line.
deleted() {
    local before fault words
    committed billing orders 0 42
    eventually cat "$P/checkpoint" # an outage before this is over
    before=$(journal path | wc -l)
    for fault in "${@:3}"; do
        read -ra words <<<"$fault"
        fail_at delete "${words[@]}"
    done
    refused "${SAYS[$2]}" op_delete
    no_faults
    is "${*:3}: $(journal what number result | tail -n +$((before + 1)))" "${*:3}: "$'delete\t-\t'"$1"
}

@test "a deletion whose answer was lost or garbled is unknown, and one that was refused has failed" {
    again_with -o timeout=1
    deleted unknown EBADMSG "html status=200 execute=1"
    deleted unknown EBADMSG "body status=302 execute=1 location=http://127.0.0.1:1/ text="
    deleted unknown ETIMEDOUT "never execute=1"
    deleted unknown ECONNRESET "reset count=forever"
    deleted unknown EINVAL "status status=504 shape=none execute=1" "status status=400 code=DIS.4200"
    deleted unknown EACCES "html status=502 execute=1" "status status=403 code=DIS.4116"
    deleted failed EACCES "status status=403 code=DIS.4116"
    deleted failed EBUSY "status status=429 code=DIS.4303 count=forever"
}

@test "what is not there is not deleted, and is not said to have been" {
    local rm='import os, sys; os.unlink(sys.argv[1])'
    needs python3
    refused "${SAYS[ENOENT]:?}" python3 -c "$rm" apps/billing/orders/1/checkpoint
    is "$(journal what number before result)" $'delete\t-\t-\tfailed'
    is "$(changes)" 0
    # known to be there: it is not asked for
    cat "$P/checkpoint" >/dev/null
    forget_requests
    python3 -c "$rm" "$P/checkpoint"
    is "$(summary)" "1 DELETE $ROOT/checkpoints"
    refused "${SAYS[ENOENT]:?}" python3 -c "$rm" "$P/checkpoint"
    is "$(changes)" 1
}

@test "a deletion that is repeated until it is done is ok, and a single line" {
    quirk delete_none=refused
    warm
    fail_at delete status status=504 shape=none execute=1
    op_delete
    is "$(journal what number before result)" $'delete\t-\t42\tok'
}

@test "a commit after a deletion whose end is not known asks what is left" {
    again_with -o timeout=1
    fail_at delete html status=200 execute=1
    not op_delete
    no_faults
    put "$P/checkpoint" 43
    is "$(journal before result)" $'42\tunknown\n-\tok'
    fail_at delete html status=200
    not op_delete
    no_faults
    put "$P/checkpoint" 44
    is "$(journal before | tail -n 1)" 43
}

@test "a deletion after an unknown end asks what is deleted" {
    warm
    fail_at commit html status=200 execute=1
    not op_commit
    forget_requests
    op_delete
    is "$(control GET log | cut -d ' ' -f 1 | xargs)" "GET DELETE"
    is "$(journal what before | tail -n 1)" $'delete\t43'
}

@test "a position that is expressed by no number is a deletion, and told so" {
    control POST partition stream=orders partition=0 earliest=0 >/dev/null
    warm
    put "$P/checkpoint" earliest
    is "$(stored)" ""
    is "$(journal what number before result)" $'delete\t-\t42\tok'
}

# ---- tokens

# with_password: the mount again, which gets a token by a password.
with_password() {
    cd /
    unmount "$MNT"
    unset HUAWEICLOUD_SDK_AK HUAWEICLOUD_SDK_SK
    use_password
    begin_with -o timeout=2
    warm
}

wants_token() {
    (($(logins) > 0))
}

@test "a commit that was refused for its token, and got no other, has failed" {
    with_password
    control POST tokens/revoke >/dev/null
    fault reset path=/auth/tokens count=forever
    not op_commit
    is "$(requests POST /checkpoints) $(stored)" "1 billing orders 0 42 note"
    is "$(journal result)" failed
}

@test "a commit that was interrupted while it waited for a token has failed" {
    with_password
    control POST tokens/revoke >/dev/null
    fault never path=/auth/tokens count=forever
    in_background bash -c "echo 43 >$P/checkpoint"
    eventually wants_token
    kill -INT "$!"
    not wait "$!"
    is "$(stored)" "billing orders 0 42 note"
    is "$(journal result)" failed
}

@test "a commit for which no token was to be had was not sent, and has failed" {
    with_password
    kill -HUP "$(daemon)"
    fault reset path=/auth/tokens count=forever
    not op_commit
    is "$(requests POST /checkpoints) $(journal result)" "0 failed"
}

@test "a commit whose answer was lost, and that waits for a token to be sent again, is unknown" {
    with_password
    fail_at commit status status=504 shape=none execute=1 hold=1
    in_background bash -c "echo 43 >$P/checkpoint"
    eventually commits_begun 1
    hup
    fault never path=/auth/tokens count=forever
    release
    eventually wants_token
    kill -INT "$!"
    not wait "$!"
    is "$(journal result)" unknown
}

@test "a commit that was lost, and then refused for its token, is unknown" {
    with_password
    fail_at commit status status=504 shape=none execute=1 hold=1
    in_background bash -c "echo 43 >$P/checkpoint"
    eventually commits_begun 1
    control POST tokens/revoke >/dev/null
    fault never path=/auth/tokens count=forever
    release
    not wait "$!"
    is "$(journal result)" unknown
}

# ---- the system's log

# commit_is_logged: with the source.
commit_is_logged() {
    put "$P/checkpoint" 43
    sleep 0.1
    is "$(log_of_mount | cut -d ' ' -f 2-4 | tail -n 1)" \
        "dis+$URL/$PROJECT $(journal time | tail -n 1) uid=$EUID"
}

@test "the line of the system's log has the source, and no secret" {
    begin_log
    eventually commit_is_logged
    not grep -qF -e "$SECRET_KEY" -e "$ACCESS_KEY" "$DIR/syslog"
}
