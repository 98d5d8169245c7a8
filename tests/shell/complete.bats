#!/usr/bin/env bats
# What shells complete: each of them all that the program's own help names.
# shellcheck shell=bash

load helper

EXAMPLES=$BATS_TEST_DIRNAME/../../examples

setup() {
    make_place
    mkdir -p "$DIR/zsh" "$DIR/here/directory"
    cd "$DIR/here" || return
    : >journal.1
    PATH=$(dirname "$CHECKPOINTFS"):$PATH
}

# Each prints what a shell offers after a line, one a line.

# shellcheck disable=SC2034 # the completion reads these variables
offered_by_bash() {
    compopt() { :; } # only readline has it
    # shellcheck source=examples/completion.bash
    source "$EXAMPLES/completion.bash"
    # bash takes = for a word of its own
    read -ra COMP_WORDS <<<"${1//=/ = }"
    [[ $1 != *' ' ]] || COMP_WORDS+=('')
    COMP_CWORD=$((${#COMP_WORDS[@]} - 1)) COMPREPLY=()
    _checkpointfs "$CHECKPOINTFS"
    printf '%s\n' "${COMPREPLY[@]}"
}

# fish says what each is after a tab, and has a / behind directories.
offered_by_fish() {
    HOME=$DIR fish --no-config -c "source '$EXAMPLES/completion.fish'; complete -C '$1'" | cut -f 1 | sed 's:\([^/]\)/$:\1:'
}

offered_by_zsh() {
    rm -f "$DIR"/offered*
    cp "$EXAMPLES/completion.zsh" "$DIR/zsh/_checkpointfs"
    HOME=$DIR timeout 30 zsh -f "$BATS_TEST_DIRNAME/complete.zsh" "$DIR/zsh" "$1" "$DIR/offered" >/dev/null 3>&- 4>&-
    grep . "$DIR/offered"
}

# offers SHELL LINE WORD...: these and nothing else.
offers() {
    local shell=$1 line=$2
    shift 2
    is "$line: $("offered_by_$shell" "$line" | sort -u | xargs)" "$line: $(printf '%s\n' "$@" | sort -u | xargs)"
}

completes_all() {
    local options sources
    mapfile -t options < <("$CHECKPOINTFS" --help | sed -nE 's/^  -o ([^ ]+).*/\1/p' | tr , '\n' | sed 's/=.*/=/')
    mapfile -t sources < <("$CHECKPOINTFS" --help | sed -nE 's:^  ([a-z]+\:(//)?).*:\1:p')
    ((${#options[@]} > 30 && ${#sources[@]} > 3))
    offers "$1" 'checkpointfs -o ' "${options[@]}"
    offers "$1" 'checkpointfs ' "${sources[@]}" directory
}

completes_well() {
    completes_all "$1"
    offers "$1" 'checkpointfs -o pl' plan
    offers "$1" 'checkpointfs -o ro,jo' ro,journal=
    offers "$1" 'checkpointfs sl' sls://
    offers "$1" 'checkpointfs local: direc' directory
}

@test "bash completes what the help names, and files" {
    completes_well bash
    offers bash 'checkpointfs -o ro,journal=jou' journal.1
    offers bash 'checkpointfs -o timeout=5,mono' 5,monotonic
    offers bash 'checkpointfs -' -f -h -V -o --help --version
}

# typed KEYS: what a command gets of which bash has completed the words, each in < and >.
typed() {
    python3 - "$EXAMPLES/completion.bash" "$1" <<'END'
import os
import pty
import re
import sys

child, terminal = pty.fork()
if child == 0:
    os.execvpe("bash", ["bash", "--norc", "--noprofile", "-i"], {**os.environ, "TERM": "dumb"})
os.write(terminal, f"""PS1=; source '{sys.argv[1]}'; checkpointfs() {{ printf '<%s>' "$@"; echo; }}
checkpointfs {sys.argv[2]}
exit
""".encode())
shown = b""
try:
    while read := os.read(terminal, 4096):
        shown += read
except OSError:
    pass
print(re.findall(r"^<[^%]*>", shown.decode().replace("\r", ""), re.M)[-1])
END
}

@test "what bash completes of a source goes on, and what is a file has its blanks" {
    needs python3
    mkdir "$DIR/here/two words"
    is "$(typed $'loc\t/tmp/a.db direct\t')" "<local:/tmp/a.db><directory/>"
    is "$(typed $'di\t')" "<di>"
    is "$(typed $'dis\thost/1 two\t')" "<dis://host/1><two words/>"
}

@test "fish completes what the help names, and files" {
    needs fish
    completes_well fish
    offers fish 'checkpointfs -o ro,journal=jou' ro,journal=journal.1
    offers fish 'checkpointfs -' -f -h -V -o --help --version
}

@test "zsh completes what the help names, and files" {
    needs zsh
    completes_well zsh
    offers zsh 'checkpointfs -o ro,journal=jou' ro,journal=journal.1
    offers zsh 'checkpointfs -' -f -h -V -o --help --version
}
