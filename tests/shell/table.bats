# shellcheck shell=bats
# apps/A/S/checkpoints: all checkpoints of an app on a stream as a table, which is written, too.

load helper

T=apps/billing/orders/checkpoints

setup() {
    make_place
    mount_store
    cd "$MNT" || return
    mkdir -p apps/billing/orders/{0,1,2,3}
}

# table LINE...: what the table says; columns are parted by blanks here.
table() {
    is "$(cat "$T")" "$(printf '%s\n' "$@" | tr ' ' '\t')"
}

# fill FORMAT: writes the table in one write.
fill() {
    put_once "$T" "$1"
}

# So long that it can be seen of a time.
let_pass() {
    sleep 1.1
}

# said N: the message of the N-th last line of errors.
said() {
    tail -n "$1" errors | head -n 1 | cut -f 8
}

@test "a table has a line for each checkpoint, with its metadata" {
    is "$(cat "$T")" ""
    put apps/billing/orders/2/checkpoint 7
    put_once apps/billing/orders/0/checkpoint '42\nby hand\n'
    is "$(cat "$T")" "$(printf '0\t42\tby hand\n2\t7')"
}

@test "its size is true, and its time that of the youngest checkpoint" {
    fill '0\t42\n3\t7\tnote\n'
    is "$(stat -c %s "$T")" "$(wc -c <"$T")"
    is "$(stat -c %Y "$T")" "$(stat -c %Y apps/billing/orders/3/checkpoint)"
    is "$(stat -c %a "$T")" 644
    let_pass
    is "$(stat -c %Y - <"$T")" "$(stat -c %Y apps/billing/orders/3/checkpoint)"
}

@test "each line that is written is a commit" {
    fill '0\t42\n1\t7\tnote\n'
    table "0 42" "1 7 note"
    is "$(cat apps/billing/orders/1/metadata)" note
    fill '1\t8\n'
    table "0 42" "1 8"
}

@test "cat, cp, tee, awk, sed, dd and a redirection write it" {
    fill '0\t1\n1\t2\n'
    cp "$T" "$DIR/saved"
    fill '*\t9\n'
    cat "$DIR/saved" >"$T"
    table "0 1" "1 2" "2 9" "3 9"
    awk -F '\t' -v OFS='\t' '{ $2 += 10; print }' "$DIR/saved" >"$T"
    table "0 11" "1 12" "2 9" "3 9"
    cp "$DIR/saved" "$T"
    sed 's/\t.*/\tshift +3/' "$DIR/saved" | tee "$T" >"$DIR/teed"
    table "0 4" "1 5" "2 9" "3 9"
    printf '2\t20\n' | dd of="$T" conv=notrunc status=none
    printf '3\t30\n' >>"$T"
    table "0 4" "1 5" "2 20" "3 30"
}

@test "what is saved comes back byte for byte, whatever the metadata is" {
    put_once apps/billing/orders/0/checkpoint '1\na\tb\n\nc\\\n'
    put_once apps/billing/orders/1/checkpoint '2\n\001\033[0m\n'
    put_once apps/billing/orders/2/checkpoint '3\nZähler → 記録\n'
    put_once apps/billing/orders/3/checkpoint '4\n-\n'
    cp -r checkpoints/billing "$DIR/before"
    cp "$T" "$DIR/saved"
    fill '*\t-\n'
    is "$(cat "$T")" ""
    cp "$DIR/saved" "$T"
    diff -r checkpoints/billing "$DIR/before"
    is "$(cat "$T")" "$(cat "$DIR/saved")"
}

@test "any position is one, also of all partitions" {
    for number in 0 1 2 3; do
        put "streams/orders/$number/earliest" 10
        put "streams/orders/$number/latest" $((100 + number))
    done
    fill '*\tlatest\n'
    table "0 99" "1 100" "2 101" "3 102"
    fill '0\tearliest\n1\tshift -5\n2\t@0\n'
    table "0 9" "1 95" "2 9" "3 102"
}

@test "a dash removes a checkpoint" {
    fill '*\t5\n'
    fill '1\t-\n'
    table "0 5" "2 5" "3 5"
    absent apps/billing/orders/1/checkpoint
    fill '1\t-\n' # there is none
    is "$(journal path result | tail -n 1)" "$(printf 'billing/orders/1\tok')"
}

@test "echo without a tab does it, and so do comments and lines of another system" {
    echo '0 42' >"$T"
    echo '1 shift +1' >"$T" || true
    is "$(said 2)" "line 1, partition 1: nothing is committed that could be shifted"
    fill '# saved before the release\n\n2\t7\tnote\r\n'
    table "0 42" "2 7 note"
}

@test "a line that says what is committed is not sent, and has no line in commits" {
    fill '0\t1\tnote\n1\t2\n'
    local before
    before=$(wc -l <commits)
    fill '0\t1\tnote\n1\t2\n2\t-\n'
    is "$(wc -l <commits)" "$before"
    fill '0\t1\n' # without the note
    is "$(wc -l <commits)" $((before + 1))
    table "0 1" "1 2"
}

@test "commits has a line for each other, with the old value" {
    fill '0\t1\n1\t2\n'
    fill '0\t3\n1\t-\n'
    is "$(journal path number before result | tail -n 2 | sort)" \
        "$(printf 'billing/orders/0\t3\t1\tok\nbilling/orders/1\t-\t2\tok')"
}

@test "lines of the same partition are carried out in their order" {
    fill '0\t1\n0\tshift +1\n0\tshift +1\n1\t9\n0\tshift +1\n0\t4\n'
    table "0 4" "1 9"
    is "$(journal path number | grep -c '^billing/orders/0')" 4
    fill '0\t7\n0\t4\n'
    table "0 4" "1 9"
}

@test "a line that fails stops no other, and the first is told" {
    run -1 fill '0\t1\n9\t2\n1\tsoon\n2\t3\n'
    [[ $output == *"No such file or directory"* ]]
    table "0 1" "2 3"
    is "$(tail -n 3 errors | cut -f 4 | sort | xargs)" "EINVAL ENOENT ENOENT"
    matches "$(said 1)" '^2 lines of this write failed, its others are done; line 2, partition 9: '
    grep -qF 'line 3, partition 1: "soon" is not' errors
}

@test "close tells once more that a line has failed" {
    run -0 python3 - "$T" <<'PY'
import errno, os, sys
file = os.open(sys.argv[1], os.O_WRONLY | os.O_TRUNC)
try:
    os.write(file, b"9\t1\n")
except OSError as error:
    print(errno.errorcode[error.errno])
os.write(file, b"0\t5\n") # what follows is written all the same
try:
    os.close(file)
except OSError as error:
    print(errno.errorcode[error.errno])
PY
    is "$(xargs <<<"$output")" "ENOENT ENOENT"
    table "0 5"
}

@test "a line may come in pieces, and is carried out when its newline has come" {
    { printf '1\t'; sleep 0.1; printf '4'; printf '3\n2\t7\n'; } >"$T"
    table "1 43" "2 7"
    refused "Invalid argument" dd of="$T" status=none <<<"3"
}

@test "who only inherits the file takes no error at its end" {
    run -0 python3 - "$T" <<'PY'
import errno, os, subprocess, sys
file = os.open(sys.argv[1], os.O_WRONLY | os.O_TRUNC)
try:
    os.write(file, b"9\t1\n")
except OSError:
    pass
print(subprocess.run(["sleep", "0"], stdout=file).returncode)
try:
    os.close(file)
except OSError as error:
    print(errno.errorcode[error.errno])
PY
    is "$(xargs <<<"$output")" "0 ENOENT"
}

@test "a last line without a newline may be cut off, and is not carried out" {
    fill '1\t5\n'
    refused "Invalid argument" dd of="$T" status=none < <(printf '0\t100\n1\t123')
    table "0 100" "1 5"
    matches "$(said 1)" 'does not end in a newline'
    refused "Invalid argument" dd of="$T" status=none < <(printf '0\tbad\n2\t777')
    is "$(cat "$T")" "$(printf '0\t100\n1\t5')"
}

@test "after a failure the next write goes on where the line was cut" {
    mkdir apps/billing/orders/{12,34,1234}
    python3 - "$T" <<'PY'
import os, sys
file = os.open(sys.argv[1], os.O_WRONLY | os.O_TRUNC)
try:
    os.write(file, b"0\tbad\n12")
    raise SystemExit("that was taken")
except OSError:
    pass
os.write(file, b"34\t500\n")
PY
    table "1234 500"
}

@test "it is written from its beginning, without a hole" {
    fill '0\t1\n1\t2\n'
    refused "Invalid argument" dd of="$T" conv=notrunc seek=100 bs=1 count=4 status=none <<<$'0\t9'
    table "0 1" "1 2"
    printf '0\t3\n1\t4\n' | dd of="$T" bs=4 status=none
    table "0 3" "1 4"
}

@test "a line of records is a position, of its own partition" {
    put streams/orders/0/latest 100
    fill '0\t{"checkpoint":"42","data":"x"}\n1\t{"checkpoint":"43","stream":"orders","partition":1}\n'
    table "0 42" "1 43"
    refused "Invalid argument" fill '2\t{"checkpoint":"43","stream":"orders","partition":1}\n'
    refused "Invalid argument" fill '*\t{"checkpoint":"43","stream":"orders","partition":1}\n'
    refused "Invalid argument" fill '2\t{"checkpoint":"43","stream":"log"}\n'
    table "0 42" "1 43"
}

@test "all partitions are those that there are" {
    run -1 fill '9\t1\n*\t2\n'
    table "0 2" "1 2" "2 2" "3 2"
    is "$(tail -n 1 errors | cut -f 8 | cut -d ' ' -f 1)" 1
}

@test "other lines are refused, each with what to do" {
    refused "Invalid argument" fill '42\n'
    matches "$(said 1)" 'a line is PARTITION, a tab, POSITION'
    refused "Invalid argument" fill 'x\t1\n'
    refused "Invalid argument" fill '0\t-1\n'
    refused "Invalid argument" fill '0\t1\ta\tb\tc\n'
    refused "Invalid argument" fill '0\t-\tnote\n'
    refused "Invalid argument" fill '0\t1\t\\q\n'
    refused "Invalid argument" fill '0\t1\000\n'
    is "$(cat "$T")" ""
}

@test "a line can say what must still be committed" {
    fill '0\t5\n1\t6\n'
    fill '0\t7\t\t5\n2\t8\t\t-\n'
    table "0 7" "1 6" "2 8"
    refused "Stale file handle" fill '0\t9\t\t5\n1\t9\t\t-\n2\t-\t\t9\n3\t4\n'
    table "0 7" "1 6" "2 8" "3 4"
    matches "$(tail -n 4 errors | cut -f 8 | sort)" 'line 1, partition 0: 7 is committed, and no longer 5'
    fill '2\t-\t\t8\n'
    fill '0\t7\t\t5\n' # it is so already
    table "0 7" "1 6" "3 4"
}

@test "the last fields of commits are such a line" {
    fill '0\t5\tfive\n1\t6\n'
    tail -n 2 commits | cut -f 11- >"$DIR/plan"
    fill '0\t-\n1\t-\n'
    cp "$DIR/plan" "$T"
    is "$(cat "$T")" "$(printf '0\t5\tfive\n1\t6')"
}

@test "under monotonic and clamp each line is judged as a commit is" {
    fill '*\t50\n'
    put streams/orders/1/latest 60
    remount_store -o monotonic
    refused "Operation not permitted" fill '0\t40\n1\t55\n'
    table "0 50" "1 55" "2 50" "3 50"
    remount_store -o clamp
    fill '1\t999\n'
    table "0 50" "1 59" "2 50" "3 50"
}

@test "on a mount that is read-only it can be read" {
    fill '0\t5\n'
    remount_store -o ro
    table "0 5"
    is "$(stat -c %a "$T")" 444
    refused "Read-only file system" fill '0\t6\n'
    table "0 5"
}

@test "it cannot be made or removed, and does not keep its directory" {
    refused "Operation not permitted" rm "$T"
    refused "Operation not permitted" mv "$T" apps/billing/orders/other
    rmdir apps/billing/orders/{0,1,2,3} 2>/dev/null || true
    rmdir apps/billing/orders
    absent "$T"
}

@test "what is written to it is seen at once in every file" {
    cat apps/billing/orders/*/checkpoint checkpoints/billing/orders/* 2>/dev/null || true
    fill '0\t1\n3\t2\tnote\n'
    is "$(cat checkpoints/billing/orders/*)" "$(printf '1\n2\nnote')"
    is "$(entries checkpoints/billing/orders)" "0 3"
    is "$(stat -c %s checkpoints/billing/orders/3)" 7
}

@test "while a table is carried out other commits of the same checkpoints wait" {
    for round in 1 2 3; do
        in_background env printf '%s\n' "*	$round" >"$T"
        put apps/billing/orders/3/checkpoint "shift +1" || put apps/billing/orders/3/checkpoint 1
        wait_all "${BACKGROUND[@]}"
        BACKGROUND=()
        matches "$(cat apps/billing/orders/3/checkpoint)" "^($round|$((round + 1)))\$"
    done
}

@test "10000 checkpoints go in and come out" {
    sqlite3 "$STORE" ".timeout 5000" "WITH RECURSIVE n(i) AS (SELECT 4 UNION ALL SELECT i + 1 FROM n WHERE i < 9999)
        INSERT INTO partition (stream, number) SELECT 1, i FROM n"
    seq 0 9999 | awk '{ print $1 "\t" $1 + 1 "\tnote " $1 }' >"$DIR/table"
    cp "$DIR/table" "$T"
    cmp "$T" "$DIR/table"
    is "$(stat -c %s "$T")" "$(stat -c %s "$DIR/table")"
    is "$(cat apps/billing/orders/9999/checkpoint)" 10000
    cp "$DIR/table" "$T"
    is "$(wc -l <"$T")" 10000
}
