"""Programs that save a folder, and restore it. What is restored is what was saved before 1 was moved to 60."""

from row import Row, on_sls

GROUP = "archives"
WORDS = ("Back up `checkpoints/`, not the whole mount. Restore with what writes in place: "
         "the others remove each checkpoint first.")

OVER = "`tar --overwrite`, `cp -r` or `rsync -rc`"
MOVED = {"state": {"1": "60"}, "instead": OVER}


def kept(name, save, restore, words="Operation not supported", status=1, **more):
    """Saved, then 1 is moved to 60, and restored. On SLS nothing can be restored, if there are words."""
    on = {"sls": {"refused": words, "status": status, **MOVED}} if words else {}
    return Row(name, f"{save} && echo 60 > $c/1 && {restore}", on=on, **more)



ROWS = [
    # ---- saving
    Row("tar c", "tar cf ~/a.tar checkpoints && tar xOf ~/a.tar checkpoints/billing/orders/0", "{42}\n{note}"),
    Row("tar c, counted", "tar cf ~/a.tar $c", requests=2),
    Row("tar cz", "tar czf ~/a.tgz checkpoints && tar tzf ~/a.tgz | grep -c orders/.", "2\n"),
    Row("tar cJ", "tar cJf ~/a.txz checkpoints && tar tJf ~/a.txz | grep -c orders/.", "2\n", needs="xz"),
    Row("tar c --zstd", "tar cf ~/a.tar --zstd checkpoints && tar tf ~/a.tar | grep -c orders/.", "2\n", needs="zstd"),
    Row("tar d", "tar cf ~/a.tar checkpoints && tar df ~/a.tar"),
    Row("tar c of the mount without metrics", "tar cf ~/a.tar --exclude=./metrics ."),
    Row("tar c --listed-incremental", "tar cf ~/a.tar -g ~/snar checkpoints && echo 60 > $c/1 && "
        "tar cf ~/b.tar -g ~/snar checkpoints && tar tf ~/b.tar | grep -c orders/.", "1\n", state={"1": "60"}),
    Row("cpio -o", "find checkpoints | cpio -o --quiet > ~/a && cpio -it --quiet < ~/a | grep -c orders/.", "2\n",
        needs="cpio"),
    Row("pax -w", "pax -wf ~/a checkpoints && pax -f ~/a | grep -c orders/.", "2\n", needs="pax"),
    Row("zip -r", "zip -qr ~/a.zip checkpoints && unzip -p ~/a.zip $c/1", "{50}\n", needs="zip unzip"),
    Row("7z a", "7zz a ~/a.7z checkpoints >/dev/null && 7zz e -so ~/a.7z $c/1", "{50}\n", needs="7zz", heavy=True),
    Row("bsdtar c", "bsdtar cf ~/a.tar checkpoints && bsdtar xOf ~/a.tar $c/1", "{50}\n", needs="bsdtar", heavy=True),
    Row("dar", "dar -Q -q -c ~/a -g checkpoints && dar -Q -l ~/a | grep -c orders/.", "2\n", needs="dar", heavy=True),
    Row("gzip", "gzip -c $c/1 | zcat", "{50}\n"),
    Row("xz", "xz -c $c/1 | xzcat", "{50}\n", needs="xz"),
    Row("bzip2", "bzip2 -c $c/1 | bzcat", "{50}\n", needs="bzip2"),
    Row("ar", "ar qc ~/a.a $c/1 && ar p ~/a.a", "{50}\n", needs="ar", heavy=True),
    Row("gzip in place", "gzip $c/1", state={"1": None}, left=("1.gz",),
        on=on_sls(status=2, left=("1.gz",), instead="`gzip -c` to elsewhere")),

    # ---- restoring over what is there
    kept("tar x --overwrite", "tar cf ~/a.tar checkpoints", "tar xf ~/a.tar --overwrite", words=""),
    kept("tar x", "tar cf ~/a.tar checkpoints", "tar xf ~/a.tar", words="File exists", status=2),
    kept("tar xp", "tar cf ~/a.tar checkpoints", "tar xpf ~/a.tar", words="File exists", status=2),
    kept("tar x --unlink-first", "tar cf ~/a.tar $c/*", "tar xUf ~/a.tar", words="Operation not supported", status=2),
    kept("tar x -O into the file", "tar cf ~/a.tar checkpoints", "tar xOf ~/a.tar $c/1 > $c/1", words=""),
    kept("tar x of one member --overwrite", "tar cf ~/a.tar checkpoints", "tar xf ~/a.tar --overwrite $c/1", words=""),
    kept("tar x -C --strip-components", "tar cf ~/a.tar checkpoints",
         "tar xf ~/a.tar -C checkpoints --strip-components=1 --overwrite", words=""),
    kept("cpio -idmu", "find checkpoints -type f | cpio -o --quiet > ~/a",
         "cpio -idmu --quiet < ~/a && test $(cat $c/1) = {50}", words="Operation not supported", needs="cpio"),
    kept("pax -r", "pax -wf ~/a $c/*", "pax -rf ~/a", words="Operation not supported", needs="pax"),
    kept("unzip -o", "zip -qr ~/a.zip checkpoints", "unzip -qo ~/a.zip", words="Operation not supported", status=50,
         needs="zip unzip"),
    kept("7z x -aoa", "7zz a ~/a.7z checkpoints >/dev/null", "7zz x -aoa ~/a.7z >~/o || { cat ~/o >&2; false; }",
         words="Operation not supported", needs="7zz", heavy=True),
    kept("bsdtar x", "bsdtar cf ~/a.tar checkpoints", "bsdtar xf ~/a.tar", words="Operation not supported",
        needs="bsdtar", heavy=True),
    kept("dar -x", "dar -Q -q -c ~/a -g checkpoints", "dar -Q -q -w -x ~/a >~/o", words="could not be restored",
        status=5, needs="dar", heavy=True),
    kept("cp -r over what is there", "cp -r checkpoints ~/b", "cp -r ~/b/. checkpoints", words=""),
    kept("cp of a saved table", "cp apps/billing/orders/checkpoints ~/t", "cp ~/t apps/billing/orders/checkpoints",
        words=""),
    kept("cat of a saved table", "cat apps/billing/orders/checkpoints > ~/t",
         "cat ~/t > apps/billing/orders/checkpoints", words=""),

    # ---- restoring as another app
    Row("tar x as another app", "tar cf ~/a.tar checkpoints/billing && "
        "tar xf ~/a.tar --transform 's,^checkpoints/billing,checkpoints/copy,'",
        state={"app copy": "", "copy/orders/0": "42 {note}", "copy/orders/1": "50"},
        on={"sls": {"state": {"app copy/orders": "", "copy/orders/0": "42", "copy/orders/1": "50"}}}),
    Row("pax -rw as another app", "mkdir checkpoints/copy && cd checkpoints/billing && pax -rw . ../copy",
        state={"app copy": "", "copy/orders/0": "42 {note}", "copy/orders/1": "50"},
        on={"sls": {"state": {"app copy/orders": "", "copy/orders/0": "42", "copy/orders/1": "50"}}}, needs="pax"),
    Row("cpio -pdm as another app", "mkdir checkpoints/copy && cd checkpoints/billing && "
        "find . | cpio -pdm --quiet ../copy",
        state={"app copy": "", "copy/orders/0": "42 {note}", "copy/orders/1": "50"},
        on={"sls": {"state": {"app copy/orders": "", "copy/orders/0": "42", "copy/orders/1": "50"}}}, needs="cpio"),
    Row("tar | tar to another app",
        "mkdir checkpoints/copy && tar c -C checkpoints/billing . | tar x -C checkpoints/copy",
        state={"app copy": "", "copy/orders/0": "42 {note}", "copy/orders/1": "50"},
        on={"sls": {"state": {"app copy/orders": "", "copy/orders/0": "42", "copy/orders/1": "50"}}}),
]
