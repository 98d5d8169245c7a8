# shellcheck shell=bats
# shellcheck disable=SC2030,SC2031 # each test is a shell of its own
# What `commits`, and the system's log, tell of changes: the texts in a line, who did it, and what was there
# before. Lines of services are in services-journal.bats.

load helper

# raw FIELD: this field of the last line that tells of a checkpoint, as it was before it was escaped.
raw() {
    journal "$1" | tail -n 1 | perl -pe 'chomp; s/\\(x(..)|.)/defined $2 ? chr hex $2 : $1 =~ tr{tn}{\t\n}r/ge'
}

# returns TEXT: it is written as metadata, and commits has it, twice: as the new one, and as the old one.
returns() {
    printf '42\n%s\n' "$1" >"$DIR/text"
    cp "$DIR/text" "$P/checkpoint"
    is "$(raw metadata)." "$1."
    put "$P/checkpoint" 43
    is "$(raw old-metadata)." "$1."
    is "$(awk -F '\t' '{ print NF }' commits | sort -u)" 14
    is "$(wc -l <commits)" "$(grep -c . commits)"
    is "$(tail -n 1 commits | cut -f 11-)" $'0\t43\t\t42'
}

# ---- the texts

@test "metadata with tabs, newlines and backslashes is found again in commits" {
    returns $'a\tb'
    returns $'two\nlines\n\nand a blank one'
    returns $'C:\\temp\\new \\\\server\\share \\x41 \\'
    returns $'\t'
    returns $'\\\t\n\\'
    returns $'\\t\\n\\\\'
}

@test "metadata with control characters is found again in commits, and does not control the terminal" {
    local all
    printf -v all '%b' "$(printf '\\x%02x' {1..31} 127)"
    returns "a$all.b"
    is "$(tr -d '\t\n -~' <commits)" ""
    returns $'\xc2\x80\xc2\x85\xc2\x9b2J\xc2\x9f'
    is "$(tr -d '\t\n -~' <commits)" ""
}

@test "metadata in any language is found again in commits, and can be read there" {
    local text
    for text in 'größer' '检查点' 'контрольная точка' 'نقطة تفتيش' '🚚 → 📦' $'e\xcc\x81'; do
        returns "$text"
        grep -qF "$text" commits
    done
}

@test "metadata of the greatest length is found again in commits, whatever it is made of" {
    local character
    for character in a $'\t' $'\\' $'\x01' $'\xc2\x9b' 检 🚚; do
        returns "$(repeat 1000 "$character")"
    done
}

@test "the line of a commit is a line of the table" {
    printf '42\nbefore\n' >"$P/checkpoint"
    put_once "$P/checkpoint" '43\none\ttwo\n'
    is "$(tail -n 1 commits | cut -f 11-)" $'0\t43\tone\\ttwo\t42'
}

# ---- what was there before

@test "what was there before is known, whoever committed it" {
    put "$P/checkpoint" 42
    put "$P/checkpoint" 43
    put "$C" 44
    is "$(journal before number)" $'-\t42\n42\t43\n43\t44'
    remount_store
    cat "$P/checkpoint"
    put "$C" 45
    is "$(journal before number)" $'44\t45'
    mkdir -p apps/audit
    cat apps/audit/orders/0/status
    put apps/audit/orders/0/checkpoint 1
    is "$(journal before number | tail -n 1)" $'-\t1'
}

@test "what was there before an app was made anew is not told" {
    printf '42\nold\n' >"$P/checkpoint"
    rm "$P/checkpoint"
    rmdir apps/billing
    mkdir apps/billing
    put "$P/checkpoint" 43
    matches "$(journal before old-metadata | tail -n 1)" $'^[-?]\t$'
}

@test "a deletion has what it deleted, and a shift, metadata and undone numbers have what they began with" {
    printf '42\nnote\n' >"$P/checkpoint"
    put "$P/checkpoint" 'shift +1'
    put "$P/metadata" other
    rm "$P/checkpoint"
    is "$(journal what old-metadata number metadata before | tail -n 3)" "commit	note	43		42
commit		43	other	43
delete	other	-		43"
}

@test "what others have committed is seen by those who work with it" {
    mount_at "$DIR/other"
    put "$P/checkpoint" 42
    put "$DIR/other/$P/checkpoint" 50
    put "$P/checkpoint" 'shift +1'
    put "$DIR/other/$P/checkpoint" 60
    put "$P/metadata" note
    is "$(journal before number | tail -n 2)" $'50\t51\n60\t60'
}

# ---- every change

# by COMMAND...: runs it, and tells its process and name as commits does.
by() {
    # shellcheck disable=SC2016 # it is for the other shell
    run -0 bash -c 'echo $$; exec "$@"' - "$@" || return
    # shellcheck disable=SC2154 # run sets it
    echo "uid=$EUID"$'\t'"pid=${lines[0]}"$'\t'"$1"
}

@test "each change has a line that says who made it" {
    local who
    who=$(by mkdir apps/audit)
    is "$(tail -n 1 commits | cut -f 2-6,8)" "$who"$'\tok\tmake-app\taudit'
    who=$(by mkdir streams/payments)
    is "$(tail -n 1 commits | cut -f 2-6,9)" "$who"$'\tok\tmake-stream\tpayments'
    who=$(by mkdir streams/payments/7)
    is "$(tail -n 1 commits | cut -f 2-6,9,11)" "$who"$'\tok\tmake-partition\tpayments\t7'
    who=$(by dd of=streams/payments/7/latest status=none <<<100)
    is "$(tail -n 1 commits | cut -f 2-6,9,11,12)" "$who"$'\tok\tlatest\tpayments\t7\t100'
    is "$(cat streams/payments/7/earliest)" 0
    who=$(by dd of=streams/payments/7/earliest status=none <<<10)
    is "$(tail -n 1 commits | cut -f 2-6,9,11,12,14)" "$who"$'\tok\tearliest\tpayments\t7\t10\t0'
    who=$(by dd of=apps/audit/payments/7/checkpoint status=none <<<50)
    is "$(tail -n 1 commits | cut -f 2-6,8,9,11-)" "$who"$'\tok\tcommit\taudit\tpayments\t7\t50\t\t-'
    who=$(by mv checkpoints/audit/payments/7 checkpoints/audit/payments/draft)
    is "$(tail -n 1 commits | cut -f 2-6,8,9,11-)" "$who"$'\tok\tdelete\taudit\tpayments\t7\t-\t\t50'
    rm -r checkpoints/audit/payments
    who=$(by rmdir streams/payments/7)
    is "$(tail -n 1 commits | cut -f 2-6,9,11)" "$who"$'\tok\tremove-partition\tpayments\t7'
    who=$(by rmdir streams/payments)
    is "$(tail -n 1 commits | cut -f 2-6,9)" "$who"$'\tok\tremove-stream\tpayments'
    who=$(by rmdir checkpoints/audit)
    is "$(tail -n 1 commits | cut -f 2-6,8)" "$who"$'\tok\tremove-app\taudit'
}

@test "a rename is a commit and a deletion" {
    mkdir streams/orders/1
    printf '42\nnote\n' >"$P/checkpoint"
    mv "$C" checkpoints/billing/orders/1
    is "$(journal command result what path number metadata before | tail -n 2)" \
        "mv	ok	commit	billing/orders/1	42	note	-
mv	ok	delete	billing/orders/0	-		42"
}

@test "what was refused is a line, of every kind of change" {
    put "$P/checkpoint" 42
    not rmdir apps/billing streams/orders/0
    put "$S/latest" 100
    cat "$S/earliest"
    not put "$S/earliest" 101
    cat "$P/checkpoint"
    not put "$P/checkpoint" 500
    is "$(grep failed commits | cut -f 5,6,8,9,11-)" "failed	remove-app	billing	-	-	-		-
failed	remove-partition	-	orders	0	-		-
failed	earliest	-	orders	0	101		0
failed	commit	billing	orders	0	500		42"
    is "$(grep failed commits | cut -f 7 | grep -c .)" 4
}

# ---- the system's log

# all_is_logged: changes of all kinds have their lines there, as in commits, with blanks for tabs.
all_is_logged() {
    mkdir apps/audit
    put apps/audit/orders/0/checkpoint 42
    not put apps/audit/orders/0/checkpoint junk
    rm apps/audit/orders/0/checkpoint
    rmdir apps/audit
    sleep 0.1
    is "$(log_of_mount | tail -n 5)" \
        "$(tail -n 5 commits | tr '\t' ' ' | sed "s|^|<30>checkpointfs[$(daemon)]: local:$STORE |")"
}

@test "each change is a line of the system's log, with the source" {
    begin_log
    eventually all_is_logged
}

# long_lines_end: lines with long metadata have their end.
long_lines_end() {
    put_once "$P/checkpoint" "42\\n$(repeat 1000 x)\\n"
    put "$P/checkpoint" 43
    rm "$P/checkpoint"
    sleep 0.1
    log_of_mount | tail -n 2 >"$DIR/lines"
    head -n 1 "$DIR/lines" | grep -q 'ok commit - billing orders x* 0 43  42$' &&
        tail -n 1 "$DIR/lines" | grep -q 'ok delete - billing orders  0 -  43$'
}

@test "a line of the system's log has its end, whatever the metadata is" {
    begin_log
    eventually long_lines_end || cut -c -1100 "$DIR/lines"
    long_lines_end
}

@test "a long line of the system's log is cut between characters, if it is cut" {
    begin_log
    put_once "$P/checkpoint" "42\\na$(repeat 999 検)\\n"
    put "$P/checkpoint" 43
    rm "$P/checkpoint"
    sleep 0.2
    log_of_mount | iconv -f UTF-8 -t UTF-8 >/dev/null
}

# evil_lines_are_two: a commit with a text that looks like another message, and its deletion.
evil_lines_are_two() {
    put_once "$P/checkpoint" '42\none\ntwo\033[2J\xe2\x80\xae\n<30>checkpointfs[1]: forged\n'
    rm "$P/checkpoint"
    sleep 0.1
    log_of_mount >"$DIR/lines"
    is "$(tail -n 2 "$DIR/lines" | grep -cE ' (commit|delete) - billing ') $(tr -d '\n -~' <"$DIR/lines")" "2 "
}

@test "no text can break the lines of the system's log" {
    begin_log
    eventually evil_lines_are_two
}
