#include "fs/entry.h"

#include <errno.h>
#include <string.h>
#include <sys/types.h>

bool entry_is_blank(const char *line)
{
    line += strspn(line, " \t\r");
    return !*line || *line == '#';
}

/* Columns: each function takes one off the line, which then begins at the next; NULL: it has ended.
 */

static char *next_column(char **line)
{
    return strsep(line, "\t");
}

static char *first_column(char **line)
{
    return strsep(line, strchr(*line, '\t') ? "\t" : " ");
}

static int parse_partition_column(const char *text, struct entry *entry, struct error *error)
{
    bool unused;

    entry->is_of_all = !strcmp(text, "*");
    if (entry->is_of_all || !partition_parse(text, &entry->partition, &unused))
        return 0;
    return error_set(error, EINVAL,
                     "\"%.60s\" is no partition: a line is PARTITION, a tab, POSITION", text);
}

/* A line of records/ has no tab, and so can be a column. */
static int parse_record_column(char *text, int64_t now, struct entry *entry, struct error *error)
{
    const char *none;

    return position_parse_text(text, strlen(text), now, 0, &entry->position, &none, error);
}

static int parse_position_column(char *text, int64_t now, struct entry *entry, struct error *error)
{
    if (!text)
        return error_set(error, EINVAL,
                         "a line is PARTITION, a tab, POSITION; a POSITION of - "
                         "removes the checkpoint");
    if (*text == '{')
        return parse_record_column(text, now, entry, error);
    entry->removes = !strcmp(text, "-");
    return entry->removes ? 0 : position_parse(text, now, &entry->position, error);
}

/* Metadata */

static int parse_metadata_column(char *text, size_t metadata_max, struct entry *entry,
                                 struct error *error)
{
    static char none[] = "";
    ssize_t length;

    entry->metadata = text ? text : none;
    length = text ? buf_unescape(text) : 0;
    if (length < 0)
        return error_set(
            error, EINVAL,
            "a backslash in metadata is written \\\\: \\t, \\n and \\xHH are what else "
            "it begins");
    return metadata_check(entry->metadata, (size_t)length, metadata_max, error);
}

static int parse_expected_column(const char *text, struct entry *entry, struct error *error)
{
    entry->expected = text && *text ? text : NULL;
    if (!entry->expected)
        return 0;
    if (strlen(text) > SEQUENCE_MAX || !strcmp(text, "?"))
        return error_set(error, EINVAL, "\"%.60s\" is no number that can be expected", text);
    if (!strcmp(text, "-"))
        entry->expected = "";
    return 0;
}

/* Lines */

/* As a system ends lines that ends them so. */
static void cut_return(char *line)
{
    size_t length = strlen(line);

    if (length && line[length - 1] == '\r')
        line[length - 1] = '\0';
}

int entry_parse(char *line, int64_t now, size_t metadata_max, struct entry *entry,
                struct error *error)
{
    int status;

    *entry = (struct entry){0};
    cut_return(line);
    status = parse_partition_column(first_column(&line), entry, error);
    if (!status)
        status = parse_position_column(line ? next_column(&line) : NULL, now, entry, error);
    if (!status)
        status =
            parse_metadata_column(line ? next_column(&line) : NULL, metadata_max, entry, error);
    if (!status)
        status = parse_expected_column(line ? next_column(&line) : NULL, entry, error);
    if (!status && line)
        status = error_set(error, EINVAL, "a line has at most four columns");
    if (!status && entry->removes && *entry->metadata)
        status = error_set(error, EINVAL, "a checkpoint that is removed has no metadata");
    if (!status && entry->position.kind == POSITION_UNDO && (*entry->metadata || entry->expected))
        status = error_set(error, EINVAL, "undo brings back metadata, too, on its own condition");
    return status;
}

bool entry_is_met(const struct entry *entry, const struct backend *backend,
                  const struct state *state)
{
    const char *metadata = state->metadata ? state->metadata : "";
    bool is_told = state->metadata || !(backend->abilities & CAN_STORE_METADATA);

    if (entry->removes)
        return !state->sequence;
    return entry->position.kind == POSITION_SEQUENCE && state->sequence && is_told &&
           backend_is_sequence(backend, entry->position.sequence, state->sequence) &&
           !strcmp(entry->metadata, metadata);
}

bool entry_print(const struct state *state, bool has_metadata, struct buf *text)
{
    if (!state->sequence)
        return true;
    buf_printf(text, "%u\t%s", state->partition, state->sequence);
    if (state->metadata && *state->metadata) {
        buf_puts(text, "\t");
        buf_puts_escaped(text, state->metadata);
    }
    buf_puts(text, "\n");
    return state->metadata || !has_metadata;
}
