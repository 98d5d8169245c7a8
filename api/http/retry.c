#include "api/http/retry.h"

#include <ctype.h>
#include <stdlib.h>
#include <string.h>

#include <curl/curl.h>

#include "base/when.h"

#define PAUSE_FIRST_MS 100
#define PAUSE_MAX_MS   5000
#define SECOND         1000000000LL

/* No service means more than a day; longer is cut, for the deadline comes first anyway. */
#define RETRY_AFTER_MAX_S 86400

int64_t retry_pause(unsigned tries, uint32_t random)
{
    int64_t pause = PAUSE_FIRST_MS;

    while (--tries && pause < PAUSE_MAX_MS)
        pause *= 2;
    if (pause > PAUSE_MAX_MS)
        pause = PAUSE_MAX_MS;
    return pause - (int64_t)(random % (uint32_t)(pause / 2 + 1));
}

/* The year 2200: sums with what comes before do not overflow. */
#define DATE_MAX_S 7258118400

static int64_t read_date(const char *header)
{
    int64_t seconds = curl_getdate(header, NULL);

    if (seconds <= 0 || seconds > DATE_MAX_S)
        return WHEN_UNKNOWN;
    return (int64_t)seconds * SECOND;
}

/* All answers of one second have the same date. */
int64_t date_parse(const char *header)
{
    static char last[sizeof("Sun, 06 Nov 1994 08:49:37 GMT")];
    static int64_t when = WHEN_UNKNOWN;

    if (!strcmp(header, last))
        return when;
    if (strlen(header) >= sizeof(last))
        return read_date(header);
    memcpy(last, header, strlen(header) + 1);
    when = read_date(header);
    return when;
}

int64_t retry_after(const char *header, int64_t now)
{
    int64_t when;
    int64_t seconds;

    if (!header)
        return 0;
    if (isdigit((unsigned char)*header)) {
        size_t digits = strspn(header, "0123456789");

        if (header[digits + strspn(header + digits, " ")])
            return 0;
        seconds = digits > 6 ? RETRY_AFTER_MAX_S : strtol(header, NULL, 10);
    } else {
        when = date_parse(header);
        seconds = when == WHEN_UNKNOWN || when < now ? 0 : (when - now + SECOND - 1) / SECOND;
    }
    return (seconds < RETRY_AFTER_MAX_S ? seconds : RETRY_AFTER_MAX_S) * 1000;
}
