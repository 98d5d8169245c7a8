# shellcheck shell=bats
# The text that is committed with a position.

load helper

@test "what follows the first line is metadata" {
    put_once "$P/checkpoint" '42\nnote\n'
    is "$(cat "$P/checkpoint")" 42
    is "$(cat "$P/metadata")" note
}

@test "metadata may have many lines, and one final newline is not part of it" {
    put_once "$P/checkpoint" '42\none\n\ntwo\n'
    is "$(cat "$P/metadata")" $'one\n\ntwo'
    is "$(stat -c %s "$P/metadata")" 9
    put_once "$P/checkpoint" '42\nnote\n\n'
    is "$(od -An -c "$P/metadata" | tr -d ' ')" 'note\n\n'
    put_once "$P/checkpoint" '42\nnote'
    is "$(od -An -c "$P/metadata" | tr -d ' ')" 'note\n'
}

# shows TEXT: what the partition's file of checkpoints/ holds, with its control characters.
shows() {
    is "$(od -An -c "$C" | tr -d ' \n')" "$1"
}

@test "a text whose lines all end in CRLF is one of lines" {
    local file
    for file in "$P/checkpoint" "$C"; do
        put_once "$file" '42\r\nnote\r\n'
        shows '42\nnote\n'
        put_once "$file" '43\r\none\r\n\r\ntwo'
        shows '43\none\n\ntwo\n'
        # line by line, as bash writes it
        printf '44\r\none\r\ntwo\r\n' >"$file"
        shows '44\none\ntwo\n'
    done
    put_once "$P/metadata" 'three\r\nfour\r\n'
    shows '44\nthree\nfour\n'
    echo 45 >"$P/checkpoint"
    printf 'shift +5\r\nmoved\r\n' >"$P/checkpoint"
    shows '50\nmoved\n'
}

@test "a CR that another client has stored is saved and restored" {
    put_once "$P/checkpoint" '42\none\r\ntwo\r\n'
    shows '42\none\r\ntwo\r\n'
    cp "$C" "$DIR/saved"
    rm "$C"
    cp "$DIR/saved" "$C"
    shows '42\none\r\ntwo\r\n'
    put_once "$P/checkpoint" '42\r\nno\rte\r\n'
    shows '42\nno\rte\n'
}

@test "a commit without metadata has none" {
    put_once "$P/checkpoint" '42\nnote\n'
    put "$P/checkpoint" 42
    is "$(cat "$P/metadata")" ""
    is "$(cat "$C")" 42
}

@test "metadata written alone commits the present position again" {
    put "$P/checkpoint" 42
    put "$P/metadata" note
    is "$(cat "$C")" $'42\nnote'
    put "$P/metadata" other
    is "$(cat "$C")" $'42\nother'
    is "$(journal number | paste -sd ' ')" "42 42 42"
}

@test "metadata may be emptied with an empty line" {
    put_once "$P/checkpoint" '42\nnote\n'
    put "$P/metadata" ''
    is "$(cat "$C")" 42
    is "$(stat -c %s "$P/metadata")" 0
}

@test "opening metadata with O_TRUNC and writing nothing commits nothing" {
    put_once "$P/checkpoint" '42\nnote\n'
    : >"$P/metadata"
    is "$(cat "$P/metadata")" note
}

@test "metadata without a checkpoint is ENOENT" {
    refused "No such file or directory" put "$P/metadata" note
    absent "$P/checkpoint"
}

@test "metadata goes with earliest, latest, times and shifts" {
    put "$S/latest" 100
    local position
    for position in latest 'shift -1' @0s 50; do
        put "$P/checkpoint" 42
        put_once "$P/checkpoint" "$position\\nnote\\n"
        is "$(cat "$P/metadata")" note
    done
}

@test "1000 characters are kept, 1001 are EINVAL" {
    put_once "$P/checkpoint" "42\\n$(repeat 1000 x)\\n"
    is "$(cat "$P/metadata")" "$(repeat 1000 x)"
    refused "Invalid argument" put_once "$P/checkpoint" "43\\n$(repeat 1001 x)\\n"
    refused "Invalid argument" put "$P/metadata" "$(repeat 1001 x)"
    refused "Invalid argument" put_once "$C" "43\\n$(repeat 1001 x)\\n"
    is "$(cat "$P/checkpoint")" 42
    is "$(cat "$P/metadata")" "$(repeat 1000 x)"
}

@test "characters are counted, not bytes" {
    local wide=$'\xf0\x9f\x90\x9f'
    put_once "$P/checkpoint" "42\\n$(repeat 1000 "$wide")\\n"
    is "$(stat -c %s "$P/metadata")" 4001
    is "$(cat "$P/metadata")" "$(repeat 1000 "$wide")"
    is "$(stat -c %s "$C")" 4004
    refused "Invalid argument" put_once "$P/checkpoint" "43\\n$(repeat 1001 "$wide")\\n"
}

@test "invalid UTF-8 and NULs are EINVAL" {
    put_once "$P/checkpoint" '42\nnote\n'
    local text
    for text in '\377\n' 'no\0te\n' '\300\257\n' '\355\240\200\n' '\303\n' '\360\237\220\n'; do
        refused "Invalid argument" put_once "$P/metadata" "$text"
    done
    is "$(cat "$P/metadata")" note
}

@test "any text comes back as it was" {
    needs jq
    local text
    for text in '{"owner":"etl","run":7}' "x'); DROP TABLE checkpoints;--" '%s%n%x' $'a\tb' '-1' \
        42 ' two  blanks ' $'\xc3\xa9\xe2\x82\xac' '\\n' $'bell\a' '"'; do
        printf '42\n%s\n' "$text" >"$DIR/text"
        cp "$DIR/text" "$P/checkpoint"
        is "$(cat "$P/metadata")" "$text"
        cmp "$DIR/text" "$C"
        is "$(jq -r .metadata "$P/status")" "$text"
    done
}

@test "metadata stays over a new mount" {
    put_once "$P/checkpoint" '42\none\ntwo\n'
    remount_store
    is "$(cat "$C")" $'42\none\ntwo'
}
