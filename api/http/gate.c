#include "api/http/gate.h"

#include <stddef.h>

/* How long the error of a service that cannot be reached stands for others. */
#define UNREACHABLE_MS 1000

const struct error *gate_error(const struct gate *gate, int64_t now)
{
    return now < gate->until ? &gate->reason : NULL;
}

unsigned gate_width(const struct gate *gate, unsigned width)
{
    return gate->proven ? width : 1;
}

void gate_answered(struct gate *gate)
{
    gate->proven = true;
    if (!gate->locked)
        gate->until = 0;
}

void gate_refused(struct gate *gate)
{
    gate->proven = false;
}

void gate_unreachable(struct gate *gate, const struct error *error, int64_t now)
{
    gate->proven = false;
    if (gate->locked && now < gate->until)
        return;
    gate->locked = false;
    gate->until = now + UNREACHABLE_MS;
    gate->reason = *error;
}

void gate_lock(struct gate *gate, const struct error *error, int64_t until)
{
    *gate = (struct gate){.locked = true, .until = until, .reason = *error};
}
