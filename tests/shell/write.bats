# shellcheck shell=bats
# Writing to apps/: when a write commits, and when its error shows.

load helper

# The numbers that were committed, in their order, on one line.
committed() {
    journal number result | sed -n 's/\tok$//p' | paste -sd ' '
}

@test "echo commits and returns when it is stored" {
    echo 42 >"$P/checkpoint"
    is "$(cat "$P/checkpoint")" 42
    is "$(committed)" 42
}

@test "the largest number of the store is kept as it is" {
    put "$P/checkpoint" 9223372036854775807
    is "$(cat "$P/checkpoint")" 9223372036854775807
    put "$P/checkpoint" 0
    is "$(cat "$P/checkpoint")" 0
}

@test "the error of a commit is the error of write(2)" {
    local shell
    for shell in bash dash; do
        run "$shell" -c "echo junk >$P/checkpoint"
        ((status != 0))
    done
    refused "Invalid argument" bash -c "echo junk >$P/checkpoint"
    refused "Invalid argument" bash -c "/bin/echo junk >$P/checkpoint"
    absent "$P/checkpoint"
}

@test "a write that ends in a newline commits before close" {
    exec 7>"$P/checkpoint"
    echo 42 >&7
    is "$(cat "$P/checkpoint")" 42
    exec 7>&-
    is "$(committed)" 42
}

@test "text without a newline commits at close" {
    needs python3
    put "$P/checkpoint" 41
    python3 - "$P/checkpoint" <<'END'
import os, sys
fd = os.open(sys.argv[1], os.O_WRONLY | os.O_TRUNC)
os.write(fd, b"4")
os.write(fd, b"2")
with open(sys.argv[1]) as reader:
    assert reader.read() == "41\n"
os.close(fd)
with open(sys.argv[1]) as reader:
    assert reader.read() == "42\n"
END
    is "$(committed)" "41 42"
}

@test "text without a newline commits at fsync" {
    needs python3
    python3 - "$P/checkpoint" <<'END'
import os, sys
fd = os.open(sys.argv[1], os.O_WRONLY | os.O_CREAT | os.O_TRUNC)
os.write(fd, b"42")
os.fsync(fd)
with open(sys.argv[1]) as reader:
    assert reader.read() == "42\n"
END
    is "$(committed)" 42
}

@test "the error of a commit at close is the error of close" {
    printf junk >"$DIR/junk"
    refused "Invalid argument" dd if="$DIR/junk" of="$P/checkpoint"
    refused "Invalid argument" cp "$DIR/junk" "$P/checkpoint"
    absent "$P/checkpoint"
}

@test "the error of a commit at fsync is the error of fsync" {
    printf junk >"$DIR/junk"
    refused "Invalid argument" dd if="$DIR/junk" of="$P/checkpoint" conv=fsync
}

# bash's own printf makes a write(2) of each line
@test "lines that follow on an open file are metadata" {
    printf '42\nnote one\nnote two\n' >"$P/checkpoint"
    is "$(cat "$C")" $'42\nnote one\nnote two'
    printf 'note three\nnote four\n' >"$P/metadata"
    is "$(cat "$C")" $'42\nnote three\nnote four'
}

@test "a line that follows does not shift once more" {
    put "$P/checkpoint" 10
    printf 'shift +5\nmoved\nby five\n' >"$P/checkpoint"
    is "$(cat "$C")" $'15\nmoved\nby five'
    printf 'shift +5\nmoved\nby five\n' >"$C"
    is "$(cat "$C")" $'20\nmoved\nby five'
}

@test "a line that follows and could be a position is refused" {
    local line
    for line in 43 earliest 'shift +1'; do
        exec 7>"$P/checkpoint"
        echo 42 >&7
        refused "Invalid argument" bash -c "echo $line >&7"
        matches "$(tail -n 1 errors)" "looks like a position"
        refused "Invalid argument" bash -c "echo a note >&7"
        exec 7>&-
        is "$(cat "$C")" 42
    done
}

@test "a number in metadata is no position when both are written at once" {
    put_once "$P/checkpoint" '42\n43\n'
    is "$(cat "$C")" $'42\n43'
    { echo 44; echo 45; } >"$C"
    is "$(cat "$C")" $'44\n45'
}

@test "writing at offset 0 again commits again" {
    python3 - "$P/checkpoint" <<'END'
import os, sys
fd = os.open(sys.argv[1], os.O_WRONLY | os.O_CREAT)
for number in (b"1\n", b"20\n", b"3\n"):
    os.pwrite(fd, number, 0)
END
    is "$(committed)" "1 20 3"
}

@test "after a refused write the open file refuses every further one, with the same error" {
    exec 7>"$P/checkpoint"
    refused "Invalid argument" bash -c "echo junk >&7"
    refused "Invalid argument" bash -c "echo 2 >&7"
    refused "Invalid argument" bash -c "echo junk >&7"
    exec 7>&-
    is "$(committed)" ""
    absent "$P/checkpoint"
    put "$P/checkpoint" 3
    is "$(committed)" 3
}

@test "the second line of a refused text becomes no position" {
    local text
    put "$P/checkpoint" 1
    put "$S/latest" 1000
    for text in $'\n777' $'junk\n777' $'5000\n617' $'forty-two\n42\nnote'; do
        not bash -c "printf '%s\n' '${text//$'\n'/\' \'}' >$P/checkpoint"
        not bash -c "printf '%s\n' '${text//$'\n'/\' \'}' >$C"
        is "$(cat "$P/checkpoint")" 1
    done
    refused "Numerical result out of range" bash -c "{ echo 5000; echo 617; } >$P/checkpoint"
    refused "Invalid argument" bash -c "{ printf 4; printf 2x; echo; echo 7; } >$P/checkpoint"
    is "$(cat "$P/checkpoint")" 1
    refused "Invalid argument" bash -c "{ echo junk; echo 5; } >$S/latest"
    is "$(cat "$S/latest")" 1000
}

@test "errors tells of a refused write, and not of each that follows" {
    local before
    put "$P/checkpoint" 1
    before=$(wc -l <errors)
    refused "Invalid argument" bash -c "for i in junk {1..9}; do echo \$i; done >$P/checkpoint"
    refused "Invalid argument" bash -c "for i in junk {1..9}; do echo \$i; done >$C"
    is "$(wc -l <errors)" "$((before + 2))"
    matches "$(tail -n 1 errors)" junk
    is "$(cat "$P/checkpoint")" 1
}

@test "a refused file that is truncated to nothing can be written again" {
    needs python3
    python3 - "$P/checkpoint" <<'END'
import errno, os, sys
fd = os.open(sys.argv[1], os.O_WRONLY | os.O_CREAT)
for text in b"junk\n", b"42\n":
    try:
        os.pwrite(fd, text, 0)
        sys.exit("written")
    except OSError as error:
        assert error.errno == errno.EINVAL, error
os.ftruncate(fd, 0)
assert os.pwrite(fd, b"42\n", 0) == 3
END
    is "$(cat "$P/checkpoint")" 42
}

@test "an error of fsync is told once more by close" {
    printf junk >"$DIR/junk"
    local conversion
    for conversion in fdatasync fsync; do
        not dd if="$DIR/junk" of="$P/checkpoint" conv="$conversion" 2>"$DIR/said"
        matches "$(cat "$DIR/said")" "Invalid argument"
    done
    absent "$P/checkpoint"
}

@test "opening with O_TRUNC and writing nothing commits nothing" {
    : >"$P/checkpoint"
    absent "$P/checkpoint"
    put "$P/checkpoint" 42
    : >"$P/checkpoint"
    truncate -s 0 "$P/checkpoint"
    is "$(cat "$P/checkpoint")" 42
    is "$(committed)" 42
}

@test "touch is accepted and commits nothing" {
    put "$P/checkpoint" 42
    touch "$P/checkpoint"
    touch -d @0 "$P/checkpoint"
    is "$(cat "$P/checkpoint")" 42
    is "$(committed)" 42
}

@test "appending commits too" {
    put "$P/checkpoint" 42
    echo 43 >>"$P/checkpoint"
    is "$(cat "$P/checkpoint")" 43
}

@test "writing in place commits too" {
    put "$P/checkpoint" 42
    echo 7 1<>"$P/checkpoint"
    is "$(cat "$P/checkpoint")" 7
    echo 8 | dd of="$P/checkpoint" conv=notrunc status=none
    is "$(cat "$P/checkpoint")" 8
}

@test "a number that arrives byte by byte is committed once" {
    printf '777\n' | dd of="$P/checkpoint" bs=1 status=none
    is "$(cat "$P/checkpoint")" 777
    printf 888 | dd of="$P/checkpoint" bs=1 status=none
    is "$(cat "$P/checkpoint")" 888
    is "$(committed)" "777 888"
}

@test "every tool writes it" {
    needs python3
    echo 1 | tee "$P/checkpoint"
    is "$(cat "$P/checkpoint")" 1
    echo 2 >"$DIR/two"
    cp "$DIR/two" "$P/checkpoint"
    is "$(cat "$P/checkpoint")" 2
    dd if="$DIR/two" of="$P/checkpoint" status=none
    cat "$DIR/two" >"$P/checkpoint"
    sort -o "$P/checkpoint" <<<3
    is "$(cat "$P/checkpoint")" 3
    dash -c "echo 4 >$P/checkpoint"
    is "$(cat "$P/checkpoint")" 4
    awk -v file="$P/checkpoint" 'BEGIN { print 5 >file }'
    is "$(cat "$P/checkpoint")" 5
    python3 -c 'import pathlib, sys; pathlib.Path(sys.argv[1]).write_text("6\n")' "$P/checkpoint"
    is "$(cat "$P/checkpoint")" 6
    is "$(committed)" "1 2 2 2 3 4 5 6"
}

@test "vim saves in place" {
    needs vim
    put "$P/checkpoint" 42
    vim -u NONE -i NONE -es -c '%s/42/43/' -c wq "$P/checkpoint"
    is "$(cat "$P/checkpoint")" 43
    is "$(committed)" "42 43"
}

@test "sed -i fails and leaves the checkpoint alone" {
    put "$P/checkpoint" 42
    refused "Operation not permitted" sed -i s/42/43/ "$P/checkpoint"
    is "$(cat "$P/checkpoint")" 42
}

@test "a write returns its full length" {
    needs python3
    run -0 python3 - "$P/checkpoint" <<'END'
import os, sys
fd = os.open(sys.argv[1], os.O_WRONLY | os.O_CREAT)
print(os.write(fd, b"42\n" + b"x" * 900 + b"\n"))
END
    is "$output" 904
}

@test "flush with nothing pending commits nothing" {
    needs python3
    python3 - "$P/checkpoint" <<'END'
import os, sys
fd = os.open(sys.argv[1], os.O_WRONLY | os.O_CREAT | os.O_TRUNC)
os.close(os.dup(fd))
os.write(fd, b"42\n")
os.close(os.dup(fd))
os.fsync(fd)
os.close(fd)
END
    is "$(committed)" 42
}

@test "rm deletes the commit" {
    put "$P/checkpoint" 42
    rm "$P/checkpoint"
    absent "$P/checkpoint"
    absent "$P/metadata"
    absent "$C"
    refused "No such file or directory" rm "$P/checkpoint"
    remount_store
    absent "$P/checkpoint"
    put "$P/checkpoint" 43
    is "$(cat "$P/checkpoint")" 43
}

@test "an app must exist before anything is committed below it" {
    refused "No such file or directory" put apps/billling/orders/0/checkpoint 42
    refused "No such file or directory" put checkpoints/billling/orders/0 42
    is "$(entries apps)" billing
}

@test "stream and partition must exist before anything is committed there" {
    refused "No such file or directory" put apps/billing/order/0/checkpoint 42
    refused "No such file or directory" put apps/billing/orders/1/checkpoint 42
    refused "No such file or directory" put checkpoints/billing/orders/1 42
    is "$(entries streams)" orders
    is "$(entries streams/orders)" "0 status"
}

@test "a refused commit leaves the old value" {
    put_once "$P/checkpoint" '42\nnote\n'
    refused "Invalid argument" put "$P/checkpoint" junk
    refused "Numerical result out of range" put "$P/checkpoint" 9223372036854775808
    is "$(cat "$C")" $'42\nnote'
    is "$(committed)" 42
}

@test "a huge write is refused and harms nothing" {
    needs python3
    put "$P/checkpoint" 42
    local size
    for size in 5000 131072 1048576 33554432; do
        run python3 - "$P/checkpoint" "$size" <<'END'
import os, sys
fd = os.open(sys.argv[1], os.O_WRONLY | os.O_TRUNC)
os.write(fd, b"1" * int(sys.argv[2]))
os.close(fd)
END
        is "$status" 1
        matches "$output" "Invalid argument|File too large"
    done
    is "$(cat "$P/checkpoint")" 42
    ls >/dev/null
}

@test "an endless stream without a newline is refused" {
    run timeout 10 dd if=/dev/zero of="$P/checkpoint" bs=64K
    is "$status" 1
    absent "$P/checkpoint"
}

@test "a write that would leave a hole is EINVAL" {
    needs python3
    local file
    for file in "$P"/{checkpoint,metadata} "$C" "$S/latest"; do
        put "$P/checkpoint" 42
        cat "$file" >/dev/null
        python3 - "$file" <<'END'
import errno, os, sys
fd = os.open(sys.argv[1], os.O_WRONLY)
try:
    os.pwrite(fd, b"51\n", 5)
    sys.exit("written")
except OSError as error:
    assert error.errno == errno.EINVAL, error
os.close(fd)
END
        is "$file: $(cat "$C")" "$file: 42"
    done
    is "$(cat "$S/latest")" 0
    # nothing is known of what is committed
    remount_store
    refused "Invalid argument" dd if=<(echo 51) of="$P/checkpoint" bs=1 seek=4 conv=notrunc
    is "$(cat "$C")" 42
}

@test "what is written at the end of what was read is a text of its own" {
    needs python3
    put "$P/checkpoint" 42
    exec 8<>"$P/checkpoint"
    is "$(cat <&8)" 42
    echo 51 >&8
    exec 8>&-
    is "$(cat "$C")" 51
    python3 -c 'import sys
with open(sys.argv[1], "r+b", 0) as file:
    file.seek(0, 2)
    file.write(b"52\n")' "$P/checkpoint"
    is "$(cat "$C")" 52
    exec 8>"$S/latest"
    echo 100 >&8
    echo 110 >&8
    exec 8>&-
    is "$(cat "$S/latest")" 110
}

@test "after a text that is too long nothing more is taken" {
    needs python3
    put "$P/checkpoint" 42
    run python3 - "$P/checkpoint" <<'END'
import os, sys
fd = os.open(sys.argv[1], os.O_WRONLY | os.O_TRUNC)
for text in b"1" * 60000, b"2" * 60000, b"3", b"4\n":
    try:
        print(os.write(fd, text))
    except OSError as error:
        print(error.strerror)
os.close(fd)
END
    is "$output" $'60000\nInvalid argument\nInvalid argument\nInvalid argument'
    is "$(cat "$C")" 42
}

@test "a write far beyond the end is no commit of garbage" {
    needs python3
    put "$P/checkpoint" 42
    run python3 - "$P/checkpoint" <<'END'
import os, sys
fd = os.open(sys.argv[1], os.O_WRONLY)
os.pwrite(fd, b"junk\n", 1 << 40)
END
    is "$status" 1
    is "$(cat "$P/checkpoint")" 42
}

@test "open(2) without O_CREAT finds no checkpoint that is known to be missing" {
    needs python3
    absent "$P/checkpoint"
    not cat "$P/checkpoint" 2>/dev/null
    python3 - "$P/checkpoint" "$C" <<'END'
import os, sys
for name in sys.argv[1:]:
    for flags in os.O_WRONLY, os.O_RDWR, os.O_WRONLY | os.O_TRUNC, os.O_WRONLY | os.O_APPEND:
        try:
            os.open(name, flags)
            sys.exit("opened")
        except FileNotFoundError:
            pass
END
    is "$(committed)" ""
    put "$P/checkpoint" 42
    is "$(committed)" 42
}

@test "lines that are appended are one text, whoever looks meanwhile" {
    put "$P/checkpoint" 42
    # shellcheck disable=SC2094 # to look at it amid writing is the point
    { echo 43; stat "$P/checkpoint" >/dev/null; echo "a note"; } >>"$P/checkpoint"
    is "$(cat "$C")" $'43\na note'
}

# ---- truncating

# Each truncates the file by its name and writes nothing.
shorten_open() { : >"$1"; }
shorten_program() { truncate -s 0 "$1"; }
shorten_path() { python3 -c 'import os, sys; os.truncate(sys.argv[1], 0)' "$1"; }

@test "a truncation is the beginning of what is written next, through another open file too" {
    local file shorten
    for file in "$P/checkpoint" "$C"; do
        for shorten in shorten_open shorten_program shorten_path; do
            printf '1234567\nnote\n' >"$P/checkpoint"
            "$shorten" "$file"
            is "$(cat "$P/checkpoint") $(cat "$file")" "1234567 $(cat "$file")"
            echo 50 1<>"$file"
            is "$(cat "$P/checkpoint") $(cat "$P/metadata")" "50 "
            # and only of that
            printf '60\nnote\n' >"$P/checkpoint"
            [[ $file != "$C" ]] || echo more >>"$file"
            [[ $file != "$C" ]] || is "$(cat "$P/metadata")" $'note\nmore'
        done
    done
}

@test "both names of a partition are one file to a truncation" {
    printf '1234567\nnote\n' >"$P/checkpoint"
    shorten_path "$C"
    echo 50 1<>checkpoints/billing/orders/shardId-0000000000
    is "$(cat "$P/checkpoint") $(cat "$P/metadata")" "50 "
}

@test "what is left by a truncation in checkpoints/ is what the next write begins with" {
    printf '54321\nnote\n' >"$P/checkpoint"
    python3 -c 'import os, sys; os.truncate(sys.argv[1], 2)' "$C"
    is "$(cat "$C")" $'54321\nnote'
    echo 99 >>"$C"
    is "$(cat "$C")" 5499
}

@test "a truncation reaches those who have the file open and have written nothing" {
    local file
    for file in "$P/checkpoint" "$C"; do
        printf '1234567\nnote\n' >"$P/checkpoint"
        exec 8<>"$file"
        shorten_path "$file"
        echo 60 >&8
        exec 8>&-
        is "$(cat "$P/checkpoint") $(cat "$P/metadata")" "60 "
    done
}

@test "a truncation takes nothing from a program that is about to commit" {
    local file
    for file in "$P/checkpoint" "$C"; do
        exec 8>"$file"
        printf 70 >&8
        shorten_open "$file"
        shorten_path "$file"
        exec 8>&-
        is "$(cat "$P/checkpoint")" 70
        echo 1 >"$file"
    done
}

# commits_again WHAT: each commits 50.
commits_again() {
    case $1 in
        again) echo 50 >"$P/checkpoint" ;;
        anew) rm "$P/checkpoint" && echo 50 >"$P/checkpoint" ;;
        renamed)
            echo 50 >checkpoints/billing/orders/draft
            mv checkpoints/billing/orders/draft "$C"
            ;;
    esac
}

@test "a truncation is forgotten when something is committed or removed" {
    local what
    for what in again anew renamed; do
        put "$P/checkpoint" 42
        shorten_open "$C"
        commits_again "$what"
        echo 7 >>"$C"
        is "$what: $(cat "$P/checkpoint" "$P/metadata")" "$what: $(printf '50\n7')"
    done
}

@test "a file that is made longer commits nothing" {
    put "$P/checkpoint" 42
    truncate -s 10 "$C"
    is "$(cat "$C")" 42
}
