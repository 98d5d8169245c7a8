# shellcheck shell=bats
# shellcheck disable=SC2030,SC2031 # each test is a shell of its own
# The tree of DIS: what is listed and found, in all the forms in which the service may tell it; what
# can be made and removed.

load dis

# ---- listings

@test "500 apps are listed, over all pages" {
    make_many apps=500
    remount_service
    forget_requests
    ls apps >"$DIR/apps"
    is "$(wc -l <"$DIR/apps")" 502
    is "$(grep -c '^app-0[0-4][0-9][0-9]$' "$DIR/apps")" 500
    (($(requests GET /apps) <= 7))
    is "$(find checkpoints -mindepth 1 -maxdepth 1 | wc -l)" 502
}

@test "200 streams are listed, over all pages" {
    make_many streams=200 partitions=2
    remount_service
    is "$(compgen -G 'streams/stream-0[01][0-9][0-9]' | wc -l)" 200
    is "$(count apps/billing)" 202
    is "$(entries streams/stream-0199)" "0 1 status"
}

@test "exactly full pages are listed whole" {
    make_many apps=198 streams=98
    remount_service
    is "$(count apps) $(count streams)" "200 100"
    control POST stream name=wide partitions=1000 >/dev/null
    is "$(count streams/wide) $(count apps/audit/wide)" "1001 1001"
}

@test "what another client made is found at once, and listed after -o listing" {
    remount_service -o listing=1
    ls apps streams streams/orders >/dev/null
    control POST app name=newapp >/dev/null
    control POST stream name=newstream partitions=2 latest=5 >/dev/null
    is "$(cat streams/newstream/1/latest)" 5
    put apps/newapp/newstream/1/checkpoint 3
    is "$(stored)" $'billing orders 0 42 note\nnewapp newstream 1 3'
    eventually listed apps "audit billing newapp"
    eventually listed streams "newstream orders payments"
}

@test "what another client deleted is ENOENT, and goes from the listing" {
    remount_service -o listing=1
    ls -R apps checkpoints >/dev/null
    curl -sS --max-time 10 -o /dev/null -X POST "$URL/_control/reset"
    seed '{"apps":["billing"],"streams":[{"name":"orders","partitions":1,"latest":9}]}'
    refused "${SAYS[ENOENT]:?}" cat "$P/checkpoint"
    eventually listed apps billing
    eventually listed streams orders
    eventually listed_partitions apps/billing/orders 0
    eventually listed checkpoints/billing ""
}

@test "partitions that were added are found at once" {
    remount_service -o listing=1
    ls streams/orders apps/billing/orders >/dev/null
    control POST stream name=orders partitions=5 earliest=10 latest=100 >/dev/null
    put apps/billing/orders/4/checkpoint 20
    is "$(cat apps/billing/orders/4/checkpoint)" 20
    eventually listed_partitions apps/billing/orders "0 1 2 3 4"
    eventually listed streams/orders "0 1 2 3 4 status"
}

@test "checkpoints/ follows other clients within -o snapshot" {
    remount_service -o snapshot=1
    is "$(entries checkpoints/billing/orders)" 0
    committed billing orders 2 77 'longer note'
    committed billing orders 0 1000000
    let_values_age
    is "$(cat checkpoints/billing/orders/2)" $'77\nlonger note'
    is "$(stat -c %s checkpoints/billing/orders/2 "$C" | xargs)" "15 8"
    eventually listed checkpoints/billing/orders "0 2"
}

@test "what was written through this mount is seen at once, on both sides" {
    keeps 0 2000000
    remount_service -o snapshot=60,listing=60
    ls -lR checkpoints apps >/dev/null
    local number
    for number in 50 1000000 7; do
        put "$P/checkpoint" "$number"
        is "$(cat "$C") $(stat -c %s "$C" "$P/checkpoint" | xargs)" \
            "$number $((${#number} + 1)) $((${#number} + 1))"
    done
    put_once "$C" '8\nby hand\n'
    is "$(cat "$P/checkpoint") $(cat "$P/metadata")" "8 by hand"
    put apps/billing/payments/0/checkpoint 20
    is "$(entries checkpoints/billing) $(cat checkpoints/billing/payments/0)" "orders payments 20"
    rm "$P/checkpoint"
    absent "$C"
    is "$(entries checkpoints/billing)" payments
}

@test "a checkpoint that another client makes is seen within -o snapshot where there was none" {
    refused "${SAYS[ENOENT]:?}" cat apps/billing/orders/1/checkpoint
    ls apps/billing/orders/1 >/dev/null
    committed billing orders 1 50
    let_values_age
    is "$(cat apps/billing/orders/1/checkpoint)" 50
    is "$(entries apps/billing/orders/1)" "checkpoint cursor lag metadata records status"
}

# ---- the forms in which the service may tell it

@test "partitions named shardId in consumption states" {
    quirk partition_form=shard
    remount_service
    everything_is_right
}

@test "a partition is found as a number and as shardId, and listed as a number" {
    is "$(cat apps/billing/orders/shardId-0000000000/checkpoint)" 42
    is "$(cat checkpoints/billing/orders/shardId-0000000000)" $'42\nnote'
    is "$(cat streams/orders/shardId-0000000002/latest)" 100
    put apps/billing/orders/shardId-0000000001/checkpoint 50
    is "$(cat apps/billing/orders/1/checkpoint)" 50
    is "$(partitions apps/billing/orders) $(entries checkpoints/billing/orders)" "0 1 2 0 1"
    absent apps/billing/orders/shardId-0000000003
}

@test "numbers in consumption states" {
    quirk numbers=states
    remount_service
    everything_is_right
}

@test "numbers everywhere, also large ones" {
    quirk numbers=all
    remount_service
    everything_is_right
    local number
    for number in 0 9007199254740993 9223372036854775807; do
        committed billing orders 0 "$number"
        is "$(cat "$P/checkpoint")" "$number"
        remount_service
        is "$(cat "$C")" "$number"
        is "$(stat -c %s "$C")" $((${#number} + 1))
    done
}

@test "large numbers as texts, and a lag that no double holds" {
    control POST partition stream=orders partition=0 earliest=9007199254740993 \
        latest=9223372036854775807 >/dev/null
    committed billing orders 0 9007199254740995
    let_values_age
    is "$(cat "$P/checkpoint") $(cat "$C")" "9007199254740995 9007199254740995"
    is "$(cat "$P/lag")" 9214364837600034811
    is "$(cat "$S/earliest") $(cat "$S/latest")" "9007199254740993 9223372036854775807"
    is "$(jq -r .checkpoint "$P/status")" 9007199254740995
}

@test "metadata missing or null in consumption states is asked for" {
    local form
    committed billing orders 1 50 $'\xc3\xa9 two'
    for form in absent null; do
        quirk "metadata=$form"
        remount_service
        is "$(cat "$P/metadata")" note
        is "$(cat "$C")" $'42\nnote'
        is "$(stat -c %s "$C" "$P/metadata" checkpoints/billing/orders/1 | xargs)" "8 5 10"
        rm -rf "$DIR/restored"
        mkdir "$DIR/restored"
        tar -cf - checkpoints | tar -xf - -C "$DIR/restored"
        is "$(cat "$DIR/restored/$C")" $'42\nnote'
        is "$(cat "$DIR/restored/checkpoints/billing/orders/1")" $'50\n\xc3\xa9 two'
    done
}

@test "metadata that is empty, missing or null in a checkpoint is none" {
    local form
    committed billing orders 0 42
    for form in string absent null; do
        quirk "empty_metadata=$form"
        is "$form $(cat "$P/checkpoint") [$(cat "$P/metadata")]" "$form 42 []"
    done
}

@test "no checkpoint, told in each way" {
    local form
    for form in string number empty null; do
        quirk "no_checkpoint=$form"
        remount_service
        refused "${SAYS[ENOENT]:?}" cat apps/billing/orders/1/checkpoint
        refused "${SAYS[ENOENT]:?}" cat apps/billing/orders/1/metadata
        is "$form $(jq -c '[.checkpoint, .lag]' apps/billing/orders/1/status)" "$form [null,90]"
        refused "${SAYS[ENOENT]:?}" put apps/billing/orders/1/metadata text
        refused "${SAYS[ENOENT]:?}" put apps/billing/orders/1/checkpoint 'shift +1'
        everything_is_right
    done
    is "$(stored)" "billing orders 0 42 note"
}

@test "an answer without the number says nothing: it is not taken for no checkpoint" {
    warm
    let_values_age
    quirk no_checkpoint=absent
    refused "${SAYS[EBADMSG]:?}" cat apps/billing/orders/1/checkpoint
    refused "${SAYS[EBADMSG]:?}" put apps/billing/orders/1/checkpoint 'shift +1'
    is "$(cat "$P/checkpoint") $(stored)" "42 billing orders 0 42 note"
}

@test "an app without checkpoints that is refused its consumption states" {
    quirk uncommitted_app=refused
    remount_service
    is "$(entries apps/audit) $(partitions apps/audit/orders)" "orders payments 0 1 2"
    is "$(entries checkpoints/audit)" ""
    is "$(entries apps/audit/orders/0)" "cursor lag records status"
    is "$(cat apps/audit/orders/0/lag)" 90
    put apps/audit/orders/0/checkpoint 50
    is "$(cat checkpoints/audit/orders/0)" 50
    is "$(cat "$S/latest")" 100
}

@test "apps that are listed without the streams on which they committed" {
    fault body path='/apps?' count=forever \
        text='{"apps":[{"app_name":"audit"},{"app_name":"billing"}],"has_more_app":false}'
    remount_service
    everything_is_right
}

@test "has_more that is only a full page, or missing" {
    make_many apps=198 streams=198
    control POST stream name=wide partitions=2000 latest=10 >/dev/null
    committed audit wide 1999 5
    local form
    for form in full absent; do
        quirk "has_more=$form"
        remount_service
        is "$form $(count apps) $(count streams)" "$form 200 201"
        is "$form $(count streams/wide) $(count apps/audit/wide)" "$form 2001 2001"
        is "$(entries checkpoints/audit/wide) $(cat checkpoints/audit/wide/1999)" "1999 5"
    done
    is "$(cat errors)" ""
}

# ends COMMAND...: within 10 seconds, and 200 requests, whether it succeeds or not.
ends() {
    forget_requests
    run timeout 10 "$@"
    ((status != 124)) || is "$*" "an end"
    (($(requests) <= 200)) || is "$* took $(requests) requests" "200"
}

@test "pages that never end, or repeat themselves, do not hang a listing" {
    remount_service -o lazy,timeout=5
    fault body path='/apps?' count=forever \
        text='{"has_more_app":true,"apps":[{"app_name":"a"}],"total_number":9}'
    ends ls apps
    no_faults
    fault body path='/apps?' count=forever text='{"has_more_app":true,"apps":[]}'
    ends ls checkpoints
    no_faults
    fault body path='/streams?' count=forever \
        text='{"has_more_streams":true,"stream_names":["s"],"stream_info_list":[]}'
    ends ls streams
    no_faults
    remount_service -o timeout=5
    fault body path=/streams/orders? count=forever text='{"stream_name":"orders","status":"RUNNING",
        "has_more_partitions":true,"partitions":[{"status":"ACTIVE","hash_range":"[0 : 9]",
        "partition_id":"shardId-0000000000","sequence_number_range":"[0 : 9]"}]}'
    fault body path=/apps/billing/streams/ count=forever text='{"has_more":true,"partition_consuming_states":[
        {"partition_id":"0","sequence_number":"3","latest_offset":9,"earliest_offset":0,
        "checkpoint_type":"LAST_READ","status":"ACTIVE"}]}'
    ends ls streams/orders
    ends ls -l checkpoints/billing/orders
    ends ls -l apps/billing/orders/0/checkpoint
    no_faults
    remount_service
    everything_is_right
}

@test "a partition that was closed (DELETED) stays readable, and status says so" {
    control POST partition stream=orders partition=1 status=DELETED >/dev/null
    committed billing orders 1 50
    remount_service
    is "$(partitions apps/billing/orders) $(entries streams/orders)" "0 1 2 0 1 2 status"
    is "$(cat apps/billing/orders/1/checkpoint) $(cat checkpoints/billing/orders/1)" "50 50"
    is "$(cat apps/billing/orders/1/lag) $(cat streams/orders/1/latest)" "49 100"
    put apps/billing/orders/1/checkpoint 51
    cat apps/billing/orders/1/cursor streams/orders/1/cursors/earliest >/dev/null
    words apps/billing/orders/1/status | grep -qx DELETED
    words streams/orders/1/status | grep -qx DELETED
    words streams/orders/0/status | grep -qx ACTIVE
    not grep -q DELETED "$P/status"
}

@test "a partition that is EXPIRED is not there, whatever its range says" {
    committed billing orders 1 50
    control POST partition stream=orders partition=1 status=EXPIRED >/dev/null
    local form
    for form in null text; do
        quirk "expired_range=$form"
        remount_service
        is "$form $(partitions apps/billing/orders)" "$form 0 2"
        is "$form $(entries streams/orders)" "$form 0 2 status"
        is "$form $(entries checkpoints/billing/orders)" "$form 0"
        absent apps/billing/orders/1
        absent streams/orders/1
        is "$(cat apps/billing/orders/2/lag)" 90
    done
    is "$(cat errors)" ""
}

@test "a partition that is being made harms no other" {
    control POST partition stream=orders partition=2 status=CREATING >/dev/null
    remount_service
    is "$(cat "$P/checkpoint") $(cat "$S/latest") $(cat "$P/lag")" "42 100 57"
    ls streams/orders apps/billing/orders >/dev/null
    run timeout 10 grep -rs . streams
    ((status != 124))
    run timeout 10 grep -rs . apps
    ((status != 124))
}

@test "status of a stream and of its partitions is JSON" {
    control POST stream name=orders retention=48 >/dev/null
    remount_service
    words streams/orders/status | grep -qx RUNNING
    is "$(jq -c '[.. | numbers] | index(48) != null' streams/orders/status)" true
    is "$(jq -c '[.app, .stream, "\(.partition)", .checkpoint, .metadata, .lag]' "$P/status")" \
        '["billing","orders","0","42","note",57]'
    is "$(jq -c '[.earliest, .latest]' "$P/status" "$S/status" | sort -u)" '["10","100"]'
    is "$(wc -l <"$P/status") $(wc -l <"$S/status") $(wc -l <streams/orders/status)" "1 1 1"
    local file
    for file in "$P/status" "$S/status" streams/orders/status; do
        # wc alone would trust the size
        # shellcheck disable=SC2002
        is "$(stat -c %s "$file")" "$(cat "$file" | wc -c)"
    done
}

# ---- making and removing

@test "mkdir makes an app in either tree, rmdir deletes it" {
    mkdir apps/one
    mkdir checkpoints/two
    is "$(entries apps) $(entries checkpoints)" "audit billing one two audit billing one two"
    is "$(entries apps/one) $(entries checkpoints/one)" "orders payments "
    rmdir apps/two
    rmdir checkpoints/one
    is "$(entries apps) $(entries checkpoints)" "audit billing audit billing"
    absent apps/one
}

@test "mkdir of what exists, and of names that no app can have" {
    refused "${SAYS[EEXIST]:?}" mkdir apps/billing
    refused "${SAYS[EEXIST]:?}" mkdir checkpoints/billing
    control POST app name=newapp >/dev/null
    refused "${SAYS[EEXIST]:?}" mkdir apps/newapp
    refused "${SAYS[EINVAL]:?}" mkdir 'apps/a b'
    refused "${SAYS[EINVAL]:?}" mkdir apps/.hidden
    refused "${SAYS[EINVAL]:?}" mkdir "apps/$(repeat 201 a)"
    mkdir "apps/$(repeat 200 a)"
    is "$(changes)" "$(requests POST /apps)"
}

@test "rmdir of an app with checkpoints is ENOTEMPTY, and deletes nothing" {
    refused "${SAYS[ENOTEMPTY]:?}" rmdir apps/billing
    refused "${SAYS[ENOTEMPTY]:?}" rmdir checkpoints/billing
    is "$(changes)" 0
    committed audit payments 0 20
    refused "${SAYS[ENOTEMPTY]:?}" rmdir apps/audit
    is "$(requests DELETE)" 0
}

@test "rmdir of an app that is in use is EBUSY" {
    fault status method=DELETE path=/apps/audit status=400 code=DIS.4331 message="app is using."
    refused "${SAYS[EBUSY]:?}" rmdir apps/audit
    is "$(entries apps)" "audit billing"
    rmdir apps/audit
    is "$(entries apps)" billing
}

@test "streams and partitions are not made or removed here" {
    local path
    # it may say that one is there, for a lookup that cannot be mkdir's does not ask
    for path in streams/newstream streams/orders/9 apps/billing/newstream apps/billing/orders/9; do
        not mkdir "$path"
        absent "$path"
    done
    for path in streams/orders streams/orders/0 apps/billing/orders apps/billing/orders/0 \
        streams/orders/0/cursors; do
        refused "${SAYS[EPERM]:?}" rmdir "$path"
    done
    is "$(changes)" 0
    everything_is_right
}

@test "earliest and latest of a stream are read-only" {
    local file
    for file in "$S/earliest" "$S/latest"; do
        is "$(stat -c %a "$file")" 444
        refused "${SAYS[EROFS]:?}" put "$file" 50
    done
    is "$(cat "$S/earliest") $(cat "$S/latest") $(changes)" "10 100 0"
    is "$(stat -c %s "$S/earliest" "$S/latest" | xargs)" "3 4"
}

@test "rm deletes the checkpoint, and the file is gone on both sides" {
    rm "$P/checkpoint"
    is "$(stored)" ""
    refused "${SAYS[ENOENT]:?}" cat "$P/checkpoint"
    absent "$C"
    refused "${SAYS[ENOENT]:?}" rm "$P/checkpoint"
    put "$P/checkpoint" 43
    rm "$C"
    is "$(stored)" ""
}

@test "cp -r clones a consumer, diff -r finds no difference, rm -r removes it" {
    committed billing orders 2 77 $'two\nlines'
    committed billing payments 0 11
    remount_service
    cp -r checkpoints/billing checkpoints/clone
    is "$(stored | grep '^clone' | sort)" $'clone orders 0 42 note
clone orders 2 77 two\\nlines
clone payments 0 11'
    run -0 diff -r checkpoints/billing checkpoints/clone
    is "$output" ""
    is "$(cat checkpoints/clone/orders/2)" $'77\ntwo\nlines'
    rm -r checkpoints/clone/orders
    is "$(entries checkpoints/clone) $(stored | grep -c '^clone')" "payments 1"
    rm -r checkpoints/clone
    is "$(entries apps) $(stored | grep -c '^clone')" "audit billing 0"
}

@test "tar and rsync back up and restore" {
    needs rsync
    committed billing orders 2 77 $'two\nlines'
    remount_service
    tar -cf "$DIR/backup.tar" checkpoints
    rsync -a checkpoints/ "$DIR/backup/"
    rm -r checkpoints/billing
    is "$(stored)" ""
    tar -xf "$DIR/backup.tar"
    is "$(stored | wc -l) $(flat "$C")" "2 42 note"
    put "$C" 11
    rsync -rI "$DIR/backup/" checkpoints/
    is "$(flat "$C")" "42 note"
    is "$(cat checkpoints/billing/orders/2)" $'77\ntwo\nlines'
}

@test "sed -i commits by a rename" {
    sed -i 's/^42$/43/' "$C"
    is "$(stored)" "billing orders 0 43 note"
}

@test "metadata that is not UTF-8 is told byte by byte, and its status is JSON all the same" {
    local metadata=$'caf\xe9'
    fault body path=/streams/orders count=forever text="{\"has_more\":false,
        \"partition_consuming_states\":[{\"partition_id\":\"0\",\"sequence_number\":\"42\",
        \"metadata\":\"$metadata\",\"latest_offset\":100,\"earliest_offset\":10}]}"
    is "$(python3 -c 'import json, sys; print(ascii(json.load(open(sys.argv[1]))["metadata"]))' \
        "$P/status")" "'caf\\ufffd'"
    fault body path=/checkpoints text="{\"sequence_number\":\"42\",\"metadata\":\"$metadata\"}"
    is "$(cat "$P/metadata")" "$metadata"
}

# ---- times

# times: committed and seen of the status, and the time of the file, in seconds since 1970.
times() {
    jq -r '[.committed, .seen] | map(if . then fromdate else "null" end) | @tsv' "$P/status"
    stat -c %Y "$C"
}

@test "a commit that others made has no time, and its file that of the first look" {
    local before committed seen modified
    before=$(date +%s)
    read -r -d '' committed seen modified < <(times) || true
    is "$committed $modified" "null $seen"
    ((before <= seen && seen <= $(date +%s)))
    remount_service
    is "$(times | cut -f 1 | head -n 1)" null
}

@test "a commit of this mount has the time at which it was made, until others commit" {
    local before after committed seen modified
    times >/dev/null
    sleep 1.1
    before=$(date +%s)
    put "$P/checkpoint" 43
    after=$(date +%s)
    read -r -d '' committed seen modified < <(times) || true
    ((before <= committed && committed <= after))
    is "$seen $modified" "$committed $committed"
    let_values_age
    is "$(times | xargs)" "$committed $seen $modified"

    # The same number once more: it was seen before.
    sleep 1.1
    put "$P/checkpoint" 43
    read -r -d '' committed before modified < <(times) || true
    ((committed > after))
    is "$before $modified" "$seen $committed"

    committed billing orders 0 43 "a note of theirs"
    is "$(times | cut -f 1 | head -n 1)" null
    committed billing orders 0 50
    is "$(times | cut -f 1 | head -n 1)" null
}
