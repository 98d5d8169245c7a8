# shellcheck shell=bats
# The values of SLS: numbers in base64, positions, cursors, lag, times and statuses.

load sls

BIG=1524155379373908496
BIG64=MTUyNDE1NTM3OTM3MzkwODQ5Ng==

# field NAME: of the status of the partition, as compact JSON.
field() {
    jq -c ".$1" "$P/status"
}

# near RFC3339 SECONDS: that time is within some seconds of that many before now.
near() {
    local now when
    matches "$1" '^20[0-9]{2}-[0-9]{2}-[0-9]{2}T[0-9]{2}:[0-9]{2}:[0-9]{2}([.][0-9]+)?Z$'
    when=$(date -ud "$1" +%s)
    now=$(date +%s)
    ((now - when >= $2 - 5 && now - when <= $2 + 30)) || is "$1" "$2 seconds before now"
}

# ---- checkpoints

@test "a checkpoint is printed as the service has it" {
    local text
    for text in NDI= "$BIG64" MA== NDI OTIyMzM3MjAzNjg1NDc3NTgwNw==; do
        stored_as billing orders 0 "$text"
        is "$(cat "$P/checkpoint")" "$text"
        let_values_age 1.1
        is "$(cat "$C")" "$text"
        is "$(stat -c %s "$C" "$P/checkpoint" | sort -u)" $((${#text} + 1))
    done
}

@test "what is written is base64, also without its padding, or the decimal" {
    keeps 0 9223372036854775807
    local text
    for text in "$BIG" "$BIG64" "${BIG64%=}" "${BIG64%==}"; do
        put "$P/checkpoint" 7
        put "$P/checkpoint" "$text"
        is "$text $(stored)" "$text billing orders 0 $BIG64 -"
        is "$(cat "$P/checkpoint") $(cat "$C")" "$BIG64 $BIG64"
    done
    put "$C" NDM
    is "$(stored)" "billing orders 0 NDM= -"
    printf 44 >"$P/checkpoint"
    is "$(stored)" "billing orders 0 NDQ= -"
}

@test "what is all digits is a decimal, although it might be base64" {
    keeps 0 20000000
    lands 1234 1234
    lands 12345678 12345678
    lands 0 0
}

@test "numbers up to 2^63-1 are taken, larger ones are ERANGE, with -o any, too" {
    local option text
    for option in checkpoint=next any; do
        keeps 0 9223372036854775807
        remount_service -o "$option"
        lands 9223372036854775807 9223372036854775807
        for text in 9223372036854775808 18446744073709551616 99999999999999999999999999 \
            "$(repeat 104 9)"; do
            refused "${SAYS[ERANGE]:?}" put "$P/checkpoint" "$text"
        done
        is "$(cat "$P/checkpoint")" "$(b64 9223372036854775807)"
    done
}

@test "a decimal outside what is kept is ERANGE, and errors has the range" {
    warm
    local number file
    for file in "$P/checkpoint" "$C"; do
        for number in 0 5 9 101 1524155379373908490; do
            refused "${SAYS[ERANGE]:?}" put "$file" "$number"
            last_error
            is "${FIELD[3]} ${FIELD[4]} ${FIELD[5]}" "ERANGE - -"
            matches "${FIELD[7]}" "^$number is outside what is kept, 10 to 100; .*-o any"
        done
    done
    is "$(changes) $(stored)" "0 billing orders 0 NDI= -"
    is "$(journal result | sort -u)" failed
    lands 10 10
    lands 100 100
}

@test "-o any commits any decimal" {
    remount_service -o any
    lands 0 0
    lands 5 5
    lands 500 500
    is "$(cat errors)" ""
}

@test "a cursor is taken as it is, also when it is of no number" {
    warm
    local text
    for text in MA== "$(b64 500)" "$BIG64" NDIK MDAx V0hBVFRIRlVDSw== "$(b64 -1)" "$(b64 4.5)" \
        "$(b64 '4 200')" "$(b64 9223372036854775808)" AAAA+/8=; do
        forget_requests
        put "$P/checkpoint" "$text"
        is "$text $(requests POST) $(requests)" "$text 1 1"
        is "$(stored)" "billing orders 0 $text -"
        is "$(cat "$P/checkpoint")" "$text"
    done
    put "$C" V0hBVFRIRlVDSw==
    is "$(cat "$C")" V0hBVFRIRlVDSw==
}

@test "what others have stored is backed up and restored, whatever it is" {
    stored_as billing orders 0 V0hBVFRIRlVDSw==
    stored_as billing orders 2 NDIK
    remount_service
    cp -r checkpoints/billing "$DIR/backup"
    put "$P/checkpoint" 50
    put checkpoints/billing/orders/2 60
    cp -r "$DIR/backup/." checkpoints/billing/
    is "$(stored | sort)" "billing orders 0 V0hBVFRIRlVDSw== -
billing orders 2 NDIK -"
}

@test "-o monotonic refuses what it cannot compare" {
    remount_service -o monotonic
    refused "${SAYS[EINVAL]:?}" put "$P/checkpoint" V0hBVFRIRlVDSw==
    matches "$(tail -n 1 errors)" "is no number, and so cannot be compared"
    refused "${SAYS[EPERM]:?}" put "$P/checkpoint" "$(b64 41)"
    is "$(changes)" 0
    lands "$(b64 500)" 500
}

@test "what is neither a number nor base64, and a word, is EINVAL, and is not sent" {
    local text
    for text in x -1 '' '4 2' 'NDI=x' 'NDI==' 'N=DI' '====' check_point_1 @yesterday V0hBVA \
        null NULL None true Earliest EARLIEST PT1H 100s 1d2h; do
        refused "${SAYS[EINVAL]:?}" put "$P/checkpoint" "$text"
        refused "${SAYS[EINVAL]:?}" put "$C" "$text"
    done
    is "$(changes) $(cat "$P/checkpoint")" "0 NDI="
}

@test "metadata is EOPNOTSUPP, and nothing is committed" {
    refused "${SAYS[EOPNOTSUPP]:?}" put_once "$P/checkpoint" '43\nnote\n'
    refused "${SAYS[EOPNOTSUPP]:?}" put_once "$C" '43\nnote\n'
    last_error
    is "${FIELD[3]}" EOPNOTSUPP
    is "$(changes) $(stored)" "0 billing orders 0 NDI= -"
}

@test "a checkpoint that is empty is none" {
    committed billing orders 1 50
    stored_as billing orders 1 ''
    refused "${SAYS[ENOENT]:?}" cat apps/billing/orders/1/checkpoint
    is "$(jq -c '[.checkpoint, .decimal]' apps/billing/orders/1/status)" '[null,null]'
    refused "${SAYS[ENOENT]:?}" put apps/billing/orders/1/checkpoint 'shift +1'
    is "$(entries checkpoints/billing/orders)" 0
}

@test "a checkpoint of others that is no number is shown, and can be replaced" {
    stored_as billing orders 0 V0hBVFRIRlVDSw==
    remount_service
    is "$(cat "$P/checkpoint") $(cat "$C")" "V0hBVFRIRlVDSw== V0hBVFRIRlVDSw=="
    is "$(stat -c %s "$C")" 17
    is "$(field checkpoint) $(field decimal)" '"V0hBVFRIRlVDSw==" null'
    not put "$P/checkpoint" 'shift +1'
    refused "${SAYS[EOPNOTSUPP]:?}" cat "$P/lag"
    matches "$(tail -n 1 errors)" 'what is committed is no number'
    is "$(jq -c '[.lag, .expired, .ahead]' "$P/status")" '[null,null,null]'
    is "$(stored)" "billing orders 0 V0hBVFRIRlVDSw== -"
    lands 43 43
    is "$(cat "$P/lag")" 57
}

@test "base64 that ends in a newline inside is a number" {
    stored_as billing orders 0 "$(base64 <<<42)"
    is "$(cat "$P/checkpoint") $(cat "$P/lag") $(field decimal)" 'NDIK 58 "42"'
    lands 'shift +1' 43
}

@test "a text that could break a line is not passed on as one" {
    stored_as billing orders 0 $'NDI=\n'
    is "$(wc -l <"$P/checkpoint") $(cat "$P/checkpoint" "$P/lag" | xargs)" "1 NDI= 58"
    stored_as billing orders 0 $'NDI=\nNDM='
    refused "${SAYS[EBADMSG]:?}" cat "$P/checkpoint"
}

@test "what was written through this mount is seen at once, on both sides" {
    keeps 0 2000000
    remount_service -o snapshot=60,listing=60
    ls -lR checkpoints apps >/dev/null
    local number
    for number in 50 1000000 7; do
        put "$P/checkpoint" "$number"
        is "$(cat "$C")" "$(b64 "$number")"
        is "$(stat -c %s "$C" "$P/checkpoint" | sort -u)" $(($(b64 "$number" | wc -c) + 1))
    done
    put "$C" 8
    is "$(cat "$P/checkpoint")" OA==
    put apps/billing/payments/0/checkpoint 20
    is "$(entries checkpoints/billing) $(cat checkpoints/billing/payments/0)" \
        "orders payments MjA="
}

@test "checkpoints/ follows other clients within -o snapshot" {
    is "$(entries checkpoints/billing/orders)" 0
    committed billing orders 0 1000000
    committed billing orders 2 77
    let_values_age
    is "$(cat "$C") $(cat checkpoints/billing/orders/2)" "$(b64 1000000) Nzc="
    eventually listed checkpoints/billing/orders "0 2"
}

# ---- positions

@test "earliest and latest" {
    lands earliest 10
    is "$(cat "$P/lag")" 90
    lands latest 100
    is "$(cat "$P/lag")" 0
}

@test "all shards of a group move in one loop, or by the example" {
    local shard
    for shard in apps/audit/orders/*/; do
        echo earliest >"${shard}checkpoint"
    done
    is "$(stored | grep -c '^audit orders [012] MTA= -$')" 3
    export TMPDIR=$DIR
    run -0 "$BATS_TEST_DIRNAME/../../examples/reset.sh" apps/audit/orders latest
    is "$(stored | grep -c '^audit orders [012] MTAw -$')" 3
    is "${lines[3]}" "orders/2: MTA= -> MTAw"
    run -1 "$BATS_TEST_DIRNAME/../../examples/reset.sh" apps/audit/orders yesterday
    is "$(stored | grep -c '^audit orders [012] MTAw -$')" 3
}

@test "a shift is from what is committed now, by the decimal" {
    lands 'shift +8' 50
    committed billing orders 0 60
    lands 'shift -10' 50
    lands 'shift +0' 50
    committed billing orders 0 "$BIG"
    lands 'shift +4' 1524155379373908500
    refused "${SAYS[ENOENT]:?}" put apps/billing/orders/1/checkpoint 'shift +1'
}

@test "a shift below 0, or above 2^63-1, is ERANGE" {
    refused "${SAYS[ERANGE]:?}" put "$P/checkpoint" 'shift -43'
    committed billing orders 0 9223372036854775807
    refused "${SAYS[ERANGE]:?}" put "$P/checkpoint" 'shift +1'
    is "$(changes)" 0
}

@test "@TIME lands on the log group that since/ begins with" {
    local when number
    when=@$(($(date +%s) - 50))
    number=$(decimal "$(cat "$S/cursors/since/$when")")
    ((number > 40 && number < 60))
    lands "$when" "$number"
    lands "@$(date -ud "$when" +%Y-%m-%dT%H:%M:%SZ)" "$number"
    # rounded up
    lands "$when.5" $((number + 1))
    put "$P/checkpoint" @50s
    ((number <= $(decimal "$(cat "$P/checkpoint")")))
}

@test "the service judges no range; -o clamp does it here" {
    lands "$(b64 5)" 5
    lands 'shift +495' 500
    remount_service -o clamp
    lands 500 100
    lands 50 50
    lands 3 10
    lands "$(b64 500)" 100
    put "$P/checkpoint" V0hBVFRIRlVDSw==
    is "$(stored)" "billing orders 0 V0hBVFRIRlVDSw== -"
}

# ---- lag, earliest, latest

@test "lag counts log groups, is never negative, and all of them when nothing is committed" {
    committed billing orders 0 99
    is "$(cat "$P/lag")" 1
    committed billing orders 0 1000
    is "$(cat "$P/lag")" 0
    is "$(cat apps/billing/orders/1/lag) $(cat apps/audit/orders/0/lag)" "90 90"
    control POST logstore name=empty shards=1 >/dev/null
    group billing empty
    is "$(cat apps/billing/empty/0/lag)" 0
}

@test "a lag that no double holds" {
    control POST shard logstore=orders shard=0 earliest=9007199254740993 \
        latest=9223372036854775807 >/dev/null
    committed billing orders 0 9007199254740995
    is "$(cat "$P/lag")" 9214364837600034812
    is "$(cat "$S/earliest") $(cat "$S/latest")" "9007199254740993 9223372036854775807"
    is "$(jq -r .decimal "$P/status")" 9007199254740995
}

@test "lag, earliest, latest and status have no size until they are read" {
    local file
    is "$(stat -c %s "$P/lag" "$P/status" "$S/earliest" "$S/latest" "$S/status" | sort -u)" 0
    for file in "$P/lag" "$P/status" "$S/earliest" "$S/latest" "$S/status"; do
        cat "$file" >"$DIR/value"
        is "$file $(stat -c %s "$file")" "$file $(stat -c %s "$DIR/value")"
        is "$(wc -l <"$DIR/value")" 1
    done
}

# ---- cursors

@test "cursor is the checkpoint, or where the shard begins" {
    is "$(cat "$P/cursor") $(cat apps/billing/orders/1/cursor)" "NDI= MTA="
    committed billing orders 0 "$BIG"
    is "$(cat "$P/cursor") $(stat -c %s "$P/cursor")" "$BIG64 0"
}

@test "cursors/ has the ends, and every number" {
    is "$(cat "$S/cursors/earliest") $(cat "$S/cursors/latest")" "MTA= MTAw"
    is "$(cat "$S/cursors/at/50") $(cat "$S/cursors/at/NTA=")" "NTA= NTA="
    is "$(cat "$S/cursors/after/50") $(cat "$S/cursors/after/NTA=")" "NTE= NTE="
    is "$(cat "$S/cursors/at/$BIG") $(cat "$S/cursors/at/${BIG64%==}")" "$BIG64 $BIG64"
    is "$(cat "$S/cursors/after/${BIG64}")" "$(b64 1524155379373908497)"
    is "$(stat -c %s "$S/cursors/at/50" "$S/cursors/latest" | sort -u)" 0
    local name
    for name in x -1 '4 2' null '====' 1x; do
        absent "$S/cursors/at/$name"
        absent "$S/cursors/after/$name"
    done
    is "$(cat "$S/cursors/at/V0hBVFRIRlVDSw==")" V0hBVFRIRlVDSw==
    refused "${SAYS[EINVAL]:?}" cat "$S/cursors/after/V0hBVFRIRlVDSw=="
}

@test "since/ is the first log group of that time or later" {
    local when
    when=$(($(date +%s) - 50))
    is "$(cat "$S/cursors/since/@$when")" \
        "$(cat "$S/cursors/since/$(date -ud "@$when" +%Y-%m-%dT%H:%M:%SZ)")"
    is "$(cat "$S/cursors/since/2d") $(cat "$S/cursors/since/2099-01-01T00:00:00Z")" "MTA= MTAw"
    absent "$S/cursors/since/yesterday"
}

# ---- statuses and times

@test "status of a partition has every field" {
    committed billing orders 0 42 consumer=consumer_1 update_time=1524224984800922
    is "$(wc -l <"$P/status")" 1
    is "$(jq -c '[.app, .stream, "\(.partition)", .checkpoint, .metadata, .lag]' "$P/status")" \
        '["billing","orders","0","NDI=",null,58]'
    is "$(jq -c '[.earliest, .latest, .status, .consumer, .decimal]' "$P/status")" \
        '["10","100","readwrite","consumer_1","42"]'
    matches "$(jq -r .update_time "$P/status")" '^2018-04-20T11:49:44Z$'
    is "$(field committed)" "$(field update_time)"
    near "$(jq -r .cursor_time "$P/status")" 57
}

@test "texts of other clients that are no UTF-8 are shown as they are, and make no bad JSON" {
    stored_as billing orders 0 $'caf\xe9' consumer=$'\xff1'
    is "$(base64 <"$P/checkpoint")" "$(printf 'caf\xe9\n' | base64)"
    is "$(base64 <"$C")" "$(printf 'caf\xe9\n' | base64)"
    iconv -f UTF-8 -t UTF-8 "$P/status" >/dev/null
    is "$(jq -r '.checkpoint, .consumer' "$P/status" | base64)" \
        "$(printf 'caf\xef\xbf\xbd\n\xef\xbf\xbd1\n' | base64)"
    is "$(jq -r .checkpoint_base64 "$P/status")" "$(printf 'caf\xe9' | base64)"
    is "$(jq -c '[.decimal, .lag]' "$P/status")" "[null,null]"
    put "$P/checkpoint" 43
    is "$(jq -c .checkpoint_base64 "$P/status")" null
}

@test "status of a partition without a checkpoint says so" {
    is "$(jq -c '[has("decimal", "update_time", "cursor_time")]' apps/billing/orders/1/status)" \
        '[true,true,true]'
    is "$(jq -c '[.checkpoint, .decimal, .committed, .update_time, .cursor_time, .lag]' \
        apps/billing/orders/1/status)" '[null,null,null,null,null,90]'
    is "$(jq -c '[.earliest, .latest, .status]' apps/billing/orders/1/status)" \
        '["10","100","readwrite"]'
}

@test "the time of a commit in seconds, milliseconds or microseconds is the same" {
    local time
    for time in 1524224984 1524224984800 1524224984800922; do
        committed billing orders 0 42 update_time="$time"
        remount_service
        is "$time $(field committed)" "$time "'"2018-04-20T11:49:44Z"'
        is "$time $(stat -c %Y "$C")" "$time 1524224984"
    done
}

@test "a time that SLS does not know, or writes in another way, spoils no status" {
    local said
    for said in null -1 99999999999; do
        fault body path=cursor_time text="{\"cursor_time\":$said}"
        is "$said $(field cursor_time) $(field lag)" "$said null 58"
    done
    for said in 1554260243.0 '"1554260243"'; do
        fault body path=cursor_time text="{\"cursor_time\":$said}"
        is "$said $(field cursor_time)" "$said "'"2019-04-03T02:57:23Z"'
    done
}

@test "cursor_time at the end, and of what is no longer kept, is null or a time" {
    local number
    for number in 100 5 500; do
        committed billing orders 0 "$number"
        is "$(jq -c '[.checkpoint, .decimal]' "$P/status")" "[\"$(b64 "$number")\",\"$number\"]"
        jq -e '.cursor_time | . == null or test("Z$")' "$P/status"
    done
    quirk cursor_time_at_end=invalid
    committed billing orders 0 100
    is "$(field cursor_time) $(field lag)" "null 0"
}

@test "status of a logstore and of its shards" {
    is "$(jq -c '[.stream, .partitions, .writable_partitions]' streams/orders/status)" \
        '["orders",3,3]'
    is "$(jq -c '[.stream, "\(.partition)", .earliest, .latest, .status]' "$S/status")" \
        '["orders","0","10","100","readwrite"]'
    is "$(wc -l <streams/orders/status) $(wc -l <"$S/status")" "1 1"
}

@test "mtime of a checkpoint is when it was committed, to the microsecond" {
    committed billing orders 0 42 update_time=1524224984800922
    remount_service
    is "$(stat -c %.Y "$C") $(stat -c %.Y "$P/checkpoint")" \
        "1524224984.800922000 1524224984.800922000"
    is "$(find checkpoints -type f -mmin +1)" "$C"
    put "$P/checkpoint" 43
    is "$(find checkpoints -type f -mmin -1)" "$C"
    let_values_age
    is "$(find checkpoints -type f -mmin -1)" "$C"
    tar -cf "$DIR/backup.tar" checkpoints
}

@test "commits names the partition, the writer, and how it ended" {
    run -0 bash -c "echo \$\$; echo latest >$P/checkpoint"
    is "$(journal path what result)" $'billing/orders/0\tcommit\tok'
    is "$(journal uid pid command)" "uid=$EUID"$'\t'"pid=$output"$'\tbash'
    matches "$(journal number)" '^(100|MTAw)$'
}
