# shellcheck shell=bats
# Reading: fresh values, true sizes, and the same bytes for every tool.

load helper

@test "checkpoint is the number and a newline" {
    put "$P/checkpoint" 42
    is "$(od -An -c "$P/checkpoint" | tr -d ' ')" '42\n'
}

@test "no checkpoint is ENOENT, never a number" {
    refused "No such file or directory" cat "$P/checkpoint"
    refused "No such file or directory" cat "$C"
    refused "No such file or directory" cat "$P/metadata"
}

@test "what is not there is ENOENT" {
    refused "No such file or directory" cat apps/other/orders/0/checkpoint
    refused "No such file or directory" cat apps/billing/other/0/checkpoint
    refused "No such file or directory" cat apps/billing/orders/1/checkpoint
    refused "No such file or directory" ls apps/other
    refused "No such file or directory" cat streams/orders/1/latest
}

@test "every tool reads the same" {
    put "$P/checkpoint" 123456789
    local file
    for file in "$P/checkpoint" "$C"; do
        is "$(cat "$file")" 123456789
        is "$(<"$file")" 123456789
        is "$(head -n 1 "$file")" 123456789
        is "$(tail -n 1 "$file")" 123456789
        is "$(dd if="$file" bs=1 status=none)" 123456789
        is "$(dd if="$file" bs=1M status=none)" 123456789
        is "$(awk 1 "$file")" 123456789
        is "$(sed '' "$file")" 123456789
        is "$(sort "$file")" 123456789
        # shellcheck disable=SC2016 # for the other shell to expand
        is "$(dash -c 'read -r line <"$0"; echo "$line"' "$file")" 123456789
        # shellcheck disable=SC2016
        is "$(bash -c 'read -r line <"$0"; echo "$line"' "$file")" 123456789
        is "$(wc -c <"$file")" 10
        grep -qx 123456789 "$file"
    done
}

@test "cp, tar, rsync and sendfile copy the whole value" {
    needs rsync python3
    put "$P/checkpoint" 123456789
    cp "$P/checkpoint" "$DIR/cp"
    tar -C "$P" -cf - checkpoint | tar -C "$DIR" -xf -
    rsync "$P/checkpoint" "$DIR/rsync"
    python3 -c 'import shutil, sys; shutil.copyfile(*sys.argv[1:])' "$P/checkpoint" "$DIR/sendfile"
    local copy
    for copy in cp checkpoint rsync sendfile; do
        is "$(cat "$DIR/$copy")" 123456789
    done
}

@test "stat tells the true size" {
    put_once "$P/checkpoint" '123456789\nsome text\n'
    local file
    for file in "$P"/{checkpoint,metadata,lag,status} "$C" "$S"/{earliest,latest,status} \
        streams/orders/status commits errors; do
        # wc alone would trust the size
        # shellcheck disable=SC2002
        is "$(stat -c '%n %s' "$file")" "$file $(cat "$file" | wc -c)"
    done
    is "$(stat -c %s "$P/checkpoint")" 10
    is "$(stat -c %s "$C")" 20
}

@test "the size follows what was written through this mount at once" {
    local value
    for value in 1 123456 12 9223372036854775807; do
        put "$P/checkpoint" "$value"
        is "$(stat -c %s "$P/checkpoint")" $((${#value} + 1))
        is "$(stat -c %s "$C")" $((${#value} + 1))
    done
}

@test "cursors, and numbers that are asked for by a time, have size 0" {
    put "$P/checkpoint" 42
    local file
    for file in "$P/cursor" "$S"/cursors/{earliest,latest,at/5,after/5,since/1h} "$S/since/1h"; do
        is "$(stat -c '%n %s' "$file")" "$file 0"
    done
}

@test "mtime is when it was committed" {
    local before after file
    before=$(date +%s)
    put "$P/checkpoint" 42
    after=$(date +%s)
    for file in "$P/checkpoint" "$C"; do
        (($(stat -c %Y "$file") >= before && $(stat -c %Y "$file") <= after))
    done
}

@test "mtime stays over a new mount, and moves with a new commit of the same value" {
    put "$P/checkpoint" 42
    local first
    first=$(stat -c %.Y "$C")
    remount_store
    is "$(stat -c %.Y "$C")" "$first"
    is "$(stat -c %.Y "$P/checkpoint")" "$first"
    sleep 0.01
    put "$P/checkpoint" 42
    not is "$(stat -c %.Y "$C")" "$first"
}

@test "find -mmin finds fresh checkpoints" {
    put "$P/checkpoint" 42
    is "$(find checkpoints -type f -mmin -1)" "$C"
    is "$(find checkpoints -type f -mmin +1)" ""
}

@test "opened again, it asks again" {
    mount_at "$DIR/other"
    local value
    for value in 1 2 3; do
        put "$DIR/other/$P/checkpoint" "$value"
        is "$(cat "$P/checkpoint")" "$value"
    done
}

@test "read again from offset 0, it asks again" {
    needs python3
    put "$P/checkpoint" 42
    mount_at "$DIR/other"
    run -0 python3 - "$P/checkpoint" "$DIR/other/$P/checkpoint" <<'END'
import os, sys
fd = os.open(sys.argv[1], os.O_RDONLY)
print(os.pread(fd, 100, 0))
with open(sys.argv[2], "w") as other:
    other.write("777777\n")
print(os.pread(fd, 100, 0))
END
    is "$output" $'b\'42\\n\'\nb\'777777\\n\''
}

@test "one pass over a handle sees one value" {
    needs python3
    put "$P/checkpoint" 42
    run -0 python3 - "$P/checkpoint" <<'END'
import os, sys
fd = os.open(sys.argv[1], os.O_RDONLY)
print(os.pread(fd, 1, 0))
with open(sys.argv[1], "w") as writer:
    writer.write("777777\n")
print(os.pread(fd, 100, 1))
print(os.pread(fd, 100, 3))
print(os.pread(fd, 100, 1 << 40))
END
    is "$output" $'b\'4\'\nb\'2\\n\'\nb\'\'\nb\'\''
}

@test "read again after it was deleted, it is ENOENT and not the old number" {
    needs python3
    put "$P/checkpoint" 42
    run python3 - "$P/checkpoint" <<'END'
import os, sys
fd = os.open(sys.argv[1], os.O_RDONLY)
assert os.pread(fd, 100, 0) == b"42\n"
os.unlink(sys.argv[1])
print(os.pread(fd, 100, 0))
END
    is "$status" 1
    matches "$output" FileNotFoundError
}

@test "metadata is the text and a newline" {
    put_once "$P/checkpoint" '42\nnote\n'
    is "$(od -An -c "$P/metadata" | tr -d ' ')" 'note\n'
}

@test "metadata of a checkpoint without any is empty" {
    put "$P/checkpoint" 42
    is "$(stat -c %s "$P/metadata")" 0
    is "$(cat "$P/metadata")" ""
}

@test "lag is latest - checkpoint - 1" {
    put "$S/latest" 100
    put "$P/checkpoint" 42
    is "$(cat "$P/lag")" 57
    put "$P/checkpoint" 99
    is "$(cat "$P/lag")" 0
}

@test "lag under -o checkpoint=next is latest - checkpoint" {
    remount_store -o checkpoint=next
    put "$S/latest" 100
    put "$P/checkpoint" 42
    is "$(cat "$P/lag")" 58
    put "$P/checkpoint" 100
    is "$(cat "$P/lag")" 0
}

@test "lag without a checkpoint is latest - earliest" {
    is "$(cat "$P/lag")" 0
    put "$S/latest" 100
    is "$(cat "$P/lag")" 100
    put "$S/earliest" 30
    is "$(cat "$P/lag")" 70
}

@test "lag is never negative" {
    put "$P/checkpoint" 42
    is "$(cat "$P/lag")" 0
}

@test "lag counts nothing that is no longer kept, and status how much was lost" {
    needs jq
    put "$S/latest" 1000
    put "$P/checkpoint" 499
    put "$S/earliest" 900
    is "$(cat "$P/lag") $(jq -c '[.lag, .expired, .ahead]' "$P/status")" "100 [100,400,0]"
    remount_store -o checkpoint=next
    is "$(cat "$P/lag") $(jq -c '[.lag, .expired, .ahead]' "$P/status")" "100 [100,401,0]"
    put "$S/earliest" 1000
    is "$(cat "$P/lag") $(jq -c '[.lag, .expired, .ahead]' "$P/status")" "0 [0,501,0]"
    rm "$P/checkpoint"
    is "$(cat "$P/lag") $(jq -c '[.lag, .expired, .ahead]' "$P/status")" "0 [0,0,0]"
}

@test "status tells a checkpoint beyond the end from one at the end" {
    needs jq
    put "$P/checkpoint" 5000
    is "$(jq -c '[.lag, .expired, .ahead]' "$P/status")" '[0,0,null]'
    put "$S/latest" 1000
    is "$(cat "$P/lag") $(jq -c '[.lag, .expired, .ahead]' "$P/status")" '0 [0,0,4001]'
    is "$(stat -c %s "$P/status")" "$(wc -c <"$P/status")"
    remount_store -o checkpoint=next
    is "$(jq .ahead "$P/status")" 4000
    put "$P/checkpoint" latest
    is "$(jq -c '[.lag, .expired, .ahead]' "$P/status")" '[0,0,0]'
}

@test "status has everything as JSON" {
    needs jq
    put "$S/latest" 100
    put "$S/earliest" 10
    put_once "$P/checkpoint" '42\nsome "text"\n'
    is "$(jq -c keys "$P/status")" \
        "$(jq -nc '"ahead app checkpoint committed earliest expired lag latest metadata partition seen stream"
            / " "')"
    is "$(jq -c '[.app, .stream, "\(.partition)", .checkpoint, .metadata]' "$P/status")" \
        '["billing","orders","0","42","some \"text\""]'
    is "$(jq -c '[.lag, .earliest, .latest]' "$P/status")" '[57,"10","100"]'
    matches "$(jq -r .committed "$P/status")" '^20[0-9]{2}-[0-9]{2}-[0-9]{2}T[0-9]{2}:[0-9]{2}:[0-9]{2}Z$'
}

@test "status tells when it was committed, over mounts, and when this mount saw it first" {
    needs jq
    put "$P/checkpoint" 42
    local committed seen
    committed=$(jq '.committed | fromdate' "$P/status")
    is "$committed" "$(stat -c %Y "$C")"
    seen=$(jq '.seen | fromdate' "$P/status")
    ((committed <= seen && seen <= committed + 5))
    sleep 1.1
    remount_store
    is "$(jq '.committed | fromdate' "$P/status")" "$committed"
    (($(jq '.seen | fromdate' "$P/status") > seen))
    rm "$P/checkpoint"
    is "$(jq -c '[.committed, .seen]' "$P/status")" '[null,null]'
}

@test "status without a checkpoint says null" {
    needs jq
    is "$(jq -c '[.checkpoint, .lag, .earliest, .latest]' "$P/status")" '[null,0,"0","0"]'
}

@test "numbers in status never go through a double" {
    needs jq
    put "$P/checkpoint" 9007199254740993
    is "$(jq -r .checkpoint "$P/status")" 9007199254740993
    put "$P/checkpoint" 9223372036854775807
    grep -q '"9223372036854775807"' "$P/status"
}

@test "both faces show the same" {
    put_once "$P/checkpoint" '42\nnote\n'
    is "$(cat "$C")" $'42\nnote'
    put_once "$C" '43\nother\n'
    is "$(cat "$P/checkpoint")" 43
    is "$(cat "$P/metadata")" other
}

@test "a file in checkpoints is the number, then the metadata" {
    put "$P/checkpoint" 42
    is "$(od -An -c "$C" | tr -d ' ')" '42\n'
    put_once "$P/checkpoint" '42\nnote\n'
    is "$(od -An -c "$C" | tr -d ' ')" '42\nnote\n'
}

@test "what is known can be listed while the store is locked" {
    ls -R . >/dev/null
    lock_store
    run -0 timeout 5 ls apps/billing/orders streams/orders
    unlock_store
}

@test "an open file that was removed can be read, and has attributes" {
    local file
    for file in "$P/checkpoint" "$C" checkpoints/billing/orders/draft; do
        put "$P/checkpoint" 42
        [[ $file != */draft ]] || put "$file" 42
        python3 - "$file" <<'END'
import os, sys
path = sys.argv[1]
for flags in os.O_RDONLY, os.O_RDWR:
    fd = os.open(path, flags)
    os.unlink(path)
    status = os.fstat(fd)
    assert (status.st_size, status.st_nlink) == (3, 0) or flags == os.O_RDWR and status.st_nlink == 0, status
    assert flags != os.O_RDONLY or os.read(fd, 10) == b"42\n"
    assert not os.path.exists(path)
    os.close(fd)
    with open(path, "w") as again:
        again.write("42\n")
END
    done
}

# As ruby -i does: it removes what it reads, makes it anew, asks for the size of that, and then reads.
@test "an open file that was removed and made anew has what it had" {
    local file
    for file in "$P/checkpoint" "$C"; do
        put "$file" 42
        python3 - "$file" <<'END'
import os, sys
path = sys.argv[1]
old = os.open(path, os.O_RDONLY)
os.unlink(path)
new = os.open(path, os.O_WRONLY | os.O_CREAT | os.O_TRUNC)
assert os.fstat(new).st_size == 0
assert os.read(old, 10) == b"42\n"
os.write(new, b"43\n")
if path.startswith("checkpoints/"):
    assert os.pread(old, 10, 0) == b"42\n"
END
        is "$(cat "$file")" 43
    done
}

@test "private mappings are fresh, and shared ones are ENODEV" {
    needs python3
    put "$P/checkpoint" 42
    mount_at "$DIR/other"
    put "$DIR/other/$P/checkpoint" 43
    run -0 python3 - "$P/checkpoint" <<'END'
import mmap, os, sys
fd = os.open(sys.argv[1], os.O_RDONLY)
size = os.fstat(fd).st_size
print(mmap.mmap(fd, size, mmap.MAP_PRIVATE, mmap.PROT_READ)[:])
try:
    mmap.mmap(fd, size, mmap.MAP_SHARED, mmap.PROT_READ)
except OSError as error:
    print(error.strerror)
END
    is "$output" $'b\'43\\n\'\nNo such device'
}
