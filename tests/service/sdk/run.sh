#!/bin/bash
# Usage: run.sh SIMULATED_DIS CLIENT
#
# Runs an official client of DIS against the simulated service: sdk, python or otc. The client is
# installed from PyPI into a directory of its own that is kept. Exits with 77, and says why, where PyPI
# cannot be reached.
set -euo pipefail
here=$(cd "$(dirname "$0")" && pwd)
server=$1
client=$2

case $client in
sdk) packages=(huaweicloudsdkdis==3.1.219) ;;
python) packages=(huaweicloud-sdk-python-dis==2.0.8) ;;
otc) packages=(otcextensions==0.34.8 openstacksdk==4.22.0) ;;
*) exit 2 ;;
esac

home=$PWD/sdk-$client
if [[ ! -e $home/ready ]]; then
    python3 -m venv "$home"
    if ! "$home/bin/pip" install --quiet --disable-pip-version-check "${packages[@]}"; then
        echo "Skipped: ${packages[*]} could not be installed from PyPI"
        exit 77
    fi
    touch "$home/ready"
fi
exec "$home/bin/python" "$here/dis_$client.py" "$server"
