"""Shells: what they redirect, read and glob."""

from row import Row, on_sls

GROUP = "shells"
WORDS = "Every shell of Debian: redirections, loops that read, globbing. A shell's `echo` commits when it returns."

NO_NOTE = on_sls(status=1, instead="there is no metadata: write the number alone")
# How each shell words it; dash says the same of every error.
EINVAL = {"bash": "Invalid argument", "dash": "I/O error", "zsh": "invalid argument", "mksh": "Invalid argument",
          "busybox sh": "Invalid argument", "ksh93": "Invalid argument"}


def of_posix(shell):
    """What is the same in all of them, with the shell's name in front."""
    program = shell.split()[0]

    def row(name, script, *arguments, **more):
        quoted = script.replace("'", "'\\''")
        return Row(f"{shell}: {name}", f"{shell} -c '{quoted}'", *arguments, needs=program, **more)

    yield row("echo N >", "echo 51 > $p/checkpoint", state={"0": "51"})
    yield row("echo N >>", "echo 51 >> $p/checkpoint", state={"0": "51"})
    yield row("echo N 1<>", "echo 51 1<> $p/checkpoint", state={"0": "51"})
    yield row("echo of no position", "echo junk > $p/checkpoint", fails=EINVAL[shell])
    yield row("read", "read -r x < $p/checkpoint; echo $x", "{42}\n")
    yield row("while read", "while read -r n x; do echo \"$n=$x\"; done < apps/billing/orders/checkpoints",
              "0={42}\tnote\n1={50}\n", on={"sls": {"out": "0={42}\n1={50}\n"}})
    yield row("$(cat)", "echo $(cat $p/checkpoint)", "{42}\n")
    yield row("globbing", "echo $c/*", "checkpoints/billing/orders/0 checkpoints/billing/orders/1\n")
    yield row("a here document", "cat > $p/checkpoint <<X\n51\nX", state={"0": "51"})
    yield row("a loop over partitions", "for f in apps/billing/orders/*/; do echo 51 > ${f}checkpoint; done",
              state={"0": "51", "1": "51", "2": "51"})
    yield row("test", "[ -f $p/checkpoint ] && [ ! -e apps/billing/orders/2/checkpoint ]")
    yield row(">", ": > $p/checkpoint")
    yield row("of what is not there", "read -r x < apps/billing/orders/2/checkpoint",
              fails="o such file", **({"status": 2} if program == "dash" else {}))


ROWS = [row for shell in ("bash", "dash", "zsh", "mksh", "busybox sh", "ksh93") for row in of_posix(shell)] + [
    # ---- of some
    Row("bash: $(<FILE)", "echo $(<$p/checkpoint)", "{42}\n"),
    Row("bash: mapfile", "mapfile -t a < $c/0; echo ${a[0]}", "{42}\n"),
    Row("bash: read -t 1", "read -t 1 x < $p/checkpoint; echo $x", "{42}\n"),
    Row("bash: read -t 0", "read -t 0 < $p/checkpoint"),
    Row("bash: noclobber", "set -o noclobber; echo 51 > $p/checkpoint", fails="cannot overwrite existing file"),
    Row("bash: >|", "set -o noclobber; echo 51 >| $p/checkpoint", state={"0": "51"}),
    Row("bash: <<<", "cat > $p/checkpoint <<< 51", state={"0": "51"}),
    Row("bash: a descriptor that stays open", "exec 3> $p/checkpoint; echo 51 >&3; cat $p/checkpoint; exec 3>&-",
        "{51}\n",
        state={"0": "51"}),
    Row("bash: two lines, a command each", "exec 3> $p/checkpoint; echo 51 >&3; echo 52 >&3", fails="Invalid argument",
        state={"0": "51"}),
    Row("bash: printf without a newline", "printf 51 > $p/checkpoint", state={"0": "51"}),
    Row("bash: printf without a newline, refused", "printf junk > $p/checkpoint; tail -n 1 errors | grep -c EINVAL",
        "1\n"),
    Row("env printf of a note", "env printf '51\\nby hand\\n' > $p/checkpoint", state={"0": "51 by hand"}, on=NO_NOTE),
    Row("echo >> below checkpoints/", "echo more >> $c/0", state={"0": "42 note\nmore"}, on=NO_NOTE),
    Row("dash: echo latest, counted", "dash -c 'echo latest > $p/checkpoint'", state={"0": "99"},
        on={"dis": {"requests": 2}, "sls": {"requests": 3, "state": {"0": "100"}}, "kafka": {"state": {"0": "100"}}}),
    Row("dash: echo >> records/new", "dash -c 'echo hello >> $s/records/new'", requests=1, appends=True,
        on={"sls": {"requests": 2}}),
    Row("echo earliest", "echo earliest > $p/checkpoint", state={"0": "9"},
        on={"dis": {"state": {"0": None}}, "sls": {"state": {"0": "10"}}, "kafka": {"state": {"0": "10"}}}),
    Row("echo latest", "echo latest > $p/checkpoint", state={"0": "99"},
        on={"sls": {"state": {"0": "100"}}, "kafka": {"state": {"0": "100"}}}),
    Row("echo @1h", "echo @1h > $p/checkpoint", state={"0": "9"},
        on={"dis": {"state": {"0": None}}, "sls": {"state": {"0": "10"}}, "kafka": {"state": {"0": "10"}}}),
    Row("echo @now", "echo @now > $p/checkpoint", state={"0": "99"},
        on={"sls": {"state": {"0": "100"}}, "kafka": {"state": {"0": "100"}}}),
    Row("echo of a bare -1", "echo -1 > $p/checkpoint", fails="Invalid argument"),
    Row("echo of a record's line", "jq -c '{checkpoint}' <<< '{\"checkpoint\":\"{51}\"}' > $p/checkpoint",
        state={"0": "51"},
        needs="jq"),
    Row("echo - of a table line", "echo '0 -' > apps/billing/orders/checkpoints", state={"0": None},
        on=on_sls(instead="`rmdir` of the whole group")),
    Row("echo of a table line with what must be there",
        "env printf '0\\t51\\t\\t43\\n' > apps/billing/orders/checkpoints",
        fails="Stale file handle"),
    Row("echo shift", "echo shift -2 > $p/checkpoint", state={"0": "40"}),
    Row("echo of a table line", "echo '* 60' > apps/billing/orders/checkpoints", state={"0": "60", "1": "60",
        "2": "60"}),
    Row("echo of a CRLF line", "printf '51\\r\\n' > $p/checkpoint", state={"0": "51"}),
    Row("dash: echo, counted", "dash -c 'echo 51 > $p/checkpoint'", state={"0": "51"}, requests=1,
        on={"sls": {"requests": 4}}),
    Row("echo > lag", "echo 1 > $p/lag", fails="Read-only file system"),
    Row("bash: cd and tab-like globbing", "cd apps; echo b*/o*/[0-9]",
        "billing/orders/0 billing/orders/1 billing/orders/2\n"),
    Row("bash: globstar", "shopt -s globstar; echo checkpoints/**/0", "checkpoints/billing/orders/0\n"),
    Row("bash: compgen, as completion does", "compgen -f apps/bil", "apps/billing\n"),
    Row("bash: exec {fd}<>", "exec {fd}<> $p/checkpoint; read -r x <&$fd; echo $x", "{42}\n"),
    Row("bash: coprocess of tail", "coproc tail -n 1 $p/checkpoint; read -r x <&${COPROC[0]}; echo $x", "{42}\n"),
    Row("zsh: $(<FILE)", "zsh -c 'echo $(<$p/checkpoint)'", "{42}\n", needs="zsh"),
    Row("zsh: read -t 1", "zsh -c 'read -t 1 x < $p/checkpoint; echo $x'", "{42}\n", needs="zsh"),
    Row("zsh: multios", "zsh -c 'echo 51 > $c/0 > $c/1'", state={"0": "51", "1": "51"}, needs="zsh"),
    Row("zsh: sysread", "zsh -c 'zmodload zsh/system; sysread x < $p/checkpoint; echo -n $x'", "{42}\n", needs="zsh"),
    Row("zsh: mapfile",
        "zsh -c 'zmodload zsh/mapfile; test -n \"${mapfile[$p/checkpoint]}\"' || { echo empty >&2; false; }",
        refused="empty", instead="`$(<FILE)`: mapfile wants a shared mapping, which is ENODEV, and does not say so",
        needs="zsh"),
    Row("zsh: globbing by size", "zsh -c 'echo $c/*(.)'", "checkpoints/billing/orders/0 checkpoints/billing/orders/1\n",
        needs="zsh"),
    Row("mksh: read -t 1", "mksh -c 'read -t 1 x < $p/checkpoint; echo $x'", "{42}\n", needs="mksh"),
    Row("busybox sh: read -t 1", "busybox sh -c 'read -t 1 x < $p/checkpoint; echo $x'", "{42}\n", needs="busybox"),
    Row("ksh93: read -t 1", "ksh93 -c 'read -t 1 x < $p/checkpoint; echo $x'", "{42}\n", needs="ksh93"),
    Row("fish: echo N >", "fish -c 'echo 51 > $p/checkpoint'", state={"0": "51"}, needs="fish"),
    Row("fish: echo N >>", "fish -c 'echo 51 >> $p/checkpoint'", state={"0": "51"}, needs="fish"),
    Row("fish: echo of no position", "fish -c 'echo junk > $p/checkpoint'", fails="Invalid argument", needs="fish"),
    Row("fish: read", "fish -c 'read x < $p/checkpoint; echo $x'", "{42}\n", needs="fish"),
    Row("fish: while read", "fish -c 'while read x; echo $x; end < $c/1'", "{50}\n", needs="fish"),
    Row("fish: globbing", "fish -c 'echo $c/*'", "checkpoints/billing/orders/0 checkpoints/billing/orders/1\n",
        needs="fish"),
    Row("fish: >?", "fish -c 'echo 51 >? $p/checkpoint'", fails="exists", needs="fish"),
]

# ---- busybox, whose applets read in ways of their own


def applet(name, *arguments, **more):
    return Row(f"busybox {name}", *arguments, needs="busybox", **more)


ROWS += [
    applet("cat", "busybox cat $p/checkpoint", "{42}\n"),
    applet("cat of records", "busybox cat $s/records/at/98 | wc -l", "2\n", on={"local": {"out": "0\n"}}),
    applet("cp", "echo 51 > ~/x; busybox cp ~/x $p/checkpoint", state={"0": "51"}),
    applet("mv", "echo 51 > ~/x; busybox mv ~/x $c/0", state={"0": "51"}, on=on_sls(instead="`cp`")),
    applet("tee", "echo 51 | busybox tee $p/checkpoint", "51\n", state={"0": "51"}),
    applet("dd", "echo 51 | busybox dd of=$p/checkpoint 2>/dev/null", state={"0": "51"}),
    applet("sed -i", "busybox sed -i 's/.*/51/;q' $c/1", state={"1": "51"}),
    applet("tar", "busybox tar c checkpoints | busybox tar t | grep -c orders/", "3\n"),
    applet("find", "busybox find checkpoints -type f | sort",
        "checkpoints/billing/orders/0\ncheckpoints/billing/orders/1\n"),
    applet("wc", "busybox wc -l $c/1", "1 checkpoints/billing/orders/1\n"),
    applet("stat", "busybox stat -c %F $p", "directory\n"),
    applet("tail", "busybox tail -n 1 $c/1", "{50}\n"),
    applet("rm", "busybox rm $c/1", state={"1": None}, on=on_sls(instead="`rmdir` of the whole group")),
    applet("xargs", "echo $p/checkpoint | busybox xargs cat", "{42}\n"),
]
