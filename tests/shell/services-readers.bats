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

@test "what has standard input opened again" {
    reads stdin
    remount_service
    local file
    for file in "$P/status" "$P/lag" "$S/status" streams/orders/status metrics; do
        [[ -n "$(cat /dev/stdin <"$file")" ]]
    done
}

@test "a number that gets longer while another has it open is read whole" {
    needs python3
    local file
    for file in "$P/checkpoint" "$C"; do
        committed billing orders 0 50
        let_values_age
        exec 8<"$file"
        committed billing orders 0 1000
        let_values_age
        is "$(with splice "$file")" "$(shown 1000)"
        exec 8<&-
    done
}
