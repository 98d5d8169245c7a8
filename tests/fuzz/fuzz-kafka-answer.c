#include "fuzz.h"

#include <errno.h>

#include "api/kafka/group.h"
#include "api/name.h"

/* What brokers answer: the first byte of an input chooses the call, the rest is its answer. */

static void check_read(int status)
{
    CHECK(status == 0 || status == -EBADMSG || status == -EFBIG || status == -ENOMEM);
}

/* What is told of an answer lies in it. */
struct whole {
    const char *data;
    size_t size;
};

static void check_span(const struct whole *whole, struct span span)
{
    CHECK(span.data || !span.size);
    CHECK(!span.data ||
          (span.data >= whole->data && span.data + span.size <= whole->data + whole->size));
}

static int take_broker(void *user, const struct kafka_address *address)
{
    (void)user;
    CHECK(strlen(address->host) < sizeof(address->host));
    CHECK(!strpbrk(address->host, "/@?# "));
    return 0;
}

static int take_partition(void *user, const struct kafka_partition *partition)
{
    (void)user;
    CHECK(partition->partition >= 0);
    CHECK(partition->replicas >= 0 && partition->in_sync >= 0 && partition->offline >= 0);
    return 0;
}

static int take_topic(void *user, struct span name, bool is_internal, int16_t code)
{
    (void)is_internal;
    (void)code;
    CHECK(name.data);
    check_span(user, name);
    return 0;
}

static void read_metadata(struct wire *wire, struct whole *whole)
{
    struct kafka_metadata_visitor visitor = {take_broker, take_partition, take_topic, whole};

    check_read(kafka_read_metadata(wire, &visitor));
}

static int take_commit(void *user, const struct kafka_commit *commit)
{
    CHECK(commit->partition >= 0 && commit->topic.data);
    check_span(user, commit->topic);
    check_span(user, commit->metadata);
    return 0;
}

static int take_changed(void *user, const struct kafka_changed *changed)
{
    CHECK(changed->partition >= 0 && changed->topic.data);
    check_span(user, changed->topic);
    return 0;
}

static int take_offset(void *user, const struct kafka_offset *offset)
{
    CHECK(offset->partition >= 0 && offset->topic.data);
    check_span(user, offset->topic);
    return 0;
}

static void read_groups(struct wire *wire, int16_t version)
{
    struct names *names = names_new();
    int16_t code;

    CHECK(names);
    check_read(kafka_read_groups(wire, version, names, &code));
    for (size_t i = 0; i < names_count(names); i++)
        CHECK(name_is_shown(names_at(names, i)));
    names_drop(names);
}

static void read_versions(struct wire *wire)
{
    struct kafka_versions versions;
    int16_t code;
    int16_t version;

    if (kafka_read_versions(wire, &versions, &code))
        return;
    version = kafka_choose_version(&versions, KAFKA_LIST_GROUPS, 2, 5);
    CHECK(version == -1 || version == 2 || version == 4 || version == 5);
}

static void read_coordinator(struct wire *wire)
{
    struct kafka_address address;
    int16_t code;

    if (!kafka_read_coordinator(wire, &address, &code))
        CHECK(code || (*address.host && address.port > 0));
}

typedef int read_group_fn(struct wire *wire, const char *topic, uint32_t partition,
                          struct kafka_group *group, int16_t *code);

static void read_group(read_group_fn *read, struct wire *wire, const struct whole *whole)
{
    struct kafka_group group;
    int16_t code;
    int status = read(wire, "t", 3, &group, &code);

    check_read(status);
    if (status)
        return;
    check_span(whole, group.state);
    check_span(whole, group.protocol);
    if (group.client.size)
        check_span(whole, group.client);
}

static void read_login(struct wire *wire, const struct whole *whole)
{
    struct kafka_authenticated answer;

    if (kafka_read_sasl_authenticate(wire, &answer))
        return;
    check_span(whole, answer.reason);
    check_span(whole, answer.message);
    CHECK(answer.lifetime >= 0);
}

static void read_mechanisms(struct wire *wire)
{
    char names[40];
    int16_t code;

    check_read(kafka_read_sasl_handshake(wire, names, sizeof(names), &code));
    CHECK(strlen(names) < sizeof(names));
}

static void read_answer(unsigned char which, struct wire *wire, struct whole *whole)
{
    int16_t code;

    switch (which % 16) {
    case 0:
        read_versions(wire);
        break;
    case 1:
        read_metadata(wire, whole);
        break;
    case 2:
        read_coordinator(wire);
        break;
    case 3:
        read_groups(wire, 2);
        break;
    case 4:
        read_groups(wire, 4);
        break;
    case 5:
        read_groups(wire, 5);
        break;
    case 6:
        check_read(kafka_read_commits(wire, take_commit, whole, &code));
        break;
    case 7:
        check_read(kafka_read_committed(wire, take_changed, whole));
        break;
    case 8:
        check_read(kafka_read_deleted(wire, take_changed, whole, &code));
        break;
    case 9:
        check_read(kafka_read_group_deleted(wire, &code));
        break;
    case 11:
        read_group(kafka_read_classic_group, wire, whole);
        break;
    case 12:
        read_group(kafka_read_consumer_group, wire, whole);
        break;
    case 13:
        read_login(wire, whole);
        break;
    case 14:
        read_mechanisms(wire);
        break;
    default:
        check_read(kafka_read_offsets(wire, take_offset, whole));
    }
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    char *text = size ? malloc(size) : NULL;
    struct whole whole;
    struct wire wire;

    if (!text)
        return 0;
    memcpy(text, data, size);
    whole = (struct whole){text + 1, size - 1};
    wire = wire_of(whole.data, whole.size);
    read_answer((unsigned char)*text, &wire, &whole);
    CHECK(wire.left <= whole.size);
    free(text);
    return 0;
}
