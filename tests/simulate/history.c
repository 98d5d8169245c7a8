#include "tests/simulate/history.h"

#include <inttypes.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "tests/service/common/memory.h"
#include "tests/simulate/clock.h"
#include "tests/simulate/trace.h"

/* How old the answer may be that a snapshot is from. */
#define SNAPSHOT_MS 1000

/* Older questions are of no account any more. */
#define QUESTIONS_MAX 256

struct deed {
    int mount;
    enum act act;
    unsigned partition;
    int64_t began;
    int64_t ended;
    enum ending ending;
    unsigned applied;
    size_t first_applied; /* in the partition's line */
};

/* The value from then until the next. */
struct moment {
    int64_t when;
    int64_t number;
    int mount; /* that it came by, or NO_MOUNT */
};

struct line {
    struct moment *moments;
    size_t count;
};

/* What a mount asked, until it was answered. */
struct question {
    int mount;
    int64_t began;
    int64_t ended;
};

static struct question questions[QUESTIONS_MAX];
static size_t question_count; /* of all; the last are kept */

static struct deed *deeds;
static size_t deed_count;
static struct line lines[HISTORY_PARTITIONS];
static char fault[400];
static bool is_exact;

void history_blame(const char *format, ...)
{
    va_list arguments;

    if (*fault)
        return;
    va_start(arguments, format);
    vsnprintf(fault, sizeof(fault), format, arguments);
    va_end(arguments);
    trace("FAULT: %s", fault);
}

const char *history_fault(void)
{
    return *fault ? fault : NULL;
}

static void add_moment(unsigned partition, int64_t number, int mount)
{
    struct line *line = &lines[partition];

    line->moments = must_realloc(line->moments, line->count + 1, sizeof(*line->moments));
    line->moments[line->count++] =
        (struct moment){.when = clock_ms(), .number = number, .mount = mount};
}

void history_start(bool compares)
{
    is_exact = compares;
    *fault = '\0';
    for (unsigned i = 0; i < HISTORY_PARTITIONS; i++)
        add_moment(i, NOTHING, NO_MOUNT);
}

void history_stop(void)
{
    free(deeds);
    deeds = NULL;
    deed_count = 0;
    question_count = 0;
    for (unsigned i = 0; i < HISTORY_PARTITIONS; i++) {
        free(lines[i].moments);
        lines[i] = (struct line){0};
    }
}

/* What is committed now. */
static int64_t committed(unsigned partition)
{
    const struct line *line = &lines[partition];

    return line->moments[line->count - 1].number;
}

int history_begin(int mount, enum act act, unsigned partition)
{
    deeds = must_realloc(deeds, deed_count + 1, sizeof(*deeds));
    deeds[deed_count++] =
        (struct deed){.mount = mount, .act = act, .partition = partition, .began = clock_ms()};
    return (int)deed_count;
}

/* What was carried out */

static struct deed *deed_of(int64_t number)
{
    return number >= 1 && number <= (int64_t)deed_count ? &deeds[number - 1] : NULL;
}

static void apply_to(struct deed *deed, int number, unsigned partition)
{
    if (deed->partition != partition)
        history_blame("change %d of partition %u was carried out on %u", number, deed->partition,
                      partition);
    if (deed->ending == ACKNOWLEDGED)
        history_blame("change %d was carried out after it had been acknowledged", number);
    if (deed->ending == REFUSED)
        history_blame("change %d was carried out although it had been refused", number);
    if (!deed->applied++)
        deed->first_applied = lines[partition].count;
}

/* Whether somebody else has committed since then: what a change has read may be old. */
static bool had_others(const struct deed *deed)
{
    const struct line *line = &lines[deed->partition];

    if (is_exact)
        return false;
    for (size_t i = line->count; i > 0 && line->moments[i - 1].when >= deed->began; i--) {
        if (line->moments[i - 1].mount != deed->mount)
            return true;
    }
    return false;
}

static void apply_metadata(int number, unsigned partition, int64_t sequence, bool is_late)
{
    struct deed *deed = deed_of(number);
    int64_t before = committed(partition);

    if (!deed || deed->act != ACT_METADATA) {
        history_blame("metadata of no change was committed: %d", number);
        return;
    }
    apply_to(deed, number, partition);
    if (sequence != before && !is_late && !had_others(deed))
        history_blame("metadata %d committed %" PRId64 " where %" PRId64 " was", number, sequence,
                      before);
}

/* Deletions and shifts do not tell whose they are: any of that kind that may still be carried out
 * may be the one. The one that began first, or NULL. */
static const struct deed *apply_to_any(int mount, enum act act, unsigned partition)
{
    const struct deed *first = NULL;

    for (size_t i = 0; i < deed_count; i++) {
        struct deed *deed = &deeds[i];

        if ((deed->mount != mount && mount != ANY_MOUNT) || deed->act != act ||
            deed->partition != partition || (deed->ending != PENDING && deed->ending != UNKNOWN))
            continue;
        deed->applied++;
        if (!first)
            first = deed;
    }
    return first;
}

/* A shift that is repeated commits the same number again. */
static void apply_shift(int mount, unsigned partition, int64_t sequence, bool is_late)
{
    int64_t before = committed(partition);
    const struct deed *deed = apply_to_any(mount, ACT_SHIFT, partition);

    if (!deed)
        history_blame("a shift to %" PRId64 " that nobody asked for", sequence);
    else if (sequence != before + 1 && (is_exact || sequence != before) && !is_late &&
             !had_others(deed))
        history_blame("a shift made %" PRId64 " of %" PRId64, sequence, before);
}

static void apply_delete(int mount, unsigned partition)
{
    if (!apply_to_any(mount, ACT_DELETE, partition))
        history_blame("a deletion of %u that nobody asked for", partition);
}

static void apply_commit(unsigned partition, int64_t sequence)
{
    int number = (int)(sequence / HISTORY_STEP);
    struct deed *deed = deed_of(number);

    if (!deed || deed->act != ACT_COMMIT)
        history_blame("%" PRId64 " was committed, which nobody has written", sequence);
    else
        apply_to(deed, number, partition);
}

void history_applied(unsigned partition, int64_t sequence, const char *metadata, int mount,
                     bool is_late)
{
    trace("    %u is %" PRId64 " \"%s\", by %s %d", partition, sequence, metadata,
          mount == NO_MOUNT ? "a consumer" : "mount", mount);
    if (mount == NO_MOUNT)
        ;
    else if (sequence == NOTHING)
        apply_delete(mount, partition);
    else if (*metadata == 'm')
        apply_metadata((int)strtol(metadata + 1, NULL, 10), partition, sequence, is_late);
    else if (sequence % HISTORY_STEP)
        apply_shift(mount, partition, sequence, is_late);
    else
        apply_commit(partition, sequence);
    add_moment(partition, sequence, is_late ? NO_MOUNT : mount);
}

void history_undone(unsigned partition, int64_t sequence)
{
    trace("    %u is %" PRId64 " again, where nothing was acknowledged", partition, sequence);
    add_moment(partition, sequence, NO_MOUNT);
}

/* What was answered */

static void check_change(const struct deed *deed, int number)
{
    if (deed->ending == ACKNOWLEDGED && !deed->applied)
        history_blame("change %d was acknowledged and not carried out", number);
    if (deed->ending == REFUSED && deed->applied && deed->act != ACT_SHIFT &&
        deed->act != ACT_DELETE)
        history_blame("change %d was refused and carried out", number);
}

/* When the last change of the same mount was carried out that had been acknowledged before a read
 * began: what was before that must not be shown. */
static int64_t last_acknowledged(const struct deed *read)
{
    int64_t last = 0;

    for (size_t i = 0; i < deed_count; i++) {
        const struct deed *deed = &deeds[i];
        int64_t when;

        if (deed->mount != read->mount || deed->partition != read->partition ||
            deed->act != ACT_COMMIT || deed->ending != ACKNOWLEDGED || deed->ended >= read->began)
            continue;
        when = lines[deed->partition].moments[deed->first_applied].when;
        if (when > last)
            last = when;
    }
    return last;
}

void history_asked(int mount, int64_t took_ms)
{
    int64_t now = clock_ms();

    questions[question_count++ % QUESTIONS_MAX] = (struct question){mount, now - took_ms, now};
}

/* The time from which on what a snapshot shows must have been committed at some moment. */
static int64_t snapshot_begin(const struct deed *read)
{
    int64_t from = read->began - SNAPSHOT_MS;
    size_t kept = question_count < QUESTIONS_MAX ? question_count : QUESTIONS_MAX;
    int64_t first = from;

    for (size_t i = 0; i < kept; i++) {
        const struct question *question = &questions[i];

        if (question->mount == read->mount && question->ended >= from && question->began < first)
            first = question->began;
    }
    return first;
}

static void check_read(const struct deed *deed, int number, int64_t seen)
{
    const struct line *line = &lines[deed->partition];
    int64_t from = deed->began;
    int64_t own = last_acknowledged(deed);

    if (deed->act == ACT_READ_SAVED || seen == NOTHING)
        from = snapshot_begin(deed);
    if (from < own)
        from = own;
    /* The last value from before then was still committed then. */
    for (size_t i = line->count; i > 0; i--) {
        if (line->moments[i - 1].number == seen)
            return;
        if (line->moments[i - 1].when < from)
            break;
    }
    history_blame("read %d saw %" PRId64 ", which was not committed from %" PRId64 " on", number,
                  seen, from);
}

void history_end(int number, enum ending ending, int64_t seen)
{
    struct deed *deed = &deeds[number - 1];

    deed->ending = ending;
    deed->ended = clock_ms();
    if (deed->act == ACT_READ || deed->act == ACT_READ_SAVED) {
        if (ending == ACKNOWLEDGED)
            check_read(deed, number, seen);
    } else {
        check_change(deed, number);
    }
}
