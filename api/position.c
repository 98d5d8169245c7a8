#include "api/position.h"

#include <ctype.h>
#include <errno.h>
#include <stdio.h>
#include <string.h>
#include <strings.h>

#include "api/json.h"
#include "base/utf8.h"
#include "base/when.h"

/* The longest first line that can be a position. */
#define POSITION_MAX 255

#define SEQUENCE_LETTERS "0123456789ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz+/-_="

/* What is no position */

/* The words of other tools, or of this one in capitals. */
static const char *advice_on_word(const char *word)
{
    static const struct {
        const char *word;
        const char *advice;
    } words[] = {
        {"earliest", "write earliest"},
        {"oldest", "write earliest"},
        {"beginning", "write earliest"},
        {"begin", "write earliest"},
        {"start", "write earliest"},
        {"first", "write earliest"},
        {"trim_horizon", "write earliest"},
        {"latest", "write latest"},
        {"newest", "write latest"},
        {"end", "write latest"},
        {"last", "write latest"},
        {"-1", "remove the checkpoint to have none, or write shift -1"},
        {"none", "remove the checkpoint to have none"},
        {"null", "remove the checkpoint to have none"},
        {"undo", "write undo"},
        {"redo", "write the number that was there"},
        {"", "the first line is the position"},
    };

    for (size_t i = 0; i < sizeof(words) / sizeof(words[0]); i++) {
        if (!strcasecmp(word, words[i].word))
            return words[i].advice;
    }
    if (!strncasecmp(word, "undo", strlen("undo")))
        return "undo goes one change back: write it once for each";
    return strncasecmp(word, "shift", strlen("shift")) != 0
               ? NULL
               : "write the sign and whole records: shift +5 or shift -5";
}

/* A time without its "@". Digits are a number; "100s" could be a cursor of SLS, in base64, but none
 * of a number. */
static bool is_bare_time(const char *word)
{
    int64_t unused;

    return *word != '@' && word[strspn(word, "0123456789.")] &&
           !when_parse(word, INT64_MAX, &unused);
}

/* Prints what to write instead of a word; nothing where that is not plain. */
static void print_advice(const char *word, char *advice, size_t room)
{
    const char *plain = advice_on_word(word);

    if (plain)
        snprintf(advice, room, "%s", plain);
    else if (strchr("+-", *word) && decimal_is_valid(word))
        snprintf(advice, room, "write shift %s", word);
    else if (is_bare_time(word))
        snprintf(advice, room, "write @%s", word);
    else
        snprintf(advice, room, "%s", when_advice(word) ? when_advice(word) : "");
}

int position_explain(struct error *error, const char *word)
{
    size_t length = strlen(error->message);
    char advice[120];

    print_advice(word, advice, sizeof(advice));
    snprintf(
        error->message + length, sizeof(error->message) - length,
        "%s%s; a position is a sequence number, earliest, latest, @TIME, shift +N, shift -N or "
        "undo; a TIME is " WHEN_FORMS,
        *advice ? ": " : "", advice);
    return -error->code;
}

static int refuse(struct error *error, const char *word)
{
    error_set(error, EINVAL, "\"%.60s\" is not a position", word);
    return position_explain(error, word);
}

/* Positions */

static int parse_time(const char *text, int64_t now, struct position *position)
{
    position->kind = POSITION_TIME;
    return when_parse(text, now, &position->time);
}

static int parse_shift(const char *amount, struct position *position)
{
    amount += strspn(amount, " \t");
    if ((*amount != '+' && *amount != '-') || !decimal_is_valid(amount))
        return -EINVAL;
    position->kind = POSITION_SHIFT;
    return decimal_normalize(position->shift, amount);
}

/* Digits, or the letters of base64 in either alphabet: which of them the backend takes it knows. */
static int parse_sequence_word(const char *word, struct position *position)
{
    size_t length = strspn(word, SEQUENCE_LETTERS);

    if (word[length] || length > SEQUENCE_MAX || strchr("+-", *word) || is_bare_time(word))
        return -EINVAL;
    position->kind = POSITION_SEQUENCE;
    memcpy(position->sequence, word, length + 1);
    return 0;
}

static int parse_word(const char *word, int64_t now, struct position *position)
{
    size_t shift = strlen("shift");

    if (!strcmp(word, "earliest")) {
        position->kind = POSITION_EARLIEST;
        return 0;
    }
    if (!strcmp(word, "latest")) {
        position->kind = POSITION_LATEST;
        return 0;
    }
    if (!strcmp(word, "undo")) {
        position->kind = POSITION_UNDO;
        return 0;
    }
    if (*word == '@')
        return parse_time(word + 1, now, position);
    if (!strncmp(word, "shift", shift) && (word[shift] == ' ' || word[shift] == '\t'))
        return parse_shift(word + shift, position);
    return parse_sequence_word(word, position);
}

int position_parse(const char *text, int64_t now, struct position *position, struct error *error)
{
    struct position parsed = {0};
    char word[POSITION_MAX + 1];
    size_t length;

    while (isspace((unsigned char)*text))
        text++;
    length = strlen(text);
    while (length && isspace((unsigned char)text[length - 1]))
        length--;
    if (!length || length > POSITION_MAX)
        return refuse(error, text);
    memcpy(word, text, length);
    word[length] = '\0';
    if (parse_word(word, now, &parsed))
        return refuse(error, word);
    *position = parsed;
    return 0;
}

/* Records */

static int refuse_record(struct error *error, const char *why)
{
    return error_set(error, EINVAL,
                     "what begins with { is to be a line of records/, as it was read: %s", why);
}

static int parse_place(const cJSON *root, struct position *position, struct error *error)
{
    const char *stream = NULL;
    const char *partition = NULL;
    bool long_form;

    if (json_text(root, "stream", &stream) || (stream && strlen(stream) > NAME_MAX_STREAM))
        return refuse_record(error, "its stream is no name");
    if (json_text(root, "partition", &partition) ||
        (partition && partition_parse(partition, &position->partition, &long_form)))
        return refuse_record(error, "its partition is no number");
    snprintf(position->stream, sizeof(position->stream), "%s", stream ? stream : "");
    position->has_partition = partition;
    return 0;
}

static int parse_member(const cJSON *root, struct position *position, struct error *error)
{
    const char *checkpoint = NULL;

    if (json_text(root, "checkpoint", &checkpoint) || !checkpoint)
        return refuse_record(error, "it says no checkpoint");
    if (!*checkpoint || parse_sequence_word(checkpoint, position))
        return refuse_record(error, "its checkpoint is no sequence number");
    return parse_place(root, position, error);
}

static int parse_record(const char *line, size_t size, struct position *position,
                        struct error *error)
{
    struct position parsed = {0};
    cJSON *root;
    int status = json_parse(line, size, &root);

    if (status == -ENOMEM)
        return error_set(error, ENOMEM, "no memory");
    status = status ? refuse_record(error, "it is no JSON, or not all of it")
                    : parse_member(root, &parsed, error);
    cJSON_Delete(root);
    if (!status)
        *position = parsed;
    return status;
}

int position_check_place(const struct position *position, const char *stream, uint32_t partition,
                         struct error *error)
{
    if (*position->stream && strcmp(position->stream, stream) != 0)
        return error_set(error, EINVAL,
                         "that line is of the stream %.100s, where numbers are of other records",
                         position->stream);
    if (position->has_partition && position->partition != partition)
        return error_set(error, EINVAL,
                         "that line is of partition %u, where numbers are of other records",
                         position->partition);
    return 0;
}

/* Metadata */

/* A text whose lines all end in "\r\n" comes from a system that ends lines so. Any other keeps its
 * '\r's: another client may have stored them, and what was saved is to be restored. */
static bool ends_lines_with_cr(const char *text, size_t size)
{
    const char *end = text + size;
    const char *newline = memchr(text, '\n', size);
    bool has_lines = newline;

    for (; newline; newline = memchr(newline + 1, '\n', (size_t)(end - newline - 1))) {
        if (newline == text || newline[-1] != '\r')
            return false;
    }
    return has_lines;
}

/* Returns the size that is left. */
static size_t clean_line_ends(char *text, size_t size)
{
    size_t left = 0;

    if (!ends_lines_with_cr(text, size))
        return size;
    for (size_t i = 0; i < size; i++) {
        if (text[i] != '\r' || text[i + 1] != '\n')
            text[left++] = text[i];
    }
    text[left] = '\0';
    return left;
}

int metadata_check(const char *text, size_t size, size_t metadata_max, struct error *error)
{
    size_t characters = 0;
    size_t length;

    if (strlen(text) != size)
        return error_set(error, EINVAL, "metadata is text and cannot hold a NUL byte");
    for (size_t i = 0; i < size; i += length, characters++) {
        length = utf8_length(text + i);
        if (!length)
            return error_set(error, EINVAL, "the metadata is not UTF-8 at byte %zu", i + 1);
    }
    if (characters > metadata_max)
        return error_set(error, EINVAL, "%zu characters of metadata: at most %zu can be stored",
                         characters, metadata_max);
    return 0;
}

static int take_metadata(char *text, size_t size, size_t metadata_max, const char **metadata,
                         struct error *error)
{
    if (size && text[size - 1] == '\n')
        text[--size] = '\0';
    *metadata = text;
    return metadata_check(text, size, metadata_max, error);
}

int metadata_parse(char *text, size_t size, size_t metadata_max, const char **metadata,
                   struct error *error)
{
    return take_metadata(text, clean_line_ends(text, size), metadata_max, metadata, error);
}

static int refuse_nul(struct error *error, const char *word)
{
    error_set(error, EINVAL, "a NUL byte is not part of a position");
    return position_explain(error, word);
}

int position_parse_text(char *text, size_t size, int64_t now, size_t metadata_max,
                        struct position *position, const char **metadata, struct error *error)
{
    char *newline;
    size_t line;
    size_t rest;
    int status;

    size = clean_line_ends(text, size);
    newline = memchr(text, '\n', size);
    line = newline ? (size_t)(newline - text) : size;
    rest = newline ? line + 1 : size;
    text[line] = '\0';
    if (strlen(text) != line)
        return refuse_nul(error, text);
    status = *text == '{' ? parse_record(text, line, position, error)
                          : position_parse(text, now, position, error);
    if (status)
        return status;
    if (*text == '{' && !strncmp(text + rest, POSITION_OF_RECORD, strlen(POSITION_OF_RECORD)))
        return refuse_record(error, "one line is a position, and not many");
    return take_metadata(text + rest, size - rest, metadata_max, metadata, error);
}
