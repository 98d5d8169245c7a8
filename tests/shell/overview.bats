# shellcheck shell=bats
# overview.html, and the page that it leads on to.

# shellcheck disable=SC2030,SC2031 # each test has a mount of its own
load helper

NOW=overview/now.html

# rows [APP STREAM]: of the page as it is now; see overview.py.
rows() {
    cat "$NOW" >"$DIR/page" || return
    python3 "$BATS_TEST_DIRNAME/overview.py" "$DIR/page" "$@"
}

# row APP STREAM: the state and the lag.
row() {
    rows | awk -F '\t' -v app="$1" -v stream="$2" '$1 == app && $2 == stream { print $3, $4 }'
}

@test "overview.html is small and constant, and leads on" {
    is "$(wc -c <overview.html)" "$(stat -c %s overview.html)"
    (($(stat -c %s overview.html) < 1024))
    is "$(stat -c %Y overview.html)" "$(jq '.mounted | fromdate' status)"
    is "$(grep -c 'http-equiv="refresh" content="0; url=overview/now.html"' overview.html)" 1
    is "$(grep -c '<a href="overview/now.html">' overview.html)" 1
    is "$(python3 "$BATS_TEST_DIRNAME/overview.py" overview.html)" ""
    refused "Read-only file system" put overview.html x
}

@test "the page is found and not listed" {
    is "$(entries overview)" ""
    [[ -f $NOW ]]
    is "$(entries . | tr ' ' '\n' | grep overview)" overview.html
    absent overview/other.html
    is "$(stat -c %A "$NOW" overview | xargs)" "-r--r--r-- drwxr-xr-x"
    refused "Read-only file system" put "$NOW" x
    is "$(wc -l <errors)" 1
}

@test "a row for each app and stream with a checkpoint" {
    mkdir -p apps/audit apps/billing/payments/{0,1} apps/billing/idle/0
    echo 100 | tee streams/*/*/latest >/dev/null
    put "$P/checkpoint" 41
    put apps/billing/payments/1/checkpoint 99
    put apps/audit/orders/0/checkpoint 9
    is "$(rows | cut -f 1-4 | tr '\t' ' ')" "audit orders near 90
billing orders ok 58
billing payments none 100"
    is "$(rows | head -n 1 | cut -f 5)" "$(date -ud "@$(stat -c %Y apps/audit/orders/0/checkpoint)" '+%F %T')"
}

@test "the state is the worst of the partitions', and the details begin with it" {
    mkdir -p streams/orders/{1..4}
    echo 100 | tee streams/orders/*/latest >/dev/null
    printf '0\t50\n1\t99\n2\t5\tnote\n3\t60\n' >apps/billing/orders/checkpoints
    is "$(row billing orders)" "near $((49 + 94 + 39 + 100))"
    is "$(rows billing orders | cut -f 1-5,7 | tr '\t' ' ')" "2 near 94 6 5 note
4 none 100 0 – 
0 ok 49 51 50 
1 ok 0 100 99 
3 ok 39 61 60 "
    put streams/orders/3/earliest 70
    is "$(row billing orders)" "expired $((49 + 94 + 30 + 100))"
    is "$(rows billing orders | head -n 1 | cut -f 1-2 | tr '\t' ' ')" "3 expired"
}

@test "names and metadata are text, whatever they are" {
    local name='%3Cscript%3Ealert%281%29%3C%2Fscript%3E'
    mkdir -p "apps/$name" 'apps/%22%26%27%E2%80%AEgnp'
    echo 100 >"$S/latest"
    printf '42\n<script>alert(1)</script>"&'"'"'\xe2\x80\xae\tx' >"apps/$name/orders/0/checkpoint"
    put 'apps/%22%26%27%E2%80%AEgnp/orders/0/checkpoint' 99
    is "$(rows | cut -f 1-3 | tr '\t' ' ')" "%22%26%27%E2%80%AEgnp orders ok
$name orders ok"
    is "$(rows "$name" orders | cut -f 7)" '<script>alert(1)</script>"&'"'"'\xe2\x80\xae\tx'
    is "$(grep -c '<script' "$DIR/page")" 0
    printf '42\n%s' "$(repeat 500 '<')" >"apps/$name/orders/0/checkpoint"
    is "$(rows "$name" orders | cut -f 7)" "$(repeat 80 '<')…"
}

@test "the size is true before it is opened, and from then on" {
    put "$P/checkpoint" 41
    local size i
    for i in 1 2 3; do
        size=$(stat -c %s "$NOW")
        is "$(wc -c < <(cat "$NOW"))" "$size"
        # what is read afresh has another size
        mkdir "apps/app$i"
        put "apps/app$i/orders/0/checkpoint" 1
    done
    exec 9<"$NOW"
    size=$(stat -L -c %s /proc/self/fd/9)
    is "$(wc -c <&9)" "$size"
    exec 9<&-
    timeout 5 python3 - "$NOW" <<'END'
import os, sys
for _ in range(3):
    size = os.stat(sys.argv[1]).st_size
    with open(sys.argv[1], "rb") as file:
        assert len(file.read(size)) == size > 0 and not file.read()
END
}

@test "it is read whole in every way" {
    put "$P/checkpoint" 41
    timeout 5 python3 - "$NOW" <<'END'
import mmap, os, sys
def sent(file):
    out = os.memfd_create("copy")
    size = os.fstat(file.fileno()).st_size
    while os.sendfile(out, file.fileno(), None, size):
        pass
    return os.pread(out, size + 1, 0)
def mapped(file):
    return mmap.mmap(file.fileno(), 0, prot=mmap.PROT_READ)[:]
for read in (sent, mapped, lambda file: os.read(file.fileno(), 1 << 20)):
    with open(sys.argv[1], "rb") as file:
        text = read(file)
        assert text.startswith(b"<!DOCTYPE") and text.endswith(b"</html>\n"), read
END
    cp "$NOW" "$DIR/copy"
    is "$(tail -n 1 "$DIR/copy")" "</html>"
}

@test "a page that was not told of before is a fresh one" {
    put "$P/checkpoint" 41
    is "$(rows | wc -l)" 1
    mkdir apps/audit
    put apps/audit/orders/0/checkpoint 41
    is "$(rows | wc -l)" 2
    rm apps/audit/orders/0/checkpoint
    is "$(rows | wc -l)" 1
}

@test "an empty store has a page, and so has an app without a checkpoint" {
    is "$(rows)" ""
    is "$(grep -c 'Nothing is committed' "$DIR/page")" 1
    rmdir apps/billing
    rows
    is "$(grep -c 'There are no apps' "$DIR/page")" 1
}

@test "of many partitions the worst are shown, and it is said where the others are" {
    local partition
    mkdir -p streams/orders/{1..249}
    for partition in {0..249}; do
        printf '%d\t50\n' "$partition"
    done >"$DIR/table"
    cp "$DIR/table" apps/billing/orders/checkpoints
    put streams/orders/200/latest 1000
    put streams/orders/200/earliest 100
    is "$(row billing orders | cut -d ' ' -f 1)" expired
    is "$(rows billing orders | wc -l)" 100
    is "$(rows billing orders | head -n 2 | cut -f 1 | xargs)" "200 0"
    is "$(grep -c 'The 100 worst of 250 partitions; <code>lag/billing</code> has all' "$DIR/page")" 1
}

@test "of more than 500 pairs the names of the others are shown" {
    mkdir -p apps/app{100..360} streams/other/0
    # shellcheck disable=SC2016 # $0 is of the other shell
    printf '%s\n' apps/app*/{orders,other} |
        xargs -P 64 -n 1 sh -c 'echo 1 >"$0/0/checkpoint"'
    rows >"$DIR/rows"
    is "$(wc -l <"$DIR/rows")" 500
    is "$(tail -n 1 "$DIR/rows" | cut -f 1-2 | tr '\t' ' ')" "app349 other"
    is "$(grep -c '^<li>' "$DIR/page")" 22
    is "$(grep '^<li>' "$DIR/page" | head -n 1)" "<li>app350 / orders</li>"
    is "$(grep -c 'The first 500 pairs' "$DIR/page")" 1
    (($(stat -c %s "$NOW") < 1000000))
}

# ---- in a browser

# browser FILE...: what Chromium makes of it, as text.
browser() {
    timeout 60 chromium --headless --no-sandbox --disable-gpu "--user-data-dir=$DIR/profile" \
        --virtual-time-budget=3000 --dump-dom "file://$MNT/$1" 2>"$DIR/chromium.log"
}

@test "Chromium shows the whole page, and comes to it by overview.html" {
    command -v chromium >/dev/null || skip "no Chromium here"
    local name='%3Cscript%3Ealert%281%29%3C%2Fscript%3E' page i
    mkdir "apps/$name"
    printf '42\n<script>document.title="run"</script>' >"apps/$name/orders/0/checkpoint"
    for i in {1..40}; do
        mkdir "apps/app$i"
        put "apps/app$i/orders/0/checkpoint" "$i"
    done
    for page in overview.html overview/now.html; do
        browser "$page" >"$DIR/dom"
        is "$page $(grep -c '<details><summary><span' "$DIR/dom")" "$page 41"
        is "$(grep -c '<footer>' "$DIR/dom") $(grep -c '<script' "$DIR/dom")" "1 0"
        is "$(grep -c '<title>local:' "$DIR/dom")" 1
    done
}
