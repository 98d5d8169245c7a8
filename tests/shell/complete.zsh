#!/bin/zsh -f
# Usage: complete.zsh FOLDER LINE OUTPUT
#
# Writes what zsh offers after LINE to OUTPUT, one a line, with the completions of FOLDER: it presses Tab in an
# interactive shell.
zmodload zsh/zpty zsh/zselect
export FOLDER=$1 OUTPUT=$3

zpty shell zsh -f -i
# Completions offer by compadd, in which -O has a list of what fits the word instead.
zpty -w shell 'compadd() {
    local -a offered
    builtin compadd -O offered "$@"
    print -rl -- $IPREFIX$^offered >> $OUTPUT.raw
    builtin compadd "$@"
}
tab() { zle complete-word; mv $OUTPUT.raw $OUTPUT }
zle -N tab
bindkey "^I" tab
fpath=($FOLDER $fpath); autoload -Uz compinit; compinit -u -D; : > $OUTPUT.raw; : > $OUTPUT.ready'

wait_for() {
    repeat 1000; do
        [[ -e $1 ]] && return
        zselect -t 2 # hundredths of a second
        zpty -r -t shell line # so that it is not stopped by what it prints
    done
    exit 1
}
wait_for $OUTPUT.ready
zpty -w -n shell "$2"$'\t'
wait_for $OUTPUT
zpty -d shell
