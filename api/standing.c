#include "api/standing.h"

#include <string.h>

#include "api/status.h"
#include "base/when.h"

static bool is_some(const char *count)
{
    return strcmp(count, "0") != 0;
}

static bool is_ahead(const struct backend *backend, const struct state *state)
{
    char ahead[DECIMAL_ROOM];

    return !status_ahead(backend, state, ahead) && is_some(ahead);
}

/* How long the checkpoint has been what it is: since it was committed, or, where nobody tells that,
 * since it was first seen. A time to come, by another clock, is now. */
static bool is_old(const struct state *state, const struct standing_rules *rules)
{
    int64_t since = state->committed == WHEN_UNKNOWN ? state->seen : state->committed;

    return since && rules->now - since >= rules->stalled;
}

static bool is_rewound(const struct state *state, const struct standing_rules *rules)
{
    return state->went_back && state->seen && rules->now - state->seen < rules->stalled;
}

static bool is_near(const struct backend *backend, const struct state *state,
                    const struct standing_rules *rules)
{
    char margin[DECIMAL_ROOM];
    char kept[DECIMAL_ROOM];

    return !status_margin(backend, state, margin) &&
           !decimal_subtract(kept, state->latest, state->earliest) && decimal_is_unsigned(kept) &&
           decimal_is_below(margin, rules->near_percent, kept);
}

enum standing standing_of(const struct backend *backend, const struct state *state,
                          const struct standing_rules *rules)
{
    char expired[DECIMAL_ROOM];
    char lag[DECIMAL_ROOM];

    if (!state->sequence)
        return STANDING_NONE;
    if (status_expired(backend, state, expired) || status_lag(backend, state, lag))
        return STANDING_UNKNOWN;
    if (is_some(expired))
        return STANDING_EXPIRED;
    if (is_ahead(backend, state))
        return STANDING_AHEAD;
    if (is_rewound(state, rules))
        return STANDING_REWOUND;
    if (!is_some(lag))
        return state->is_closed ? STANDING_CLOSED : STANDING_OK;
    if (is_near(backend, state, rules))
        return STANDING_NEAR;
    return is_old(state, rules) ? STANDING_STALLED : STANDING_OK;
}

const char *standing_word(enum standing standing)
{
    static const char *const words[] = {
        [STANDING_NONE] = "none",       [STANDING_UNKNOWN] = "-",
        [STANDING_EXPIRED] = "expired", [STANDING_AHEAD] = "ahead",
        [STANDING_REWOUND] = "rewound", [STANDING_NEAR] = "near",
        [STANDING_CLOSED] = "closed",   [STANDING_STALLED] = "stalled",
        [STANDING_OK] = "ok",
    };

    return words[standing];
}
