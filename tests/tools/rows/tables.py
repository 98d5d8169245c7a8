"""Programs that search, and that work on tables and JSON."""

from row import Row, on_sls

GROUP = "searching, tables and JSON"
WORDS = "`lag/` and `checkpoints` are tables for awk, column and sort; each `status` is a line for jq."

HEADER = "#stream partition checkpoint earliest latest lag margin state committed"
ANY = on_sls(status=1)

ROWS = [
    Row("find -type f", "find checkpoints -type f | sort", "checkpoints/billing/orders/0\ncheckpoints/billing/orders/1\n"),
    Row("find -name", "find apps -name checkpoint | sort",
        "apps/billing/orders/0/checkpoint\napps/billing/orders/1/checkpoint\n"),
    Row("find -mmin", "find checkpoints -type f -mmin -5 | wc -l", "2\n"),
    Row("find -newer", "touch -d '1 hour ago' ~/old; find checkpoints -type f -newer ~/old | wc -l", "2\n"),
    Row("find -size", "find $c -size +0 -type f | wc -l", "2\n"),
    Row("find -empty", "find checkpoints -type d -empty", "checkpoints/audit\n"),
    Row("find -exec", "find $c -type f -name 1 -exec cat {} +", "{50}\n"),
    Row("find -delete", "find $c -name 1 -delete", state={"1": None}, on=on_sls(instead="`rmdir` of the whole group")),
    Row("find -print0 | xargs -0", "find $c -type f -print0 | sort -z | xargs -0 head -qn1", "{42}\n{50}\n"),
    Row("find -printf %s", "find $c/1 -printf '%s %f\\n'", "3 1\n", on={"sls": {"out": "5 1\n"}}),
    Row("xargs -P", "ls -d apps/billing/orders/[0-9] | xargs -P 3 -I{} sh -c 'echo 51 > {}/checkpoint'",
        state={"0": "51", "1": "51", "2": "51"}),
    Row("parallel", "ls -d apps/billing/orders/[0-9] | parallel --will-cite 'echo 51 > {}/checkpoint'",
        state={"0": "51", "1": "51", "2": "51"}, needs="parallel"),
    Row("parallel -k cat", "parallel --will-cite -k cat ::: $c/1 apps/billing/orders/1/checkpoint", "{50}\n{50}\n", needs="parallel"),
    Row("grep", "grep -n . $c/1", "1:{50}\n"),
    Row("grep -r", "grep -rl {50} checkpoints", "checkpoints/billing/orders/1\n"),
    Row("grep -c of an empty file", "grep -c . apps/audit/orders/checkpoints", "0\n", status=1),
    Row("grep -q in the journal", "echo 51 > $p/checkpoint; grep -q billing commits", state={"0": "51"}),
    Row("rg", "rg -uu --no-heading {50} checkpoints", "checkpoints/billing/orders/1:{50}\n", needs="rg", heavy=True),
    Row("rg --mmap", "rg --mmap -N {50} $c/1", "{50}\n", needs="rg", heavy=True),
    Row("ag", "ag --nonumbers {50} checkpoints", "checkpoints/billing/orders/1:{50}\n", needs="ag", heavy=True),
    Row("fdfind", "fdfind -t f . checkpoints | sort | tail -n 1", "checkpoints/billing/orders/1\n", needs="fdfind", heavy=True),
    Row("tree", "tree --noreport checkpoints/billing", "checkpoints/billing\n└── orders\n    ├── 0\n    └── 1\n",
        needs="tree", heavy=True),
    Row("ncdu", "ncdu -0xo- checkpoints | grep -c orders", "1\n", needs="ncdu", heavy=True),
    Row("du -a", "du -a checkpoints | wc -l", "6\n"),

    Row("awk", "awk -F '\\t' '{ print $1 }' apps/billing/orders/checkpoints", "0\n1\n"),
    Row("awk of a lag", "awk '$1 == \"orders\" && $2 == 0 { print $6 }' lag/billing", "{lag}\n"),
    Row("awk > a checkpoint", "echo 51 | awk '{ print > ENVIRON[\"p\"] \"/checkpoint\" }'", state={"0": "51"}),
    Row("awk | a table", "awk -v OFS='\\t' '{ print $1, 60 }' apps/billing/orders/checkpoints > ~/t && "
        "cat ~/t > apps/billing/orders/checkpoints", state={"0": "60", "1": "60"}),
    Row("column -t", "column -t lag/billing | awk 'NR == 1'" + " | tr -s ' '", HEADER + "\n", needs="column"),
    Row("sort -k", "sort -k 2n lag/billing | awk '!/^#/ { print $2 }'", "0\n1\n2\n"),
    Row("cut of a lag", "cut -f 8 lag/billing | tail -n 1", "none\n"),
    Row("lag of an app with nothing", "wc -l < lag/audit", "1\n"),
    Row("wc of a gauge", "grep -c '^checkpointfs_lag_records' gauges/billing", "3\n"),
    Row("jq", "jq -r .checkpoint $p/status", "{42}\n", needs="jq"),
    Row("jq of a lag", "jq .lag $p/status", "{lag}\n", needs="jq"),
    Row("jq of several", "jq -r .partition streams/orders/*/status | xargs", "0 1 2\n", needs="jq"),
    Row("jq fromdate", "jq '.mounted | fromdate > 1600000000' status", "true\n", needs="jq"),
    Row("jq of the mount", "jq -r '.options.ro' status", "false\n", needs="jq"),
    Row("jq -s", "jq -s 'map(.lag) | add > 50' apps/billing/orders/[01]/status", "true\n", needs="jq"),
    Row("python3 -m json.tool", "python3 -m json.tool $p/status >/dev/null"),
    Row("sqlite3 .import", "printf '.mode tabs\\n.import apps/billing/orders/1/checkpoint t\\n' | sqlite3 ~/db && "
        "sqlite3 ~/db .schema | grep -c {50}", "1\n", needs="sqlite3"),
    Row("records, jq", "echo hello >> streams/orders/2/records/new && tail -n 1 streams/orders/2/records/at/100 | jq -r "
        "'.data | .content? // .'", "hello\n", needs="jq"),
    Row("records, commit a line", "echo hello >> $s/records/new && echo latest > $p/checkpoint && "
        "echo two >> $s/records/new && tail -n 1 apps/billing/orders/0/records/now > $p/checkpoint",
        state={"0": "101"}, on={"sls": {"state": {"0": "102"}}, "kafka": {"state": {"0": "102"}}}),
    Row("records, wc", "wc -l < $s/records/at/98", "2\n", on={"local": {"out": "0\n"}}),
    Row("records, grep", "grep -c 99 $s/records/at/99", "1\n", on={"local": {"out": "0\n", "status": 1}}),
    Row("records in a tar", "tar cf ~/a.tar streams/orders/0/records && tar tf ~/a.tar | wc -l", "1\n"),
    Row("curl file://", "curl -s file://$MOUNT/$p/checkpoint", "{42}\n", needs="curl"),
    Row("curl -o", "echo 51 > ~/x; curl -s -o $p/checkpoint file://$HOME/x", state={"0": "51"}, needs="curl"),
    Row("curl -T", "echo 51 > ~/x; curl -s -T ~/x file://$MOUNT/$p/checkpoint", state={"0": "51"}, needs="curl"),
    Row("file", "file -b $p/checkpoint", "ASCII text\n", needs="file", on={"sls": {"out": "ASCII text\n"}}),
    Row("xxd", "xxd -p $p/checkpoint", "34320a\n", on={"sls": {"out": "4e44493d0a\n"}}, needs="xxd"),
    Row("hexdump", "hexdump -v -e '1/1 \"%02x\"' $p/checkpoint", "34320a", on={"sls": {"out": "4e44493d0a"}}, needs="hexdump"),
    Row("strings", "strings -n 2 $p/checkpoint", "{42}\n", needs="strings"),
    Row("bc", "echo \"$(cat $s/latest) - $(cat $s/earliest)\" | bc", "90\n", needs="bc", heavy=True),
    Row("make", "printf 'all:\\n\\t@cat $(F)\\n' > ~/m; make -s -f ~/m F=$p/checkpoint", "{42}\n", needs="make"),
    Row("overview.html", "grep -c '</html>' overview.html", "1\n"),
    Row("overview/now.html", "grep -c billing overview/now.html >~/o; test $(cat ~/o) -gt 0"),

    # ---- file managers
    Row("gio cat", "gio cat $p/checkpoint", "{42}\n", needs="gio"),
    Row("gio copy", "echo 51 > ~/x; gio copy ~/x $c/0", state={"0": "51"}, needs="gio"),
    Row("gio save", "echo 51 | gio save $p/checkpoint", state={"0": "51"}, needs="gio"),
    Row("gio list", "gio list $c | sort", "0\n1\n", needs="gio"),
    Row("gio list -a access::*", "gio list -a 'access::*' $p >/dev/null; wc -l < errors", "0\n", needs="gio"),
    Row("gio move", "gio move $c/1 $c/2", state={"1": None, "2": "50"}, needs="gio",
        on=on_sls(state={"2": "50"}, instead="it copies, and fails to remove: use `gio copy`")),
    Row("gio remove", "gio remove $c/1", state={"1": None}, on=on_sls(instead="`rmdir` of the whole group"), needs="gio"),
    Row("gio trash", "gio trash $c/1", refused="rash", needs="gio", instead="there is no trash: `gio remove`"),
    Row("gio mkdir", "gio mkdir apps/new", state={"app new": ""}, on={"sls": {"state": {}}, "kafka": {"state": {}}},
        needs="gio"),
    Row("mkdir of a name with a blank", "mkdir 'apps/billing (copy)'", fails="Invalid argument",
        on={"local": {}}),
]
