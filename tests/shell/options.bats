# shellcheck shell=bats
# Wrong options, the help, and -o debug.

# shellcheck disable=SC2154 # run sets stderr
load helper

DIS=dis://dis.example.com/0123456789abcdef0123456789abcdef
SLS=sls://project.cn-hangzhou.log.example.com

setup() {
    make_place
}

teardown() {
    [[ -z ${SYSLOG:-} ]] || rm -f /dev/log
    clear_place
}

# wrong LINE ARGUMENT...: exit status 2, that line on standard error, and nothing done.
wrong() {
    local line=$1
    shift
    run -2 --separate-stderr "$CHECKPOINTFS" "$@"
    is "$stderr" "checkpointfs: $line"
    is "$output" ""
    not is_mounted "$MNT"
    not test -e "$STORE"
}

# ---- wrong options

@test "an option of another backend is told with the one that has it" {
    wrong "consumer= is an option of sls://" -o consumer=nobody "local:$STORE" "$MNT"
    wrong "consumer= is an option of sls://" "local:$STORE" "$MNT" -o ro,consumer=nobody,clamp
    wrong "group_order is an option of sls://" -o group_order "$DIS" "$MNT"
    wrong "service= is an option of dis://" -o service=dis "$SLS" "$MNT"
    wrong "consumer= is an option of sls://" -o consumer=nobody "$MNT"
}

@test "an option that several other backends have is told with all of them" {
    wrong "credentials= is an option of dis://, sls:// and kafka://" -o credentials=/none "local:$STORE" "$MNT"
    wrong "cacert= is an option of dis://, sls:// and kafka://" -o cacert=/none "local:$STORE" "$MNT"
}

@test "the help fits a terminal of 80 columns" {
    run -0 "$CHECKPOINTFS" --help
    is "$(awk 'length > 80' <<<"$output")" ""
}

@test "a misspelt option is told with what was meant" {
    wrong 'unknown option "timout": did you mean timeout?' -o timout=5 "local:$STORE" "$MNT"
    wrong 'unknown option "credential": did you mean credentials?' -o credential=/none "$SLS" "$MNT"
    wrong 'unknown option "debgu": did you mean debug?' -f -o debgu "local:$STORE" "$MNT"
    wrong 'unknown option "frobnicate": see checkpointfs --help' -o frobnicate "local:$STORE" "$MNT"
}

@test "what other programs call an option is told with what it is here" {
    wrong 'unknown option "readonly": did you mean ro?' -o readonly "local:$STORE" "$MNT"
    wrong 'unknown option "read-only": did you mean ro?' -o read-only "local:$STORE" "$MNT"
    wrong 'unknown option "-d": did you mean -o debug?' -d "local:$STORE" "$MNT"
    wrong 'unknown option "--verbose": did you mean -o debug?' --verbose "local:$STORE" "$MNT"
    wrong 'unknown option "--verbos": did you mean -o debug?' --verbos "local:$STORE" "$MNT"
}

@test "an option with hyphens is told with what was meant" {
    wrong 'unknown option "--versio": did you mean --version?' --versio "local:$STORE" "$MNT"
    wrong 'unknown option "--clamp": did you mean -o clamp?' --clamp "local:$STORE" "$MNT"
    wrong 'unknown option "--timeout": did you mean -o timeout?' --timeout=hunter2 "local:$STORE" "$MNT"
    wrong 'unknown option "--frobnicate": see checkpointfs --help' --frobnicate "local:$STORE" "$MNT"
    wrong 'unknown option "-q": see checkpointfs --help' -q "local:$STORE" "$MNT"
}

@test "a value that is missing, or is one too many, is told" {
    wrong "timeout needs a value" -o timeout "local:$STORE" "$MNT"
    wrong "uid needs a value" -o uid "local:$STORE" "$MNT"
    wrong "credentials needs a value" -o credentials "$DIS" "$MNT"
    wrong "credentials needs a value" -o lazy,credentials= "$SLS" "$MNT"
    wrong "cacert needs a value" -o cacert= "$DIS" "$MNT"
    wrong "ro takes no value" -o ro=1 "local:$STORE" "$MNT"
    wrong "debug takes no value" -o debug=2 "local:$STORE" "$MNT"
    wrong "group_order takes no value" -o group_order=yes "$SLS" "$MNT"
}

@test "a wrong value is told with what it can be" {
    wrong "timeout=soon is not a number of seconds from 0.1 to 86400" -o timeout=soon "local:$STORE" "$MNT"
    wrong "listing=-1 is not a number of seconds from 0 to 86400" -o listing=-1 "local:$STORE" "$MNT"
    wrong "umask=999 is not an octal number from 0 to 777" -o umask=999 "local:$STORE" "$MNT"
    wrong "umask=1000 is not an octal number from 0 to 777" -o umask=1000 "local:$STORE" "$MNT"
    wrong "umask=+22 is not an octal number from 0 to 777" -o umask=+22 "local:$STORE" "$MNT"
    wrong "uid=root is not the number of a user, from 0 to 4294967294" -o uid=root "local:$STORE" "$MNT"
    wrong "gid=-1 is not the number of a group, from 0 to 4294967294" -o gid=-1 "local:$STORE" "$MNT"
    wrong "group_timeout=soon is not a number of seconds from 1 to 86400" -o group_timeout=soon "$SLS" "$MNT"
    local value
    for value in 0 -1 1s '' 946080001 99999999999999999999; do
        wrong "retention=$value is not a number of seconds from 1 to 946080000" \
            -o "retention=$value" kafka://localhost "$MNT"
    done
    wrong "checkpoint=first: it can be last-read or next" -o checkpoint=first "local:$STORE" "$MNT"
}

@test "the value of an option that is refused is not shown" {
    local option
    for option in password consumer credentialz ro; do
        run -2 "$CHECKPOINTFS" -o "$option=hunter2" "$DIS" "$MNT"
        is "${#lines[@]}" 1
        [[ $output != *hunter2* ]] || is "$output" "without the value"
    done
}

@test "an option that is given twice has the value that was given last" {
    mount_store -o timeout=soon,timeout=5 -o timeout=30,listing=1,listing=0
    mkdir -p "$MNT/$P"
}

# ---- wrong sources

SOURCES="local:PATH, dis://HOST/PROJECT_ID, sls://PROJECT.ENDPOINT or kafka://HOST"

@test "a file as a source is told to have local: in front" {
    wrong 'unknown source "a.db": did you mean local:a.db?' a.db "$MNT"
    wrong "unknown source \"$STORE\": did you mean local:$STORE?" "$STORE" "$MNT"
}

@test "a misspelt source is told with what was meant" {
    wrong 'unknown source "sls:project": did you mean sls://PROJECT.ENDPOINT?' sls:project "$MNT"
    wrong 'unknown source "SLS://": did you mean sls://PROJECT.ENDPOINT?' "SLS://p.example.com" "$MNT"
    wrong 'unknown source "diss://": did you mean dis://HOST/PROJECT_ID?' diss://example.com/1 "$MNT"
    wrong 'unknown source "lokal:a.db": did you mean local:PATH?' lokal:a.db "$MNT"
    wrong "unknown source \"frobnicate:x\": use $SOURCES" frobnicate:x "$MNT"
}

@test "a source of DIS without a project is told with what is missing" {
    wrong "the source must end in the project's id: dis://dis.example.com/PROJECT_ID" dis://dis.example.com "$MNT"
    wrong "the source must end in the project's id: dis+http://127.0.0.1:1/PROJECT_ID" dis+http://127.0.0.1:1 "$MNT"
}

@test "a list of brokers that is none is told so" {
    local hosts
    for hosts in "" "a,,b" "a:0" "a:65536" "a:x" "me:hunter2@a" "a/b" "[::1" "[::1]9092"; do
        wrong "the source must be kafka://HOST[:PORT][,HOST[:PORT]...]" "kafka://$hosts" "$MNT"
    done
}

@test "of an unknown source no user and password are shown" {
    wrong "unknown source \"https://\": use $SOURCES" https://me:hunter2@dis.example.com/v2/1 "$MNT"
    wrong "unknown source \"sls+https://\": use $SOURCES" sls+https://me:hunter2@p.example.com "$MNT"
}

@test "a source without a mount point, or behind it, is told" {
    wrong "no mount point after the source: see checkpointfs --help" "local:$STORE"
    wrong "no mount point after the source: see checkpointfs --help" "$DIS"
    wrong "the source must stand before the mount point" "$MNT" "local:$STORE"
}

# ---- the directory of a store

@test "no directory is made for a store, unless it is at its usual place" {
    run -1 --separate-stderr "$CHECKPOINTFS" "local:$DIR/no/such/store.db" "$MNT"
    is "$stderr" "checkpointfs: no directory for the store $DIR/no/such/store.db: first mkdir -p $DIR/no/such"
    not test -e "$DIR/no"
    not is_mounted "$MNT"
    cd "$DIR"
    run -1 --separate-stderr "$CHECKPOINTFS" local:no/store.db "$MNT"
    is "$stderr" "checkpointfs: no directory for the store no/store.db: first mkdir -p no"
    run -1 --separate-stderr "$CHECKPOINTFS" 'local:~/store.db' "$MNT"
    matches "$stderr" 'no directory for the store ~/store.db: shells leave ~ alone there, write [$]HOME$'
    ln -s "$DIR/no/store.db" "$DIR/link.db"
    run -1 --separate-stderr "$CHECKPOINTFS" "local:$DIR/link.db" "$MNT"
    is "$stderr" "checkpointfs: cannot make the store $DIR/link.db: No such file or directory"
    not test -e "$DIR/no"
    XDG_DATA_HOME=$DIR/new/data "$CHECKPOINTFS" "$MNT" 3>&- 4>&-
    test -s "$DIR/new/data/checkpointfs/checkpoints.db"
}

@test "a read-only mount makes no directory, not even at the usual place" {
    XDG_DATA_HOME=$DIR/new/data run -1 "$CHECKPOINTFS" -o ro "$MNT"
    matches "$output" "mount it once without -o ro"
    not test -e "$DIR/new"
}

# ---- the help

# What the help, or the manual page, says after -o.
options_in_help() {
    "$CHECKPOINTFS" --help | sed -nE 's/^  -o ([^ ]+).*/\1/p' | tr , '\n' | sed 's/=.*//' | sort -u
}

options_in_manual() {
    sed -n '/^After$/,/^The words/p' "$BATS_TEST_DIRNAME/../../docs/checkpointfs.1" |
        sed -nE '/^\.It/s/^\.It //p' | grep -oE 'Cm [a-z_]+( Ns| ,|$)' | cut -d ' ' -f 2 | sort -u
}

@test "the help and the manual page name every option" {
    local option manual
    manual=$(options_in_manual)
    for option in ro checkpoint clamp monotonic timeout listing snapshot watch credentials cacert cert \
        key signature region service consumer group_timeout group_order retention lazy debug allow_other uid \
        gid umask auto_unmount; do
        grep -qx "$option" <<<"$manual" || is "$manual" "with $option"
    done
    # the help leaves out what hardly anybody should use
    is "$(options_in_help)" "$manual"
}

@test "status names every option of the mount, and those of its backend that were given" {
    local own='s/^  -o ([^ ]+).*/\1/p'
    mount_store
    is "$(jq -r '.options | keys[]' "$MNT/status" | xargs)" \
        "$("$CHECKPOINTFS" --help | grep -vE ' ((dis|sls|kafka)(, )?)+: ' | sed -nE "$own" | tr , '\n' |
            sed 's/=.*//' | sort | xargs)"
}

# ---- -o debug

# mount_in_foreground [OPTION...]: with -o debug, its lines in $DIR/trace, as the current directory.
mount_in_foreground() {
    in_background "$CHECKPOINTFS" -f -o debug "$@" "local:$STORE" "$MNT" >"$DIR/out" 2>"$DIR/trace"
    FOREGROUND=$!
    eventually is_mounted "$MNT"
    cd "$MNT" || return
}

# end_foreground: unmounts, and waits for it to end well.
end_foreground() {
    cd /
    eventually fusermount3 -u "$MNT" 2>/dev/null
    wait "$FOREGROUND"
}

# traced OPERATION: the arguments and results of its calls, a line each.
traced() {
    awk -F '\t' -v operation="$1" '$2 == operation { print $3 "\t" $4 }' "$DIR/trace"
}

traced_some() {
    [[ -n $(traced "$1") ]]
}

@test "-o debug with -f writes a line for each call on standard error" {
    mount_in_foreground
    mkdir -p "$P"
    put "$P/checkpoint" 42
    is "$(<"$P/checkpoint")" 42
    cat "$P/cursor" "$S/cursors/earliest" >/dev/null
    put "$S/latest" 100
    rm "$P/checkpoint"
    end_foreground
    is "$(<"$DIR/out")" ""
    is "$(grep -cvE $'^[0-9]{4}-[0-9]{2}-[0-9]{2}T[0-9:]{8}\.[0-9]{3}Z\t[a-z_]+\t[^\t]*\t(ok|E[A-Z]+)\t[0-9]+ ms$' \
        "$DIR/trace")" 0
    is "$(traced list_apps | head -n 1)" $'\tok'
    is "$(traced create_app)" $'app=billing\tok'
    is "$(traced create_partition)" $'stream=orders partition=0\tok'
    is "$(traced commit)" $'app=billing stream=orders partition=0 sequence=42\tok'
    matches "$(traced get_checkpoint)" $'^app=billing stream=orders partition=0\tok'
    is "$(traced get_cursor | sort)" $'stream=orders partition=0 cursor=after\tok
stream=orders partition=0 cursor=earliest\tok'
    is "$(traced set_bound)" $'stream=orders partition=0 latest=100\tok'
    is "$(traced delete_checkpoint)" $'app=billing stream=orders partition=0\tok'
}

@test "what was committed with a number is not in the lines" {
    mount_in_foreground
    mkdir -p "$P"
    put_once "$P/checkpoint" '42\nhunter2\n'
    put "$P/metadata" hunter3
    is "$(<"$P/metadata")" hunter3
    end_foreground
    traced_some commit
    is "$(grep -c hunter "$DIR/trace")" 0
}

@test "a call that failed has its errno in the line" {
    mount_in_foreground
    mkdir -p "$P"
    put "$P/checkpoint" 42
    refused "Directory not empty" rmdir apps/billing
    refused "No such file or directory" cat apps/other/orders/0/checkpoint
    put "$S/latest" 100
    refused "Numerical result out of range" put "$P/checkpoint" 1000
    end_foreground
    is "$(traced delete_app)" $'app=billing\tENOTEMPTY'
    matches "$(traced find_app)" $'app=other\tENOENT'
    is "$(traced commit | tail -n 1)" $'app=billing stream=orders partition=0 sequence=1000\tERANGE'
}

@test "a call that was given up, or took too long, has a line" {
    mount_in_foreground -o timeout=3
    mkdir -p "$P"
    lock_store
    in_background tee "$P/checkpoint" <<<42
    sleep 0.5
    kill -INT "$!"
    eventually traced_some commit
    is "$(traced commit)" $'app=billing stream=orders partition=0 sequence=42\tECANCELED'
    refused "Connection timed out" put "$P/checkpoint" 43
    is "$(traced commit | tail -n 1)" $'app=billing stream=orders partition=0 sequence=43\tETIMEDOUT'
    unlock_store
    end_foreground
}

@test "a call that is under way at the end has a line" {
    mount_in_foreground
    mkdir -p "$P"
    lock_store
    in_background tee "$P/checkpoint" <<<42
    sleep 0.5
    cd /
    kill -TERM "$FOREGROUND"
    wait "$FOREGROUND"
    is "$(traced commit)" $'app=billing stream=orders partition=0 sequence=42\tECANCELED'
    unlock_store
}

@test "names and arguments break no line" {
    mount_in_foreground
    mkdir 'apps/a%09b%0A%1B[2J%5C' || mkdir 'apps/a%09b%0A%1B%5B2J%5C'
    end_foreground
    is "$(traced create_app)" $'app=a\\tb\\n\\x1b[2J\\\\\tok'
    is "$(tr -d '\t\n -~' <"$DIR/trace")" ""
}

@test "without -o debug nothing is written" {
    in_background "$CHECKPOINTFS" -f "local:$STORE" "$MNT" >"$DIR/out" 2>&1
    eventually is_mounted "$MNT"
    mkdir -p "$MNT/$P"
    eventually fusermount3 -u "$MNT" 2>/dev/null
    wait "$!"
    is "$(<"$DIR/out")" ""
}

# The pipe is full after some hundred lines.
@test "a standard error that nobody reads stops nothing" {
    mkfifo "$DIR/trace"
    exec 7<>"$DIR/trace"
    in_background "$CHECKPOINTFS" -f -o debug,snapshot=0 "local:$STORE" "$MNT" 2>&7 7>&- >"$DIR/out"
    local daemon=$!
    eventually is_mounted "$MNT"
    cd "$MNT"
    mkdir -p "$P"
    local number
    for number in {1..1500}; do
        echo "$number" >"$P/checkpoint"
    done
    is "$(<"$P/checkpoint")" 1500
    promptly ls -R . >/dev/null
    cd /
    eventually fusermount3 -u "$MNT" 2>/dev/null
    wait "$daemon"
    # Some lines were dropped, and none in part.
    printf 'the end\n' >&7
    while read -r -u 7 line && [[ $line != "the end" ]]; do
        echo "$line"
    done >"$DIR/lines"
    (($(grep -c commit "$DIR/lines") < 1500))
    is "$(grep -cv ' ms$' "$DIR/lines")" 0
}

@test "a standard error whose reader has gone stops nothing" {
    mkfifo "$DIR/trace"
    exec 7<>"$DIR/trace"
    in_background "$CHECKPOINTFS" -f -o debug "local:$STORE" "$MNT" 2>"$DIR/trace" 7>&- >"$DIR/out"
    local daemon=$!
    eventually is_mounted "$MNT"
    exec 7>&-
    cd "$MNT"
    mkdir -p "$P"
    put "$P/checkpoint" 42
    is "$(<"$P/checkpoint")" 42
    kill -0 "$daemon"
}

@test "-o debug without -f writes the lines to the system's log" {
    needs_root
    needs socat
    [[ ! -e /dev/log ]] || skip "this machine has a log"
    SYSLOG=$DIR/syslog
    in_background socat -u UNIX-RECV:/dev/log "CREATE:$SYSLOG"
    eventually test -S /dev/log
    mount_store -o debug
    mkdir -p "$MNT/$P"
    put_once "$MNT/$P/checkpoint" '42\nhunter2\n'
    refused "Directory not empty" rmdir "$MNT/apps/billing"
    eventually grep -q ENOTEMPTY "$SYSLOG"
    local calls=$DIR/calls
    # the journal's lines are there too
    tr '<' '\n' <"$SYSLOG" | grep -F "checkpointfs[$(daemon)]:" | grep -v uid= >"$calls"
    matches "$(grep ' commit ' "$calls")" \
        "^30>checkpointfs\[[0-9]+\]: [0-9TZ:.-]+ commit app=billing stream=orders partition=0 sequence=42 ok [0-9]+ ms$"
    matches "$(grep delete_app "$calls")" "\]: [0-9TZ:.-]+ delete_app app=billing ENOTEMPTY [0-9]+ ms$"
    is "$(grep -c hunter2 "$calls")" 0
}

@test "a system's log that is started later is found" {
    needs_root
    needs socat
    [[ ! -e /dev/log ]] || skip "this machine has a log"
    SYSLOG=$DIR/syslog
    mount_store
    mkdir -p "$MNT/$P"
    put "$MNT/$P/checkpoint" 41
    in_background socat -u UNIX-RECV:/dev/log "CREATE:$SYSLOG"
    eventually test -S /dev/log
    gets_a_line() { put "$MNT/$P/checkpoint" 42 && grep -q "checkpointfs\[$(daemon)\]: .* 42" "$SYSLOG"; }
    eventually gets_a_line
}
