# shellcheck shell=bash
# Programs that read a file in ways of their own: by polling it first, through the kernel's pages, or up to
# the size that they were told. Each must read what cat reads.
#
# The mount has the partition 0, with a checkpoint, of the stream "orders", which the app "billing"
# consumes.

# with WAY FILE
with() {
    # shellcheck disable=SC2016 # for the other shells to expand
    case $1 in
    busybox) busybox cat "$2" ;;
    busybox-cp) busybox cp "$2" "$DIR/copy" && cat "$DIR/copy" ;;
    busybox-read) busybox sh -c 'read -r line <"$0"; echo "$line"' "$2" ;;
    dash-read) dash -c 'read -r line <"$0"; echo "$line"' "$2" ;;
    bash-read) bash -c 'read -r -t 5 line <"$0"; echo "$line"' "$2" ;;
    zsh-read) zsh -c 'read -r -t 5 line <"$0"; print -r -- "$line"' "$2" ;;
    socat) socat -u "OPEN:$2" STDOUT ;;
    pv) pv -q "$2" ;;
    stdin) cat /dev/stdin <"$2" ;;
    direct) dd "if=$2" iflag=direct bs=4096 status=none ;;
    cp) cp "$2" "$DIR/copy" && cat "$DIR/copy" ;;
    perl) perl -MIO::Select -e 'open(F, "<", $ARGV[0]) or die "$!"; IO::Select->new(\*F)->can_read(5) or die;
        sysread(F, $text, 65536); print $text' "$2" ;;
    node) node -e 'require("fs").createReadStream(process.argv[1]).pipe(process.stdout)' "$2" ;;
    uring) "$READ_URING" "$2" ;;
    *) python3 "$BATS_TEST_DIRNAME/readers.py" "$@" ;;
    esac
}

# Those of one line that has nothing in it that a moment changes.
FILES=("$P/checkpoint" "$P/lag" "$C" "$S/latest")
CURSORS=("$P/cursor" "$S/cursors/earliest" "$S/cursors/since/1h")

# reads WAY: every file, and cursors that are none of an open file before.
reads() {
    local file
    for file in "${FILES[@]}"; do
        is "$file $(timeout 10 bash -c 'with "$@"' - "$1" "$file")" "$file $(cat "$file")"
    done
    for file in "${CURSORS[@]}"; do
        # shellcheck disable=SC2002 # wc alone would trust the size
        is "$file $(timeout 10 bash -c 'with "$@"' - "$1" "$file" | wc)" "$file $(cat "$file" | wc)"
    done
}
export -f with
export DIR READ_URING BATS_TEST_DIRNAME
