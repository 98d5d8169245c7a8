# shellcheck shell=bats
# shellcheck disable=SC2030,SC2031,SC2034 # each test is a shell of its own
# When what DIS needs besides itself is silent.

load dis

setup() {
    make_service
}

@test "a silent identity service: a loop over 100 partitions fails in seconds, and works afterwards" {
    use_password
    wide 100
    begin_with -o timeout=2,snapshot=1
    warm
    ls apps/audit/wide/* >/dev/null
    let_values_age
    control POST tokens/revoke >/dev/null
    fault never path=/v3/auth/tokens count=forever
    local partition begin
    begin=$(milliseconds)
    for partition in {0..99}; do
        cat "apps/audit/wide/$partition/checkpoint" || true
    done 2>"$DIR/messages"
    (($(milliseconds) - begin < 40000)) || is "$(($(milliseconds) - begin)) ms" "less than 40000"
    is "$(grep -c "${SAYS[ETIMEDOUT]:?}" "$DIR/messages")" 100
    put apps/audit/wide/0/checkpoint 5 2>"$DIR/messages" || true
    is "$(journal result)" failed
    no_faults
    eventually cat apps/audit/wide/7/checkpoint 2>"$DIR/messages"
    put apps/audit/wide/7/checkpoint 7
    is "$(cat apps/audit/wide/7/checkpoint)" 7
}

@test "look-ups that wait for a second do not make a slow identity service a silent one" {
    use_password
    begin_with
    warm
    control POST tokens/revoke >/dev/null
    fault delay delay=2500 path=/v3/auth/tokens count=forever
    not test -e apps/new1
    sleep 1.1
    not test -e apps/new2
    sleep 1.1
    is "$(cat "$P/checkpoint")" 42
}

@test "an identity service whose requests are given up is not thought silent" {
    use_password
    begin_with
    warm
    control POST tokens/revoke >/dev/null
    fault never path=/v3/auth/tokens count=3
    interrupted INT cat "$P/checkpoint"
    is "$(cat "$P/checkpoint")" 42
}
