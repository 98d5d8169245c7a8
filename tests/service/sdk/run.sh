#!/bin/bash
# Usage: run.sh CLIENT SIMULATED_SERVICE [CHECKPOINTFS]
#
# Runs an official client against the simulated service: dis_sdk, dis_python or dis_otc of DIS,
# sls_python, sls_cli or sls_consumer of SLS; those of DIS, and the last, beside a mount of the service. kafka are those
# of Kafka, on a real cluster; or any other program with them that is named behind it. It is installed
# from PyPI into a directory of its own that is kept. Exits with 77, and says why, where PyPI cannot be
# reached.
set -euo pipefail
here=$(cd "$(dirname "$0")" && pwd)
client=$1
shift

case $client in
dis_sdk) packages=(huaweicloudsdkdis==3.1.219) ;;
dis_python) packages=(huaweicloud-sdk-python-dis==2.0.8) ;;
dis_otc) packages=(otcextensions==0.34.8 openstacksdk==4.22.0) ;;
sls_python | sls_consumer) packages=(aliyun-log-python-sdk==0.9.47) ;;
sls_cli) packages=(aliyun-log-cli==0.2.10 aliyun-log-python-sdk==0.9.52) ;;
kafka)
    packages=(kafka-python==3.0.12 confluent-kafka==2.16.0)
    set -- "${@:-$here/../../kafka/clients.py}"
    ;;
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
[[ $client == kafka ]] || set -- "$here/$client.py" "$@"
exec "$home/bin/python" "$@"
