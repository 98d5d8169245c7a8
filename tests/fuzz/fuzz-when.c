#include "fuzz.h"

#include <errno.h>

#include "base/when.h"

/* 2026-11-21T08:00:00Z */
#define NOW (INT64_C(1795248000) * 1000000000)

static int64_t milliseconds(int64_t when)
{
    return when / 1000000 - (when % 1000000 < 0);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    char *text = text_of(data, size);
    char printed[WHEN_ROOM];
    int64_t when = 4711;
    int64_t again = 0;
    int status = when_parse(text, NOW, &when);

    CHECK(status == 0 || status == -EINVAL);
    if (status) {
        CHECK(when == 4711);
    } else {
        when_format(when, printed);
        CHECK(!when_parse(printed, NOW, &again));
        CHECK(milliseconds(again) == milliseconds(when));
    }
    free(text);
    return 0;
}
