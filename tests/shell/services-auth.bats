# shellcheck shell=bats
# shellcheck disable=SC2030,SC2031,SC2034,SC2153 # each test is a shell of its own
# Who we are to any service: keys that are refused, clocks that differ, sources that are none; and that no
# secret is ever shown. SERVICE says which service it is.

load "${SERVICE:-dis}"

setup() {
    make_service
}

# ---- refused

@test "an unknown signature is a usage error" {
    use_keys "$ACCESS_KEY" "$SECRET_KEY"
    local signature
    for signature in bogus "$FOREIGN_SIGNATURE"; do
        run -2 "$CHECKPOINTFS" -o "signature=$signature" "$SOURCE" "$MNT"
        is "$signature ${#lines[@]} $(requests)" "$signature 1 0"
        matches "$output" signature
    done
}

@test "a wrong secret at mount: one line, exit 1, nothing mounted, no storm" {
    use_keys "$ACCESS_KEY" "a mistyped secret"
    local signature before
    for signature in "${SIGNATURES[@]:?}"; do
        forget_requests
        before=$(stat_of signature_failures)
        cannot_mount -o "$(signed_by "$signature")"
        not grep -F -e mistyped -e "$SECRET_KEY" <<<"$output"
        matches "$output" "credentials|[Ss]ignature|secret|key"
        (($(requests) >= 1 && $(requests) <= 2))
        (($(stat_of signature_failures) - before <= 2))
    done
    is "$(mounts_below "$DIR")" ""
}

@test "an unknown access key at mount: one line, exit 1" {
    use_keys UNKNOWNACCESSKEY0001 "$SECRET_KEY"
    cannot_mount
    not grep -F "$SECRET_KEY" <<<"$output"
    (($(requests) <= 2))
}

# ---- the clock

@test "a clock that is hours off is learned, with both signatures" {
    use_keys "$ACCESS_KEY" "$SECRET_KEY"
    local signature hours
    for signature in "${SIGNATURES[@]:?}"; do
        for hours in -13 -2 5 30; do
            control POST clock offset=$((hours * 3600)) >/dev/null
            forget_requests
            mount_service -o "$(signed_by "$signature")"
            is "$(cat "$MNT/$P/checkpoint")" "$(shown 42)"
            is "$(control GET log | awk '$3 >= 400' | wc -l)" 1
            forget_requests
            works
            unmount "$MNT"
        done
    done
}

@test "a clock that changes while mounted is learned anew" {
    use_keys "$ACCESS_KEY" "$SECRET_KEY"
    begin_with
    warm
    control POST clock offset=7200 >/dev/null
    is "$(cat "$P/checkpoint")" "$(shown 42)"
    is "$(requests)" 2
    control POST clock offset=0 >/dev/null
    put "$P/checkpoint" 43
    is "$(stored)" "$(row billing orders 0 43)"
    is "$(cat errors)" ""
}

# ---- secrets

@test "no secret is in any output, log or /proc" {
    use_keys "$ACCESS_KEY" "$SECRET_KEY"
    want_token
    use_security_token
    begin_with
    put "$P/checkpoint" 43
    refused "${SAYS[EINVAL]:?}" put "$P/checkpoint" x
    fault status status=401 code=SignatureNotMatch message="Signature X not matched." \
        path="$CALLS" count=forever
    refused "${SAYS[EACCES]:?}" cat "$P/checkpoint"
    nowhere "$SECRET_KEY" "$TOKEN"
    is "$(tr '\0' ' ' <"/proc/$(daemon)/cmdline" | xargs)" "$CHECKPOINTFS -o listing=600,snapshot=1 $SOURCE $MNT"
}

@test "a secret in a message of the service is not passed on" {
    use_keys "$ACCESS_KEY" "$SECRET_KEY"
    want_token
    use_security_token
    begin_with
    local text
    for text in "$TOKEN" "$SECRET_KEY"; do
        fail_at read status status=400 code="$MALFORMED" message="Invalid request. [x $text y]"
        refused "${SAYS[EINVAL]:?}" cat "$P/checkpoint"
        last_error
        matches "${FIELD[7]}" "Invalid request"
        nowhere "$text"
    done
}

@test "secrets in the source or in options are a usage error that does not repeat them" {
    local source
    for source in "${SOURCE/:\/\//://$ACCESS_KEY:hunter2@}" "$SOURCE?token=hunter2"; do
        run -2 "$CHECKPOINTFS" "$source" "$MNT"
        is "${#lines[@]}" 1
        not grep -F hunter2 <<<"$output"
    done
    run -2 "$CHECKPOINTFS" -o access-key=hunter2 "$SOURCE" "$MNT"
    not grep -F hunter2 <<<"$output"
}

@test "no core and no debugger shows the secret: the process is not dumpable" {
    # LeakSanitizer looks into its process by ptrace(2)
    ! grep -q __asan_init "$CHECKPOINTFS" || skip "a build with AddressSanitizer is dumpable"
    needs setpriv
    # as one who may look into what is his own, and into nothing else
    local ordinary=(env)
    ((EUID)) || ordinary=(setpriv --bounding-set=-sys_ptrace)
    use_keys "$ACCESS_KEY" "$SECRET_KEY"
    "${ordinary[@]}" "$CHECKPOINTFS" "$SOURCE" "$MNT" </dev/null >"$DIR/mount.log" 2>&1 3>&- 4>&-
    in_background "${ordinary[@]}" sleep 30
    # what is dumpable shows more of itself than what is not
    eventually "${ordinary[@]}" readlink "/proc/$!/exe"
    run -1 "${ordinary[@]}" readlink "/proc/$(daemon)/exe"
    is "$output" ""
}

# shows_no_environment PID: nobody, root neither, sees there what it was started with.
shows_no_environment() {
    not grep -aqF -e "$SECRET_KEY" -e "$ACCESS_KEY" -e "$DIR" "/proc/$1/environ" 2>/dev/null
}

@test "/proc shows no environment, neither the daemon's nor that of who waits for it" {
    use_keys "$ACCESS_KEY" "$SECRET_KEY"
    fault delay delay=2000 path="$CALLS"
    in_background "$CHECKPOINTFS" "$SOURCE" "$MNT" </dev/null >"$DIR/mount.log" 2>&1
    local waiting=$!
    eventually in_flight 1
    shows_no_environment "$waiting"
    shows_no_environment "$(daemon)"
    wait "$waiting"
    shows_no_environment "$(daemon)"
    works
    # it is there still, for the mount
    kill -HUP "$(daemon)"
    sleep 0.2
    works
}

@test "nor does the command show it, which waits for the mount" {
    ! grep -q __asan_init "$CHECKPOINTFS" || skip "a build with AddressSanitizer is dumpable"
    needs setpriv
    local ordinary=(env) waiting
    ((EUID)) || ordinary=(setpriv --bounding-set=-sys_ptrace)
    use_keys "$ACCESS_KEY" "$SECRET_KEY"
    fault never path="$CALLS" count=forever
    in_background "${ordinary[@]}" bash -c 'ulimit -Sc unlimited; exec "$@"' - "$CHECKPOINTFS" \
        -o timeout=2 "$SOURCE" "$MNT" </dev/null >"$DIR/mount.log" 2>&1
    waiting=$!
    eventually in_flight 1
    run -1 "${ordinary[@]}" readlink "/proc/$waiting/exe"
    is "$(awk '/^Max core file size/ { print $5, $6 }' "/proc/$waiting/limits")" "0 0"
    kill -QUIT "$waiting"
    not wait "$waiting"
}

# ---- sources

@test "a source that is not complete is a usage error" {
    local source
    for source in "${INCOMPLETE[@]:?}"; do
        run -2 "$CHECKPOINTFS" "$source" "$MNT"
        is "$source: ${#lines[@]}" "$source: 1"
        not is_mounted "$MNT"
    done
}

@test "plain http to this machine is quiet, and to any other is warned of" {
    use_keys "$ACCESS_KEY" "$SECRET_KEY"
    mount_service
    is "$(cat "$DIR/mount.log")" ""
    unmount "$MNT"
    SOURCE=$ELSEWHERE
    mount_service -o lazy,timeout=1
    matches "$(cat "$DIR/mount.log")" "http|encrypt"
    is "$(wc -l <"$DIR/mount.log")" 1
}
