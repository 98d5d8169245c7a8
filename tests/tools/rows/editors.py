"""Editors, those on a terminal with keys that are typed, and programs that edit in place."""

from row import Row, on_sls

GROUP = "editors"
WORDS = "Editors write in place in `apps/`; in `checkpoints/` their temporary files work, too."

NO_NOTE = on_sls(instead="there is no metadata: keep one line")
TO_51 = {"state": {"1": "51"}}


# With swap files where no other vim is.
VIM = "vim -es -u NONE --cmd 'set directory=.,~'"
EX = "ex -s -u NONE --cmd 'set directory=.,~'"


def typed(name, keys, command, **more):
    """Of a program on a terminal, which the first word of command is."""
    more.setdefault("needs", command.split()[0])
    more.setdefault("seconds", 40)
    return Row(name, f"$TOOLS/typist.py '{keys}' {command}", **more)


ROWS = [
    # ---- in place
    Row("sed -i", "sed -i 's/.*/51/' $c/1", **TO_51),
    Row("sed -i of a number with a note", "sed -i '1s/.*/51/' $c/0", state={"0": "51 {note}"}),
    Row("sed -i.bak", "sed -i.bak 's/.*/51/' $c/1", left=("1.bak",), **TO_51,
        on=on_sls(status=4, instead="`sed -i`, which keeps no copy")),
    Row("sed -i of many", "sed -i '1s/.*/51/' $c/*", state={"0": "51 {note}", "1": "51"}),
    Row("sed -i to what is no position", "sed -i 's/.*/junk/' $c/1", fails="Invalid argument", status=4),
    Row("sed -i in apps", "sed -i 's/.*/51/' $p/checkpoint", refused="Operation not permitted", status=4,
        instead="`sed -i` in `checkpoints/`"),
    Row("sed w", "echo 51 | sed -n 'w checkpoints/billing/orders/1'", **TO_51),
    Row("perl -i", "perl -i -pe 's/.*/51/' $c/1", needs="perl", **TO_51),
    Row("perl -i.bak", "perl -i.bak -pe 's/.*/51/' $c/1", left=("1.bak",), needs="perl", **TO_51,
        on=on_sls(status=95, instead="`perl -i`, which keeps no copy")),
    Row("perl -i in apps", "perl -i -pe 's/.*/51/' $p/checkpoint", refused="Operation not permitted", status=0,
        instead="`perl -i` in `checkpoints/`", needs="perl"),
    Row("gawk -i inplace", "gawk -i inplace '{ print 51 }' $c/1", needs="gawk", heavy=True, **TO_51),
    Row("ruby -i", "ruby -i -pe '$_ = \"51\\n\"' $c/1", needs="ruby", heavy=True, **TO_51,
        on=on_sls(status=0, instead="`sed -i`")),
    Row("ed", "printf '1c\\n51\\n.\\nw\\nq\\n' | ed -s $c/1", needs="ed", **TO_51),
    Row("ed in apps", "printf '1c\\n51\\n.\\nw\\nq\\n' | ed -s $p/checkpoint", state={"0": "51"}, needs="ed"),
    Row("ed, a bad value", "printf '1c\\njunk\\n.\\nw\\nq\\n' | ed -s $p/checkpoint", "?\n?\n", fails="nvalid argument",
        needs="ed"),
    Row("ex", EX + " -c '1s/.*/51/' -c x $c/1", needs="ex", **TO_51),
    Row("ex in apps", EX + " -c '1s/.*/51/' -c x $p/checkpoint", state={"0": "51"}, needs="ex"),
    Row("vim -es", VIM + " -c '1s/.*/51/' -c wq $c/1", needs="vim", **TO_51),
    Row("vim -es with a swap file", VIM + " -c 'set swapfile' -c '1s/.*/51/' -c wq $c/1", needs="vim", **TO_51),
    Row("vim -es, backupcopy=no", VIM + " -c 'set backup backupskip= backupcopy=no' -c '1s/.*/51/' -c wq $c/1",
        left=("1~",), needs="vim", **TO_51),
    Row("vim -es, backupcopy=yes", VIM + " -c 'set backup backupskip= backupcopy=yes' -c '1s/.*/51/' -c wq $c/1",
        left=("1~",), needs="vim", **TO_51),
    Row("vim -es in apps", VIM + " -c '1s/.*/51/' -c wq $p/checkpoint", state={"0": "51"}, needs="vim"),
    Row("vim -es in apps, a note",
        VIM + " -c '$s/.*/51/' -c 'normal oby hand' -c wq $p/checkpoint || { echo refused >&2; false; }",
        state={"0": "51 by hand"}, needs="vim", 
        on=on_sls("refused", instead="there is no metadata: keep one line")),
    Row("vim -es, a bad value", VIM + " -c '1s/.*/junk/' -c wq $p/checkpoint || { echo refused >&2; false; }",
        fails="refused", needs="vim"),
    Row("view", "view -es -n -u NONE -c '%print' -c q $c/1", "{50}\n", needs="view"),
    Row("emacs --batch",
        "emacs -Q --batch $c/1 --eval '(progn (erase-buffer) (insert \"51\\n\") (save-buffer))' 2>/dev/null",
        needs="emacs", heavy=True, seconds=60, **TO_51),
    Row("emacs --batch in apps", "emacs -Q --batch $p/checkpoint --eval "
        "'(progn (setq make-backup-files nil) (erase-buffer) (insert \"51\\n\") (save-buffer))' 2>/dev/null",
        needs="emacs", heavy=True, seconds=60, state={"0": "51"}),
    Row("sponge", "sed 's/.*/51/' $c/1 | sponge $c/1", needs="sponge", heavy=True, **TO_51),
    Row("sponge in apps", "sed 's/.*/51/' $p/checkpoint | sponge $p/checkpoint", needs="sponge", heavy=True,
        state={"0": "51"}),
    Row("sponge of a bad value", "echo junk | sponge $p/checkpoint", needs="sponge", heavy=True,
        fails="Invalid argument"),
    Row("patch", "printf -- '--- a\\n+++ b\\n@@ -1 +1 @@\\n-{50}\\n+51\\n' | patch -s $c/1", needs="patch", **TO_51),
    Row("ex as crontab would", "EDITOR='ed -s'; printf '1c\\n51\\n.\\nw\\nq\\n' | $EDITOR $c/1", needs="ed", **TO_51),

    # ---- on a terminal
    typed("vim", "ggcc51\\e{wait}:wq\\r", "vim -n -u NONE $c/1", heavy=True, **TO_51),
    typed("vim in apps", "ggcc51\\e{wait}:wq\\r", "vim -n -u NONE $p/checkpoint", heavy=True,
        state={"0": "51"}),
    typed("vim: a bad value is told", "ggccjunk\\e{wait}:w\\r{wait}:q!\\r",
        "vim -n -u NONE $p/checkpoint", heavy=True),
    typed("nano", "\\ck51{wait}\\cs{wait}\\cx", "nano $c/1", heavy=True, **TO_51),
    typed("nano in apps", "\\ck51{wait}\\cs{wait}\\cx", "nano $p/checkpoint", heavy=True, state={"0": "51"}),
    typed("nano -B", "\\ck51{wait}\\cs{wait}\\cx", "nano -B $c/1", heavy=True, left=("1~",), **TO_51),
    typed("emacs", "\\ck51{wait}\\cx\\cs{wait}\\cx\\cc", "emacs -nw -Q $c/1", heavy=True, seconds=60, **TO_51),
    typed("micro", "\\ck{wait}51{wait}\\cs{wait}\\cq", "micro $c/1", heavy=True, **TO_51),
    typed("busybox vi", "dd{wait}i51\\e{wait}:wq\\r", "busybox vi $c/1", heavy=True, **TO_51,
          on=on_sls("0C",
          instead="in `apps/`: in `checkpoints/` the end of a longer old cursor is still there when it writes")),
    typed("joe", "\\cy51\\r{wait}\\ckx", "joe -asis $c/1", heavy=True, **TO_51, left=("1~",)),
    typed("mg", "\\ck51{wait}\\cx\\cs{wait}\\cx\\cc", "mg -n $c/1", heavy=True, **TO_51),
    typed("mcedit", "\\cy51\\r{wait}\\e2{wait}\\r{wait}\\e0", "mcedit $c/1", heavy=True, **TO_51),
    typed("less", "q", "less $c/1", heavy=True),
]
