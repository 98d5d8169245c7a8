#include "base/when.h"

#include <ctype.h>
#include <errno.h>
#include <stdio.h>
#include <string.h>
#include <time.h>

#define SECOND 1000000000LL

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

static int parse_epoch(const char *text, int64_t *when)
{
    int64_t seconds;
    int64_t ns;

    text = read_digits(text, 0, &seconds);
    if (text)
        text = read_fraction(text, &ns);
    return text && !*text ? join(seconds, ns, when) : -EINVAL;
}

static int parse_age(const char *text, int64_t now, int64_t *when)
{
    static const struct {
        char unit;
        int64_t seconds;
    } units[] = {{'s', 1}, {'m', 60}, {'h', 3600}, {'d', 86400}, {'w', 604800}};
    int64_t count;
    int64_t age;

    text = read_digits(text, 0, &count);
    if (!text || !*text || text[1])
        return -EINVAL;
    for (size_t i = 0; i < sizeof(units) / sizeof(units[0]); i++) {
        if (*text != units[i].unit)
            continue;
        if (__builtin_mul_overflow(count, units[i].seconds, &count) || join(count, 0, &age) ||
            age > now)
            return -EINVAL;
        *when = now - age;
        return 0;
    }
    return -EINVAL;
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
    if (*text == '@')
        return parse_epoch(text + 1, when);
    if (!parse_age(text, now, when))
        return 0;
    return parse_rfc3339(text, when);
}

/* Writes all but the fraction and the zone, and returns its length. */
static size_t print_seconds(int64_t seconds, char text[static WHEN_ROOM])
{
    time_t time = (time_t)seconds;
    struct tm broken;

    gmtime_r(&time, &broken);
    return strftime(text, WHEN_ROOM, "%Y-%m-%dT%H:%M:%S", &broken);
}

void when_format(int64_t when, char text[static WHEN_ROOM])
{
    int64_t ms = when / 1000000 - (when % 1000000 < 0);
    int64_t part = (ms % 1000 + 1000) % 1000;
    size_t length = print_seconds((ms - part) / 1000, text);

    snprintf(text + length, WHEN_ROOM - length, ".%03dZ", (int)part);
}

void when_format_seconds(int64_t when, char text[static WHEN_ROOM])
{
    size_t length = print_seconds(when / SECOND - (when % SECOND < 0), text);

    snprintf(text + length, WHEN_ROOM - length, "Z");
}
