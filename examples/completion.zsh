#compdef checkpointfs
# Completion for zsh: install the program, which puts it where zsh finds it, or copy it as _checkpointfs into a folder
# of $fpath. After -o it knows the options that the program's own help has.

# The last of the options in a word.
_checkpointfs_options() {
    local -a lines names
    compset -P '*,'
    if compset -P '*='; then
        _files
        return
    fi
    lines=(${(M)${(f)"$(_call_program options checkpointfs -h 2>/dev/null)"}:#  -o *})
    names=(${${lines#  -o }%% *})       # listing=S,snapshot=S
    names=(${(s.,.)${(j.,.)names}})     # listing=S snapshot=S
    compadd -S '' ${names/=*/=}
}

_checkpointfs_source() {
    compadd -S '' local: dis:// sls:// kafka://
    _directories
}

_arguments \
    '-f[stay in the foreground]' \
    '(- *)'{-h,--help}'[print a help text]' \
    '(- *)'{-V,--version}'[print the versions]' \
    '*-o+[options]:option:_checkpointfs_options' \
    '1:source or mount point:_checkpointfs_source' \
    '2:mount point:_directories'
