# shellcheck shell=bash
# Completion for bash: source this, or install the program, which puts it where bash-completion finds it. After -o it
# knows the options that the program's own help has.

_checkpointfs() {
    local word=${COMP_WORDS[COMP_CWORD]} before=${COMP_WORDS[COMP_CWORD - 1]} first='' directories
    # bash takes = for a word of its own
    if [[ $before == -o || ( $before == = && $word == *,* ) ]]; then
        [[ $word != *,* ]] || first=${word%,*},
        mapfile -t COMPREPLY < <(
            "$1" -h 2>/dev/null | sed -n 's/^  -o \([^ ]*\).*/\1/p' | tr , '\n' | sed 's/=.*/=/' | sort -u |
                grep -- "^${word##*,}" | sed "s/^/$first/"
        )
        [[ ${#COMPREPLY[@]} -ne 1 || ${COMPREPLY[0]} != *= ]] || compopt -o nospace
    elif [[ $word == -* ]]; then
        mapfile -t COMPREPLY < <(compgen -W '-f -h -V -o --help --version' -- "$word")
    elif [[ $word == = || $before == = ]]; then
        mapfile -t COMPREPLY < <(compgen -f -- "${word#=}")
        compopt -o filenames
    else
        mapfile -t directories < <(compgen -d -- "$word")
        mapfile -t COMPREPLY < <(compgen -W 'local: dis:// sls:// kafka://' -- "$word")
        # What is a file's name is quoted, and a source goes on.
        if ((${#COMPREPLY[@]})); then compopt -o nospace; else compopt -o filenames; fi
        COMPREPLY+=("${directories[@]}")
    fi
}
complete -F _checkpointfs checkpointfs
