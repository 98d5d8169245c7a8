# shellcheck shell=bats
# shellcheck disable=SC2030,SC2031,SC2034 # each test is a shell of its own
# What DIS answers that is an error, and what is no answer of it at all: the errno of each.

load dis

# An error is armed for the request of an operation, and not for one that asks for a size before it.
SNAPSHOT=600

# ---- codes

@test "what is malformed is EINVAL" {
    warm
    local code
    for code in 4200 4201 4202 4216 4300; do
        answers read 400 "DIS.$code" EINVAL
        answers commit 400 "DIS.$code" EINVAL
    done
    answers delete 400 DIS.4200 EINVAL
    answers mkdir 400 DIS.4200 EINVAL
    answers rmdir 400 DIS.4200 EINVAL
    for code in 4200 4201 4215 4216 4300; do
        answers cursor 400 "DIS.$code" EINVAL
    done
    is "$(stored)" "billing orders 0 42 note"
}

@test "what is out of range is ERANGE" {
    warm
    answers commit 400 DIS.4224 ERANGE
    answers cursor 400 DIS.4224 ERANGE
}

@test "what is not there is ENOENT" {
    warm
    local code
    for code in 4301 4302 4332 4319; do
        gives read 400 "DIS.$code" ENOENT
        answers commit 400 "DIS.$code" ENOENT
        gives cursor 400 "DIS.$code" ENOENT
        gives lag 400 "DIS.$code" ENOENT
    done
    gives read 400 DIS.4375 ENOENT
    gives delete 400 DIS.4375 ENOENT
    gives rmdir 400 DIS.4332 ENOENT
    remount_service
    is "$(op_read)" 42
}

@test "quota, existence and use of apps have their own words" {
    warm
    answers mkdir 400 DIS.4329 EDQUOT
    gives mkdir 400 DIS.4330 EEXIST
    answers rmdir 400 DIS.4331 EBUSY
    is "$(entries apps)" "audit billing"
}

@test "a stream that is not running is no bare EIO" {
    warm
    control POST stream name=orders status=FROZEN >/dev/null
    run cat "$S/cursors/latest"
    is "$status" 1
    not grep -F "${SAYS[EIO]:?}" <<<"$output"
    last_error
    is "${FIELD[4]} ${FIELD[5]}" "400 DIS.4205"
}

@test "no permission is EACCES, and does not keep others out" {
    warm
    answers read 403 DIS.4116 EACCES
    answers commit 403 DIS.4116 EACCES
    answers read 400 DIS.4117 EACCES
    answers mkdir 403 DIS.4116 EACCES
    matches "${FIELD[7]}" '^the service does not permit POST /apps with the credentials in '
    is "$(op_read)" 42
    # by the code, whatever the status says
    answers read 401 DIS.4116 EACCES
    answers read 441 DIS.4117 EACCES
    is "$(op_read)" 42
}

@test "each code of a refused authentication is EACCES" {
    local code
    for code in 4100 4101 4102 4103 4104 4105 4106 4107 4108 4109 4110 4111 4112 4113 4114; do
        again_with
        fail_at read status status=441 "code=DIS.$code" message="Authentication Error. [$code]" \
            count=forever
        refused "${SAYS[EACCES]:?}" op_read
        reported EACCES 441 "DIS.$code" "Authentication Error. [$code]"
        (($(requests) <= 2))
        no_faults
    done
}

@test "what a gateway refuses is EACCES" {
    fail_at read status status=401 shape=gateway code=APIGW.0301 count=forever \
        message="Incorrect IAM authentication information: decrypt token fail"
    refused "${SAYS[EACCES]:?}" op_read
    reported EACCES 401 APIGW.0301 "decrypt token fail"
}

@test "what IAM's shape of errors refuses is EACCES" {
    fail_at read status status=401 shape=nested count=forever \
        message="The request you have made requires authentication."
    refused "${SAYS[EACCES]:?}" op_read
    last_error
    is "${FIELD[3]} ${FIELD[4]}" "EACCES 401"
    matches "${FIELD[7]}" "requires authentication"
}

@test "the codes are found in the gateway's shape of errors" {
    warm
    fail_at commit status status=400 shape=gateway code=DIS.4224 message="Out of range. [1]"
    refused "${SAYS[ERANGE]:?}" op_commit
    reported ERANGE 400 DIS.4224 "Out of range. [1]"
}

@test "an error without a body, or with a page for one, has an errno" {
    warm
    fail_at read status status=403 shape=none
    refused "${SAYS[EACCES]:?}" op_read
    last_error
    is "${FIELD[3]} ${FIELD[4]} ${FIELD[5]}" "EACCES 403 -"
    fail_at read html status=403
    refused "${SAYS[EACCES]:?}" op_read
}

@test "the real answers of the service have the same errnos" {
    quirk commit_range=checked delete_none=refused app_delete=unused
    warm
    refused "${SAYS[ERANGE]:?}" put "$P/checkpoint" 101
    reported ERANGE 400 DIS.4224 "[101]"
    refused "${SAYS[ERANGE]:?}" cat "$S/cursors/at/5"
    reported ERANGE 400 DIS.4224 "[5]"
    refused "${SAYS[ENOENT]:?}" rm apps/billing/orders/1/checkpoint
    is "$(stored)" "billing orders 0 42 note"
}

@test "a commit that was refused changes nothing, and commits says so" {
    warm
    answers commit 400 DIS.4200 EINVAL
    is "$(requests POST /checkpoints)" 1
    is "$(op_read)" 42
    is "$(cat "$C")" $'42\nnote'
    is "$(journal path what number result)" $'billing/orders/0\tcommit\t43\tfailed'
}

@test "a write(2) has the error of its commit" {
    needs python3
    warm
    fail_at commit status status=400 code=DIS.4224
    run -0 python3 - "$P/checkpoint" <<'END'
import errno, os, sys
fd = os.open(sys.argv[1], os.O_WRONLY | os.O_TRUNC)
try:
    os.write(fd, b"43\n")
except OSError as error:
    print(errno.errorcode[error.errno])
os.close(fd)
END
    is "$output" ERANGE
}

@test "a rename has the error of its commit, and the file stays what it was" {
    warm
    echo 43 >checkpoints/billing/orders/draft
    fail_at commit status status=400 code=DIS.4224
    refused "${SAYS[ERANGE]:?}" rename checkpoints/billing/orders/draft "$C"
    is "$(cat "$C")" $'42\nnote'
}

@test "metrics counts what failed, and what was tried again" {
    warm
    grep -v '^#' metrics >"$DIR/before"
    answers commit 400 DIS.4224 ERANGE
    fail_at read status status=503
    op_read >/dev/null
    grep -v '^#' metrics >"$DIR/after"
    run -1 diff "$DIR/before" "$DIR/after"
    matches "$output" ERANGE
}

# ---- answers that are none

@test "a sequence number that is none is EBADMSG, and never passed on" {
    warm
    spoilt body text='{"sequence_number":"newstram","metadata":""}'
    spoilt body text='{"sequence_number":"4 2","metadata":""}'
    spoilt body text='{"sequence_number":"42\n43","metadata":""}'
    spoilt body text='{"sequence_number":4.5,"metadata":""}'
    spoilt body text='{"sequence_number":true,"metadata":""}'
    spoilt body text='{"sequence_number":["42"],"metadata":""}'
}

@test "wrong types anywhere are EBADMSG, and nothing is listed that is not there" {
    warm
    fault wrong-type path=/cursors
    refused "${SAYS[EBADMSG]:?}" cat "$S/cursors/latest"
    fault body path=/cursors text='{"partition_cursor":""}'
    refused "${SAYS[EBADMSG]:?}" cat "$S/cursors/latest"
    fault body path=/cursors text='{}'
    refused "${SAYS[EBADMSG]:?}" cat "$S/cursors/latest"
    fault wrong-type path=/apps/billing/streams count=forever
    refused "${SAYS[EBADMSG]:?}" cat "$P/lag"
    no_faults
    remount_service -o lazy
    fault wrong-type path=/apps count=forever
    refused "${SAYS[EBADMSG]:?}" ls apps
    fault wrong-type path=/streams count=forever
    refused "${SAYS[EBADMSG]:?}" ls streams
    no_faults
    is "$(entries apps) $(entries streams)" "audit billing orders payments"
}

@test "numbers of any size are texts" {
    warm
    local number
    for number in 0 9007199254740993 9223372036854775807 18446744073709551616 \
        123456789012345678901234567890; do
        says "{\"sequence_number\":\"$number\",\"metadata\":\"\"}"
        is "$(op_read)" "$number"
    done
    for number in 0 9007199254740993 9223372036854775807; do
        says "{\"sequence_number\":$number,\"metadata\":\"\"}"
        is "$(op_read)" "$number"
    done
}

@test "members that are not known are ignored" {
    warm
    says '{"sequence_number":"7","metadata":"m","more":{"sequence_number":"8"},"list":[1]}'
    is "$(op_read)" 7
}

@test "an answer over 16 MiB is EBADMSG, and one below is read" {
    warm
    spoilt huge
    fail_at read huge bytes=15000000
    is "$(op_read)" 42
}

@test "what a proxy says in the service's place acknowledges no commit and no deletion" {
    warm
    fault body status=200 text='<html>login</html>' method=POST path=/checkpoints
    refused "${SAYS[EBADMSG]:?}" bash -c "echo 88 >$P/checkpoint"
    fault body status=200 text='<html>login</html>' method=DELETE path=/checkpoints
    refused "${SAYS[EBADMSG]:?}" rm "$P/checkpoint"
    is "$(cat "$P/checkpoint")" 42
    is "$(journal what result)" $'commit\tunknown\ndelete\tunknown'
}

@test "each change is acknowledged by its own status alone" {
    quirk commit_range=any
    warm
    local answer operation
    for answer in 200: '200:{}' 202: 205: 206: '202:{"login":"required"}'; do
        for operation in commit delete mkdir rmdir; do
            fail_at "$operation" body status="${answer%%:*}" text="${answer#*:}"
            refused "${SAYS[EBADMSG]:?}" "op_$operation"
        done
    done
    for operation in commit mkdir; do
        fail_at "$operation" status status=204 shape=none
        refused "${SAYS[EBADMSG]:?}" "op_$operation"
    done
    for operation in delete rmdir; do
        fail_at "$operation" status status=201 shape=none
        refused "${SAYS[EBADMSG]:?}" "op_$operation"
    done
    is "$(entries apps)" "audit billing"
    is "$(stored) $(journal result | sort -u)" "billing orders 0 42 note unknown"
}

@test "what is read is had by 200 alone" {
    warm
    local status
    for status in 201 202 203 206; do
        spoilt body status="$status" text='{"sequence_number":"7","metadata":""}'
    done
}

@test "an app is there only when the service says its name" {
    warm
    local text
    for text in '{}' '{"login":"required"}' '{"app_name":"other"}' '[]'; do
        fault body path=/apps/newapp text="$text"
        refused "${SAYS[EBADMSG]:?}" ls apps/newapp
        no_faults
        let_values_age
    done
    refused "${SAYS[ENOENT]:?}" ls apps/newapp
}

@test "a stream is described only by what says its name" {
    warm
    fault body path=/streams/orders text='{"status":"RUNNING"}'
    refused "${SAYS[EBADMSG]:?}" cat streams/orders/status
}

@test "an app keeps its checkpoints when the service does not say on which streams it has some" {
    warm
    fault body text='{"app_name":"billing"}' method=GET path=/apps/billing
    refused "Directory not empty" rmdir apps/billing
    fault status status=404 method=GET path=/apps/billing/streams
    not rmdir apps/billing
    is "$(cat "$P/checkpoint")" 42
}
