#!/bin/bash
# Usage: lint.sh CHECK BUILD
#
# Runs one check on the source tree in the current directory. BUILD is a build directory of clang's
# with compile_commands.json.
set -euo pipefail
check=$1
build=$2

# What the code is held to. Lower a limit when the code allows it, and raise none.
LINES_MEDIAN=12
LINES_OF_MOST=25 # of 9 in 10 functions
LINES_LONGEST=60
FILES_WITH_A_STATIC_NAME=2
COMPLEXITY_WORST=17
COMPLEXITY_MEAN=3.32
SHARED_NAMES_PERCENT=5 # of all functions; there must be fewer

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
    shellcheck .ci/install .ci/run examples/*.sh examples/*.bash tests/run.sh tests/lint/lint.sh \
        tests/lint/check-lints tests/service/sdk/run.sh tests/kafka/cluster tests/bench/signed.sh \
        tests/package/{boot,on-debian,package.sh,services.sh} packaging/debian/p* packaging/mount.checkpointfs
    shellcheck -x -P tests/shell tests/shell/*.bats tests/shell/*.bash
}

check_manual() {
    mandoc -T lint -W warning docs/checkpointfs*.[1-8]
}

# A line for each function of the program: how many lines it has, where it is, its name, and "static"
# if it is.
list_functions() {
    find base api fs -name '*.[ch]' -print0 |
        xargs -0 ctags --languages=C --map-C=+.h --kinds-C=f --fields=+nef --output-format=json -f - |
        jq -r '"\(.end - .line + 1) \(.path):\(.line) \(.name) \(if .file then "static" else "" end)"'
}

# Functions are short, as the limits above say, and lines are no longer than 100 columns: clang-format
# breaks no comment and no text.
check_functions() {
    local bad=0
    list_functions | sort -rn |
        awk -v median="$LINES_MEDIAN" -v most="$LINES_OF_MOST" -v longest="$LINES_LONGEST" '
            { lines[NR] = $1; text[NR] = $0 }
            END {
                for (i = 1; i <= NR && lines[i] > longest; i++) { print "too long: " text[i]; bad = 1 }
                tenth = int(NR / 10) + 1
                if (lines[tenth] > most) { print "more than 1 in 10 have over " most " lines"; bad = 1 }
                half = int((NR + 1) / 2)
                if (lines[half] > median) { print "half have over " median " lines"; bad = 1 }
                printf "%d functions; lines: median %d, 9 of 10 at most %d, longest %d\n",
                    NR, lines[half], lines[tenth], lines[1]
                exit bad
            }' || bad=1
    # In bytes, some of our texts are longer.
    ! LC_ALL=C.UTF-8 grep -rnE --include='*.[ch]' '.{101}' base api fs || bad=1
    return "$bad"
}

# McCabe's number: how many ways lead through a function. pmccabe complains of TAILQ_HEAD() without a
# name, and counts on.
check_complexity() {
    find base api fs -name '*.[ch]' -print0 | xargs -0 pmccabe 2>/dev/null | sort -k 2,2rn |
        awk -v worst="$COMPLEXITY_WORST" -v mean="$COMPLEXITY_MEAN" '
            NR == 1 { most = $2 }
            $2 > worst {
                gsub(/[()]/, ":", $6) # file(line): name
                print "too complex: " $2 " " substr($6, 1, length($6) - 2) " " $7
                bad = 1
            }
            { sum += $2 }
            END {
                if (sum > mean * NR) { print "the mean is above " mean; bad = 1 }
                printf "%d functions; complexity: mean %.3f, worst %d\n", NR, sum / NR, most
                exit bad
            }'
}

# Functions can be told apart by their names alone, in a backtrace, a profile or the answer of grep.
check_names() {
    list_functions | sort -k 3,3 -k 2,2 |
        awk -v most="$FILES_WITH_A_STATIC_NAME" -v limit="$SHARED_NAMES_PERCENT" '
            {
                if (!uses[$3]++)
                    names[++count] = $3
                places[$3] = places[$3] " " $2
                file = $2
                sub(/:.*/, "", file)
                if ($4 == "static" && !seen[$3, file]++)
                    files[$3]++
            }
            END {
                for (i = 1; i <= count; i++) {
                    name = names[i]
                    if (files[name] > most) {
                        print "static in " files[name] " files: " name ":" places[name]
                        bad = 1
                    } else if (uses[name] > 1) {
                        list = list "shared: " name ":" places[name] "\n"
                    }
                    if (uses[name] > 1)
                        shared += uses[name]
                }
                percent = 100 * shared / NR
                if (percent >= limit) {
                    printf "%s", list
                    bad = 1
                }
                printf "%d of %d functions share their name with another: %.1f %%\n", shared, NR, percent
                exit bad
            }'
}

# Files include downwards only. The floors are in tests/lint/floors.
check_floors() {
    "$(dirname "$0")/floors.py"
}

# api/backend.c is the door to the backends: only there is a backend's function called, or fetched to
# be called, so that what holds for all calls is written once.
check_door() {
    ! grep -rnE 'operations->|->operations\b' api fs | grep -v '^api/backend\.c:'
}

# Functions that have a safer form.
check_banned() {
    ! grep -rnE --include='*.[ch]' '\b(strcpy|strcat|sprintf|vsprintf|gets|atoi|atol|strtok|alloca|strncpy|system|popen)\s*\(' \
        base api fs tests/service
}

"check_$check"
