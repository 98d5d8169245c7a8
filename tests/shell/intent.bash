# shellcheck shell=bash
# What ordinary tools make of names that are there and of names that are not: the same on every
# backend, and with and without -o allow_other, under which the kernel looks at a file before it
# opens it.
#
# The mount has the partitions 0, with a checkpoint, and 1, without any, of the stream
# "orders", which the app "billing" consumes; there is neither an app nor a stream "none". NUMBER is a
# position that can be committed, and uncommit removes the checkpoint of partition 1 and lets the mount
# forget what it knew.

# tried COMMAND: its exit status, and what it says is wrong.
tried() {
    local output status=0
    output=$(bash -c "$1" 2>&1 >/dev/null) || status=$?
    if ((status)); then
        sed -E '1!d; s/^(.*): //' <<<"$output"
    else
        echo ok
    fi
}

# expected WHAT COMMAND: collects what is otherwise than expected, so that a test tells all of it.
expected() {
    local got
    got=$(tried "$2")
    if [[ "$got" != "$1" ]]; then
        printf '%s\n    got:      %s\n    expected: %s\n' "$2" "$got" "$1" >>"$DIR/wrong"
    fi
}

# what_is_there: of a checkpoint, in both of its places.
what_is_there() {
    local file
    rm -rf "$DIR/backup"
    for file in apps/billing/orders/0/checkpoint checkpoints/billing/orders/0; do
        expected ok "test -e $file"
        expected ok "test -r $file"
        expected ok "test -s $file"
        expected ok "cat $file"
        expected ok "stat $file"
        expected "cannot overwrite existing file" "set -C; echo $NUMBER >$file"
        expected ok "echo $NUMBER >$file"
        expected ok "cp $file $DIR/copy"
        expected ok "cp $DIR/copy $file"
        expected ok "cp -n $DIR/copy $file"
        expected "File exists" "mkdir $file"
    done
    expected ok "test -d apps/billing/orders/0"
    expected ok "ls apps/billing/orders/0"
    expected ok "cd streams/orders/0"
    expected ok "mkdir -p checkpoints/billing/orders"
    expected ok "cp -r checkpoints/billing $DIR/backup && cp -r $DIR/backup/. checkpoints/billing"
    expected ok "tar cf $DIR/backup.tar -C checkpoints billing"
    expected ok "tar xf $DIR/backup.tar --overwrite -C checkpoints"
    is "$(cat "$DIR/wrong" 2>/dev/null)" ""
}

# what_is_not_there: of a checkpoint where there is a partition, and of all directories on the way.
what_is_not_there() {
    local file none="No such file or directory"
    for file in apps/billing/orders/1/checkpoint checkpoints/billing/orders/1 \
        apps/billing/none/0/checkpoint apps/none/orders/0/checkpoint apps/billing/orders/9/checkpoint \
        streams/none/0/latest streams/orders/9/latest checkpoints/none/orders/0; do
        expected "" "test -e $file"
        expected "$none" "cat $file"
        expected "$none" "stat $file"
        expected "$none" "cp $file $DIR/copy"
        [[ "$file" == streams/* ]] || expected "$none" "rm $file"
    done
    for file in apps/none apps/billing/none apps/billing/orders/9 streams/none streams/orders/9 \
        streams/orders/9/cursors streams/orders/9/cursors/earliest checkpoints/none; do
        expected "" "test -e $file"
        expected "$none" "stat $file"
    done
    for file in apps/none apps/billing/none apps/billing/orders/9 streams/none streams/orders/9 \
        streams/orders/9/cursors checkpoints/none; do
        expected "$none" "ls $file"
        expected "$none" "cd $file"
    done
    is "$(cat "$DIR/wrong" 2>/dev/null)" ""
}

# what_is_made: the first checkpoint of a partition, as each tool makes it in both places.
what_is_made() {
    local file
    printf '%s\n' "$NUMBER" >"$DIR/new"
    mkdir -p "$DIR/restored/billing/orders"
    cp "$DIR/new" "$DIR/restored/billing/orders/1"
    tar cf "$DIR/new.tar" -C "$DIR/restored" billing
    for file in apps/billing/orders/1/checkpoint checkpoints/billing/orders/1; do
        made "$file" "echo $NUMBER >$file"
        made "$file" "echo $NUMBER >>$file"
        made "$file" "set -C; echo $NUMBER >$file"
        made "$file" "cp $DIR/new $file"
        made "$file" "cp -n $DIR/new $file"
        made "$file" "tee $file <$DIR/new"
        made "$file" "dd of=$file status=none <$DIR/new"
    done
    made "$file" "cp -r $DIR/restored/. checkpoints"
    made "$file" "tar xf $DIR/new.tar --no-same-owner -C checkpoints"
    is "$(cat "$DIR/wrong" 2>/dev/null)" ""
}

# made FILE COMMAND: works while nothing is committed there, and commits.
made() {
    uncommit
    expected ok "$2"
    expected ok "grep -q '^$NUMBER' $1"
}

# in_every_mount WHAT: in a mount as it is, under -o allow_other, and where no value is kept; remount_with
# is the tests' own.
in_every_mount() {
    local options
    for options in listing=600 allow_other allow_other,snapshot=0; do
        remount_with -o "$options"
        "$1"
    done
}
