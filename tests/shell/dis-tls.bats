# shellcheck shell=bats
# shellcheck disable=SC2030,SC2031,SC2034,SC2153 # each test is a shell of its own
# HTTPS: whom we trust, and what is told of those whom we do not.

load dis

setup() {
    needs openssl
    make_service
    use_keys "$ACCESS_KEY" "$SECRET_KEY"
}

# certificate NAME ALTERNATIVE-NAME: self-signed, in $DIR/NAME.pem and $DIR/NAME.key.
certificate() {
    openssl req -x509 -newkey ec -pkeyopt ec_paramgen_curve:prime256v1 -nodes -days 2 \
        -keyout "$DIR/$1.key" -out "$DIR/$1.pem" -subj "/CN=$1" -addext "subjectAltName=$2" \
        2>"$DIR/openssl.log"
}

# The service again, with a certificate for such a name.
serve_tls() {
    certificate server "$1"
    stop_service
    PORT=0
    start_service --tls "$DIR/server.pem" "$DIR/server.key"
    URL=https://127.0.0.1:$PORT
    SOURCE=dis://127.0.0.1:$PORT/$PROJECT
    make_world
}

@test "https with a certificate that -o cacert names" {
    serve_tls IP:127.0.0.1
    mount_service -o "cacert=$DIR/server.pem"
    cd "$MNT"
    is "$(cat "$P/checkpoint")" 42
    put "$P/checkpoint" 43
    is "$(stored)" "billing orders 0 43"
    is "$(cat "$DIR/mount.log")" ""
    is "$(stat_of signature_failures)" 0
}

@test "OS_CACERT names a certificate, too, and -o cacert wins" {
    serve_tls IP:127.0.0.1
    certificate other IP:127.0.0.1
    OS_CACERT=$DIR/server.pem mount_service
    is "$(cat "$MNT/$P/checkpoint")" 42
    unmount "$MNT"
    cd "$DIR"
    OS_CACERT=server.pem mount_service
    cd /
    is "$(cat "$MNT/$P/checkpoint")" 42
    unmount "$MNT"
    OS_CACERT=$DIR/other.pem mount_service -o "cacert=$DIR/server.pem"
    is "$(cat "$MNT/$P/checkpoint")" 42
    unmount "$MNT"
    OS_CACERT='' cannot_mount
    matches "$output" "ertificate"
    OS_CACERT=$DIR/missing.pem cannot_mount
    is "$output" "checkpointfs: OS_CACERT: $DIR/missing.pem: No such file or directory"
}

@test "the variables of other programs name no certificate" {
    serve_tls IP:127.0.0.1
    SSL_CERT_FILE=$DIR/server.pem CURL_CA_BUNDLE=$DIR/server.pem REQUESTS_CA_BUNDLE=$DIR/server.pem \
        cannot_mount
    matches "$output" "ertificate"
}

@test "https: a loop of 100 cats uses 1 connection" {
    serve_tls IP:127.0.0.1
    mount_service -o "cacert=$DIR/server.pem"
    cd "$MNT"
    warm
    local before
    before=$(stat_of connections)
    for _ in {1..100}; do
        cat "$P/checkpoint"
    done >/dev/null
    # asking for the count takes one itself
    (($(stat_of connections) - before - 1 <= 1))
    is "$(requests)" 100
}

@test "a token is asked for over https, with the same -o cacert" {
    serve_tls IP:127.0.0.1
    unset HUAWEICLOUD_SDK_AK HUAWEICLOUD_SDK_SK
    use_password
    mount_service -o "cacert=$DIR/server.pem"
    is "$(cat "$MNT/$P/checkpoint")" 42
    is "$(stat_of tokens_issued)" 1
}

@test "a certificate that is not trusted ends the mount with one line, and gets no request" {
    serve_tls IP:127.0.0.1
    cannot_mount
    matches "$output" "ertificate"
    certificate other IP:127.0.0.1
    cannot_mount -o "cacert=$DIR/other.pem"
    matches "$output" "ertificate"
    is "$(requests)" 0
}

@test "a certificate that is not trusted is EPROTO, at once" {
    serve_tls IP:127.0.0.1
    mount_service -o lazy
    local begin
    begin=$(milliseconds)
    refused "${SAYS[EPROTO]:?}" cat "$MNT/$P/checkpoint"
    soon_after "$begin"
    last_error
    is "${FIELD[3]} ${FIELD[4]} ${FIELD[5]}" "EPROTO - -"
    matches "${FIELD[7]}" "ertificate"
    is "$(requests)" 0
}

@test "a certificate for another host is refused" {
    serve_tls DNS:dis.example.com
    cannot_mount -o "cacert=$DIR/server.pem"
    is "$(requests)" 0
    mount_service -o "lazy,cacert=$DIR/server.pem"
    refused "${SAYS[EPROTO]:?}" cat "$MNT/$P/checkpoint"
}

@test "a host that speaks no TLS is EPROTO" {
    SOURCE=dis://127.0.0.1:$PORT/$PROJECT
    cannot_mount -o timeout=3
    mount_service -o lazy,timeout=3
    refused "${SAYS[EPROTO]:?}" cat "$MNT/$P/checkpoint"
}

@test "a cacert that is missing or no certificate ends the mount with one line that names it" {
    serve_tls IP:127.0.0.1
    cannot_mount -o "cacert=$DIR/missing.pem"
    matches "$output" "$DIR/missing.pem"
    echo "no certificate" >"$DIR/empty.pem"
    cannot_mount -o "cacert=$DIR/empty.pem"
}

# commit_and_read PARTITION: until there is $DIR/enough; prints how often, and what failed.
commit_and_read() {
    local number=0 file=$MNT/apps/audit/wide/$1/checkpoint
    until [[ -e $DIR/enough ]]; do
        ((++number))
        put "$file" "$number" || echo "failed: commit $number"
        [[ $(<"$file") == "$number" ]] || echo "failed: read $number"
    done
    echo "$number"
}

@test "a load balancer that is killed while programs read and commit is seen by none of them" {
    needs python3
    certificate server IP:127.0.0.1
    wide 8
    in_background python3 "$BATS_TEST_DIRNAME/front.py" "$DIR/server.pem" "$DIR/server.key" "$PORT" \
        "$DIR/front" 2>"$DIR/front.log"
    local front=$! partition programs=()
    eventually test -s "$DIR/front"
    SOURCE=dis://127.0.0.1:$(<"$DIR/front")/$PROJECT
    mount_service -o "snapshot=0,cacert=$DIR/server.pem"
    for partition in {0..7}; do
        commit_and_read "$partition" >"$DIR/program.$partition" 2>&1 3>&- 4>&- &
        programs+=("$!")
    done
    for _ in 1 2 3 4; do
        sleep 0.7
        kill -USR1 "$front"
    done
    sleep 0.7
    touch "$DIR/enough"
    wait_all "${programs[@]}"
    is "$(grep -v '^[0-9]*$' "$DIR"/program.*)" ""
    is "$(cat "$MNT/errors")" ""
    for partition in {0..7}; do
        is "$(cat "$MNT/apps/audit/wide/$partition/checkpoint")" "$(<"$DIR/program.$partition")"
    done
    kill -TERM "$front"
    wait "$front"
}

@test "there is no option that turns verification off" {
    serve_tls IP:127.0.0.1
    local option
    for option in insecure verify=no no_verify; do
        run -2 "$CHECKPOINTFS" -o "$option" "$SOURCE" "$MNT"
        is "${#lines[@]}" 1
    done
    OS_INSECURE=true cannot_mount
    is "$(requests)" 0
}
