"""Programs that keep two folders alike, and version them: rsync, git, unison, rclone, restic, borg."""

from row import Row, on_sls

GROUP = "rsync, git and backups"
WORDS = "rsync needs `-c` where a number may have been committed in the same second. git keeps its folder elsewhere."

SAVED = "cp -r checkpoints ~/b && echo 60 > $c/1 && "
COPY = {"app copy": "", "copy/orders/0": "42 {note}", "copy/orders/1": "50"}
COPY_SLS = {"sls": {"state": {"app copy/orders": "", "copy/orders/0": "42", "copy/orders/1": "50"}}}
MOVED = {"state": {"1": "60"}, "instead": "`git show REV:billing/orders/1 > checkpoints/billing/orders/1`"}
GIT = ('export GIT_DIR=$HOME/cp.git GIT_WORK_TREE=$MOUNT/checkpoints GIT_AUTHOR_NAME=a GIT_AUTHOR_EMAIL=a@b '
       'GIT_COMMITTER_NAME=a GIT_COMMITTER_EMAIL=a@b; git init -q 2>/dev/null; cd checkpoints; '
       'git add -A && git commit -qm first && ')


def rsync(options, script, *arguments, **more):
    more.setdefault("needs", "rsync")
    return Row(f"rsync {options}", script.replace("rsync", f"rsync {options}"), *arguments, **more)


def git(name, script, *arguments, **more):
    return Row(f"git {name}", GIT + script, *arguments, needs="git", **more)


ROWS = [
    rsync("-r", "rsync checkpoints/billing/ ~/b && cat ~/b/orders/1", "{50}\n"),
    rsync("-rc", SAVED + "rsync ~/b/ checkpoints/"),
    rsync("-a", "rsync checkpoints/ ~/b && diff -r checkpoints ~/b"),
    rsync("-ac", SAVED + "rsync ~/b/ checkpoints/"),
    rsync("-a --no-times -c", SAVED + "rsync ~/b/ checkpoints/"),
    rsync("-rc --inplace", SAVED + "rsync ~/b/ checkpoints/"),
    Row("rsync -rc --inplace of a shorter text", "cp -r checkpoints ~/b && env printf '60\\nby hand\\n' > $c/1 && "
        "rsync -rc --inplace ~/b/ checkpoints/", needs="rsync",
        on=on_sls(script="cp -r checkpoints ~/b && echo {1000} > $c/1 && rsync -rc --inplace ~/b/ checkpoints/",
        status=11,
                  state={"1": "1000"},
                  instead="`rsync -rc`: the end of a longer old cursor is still there when it writes")),
    rsync("-rc --append-verify", SAVED + "rsync ~/b/ checkpoints/", state={"1": "60"}),
    rsync("-rc --delay-updates", SAVED + "rsync ~/b/ checkpoints/"),
    rsync("-rc --partial-dir=.part", SAVED + "rsync ~/b/ checkpoints/"),
    rsync("-rc --temp-dir=/tmp", SAVED + "rsync ~/b/ checkpoints/", on={"sls": {
        "refused": "Operation not supported", "status": 23, "state": {"1": "60"},
        "instead": "leave out `--temp-dir`"}}),
    rsync("-rcb", SAVED + "rsync ~/b/ checkpoints/", left=("1~",)),
    rsync("-rc --fsync", SAVED + "rsync ~/b/ checkpoints/"),
    rsync("-rcW", SAVED + "rsync ~/b/ checkpoints/"),
    rsync("-rc --delete", "cp -r checkpoints ~/b && echo 60 > $c/2 && rsync ~/b/ checkpoints/", on={"sls": {
        "refused": "Operation not supported", "status": 23, "state": {"2": "60"},
        "instead": "SLS deletes no single checkpoint"}}),
    rsync("-rcn", SAVED + "rsync ~/b/ checkpoints/", state={"1": "60"}),
    Row("rsync -a to another app", "rsync -a checkpoints/billing/ checkpoints/copy", state=COPY, on=COPY_SLS,
        needs="rsync"),
    Row("rsync -a from folders with mode 0775", SAVED + "chmod -R g+w ~/b && rsync -ac ~/b/ checkpoints/",
        needs="rsync"),
    Row("rsync of a file with a bad value", "cp -r checkpoints ~/b && echo junk > ~/b/billing/orders/1 && "
        "rsync -rc ~/b/ checkpoints/", fails="Invalid argument", status=23, needs="rsync"),

    git("add, commit", "git show HEAD:billing/orders/1", "{50}\n"),
    git("status", "git status --porcelain | wc -l", "0\n"),
    git("status of a change", "echo 60 > billing/orders/1; git status --porcelain", " M billing/orders/1\n",
        state={"1": "60"}),
    git("diff", "echo {60} > billing/orders/1; git diff | tail -n 1", "+{60}\n", state={"1": "60"}),
    git("checkout", "echo 60 > billing/orders/1; git checkout -q HEAD -- .", on={"sls": {
        "refused": "unable to unlink", "status": 255, **MOVED}}),
    git("restore", "echo 60 > billing/orders/1; git restore .", on={"sls": {
        "refused": "unable to unlink", "status": 255, **MOVED}}),
    git("reset --hard", "echo 60 > billing/orders/1; git reset -q --hard", on={"sls": {
        "refused": "unable to unlink", "status": 128, **MOVED}}),
    git("stash", "echo 60 > billing/orders/1; git stash -q", on={"sls": {
        "refused": "unable to unlink", "status": 1, **MOVED}}),
    git("stash and pop", "echo 60 > billing/orders/1; git stash -q && git stash pop -q", state={"1": "60"}, on={"sls": {
        "refused": "unable to unlink", "status": 1, **MOVED}}),
    git("revert", "echo 60 > billing/orders/1; git commit -qam second && git revert --no-edit HEAD >/dev/null",
        on={"sls": {
        "refused": "unable to unlink", "status": 128, **MOVED}}),
    git("reset --hard HEAD~1, when each answer takes a while",
        "echo 60 > billing/orders/0; echo 60 > billing/orders/1; git commit -qam second && git reset -q --hard HEAD~1",
        on={"sls": {"refused": "unable to unlink", "status": 128, **MOVED, "state": {"0": "60", "1": "60"}}},
        slow=300, seconds=60),
    git("checkout of a branch", "git branch b; echo 60 > billing/orders/1; git commit -qam second && git checkout -q b",
        on={"sls": {"refused": "unable to unlink", "status": 0, **MOVED}}),
    git("rm", "git rm -q billing/orders/1", state={"1": None}, on={"sls": {
        "refused": "Operation not supported", "status": 128, "state": {},
        "instead": "SLS deletes no single checkpoint"}}),
    git("mv", "git mv billing/orders/1 billing/orders/2", state={"1": None, "2": "50"}, on={"sls": {
        "refused": "Operation not supported", "status": 128, "state": {},
        "instead": "SLS deletes no single checkpoint"}}),
    git("archive", "git archive HEAD | tar t | grep -c orders/.", "2\n"),
    git("show, into the file", "echo 60 > billing/orders/1; git show HEAD:billing/orders/1 > billing/orders/1"),
    Row("git init in checkpoints/", "cd checkpoints && git init -q", refused="Invalid argument", status=1,
        instead="`git --git-dir` outside", needs="git"),

    Row("unison", "unison -batch $MOUNT/checkpoints ~/b >~/o 2>&1 && diff -r checkpoints ~/b",
        needs="unison", heavy=True),
    Row("unison back", "unison -batch $MOUNT/checkpoints ~/b >~/o 2>&1; echo 51 > ~/b/billing/orders/1; "
        "unison -batch $MOUNT/checkpoints ~/b >~/o 2>&1", state={"1": "51"}, needs="unison", heavy=True),
    Row("rclone copy", "rclone -q copy checkpoints ~/b && diff -r checkpoints/billing ~/b/billing", needs="rclone",
        heavy=True),
    Row("rclone copy back", SAVED + "rclone -q copy --checksum ~/b checkpoints", needs="rclone", heavy=True),
    Row("rclone sync", SAVED + "rclone -q sync --checksum ~/b checkpoints", needs="rclone", heavy=True),
    Row("rclone check", "cp -r checkpoints ~/b && rclone -q check checkpoints ~/b", needs="rclone", heavy=True),
    Row("rclone moveto", "rclone -q moveto $c/1 $c/2", state={"1": None, "2": "50"},
        on=on_sls("operation not supported", state={"2": "50"},
        instead="it copies, and fails to remove: `rclone copyto`"),
        needs="rclone", heavy=True),
    Row("restic backup", "export RESTIC_PASSWORD=x; restic -q -r ~/r init && restic -q -r ~/r backup checkpoints && "
        "restic -q -r ~/r dump latest $MOUNT/$c/1 2>/dev/null || restic -q -r ~/r dump latest /$c/1", "{50}\n",
        needs="restic", heavy=True, seconds=60),
    Row("restic restore",
        "export RESTIC_PASSWORD=x; restic -q -r ~/r init && (cd checkpoints && restic -q -r ~/r backup .) && "
        "echo 60 > $c/1 && restic -q -r ~/r restore latest --target checkpoints", needs="restic", heavy=True,
        seconds=60),
    Row("borg create",
        "export BORG_PASSPHRASE=x BORG_BASE_DIR=$HOME; borg init -e none ~/r && borg create ~/r::a checkpoints && "
        "borg extract --stdout ~/r::a $c/1", "{50}\n", needs="borg", heavy=True, seconds=60),
    Row("borg extract",
        "export BORG_BASE_DIR=$HOME; borg init -e none ~/r && borg create ~/r::a $c && echo 60 > $c/1 && "
        "borg extract ~/r::a",
        needs="borg", heavy=True, seconds=60),
    Row("rdiff-backup", "rdiff-backup backup checkpoints ~/r >~/o && diff -r checkpoints/billing ~/r/billing",
        needs="rdiff-backup", heavy=True, seconds=60),
    Row("bindfs", "mkdir ~/m && bindfs checkpoints ~/m && { echo 60 > ~/m/billing/orders/0; cat ~/m/billing/orders/0; "
        "fusermount3 -u ~/m; }", "{60}\n", state={"0": "60"}, needs="bindfs", heavy=True),
    Row("bindfs, truncated by path", "mkdir ~/m && bindfs checkpoints ~/m && { truncate -s 0 ~/m/billing/orders/0; "
        "echo 60 1<> ~/m/billing/orders/0; fusermount3 -u ~/m; }", state={"0": "60"}, needs="bindfs", heavy=True),
    Row("logrotate create", "printf '%s { create\\nrotate 1\\n}' $MOUNT/$c/1 > ~/conf && chmod 644 ~/conf && "
        "logrotate -f -s ~/state ~/conf", state={"1": None}, left=("1.1",), on=on_sls(instead="copytruncate"),
        needs="logrotate", heavy=True),
    Row("logrotate copytruncate",
        "printf '%s { copytruncate\\nrotate 1\\nolddir %s\\n}' $MOUNT/$c/1 ~ > ~/conf && chmod 644 ~/conf && "
        "logrotate -f -s ~/state ~/conf && cat ~/1.1", "{50}\n", needs="logrotate", heavy=True),
]
