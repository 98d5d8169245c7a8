# shellcheck shell=bats
# shellcheck disable=SC2030,SC2031 # each test is a shell of its own
# overview.html of any service. SERVICE says which service it is.

load "${SERVICE:-dis}"

NOW=overview/now.html

# page: each row, as app, stream, state, and the lag or what is wrong.
page() {
    cat "$NOW" >"$DIR/page" || return
    python3 "$BATS_TEST_DIRNAME/overview.py" "$DIR/page" | cut -f 1-4 | tr '\t' ' '
}

@test "the page says what lag/ says" {
    committed billing payments 0 "$((100 - GAP))"
    remount_service
    is "$(page)" "billing orders none $((238 - GAP))
billing payments ok 0"
    is "$(python3 "$BATS_TEST_DIRNAME/overview.py" "$DIR/page" billing orders | cut -f 1-5 | tr '\t' ' ')" \
        "1 none 90 0 –
2 none 90 0 –
0 ok $((58 - GAP)) $((32 + GAP)) $(shown 42)"
    is "$(cat errors)" ""
}

@test "who browses asks nothing" {
    warm
    ls -la . overview >"$DIR/listed"
    stat . overview overview.html >"$DIR/listed"
    cat overview.html >"$DIR/door"
    head -c 512 overview.html >"$DIR/door"
    [[ -r $NOW ]]
    du -a overview >"$DIR/listed"
    is "$(requests)" 0
}

@test "the page costs what lag/ of each app does, also if its size is asked for first" {
    SNAPSHOT=0 remount_service
    cat lag/audit lag/billing >"$DIR/known"
    forget_requests
    cat lag/audit lag/billing >"$DIR/known"
    local asked size
    asked=$(requests)
    forget_requests
    page >"$DIR/rows"
    is "$(requests)" "$asked"
    forget_requests
    size=$(stat -c %s "$NOW")
    is "$(stat -c %s "$NOW") $(wc -c <"$NOW") $(requests)" "$size $size $asked"
    # The kernel asks for modes then before it opens.
    SNAPSHOT=0 remount_service -o allow_other
    cat lag/audit lag/billing >"$DIR/known"
    forget_requests
    is "$(page) $(requests)" "$(<"$DIR/rows") $asked"
}

@test "two who ask for the size at the same time have the same page" {
    cat lag/audit lag/billing >"$DIR/known"
    fault delay delay=300 path=orders count=forever
    stat -c %s "$NOW" >"$DIR/size" &
    local other=$! size
    size=$(stat -c %s "$NOW")
    wait "$other"
    is "$(<"$DIR/size")" "$size"
    cat "$NOW" >"$DIR/one"
    cat "$NOW" >"$DIR/two"
    is "$(wc -c <"$DIR/one")" "$size"
    cmp "$DIR/one" "$DIR/two"
}

@test "after a SIGHUP there is a fresh page, also for whom a size was told" {
    stat "$NOW" >"$DIR/told"
    committed billing orders 0 60
    kill -HUP "$(daemon)"
    sleep 0.2
    is "$(page)" "billing orders none $((220 - GAP))"
}

@test "what was committed meanwhile is in the page that is opened next" {
    is "$(page)" "billing orders none $((238 - GAP))"
    put "$P/checkpoint" "$(shown 50)"
    is "$(page)" "billing orders none $((230 - GAP))"
    committed billing orders 0 60
    is "$(page)" "billing orders none $((220 - GAP))"
}

@test "what cannot be had says why in its row, and the others are there" {
    of http
    committed billing payments 0 50
    remount_service
    cat lag/audit lag/billing >"$DIR/known"
    fault status status=403 code=DIS.4116 shape="$SERVICE" path=payments count=forever
    local size
    size=$(stat -c %s "$NOW")
    is "$(wc -c <"$NOW")" "$size"
    last_error
    is "${FIELD[1]} ${FIELD[2]} ${FIELD[3]}" "overview/now.html read EACCES"
    matches "$(page | tail -n 1)" '^billing payments failed .+ EACCES$'
    is "$(page | head -n 1)" "billing orders none $((238 - GAP))"
    last_error
    is "${FIELD[1]} ${FIELD[2]} ${FIELD[3]}" "overview/now.html read EACCES"
}

@test "the error of a service is text, whatever it says" {
    of http
    cat lag/audit lag/billing >"$DIR/known"
    fault body status=400 path=orders count=forever \
        text='{"errorCode":"X","error_code":"X","errorMessage":"<script>x</script>","error_msg":"<script>x</script>"}'
    matches "$(page | tail -n 1)" '^billing orders failed .*'
    is "$(grep -c '<script' "$DIR/page")" 0
}

@test "a stream that does not answer holds up nothing else, and the page is there in time" {
    of http
    committed billing payments 0 50
    remount_service -o timeout=3
    cat lag/audit lag/billing >"$DIR/known"
    fault delay delay=20000 path=payments count=forever
    page >"$DIR/rows" &
    local reader=$!
    is "$(cat "$P/checkpoint")" "$(shown 42)"
    wait "$reader"
    is "$(head -n 1 "$DIR/rows")" "billing orders none $((238 - GAP))"
    matches "$(tail -n 1 "$DIR/rows")" '^billing payments failed .+ ETIMEDOUT$'
}

@test "with no service there is a page that says so" {
    of http
    remount_service -o timeout=1,listing=0
    stop_service
    page >"$DIR/rows"
    [[ -s $DIR/rows ]]
    is "$(grep -v ' failed .* ECONNREFUSED$' "$DIR/rows" | cat)" "" # SLS's apps may be known
    last_error
    is "${FIELD[1]} ${FIELD[3]}" "overview/now.html ECONNREFUSED"
    start_service
}

@test "who interrupts it is let go at once" {
    [[ $SERVICE != sls ]] || rmdir apps/audit/orders # whom it would ask, too
    cat lag/billing >"$DIR/known"
    fault delay delay=20000 path=orders count=forever
    interrupted INT cat "$NOW"
    interrupted INT stat "$NOW"
}
