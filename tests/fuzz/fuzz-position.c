#include "fuzz.h"

#include <errno.h>

#include "api/position.h"

/* 2026-11-21T08:00:00Z */
#define NOW (INT64_C(1795248000) * 1000000000)

#define METADATA_MAX 50

static void check_position(const struct position *position)
{
    switch (position->kind) {
    case POSITION_SEQUENCE:
        CHECK(*position->sequence && strlen(position->sequence) <= SEQUENCE_MAX);
        CHECK(!strpbrk(position->sequence, " \t\r\n@"));
        CHECK(*position->sequence != '-' && *position->sequence != '+');
        break;
    case POSITION_SHIFT:
        CHECK(decimal_is_valid(position->shift));
        break;
    case POSITION_PRESENT: /* no text says these */
    case POSITION_NOTHING:
        CHECK(false);
        break;
    case POSITION_UNDO:
    case POSITION_EARLIEST:
    case POSITION_LATEST:
    case POSITION_TIME:
        break;
    }
}

static void check_metadata(const char *metadata, size_t most)
{
    size_t characters = 0;

    CHECK(strlen(metadata) <= most);
    for (const char *c = metadata; *c; c++)
        characters += ((unsigned char)*c & 0xc0) != 0x80;
    CHECK(characters <= METADATA_MAX);
}

/* What a sequence number and metadata print as is read as the same again. */
static void check_round(const struct position *position, const char *metadata)
{
    struct position again;
    const char *metadata_again = NULL;
    struct error error;
    char *text = NULL;
    int length = asprintf(&text, "%s\n%s\n", position->sequence, metadata);

    CHECK(length > 0);
    CHECK(!position_parse_text(text, (size_t)length, NOW, METADATA_MAX, &again, &metadata_again,
                               &error));
    CHECK(again.kind == POSITION_SEQUENCE && !strcmp(again.sequence, position->sequence));
    CHECK(!strcmp(metadata_again, metadata));
    free(text);
}

static void fuzz_text(const uint8_t *data, size_t size)
{
    char *text = text_of(data, size);
    struct position position;
    const char *metadata = NULL;
    struct error error = {0};
    int status = position_parse_text(text, size, NOW, METADATA_MAX, &position, &metadata, &error);

    CHECK(status == -error.code && (status == 0 || status == -EINVAL));
    CHECK(strlen(error.message) < sizeof(error.message));
    if (!status) {
        CHECK(metadata >= text && metadata <= text + size);
        check_position(&position);
        check_metadata(metadata, size);
        if (position.kind == POSITION_SEQUENCE)
            check_round(&position, metadata);
    }
    free(text);
}

static void fuzz_metadata(const uint8_t *data, size_t size)
{
    char *text = text_of(data, size);
    const char *metadata = NULL;
    struct error error = {0};
    int status = metadata_parse(text, size, METADATA_MAX, &metadata, &error);

    CHECK(status == -error.code && (status == 0 || status == -EINVAL));
    if (!status) {
        CHECK(metadata == text);
        CHECK(strlen(metadata) == size || data[size - 1] == '\n' || memchr(data, '\r', size));
        check_metadata(metadata, size);
    }
    free(text);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    fuzz_text(data, size);
    fuzz_metadata(data, size);
    return 0;
}
