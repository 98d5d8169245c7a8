#include "base/when.h"

#include <ctype.h>
#include <errno.h>
#include <stdio.h>
#include <string.h>
#include <time.h>

#define SECOND 1000000000LL

#define DIGITS    "0123456789"
#define MS_DIGITS 13 /* of milliseconds since 1970, from 2001 to 2286 */

/* Fewer seconds than this, which are until 1973, are rather an age without its unit. */
#define EPOCH_MIN 100000000

static int64_t clock_ns(clockid_t clock)
{
    struct timespec now;

    clock_gettime(clock, &now);
    return (int64_t)now.tv_sec * SECOND + now.tv_nsec;
}

int64_t when_now(void)
{
    return clock_ns(CLOCK_REALTIME);
}

int64_t when_monotonic(void)
{
    return clock_ns(CLOCK_MONOTONIC) / 1000000;
}

/* Reads exactly `digits` digits (any number of up to 18 when 0) into *value; NULL when they are not
 * there. */
static const char *read_digits(const char *text, int digits, int64_t *value)
{
    int count = 0;

    for (*value = 0; count < (digits ? digits : 18) && isdigit((unsigned char)text[count]); count++)
        *value = *value * 10 + (text[count] - '0');
    return count == 0 || (digits && count != digits) ? NULL : text + count;
}

/* Reads ".5" as 500000000 ns; without a point nothing is read. Digits past the ninth are dropped.
 */
static const char *read_fraction(const char *text, int64_t *ns)
{
    int64_t unit = SECOND;

    *ns = 0;
    if (*text != '.')
        return text;
    if (!isdigit((unsigned char)*++text))
        return NULL;
    for (; isdigit((unsigned char)*text); text++) {
        unit /= 10;
        *ns += (*text - '0') * unit;
    }
    return text;
}

/* seconds and ns as one time, if it can be held. */
static int join(int64_t seconds, int64_t ns, int64_t *when)
{
    int64_t result;

    if (__builtin_mul_overflow(seconds, SECOND, &result) ||
        __builtin_add_overflow(result, ns, &result))
        return -EINVAL;
    *when = result;
    return 0;
}

/* Seconds since 1970, 0 or many; or milliseconds, if they have as many digits as since 2001. */
static int parse_epoch(const char *text, int64_t *when)
{
    bool is_in_ms = strspn(text, DIGITS) == MS_DIGITS && !text[MS_DIGITS];
    int64_t count;
    int64_t ns;

    text = read_digits(text, 0, &count);
    if (text)
        text = read_fraction(text, &ns);
    if (!text || *text)
        return -EINVAL;
    if (is_in_ms)
        return join(count / 1000, count % 1000 * 1000000, when);
    return (count || ns) && count < EPOCH_MIN ? -EINVAL : join(count, ns, when);
}

/* Adds numbers with units, "1h30m", to *age; the letters are the units, of so many seconds each,
 * and stand in their order. NULL when something else is there. */
static const char *read_parts(const char *text, const char *letters, const int64_t *seconds,
                              int64_t *age)
{
    while (isdigit((unsigned char)*text)) {
        const char *letter;
        int64_t count;

        text = read_digits(text, 0, &count);
        letter = *text ? strchr(letters, *text++) : NULL;
        if (!letter || __builtin_mul_overflow(count, seconds[letter - letters], &count) ||
            __builtin_add_overflow(*age, count, age))
            return NULL;
        seconds += letter + 1 - letters;
        letters = letter + 1;
    }
    return text;
}

/* Reads "1h30m", or as in ISO 8601 "PT1H30M", as seconds. NULL, or the end; an age of no parts ends
 * where it begins, or after a letter that only stands before parts. */
static const char *read_age(const char *text, int64_t *age)
{
    static const int64_t seconds[] = {604800, 86400, 3600, 60, 1};

    *age = 0;
    if (*text != 'P')
        return read_parts(text, "wdhms", seconds, age);
    text = read_parts(text + 1, "WD", seconds, age);
    return text && *text == 'T' ? read_parts(text + 1, "HMS", seconds + 2, age) : text;
}

static int parse_age(const char *text, int64_t now, int64_t *when)
{
    const char *end;
    int64_t age;

    end = read_age(text, &age);
    if (!end || *end || end == text || end[-1] == 'P' || end[-1] == 'T' || join(age, 0, &age) ||
        age > now)
        return -EINVAL;
    *when = now - age;
    return 0;
}

/* Reads "Z" or "+hh:mm" as seconds east of UTC. */
static const char *read_zone(const char *text, int64_t *east)
{
    int64_t hours;
    int64_t minutes;
    char sign = *text;

    *east = 0;
    if (sign == 'Z' || sign == 'z')
        return text + 1;
    if (sign != '+' && sign != '-')
        return NULL;
    text = read_digits(text + 1, 2, &hours);
    if (!text || *text != ':' || hours > 23)
        return NULL;
    text = read_digits(text + 1, 2, &minutes);
    if (!text || minutes > 59)
        return NULL;
    *east = (hours * 3600 + minutes * 60) * (sign == '-' ? -1 : 1);
    return text;
}

/* Seconds since 1970 of a date and time that timegm() would otherwise carry over: February 30. */
static int to_seconds(struct tm *broken, int64_t *seconds)
{
    struct tm asked = *broken;

    *seconds = timegm(broken);
    return broken->tm_mday == asked.tm_mday && broken->tm_mon == asked.tm_mon &&
                   broken->tm_hour == asked.tm_hour && broken->tm_min == asked.tm_min
               ? 0
               : -EINVAL;
}

static int parse_rfc3339(const char *text, int64_t *when)
{
    static const struct {
        int digits;
        const char *after;
        int64_t most;
    } fields[] = {{4, "-", 9999}, {2, "-", 12}, {2, "Tt ", 31},
                  {2, ":", 23},   {2, ":", 59}, {2, "", 59}};
    int64_t value[6];
    int64_t seconds;
    int64_t ns;
    int64_t east;
    struct tm broken = {0};

    for (size_t i = 0; i < 6; i++) {
        text = read_digits(text, fields[i].digits, &value[i]);
        if (!text || value[i] > fields[i].most)
            return -EINVAL;
        if (*fields[i].after && (!*text || !strchr(fields[i].after, *text++)))
            return -EINVAL;
    }
    text = read_fraction(text, &ns);
    if (text)
        text = read_zone(text, &east);
    if (!text || *text)
        return -EINVAL;
    broken.tm_year = (int)value[0] - 1900;
    broken.tm_mon = (int)value[1] - 1;
    broken.tm_mday = (int)value[2];
    broken.tm_hour = (int)value[3];
    broken.tm_min = (int)value[4];
    broken.tm_sec = (int)value[5];
    if (to_seconds(&broken, &seconds))
        return -EINVAL;
    return join(seconds - east, ns, when);
}

int when_parse(const char *text, int64_t now, int64_t *when)
{
    text += *text == '@';
    if (!strcmp(text, "now")) {
        *when = now;
        return 0;
    }
    if (!parse_epoch(text, when) || !parse_age(text, now, when))
        return 0;
    return parse_rfc3339(text, when);
}

/* What a text lacks to be a time, or NULL. */
static const char *what_is_missing(const char *text)
{
    static const char *const endings[][2] = {
        {"Z", "add Z for UTC, or an offset such as +01:00"},
        {":00Z", "add seconds and a zone, as in :00Z"},
        {"T00:00:00Z", "add a time and a zone, as in T00:00:00Z"},
    };
    char whole[64];
    int64_t unused;

    for (size_t i = 0; i < sizeof(endings) / sizeof(endings[0]); i++) {
        snprintf(whole, sizeof(whole), "%s%s", text, endings[i][0]);
        if (!parse_rfc3339(whole, &unused))
            return endings[i][1];
    }
    return NULL;
}

const char *when_advice(const char *text)
{
    size_t digits;

    text += *text == '@';
    digits = strspn(text, DIGITS);
    if (what_is_missing(text))
        return what_is_missing(text);
    if (digits == 4 && text[4] == '-')
        return "a day of the calendar, T, hours to 23, minutes and seconds to 59, and Z or +01:00";
    if (digits && !text[digits])
        return "seconds since 1970 have 10 digits these days, milliseconds 13; an age has a unit: "
               "90s";
    return *text == '-' ? "an age has no sign: 1h is an hour ago" : NULL;
}

static char *print_number(char *text, int64_t number, int digits, char after)
{
    for (int i = digits; i-- > 0; number /= 10)
        text[i] = (char)('0' + number % 10);
    text[digits] = after;
    return text + digits + 1;
}

/* Writes all but the fraction and the zone, and returns the end of that. Not by strftime, for each
 * record has a time: it takes ten times as long. All times are of years with four digits. */
static char *print_seconds(int64_t seconds, char text[static WHEN_ROOM], char after)
{
    time_t time = (time_t)seconds;
    struct tm broken;

    gmtime_r(&time, &broken);
    text = print_number(text, broken.tm_year + 1900, 4, '-');
    text = print_number(text, broken.tm_mon + 1, 2, '-');
    text = print_number(text, broken.tm_mday, 2, 'T');
    text = print_number(text, broken.tm_hour, 2, ':');
    text = print_number(text, broken.tm_min, 2, ':');
    return print_number(text, broken.tm_sec, 2, after);
}

void when_format(int64_t when, char text[static WHEN_ROOM])
{
    int64_t ms = when / 1000000 - (when % 1000000 < 0);
    int64_t part = (ms % 1000 + 1000) % 1000;
    char *end = print_number(print_seconds((ms - part) / 1000, text, '.'), part, 3, 'Z');

    *end = '\0';
}

void when_format_seconds(int64_t when, char text[static WHEN_ROOM])
{
    char *end = print_seconds(when / SECOND - (when % SECOND < 0), text, 'Z');

    *end = '\0';
}
