# shellcheck shell=bats
# -o plan: what would be changed, and what would come of it.

load helper

C=apps/billing/orders/0/checkpoint
T=apps/billing/orders/checkpoints

setup() {
    make_place
    mount_store
    cd "$MNT" || return
    mkdir -p apps/billing/orders/{0,1}
    put streams/orders/0/latest 1000
    put streams/orders/1/latest 500
    put_once "$T" '0\t100\tnote\n1\t200\n'
    mkdir "$DIR/plan"
    mount_at "$DIR/plan" -o plan
    cd "$DIR/plan" || return
}

# planned: what the plan says: note, path, number, metadata and old number of each line.
planned() {
    journal result note path number metadata before | sed -n 's/^planned\t//p'
}

# plans LINE...: these are all, with blanks for tabs.
plans() {
    is "$(planned)" "$(printf '%s\n' "$@" | tr ' ' '\t' | sed 's/~/ /g')"
}

# Nothing has changed.
unchanged() {
    is "$(cat "$MNT/$T")" "$(printf '0\t100\tnote\n1\t200')"
}

@test "a plan says how many records would be read again, or not at all" {
    put "$C" 40
    put "$C" 150
    put "$C" 100
    put "$C" earliest
    put "$C" latest
    put "$C" 'shift +7'
    plans "replays~60 billing/orders/0 40  100" "skips~50 billing/orders/0 150  100" \
        "replays~0 billing/orders/0 100  100" "replays~101 billing/orders/0 -  100" \
        "skips~899 billing/orders/0 999  100" "skips~7 billing/orders/0 107  100"
    unchanged
    is "$(cat "$C")" 100
}

@test "records that are kept no more are not read again" {
    put "$MNT/streams/orders/0/earliest" 90
    put "$C" 89
    rm "$C"
    plans "replays~11 billing/orders/0 89  100" "replays~11 billing/orders/0 -  100"
    unchanged
}

@test "metadata, removals and tables are planned" {
    put apps/billing/orders/0/metadata new
    rm apps/billing/orders/1/checkpoint
    put_once "$T" '*\tshift -1\n'
    plans "replays~0 billing/orders/0 100 new 100" "replays~201 billing/orders/1 -  200" \
        "replays~1 billing/orders/0 99  100" "replays~1 billing/orders/1 199  200"
    unchanged
}

@test "so is what cp and mv do in checkpoints/" {
    printf '7\nseven\n' >"$DIR/seven"
    cp "$DIR/seven" checkpoints/billing/orders/0
    cp "$DIR/seven" checkpoints/billing/orders/.tmp
    mv -f checkpoints/billing/orders/.tmp checkpoints/billing/orders/1
    plans "replays~93 billing/orders/0 7 seven 100" "replays~193 billing/orders/1 7 seven 200"
    unchanged
}

@test "what would be refused is refused" {
    refused "Invalid argument" put "$C" nonsense
    refused "Numerical result out of range" put "$C" 2000
    refused "No such file or directory" put apps/typo/orders/0/checkpoint 5
    refused "Directory not empty" rmdir apps/billing
    plans
    is "$(journal result number | tail -n 1)" "$(printf 'failed\t2000')"
    is "$(tail -n 1 commits | cut -f 5-7)" "$(printf 'failed\tremove-app\tthe app has checkpoints')"
    unchanged
}

@test "an app that is planned can be planned with" {
    mkdir apps/new
    is "$(ls apps)" "$(printf 'billing\nnew')"
    put apps/new/orders/0/checkpoint 5
    is "$(jq -c '[.checkpoint,.lag]' apps/new/orders/0/status)" '[null,1000]'
    is "$(cat apps/new/orders/0/lag)" 1000
    plans "skips~6 new/orders/0 5  -"
    is "$(cut -f 5-6 commits | head -n 1)" "$(printf 'planned\tmake-app')"
    rmdir apps/new
    is "$(ls apps)" billing
    is "$(ls "$MNT/apps")" billing
}

@test "what was planned is carried out where it is still right" {
    put "$C" 40
    put apps/billing/orders/1/checkpoint 40
    grep -a planned commits | cut -f 11- >"$DIR/lines"
    put "$MNT/apps/billing/orders/1/checkpoint" 333
    refused "Stale file handle" cp "$DIR/lines" "$MNT/$T"
    is "$(cat "$MNT/$T")" "$(printf '0\t40\n1\t333')"
}

@test "no records are added, and bounds stay" {
    refused "Read-only file system" put_once streams/orders/0/records/new 'hello\n'
    put streams/orders/0/latest 2000
    is "$(cat "$MNT/streams/orders/0/latest")" 1000
    is "$(tail -n 1 commits | cut -f 5-6,11-12)" "$(printf 'planned\tlatest\t0\t2000')"
}

@test "status says that the mount plans" {
    is "$(jq -c '[.options.plan, .options.ro]' status)" '[true,false]'
}
