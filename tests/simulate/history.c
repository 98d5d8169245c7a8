#include "tests/simulate/history.h"

#include <errno.h>
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

/* A consumer that has committed is alive for so long. */
#define ALIVE_MS 120000

/* No change is under way for longer, and no line of one that has ended, unless there is a fault. */
#define LONGEST_MS 15000
#define LATE_MS    2000

/* Older questions are of no account any more. */
#define QUESTIONS_MAX 256

struct deed {
    int mount;
    enum act act;
    unsigned place;
    int64_t began;
    int64_t ended;
    enum ending ending;
    unsigned applied;
    uint64_t first_applied; /* the event */
    bool is_certain;        /* no other change may have been the one that was carried out */
};

/* The value from then until the next. */
struct moment {
    int64_t when;
    uint64_t event; /* which tells what came first within a millisecond */
    int64_t number;
    int mount;     /* that it came by, or NO_MOUNT */
    bool has_name; /* and a consumer that gave its own */
    bool is_undo;  /* and cannot have been anything else */
};

struct line {
    struct moment *moments;
    size_t count;
};

/* What a mount asked, until it was answered. */
struct question {
    int mount;
    bool of_names;
    int64_t began;
    int64_t ended;
};

static struct question questions[QUESTIONS_MAX];
static size_t question_count; /* of all; the last are kept */

static struct deed *deeds;
static size_t deed_count;
static struct line lines[PLACES];
static uint64_t last_event;
static int planner;                      /* the mount that plans, or NO_MOUNT */
static unsigned keepers;                 /* of one journal, a bit for each mount */
static bool has_moved_apps;              /* so that a list may lack one */
static int64_t doubted;                  /* when the journal was last in doubt, or -1 */
static history_applied_fn *tell_applied; /* or NULL */
static char fault[400];
static struct history_rules rules;
static const char *export_path = "";
static FILE *exported; /* or NULL */

/* A line, with the time before it. */
static void __attribute__((format(printf, 1, 2))) export_line(const char *format, ...)
{
    va_list arguments;

    if (!exported)
        return;
    fprintf(exported, "%" PRId64 " ", clock_ms());
    va_start(arguments, format);
    vfprintf(exported, format, arguments);
    va_end(arguments);
    fputc('\n', exported);
}

void history_export(const char *path)
{
    export_path = path;
}

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

unsigned history_place(const char *app, int64_t partition)
{
    if (!app || partition < 0 || partition >= HISTORY_PARTITIONS)
        return PLACES;
    if (!strcmp(app, APP_THAT_STAYS))
        return (unsigned)partition;
    return strcmp(app, APP_THAT_GOES) != 0 ? PLACES : HISTORY_PARTITIONS + (unsigned)partition;
}

static void add_moment(unsigned place, int64_t number, int mount)
{
    struct line *line = &lines[place];

    line->moments = must_realloc(line->moments, line->count + 1, sizeof(*line->moments));
    line->moments[line->count++] =
        (struct moment){.when = clock_ms(), .event = last_event, .number = number, .mount = mount};
}

void history_start(const struct history_rules *of_service)
{
    rules = *of_service;
    *fault = '\0';
    last_event = 0;
    planner = NO_MOUNT;
    keepers = 0;
    doubted = -1;
    has_moved_apps = false;
    tell_applied = NULL;
    exported = *export_path ? fopen(export_path, "we") : NULL;
    export_line("rules %d %d %d %d", rules.compares, rules.removes_with_checkpoints,
                rules.apps_follow_commits, rules.deletes_nothing);
    for (unsigned i = 0; i < PLACES; i++)
        add_moment(i, NOTHING, NO_MOUNT);
}

void history_plans(int mount)
{
    export_line("plans %d", mount);
    planner = mount;
}

void history_keeps_journals(unsigned mounts, history_applied_fn *applied)
{
    export_line("keeps %u", mounts);
    keepers = mounts;
    tell_applied = applied;
}

void history_doubt_journals(int64_t when)
{
    export_line("doubts %" PRId64, when);
    doubted = when;
}

static bool keeps_journal(int mount)
{
    return mount >= 0 && keepers & 1U << mount;
}

/* Whether an undo of one knows what the other has done. */
static bool have_same_journal(int mount, int other)
{
    return mount == other || (keeps_journal(mount) && keeps_journal(other));
}

static void check_planner(int mount)
{
    if (mount >= 0 && mount == planner)
        history_blame("mount %d, which plans, has changed something", mount);
}

void history_stop(void)
{
    if (exported)
        fclose(exported);
    exported = NULL;
    free(deeds);
    deeds = NULL;
    deed_count = 0;
    question_count = 0;
    for (unsigned i = 0; i < PLACES; i++) {
        free(lines[i].moments);
        lines[i] = (struct line){0};
    }
}

/* What is committed now. */
static int64_t committed(unsigned place)
{
    const struct line *line = &lines[place];

    return line->moments[line->count - 1].number;
}

int history_begin(int mount, enum act act, unsigned place)
{
    export_line("begin %zu %d %d %u", deed_count + 1, mount, (int)act, place);
    deeds = must_realloc(deeds, deed_count + 1, sizeof(*deeds));
    deeds[deed_count++] =
        (struct deed){.mount = mount, .act = act, .place = place, .began = clock_ms()};
    return (int)deed_count;
}

/* What was carried out */

static struct deed *deed_of(int64_t number)
{
    return number >= 1 && number <= (int64_t)deed_count ? &deeds[number - 1] : NULL;
}

static void note_applied(struct deed *deed)
{
    if (!deed->applied++)
        deed->first_applied = last_event;
}

static void apply_to(struct deed *deed, int number, unsigned place)
{
    deed->is_certain = true;
    if (deed->place != place)
        history_blame("change %d of %u was carried out on %u", number, deed->place, place);
    if (deed->ending == ACKNOWLEDGED)
        history_blame("change %d was carried out after it had been acknowledged", number);
    if (deed->ending == REFUSED)
        history_blame("change %d was carried out although it had been refused", number);
    note_applied(deed);
}

/* Whether somebody else has committed since then: what a change has read may be old. */
static bool had_others(const struct deed *deed)
{
    const struct line *line = &lines[deed->place];

    if (rules.compares)
        return false;
    for (size_t i = line->count; i > 0 && line->moments[i - 1].when >= deed->began; i--) {
        if (line->moments[i - 1].mount != deed->mount)
            return true;
    }
    return false;
}

static void apply_metadata(int number, unsigned place, int64_t sequence, bool is_late)
{
    struct deed *deed = deed_of(number);
    int64_t before = committed(place);

    if (!deed || deed->act != ACT_METADATA) {
        history_blame("metadata of no change was committed: %d", number);
        return;
    }
    apply_to(deed, number, place);
    if (sequence != before && !is_late && !had_others(deed))
        history_blame("metadata %d committed %" PRId64 " where %" PRId64 " was", number, sequence,
                      before);
}

/* Whether a change of a kind may be the one that was carried out at a place: what makes a partition
 * makes its stream with it, and what removes a stream its partitions. */
static bool does(const struct deed *deed, enum act act, unsigned place)
{
    if (deed->act != act)
        return false;
    return deed->place == place ||
           (act == ACT_MAKE && deed->place == THING_PARTITION && place == THING_STREAM) ||
           (act == ACT_REMOVE && deed->place == THING_STREAM && place == THING_PARTITION);
}

/* Deletions and shifts do not tell whose they are: any of that kind that may still be carried out
 * may be the one. The one that began first, or NULL. */
static struct deed *apply_to_any(int mount, enum act act, unsigned place)
{
    struct deed *first = NULL;
    unsigned count = 0;

    for (size_t i = 0; i < deed_count; i++) {
        struct deed *deed = &deeds[i];

        if ((deed->mount != mount && mount != ANY_MOUNT) || !does(deed, act, place) ||
            (deed->ending != PENDING && deed->ending != UNKNOWN))
            continue;
        note_applied(deed);
        count++;
        if (!first)
            first = deed;
    }
    if (count == 1)
        first->is_certain = true;
    return first;
}

/* Whether that was there at some moment from then on, and at or after an event: the last value from
 * before then was still there then. */
static bool was_there_since(unsigned place, int64_t value, int64_t from, uint64_t event)
{
    const struct line *line = &lines[place];

    for (size_t i = line->count; i > 0; i--) {
        const struct moment *moment = &line->moments[i - 1];

        if (moment->number == value)
            return true;
        if (moment->when < from || moment->event <= event)
            break;
    }
    return false;
}

/* Whether a change of a mount at a place that ended since then may still be carried out, or was. */
static bool is_in_doubt_since(int mount, unsigned place, int64_t since)
{
    for (size_t i = 0; i < deed_count; i++) {
        if (have_same_journal(deeds[i].mount, mount) && deeds[i].place == place &&
            deeds[i].ending == UNKNOWN && deeds[i].ended >= since)
            return true;
    }
    return false;
}

static bool is_in_doubt(int mount, unsigned place)
{
    return is_in_doubt_since(mount, place, 0);
}

static bool has_set(int mount, unsigned place, int64_t number)
{
    const struct line *line = &lines[place];

    for (size_t i = 0; i < line->count; i++) {
        if (have_same_journal(line->moments[i].mount, mount) && line->moments[i].number == number)
            return true;
    }
    return false;
}

/* From when on others may have committed without knowledge of the change that made a moment. */
static int64_t begin_of(const struct moment *moment)
{
    const struct deed *deed =
        moment->number % HISTORY_STEP ? NULL : deed_of(moment->number / HISTORY_STEP);
    bool is_its = deed && deed->act == ACT_COMMIT && deed->began <= moment->when;

    return is_its ? deed->began - SNAPSHOT_MS : moment->when - LONGEST_MS;
}

/* Whether a number may have been what was there before the change that made a moment: the one right
 * before it, or an older one if others than its mount have committed meanwhile. */
static bool was_before(const struct line *line, size_t of, int64_t number)
{
    const struct moment *moment = &line->moments[of];

    for (size_t i = of; i > 0; i--) {
        const struct moment *earlier = &line->moments[i - 1];

        if (earlier->number == number)
            return true;
        if (earlier->mount == moment->mount || earlier->when < begin_of(moment))
            break;
    }
    return false;
}

/* Whether that was there before a change to what is committed, which was none back. */
static bool is_one_back(unsigned place, int64_t sequence, int64_t before)
{
    const struct line *line = &lines[place];

    for (size_t i = line->count; i > 0; i--) {
        if (line->moments[i - 1].number == before && !line->moments[i - 1].is_undo &&
            was_before(line, i - 1, sequence))
            return true;
    }
    return false;
}

static bool may_undo(int mount, unsigned place)
{
    for (size_t i = 0; i < deed_count; i++) {
        const struct deed *deed = &deeds[i];

        if ((deed->mount == mount || mount == ANY_MOUNT) && does(deed, ACT_UNDO, place) &&
            (deed->ending == PENDING || deed->ending == UNKNOWN))
            return true;
    }
    return false;
}

/* Whether what was carried out is an undo of what has a number: the change that this tells of was
 * carried out before, or never will be. */
static bool is_undo(int mount, unsigned place, int64_t sequence, const char *metadata)
{
    int64_t number = *metadata == 'm' ? strtoll(metadata + 1, NULL, 10) : sequence / HISTORY_STEP;
    const struct deed *deed = deed_of(number);

    if (sequence == NOTHING || (*metadata != 'm' && sequence % HISTORY_STEP) ||
        !may_undo(mount, place))
        return false;
    return !deed || deed->ending == ACKNOWLEDGED || deed->ending == REFUSED ||
           (deed->ending == UNKNOWN && deed->applied) || deed->place != place ||
           (deed->mount != mount && mount != ANY_MOUNT);
}

/* Whether the newest line of the journal may tell of something else than of what is committed. */
static bool is_line_in_doubt(int mount, unsigned place)
{
    const struct line *line = &lines[place];
    int64_t since = line->moments[line->count - 1].when - LATE_MS;

    return doubted >= since || is_in_doubt_since(mount, place, since);
}

/* An undo that is repeated commits the same number again. */
static void apply_undo(int mount, unsigned place, int64_t sequence, bool is_late)
{
    const struct deed *deed = apply_to_any(mount, ACT_UNDO, place);
    int64_t before = committed(place);
    bool is_alone = mount >= 0 && !is_late && !had_others(deed) && sequence != before;

    if (!was_there_since(place, sequence, 0, 0))
        history_blame("an undo made %" PRId64 ", which was never there, of %" PRId64, sequence,
                      before);
    else if (is_alone && !is_in_doubt(mount, place) && !(keeps_journal(mount) && doubted >= 0) &&
             !has_set(mount, place, before))
        history_blame("an undo made %" PRId64 " of %" PRId64 ", which is no change of its mount",
                      sequence, before);
    else if (is_alone && keeps_journal(mount) && has_set(mount, place, before) &&
             !is_line_in_doubt(mount, place) && !is_one_back(place, sequence, before))
        history_blame("an undo made %" PRId64 " of %" PRId64 ", which is not one step back",
                      sequence, before);
}

/* It was one of these two, if there are both. */
static void note_either(struct deed *one, struct deed *other)
{
    if (one && other)
        one->is_certain = other->is_certain = false;
}

/* A shift that is repeated commits the same number again. It may be an undo, too. */
static void apply_shift(int mount, unsigned place, int64_t sequence, bool is_late)
{
    int64_t before = committed(place);
    bool was_undone = may_undo(mount, place) && was_there_since(place, sequence, 0, 0);
    struct deed *deed = apply_to_any(mount, ACT_SHIFT, place);

    if (was_undone)
        note_either(deed, apply_to_any(mount, ACT_UNDO, place));
    else if (!deed)
        history_blame("a shift to %" PRId64 " that nobody asked for", sequence);
    else if (sequence != before + 1 && (rules.compares || sequence != before) && !is_late &&
             !had_others(deed))
        history_blame("a shift made %" PRId64 " of %" PRId64, sequence, before);
}

/* Or the undo of a first commit. */
static void apply_delete(int mount, unsigned place)
{
    struct deed *undo = apply_to_any(mount, ACT_UNDO, place);
    struct deed *deletion = apply_to_any(mount, ACT_DELETE, place);

    if (!deletion && !undo)
        history_blame("a deletion of %u that nobody asked for", place);
    note_either(deletion, undo);
}

static void apply_commit(unsigned place, int64_t sequence)
{
    int number = (int)(sequence / HISTORY_STEP);
    struct deed *deed = deed_of(number);

    if (!deed || deed->act != ACT_COMMIT)
        history_blame("%" PRId64 " was committed, which nobody has written", sequence);
    else
        apply_to(deed, number, place);
}

void history_applied(unsigned place, int64_t sequence, const char *metadata, int mount,
                     bool is_late)
{
    bool undoes;

    export_line("applied %u %" PRId64 " %d %d %s", place, sequence, mount, is_late, metadata);
    last_event++;
    trace("    %u is %" PRId64 " \"%s\", by %s %d", place, sequence, metadata,
          mount == NO_MOUNT ? "a consumer" : "mount", mount);
    check_planner(mount);
    if (tell_applied)
        tell_applied(place, sequence, metadata, mount);
    undoes = mount != NO_MOUNT && is_undo(mount, place, sequence, metadata);
    if (mount == NO_MOUNT)
        ;
    else if (undoes)
        apply_undo(mount, place, sequence, is_late);
    else if (sequence == NOTHING)
        apply_delete(mount, place);
    else if (*metadata == 'm')
        apply_metadata((int)strtol(metadata + 1, NULL, 10), place, sequence, is_late);
    else if (sequence % HISTORY_STEP)
        apply_shift(mount, place, sequence, is_late);
    else
        apply_commit(place, sequence);
    add_moment(place, sequence, is_late ? NO_MOUNT : mount);
    lines[place].moments[lines[place].count - 1].is_undo = undoes;
}

void history_named(unsigned place, bool has_name)
{
    struct line *line = &lines[place];

    export_line("named %u %d", place, has_name);
    line->moments[line->count - 1].has_name = has_name;
}

void history_consumed(unsigned place, int64_t sequence, bool has_name)
{
    history_applied(place, sequence, "", NO_MOUNT, false);
    history_named(place, has_name);
}

void history_undone(unsigned place, int64_t value)
{
    export_line("undone %u %" PRId64, place, value);
    last_event++;
    trace("    %u is %" PRId64 " again, where nothing was acknowledged", place, value);
    add_moment(place, value, NO_MOUNT);
}

void history_moves_apps(void)
{
    if (!has_moved_apps)
        export_line("moves_apps 1");
    has_moved_apps = true;
}

/* At the same event: whoever knows of that one knows of this. */
void history_follows(unsigned thing, int64_t value)
{
    export_line("follows %u %" PRId64, thing, value);
    trace("    %u is there%s", thing, value == NOTHING ? " no more" : "");
    add_moment(thing, value, NO_MOUNT);
}

void history_made(unsigned thing, int mount, bool is_late)
{
    export_line("made %u %d %d", thing, mount, is_late);
    last_event++;
    check_planner(mount);
    trace("    %u is there, by mount %d", thing, mount);
    if (!apply_to_any(mount, ACT_MAKE, thing))
        history_blame("%u was made, and nobody asked for it", thing);
    if (committed(thing) != NOTHING)
        history_blame("%u was made, and is there", thing);
    add_moment(thing, IS_THERE, is_late ? NO_MOUNT : mount);
}

/* A checkpoint goes with its app. Whoever looked for one and had his answer found it if it had been
 * there since before he began. */
static void remove_with_app(unsigned place, const struct deed *removal, bool is_late)
{
    const struct line *line = &lines[place];
    const struct moment *last = &line->moments[line->count - 1];

    if (last->number == NOTHING)
        return;
    if (!rules.removes_with_checkpoints && removal && !is_late &&
        (rules.compares || last->when < removal->began))
        history_blame("an app was removed where %" PRId64 " is committed on %u", last->number,
                      place);
    if (removal && !is_late && last->has_name && last->when < removal->began &&
        last->when > clock_ms() - ALIVE_MS)
        history_blame("an app was removed whose consumer is alive");
    add_moment(place, NOTHING, is_late ? NO_MOUNT : removal ? removal->mount : ANY_MOUNT);
}

/* Which of several removals it was nobody knows: the one that began first may have looked first. */
void history_removed(unsigned thing, int mount, bool is_late)
{
    const struct deed *removal;

    export_line("removed %u %d %d", thing, mount, is_late);
    last_event++;
    check_planner(mount);
    trace("    %u is there no more, by mount %d", thing, mount);
    removal = apply_to_any(mount, ACT_REMOVE, thing);
    if (!removal)
        history_blame("%u was removed, and nobody asked for it", thing);
    if (committed(thing) == NOTHING)
        history_blame("%u was removed, and is not there", thing);
    add_moment(thing, NOTHING, is_late ? NO_MOUNT : mount);
    for (unsigned i = HISTORY_PARTITIONS; thing == THING_APP && i < CHECKPOINT_PLACES; i++)
        remove_with_app(i, removal, is_late);
}

/* What was answered */

void history_asked(int mount, int64_t took_ms, bool of_names)
{
    int64_t now = clock_ms();

    export_line("asked %d %" PRId64 " %d", mount, took_ms, of_names);
    questions[question_count++ % QUESTIONS_MAX] =
        (struct question){mount, of_names, now - took_ms, now};
}

static bool is_of_app_that_goes(unsigned place)
{
    return place >= HISTORY_PARTITIONS && place < CHECKPOINT_PLACES;
}

/* Whether a mount may have it by itself. */
static bool may_be_of_mount(unsigned place)
{
    return rules.apps_follow_commits && place == THING_APP;
}

/* The time from which on what a snapshot shows must have been committed at some moment. Where an
 * app or a stream can be missing, names tell of it too. */
static int64_t snapshot_begin(const struct deed *read)
{
    int64_t from = read->began - SNAPSHOT_MS;
    size_t kept = question_count < QUESTIONS_MAX ? question_count : QUESTIONS_MAX;
    int64_t first = from;

    for (size_t i = 0; i < kept; i++) {
        const struct question *question = &questions[i];

        if (question->mount == read->mount && question->ended >= from && question->began < first &&
            (!question->of_names || read->place >= HISTORY_PARTITIONS))
            first = question->began;
    }
    return first;
}

static bool was_there(unsigned place, int64_t value, int64_t from)
{
    return was_there_since(place, value, from, 0);
}

/* Whether something else than nothing was. */
static bool was_any_there(unsigned place, int64_t from)
{
    const struct line *line = &lines[place];

    for (size_t i = line->count; i > 0; i--) {
        if (line->moments[i - 1].number != NOTHING)
            return true;
        if (line->moments[i - 1].when < from)
            break;
    }
    return false;
}

static bool had_checkpoint(int64_t from)
{
    for (unsigned i = HISTORY_PARTITIONS; i < CHECKPOINT_PLACES; i++) {
        if (was_any_there(i, from))
            return true;
    }
    return false;
}

/* Whether there is one that was there all the while. */
static bool has_had_checkpoint(int64_t from)
{
    for (unsigned i = HISTORY_PARTITIONS; i < CHECKPOINT_PLACES; i++) {
        if (!was_there(i, NOTHING, from))
            return true;
    }
    return false;
}

/* Where ENOENT may come from: of what was to be changed, the app or the stream that it is in, or
 * the thing itself; of what was to be made, what it is in. */
static bool may_be_missing(const struct deed *deed, bool is_saved)
{
    int64_t from = snapshot_begin(deed);

    if (is_saved && is_of_app_that_goes(deed->place) && !has_had_checkpoint(from))
        return true;
    if (is_of_app_that_goes(deed->place) && was_there(THING_APP, NOTHING, from))
        return true;
    if (deed->place == THING_PARTITION && was_there(THING_STREAM, NOTHING, from))
        return true;
    if (deed->act == ACT_COMMIT || deed->act == ACT_MAKE)
        return false;
    return was_there(deed->place, NOTHING, from);
}

static void check_error(const struct deed *deed, int number, const struct outcome *outcome)
{
    if (outcome->ending != REFUSED)
        return;
    if (outcome->error == ENOENT && deed->act != ACT_UNDO &&
        !may_be_missing(deed, outcome->is_saved))
        history_blame("change %d found nothing where something was", number);
    if (outcome->error == EEXIST && deed->act == ACT_MAKE && !outcome->is_lenient &&
        !may_be_of_mount(deed->place) && !was_there(deed->place, IS_THERE, deed->began))
        history_blame("change %d found something where nothing was", number);
    if (outcome->error == ENOTEMPTY && !outcome->is_lenient && deed->place == THING_APP &&
        !had_checkpoint(deed->began))
        history_blame("change %d found checkpoints, and there were none", number);
}

/* A directory of the mount alone comes and goes without the service. */
static bool may_be_mounts_own(const struct deed *deed)
{
    return may_be_of_mount(deed->place) &&
           (deed->act == ACT_MAKE ||
            (deed->act == ACT_REMOVE && was_there(THING_APP, NOTHING, deed->began)));
}

/* All is well, too, when it came to a deletion and somebody else had deleted already. */
static bool may_find_done(const struct deed *deed)
{
    bool was_nothing = was_there(deed->place, NOTHING, deed->began);

    return (deed->act == ACT_UNDO && (is_in_doubt(deed->mount, deed->place) || was_nothing)) ||
           (deed->act == ACT_DELETE && rules.deletes_nothing && was_nothing);
}

static void check_change(const struct deed *deed, int number, bool is_lenient)
{
    bool makes = deed->act == ACT_MAKE;
    bool was_so = (makes && is_lenient && was_there(deed->place, IS_THERE, deed->began)) ||
                  may_find_done(deed) || may_be_mounts_own(deed);

    if (deed->ending == ACKNOWLEDGED && !deed->applied && !was_so && (makes || !is_lenient))
        history_blame("change %d was acknowledged and not carried out", number);
    if (deed->ending == REFUSED && deed->applied && deed->is_certain)
        history_blame("change %d was refused and carried out", number);
}

/* Whether a change alters what is at a place. */
static bool alters(const struct deed *deed, unsigned place)
{
    return deed->place == place ||
           (deed->place == THING_APP && deed->act == ACT_REMOVE && is_of_app_that_goes(place)) ||
           (may_be_of_mount(place) && is_of_app_that_goes(deed->place)) ||
           (deed->place == THING_STREAM && deed->act == ACT_REMOVE && place == THING_PARTITION);
}

/* The last event that carried out a change of the same mount which had been acknowledged before a
 * read began: what was before that must not be shown. 0 if there is none. */
static uint64_t last_acknowledged(const struct deed *read)
{
    uint64_t last = 0;

    for (size_t i = 0; i < deed_count; i++) {
        const struct deed *deed = &deeds[i];

        if (deed->mount == read->mount && deed->applied && alters(deed, read->place) &&
            deed->ending == ACKNOWLEDGED && deed->ended < read->began && deed->first_applied > last)
            last = deed->first_applied;
    }
    return last;
}

static int64_t oldest_to_show(const struct deed *read, int64_t seen)
{
    switch (read->act) {
    case ACT_LIST:
        return 0;
    case ACT_FIND:
        return seen == NOTHING ? snapshot_begin(read) : 0;
    case ACT_READ_SAVED:
        return snapshot_begin(read);
    default:
        return seen == NOTHING ? snapshot_begin(read) : read->began;
    }
}

/* What the mount has by itself, and what may be missing in a list. */
static bool may_differ(const struct deed *deed, int64_t seen)
{
    return may_be_of_mount(deed->place) &&
           (seen == IS_THERE || (deed->act == ACT_LIST && has_moved_apps));
}

static void check_read(const struct deed *deed, int number, int64_t seen)
{
    int64_t from = oldest_to_show(deed, seen);

    if (may_differ(deed, seen))
        return;
    if (!was_there_since(deed->place, seen, from, last_acknowledged(deed)))
        history_blame("read %d saw %" PRId64 ", which was not there from %" PRId64 " on", number,
                      seen, from);
}

static bool is_read(enum act act)
{
    return act == ACT_READ || act == ACT_READ_SAVED || act == ACT_FIND || act == ACT_LIST ||
           act == ACT_LIST_ANEW;
}

void history_end(int number, const struct outcome *outcome)
{
    struct deed *deed = &deeds[number - 1];

    export_line("end %d %d %d %" PRId64 " %d %d", number, (int)outcome->ending, outcome->error,
                outcome->seen, outcome->is_lenient, outcome->is_saved);
    deed->ending = outcome->ending;
    deed->ended = clock_ms();
    if (is_read(deed->act)) {
        if (outcome->ending == ACKNOWLEDGED)
            check_read(deed, number, outcome->seen);
    } else {
        check_change(deed, number, outcome->is_lenient);
        check_error(deed, number, outcome);
    }
}
