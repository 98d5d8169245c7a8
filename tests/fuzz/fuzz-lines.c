#include "fuzz.h"

#include "fs/lines.h"

/* The input is lines of fields with tabs between them, as somebody may have named them. */

static size_t count(const char *text, char c)
{
    size_t found = 0;

    for (; *text; text++)
        found += *text == c;
    return found;
}

/* The byte that an escape stands for; *next is then behind it. */
static unsigned unescape(const char **next)
{
    static const char letters[] = "tn\\";
    const char *letter = strchr(letters, (*next)[1]);
    unsigned value;

    if (letter && *letter) {
        *next += 2;
        return (unsigned char)"\t\n\\"[letter - letters];
    }
    CHECK(sscanf(*next, "\\x%2x", &value) == 1);
    *next += 4;
    return value;
}

/* What escaping wrote leads back to the text. */
static void check_escaping(const char *text)
{
    struct buf escaped = BUF_INIT(1UL << 20);
    const char *next;

    buf_puts_escaped(&escaped, text);
    CHECK(!buf_error(&escaped) && escaped.size == strlen(escaped.data));
    next = escaped.data;
    for (; *text; text++) {
        unsigned char first = (unsigned char)*next;

        CHECK(first >= ' ' && first != 127);
        if (first == '\\')
            CHECK(unescape(&next) == (unsigned char)*text);
        else
            CHECK(*next++ == *text);
    }
    CHECK(!*next);
    buf_release(&escaped);
}

static void check_line(struct lines *lines, const char *field)
{
    const char *const fields[] = {field, field, NULL};

    lines_release(lines);
    lines_add(lines, 0, fields);
    CHECK(count(lines->text.data, '\n') == 1);
    CHECK(count(lines->text.data, '\t') == 1);
    CHECK(lines->text.data[lines->text.size - 1] == '\n');
}

/* The bound holds, and what is left begins with a whole line. */
static void check_bound(struct lines *lines, const char *field)
{
    const char *const fields[] = {"begin", field, NULL};
    size_t most = LINES_MAX / (strlen(field) + 1) / 4 + 2;

    for (size_t i = 0; i < most && i < 400; i++) {
        lines_add(lines, 0, fields);
        CHECK(lines->text.size <= LINES_MAX);
    }
    lines_add(lines, 0, fields);
    CHECK(!strncmp(lines->text.data, "begin\t", 6));
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    struct lines lines;
    char *text = text_of(data, size);

    if (size > 40000) {
        free(text);
        return 0;
    }
    lines_init(&lines);
    check_escaping(text);
    check_line(&lines, text);
    lines_release(&lines);
    if (size > 3000)
        check_bound(&lines, text);
    lines_release(&lines);
    free(text);
    return 0;
}
