# shellcheck shell=bats
# Programs that read in ways of their own. SERVICE says which service it is.

load "${SERVICE:-dis}"
load readers

setup() {
    begin_service
    put "$P/checkpoint" "$(shown 42)"
}

@test "busybox" { needs busybox; reads busybox; reads busybox-cp; reads busybox-read; }
@test "sendfile(2)" { needs python3; reads sendfile; }
@test "shutil.copyfile" { needs python3; reads copyfile; }
