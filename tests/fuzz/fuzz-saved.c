/*
 * A file of checkpoints/ that is copied back commits what it was copied from: the input is a
 * sequence number and, behind a newline, the metadata, as a service may have stored them. The same
 * bytes are `status`, which is one line of JSON whatever they are.
 */
#include "fuzz.h"

#include "api/position.h"
#include "base/utf8.h"
#include "base/when.h"
#include "fs/value.h"
#include "status.h"

#define METADATA_MAX 1000

static struct backend backend = {.abilities = CAN_STORE_METADATA, .metadata_max = METADATA_MAX};

static void check_copy(const struct state *state)
{
    const struct fs fs = {.backend = &backend};
    struct node node = {.kind = SAVED};
    struct buf text = BUF_INIT(1UL << 20);
    struct position position;
    struct error error;
    const char *metadata;

    CHECK(!value_saved(&fs, &node, state, &text) && !buf_error(&text));
    if (!decimal_is_unsigned(state->sequence) || !utf8_is_valid(state->metadata)) {
        buf_release(&text);
        return;
    }
    if (!position_parse_text(text.data, text.size, when_now(), METADATA_MAX, &position, &metadata,
                             &error)) {
        CHECK(position.kind == POSITION_SEQUENCE && !strcmp(position.sequence, state->sequence));
        CHECK(!strcmp(metadata, state->metadata));
    } else {
        CHECK(strlen(state->metadata) > METADATA_MAX || strlen(state->sequence) > SEQUENCE_MAX);
    }
    buf_release(&text);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    char *text = text_of(data, size);
    char *metadata = text;
    const char *sequence = strsep(&metadata, "\n");
    struct state state = {.committed = WHEN_UNKNOWN,
                          .sequence = sequence,
                          .metadata = metadata ? metadata : "",
                          .earliest = "5",
                          .latest = "00100",
                          .status = metadata,
                          .consumer = metadata};

    if (*sequence)
        check_copy(&state);
    check_status_line(&state, "a");
    state.latest = sequence;
    state.earliest = metadata;
    if (decimal_is_unsigned(sequence) && metadata && decimal_is_unsigned(metadata))
        check_status_line(&state, metadata);
    free(text);
    return 0;
}
