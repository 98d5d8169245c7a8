#!/bin/bash
# Usage: signed.sh http://HOST:PORT/v2/PROJECT/checkpoints QUERY
#
# Reads a checkpoint of DIS as a script would, with nothing but openssl and curl: it signs the request (variant
# "access", see docs/dis.md) and prints the position. QUERY is sorted and needs no encoding. Keys come from
# HUAWEICLOUD_SDK_AK and HUAWEICLOUD_SDK_SK.
set -euo pipefail
url=$1
query=$2
host=${url#http://}
path=/${host#*/}
host=${host%%/*}
TZ=UTC printf -v now '%(%Y%m%dT%H%M%SZ)T' -1
nothing=e3b0c44298fc1c149afbf4c8996fb92427ae41e4649b934ca495991b7852b855
asked=$(printf 'GET\n%s/\n%s\nhost:%s\nx-sdk-date:%s\n\nhost;x-sdk-date\n%s' "$path" "$query" "$host" "$now" "$nothing" |
    openssl dgst -sha256)
signature=$(printf 'SDK-HMAC-SHA256\n%s\n%s' "$now" "${asked##* }" |
    openssl dgst -sha256 -hmac "$HUAWEICLOUD_SDK_SK")
answer=$(curl -sf "$url?$query" -H "X-Sdk-Date: $now" \
    -H "Authorization: SDK-HMAC-SHA256 Access=$HUAWEICLOUD_SDK_AK, SignedHeaders=host;x-sdk-date, Signature=${signature##* }")
answer=${answer#*'"sequence_number":"'}
echo "${answer%%'"'*}"
