# shellcheck shell=bats
# What docs/scripts.md says that reading costs. SERVICE says which service it is.

load "${SERVICE:-dis}"

PAGE=$BATS_TEST_DIRNAME/../../docs/scripts.md
declare -gA COLUMN=([dis]=3 [sls]=4)

# costs: a line for each row of its table: the command, and how many requests it takes with SERVICE.
costs() {
    awk -F ' *[|] *' -v column="${COLUMN[$SERVICE]}" '
        /^[|] command / { inside = 1 }
        inside && /^[|] `/ { gsub("`", "", $2); print $2 "\t" $column }
        /^$/ { inside = 0 }' "$PAGE"
}

# write_costs: what was counted into the table of the page, if COSTS=write.
write_costs() {
    [[ ${COSTS-} == write ]] || return 0
    awk -F '\t' -v column="${COLUMN[$SERVICE]}" '
        FILENAME == ARGV[1] { counted["`" $1 "`"] = $2; next }
        /^[|] `/ { split($0, fields, / *[|] */); if (fields[2] in counted) {
            fields[column] = counted[fields[2]]
            $0 = "| " fields[2] " | " fields[3] " | " fields[4] " |" } }
        { print }' "$DIR/counted" "$PAGE" >"$DIR/page"
    cp "$DIR/page" "$PAGE"
}

# cursors_asked: how many requests were for a cursor of DIS.
cursors_asked() {
    requests GET /cursors
}

@test "reading costs what the page for scripts says" {
    local command
    while IFS=$'\t' read -r command _; do
        SNAPSHOT=600 remount_service
        forget_requests
        bash -c "$command" >"$DIR/read" 2>/dev/null </dev/null
        [[ -s $DIR/read ]]
        printf '%s\t%s\n' "$command" "$(requests)" >>"$DIR/counted"
        if [[ $SERVICE == dis && $command != 'grep -r . apps streams' ]]; then
            is "$command $(cursors_asked)" "$command 0"
        fi
    done < <(costs)
    (($(wc -l <"$DIR/counted") > 5))
    write_costs
    diff <(costs) "$DIR/counted"
}
