# shellcheck shell=bats
# shellcheck disable=SC2034 # the tests use what is set here
# The table of checkpoints on any service. SERVICE says which service it is.

load "${SERVICE:-dis}"

# Programs ask for the size of what they write to, which is known then.
SNAPSHOT=600

T=apps/billing/orders/checkpoints
WIDE=apps/audit/wide/checkpoints

# fill FORMAT
fill() {
    put_once "$T" "$1"
}

# numbers FILE: the second column, as decimals.
numbers() {
    cut -f 2 "$1" | while read -r number; do
        [[ $number =~ ^[0-9]+$ ]] || number=$(decimal "$number")
        echo "$number"
    done
}

# make_wide COUNT: an app with as many checkpoints, that of P being P + 1000.
make_wide() {
    wide "$1"
    remount_service
    warm
}

@test "a table is read in one request, and written in one more for each line" {
    make_wide 100
    is "$(wc -l <"$WIDE")" 100
    is "$(requests)" 1
    cp "$WIDE" "$DIR/saved"
    forget_requests
    awk -F '\t' -v OFS='\t' -v value="$(shown 2000)" '$1 < 30 { print $1, value }' "$DIR/saved" >"$WIDE"
    is "$(requests)" 31
    is "$(numbers "$WIDE" | sort | uniq -c | awk '$1 > 1 { print $1, $2 }')" "30 2000"
    forget_requests
    cat "$DIR/saved" >"$WIDE"
    is "$(changes)" 30
    cmp "$WIDE" "$DIR/saved"
}

@test "64 changes are under way at a time, and no more" {
    make_wide 200
    fault delay hold=1 count=forever method="${METHOD[commit]}" path="${WHERE[commit]/billing/audit}"
    in_background env printf '*\t%s\n' "$(shown 3000)" >"$WIDE"
    local writer=$!
    eventually in_flight 64
    sleep 0.3
    in_flight 64
    no_faults
    release
    wait "$writer"
    is "$(numbers "$WIDE" | sort -u)" 3000
}

@test "a line that the service refuses stops no other" {
    make_wide 20
    fault status status=403 code="${REFUSED[1]#*:}" method="${METHOD[commit]}" path="${WHERE[commit]/billing/audit}" count=1
    run -1 put_once "$WIDE" "*\t$(shown 3000)\n"
    is "$(numbers "$WIDE" | grep -c 3000)" 19
    matches "$(tail -n 1 errors | cut -f 8)" '^1 lines of this write failed, its others are done; line 1, partition [0-9]+: '
}

@test "a table that is interrupted keeps what was carried out, and tells what nobody knows" {
    make_wide 200
    fault delay hold=1 count=forever method="${METHOD[commit]}" path="${WHERE[commit]/billing/audit}"
    in_background env printf '*\t%s\n' "$(shown 3000)" >"$WIDE"
    local writer=$!
    eventually in_flight 64
    kill -INT "$writer"
    wait "$writer" || true
    no_faults
    release
    eventually in_flight 0
    is "$(journal result | sort | uniq -c | xargs)" "64 unknown"
    is "$(tail -n 1 errors | cut -f 4)" EINTR
    put_once "$WIDE" "*\t$(shown 3000)\n"
    is "$(numbers "$WIDE" | sort | uniq -c | xargs)" "200 3000"
}

@test "what is read as committed is sent all the same while an earlier change is in doubt" {
    again_with
    fault delay hold=1 method="${METHOD[commit]}" path="${WHERE[commit]}"
    in_background bash -c "echo $(shown 50) >$P/checkpoint" 2>>"$DIR/messages"
    eventually in_flight 1
    kill -INT "$!"
    wait "$!" || true
    release
    eventually in_flight 0
    is "$(journal result)" unknown
    forget_requests
    fill "0\t$(cut -f 2 "$T" | head -n 1)\n"
    is "$(changes)" 1
}

@test "after Ctrl-C nothing more is sent" {
    make_wide 1000
    fault delay delay=100 count=forever method="${METHOD[commit]}" path="${WHERE[commit]/billing/audit}"
    in_background env printf '*\t%s\n' "$(shown 3000)" >"$WIDE"
    local writer=$! before
    eventually in_flight 64
    kill -INT "$writer"
    sleep 0.1
    before=$(changes)
    wait "$writer" || true
    is "$(changes)" "$before"
    ((before < 1000))
}

@test "where nobody answers the rest of a table is not tried" {
    make_wide 1000
    again_with -o timeout=1
    fault delay hold=1 count=forever method="${METHOD[commit]}" path="${WHERE[commit]/billing/audit}"
    run -1 promptly put_once "$WIDE" "*\t$(shown 3000)\n"
    matches "$(tail -n 1 errors | cut -f 8)" 'and not all others were tried'
    (($(journal result | wc -l) < 300))
    no_faults
    release
}

@test "each change has the timeout for itself" {
    make_wide 130
    again_with -o timeout=2
    fault delay delay=900 count=forever method="${METHOD[commit]}" path="${WHERE[commit]/billing/audit}"
    put_once "$WIDE" "*\t$(shown 3000)\n" # three rounds
    no_faults
    is "$(numbers "$WIDE" | sort -u)" 3000
}

@test "with the service gone a table fails, and changes nothing" {
    make_wide 100
    stop_service
    run -1 promptly put_once "$WIDE" "*\t$(shown 3000)\n"
    is "$(wc -l <commits)" 0
    run -1 promptly cat "$WIDE"
}

@test "who looks at the directory of a stream asks once for the size of the table" {
    make_wide 100
    again_with -o snapshot=1
    let_values_age
    ls -l apps/audit/wide >/dev/null
    is "$(requests)" 1
}
