#include "fuzz.h"

#include <errno.h>

#include "fs/history.h"

/*
 * The input is lines of a journal, as another program may have left them. Whatever they are, all
 * that is found to go back to is a number and metadata that can be committed. Lines of which the
 * second byte is '!' tell of nothing any more.
 */

#define ROOM 4096

static void check_past(const struct history *history)
{
    const struct subject about = {"a", "s", 0};
    struct past past;
    struct error error;
    int status = history_find_past(history, &about, &past, &error);

    CHECK(!status || status == -ENODATA);
    CHECK(status || (past.metadata && strlen(past.number) <= SEQUENCE_MAX));
    CHECK(status || !strpbrk(past.number, "\t\n"));
    CHECK(status || !past.must_be_last || strlen(past.last) <= SEQUENCE_MAX);
    free(past.metadata);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    char *text = text_of(data, size);
    char *rest = text;
    char *line;
    static struct history history; /* its memory is taken once, for all inputs */

    if (!history.lines.text.max)
        CHECK(!history_init(&history));
    buf_reset(&history.lines.text);
    history.lines.dropped = history.mark_count = 0;
    history.lines.text.max = ROOM;
    history.lines.line.max = ROOM / 2;
    while ((line = strsep(&rest, "\n"))) {
        size_t at = history_add(&history, line, strlen(line));

        CHECK((at == SIZE_MAX) || at >= history.lines.dropped);
        if (*line && line[1] == '!')
            history_void(&history, at);
        check_past(&history);
    }
    CHECK(history.lines.text.size <= ROOM);
    free(text);
    return 0;
}
