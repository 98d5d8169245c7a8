# shellcheck shell=bats
# shellcheck disable=SC2030,SC2031 # each test is a shell of its own
# shellcheck disable=SC2016 # what other shells are to expand
# What people copy: the sessions of README and docs/recipes.md.

load examples

# A user who has nothing yet.
be_new() {
    cd /
    unmount "$MNT"
    unset XDG_DATA_HOME
    export HOME=$DIR/home PATH=$DIR/bin:$PATH
    mkdir -p "$HOME" "$DIR/bin"
    ln -sf "$CHECKPOINTFS" "$DIR/bin/checkpointfs"
}

@test "the session of README is what one sees" {
    be_new
    block README.md '# checkpointfs' >"$DIR/session"
    sed -n 's/^[$] //p' "$DIR/session" >"$DIR/typed"
    grep -v '^[$] ' "$DIR/session" >"$DIR/expected"
    bash "$DIR/typed" </dev/null >"$DIR/shown" 2>&1
    sed 's/^[^ ]*typed: line [0-9]*: /bash: /' "$DIR/shown" | diff "$DIR/expected" -
    not is_mounted "$HOME/mnt"
}

@test "the recipe for moving an app keeps what there was" {
    be_new
    mkdir "$HOME/mnt"
    mount_at "$HOME/mnt"
    put "$HOME/mnt/streams/orders/0/latest" 100
    run -1 bash -c "$(block docs/recipes.md '## Before you move an app')" # what diff says
    matches "$output" "Only in .*before/billing/orders: 0"
    run -0 bash -c "$(block docs/recipes.md 'To go back:')"
    is "$(cat "$HOME/mnt/$C")" $'42\nnote'
}

@test "the recipes for many partitions move them, bring them back, and change nothing that has moved" {
    be_new
    mkdir "$HOME/mnt"
    mount_at "$HOME/mnt"
    for bound in "$HOME/mnt"/streams/orders/*/earliest; do
        put "${bound%/*}/latest" 1000
        put "$bound" 10
    done
    echo '* 500' >"$HOME/mnt/apps/billing/orders/checkpoints"
    run -0 bash -c "$(block docs/recipes.md '## Many partitions at once')"
    matches "$output" '9$'
    is "$(cat "$HOME/mnt/apps/billing/orders/0/checkpoint")" 500
    run -0 bash -c "$(block docs/recipes.md 'A table that is written back')"
    is "$(cat "$HOME/mnt/apps/billing/orders/0/checkpoint")" 400
    refused "Stale file handle" bash -c "$(block docs/recipes.md 'A table that is written back')"
    is "$(cat "$HOME/mnt/apps/billing/orders/0/checkpoint")" 400
}

@test "the recipe for an import takes what Kafka's tool prints" {
    be_new
    mkdir "$HOME/mnt"
    printf '%s\n' '"group-one","orders",0,17' group-two,orders,3,18 >"$HOME/offsets.csv"
    run -0 bash -c "$(block docs/recipes.md '## Import from Kafka')" </dev/null
    is "$(head "$HOME"/mnt/checkpoints/group-*/*/*)" "==> $HOME/mnt/checkpoints/group-one/orders/0 <==
17

==> $HOME/mnt/checkpoints/group-two/orders/3 <==
18"
    matches "$(base64 -d <"$HOME/mnt/apps/group-two/orders/3/cursor")" 'AT_SEQUENCE_NUMBER.*"18"'
}

@test "the recipes for lags show who is behind, and compare two apps" {
    be_new
    mkdir "$HOME/mnt"
    mount_at "$HOME/mnt"
    local mnt=$HOME/mnt
    put "$mnt/streams/orders/0/latest" 100
    mkdir -p "$mnt/apps/canary/orders/0" "$mnt/apps/canary/idle/0"
    put "$mnt/apps/canary/orders/0/checkpoint" 89
    put "$mnt/apps/canary/idle/0/checkpoint" 0
    run -0 bash -c "$(block docs/recipes.md '## How far behind is an app?')"
    is "$(tail -n 1 <<<"$output")" 57
    run -0 bash -c "$(block docs/recipes.md '## Compare two apps')"
    matches "$output" "orders/0 +57 +ok +10 +ok"
    matches "$output" "idle/0 +- +- +0 +ok"
}

@test "the recipe for git brings back what an app had" {
    needs git
    be_new
    mkdir "$HOME/mnt"
    mount_at "$HOME/mnt"
    export GIT_AUTHOR_NAME=me GIT_AUTHOR_EMAIL=me@localhost GIT_COMMITTER_NAME=me GIT_COMMITTER_EMAIL=me@localhost
    {
        block docs/recipes.md '## A history with git'
        echo "echo 43 > ~/mnt/$P/checkpoint; sleep 1.2; g add -A && g commit -qm later"
        block docs/recipes.md 'Bring back'
    } >"$DIR/typed"
    run -0 bash -e "$DIR/typed" </dev/null
    is "$(cat "$HOME/mnt/$C")" $'42\nnote'
}

# once: a loop, of which only the first round is made.
once() {
    sed 's/^while \(.*\); do$/if \1; then/; s/^done$/fi/'
}

# at_home COMMANDS: with ~/mnt and what else they name.
at_home() {
    cd "$DIR" || return
    HOME=$DIR PATH=$EXAMPLES/..:$PATH run -0 bash -c "cd '$EXAMPLES/..'; $1"
}

@test "the recipes for records look at them, pass over one, and consume the rest" {
    needs jq
    rm "$P/checkpoint"
    printf '%s\n' poison two three >streams/orders/0/records/new
    at_home "$(block docs/recipes.md 'What an app has read last')"
    is "$(grep -c 'Z \(poison\|two\|three\)$' <<<"$output") $(grep -c '"data": "poison"' <<<"$output")" "3 1"
    at_home "$(block docs/recipes.md 'A poison record')"
    is "$(jq -r .data "$DIR/poison.json") $(cat "$MNT/$P/lag")" "poison 2"
    at_home "$(block docs/recipes.md '## Consume records' | once)"
    is "$(xargs <"$DIR/orders.txt") $(cat "$MNT/$P/lag")" "two three 0"
}

@test "the consumer of README prints what it says is produced" {
    needs jq
    rm "$P/checkpoint"
    HOME=$DIR bash -c "$(sed -n 's/^`\(echo hello [^`]*\)`.*/\1/p' "$EXAMPLES/../README.md")"
    at_home "$(block README.md 'A consumer, in three' | once)"
    is "$output $(cat "$MNT/$P/lag")" "hello 0"
}
