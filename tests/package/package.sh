#!/bin/bash
# Usage: package.sh BUILD
#
# Makes the Debian package of a build folder and looks at what is in it, with lintian where that is installed; installs
# from the folder, and uninstalls.
set -euo pipefail
export LC_ALL=C
build=$(realpath "$1")
tests=$(dirname "$(realpath "$0")")
project=$(realpath "$tests/../..")
place=$(mktemp -d)
trap 'rm -rf "$place"' EXIT

# What must be in it: the list, all documents and all examples, as "MODE PATH".
expected() {
    cat "$tests/contents"
    cd "$project"
    find docs -name '*.md' -o -name '*.png' | sed 's:^:rw-r--r-- ./usr/share/doc/checkpointfs/:'
    find examples -type f ! -name 'completion.*' ! -name quickstart.sh ! -name kafka.sh -printf '%M %p\n' |
        sed 's:^-\(.*\) :\1 ./usr/share/doc/checkpointfs/:'
}

found() {
    dpkg-deb -c "$1" | sed -nE 's/^-([rwxs-]{9}) root\/root .* (\.\/.*)/\1 \2/p'
}

# Files, and folders of ours, below a folder.
left_in() {
    find "$1" ! -type d -o -name 'checkpointfs*'
}

(umask 077 && cpack -G DEB --config "$build/CPackConfig.cmake" -B "$place/cpack" >"$place/log" 2>&1) || {
    cat "$place/log"
    exit 1
}
package=$(echo "$place"/cpack/checkpointfs_*.deb)
diff <(expected | sort) <(found "$package" | sort)
[[ $(dpkg-deb -c "$package" | grep -c '^d' || true) == $(dpkg-deb -c "$package" | grep -c '^drwxr-xr-x root/root') ]]
dpkg-deb -f "$package" Depends | grep -E '^fuse3, .*libfuse3-' | grep -E 'libcurl|libsqlite3' >/dev/null
dpkg-deb --fsys-tarfile "$package" | tar xO ./usr/share/doc/checkpointfs/changelog.Debian.gz | zcat |
    grep -F "checkpointfs ($(dpkg-deb -f "$package" Version))" >/dev/null
if command -v lintian >/dev/null; then
    lintian --allow-root --fail-on error,warning "$package"
fi

# The list of what was installed from here before is kept.
manifest=$build/install_manifest.txt
mv "$manifest" "$place/manifest" 2>/dev/null || :
DESTDIR=$place/root cmake --install "$build" >/dev/null
[[ -x $(echo "$place"/root/*/*/bin/checkpointfs) ]]
(cd "$build" && DESTDIR=$place/root cmake -P "$project/cmake/Uninstall.cmake")
[[ -z $(left_in "$place/root") && ! -e $manifest ]] || {
    left_in "$place/root"
    exit 1
}
mv "$place/manifest" "$manifest" 2>/dev/null || :
