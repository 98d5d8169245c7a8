#include "api/http/gate.h"

#include <stddef.h>
#include <stdio.h>

#include "api/http/retry.h"

/* How long the error of an outage stands for others, where finding out costs little and much. */
#define CLOSED_MS      1000
#define CLOSED_LONG_MS 5000

/* An outage and a slow pace are old news after this. */
#define FORGET_MS 60000

/* Others wait so long for a probe. */
#define HOLD_MS 1000

/* How long the first probe may be silent; each that fails doubles it. */
#define PATIENCE_MS    2000
#define PATIENCE_STEPS 5U

/* A probe that had less time than this tells nothing. */
#define SHORT_MS 500

/* The longest pause that all keep because one was asked for it. */
#define ASKED_MAX_MS 60000

/* With so many steps pauses are the longest. */
#define SLOW_MAX 7U

/* How many go at most after the first of them. */
#define SLOW_WIDTH 64U

static bool is_locked(const struct gate *gate, int64_t now)
{
    return gate->locked && now < gate->until;
}

bool gate_is_out(const struct gate *gate, int64_t now)
{
    return gate->failures && now < gate->failed + FORGET_MS;
}

int64_t gate_pause(const struct gate *gate, int64_t now)
{
    return gate->not_before > now ? gate->not_before - now : 0;
}

static bool is_closed(const struct gate *gate, int64_t now)
{
    return now < gate->until;
}

/* Whether it was slowed down so lately that its pace still holds. */
static bool keeps_pace(const struct gate *gate, int64_t now)
{
    return now - gate->slowed < FORGET_MS;
}

unsigned gate_width(const struct gate *gate, unsigned most, int64_t now)
{
    if (is_closed(gate, now) || now < gate->not_before)
        return 0;
    return gate->width && gate->width < most && keeps_pace(gate, now) ? gate->width : most;
}

bool gate_lets(const struct gate *gate, enum errand errand, int64_t now)
{
    return gate->proven || (!gate->errands[errand].probe && now >= gate->errands[errand].until);
}

bool gate_refuses(const struct gate *gate, int64_t now)
{
    return is_closed(gate, now) || now < gate->not_before || gate_is_out(gate, now);
}

/* Whether others of that errand have waited long enough for its probe. */
static bool is_held_up(const struct gate *gate, enum errand errand, int64_t now)
{
    int64_t probe = gate->errands[errand].probe;

    return probe && now - probe >= HOLD_MS;
}

const struct error *gate_error(const struct gate *gate, enum errand errand, int64_t deadline,
                               int64_t now)
{
    if (is_closed(gate, now) || now < gate->errands[errand].until)
        return &gate->reason;
    if (gate_is_out(gate, now) && is_held_up(gate, errand, now))
        return &gate->reason;
    return now < gate->not_before && deadline <= gate->not_before ? &gate->busy : NULL;
}

const struct error *gate_reason(const struct gate *gate, int64_t now)
{
    if (now < gate->until || gate_is_out(gate, now))
        return &gate->reason;
    return now < gate->not_before || (gate->slow && keeps_pace(gate, now)) ? &gate->busy : NULL;
}

int64_t gate_wait(const struct gate *gate, enum errand errand, int64_t now)
{
    int64_t probe = gate->errands[errand].probe;

    if (now < gate->not_before)
        return gate->not_before - now;
    if (!gate_is_out(gate, now) || !probe)
        return -1;
    return probe + HOLD_MS > now ? probe + HOLD_MS - now : 0;
}

void gate_sent(struct gate *gate, struct gate_pass *pass, int64_t now)
{
    pass->sent = now;
    pass->probe = !gate->proven;
    if (pass->probe)
        gate->errands[pass->errand].probe = now;
}

int64_t gate_patience(const struct gate *gate, const struct gate_pass *pass, int64_t left)
{
    unsigned steps = gate->failures < PATIENCE_STEPS ? gate->failures : PATIENCE_STEPS;
    int64_t patience = PATIENCE_MS;

    if (!pass->probe || !gate_is_out(gate, pass->sent))
        return left;
    while (--steps)
        patience *= 2;
    return patience < left ? patience : left;
}

void gate_ended(struct gate *gate, struct gate_pass *pass)
{
    if (pass->probe)
        gate->errands[pass->errand].probe = 0;
    pass->probe = false;
}

static void open_to_all_errands(struct gate *gate)
{
    for (unsigned i = 0; i < ERRANDS; i++)
        gate->errands[i].until = 0;
}

static void end_outage(struct gate *gate)
{
    if (gate->failures)
        open_to_all_errands(gate);
    gate->failures = 0;
    if (!gate->locked)
        gate->until = 0;
}

void gate_answered(struct gate *gate, const struct gate_pass *pass, int64_t now)
{
    end_outage(gate);
    gate->proven = true;
    gate->answered = gate->served = now;
    if (pass->sent <= gate->slowed)
        return;
    gate->slow /= 2;
    gate->width += gate->width != 0;
}

void gate_refused(struct gate *gate, int64_t now)
{
    end_outage(gate);
    gate->proven = false;
    gate->answered = gate->served = now;
}

static unsigned narrowed(unsigned width)
{
    if (!width || width > SLOW_WIDTH)
        return SLOW_WIDTH;
    return width > 1 ? width / 2 : 1;
}

/* What was sent before the last step tells no more than what led to it. */
static void slow_down(struct gate *gate, const struct gate_pass *pass, uint32_t random, int64_t now)
{
    int64_t pause;

    if (pass->sent <= gate->slowed)
        return;
    if (!keeps_pace(gate, now))
        gate->slow = gate->width = 0;
    gate->slow += gate->slow < SLOW_MAX;
    gate->width = narrowed(gate->width);
    gate->slowed = now;
    pause = retry_pause(gate->slow, random);
    if (gate->not_before < now + pause)
        gate->not_before = now + pause;
}

/* The error of a request as others get it, of which nothing is sent. */
static void note_reason(struct error *reason, const struct error *error)
{
    *reason = *error;
    reason->is_unknown = false;
    *reason->request_id = '\0';
    snprintf(reason->message, sizeof(reason->message), "%.350s; not asked again so soon",
             error->message);
}

bool gate_throttled(struct gate *gate, const struct gate_pass *pass, int64_t asked, uint32_t random,
                    const struct error *error, int64_t now)
{
    int64_t end = now + (asked < ASKED_MAX_MS ? asked : ASKED_MAX_MS);

    slow_down(gate, pass, random, now);
    if (gate->not_before < end)
        gate->not_before = end;
    note_reason(&gate->busy, error);
    gate->answered = now;
    if (gate_is_out(gate, now) && gate->failure == GATE_BUSY)
        return false;
    end_outage(gate);
    gate->proven = true;
    return true;
}

static bool is_told_by_probe(const struct gate_pass *pass, enum gate_failure failure,
                             int64_t answered, int64_t now)
{
    return pass->probe && answered <= pass->sent &&
           (failure != GATE_SILENT || now - pass->sent >= SHORT_MS);
}

/* Whether a request that has failed tells that there is an outage, still or now. */
static bool tells_of_outage(struct gate *gate, const struct gate_pass *pass,
                            enum gate_failure failure, int64_t now)
{
    int64_t answered = failure == GATE_BUSY ? gate->served : gate->answered;

    if (gate_is_out(gate, now))
        return is_told_by_probe(pass, failure, answered, now);
    return answered <= pass->began && (failure == GATE_UNREACHABLE || !pass->is_short);
}

static void close_gate(struct gate *gate, enum errand errand, int64_t now)
{
    if (gate->failure == GATE_SILENT)
        gate->errands[errand].until = gate->failures > 1 ? now + CLOSED_LONG_MS : 0;
    else
        gate->until = now + (gate->failure == GATE_UNREACHABLE ? CLOSED_MS : CLOSED_LONG_MS);
    gate->failed = now;
}

void gate_failed(struct gate *gate, const struct gate_pass *pass, enum gate_failure failure,
                 const struct error *error, int64_t now)
{
    if (is_locked(gate, now) || !tells_of_outage(gate, pass, failure, now))
        return;
    gate->failures = gate_is_out(gate, now) ? gate->failures + 1 : 1;
    gate->failure = failure;
    gate->proven = false;
    gate->locked = false;
    note_reason(&gate->reason, error);
    close_gate(gate, pass->errand, now);
}

void gate_reset(struct gate *gate)
{
    struct gate fresh = {.answered = gate->answered};

    for (unsigned i = 0; i < ERRANDS; i++)
        fresh.errands[i].probe = gate->errands[i].probe;
    *gate = fresh;
}

void gate_lock(struct gate *gate, const struct error *error, int64_t until)
{
    gate_reset(gate);
    gate->locked = true;
    gate->until = until;
    gate->reason = *error;
}
