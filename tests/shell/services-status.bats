# shellcheck shell=bats
# Where an app stands, as lag and status of any service tell it, and the times that a mount tells. SERVICE says
# which service it is.

load "${SERVICE:-dis}"

@test "lag counts nothing that is no longer kept, and status how much was lost" {
    committed billing orders 0 42
    keeps 70 100
    is "$(cat "$P/lag") $(jq -c '[.lag, .expired, .ahead]' "$P/status")" "30 [30,$((28 - GAP)),0]"
    keeps 100 100
    is "$(cat "$P/lag") $(jq -c '[.lag, .expired, .ahead]' "$P/status")" "0 [0,$((58 - GAP)),0]"
    is "$(cat apps/billing/orders/1/lag)" 90
    is "$(jq -c '[.lag, .expired, .ahead]' apps/billing/orders/1/status)" '[90,0,0]'
}

@test "status tells a checkpoint beyond the end from one at the end" {
    put "$P/checkpoint" latest
    is "$(cat "$P/lag") $(jq -c '[.lag, .expired, .ahead]' "$P/status")" '0 [0,0,0]'
    committed billing orders 0 5000
    is "$(cat "$P/lag") $(jq -c '[.lag, .expired, .ahead]' "$P/status")" "0 [0,0,$((4900 + GAP))]"
    # The stream was made anew.
    keeps 0 7
    is "$(cat "$P/lag") $(jq -c '[.lag, .expired, .ahead]' "$P/status")" "0 [0,0,$((4993 + GAP))]"
}

# epoch MEMBER [FILE]: of a status, in seconds since 1970, or null.
epoch() {
    jq ".$1 | if . then fromdate else . end" "${2:-$P/status}"
}

@test "seen is when this mount saw a checkpoint first, whoever reads it afterwards" {
    local begin first
    begin=$(date +%s)
    first=$(epoch seen)
    ((begin <= first && first <= $(date +%s)))
    sleep 1.1
    let_values_age
    ls -l "$P" checkpoints/billing/orders >/dev/null
    is "$(epoch seen) $(epoch seen)" "$first $first"
    is "$(epoch seen apps/billing/orders/1/status)" null
    committed billing orders 0 43
    let_values_age
    (($(epoch seen) > first))
    put "$P/checkpoint" 43
    (($(epoch committed) > first))
    (($(epoch seen) > first))
    is "$(stat -c %s "$P/status")" "$(wc -c <"$P/status")"
}

@test "every member of a status is explained in the manual" {
    put "$P/checkpoint" latest
    statuses_are_explained
}

@test "every time that a mount tells can be read by programs" {
    put "$P/checkpoint" 50
    refused "${SAYS[EINVAL]:?}" put "$P/checkpoint" nonsense
    times_can_be_read
}
