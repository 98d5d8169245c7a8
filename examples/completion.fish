# Completion for fish: install the program, which puts it where fish finds it, or copy it to
# ~/.config/fish/completions/checkpointfs.fish. After -o it knows the options that the program's own help has.

# "journal=	FILE" or "ro": what is offered for the last of the options in a word.
function __checkpointfs_options
    set -l word (string replace -r '^-o' '' -- (commandline -ct))
    set -l before (string match -r '^.*,' -- $word)
    set -l last (string replace -r '^.*,' '' -- $word)
    set -l program (commandline -opc)[1]
    if string match -q '*=*' -- $last
        set before $before(string replace -r '=.*' = -- $last)
        __fish_complete_path (string replace -r '^[^=]*=' '' -- $last) | string replace -r '^' -- $before
    else
        $program -h 2>/dev/null | string replace -rf '^  -o (\S+).*' '$1' | string split , |
            string replace -r '=.*' = | string replace -r '^' -- "$before"
    end
end

complete -c checkpointfs -f
complete -c checkpointfs -s f -d 'Stay in the foreground'
complete -c checkpointfs -s h -l help -d 'Print a help text'
complete -c checkpointfs -s V -l version -d 'Print the versions'
complete -c checkpointfs -s o -x -a '(__checkpointfs_options)' -d Option
complete -c checkpointfs -a 'local: dis:// sls:// kafka://' -d Source
complete -c checkpointfs -a '(__fish_complete_directories (commandline -ct))'
