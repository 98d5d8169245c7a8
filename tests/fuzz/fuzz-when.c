#include "fuzz.h"

#include <errno.h>

#include "base/when.h"

/* 2026-11-21T08:00:00Z */
#define NOW (INT64_C(1795248000) * 1000000000)

static int64_t milliseconds(int64_t when)
{
    return when / 1000000 - (when % 1000000 < 0);
}

/* A leading "@" may be added or left out. */
static void check_at(const char *text, int status, int64_t when)
{
    int64_t again = 4711;
    char *with_at = NULL;

    if (*text == '@')
        return;
    CHECK(asprintf(&with_at, "@%s", text) > 0);
    CHECK(when_parse(with_at, NOW, &again) == status && again == when);
    free(with_at);
}

static void check_print(int64_t when)
{
    char printed[WHEN_ROOM];
    int64_t again = 0;

    when_format(when, printed);
    CHECK(!when_parse(printed, NOW, &again));
    CHECK(milliseconds(again) == milliseconds(when));
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    char *text = text_of(data, size);
    int64_t when = 4711;
    int status = when_parse(text, NOW, &when);

    CHECK(status == 0 || status == -EINVAL);
    check_at(text, status, when);
    if (status)
        CHECK(when == 4711);
    else
        check_print(when);
    when_advice(text);
    free(text);
    return 0;
}
