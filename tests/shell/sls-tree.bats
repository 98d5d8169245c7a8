# shellcheck shell=bats
# The tree of SLS: what is listed and found, what can be made and removed, and what ordinary tools do
# with checkpoints/.

load sls

# ---- listings

@test "there is no metadata" {
    absent "$P/metadata"
    refused "${SAYS[EPERM]:?}" touch "$P/metadata"
    is "$(wc -l <"$C")" 1
}

@test "a logstore without shards is an empty directory" {
    control POST logstore name=bare shards=0 >/dev/null
    group billing bare
    remount_service
    is "$(entries streams/bare) $(partitions apps/billing/bare)" "status "
    is "$(cat streams/bare/status)" '{"stream":"bare","partitions":0,"writable_partitions":0}'
    absent apps/billing/bare/0
    is "$(cat errors)" ""
}

@test "the order in which the service lists does not matter" {
    quirk order=shuffled
    remount_service
    everything_is_right
}

@test "a project without logstores, and logstores without groups, are empty directories" {
    restart_service
    remount_service
    is "$(entries apps)$(entries checkpoints)$(entries streams)" ""
    make_many logstores=2 shards=1 groups=0
    remount_service
    is "$(entries apps)$(entries checkpoints) $(entries streams)" " logstore-0000 logstore-0001"
    is "$(cat errors)" ""
}

@test "apps/ is the union over all logstores, and apps/G has those of G" {
    make_many logstores=100 shards=1 groups=3
    make_many logstore_prefix=other- logstores=5 shards=1 group_prefix=rare- groups=2
    remount_service
    is "$(entries apps)" "audit billing group-0000 group-0001 group-0002 rare-0000 rare-0001"
    is "$(entries checkpoints)" "$(entries apps)"
    is "$(count apps/group-0002) $(count apps/rare-0001) $(count apps/billing)" "100 5 2"
    is "$(entries apps/rare-0000)" "other-0000 other-0001 other-0002 other-0003 other-0004"
}

@test "600 logstores are listed, over all pages" {
    make_many logstores=600 shards=2 groups=1
    remount_service
    is "$(compgen -G 'streams/logstore-0[0-5][0-9][0-9]' | wc -l) $(count streams)" "600 602"
    is "$(count apps/group-0000)" 600
    is "$(entries streams/logstore-0599)" "0 1 status"
    (($(requests GET /logstores) >= 2))
}

@test "an exactly full page is listed whole" {
    make_many logstores=498 shards=1 groups=0
    remount_service
    is "$(count streams) $(entries apps)" "500 audit billing"
}

@test "a group with many logstores, and a logstore with many shards" {
    wide 256
    make_many logstores=150 shards=1 groups=1
    remount_service
    is "$(count apps/group-0000) $(count apps/audit/wide) $(count streams/wide)" "150 257 257"
    is "$(find checkpoints/audit -type f | wc -l)" 256
    is "$(cat checkpoints/audit/wide/255)" "$(b64 1255)"
}

@test "a logstore whose groups may not be listed, or that is gone meanwhile, is left out" {
    local code
    declare -A told=([401]=1 [403]=1 [404]=0)
    for code in 401:Unauthorized 403:ProjectForbidden 404:LogStoreNotExist; do
        fault status status="${code%:*}" code="${code#*:}" path=/payments/consumergroups \
            count=forever
        remount_service
        is "$code $(entries apps) $(entries apps/billing)" "$code audit billing orders"
        is "$(cat "$P/checkpoint") $(entries streams)" "NDI= orders payments"
        # in silence if it is gone, and else with a line
        is "$code $(grep -c 'the consumer groups of the logstore payments are left out: ' errors || true)" \
            "$code ${told[${code%%:*}]}"
        no_faults
    done
}

@test "what another client made is found at once, and listed after -o listing" {
    remount_service -o listing=1
    ls apps apps/audit streams >/dev/null
    control POST logstore name=newstore shards=2 earliest=0 latest=5 >/dev/null
    group newgroup newstore
    group audit payments
    is "$(cat streams/newstore/1/latest)" 5
    put apps/newgroup/newstore/1/checkpoint 3
    put apps/audit/payments/0/checkpoint 20
    is "$(cat apps/newgroup/newstore/1/checkpoint)" "$(b64 3)"
    eventually listed apps "audit billing newgroup"
    eventually listed apps/audit "orders payments"
    eventually listed streams "newstore orders payments"
}

@test "what another client deleted is ENOENT, and goes from the listing" {
    remount_service -o listing=1
    ls -R apps checkpoints >/dev/null
    control DELETE group name=billing logstore=orders >/dev/null
    control DELETE group name=audit logstore=orders >/dev/null
    refused "${SAYS[ENOENT]:?}" cat "$P/checkpoint"
    eventually listed apps billing
    eventually listed apps/billing payments
    eventually listed checkpoints/billing ""
}

@test "shards that were added are found at once" {
    remount_service -o listing=1
    ls streams/orders apps/billing/orders >/dev/null
    control POST logstore name=orders shards=5 earliest=10 latest=100 >/dev/null
    put apps/billing/orders/4/checkpoint 20
    is "$(decimal "$(cat apps/billing/orders/4/checkpoint)")" 20
    eventually listed_partitions apps/billing/orders "0 1 2 3 4"
    eventually listed streams/orders "0 1 2 3 4 status"
}

@test "shards that never had a commit may be missing in what the service tells: they are found" {
    quirk empty_shards=absent
    remount_service
    is "$(partitions apps/audit/orders) $(partitions apps/billing/orders)" "0 1 2 0"
    is "$(entries apps/billing/orders/1)" "cursor lag records status"
    is "$(cat apps/billing/orders/1/lag)" 90
    absent apps/billing/orders/3
    put apps/billing/orders/2/checkpoint 20
    is "$(entries checkpoints/billing/orders)" "0 2"
}

@test "a shard that was split stays, and status says that it is readonly" {
    committed billing orders 1 50
    control POST shard logstore=orders shard=1 status=readonly >/dev/null
    remount_service
    is "$(partitions apps/billing/orders) $(entries streams/orders)" "0 1 2 0 1 2 status"
    is "$(jq -r .status apps/billing/orders/{0,1}/status streams/orders/{0,1}/status | xargs)" \
        "readwrite readonly readwrite readonly"
    is "$(jq -c '[.stream, .partitions, .writable_partitions]' streams/orders/status)" \
        '["orders",3,2]'
    put apps/billing/orders/1/checkpoint latest
    is "$(cat apps/billing/orders/1/checkpoint) $(cat apps/billing/orders/1/lag)" "MTAw 0"
}

@test "a shard is found as a number and as shardId, and listed as a number" {
    is "$(cat apps/billing/orders/shardId-0000000000/checkpoint)" NDI=
    is "$(cat checkpoints/billing/orders/shardId-0000000000)" NDI=
    put apps/billing/orders/shardId-0000000001/checkpoint 50
    is "$(cat apps/billing/orders/1/checkpoint)" "$(b64 50)"
    is "$(partitions apps/billing/orders) $(entries checkpoints/billing/orders)" "0 1 2 0 1"
    absent apps/billing/orders/shardId-0000000003
}

@test "find goes through all of it, and nothing fails" {
    committed billing payments 0 11
    remount_service
    run -0 find .
    is "$(grep -c '/checkpoint$' <<<"$output")" 2
    is "$(find checkpoints -type f | sort | xargs)" "$C checkpoints/billing/payments/0"
    run -0 grep -r . apps streams checkpoints
    run -0 ls -lR .
    is "$(cat errors)" ""
}

# ---- making and removing

@test "mkdir apps/G is a directory in memory; mkdir apps/G/LOGSTORE makes the group" {
    mkdir apps/newgroup
    is "$(entries apps) $(entries apps/newgroup) $(changes)" "audit billing newgroup  0"
    mkdir apps/newgroup/orders
    is "$(known_groups | grep newgroup) $(changes)" "newgroup orders 1"
    is "$(entries apps/newgroup) $(partitions apps/newgroup/orders)" "orders 0 1 2"
    put apps/newgroup/orders/0/checkpoint 50
    is "$(cat checkpoints/newgroup/orders/0)" "$(b64 50)"
}

@test "mkdir -p makes a group in either tree" {
    mkdir -p apps/one/orders apps/one/payments checkpoints/two/orders
    is "$(known_groups | grep -E '^(one|two)' | xargs)" "one orders one payments two orders"
    is "$(entries apps) $(entries apps/one)" "audit billing one two orders payments"
    is "$(entries apps/two)$(entries checkpoints/two/orders)" orders
    put checkpoints/two/orders/0 50
    is "$(cat apps/two/orders/0/checkpoint)" "$(b64 50)"
    mkdir -p apps/billing/orders "$P" checkpoints/billing/orders
}

@test "mkdir of what exists is EEXIST" {
    local path
    for path in apps/billing checkpoints/billing apps/billing/orders apps/audit/orders \
        checkpoints/billing/orders; do
        refused "${SAYS[EEXIST]:?}" mkdir "$path"
    done
    group newgroup orders
    refused "${SAYS[EEXIST]:?}" mkdir apps/newgroup
    refused "${SAYS[EEXIST]:?}" mkdir apps/newgroup/orders
    is "$(stored)" "billing orders 0 NDI= -"
}

@test "mkdir below checkpoints/ of a group that has nothing committed there is no failure" {
    mkdir checkpoints/billing/payments
    put checkpoints/billing/payments/0 50
    is "$(stored | sort)" $'billing orders 0 NDI= -\nbilling payments 0 NTA= -'
}

@test "mkdir on a logstore that is not there is ENOENT, and makes no group" {
    mkdir apps/newgroup checkpoints/another
    local path
    for path in apps/newgroup apps/billing checkpoints/another checkpoints/billing; do
        refused "${SAYS[ENOENT]:?}" mkdir "$path/nosuch"
        absent "$path/nosuch"
    done
    is "$(known_groups | wc -l)" 3
}

@test "mkdir of names that no group can have is EINVAL" {
    local name
    for name in 'a b' .hidden "$(repeat 201 a)" $'\xc3\xa9'; do
        refused "${SAYS[EINVAL]:?}" mkdir "apps/$name"
        refused "${SAYS[EINVAL]:?}" mkdir "checkpoints/$name"
    done
    is "$(changes)" 0
    name=$(repeat 129 a)
    mkdir "apps/$name"
    refused "${SAYS[EINVAL]:?}" mkdir "apps/$name/orders"
    reported EINVAL 400 ParameterInvalid
}

@test "mkdir beyond the quota of groups is EDQUOT" {
    control POST make logstores=1 shards=1 groups=30 >/dev/null
    remount_service
    local quota
    for quota in 400 403; do
        quirk quota_status="$quota"
        refused "${SAYS[EDQUOT]:?}" mkdir -p apps/newgroup/logstore-0000
        reported EDQUOT "$quota" ConsumerGroupQuotaExceed
    done
    mkdir apps/newgroup/orders
}

@test "a typing error makes no group" {
    local file
    for file in apps/nosuch/orders/0/checkpoint apps/audit/payments/0/checkpoint \
        checkpoints/nosuch/orders/0 checkpoints/audit/payments/0 \
        apps/billing/nosuch/0/checkpoint; do
        refused "${SAYS[ENOENT]:?}" put "$file" 50
    done
    is "$(changes)" 0
    refused "${SAYS[ENOENT]:?}" put apps/billing/orders/9/checkpoint "$(b64 50)"
    matches "$(last_request)" ' 404 '
    is "$(known_groups | xargs)" "audit orders billing orders billing payments"
}

@test "rmdir apps/G/LOGSTORE deletes the group there, with its checkpoints; apps/G goes last" {
    refused "${SAYS[ENOTEMPTY]:?}" rmdir apps/billing
    is "$(changes)" 0
    rmdir apps/billing/orders
    is "$(stored)$(entries apps/billing)" payments
    absent "$P"
    absent "$C"
    refused "${SAYS[ENOTEMPTY]:?}" rmdir apps/billing
    rmdir apps/billing/payments
    is "$(known_groups) $(entries apps) $(entries apps/billing)" "audit orders audit billing "
    rmdir apps/billing
    is "$(entries apps) $(entries checkpoints)" "audit audit"
    absent apps/billing
    is "$(changes)" 2
}

@test "rmdir of an empty directory of memory sends nothing" {
    mkdir apps/one checkpoints/two
    rmdir apps/one checkpoints/two
    is "$(changes) $(entries apps)" "0 audit billing"
}

@test "rmdir checkpoints/G/LOGSTORE is ENOTEMPTY with checkpoints, and deletes the group without" {
    refused "${SAYS[ENOTEMPTY]:?}" rmdir checkpoints/billing/orders
    refused "${SAYS[ENOTEMPTY]:?}" rmdir checkpoints/billing
    is "$(changes)" 0
    mkdir -p checkpoints/newgroup/orders
    rmdir checkpoints/newgroup/orders
    is "$(requests DELETE /logstores/orders/consumergroups/newgroup)" 1
    rmdir checkpoints/newgroup
    is "$(known_groups | wc -l) $(entries checkpoints)" "3 audit billing"
}

@test "rmdir checkpoints/G/LOGSTORE deletes nothing where another client has committed since" {
    mkdir -p checkpoints/newgroup/orders
    committed newgroup orders 2 77
    refused "${SAYS[ENOTEMPTY]:?}" rmdir checkpoints/newgroup/orders
    is "$(stored | grep newgroup)" "newgroup orders 2 $(b64 77) -"
}

@test "rm of a checkpoint is EOPNOTSUPP, and errors says what to do" {
    local file
    for file in "$P/checkpoint" "$C"; do
        refused "${SAYS[EOPNOTSUPP]:?}" rm "$file"
        last_error
        is "${FIELD[1]} ${FIELD[3]}" "$file EOPNOTSUPP"
        matches "${FIELD[7]}" 'rmdir apps/billing/orders'
    done
    refused "${SAYS[EOPNOTSUPP]:?}" rm -r checkpoints/billing
    refused "${SAYS[ENOENT]:?}" rm apps/billing/orders/1/checkpoint
    is "$(changes) $(stored)" "0 billing orders 0 NDI= -"
}

@test "logstores and shards are not made or removed here" {
    local path
    # it may say that one is there, for a lookup that cannot be mkdir's does not ask
    for path in streams/newstore streams/orders/9 apps/billing/orders/9; do
        not mkdir "$path"
        absent "$path"
    done
    for path in streams/orders streams/orders/0 "$P" "$S/cursors"; do
        refused "${SAYS[EPERM]:?}" rmdir "$path"
    done
    is "$(changes)" 0
}

# ---- ordinary tools

@test "cp -r clones a group, and diff -r finds no difference" {
    committed billing orders 2 1524155379373908496
    committed billing payments 0 11
    remount_service
    cp -r checkpoints/billing checkpoints/clone
    is "$(stored | grep '^clone' | sort)" $'clone orders 0 NDI= -
clone orders 2 MTUyNDE1NTM3OTM3MzkwODQ5Ng== -\nclone payments 0 MTE= -'
    run -0 diff -r checkpoints/billing checkpoints/clone
    is "$output" ""
    put apps/clone/orders/2/checkpoint 17
    run -1 diff -r checkpoints/billing checkpoints/clone
    matches "$output" 'orders/2'
}

@test "cp -r copies into a group that exists" {
    committed audit orders 0 99
    remount_service
    cp -r checkpoints/billing/. checkpoints/audit/
    is "$(stored | grep audit)" "audit orders 0 NDI= -"
    rm -rf "$DIR/copy"
    cp -r checkpoints "$DIR/copy"
    run -0 diff -r checkpoints "$DIR/copy"
}

@test "tar and rsync back up, and restore into another group and over the same one" {
    needs rsync
    committed billing orders 2 77
    remount_service
    tar -C checkpoints/billing -cf "$DIR/backup.tar" .
    rsync -a checkpoints/ "$DIR/backup/"
    mkdir checkpoints/restored
    tar -C checkpoints/restored -xf "$DIR/backup.tar"
    is "$(stored | grep restored | sort)" $'restored orders 0 NDI= -\nrestored orders 2 Nzc= -'
    put "$C" 11
    tar -C checkpoints/billing --overwrite -xf "$DIR/backup.tar"
    is "$(cat "$P/checkpoint")" NDI=
    put "$C" 11
    rsync -rI "$DIR/backup/" checkpoints/
    is "$(cat "$P/checkpoint") $(cat checkpoints/billing/orders/2)" "NDI= Nzc="
}

@test "a checkpoint that cannot be removed is not renamed in part" {
    committed billing orders 1 50
    local target
    for target in checkpoints/billing/orders/0 checkpoints/billing/orders/2 \
        checkpoints/billing/orders/draft; do
        refused "${SAYS[EOPNOTSUPP]:?}" rename checkpoints/billing/orders/1 "$target"
        absent checkpoints/billing/orders/draft
    done
    last_error
    matches "${FIELD[7]}" 'copy it'
    is "$(changes)" 0
}

@test "sed -i and mv commit by a rename, and temporary files stay here" {
    sed -i 's/^NDI=$/NDM=/' "$C"
    is "$(stored)" "billing orders 0 NDM= -"
    echo 44 >checkpoints/billing/orders/draft
    is "$(changes)" 1
    mv checkpoints/billing/orders/draft "$C"
    is "$(stored)" "billing orders 0 $(b64 44) -"
    echo 45 >checkpoints/billing/orders/draft
    rm checkpoints/billing/orders/draft
    is "$(changes) $(entries checkpoints/billing/orders)" "2 0"
}
