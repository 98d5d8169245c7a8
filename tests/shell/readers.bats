# shellcheck shell=bats
# Programs that read in ways of their own, from the embedded store.

load helper
load readers

setup() {
    begin
    put "$S/latest" 100000
    put "$P/checkpoint" 42
}

@test "busybox" { needs busybox; reads busybox; reads busybox-cp; reads busybox-read; }
@test "dash" { needs dash; reads dash-read; }
@test "bash" { reads bash-read; }
@test "zsh" { needs zsh; reads zsh-read; }
@test "socat" { needs socat; reads socat; }
@test "pv" { needs pv; reads pv; }
@test "cp" { reads cp; }
@test "what has standard input opened again" { reads stdin; }
@test "O_DIRECT" { reads direct; }
@test "Perl" { needs perl; reads perl; }
@test "node" { needs node; reads node; }
@test "io_uring" {
    local status=0
    "$READ_URING" "$P/checkpoint" || status=$?
    ((status != 77)) || skip "this kernel has no io_uring"
    reads uring
}
@test "sendfile(2)" { needs python3; reads sendfile; }
@test "splice(2)" { needs python3; reads splice; }
@test "mmap(2)" { needs python3; reads mapped; }
@test "shutil.copyfile" { needs python3; reads copyfile; }
@test "select(2), poll(2), and a byte at a time" {
    needs python3
    reads selected
    reads polled
    reads bytewise
}

# whole WAY [MOUNT OPTION...]: numbers that another mount makes longer and shorter, once the sizes that they
# had are known.
whole() {
    local way=$1
    shift
    remount_store "$@"
    mount_at "$DIR/other"
    put "$DIR/other/$P/checkpoint" 99
    ls -l "$P" >"$DIR/listed"
    put "$DIR/other/$P/checkpoint" 1000
    is "$(with "$way" "$P/checkpoint")" 1000
    put "$DIR/other/$P/checkpoint" 99999
    sleep 1.1 # that is how old a listing may be
    ls -l "$P" >"$DIR/listed"
    put "$DIR/other/$P/checkpoint" 5
    is "$(with "$way" "$P/checkpoint")" 5
    is "$(with "$way" "$P/lag")" 99994
    umount "$DIR/other"
}

@test "a number whose length changes is read whole" {
    needs python3 busybox
    local way
    for way in sendfile copyfile mapped busybox; do
        whole "$way"
    done
}

@test "so it is under -o allow_other" {
    needs_root
    needs python3 busybox
    local way
    for way in sendfile copyfile mapped busybox; do
        whole "$way" -o allow_other
    done
}

@test "a number that gets shorter while it is open is read whole" {
    needs python3
    mount_at "$DIR/other"
    put "$P/checkpoint" 1000
    run -0 python3 - "$P/checkpoint" "$DIR/other/$P/checkpoint" <<'END'
import os, sys, time
fd = os.open(sys.argv[1], os.O_RDONLY)
with open(sys.argv[2], "w") as other:
    other.write("7\n")
time.sleep(1.1)
size = os.fstat(fd).st_size
while os.sendfile(1, fd, None, size):
    pass
END
    is "$output" 7
}

@test "journal and errors are read to their end as they grow" {
    needs busybox
    local number
    for number in 43 44 45; do
        put "$P/checkpoint" "$number"
        not put "$P/checkpoint" "junk$number"
        is "$(busybox cat commits)" "$(cat commits)"
        is "$(busybox cat errors)" "$(cat errors)"
    done
    (($(busybox cat metrics | wc -l) > 10))
}

@test "each who opens a cursor has his own, and keeps it" {
    needs python3
    python3 - "$P/cursor" <<'END'
import os, sys, time
first = os.open(sys.argv[1], os.O_RDONLY)
text = os.pread(first, 4096, 0)
assert os.stat(sys.argv[1]).st_size == 0
assert os.fstat(first).st_size == len(text)
time.sleep(0.01) # a cursor tells the millisecond in which it was made
second = os.open(sys.argv[1], os.O_RDONLY)
other = os.pread(second, 4096, 0)
assert other != text
assert os.pread(first, 4096, 0) == text
assert os.fstat(first).st_ino == os.fstat(second).st_ino == os.stat(sys.argv[1]).st_ino
again = os.open(f"/proc/self/fd/{first}", os.O_RDONLY)
assert os.pread(again, 4096, 0) == text
path = os.open(sys.argv[1], os.O_PATH)
for _ in range(2):
    fd = os.open(f"/proc/self/fd/{path}", os.O_RDONLY)
    assert os.fstat(fd).st_size == len(os.pread(fd, 4096, 0)) == len(text)
    os.close(fd)
END
}

@test "many who read at once read the number, and nothing else" {
    needs python3
    python3 - "$P/checkpoint" "$C" "$P/lag" <<'END'
import os, sys, threading
texts = {path: open(path, "rb").read() for path in sys.argv[1:]}
wrong = []

def read(path):
    for _ in range(200):
        fd = os.open(path, os.O_RDONLY)
        reader, writer = os.pipe()
        os.splice(fd, writer, 60000)
        os.close(writer)
        text = os.read(reader, 65536)
        os.close(reader)
        os.close(fd)
        if text != texts[path]:
            wrong.append((path, len(text), text[:20]))

threads = [threading.Thread(target=read, args=(path,)) for path in sys.argv[1:] * 3]
for thread in threads:
    thread.start()
for thread in threads:
    thread.join()
assert not wrong, wrong[:5]
END
}
