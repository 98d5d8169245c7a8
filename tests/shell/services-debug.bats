# shellcheck shell=bats
# shellcheck disable=SC2030,SC2031,SC2034,SC2153 # each test is a shell of its own
# What -o debug tells of the calls of any service. SERVICE says which service it is.

load "${SERVICE:-dis}"

setup() {
    make_service
    use_keys "$ACCESS_KEY" "$SECRET_KEY"
}

# debug_in_foreground [OPTION...]: a mount with its lines in $DIR/trace, as the current directory.
debug_in_foreground() {
    in_background "$CHECKPOINTFS" -f -o debug,listing=600,snapshot=600 "$@" "$SOURCE" "$MNT" \
        >"$DIR/trace" 2>&1
    eventually is_mounted "$MNT"
    cd "$MNT" || return
    warm
}

# traced OPERATION: the arguments and results of its calls, a line each.
traced() {
    awk -F '\t' -v operation="$1" '$2 == operation { print $3 "\t" $4 }' "$DIR/trace"
}

traced_some() {
    [[ -n $(traced "$1") ]]
}

@test "each call has a line with its time, name, arguments, result and duration" {
    debug_in_foreground
    op_read
    op_commit
    op_cursor
    op_lag
    is "$(grep -cvE $'^[0-9]{4}-[0-9]{2}-[0-9]{2}T[0-9:]{8}\.[0-9]{3}Z\t[a-z_]+\t[^\t]*\t(ok|E[A-Z]+)\t[0-9]+ ms$' \
        "$DIR/trace")" 0
    is "$(traced list_apps | head -n 1)" $'\tok'
    is "$(traced get_checkpoint)" $'app=billing stream=orders partition=0\tok'
    matches "$(traced commit)" $'^app=billing stream=orders partition=0 sequence=[^ ]+\tok$'
    is "$(traced get_cursor)" $'stream=orders partition=0 cursor=latest\tok'
}

@test "no line has a secret" {
    use_security_token
    want_token
    debug_in_foreground
    op_read
    op_commit
    op_cursor
    fail_at read status status=400 code="$MALFORMED" message="$SECRET_KEY"
    not op_read
    traced_some commit
    is "$(grep -cF -e "$SECRET_KEY" -e "$ACCESS_KEY" -e "$TOKEN" -e ignature= "$DIR/trace")" 0
}

@test "a call that fails has its errno in the line" {
    debug_in_foreground
    fail_at commit status status=400 code="$MALFORMED" message=words
    refused "${SAYS[EINVAL]:?}" op_commit
    fail_at read garbage
    refused "${SAYS[EBADMSG]:?}" op_read
    matches "$(traced commit)" $'\tEINVAL$'
    is "$(traced get_checkpoint)" $'app=billing stream=orders partition=0\tEBADMSG'
}

@test "a call that is given up, or takes too long, has a line" {
    debug_in_foreground -o timeout=3
    fail_at read never count=forever
    in_background cat "$P/checkpoint"
    eventually in_flight 1
    kill -INT "$!"
    eventually traced_some get_checkpoint
    is "$(traced get_checkpoint)" $'app=billing stream=orders partition=0\tECANCELED'
    refused "${SAYS[ETIMEDOUT]:?}" op_read
    is "$(traced get_checkpoint | tail -n 1)" $'app=billing stream=orders partition=0\tETIMEDOUT'
}
