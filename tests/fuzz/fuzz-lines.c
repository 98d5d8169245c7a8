#include "fuzz.h"

#include <ctype.h>
#include <stdbool.h>

#include "fs/lines.h"

/*
 * The input is lines of fields with tabs between them, as somebody may have named them. They are
 * added to a file of lines that holds few, so that it is full soon: it is always the end of all
 * that was added, by whole lines.
 */

#define ROOM       96
#define FIELDS_MAX 16

/* The byte that an escape stands for; *next is then behind it. */
static unsigned unescape(const char **next)
{
    static const char letters[] = "tn\\";
    const char *escape = *next + 1;
    const char *letter = strchr(letters, *escape);
    char digits[3] = {0};

    if (letter && *letter) {
        *next += 2;
        return (unsigned char)"\t\n\\"[letter - letters];
    }
    CHECK(*escape == 'x' && isxdigit((unsigned char)escape[1]) &&
          isxdigit((unsigned char)escape[2]));
    memcpy(digits, escape + 1, 2);
    *next += 4;
    return (unsigned)strtoul(digits, NULL, 16);
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

/* What a line is to be. */
static void print_line(struct buf *line, const char *const *fields)
{
    buf_reset(line);
    for (size_t i = 0; fields[i]; i++) {
        buf_puts(line, i ? "\t" : "");
        buf_puts_escaped(line, fields[i]);
    }
    buf_puts(line, "\n");
    CHECK(!buf_error(line));
}

static bool ends_with(const struct buf *text, const struct buf *end)
{
    return text->size >= end->size &&
           !memcmp(text->data + text->size - end->size, end->data, end->size);
}

/* Whether a text that is the end of another begins with one of its lines. */
static bool begins_a_line(const struct buf *text, const struct buf *end)
{
    return text->size == end->size || text->data[text->size - end->size - 1] == '\n';
}

static void add_line(struct lines *lines, struct buf *all, char *line)
{
    struct buf printed = BUF_INIT(1UL << 20);
    const char *fields[FIELDS_MAX + 1] = {NULL};
    size_t count = 0;

    while (count < FIELDS_MAX && (fields[count] = strsep(&line, "\t")))
        count++;
    fields[count] = NULL;
    print_line(&printed, fields);
    lines_add(lines, 7, fields);
    if (printed.size <= ROOM / 2)
        buf_add(all, printed.data, printed.size);
    CHECK(lines->text.size <= ROOM && !buf_error(&lines->text) && !buf_error(all));
    CHECK(ends_with(all, &lines->text) && begins_a_line(all, &lines->text));
    if (printed.size <= ROOM / 2)
        CHECK(lines->changed == 7 && ends_with(&lines->text, &printed));
    buf_release(&printed);
}

static void add_lines(char *text)
{
    struct buf all = BUF_INIT(1UL << 24);
    struct lines lines;
    char *line;

    CHECK(!lines_init(&lines, LINES_MAX));
    lines.text.max = ROOM;
    lines.line.max = ROOM / 2;
    while ((line = strsep(&text, "\n")))
        add_line(&lines, &all, line);
    lines_release(&lines);
    buf_release(&all);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    char *text = text_of(data, size);

    check_escaping(text);
    add_lines(text);
    free(text);
    return 0;
}
