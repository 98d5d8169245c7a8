#!/bin/bash
# Usage: lint.sh CHECK BUILD
#
# Runs one check on the source tree in the current directory. BUILD is a build directory of clang's
# with compile_commands.json.
set -euo pipefail
check=$1
build=$2

check_format() {
    find base api fs tests -name '*.[ch]' -print0 | xargs -0 clang-format --dry-run --Werror
}

check_tidy() {
    find base api fs -name '*.c' -print0 |
        xargs -0 -P "$(nproc)" -n 1 clang-tidy --quiet -p "$build" 2>/dev/null
}

check_cppcheck() {
    cppcheck --enable=warning,style,performance,portability --std=c11 --quiet --error-exitcode=1 \
        --inline-suppr --suppressions-list=.cppcheck-suppressions --suppress=missingIncludeSystem \
        --include=/usr/include/x86_64-linux-gnu/sys/queue.h -D_GNU_SOURCE -I. -I"$build" \
        base api fs
}

check_shell() {
    shellcheck .ci/install .ci/run examples/*.sh tests/run.sh tests/lint/lint.sh \
        tests/service/sdk/run.sh
    shellcheck -x -P tests/shell tests/shell/*.bats tests/shell/*.bash
}

check_manual() {
    mandoc -T lint -W warning docs/*.1
}

# No function of the program is longer than 70 lines, and 9 of 10 have at most 45.
check_functions() {
    find base api fs -name '*.c' -print0 |
        xargs -0 ctags --languages=C --kinds-C=f --fields=+ne --output-format=json -f - |
        jq -r '"\(.end - .line + 1) \(.path):\(.line) \(.name)"' | sort -rn |
        awk '{ length_of[NR] = $1; text[NR] = $0 }
             END {
                 for (i = 1; i <= NR && length_of[i] > 70; i++) { print "too long: " text[i]; bad = 1 }
                 tenth = int(NR / 10) + 1
                 if (length_of[tenth] > 45) { print "9 of 10 functions: " length_of[tenth] " lines"; bad = 1 }
                 exit bad
             }'
}

# Functions that have a safer form.
check_banned() {
    ! grep -rnE --include='*.[ch]' '\b(strcpy|strcat|sprintf|vsprintf|gets|atoi|atol|strtok|alloca|strncpy|system|popen)\s*\(' \
        base api fs tests/service
}

"check_$check"
