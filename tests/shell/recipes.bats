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

@test "every recipe prints what it says" {
    needs git jq python3 rsync sqlite3
    cd /
    mkdir "$DIR/homes"
    run -0 python3 "$BATS_TEST_DIRNAME/recipes.py" "$BATS_TEST_DIRNAME/../../docs/recipes.md" "$DIR/homes"
}

@test "every question of the first page has its recipe, and every recipe its question" {
    grep -o '](#[^)]*)' "$EXAMPLES/../docs/recipes.md" | tr -d '](#)' | sort -u >"$DIR/questions"
    sed -n 's/^## //p' "$EXAMPLES/../docs/recipes.md" | tr '[:upper:]' '[:lower:]' | tr -d "?,'" | tr ' ' - |
        sort >"$DIR/recipes"
    (($(wc -l <"$DIR/recipes") > 20))
    diff "$DIR/questions" "$DIR/recipes"
}

# What is not typed there, as it does not end or needs more than a mount, is at least a program.
@test "every other recipe is a program" {
    awk '/^```sh/ { inside = 1; next } /^```/ { inside = 0 } inside' "$EXAMPLES/../docs/recipes.md" >"$DIR/typed"
    (($(wc -l <"$DIR/typed") > 5))
    bash -n "$DIR/typed"
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

@test "the recipe of a consumer consumes" {
    needs jq
    rm "$P/checkpoint"
    printf '%s\n' one two three >streams/orders/0/records/new
    at_home "$(block docs/recipes.md '## Consume records' | once)"
    is "$(xargs <"$DIR/orders.txt") $(cat "$MNT/$P/lag")" "one two three 0"
}

@test "the consumer of README prints what it says is produced" {
    needs jq
    rm "$P/checkpoint"
    HOME=$DIR bash -c "$(sed -n 's/^`\(echo hello [^`]*\)`.*/\1/p' "$EXAMPLES/../README.md")"
    at_home "$(block README.md 'A consumer, in three' | once)"
    is "$output $(cat "$MNT/$P/lag")" "hello 0"
}
