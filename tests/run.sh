#!/bin/bash
# Usage: run.sh [CTEST OPTION...]
#
# Installs what is missing with apt, as root or with sudo, builds the program with gcc and with clang,
# warnings being errors, and runs all tests under AddressSanitizer and UBSan; what uses threads under
# ThreadSanitizer too. Everything that it makes is below build/, and in temporary directories that it
# removes.
set -euo pipefail
project=$(cd "$(dirname "$0")/.." && pwd)
cd "$project"

say() {
    printf '\n== %s\n' "$*"
}

say "Installing what is missing"
.ci/install build test

for preset in dev sanitize tsan; do
    say "Building: $preset"
    cmake --preset "$preset" >/dev/null
    cmake --build --preset "$preset" | tail -n 1
done

say "What sanitizers hide"
ctest --preset dev --label-regex plain

# Under some kernels ThreadSanitizer needs addresses that are not randomized.
say "ThreadSanitizer"
setarch -R ctest --preset tsan --label-regex threads

say "All tests"
# Most tests wait most of the time.
ctest --preset sanitize --parallel "$((2 * $(nproc)))" "$@"
