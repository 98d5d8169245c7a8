# shellcheck shell=bats
# shellcheck disable=SC2030,SC2031,SC2034 # each test is a shell of its own
# The errors of SLS: each code of its documents, and what is no answer at all.

load sls

# An error is armed for the request of an operation, and not for one that asks for a size before it.
SNAPSHOT=600

# A logstore without groups, and all names known.
with_empty() {
    control POST logstore name=empty shards=1 >/dev/null
    again_with
}

# ---- codes

@test "each documented error of a commit has its errno" {
    warm
    answers commit 400 InvalidShardCheckPoint EINVAL
    answers commit 404 ConsumerGroupNotExist ENOENT
    answers commit 404 ConsumerNotExist ENOENT
    answers commit 404 ConsumerNotExsit ENOENT
    answers commit 400 ConsumerNotMatch EBUSY
    answers commit 403 ConsumerNotMatch EBUSY
    local code
    for code in 404:ShardNotExist 400:ShardNotExist 404:ShardNotExsit 404:LogStoreNotExist \
        404:ProjectNotExist; do
        with_empty
        answers commit "${code%:*}" "${code#*:}" ENOENT
    done
    is "$(stored) $(journal result | sort -u)" "billing orders 0 NDI= - failed"
}

@test "each documented error of a read has its errno" {
    local code
    for code in 404:ConsumerGroupNotExist 404:LogStoreNotExist 404:ProjectNotExist \
        404:ShardNotExist 404:ProjectNotExists; do
        again_with
        gives read "${code%:*}" "${code#*:}" ENOENT
    done
    is "$(op_read)" NDI=
}

@test "each documented error of a cursor has its errno" {
    warm
    answers cursor 400 ParameterInvalid EINVAL
    answers cursor 400 InvalidCursor ERANGE
    answers cursor 404 InvalidCursor ERANGE
    gives cursor 400 ShardNotExist ENOENT
    gives cursor 404 LogStoreNotExist ENOENT
    again_with
    gives resume 400 ShardNotExist ENOENT
    gives lag 400 ShardNotExist ENOENT
}

@test "each documented error of making a group has its errno" {
    with_empty
    answers mkdir 400 JsonInfoInvalid EINVAL
    answers mkdir 400 ConsumerGroupQuotaExceed EDQUOT
    answers mkdir 403 ConsumerGroupQuotaExceed EDQUOT
    gives mkdir 400 ConsumerGroupAlreadyExist EEXIST
    gives mkdir 404 LogStoreNotExist ENOENT
}

@test "each documented error of deleting a group has its errno" {
    warm
    answers rmdir 401 Unauthorized EACCES
    gives rmdir 404 LogStoreNotExist ENOENT
}

@test "what is malformed is EINVAL, whatever it is called" {
    warm
    local code
    for code in ParameterInvalid InvalidParameter PostBodyInvalid MissingParameter \
        InvalidContentType SomethingNew; do
        answers read 400 "$code" EINVAL
        answers commit 400 "$code" EINVAL
    done
}

@test "no permission is EACCES, and keeps nobody out" {
    warm
    answers read 401 Unauthorized EACCES
    answers commit 403 ProjectForbidden EACCES
    answers cursor 403 Unauthorized EACCES
    is "$(op_read)" NDI=
    op_commit
}

# denied FILE: no cursor may be had, as a policy of RAM has it.
denied() {
    warm
    fault status status=401 code=Unauthorized count=forever path=/shards/0 message="denied by sts or \
ram, action: log:GetCursorOrData, resource: acs:log:cn-hangzhou:1:project/my-project/logstore/orders"
    refused "${SAYS[EACCES]:?}" cat "$1"
    last_error
    is "${FIELD[3]} ${FIELD[4]} ${FIELD[5]}" "EACCES 401 Unauthorized"
    matches "${FIELD[7]}" '^the service does not permit log:GetCursorOrData with the credentials in '
}

@test "an action that is not permitted is named, and is not said of the credentials" {
    denied "$P/lag"
    denied "$S/cursors/latest"
    denied "$S/latest"
    is "$(cat "$P/checkpoint")" NDI=
    put "$P/checkpoint" NDI=
    is "$(cut -f 4 errors | sort | uniq -c | xargs)" "3 EACCES"
}

@test "a status has what is permitted, and null for what is not" {
    denied "$P/lag"
    is "$(jq -c '[.checkpoint, .decimal, .status, .lag, .earliest, .latest, .cursor_time]' \
        "$P/status")" '["NDI=","42","readwrite",null,null,null,null]'
    is "$(jq -c '[.status, .earliest, .latest]' "$S/status")" '["readwrite",null,null]'
    no_faults
    is "$(jq -c '[.lag, .earliest, .latest]' "$P/status")" '[58,"10","100"]'
}

@test "what has no word of its own is not a bare EIO" {
    warm
    local code
    for code in 400:LogStoreWithoutShard 405:InvalidMethod 413:PostBodyTooLarge 418:Teapot; do
        fail_at read status status="${code%:*}" code="${code#*:}" message=words count=forever
        run op_read
        no_faults
        ((status != 0))
        not grep -F "${SAYS[EIO]:?}" <<<"$output"
        last_error
        is "${FIELD[4]} ${FIELD[5]}" "${code%:*} ${code#*:}"
    done
}

@test "a message that is a page, and one that is nothing, have the errno of the status" {
    local shape
    for shape in html:403:EACCES html:401:EACCES html:404:EBADMSG html:400:EINVAL; do
        again_with
        fail_at read html status="$(cut -d : -f 2 <<<"$shape")"
        refused "${SAYS[${shape##*:}]:?}" op_read
    done
    fail_at read body status=403 text=
    refused "${SAYS[EACCES]:?}" op_read
    fail_at read body status=403 text='{"errorCode":7,"errorMessage":["x"]}'
    refused "${SAYS[EACCES]:?}" op_read
    last_error
    is "${FIELD[3]} ${FIELD[4]} ${FIELD[5]}" "EACCES 403 7"
}

@test "the real answers of the service have the same errnos; a page says nothing of what is there" {
    local body where
    declare -A errno=([json]=ENOENT [html]=EBADMSG)
    for body in json html; do
        quirk error_body="$body"
        for where in group logstore; do
            group newgroup orders
            control POST logstore name=empty shards=1 >/dev/null
            group newgroup empty
            again_with
            control DELETE group name=newgroup logstore=orders >/dev/null
            refused "${SAYS[${errno[$body]}]:?}" put apps/newgroup/orders/0/checkpoint 43
            refused "${SAYS[${errno[$body]}]:?}" cat apps/newgroup/orders/0/checkpoint
        done
    done
    is "$(stored)" "billing orders 0 NDI= -"
}

@test "shards that the service does not know are ENOENT, with every status and spelling" {
    local quirk
    for quirk in shard_not_exist=always404 shard_not_exist=always400 \
        shard_not_exist=documented spelling=exsit; do
        quirk "$quirk"
        refused "${SAYS[ENOENT]:?}" put apps/billing/orders/9/checkpoint 43
        refused "${SAYS[ENOENT]:?}" cat streams/orders/9/latest
        refused "${SAYS[ENOENT]:?}" cat streams/orders/9/cursors/earliest
    done
}

# ---- tried again

@test "5xx, 429 and quotas are tried again, and then succeed" {
    warm
    local code
    for code in 500:InternalServerError 500:RequestTimeout 503:ServerBusy 502: 504: 429: \
        403:ReadQuotaExceed 403:WriteQuotaExceed 403:MetaOperationQpsLimitExceeded \
        403:ShardReadQuotaExceed; do
        survives status status="${code%:*}" code="${code#*:}"
    done
    survives html
    survives reset
    survives reset-middle
    survives close-middle
    is "$(cat errors)" ""
}

@test "quotas until the timeout are EBUSY" {
    again_with -o timeout=1
    local code
    for code in 403:ReadQuotaExceed 403:MetaOperationQpsLimitExceeded 429:Whatever; do
        exhausts EBUSY status status="${code%:*}" code="${code#*:}" message=words
        reported EBUSY "${code%:*}" "${code#*:}" words
    done
}

# ---- answers that are none

@test "members that are not known, or missing, are no matter" {
    warm
    says '[{"shard":0,"checkpoint":"Nw==","updateTime":1524224984800922,"more":{"checkpoint":"x"}}]'
    is "$(op_read)" Nw==
    says '[{"shard":1,"checkpoint":"OA==","updateTime":1,"consumer":""},
        {"shard":0,"checkpoint":"Nw==","updateTime":1,"consumer":null}]'
    is "$(op_read)" Nw==
    says '[]'
    refused "${SAYS[ENOENT]:?}" op_read
}

@test "wrong types anywhere are EBADMSG, and nothing is listed that is not there" {
    warm
    local text
    for text in '{}' '{"cursor":""}' '{"cursor":null}' '{"cursor":"a b"}' '[]'; do
        fail_at cursor body text="$text"
        refused "${SAYS[EBADMSG]:?}" op_cursor
    done
    # A cursor is passed on as it is; a number is needed where one is shown.
    fail_at cursor body text='{"cursor":"bm8="}' count=2
    is "$(op_cursor)" bm8=
    refused "${SAYS[EBADMSG]:?}" cat "$S/latest"
    no_faults
    remount_service -o lazy
    fault wrong-type path=/logstores? count=forever
    fault wrong-type path=/logstores count=forever
    refused "${SAYS[EBADMSG]:?}" ls apps
    refused "${SAYS[EBADMSG]:?}" ls streams
    no_faults
    is "$(entries apps) $(entries streams)" "audit billing orders payments"
}

@test "names are listed as files can have them, and those that no file can have are not" {
    remount_service -o lazy
    fault body path=/orders/consumergroups count=forever text='[{"name":"../x","timeout":60,
        "order":false},{"name":"","timeout":60,"order":false},{"name":"a/b","timeout":60,"order":false},
        {"name":"..","timeout":60,"order":false},{"name":"good","timeout":60,"order":false}]'
    is "$(entries apps)" "a%2Fb billing good %2E.%2Fx"
}

@test "pages that never end do not hang a listing" {
    remount_service -o lazy,timeout=5
    fault body path=/logstores? count=forever \
        text='{"count":1,"total":1000000,"logstores":["orders"]}'
    run timeout 10 ls streams
    ((status != 124))
    no_faults
    fault body path=/logstores? count=forever text='{"count":0,"total":9,"logstores":[]}'
    run timeout 10 ls apps
    ((status != 124))
    (($(requests) < 300))
}

# what a proxy says in the service's place acknowledges nothing: on SLS an answer to a change is empty
@test "a page in the service's place acknowledges no commit, and makes or deletes no group" {
    with_empty
    local operation text
    for operation in commit mkdir rmdir; do
        for text in '<html>login</html>' '{}' '{"login":"required"}' \
            '{"errorCode":"InternalServerError","errorMessage":"later"}'; do
            fail_at "$operation" body text="$text"
            refused "${SAYS[EBADMSG]:?}" "op_$operation"
            no_faults
        done
    done
    is "$(stored) $(journal result | sort -u)" "billing orders 0 NDI= - unknown"
    is "$(known_groups | wc -l)" 3
}

@test "a logstore is left out of the union for what the service says, and not for a proxy's word" {
    remount_service -o lazy
    fault status path=/payments/consumergroups count=forever status=401 code=Unauthorized \
        message="denied by sts or ram"
    is "$(entries apps/billing)" orders
    no_faults
    local answer
    for answer in "html status=403" "html status=404" "html status=410" \
        "status status=403 code=Blocked" "status status=404 code=NotFound"; do
        remount_service -o lazy
        # shellcheck disable=SC2086 # several words
        fault $answer path=/payments/consumergroups count=forever
        refused "" ls apps
        no_faults
    done
    is "$(entries apps/billing)" "orders payments"
}
