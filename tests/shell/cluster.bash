# shellcheck shell=bats
# shellcheck disable=SC2034 # the tests use what is set here
# What kafka.bats is run on: three real brokers, or with CLUSTER=simulated three simulated ones, which so are
# held to what real ones do. SIMULATED_KAFKA is their program; see tests/service/README.md.
#
# Real ones are asked by CLIENT, a program of tests/kafka. Each has begin_cluster, end_cluster, kill_broker, start_brokers, ask_cluster and put_with_nul.

KAFKA=$BATS_TEST_DIRNAME/../kafka

if [[ ${CLUSTER:-real} == simulated ]]; then

    # control METHOD CALL [NAME=VALUE...]
    control() {
        local pair values=()
        for pair in "${@:3}"; do
            values+=(--data-urlencode "$pair")
        done
        curl -sS --max-time 10 --fail-with-body -G -X "$1" "${values[@]}" "$(<"$BATS_FILE_TMPDIR/url")/_control/$2"
    }

    # decoded TEXT: from %XX.
    decoded() {
        printf '%b' "${1//%/\\x}"
    }

    begin_cluster() {
        local port=$BATS_FILE_TMPDIR/port _
        (cd / && exec "$SIMULATED_KAFKA" --port-file "$port" --broker 0 --broker 0 --broker 0 --outlive-parent) \
            >"$BATS_FILE_TMPDIR/log" 2>&1 3>&- 4>&- &
        echo $! >"$BATS_FILE_TMPDIR/server"
        for _ in {1..500}; do
            [[ ! -s $port ]] || break
            sleep 0.02
        done
        echo "http://127.0.0.1:$(<"$port")" >"$BATS_FILE_TMPDIR/url"
        BROKERS=$(control GET brokers | awk '{ print $2 }' | paste -sd ,)
        # as real ones of 4.1 do
        control POST quirk failover=older offsets_topic=absent >/dev/null
        control POST topic name=__consumer_offsets partitions=6 >/dev/null
    }

    # Whatever the tests did, the mount has kept to the protocol.
    end_cluster() {
        local malformed status=0
        malformed=$(control GET malformed)
        [[ -z $malformed ]] || { echo "$malformed" >&2 && status=1; }
        kill -TERM "$(<"$BATS_FILE_TMPDIR/server")"
        return "$status"
    }

    kill_broker() {
        control POST broker "id=$1" state=down >/dev/null
    }

    start_brokers() {
        local id
        for id; do control POST broker "id=$id" state=up >/dev/null || return; done
    }

    stored_checkpoint() {
        control GET checkpoints | awk -v about="$1 $2 $3" '$1 " " $2 " " $3 == about { print $4, $5 }'
    }

    # ask_cluster WORD...: as tests/kafka/Client.java answers.
    ask_cluster() {
        local found
        case $1 in
        create) control POST topic "name=$2" "partitions=$3" >/dev/null ;;
        produce) control POST partition "topic=$2" "partition=$3" "latest=$4" "time=$5" step=1 >/dev/null ;;
        get)
            found=$(decoded "$(stored_checkpoint "$2" "$3" "$4")")
            echo "${found:-none}"
            ;;
        put) control POST checkpoint "group=$2" "topic=$3" "partition=$4" "offset=$5" "metadata=$6" >/dev/null ;;
        groups) decoded "$(control GET groups | awk '{ print $1 }' | paste -sd '\t')" ;;
        coordinator) control GET groups | awk -v name="$2" '$1 == name { print $5 }' ;;
        join) control POST member "group=$2" "topic=$3" name=consumer-1 "client=client of $2" >/dev/null && MEMBER_OF=$2 ;;
        leave) control DELETE member "group=$MEMBER_OF" name=consumer-1 >/dev/null ;;
        esac
    }

    put_with_nul() {
        control POST checkpoint "group=$1" "topic=$2" "partition=$3" "offset=$4" "metadata=$5" nul=1 >/dev/null
    }

else

    # begin_cluster [logins]: as tests/kafka/cluster start.
    begin_cluster() {
        export PLACE=$BATS_FILE_TMPDIR/cluster TO=$BATS_FILE_TMPDIR/to FROM=$BATS_FILE_TMPDIR/from
        start_real "$@" || return
        [[ -z $NO_KAFKA ]] || return 0
        mkfifo "$TO" "$FROM"
        # Somebody holds both ends, so that they stay open between two lines.
        sleep 600 7<>"$TO" 8<>"$FROM" 3>&- 4>&- &
        echo $! >"$BATS_FILE_TMPDIR/holder"
        "$KAFKA/cluster" run "$KAFKA/${CLIENT:-Client.java}" "$BROKERS" <"$TO" >"$FROM" 2>"$BATS_FILE_TMPDIR/client.log" \
            3>&- 4>&- &
        echo $! >"$BATS_FILE_TMPDIR/client"
    }

    # Once more if that fails: a busy machine may be too slow for an election.
    start_real() { # [logins]
        local status
        for _ in 1 2; do
            status=0
            BROKERS=$("$KAFKA/cluster" start "$PLACE" "$@" 2>"$BATS_FILE_TMPDIR/log") || status=$?
            ((status)) || return 0
            if ((status == 77)); then
                NO_KAFKA=$(<"$BATS_FILE_TMPDIR/log")
                return 0
            fi
            "$KAFKA/cluster" stop "$PLACE"
        done
        cat "$BATS_FILE_TMPDIR/log"
        return 1
    }

    end_cluster() {
        local name
        "$KAFKA/cluster" stop "$PLACE"
        for name in client holder; do
            [[ ! -e $BATS_FILE_TMPDIR/$name ]] || kill -KILL "$(<"$BATS_FILE_TMPDIR/$name")" || true
        done
    }

    kill_broker() {
        "$KAFKA/cluster" kill "$PLACE" "$1"
    }

    start_brokers() {
        "$KAFKA/cluster" up "$PLACE" "$@" 3>&- 4>&-
    }

    # ask_cluster WORD...: what Kafka's own client answers, see Client.java.
    ask_cluster() {
        local IFS=$'\t' line
        echo "$*" >"$TO"
        read -r -t 60 line <"$FROM" || return
        [[ $line == ok* ]] || { echo "$line" && return 1; }
        echo "${line#ok }"
    }

    put_with_nul() {
        printf 'put\t%s\t%s\t%s\t%s\t%s\0\n' "$@" >"$TO"
        read -r -t 60 <"$FROM"
    }

fi
