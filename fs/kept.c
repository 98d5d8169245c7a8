#include "fs/kept.h"

#include <stdint.h>

#include "base/when.h"

void kept_release(struct kept *kept)
{
    timer_stop(&kept->timer);
    buf_release(&kept->text);
    *kept = (struct kept){0};
}

static void forget_kept(void *user)
{
    kept_release(user);
}

bool kept_tell(struct kept *kept)
{
    int64_t now = when_monotonic();

    if (!kept->made || now > kept->made + KEPT_TOLD_MS)
        return false;
    kept->told = now;
    kept->awaited++;
    return true;
}

bool kept_put(struct kept *kept, struct loop *loop, const char *text)
{
    kept_release(kept);
    buf_init(&kept->text, SIZE_MAX);
    buf_puts(&kept->text, text);
    if (buf_error(&kept->text)) {
        kept_release(kept);
        return false;
    }
    kept->when = when_now();
    kept->made = when_monotonic();
    timer_start(loop, &kept->timer, KEPT_TOLD_MS + KEPT_MS, forget_kept, kept);
    return kept_tell(kept);
}

bool kept_take(struct kept *kept)
{
    if (!kept->awaited || when_monotonic() > kept->told + KEPT_MS)
        return false;
    kept->awaited--;
    return true;
}
