# shellcheck shell=bats
# shellcheck disable=SC2002 # to be read, and not opened by another
# Records of any service: programs that read them, and lines that are positions. SERVICE says which service it is.

load "${SERVICE:-dis}"
load records
load readers

@test "each program that copies reads the whole batch" {
    needs busybox python3
    local way
    # SLS has no limit of bytes: how many groups it is asked for follows from those before
    until cat "$NOW" | cmp -s - "$DIR/batch"; do
        cat "$NOW" >"$DIR/batch"
    done
    (($(wc -l <"$DIR/batch") > 5))
    for way in busybox busybox-cp stdin cp sendfile splice copyfile mapped; do
        with "$way" "$NOW" | cmp - "$DIR/batch" || is "$way" "whole"
    done
    (head -n 5 && cat) <"$NOW" | cmp - "$DIR/batch"
}

@test "browsing reads no record" {
    ls -lR apps streams >"$DIR/listed"
    find . -size +0 >"$DIR/listed"
    grep -r x checkpoints "$P/records" "$S/records" >"$DIR/listed" || true
    is "$(records_read)" "0 0"
}

@test "a loop reads every record once, and ends at the end" {
    local last=
    cat "$S/records/earliest" >"$DIR/batch"
    put "$P/checkpoint" "$(jq -r .checkpoint "$DIR/batch" | head -n 1)"
    while cat "$NOW" >"$DIR/batch" && [[ -s $DIR/batch ]]; do
        not is "$(head -n 1 "$DIR/batch")" "$last" 2>"$DIR/messages"
        last=$(head -n 1 "$DIR/batch")
        tail -n 1 "$DIR/batch" >"$P/checkpoint"
    done
    is "$(cat "$P/lag")" 0
    echo more >"$NEW"
    is "$(timeout 10 cat "$NEXT" | grep -c more)" 1
}

all_is_read() {
    [[ $(cat "$P/lag") == 0 ]]
}

@test "the loop that commits what it has processed loses nothing when it is killed" {
    # The simulated DIS keeps a thousand records.
    local kills=${RECORDS_KILLS:-5} last=900
    remount_service -o batch=10
    # A log group of SLS for each ten, of which a batch has one.
    seq -f 'mark%05.0f' "$last" | awk '{ print } NR % 10 == 0 { fflush() }' >"$NEW"
    cat >"$DIR/loop" <<'END'
while cat "$1/records/next" > "$2.batch"; do
    grep -o 'mark[0-9]*' "$2.batch" >> "$2"
    tail -n 1 "$2.batch" > "$1/checkpoint"
done
END
    loop_killed "$kills"
    eventually all_is_read
    kill -KILL -- "-$!"
    sort -u "$DIR/output" | cmp - <(seq -f 'mark%05.0f' "$last")
}
