#include "api/json.h"

#include <ctype.h>
#include <errno.h>
#include <stdlib.h>
#include <string.h>

#include "base/decimal.h"
#include "base/utf8.h"
#include "base/when.h"

#define VALUES_MAX 500000
#define QUOTED_MAX (64UL << 20)

/* What stands in for a text that holds a NUL: all that are numbers in an answer are in quotes. */
#define TEXT_WITH_NUL "0"

#define REPLACEMENT "\xef\xbf\xbd" /* U+FFFD */

/* The length of a number as JSON writes it, or 0. */
static size_t number_length(const char *text)
{
    static const char digits[] = "0123456789";
    const char *next = text + (*text == '-');
    size_t count = strspn(next, digits);

    if (!count || (*next == '0' && count > 1))
        return 0;
    next += count;
    if (*next == '.') {
        count = strspn(++next, digits);
        next += count;
    }
    if (count && (*next == 'e' || *next == 'E')) {
        next += 1 + (next[1] == '+' || next[1] == '-');
        count = strspn(next, digits);
        next += count;
    }
    return count && !isalnum((unsigned char)*next) ? (size_t)(next - text) : 0;
}

/* The length of a text that begins with its quote, with both quotes; 0 when it does not end. Tells
 * whether it holds a NUL, at which a text of C would end. */
static size_t quoted_length(const char *text, bool *has_nul)
{
    const char *next = text + 1;

    *has_nul = false;
    for (next += strcspn(next, "\"\\"); *next == '\\'; next += strcspn(next, "\"\\")) {
        *has_nul |= !strncmp(next, "\\u0000", 6);
        next += next[1] ? 2 : 1;
    }
    return *next ? (size_t)(next + 1 - text) : 0;
}

/* What of a text is quoted, and what was copied of it: long pieces take least. */
struct quoting {
    const char *copied; /* up to there */
    const char *next;
    struct buf *quoted;
};

static void copy_up_to(struct quoting *quoting, const char *end)
{
    buf_add(quoting->quoted, quoting->copied, (size_t)(end - quoting->copied));
    quoting->copied = end;
}

/* Passes over a text; puts what stands in for one that cannot be read in its place. */
static bool take_text(struct quoting *quoting)
{
    bool has_nul;
    size_t length = quoted_length(quoting->next, &has_nul);

    if (has_nul) {
        copy_up_to(quoting, quoting->next);
        buf_puts(quoting->quoted, TEXT_WITH_NUL);
        quoting->copied += length;
    }
    quoting->next += length;
    return length;
}

static bool take_number(struct quoting *quoting)
{
    size_t length = number_length(quoting->next);

    copy_up_to(quoting, quoting->next);
    buf_puts(quoting->quoted, "\"");
    copy_up_to(quoting, quoting->next + length);
    buf_puts(quoting->quoted, "\"");
    quoting->next += length;
    return length;
}

/* Copies JSON with its numbers in quotes. 0, or -EBADMSG when it cannot be JSON, or -ENOMEM. */
static int quote_numbers(const char *text, struct buf *quoted)
{
    struct quoting quoting = {text, text, quoted};
    size_t values = 0;
    bool is_good = true;

    while (is_good && *quoting.next) {
        char c = *quoting.next;

        if (c == '"')
            is_good = take_text(&quoting);
        else if (c == '-' || isdigit((unsigned char)c))
            is_good = take_number(&quoting);
        else if (strchr(",[{", *quoting.next++))
            is_good = ++values <= VALUES_MAX;
    }
    copy_up_to(&quoting, quoting.next);
    if (!is_good)
        return -EBADMSG;
    return buf_error(quoted) == -ENOMEM ? -ENOMEM : buf_error(quoted) ? -EBADMSG : 0;
}

/* cJSON gives NULL for what is no JSON, and for no memory: only who gives it memory can tell. */
static bool had_no_memory;

static void *allocate(size_t size)
{
    void *memory = malloc(size);

    had_no_memory |= !memory;
    return memory;
}

static int parse_quoted(const char *text, cJSON **root)
{
    cJSON_Hooks hooks = {allocate, free};

    cJSON_InitHooks(&hooks);
    had_no_memory = false;
    *root = cJSON_ParseWithOpts(text, NULL, 1);
    cJSON_InitHooks(NULL);
    return *root ? 0 : had_no_memory ? -ENOMEM : -EBADMSG;
}

int json_parse(const char *text, size_t size, cJSON **root)
{
    struct buf quoted = BUF_INIT(QUOTED_MAX);
    int status = memchr(text, '\0', size) ? -EBADMSG : quote_numbers(text, &quoted);

    *root = NULL;
    if (!status)
        status = parse_quoted(quoted.data, root);
    buf_release(&quoted);
    /* A text with a NUL that stands alone must not become a number, which could be an answer. */
    if (status || text[strspn(text, " \t\r\n")] != '"' || cJSON_IsString(*root))
        return status;
    cJSON_Delete(*root);
    *root = NULL;
    return -EBADMSG;
}

/* The member, or NULL when it is absent or null. */
static int find_member(const cJSON *object, const char *name, const cJSON **member)
{
    if (!cJSON_IsObject(object))
        return -EBADMSG;
    *member = cJSON_GetObjectItemCaseSensitive(object, name);
    if (cJSON_IsNull(*member))
        *member = NULL;
    return 0;
}

int json_text(const cJSON *object, const char *name, const char **value)
{
    const cJSON *member;

    if (find_member(object, name, &member) || (member && !cJSON_IsString(member)))
        return -EBADMSG;
    *value = member ? member->valuestring : NULL;
    return 0;
}

int json_flag(const cJSON *object, const char *name, bool *value)
{
    const cJSON *member;
    bool text;

    if (find_member(object, name, &member))
        return -EBADMSG;
    text = member && cJSON_IsString(member) &&
           (!strcmp(member->valuestring, "true") || !strcmp(member->valuestring, "false"));
    if (member && !cJSON_IsBool(member) && !text)
        return -EBADMSG;
    *value = cJSON_IsTrue(member) || (text && *member->valuestring == 't');
    return 0;
}

int json_array(const cJSON *object, const char *name, const cJSON **value)
{
    const cJSON *member;

    if (find_member(object, name, &member) || (member && !cJSON_IsArray(member)))
        return -EBADMSG;
    *value = member;
    return 0;
}

bool json_is_text_with_nul(const cJSON *value)
{
    return cJSON_IsNumber(value);
}

bool json_has(const cJSON *object, const char *name)
{
    return cJSON_GetObjectItemCaseSensitive(object, name) != NULL;
}

static bool add_repaired_text(cJSON *object, const char *name, const char *text)
{
    struct buf repaired = BUF_INIT(3 * strlen(text));
    bool added;

    while (*text) {
        size_t length = utf8_length(text);

        buf_add(&repaired, length ? text : REPLACEMENT, length ? length : strlen(REPLACEMENT));
        text += length ? length : 1;
    }
    added = !buf_error(&repaired) && cJSON_AddStringToObject(object, name, repaired.data);
    buf_release(&repaired);
    return added;
}

bool json_add_text(cJSON *object, const char *name, const char *text)
{
    if (!text)
        return cJSON_AddNullToObject(object, name) != NULL;
    if (!utf8_is_valid(text))
        return add_repaired_text(object, name, text);
    return cJSON_AddStringToObject(object, name, text) != NULL;
}

bool json_add_number(cJSON *object, const char *name, const char *decimal)
{
    char number[DECIMAL_ROOM];

    if (!decimal || !decimal_is_unsigned(decimal))
        return json_add_text(object, name, NULL);
    return !decimal_normalize(number, decimal) && cJSON_AddRawToObject(object, name, number);
}

bool json_add_time(cJSON *object, const char *name, int64_t when)
{
    char text[WHEN_ROOM];

    if (when == WHEN_UNKNOWN)
        return json_add_text(object, name, NULL);
    when_format_seconds(when, text);
    return json_add_text(object, name, text);
}

int json_print(const cJSON *object, struct buf *text)
{
    char *printed = cJSON_PrintUnformatted(object);

    if (!printed)
        return -ENOMEM;
    buf_puts(text, printed);
    cJSON_free(printed);
    return buf_error(text);
}
