# shellcheck shell=bats
# The errno of each failure, and the files errors, commits and metrics.

load helper

# The last line of errors, as FIELD.
last_error() {
    fields "$(tail -n 1 errors)"
    is "${#FIELD[@]}" 8
}

@test "errors is empty while nothing failed" {
    put "$P/checkpoint" 42
    is "$(cat errors)" ""
}

@test "a failure is a line of errors: time, path, operation, errno, and what it means" {
    refused "Invalid argument" put "$P/checkpoint" junk
    last_error
    matches "${FIELD[0]}" '^20[0-9]{2}-[0-9]{2}-[0-9]{2}T[0-9:.]+Z$'
    is "${FIELD[1]}" "$P/checkpoint"
    matches "${FIELD[2]}" '^[a-z]+$'
    is "${FIELD[3]}" EINVAL
    is "${FIELD[4]} ${FIELD[5]} ${FIELD[6]}" "- - -"
    matches "${FIELD[7]}" '[a-z]+ [a-z]+'
}

@test "errors keeps the order, newest last" {
    put "$S/latest" 100
    refused "Invalid argument" put "$P/checkpoint" junk
    refused "Numerical result out of range" put "$P/checkpoint" 100
    refused "Invalid argument" put "$S/latest" junk
    is "$(cut -f 2,4 errors)" \
        "$P/checkpoint"$'\tEINVAL\n'"$P/checkpoint"$'\tERANGE\n'"$S/latest"$'\tEINVAL'
}

# The time of a file, and that of its last line.
time_of() {
    stat -c %.3Y "$1"
}

last_time_of() {
    date -d "$(tail -n 1 "$1" | cut -f 1)" +%s.%3N
}

@test "errors and commits have the time of their last line, or that of the mount" {
    remount_store
    is "$(time_of errors) $(time_of commits)" "$(time_of apps) $(time_of apps)"
    put "$P/checkpoint" 42
    refused "Invalid argument" put "$P/checkpoint" junk
    sleep 0.1
    local file
    for file in errors commits; do
        is "$file $(time_of "$file")" "$file $(last_time_of "$file")"
    done
    (($(date -d "@$(time_of metrics)" +%s%3N) > $(date -d "@$(time_of errors)" +%s%3N)))
}

@test "tar of errors and commits does not see them change" {
    put "$P/checkpoint" 42
    refused "Invalid argument" put "$P/checkpoint" junk
    run tar cf "$DIR/logs.tar" errors commits
    is "$status $output" "0 "
    sleep 0.1
    tar df "$DIR/logs.tar"
}

@test "errors is written for checkpoints/ too, with the path that was used" {
    put "$P/checkpoint" 42
    refused "Invalid argument" put "$C" junk
    last_error
    is "${FIELD[1]} ${FIELD[3]}" "$C EINVAL"
}

@test "a failed rename is in errors" {
    put "$P/checkpoint" 42
    echo junk >checkpoints/billing/orders/draft
    refused "Invalid argument" rename checkpoints/billing/orders/draft "$C"
    last_error
    is "${FIELD[3]}" EINVAL
}

@test "no name can break the lines of errors" {
    put "$P/checkpoint" 42
    local name=$'checkpoints/billing/orders/a\tb\nc\x1b[2J'
    echo junk >"$name"
    refused "Invalid argument" rename "$name" "$C"
    is "$(wc -l <errors)" 1
    last_error
    is "${FIELD[3]}" EINVAL
    is "$(tr -d '\t\n -~' <errors)" ""
}

# Writes as many texts to a file as the program prints lines; texts that are refused are left at that.
put_all() { # FILE, texts in Python's notation
    python3 -c '
import contextlib, os, sys
for line in sys.stdin:
    file = os.open(sys.argv[1], os.O_WRONLY | os.O_CREAT | os.O_TRUNC)
    with contextlib.suppress(OSError):
        os.write(file, eval(line))
    os.close(file)' "$1"
}

@test "errors stays bounded, and keeps the newest" {
    python3 -c 'for i in range(12000): print(repr(b"junk %d\n" % i))' | put_all "$P/checkpoint"
    matches "$(head -n 1 errors)" "junk [1-9]"
    refused "Numerical result out of range" put "$P/checkpoint" 9223372036854775808
    (($(wc -c <errors) > 524288 - 1000 && $(wc -c <errors) <= 1048576))
    is "$(stat -c %s errors)" "$(wc -c <errors)"
    last_error
    is "${FIELD[3]}" ERANGE
}

@test "commits stays bounded, keeps the newest, and can be read however long it is" {
    local most=8388608 size
    put "$P/checkpoint" 1
    python3 -c 'for i in range(2, 4200): print(repr(b"%d\n%d%s\n" % (i, i, b"m" * 990)))' | put_all "$P/checkpoint"
    size=$(wc -c <commits)
    ((size > most / 2 - 4000 && size <= most))
    is "$(stat -c %s commits)" "$size"
    is "$(journal number | tail -n 1)" 4199
    # no line is missing in what is kept
    is "$(journal number)" "$(seq $((4200 - $(wc -l <commits))) 4199)"
    cmp commits <(dd if=commits bs=4096 status=none)
}

@test "what is looked for and not there is no failure" {
    absent apps/.hidden
    absent apps/other
    absent "$P/checkpoint"
    is "$(cat errors)" ""
}

@test "a question that is answered with no is no failure, and no change" {
    local before
    before=$(wc -l <commits)
    refused "No such file or directory" cat "$P/checkpoint"
    refused "No such file or directory" stat "$P/metadata"
    refused "No such file or directory" cat "$C"
    put "$P/checkpoint" 42
    refused "" test -x "$P/checkpoint"
    refused "" test -w "$P/lag"
    refused "" test -w errors
    refused "" test -e "$P/.hidden"
    refused "No such file or directory" ls .Trash-0 apps/.Trash apps/autorun.inf
    is "$(cat errors)" ""
    is "$(wc -l <commits)" $((before + 1))
}

@test "a change that is refused is a failure, whoever asks for it" {
    refused "Invalid argument" mkdir checkpoints/.Trash
    refused "Invalid argument" mkdir apps/.Trash
    refused "Read-only file system" put "$P/lag" 1
    is "$(cut -f 3,4 errors)" $'mkdir\tEINVAL\nmkdir\tEINVAL\nopen\tEROFS'
}

@test "a position out of range names the range" {
    put "$S/latest" 100
    put "$S/earliest" 10
    refused "Numerical result out of range" put "$P/checkpoint" 500
    last_error
    is "${FIELD[3]}" ERANGE
    matches "${FIELD[7]}" '99|100'
}

@test "no answer within -o timeout is ETIMEDOUT" {
    remount_store -o timeout=1
    put "$P/checkpoint" 41
    lock_store
    local begin
    begin=$(milliseconds)
    refused "Connection timed out" put "$P/checkpoint" 42
    (($(milliseconds) - begin >= 900 && $(milliseconds) - begin < 10000))
    unlock_store
    last_error
    is "${FIELD[3]}" ETIMEDOUT
    is "$(cat "$P/checkpoint")" 41
}

@test "a full disk is ENOSPC, and what was committed stays" {
    needs_root
    mkdir "$DIR/small"
    mount -t tmpfs -o size=600k tmpfs "$DIR/small"
    # shellcheck disable=SC2034 # mount_store uses it
    STORE=$DIR/small/store.db
    remount_store
    mkdir -p "$P"
    put "$P/checkpoint" 42
    dd if=/dev/zero of="$DIR/small/fill" bs=4k 2>/dev/null || true
    local number
    for ((number = 43; number < 2000; number++)); do
        put_once "$P/checkpoint" "$number\\n$(repeat 1000 x)\\n" 2>"$DIR/message" || break
    done
    matches "$(cat "$DIR/message")" "No space left on device"
    is "$(cat "$P/checkpoint")" $((number - 1))
    rm "$DIR/small/fill"
    put "$P/checkpoint" 7
    is "$(cat "$P/checkpoint")" 7
}

@test "a line of commits names time, partition, number and writer" {
    run -0 bash -c "echo \$\$; echo 42 >$P/checkpoint"
    fields "$(tail -n 1 commits)"
    is "${#FIELD[@]}" 14
    matches "${FIELD[0]}" '^20[0-9]{2}-[0-9]{2}-[0-9]{2}T[0-9:.]+Z$'
    is "${FIELD[1]}" "uid=$EUID"
    is "${FIELD[2]}" "pid=$output"
    is "${FIELD[3]} ${FIELD[4]} ${FIELD[5]} ${FIELD[6]}" "bash ok commit -"
    is "${FIELD[7]}/${FIELD[8]}" billing/orders
    is "${FIELD[9]}" ""
    is "${FIELD[10]} ${FIELD[11]} ${FIELD[12]}" "0 42 "
    is "${FIELD[13]}" -
}

@test "commits tells deletes from commits, newest last" {
    put "$P/checkpoint" 42
    rm "$P/checkpoint"
    mkdir -p checkpoints/billing/orders
    put "$C" 43
    rm "$C"
    is "$(journal what number)" $'commit\t42\ndelete\t-\ncommit\t43\ndelete\t-'
}

@test "commits shows the number that was committed, not the word" {
    put "$S/latest" 100
    put "$P/checkpoint" latest
    put "$P/checkpoint" 'shift -9'
    put "$P/metadata" note
    is "$(journal number | paste -sd ' ')" "99 90 90"
}

@test "a commit by rename is in commits" {
    put "$P/checkpoint" 42
    sed -i s/42/43/ "$C"
    is "$(journal what number command | tail -n 1)" $'commit\t43\tsed'
}

@test "what was refused is in commits as failed, with the reason" {
    refused "Invalid argument" put "$P/checkpoint" junk
    put "$S/latest" 100
    refused "Numerical result out of range" put "$P/checkpoint" 100
    is "$(journal what number result)" $'commit\tjunk\tfailed\ncommit\t100\tfailed'
    matches "$(journal note | head -n 1)" "junk"
}

@test "commits tells what was there before, with its metadata" {
    printf '42\ntwo\twords\\\n' >"$P/checkpoint"
    put "$P/checkpoint" 43
    rm "$P/checkpoint"
    put "$P/checkpoint" 44
    is "$(journal before old-metadata number metadata | tail -n 3)" \
        $'42\ttwo\\twords\\\\\t43\t\n43\t\t-\t\n-\t\t44\t'
}

@test "commits has every app, stream, partition and bound that was made, set or removed" {
    put "$S/latest" 100
    put "$S/latest" 90
    rmdir apps/billing/orders/0 apps/billing/orders apps/billing
    refused "File exists" mkdir apps/billing apps/billing
    is "$(cut -f 5,6,8,9,11,12,14 commits)" "ok	make-app	billing	-	-	-	-
ok	make-stream	-	orders	-	-	-
ok	make-partition	-	orders	0	-	-
ok	latest	-	orders	0	100	0
ok	latest	-	orders	0	90	?
ok	remove-partition	-	orders	0	-	-
ok	remove-stream	-	orders	-	-	-
ok	remove-app	billing	-	-	-	-
ok	make-app	billing	-	-	-	-"
}

@test "the last fields of commits are a line of the table" {
    printf '42\nnote\n' >"$P/checkpoint"
    put "$P/metadata" other
    is "$(tail -n 1 commits | cut -f 11-)" $'0\t42\tother\t42'
}

@test "no command name can break the lines of commits" {
    needs python3
    python3 - "$P/checkpoint" <<'END'
import ctypes, sys
ctypes.CDLL(None).prctl(15, b"a\tok\n\x1b[2J", 0, 0, 0)
with open(sys.argv[1], "w") as checkpoint:
    checkpoint.write("42\n")
END
    is "$(journal path | wc -l)" 1
    fields "$(tail -n 1 commits)"
    is "${#FIELD[@]}" 14
    is "${FIELD[4]}" ok
    is "$(tr -d '\t\n -~' <commits)" ""
}

@test "errors and commits belong to this mount" {
    mount_at "$DIR/other"
    put "$P/checkpoint" 42
    refused "Invalid argument" put "$P/checkpoint" junk
    is "$(cat "$DIR/other/commits" "$DIR/other/errors")" ""
}

@test "metrics is Prometheus text" {
    put "$P/checkpoint" 42
    refused "Invalid argument" put "$P/checkpoint" junk
    local comment='# (HELP|TYPE) [a-z_:][a-z0-9_:]* .+'
    local label='[a-z_]+="[^"]*"'
    local number='([-+]?[0-9.]+(e[-+]?[0-9]+)?|[+]Inf|NaN)'
    local sample="[a-z_:][a-z0-9_:]*([{]$label(,$label)*[}])? $number"
    run ! grep -Evx "$comment|$sample" metrics
    is "$output" ""
    grep -Eq "^$sample\$" metrics
}

@test "every sample of metrics has a type" {
    put "$P/checkpoint" 42
    local name
    grep -v '^#' metrics | grep -Eo '^[a-z0-9_:]+' | sort -u >"$DIR/names"
    [[ -s $DIR/names ]]
    while read -r name; do
        grep -Eq "^# TYPE (${name}|${name%_*}) (counter|gauge|histogram|summary)\$" metrics
    done <"$DIR/names"
}

@test "metrics counts commits and failures" {
    grep -v '^#' metrics >"$DIR/before"
    put "$P/checkpoint" 42
    refused "Invalid argument" put "$P/checkpoint" junk
    grep -v '^#' metrics >"$DIR/after"
    run -1 diff "$DIR/before" "$DIR/after"
    matches "$output" "commit"
    matches "$output" "EINVAL"
}

@test "the mount's own files cannot be written" {
    local file
    for file in README status errors commits metrics "$P/lag" "$P/status" "$S/status" streams/orders/status; do
        refused "Read-only file system" put "$file" x
    done
}
