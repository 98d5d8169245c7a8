#!/usr/bin/env bats
# Logging in to Kafka, on three real brokers: SASL, TLS and certificates, and what ACLs permit.
# Skipped where there is no Java or no Maven, see tests/kafka/cluster.

load helper
load cluster

# A cluster takes seconds to start: all tests have one, and each its own users and groups.
setup_file() {
    export BROKERS NO_KAFKA=''
    local listener user
    begin_cluster logins || return
    [[ -z $NO_KAFKA ]] || return 0
    for listener in PLAINTEXT MTLS TLS SASL SASLTLS; do
        export "$listener=$("$KAFKA/cluster" brokers "$PLACE" "$listener")"
    done
    kafka create orders 4 >/dev/null
    kafka create hidden 1 >/dev/null
    for user in alice token a=b,c CN=client; do
        kafka allow "$user" Group '*' All
        kafka allow "$user" Topic '*' All
    done
    kafka scram a=b,c SCRAM-SHA-256 "secret \"256\" \\ ü"
    kafka scram alice SCRAM-SHA-512 "secret 512"
}

teardown_file() {
    end_cluster
}

setup() {
    [[ -z $NO_KAFKA ]] || skip "$NO_KAFKA"
    make_place
    export HOME=$DIR
    unset KAFKA_SASL_USERNAME KAFKA_SASL_PASSWORD KAFKA_SASL_MECHANISM KAFKA_SECURITY_PROTOCOL KAFKA_SSL_CA_LOCATION \
        KCAT_CONFIG ALL_PROXY all_proxy
    G=group-$BATS_TEST_NUMBER
    P=apps/$G/orders/0
    TLS_FILES=$PLACE/tls
}

teardown() {
    [[ -n $NO_KAFKA ]] || clear_place
}

# kafka WORD...: what Kafka's own client answers, see Client.java.
kafka() {
    ask_cluster "$@"
}

# mount_kafka SOURCE [OPTIONS]: with the credentials that there are.
mount_kafka() {
    cd /
    "$CHECKPOINTFS" -o "listing=0${2:+,$2}" "$1" "$MNT" </dev/null >"$DIR/mount.log" 2>&1 3>&- 4>&- ||
        { cat "$DIR/mount.log" && return 1; }
    cd "$MNT" || return
}

# cannot_mount MESSAGE SOURCE [OPTIONS]: a mount fails with it, and with nothing else.
cannot_mount() {
    run -1 mount_kafka "${@:2}"
    matches "$output" "$1"
    is "${#lines[@]} line" "1 line"
}

# as USER PASSWORD MECHANISM: in the environment.
as() {
    export KAFKA_SASL_USERNAME=$1 KAFKA_SASL_PASSWORD=$2 KAFKA_SASL_MECHANISM=$3
}

# private_file NAME: of what is given to it.
private_file() {
    (umask 077 && cat >"$DIR/$1")
}

# An unsigned token, of the brokers' tests, for so many seconds.
make_token() {
    python3 - "$1" <<'PY'
import base64, json, sys, time
encode = lambda part: base64.urlsafe_b64encode(json.dumps(part).encode()).decode().rstrip("=")
now = time.time()
print(encode({"alg": "none"}) + "." + encode({"sub": "token", "iat": now, "exp": now + float(sys.argv[1])}) + ".")
PY
}

# It reads and commits.
works() {
    [[ -d apps/$G ]] || mkdir "apps/$G"
    put "$P/checkpoint" "${1:-42}"
    is "$(<"$P/checkpoint")" "${1:-42}"
    is "$(kafka get "$G" orders 0)" "${1:-42} "
}

# How many logins the brokers have refused so far: once for each connection.
refusals() {
    cat "$PLACE"/[123]/out | grep -c "Failed authentication with" || true
}

# one_refusal COMMAND...: it succeeds, and one login is refused meanwhile.
one_refusal() {
    local before
    before=$(refusals)
    "$@"
    # a broker tells of it after a pause
    eventually has_refused $((before + 1))
    sleep 0.5
    is "$(($(refusals) - before)) refused" "1 refused"
}

has_refused() {
    (($(refusals) >= $1))
}

last_error() {
    tail -n 1 errors
}

reload() {
    kill -HUP "$(daemon)"
}

# ---- mechanisms

@test "PLAIN, by the environment" {
    as alice "alice secret" PLAIN
    mount_kafka "kafka+plain://$SASL"
    works
}

@test "SCRAM-SHA-256, by a file that Kafka's own tool takes, with a name and a password that must be escaped" {
    private_file client.properties <<'PROPERTIES'
security.protocol=SASL_PLAINTEXT
sasl.mechanism=SCRAM-SHA-256
sasl.jaas.config=org.apache.kafka.common.security.scram.ScramLoginModule required \
    username="a=b,c" password="secret \\"256\\" \\\\ \u00fc";
PROPERTIES
    mount_kafka "kafka+plain://$SASL" "credentials=$DIR/client.properties"
    works
    run -0 "$KAFKA/cluster" run org.apache.kafka.tools.consumer.group.ConsumerGroupCommand --bootstrap-server "$SASL" \
        --command-config "$DIR/client.properties" --list
    matches "$output" "$G"
}

@test "SCRAM-SHA-512 over TLS, by kcat's file, which is found" {
    mkdir "$DIR/.config"
    private_file .config/kcat.conf <<CONF
bootstrap.servers=$SASLTLS
security.protocol=sasl_ssl
sasl.mechanisms=SCRAM-SHA-512
sasl.username=alice
sasl.password=secret 512
ssl.ca.location=$TLS_FILES/ca.pem
CONF
    mount_kafka "kafka://$SASLTLS"
    works
}

@test "OAUTHBEARER, and a token that has expired is read anew from its file" {
    make_token 3 | private_file token
    mount_kafka "kafka+plain://$SASL" "token=$DIR/token"
    works
    make_token 600 | private_file token
    sleep 3.2
    works 43
    is "$(cat errors)" ""
}

@test "a login that lasts for a time is left before its end, and made again" {
    local end
    as alice "secret 512" SCRAM-SHA-512
    mount_kafka "kafka+plain://$SASL"
    works
    end=$((SECONDS + 4))
    while ((SECONDS < end)); do
        cat "$P/checkpoint" >/dev/null
        sleep 0.1
    done
    sleep 2.5
    works 43
    is "$(cat errors)" ""
    is "$(sed -n 's/^checkpointfs_retries_total{.*reason="connection"} //p' metrics)" 0
}

# ---- refusals

@test "a wrong secret is refused once, with EACCES, by each mechanism" {
    local mechanism
    for mechanism in PLAIN SCRAM-SHA-256 SCRAM-SHA-512; do
        as alice "a wrong secret" "$mechanism"
        one_refusal cannot_mount "refuses the login: .*\(credentials in the environment\)" "kafka+plain://$SASL"
        not grep -qF "a wrong secret" "$DIR/mount.log"
    done
    make_token -100 | private_file token
    one_refusal cannot_mount "refuses the login: .*\(credentials in $DIR/token\)" "kafka+plain://$SASL" "token=$DIR/token"
}

@test "a mechanism that the brokers do not take is told with those that they do, and what lacks too" {
    as alice "alice secret" GSSAPI
    cannot_mount "GSSAPI, which is not supported" "kafka+plain://$SASL"
    as alice "alice secret" PLAIN
    cannot_mount "takes no login at this port" "kafka+plain://$PLAINTEXT"
    unset KAFKA_SASL_PASSWORD
    cannot_mount "no password" "kafka+plain://$SASL"
    unset KAFKA_SASL_USERNAME KAFKA_SASL_MECHANISM
    cannot_mount "its port may want TLS \(kafka://\) or a login" "kafka+plain://$SASL" timeout=1
}

# many_readers: all fail at once, with EACCES.
many_readers() {
    local pids=() i
    for i in {1..32}; do
        refused "Permission denied" cat "apps/$G/orders/$((i % 4))/checkpoint" &
        pids+=($!)
    done
    wait_all "${pids[@]}"
}

@test "a secret that has become wrong is sent once, until there is another or a SIGHUP" {
    private_file kcat.conf <<<$'sasl.mechanism=PLAIN\nsasl.username=alice\nsasl.password=alice secret'
    mount_kafka "kafka+plain://$SASL" "credentials=$DIR/kcat.conf"
    works
    private_file kcat.conf <<<$'sasl.mechanism=PLAIN\nsasl.username=alice\nsasl.password=wrong'
    reload
    one_refusal many_readers
    matches "$(last_error)" "no more are sent before there are others or a SIGHUP"
    one_refusal reload_and_fail
    private_file kcat.conf <<<$'sasl.mechanism=PLAIN\nsasl.username=alice\nsasl.password=alice secret'
    works 43
}

reload_and_fail() {
    reload
    eventually refused "Permission denied" cat "$P/checkpoint"
}

@test "credentials that cannot be read anew fail what comes after, and a SIGHUP with others mends it" {
    private_file kcat.conf <<<$'sasl.mechanism=PLAIN\nsasl.username=alice\nsasl.password=alice secret'
    mount_kafka "kafka+plain://$SASL" "credentials=$DIR/kcat.conf"
    works
    chmod 644 "$DIR/kcat.conf"
    reload
    eventually refused "Permission denied" cat "$P/checkpoint"
    matches "$(last_error)" "first chmod 600"
    chmod 600 "$DIR/kcat.conf"
    works 43
}

@test "a file that says something else than the source is refused" {
    private_file client.properties <<<"security.protocol=SASL_PLAINTEXT"
    cannot_mount "it must be kafka\+plain://" "kafka://$SASL" "credentials=$DIR/client.properties"
    private_file client.properties <<<"security.protocol=SASL_SSL"
    cannot_mount "it must be kafka://" "kafka+plain://$SASL" "credentials=$DIR/client.properties"
}

@test "no secret is in any output, log or /proc" {
    as alice "alice secret" PLAIN
    mount_kafka "kafka+plain://$SASL" debug
    works
    refused "No such file or directory" cat apps/nobody/orders/0/checkpoint
    not grep -qF "alice secret" "$DIR/mount.log" errors commits status metrics README
    not grep -qF "alice secret" "/proc/$(daemon)/cmdline"
    not grep -aqF "alice secret" "/proc/$(daemon)/environ"
}

@test "a secret that goes over the network in the clear is warned of" {
    as alice "alice secret" PLAIN
    mount_kafka kafka+plain://kafka.invalid lazy
    matches "$(<"$DIR/mount.log")" "and the password or token, unencrypted"
    cd / && unmount "$MNT"
    as alice "alice secret" SCRAM-SHA-256
    mount_kafka kafka+plain://kafka.invalid lazy
    matches "$(<"$DIR/mount.log")" "sends checkpoints and records unencrypted"
    cd / && unmount "$MNT"
    as alice "alice secret" PLAIN
    mount_kafka "kafka+plain://$SASL"
    is "$(<"$DIR/mount.log")" ""
}

# ---- TLS

@test "a client certificate logs in, by options and by stores of PEM" {
    mount_kafka "kafka://$MTLS" "cacert=$TLS_FILES/ca.pem,cert=$TLS_FILES/client.pem,key=$TLS_FILES/client.key"
    works
    cd / && unmount "$MNT"
    private_file client.properties <<PROPERTIES
security.protocol=SSL
ssl.truststore.type=PEM
ssl.truststore.location=$TLS_FILES/ca.pem
ssl.keystore.type=PEM
ssl.keystore.location=$TLS_FILES/client.both
PROPERTIES
    mount_kafka "kafka://$MTLS" "credentials=$DIR/client.properties"
    works 43
}

@test "the key of a client certificate may have a password, which is not asked for" {
    openssl rsa -aes128 -passout pass:"key secret" -in "$TLS_FILES/client.key" -out "$DIR/client.key" 2>/dev/null
    chmod 600 "$DIR/client.key"
    cannot_mount "cannot be used \(see -o cert, key\)" "kafka://$MTLS" \
        "cacert=$TLS_FILES/ca.pem,cert=$TLS_FILES/client.pem,key=$DIR/client.key"
    private_file kcat.conf <<CONF
ssl.ca.location=$TLS_FILES/ca.pem
ssl.certificate.location=$TLS_FILES/client.pem
ssl.key.location=$DIR/client.key
ssl.key.password=key secret
CONF
    mount_kafka "kafka://$MTLS" "credentials=$DIR/kcat.conf"
    works
}

@test "what is wrong with certificates is told" {
    cannot_mount "is not trusted \(see -o cacert\)" "kafka://$TLS"
    cannot_mount "is not trusted \(see -o cacert\)" "kafka://$TLS" "cacert=$TLS_FILES/other.pem"
    cannot_mount "may want a client certificate \(-o cert, key\)" "kafka://$MTLS" "cacert=$TLS_FILES/ca.pem"
    cannot_mount "ended TLS: .* or another one" "kafka://$MTLS" \
        "cacert=$TLS_FILES/ca.pem,cert=$TLS_FILES/other.pem,key=$TLS_FILES/other.key"
}

@test "a port with TLS that is spoken to without, and the reverse, are told apart" {
    cannot_mount "its port speaks TLS, so write kafka://" "kafka+plain://$TLS"
    cannot_mount "its port may speak no TLS \(kafka\+plain://\)" "kafka://$PLAINTEXT" \
        "timeout=1,cacert=$TLS_FILES/ca.pem"
}

@test "certificates are read again at a SIGHUP" {
    cp "$TLS_FILES/ca.pem" "$DIR/ca.pem"
    mount_kafka "kafka://$SASLTLS" "cacert=$DIR/ca.pem,credentials=$(plain_file)"
    works
    cp "$TLS_FILES/other.pem" "$DIR/ca.pem"
    is "$(<"$P/checkpoint")" 42
    reload
    eventually refused "Protocol error" cat "$P/checkpoint"
    cp "$TLS_FILES/ca.pem" "$DIR/ca.pem"
    reload
    eventually works 43
}

# plain_file: makes one with the login of alice, and tells where.
plain_file() {
    private_file plain.conf <<<$'sasl.mechanism=PLAIN\nsasl.username=alice\nsasl.password=alice secret'
    echo "$DIR/plain.conf"
}

# ---- ACLs

# permit and forbid OPERATION TYPE NAME: to the user of the test.
permit() {
    kafka allow "$USER_OF_TEST" "$2" "$3" "$1"
}

forbid() {
    kafka forbid "$USER_OF_TEST" "$2" "$3" "$1"
}

# lacks ACL COMMAND...: it is EACCES, with an error that names the ACL. A broker learns late of what has changed.
lacks() {
    eventually lacks_now "$@" 2>"$DIR/lacks" || { cat "$DIR/lacks" && return 1; }
}

lacks_now() {
    refused "Permission denied" "${@:2}" && matches "$(last_error)" "$1"
}

shows() { # DIRECTORY ENTRIES
    [[ $(entries "$1") == "$2" ]]
}

@test "each right that lacks is named, one by one" {
    local T=checkpoints/$G/orders
    USER_OF_TEST=bob
    kafka scram bob SCRAM-SHA-256 "bob secret"
    kafka put "$G" orders 0 7 ""
    as bob "bob secret" SCRAM-SHA-256
    eventually mount_kafka "kafka+plain://$SASL"
    is "$(entries apps)$(entries streams)" ""
    lacks "this needs the ACL Describe on the group $G" cat "$P/checkpoint"
    permit Describe Cluster kafka-cluster
    eventually is_listed "$G"
    lacks "this needs the ACL Describe on the group $G" cat "$P/checkpoint"
    forbid Describe Cluster kafka-cluster
    permit Describe Group "$G"
    eventually is_listed "$G"
    lacks "this needs the ACL Describe on the topic orders" cat "$P/checkpoint"
    permit Describe Topic orders
    eventually shows streams orders
    eventually shows "apps/$G" orders
    is "$(<"$P/checkpoint")" 7
    lacks "this needs the ACL Read on the group $G" put "$P/checkpoint" 43
    permit Read Group "$G"
    lacks "this needs the ACL Read on the topic orders" put "$P/checkpoint" 43
    lacks "this needs the ACL Delete on the group $G" rm "$T/0"
    permit Delete Group "$G"
    lacks "this needs the ACL Read on the topic orders" rm "$T/0"
    is "$(kafka get "$G" orders 0)" "7 "
    lacks "this needs the ACL Read on the topic orders" cat streams/orders/0/records/since/1h
    lacks "this needs the ACL Write on the topic orders" put streams/orders/0/records/new hello
    permit Write Topic orders
    eventually put streams/orders/0/records/new hello
    permit Read Topic orders
    eventually has_record hello
    eventually put "$P/checkpoint" 43
    is "$(kafka get "$G" orders 0)" "43 "
    rm "$T/0"
    is "$(kafka get "$G" orders 0)" none
}

# What is committed on a topic that carol may not see goes with the group, as docs/kafka.md says.
@test "deleting an app needs a right, and takes what one may not see along" {
    USER_OF_TEST=carol
    kafka scram carol SCRAM-SHA-256 "carol secret"
    kafka put "$G" hidden 0 8 ""
    permit Describe Group "$G"
    as carol "carol secret" SCRAM-SHA-256
    eventually mount_kafka "kafka+plain://$SASL"
    eventually is_listed "$G"
    is "$(entries "apps/$G")" ""
    lacks "this needs the ACL Delete on the group $G" rmdir "apps/$G"
    is "$(kafka get "$G" hidden 0)" "8 "
    permit Delete Group "$G"
    eventually rmdir "apps/$G"
    is "$(kafka get "$G" hidden 0)" none
}

has_record() {
    [[ $(jq -r .data streams/orders/0/records/since/1h) == "$1" ]]
}

is_listed() {
    grep -qxF -- "$1" < <(ls apps)
}

# ---- proxies

@test "ALL_PROXY is heeded, of HTTP and of SOCKS, and not on the way to this machine in the clear" {
    "$KAFKA/proxy.py" "$DIR/port" "$DIR/asked" 3>&- 4>&- &
    BACKGROUND+=($!)
    eventually test -s "$DIR/port"
    export KAFKA_SSL_CA_LOCATION=$TLS_FILES/ca.pem ALL_PROXY
    as alice "alice secret" PLAIN
    for ALL_PROXY in "http://127.0.0.1:$(<"$DIR/port")" "socks5h://127.0.0.1:$(<"$DIR/port")"; do
        mount_kafka "kafka://$SASLTLS"
        works
        cd / && unmount "$MNT"
    done
    matches "$(sort -u "$DIR/asked" | xargs)" "http 127.0.0.1:[0-9]+ .*socks 127.0.0.1:[0-9]+"
    rm "$DIR/asked"
    mount_kafka "kafka+plain://$SASL"
    works
    cd / && unmount "$MNT"
    NO_PROXY=127.0.0.1 mount_kafka "kafka://$SASLTLS"
    works
    not test -e "$DIR/asked"
}
