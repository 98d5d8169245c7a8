#include "fs/journal.h"

#include <errno.h>
#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/random.h>

#include "base/hash.h"
#include "base/when.h"

/* So many of other mounts are remembered. */
#define INTENTS_MAX 16384

/*
 * A change that another mount has begun, until its end is told. Who needs its end sooner takes it
 * as unknown; then it has a line in the history, which no longer counts once the end is told.
 */
struct intent {
    TAILQ_ENTRY(intent) link;
    LIST_ENTRY(intent) same_id; /* of those in the same bucket */
    LIST_ENTRY(intent) same_subject;
    char *id;
    char *line; /* without id and source; NULL once it is in the history, */
    size_t at;  /* there */
    uint64_t subject;
};

static const char *const names_of_changes[] = {
    [COMMIT] = "commit",
    [DELETE] = "delete",
    [UNDO] = "undo",
    [MAKE_APP] = "make-app",
    [REMOVE_APP] = "remove-app",
    [MAKE_STREAM] = "make-stream",
    [REMOVE_STREAM] = "remove-stream",
    [MAKE_PARTITION] = "make-partition",
    [REMOVE_PARTITION] = "remove-partition",
    [SET_EARLIEST] = "earliest",
    [SET_LATEST] = "latest",
};

static const char *const names_of_results[] = {
    [RESULT_OK] = "ok",           [RESULT_FAILED] = "failed", [RESULT_UNKNOWN] = "unknown",
    [RESULT_PLANNED] = "planned", [RESULT_BEGUN] = "begun",
};

int journal_open(struct journal *journal, const char *source)
{
    int status = history_init(&journal->history);

    syslog_open(&journal->syslog);
    buf_init(&journal->source_text, LINE_MAX_SIZE);
    TAILQ_INIT(&journal->intents);
    for (size_t i = 0; i < INTENT_BUCKETS; i++) {
        LIST_INIT(&journal->by_id[i]);
        LIST_INIT(&journal->by_subject[i]);
    }
    journal->intent_count = 0;
    journal->source = source;
    journal->file = NULL;
    journal->last_id = 0;
    return status;
}

static void drop_intent(struct journal *journal, struct intent *intent)
{
    TAILQ_REMOVE(&journal->intents, intent, link);
    LIST_REMOVE(intent, same_id);
    LIST_REMOVE(intent, same_subject);
    journal->intent_count--;
    free(intent->id);
    free(intent->line);
    free(intent);
}

void journal_close(struct journal *journal)
{
    struct intent *intent;

    if (journal->file)
        journalfile_close(journal->file);
    while ((intent = TAILQ_FIRST(&journal->intents)))
        drop_intent(journal, intent);
    buf_release(&journal->source_text);
    history_release(&journal->history);
    syslog_close(&journal->syslog);
}

bool journal_is_kept(const struct journal *journal)
{
    return journal->file;
}

uint64_t journal_new_id(struct journal *journal)
{
    return ++journal->last_id;
}

/* What other mounts tell */

/* The line of an intent, as one with an unknown end; where it is in the history. */
static size_t add_unknown(struct journal *journal, const char *line,
                          const struct column columns[static FIELD_COUNT])
{
    struct buf changed = BUF_INIT(LINE_MAX_SIZE);
    const struct column *result = &columns[FIELD_RESULT];
    size_t at = SIZE_MAX;

    buf_add(&changed, line, (size_t)(result->text - line));
    buf_puts(&changed, names_of_results[RESULT_UNKNOWN]);
    buf_puts(&changed, result->text + result->size);
    if (!buf_error(&changed))
        at = history_add(&journal->history, changed.data, changed.size);
    buf_release(&changed);
    return at;
}

static void settle(struct journal *journal, struct intent *intent)
{
    struct column columns[FIELD_COUNT];

    if (!intent->line || !line_split(intent->line, strlen(intent->line), columns))
        return;
    intent->at = add_unknown(journal, intent->line, columns);
    free(intent->line);
    intent->line = NULL;
}

static struct intents *subject_bucket(struct journal *journal, uint64_t subject)
{
    return &journal->by_subject[subject % INTENT_BUCKETS];
}

/* A later change of the same does not wait for the ends of intents. */
static void settle_about(struct journal *journal, uint64_t subject)
{
    struct intent *intent;

    LIST_FOREACH (intent, subject_bucket(journal, subject), same_subject) {
        if (intent->subject == subject)
            settle(journal, intent);
    }
}

static void settle_all(struct journal *journal)
{
    struct intent *intent;

    TAILQ_FOREACH (intent, &journal->intents, link)
        settle(journal, intent);
}

static struct intents *id_bucket(struct journal *journal, const char *id)
{
    return &journal->by_id[hash_add(HASH_BEGIN, id) % INTENT_BUCKETS];
}

static struct intent *find_intent(struct journal *journal, const char *id)
{
    struct intent *intent;

    LIST_FOREACH (intent, id_bucket(journal, id), same_id) {
        if (!strcmp(intent->id, id))
            break;
    }
    return intent;
}

static void forget_oldest(struct journal *journal)
{
    struct intent *oldest = TAILQ_FIRST(&journal->intents);

    settle(journal, oldest);
    drop_intent(journal, oldest);
}

/* Takes the id over. Without memory an intent is forgotten until its end is told. */
static void note_intent(struct journal *journal, char *id, const char *line, size_t size,
                        uint64_t subject)
{
    struct intent *intent = calloc(1, sizeof(*intent));
    char *copy = strndup(line, size);

    if (!intent || !copy) {
        free(id);
        free(copy);
        free(intent);
        return;
    }
    *intent = (struct intent){.id = id, .line = copy, .subject = subject};
    TAILQ_INSERT_TAIL(&journal->intents, intent, link);
    LIST_INSERT_HEAD(id_bucket(journal, id), intent, same_id);
    LIST_INSERT_HEAD(subject_bucket(journal, subject), intent, same_subject);
    if (++journal->intent_count > INTENTS_MAX)
        forget_oldest(journal);
}

/* It is over, or told once more. */
static void forget_intent(struct journal *journal, const char *id)
{
    struct intent *intent = find_intent(journal, id);

    if (!intent)
        return;
    if (!intent->line)
        history_void(&journal->history, intent->at);
    drop_intent(journal, intent);
}

static bool may_have_changed(const struct column columns[static FIELD_COUNT])
{
    return column_is(&columns[FIELD_RESULT], names_of_results[RESULT_OK]) ||
           column_is(&columns[FIELD_RESULT], names_of_results[RESULT_UNKNOWN]);
}

/* A line of the file, without id and source. */
static void take_line(struct journal *journal, char *id, const char *line, size_t size)
{
    struct column columns[FIELD_COUNT];

    if (!line_split(line, size, columns)) {
        free(id);
        return;
    }
    forget_intent(journal, id);
    if (column_is(&columns[FIELD_RESULT], names_of_results[RESULT_BEGUN])) {
        note_intent(journal, id, line, size, line_subject(columns));
        return;
    }
    free(id);
    if (may_have_changed(columns))
        settle_about(journal, line_subject(columns));
    history_add(&journal->history, line, size);
}

static bool take_column(const char **rest, const char *end, struct column *column)
{
    const char *tab = memchr(*rest, '\t', (size_t)(end - *rest));

    if (!tab)
        return false;
    *column = (struct column){*rest, (size_t)(tab - *rest)};
    *rest = tab + 1;
    return true;
}

/* What this mount has added it knows. */
static bool is_own(const struct journal *journal, const struct column *id)
{
    size_t size = strlen(journal->mount);

    return id->size > size && !memcmp(id->text, journal->mount, size);
}

static void take_line_of(struct journal *journal, const struct column *id, const char *line,
                         size_t size)
{
    char *copy = strndup(id->text, id->size);

    if (copy)
        take_line(journal, copy, line, size);
}

static void on_told(void *user, const char *line, size_t size)
{
    struct journal *journal = user;
    const char *end = line + size;
    struct column id;
    struct column source;

    if (take_column(&line, end, &id) && take_column(&line, end, &source) && !is_own(journal, &id) &&
        column_is(&source, journal->source_text.data))
        take_line_of(journal, &id, line, (size_t)(end - line));
}

/* Makes the ids of this mount differ from those of all others. */
static int name_mount(struct journal *journal)
{
    uint64_t chance;

    if (getrandom(&chance, sizeof(chance), 0) != sizeof(chance))
        return -errno;
    snprintf(journal->mount, sizeof(journal->mount), "%016" PRIx64 "-", chance);
    return 0;
}

static void on_lost(void *user, const struct error *error)
{
    struct journal *journal = user;

    if (journal->lost)
        journal->lost(journal->user, error);
}

static int print_source(struct journal *journal, const char *source, struct error *error)
{
    buf_reset(&journal->source_text);
    buf_puts_escaped(&journal->source_text, source);
    return buf_error(&journal->source_text) ? error_set(error, ENOMEM, "no memory") : 0;
}

int journal_keep(struct journal *journal, struct loop *loop, const struct journal_place *place,
                 struct error *error)
{
    int status = name_mount(journal);

    if (status)
        return error_set(error, -status, "no random number for the journal");
    journal->loop = loop;
    journal->lost = place->lost;
    journal->user = place->user;
    status = print_source(journal, place->source, error);
    if (!status)
        status = journalfile_open(loop, place->path, on_told, journal, &journal->file, error);
    if (!status)
        journalfile_set_lost(journal->file, on_lost);
    settle_all(journal);
    return status;
}

/* Lines of this mount */

/* What the texts of an entry are printed to. */
struct printed {
    char time[WHEN_ROOM];
    char uid[32];
    char pid[32];
    struct subject_text about;
    const char *fields[FIELD_COUNT + 1];
};

static const char *print_number(const struct value *value)
{
    if (!value->is_known)
        return FIELD_NOT_KNOWN;
    return value->number ? value->number : "-";
}

static const char *print_metadata(const struct value *value)
{
    return value->is_known && value->metadata ? value->metadata : "";
}

static const char *print_old_metadata(const struct value *value)
{
    bool lacks = value->is_known && !value->metadata;

    return lacks ? FIELD_NOT_KNOWN : print_metadata(value);
}

static void print_texts(const struct journal_entry *entry, struct printed *printed)
{
    when_format(when_now(), printed->time);
    snprintf(printed->uid, sizeof(printed->uid), "uid=%u", entry->who.uid);
    snprintf(printed->pid, sizeof(printed->pid), "pid=%d", (int)entry->who.pid);
    subject_print(&entry->about, &printed->about);
}

static void set_fields(const struct journal_entry *entry, struct printed *printed)
{
    const char *fields[] = {
        printed->time,
        printed->uid,
        printed->pid,
        entry->who.command,
        names_of_results[entry->result],
        names_of_changes[entry->what],
        entry->note && *entry->note ? entry->note : "-",
        printed->about.app,
        printed->about.stream,
        print_old_metadata(&entry->before),
        printed->about.partition,
        print_number(&entry->now),
        print_metadata(&entry->now),
        print_number(&entry->before),
        NULL,
    };

    _Static_assert(sizeof(fields) == sizeof(printed->fields), "a line has all fields");
    memcpy(printed->fields, fields, sizeof(fields));
}

static void print_entry(const struct journal_entry *entry, struct printed *printed)
{
    print_texts(entry, printed);
    set_fields(entry, printed);
}

/* In memory and in the system's log. What others have begun before, and what has not ended yet as
 * far as is known, is older. */
static void tell_line(struct journal *journal, const struct journal_entry *entry,
                      const struct printed *printed)
{
    struct history *history = &journal->history;
    struct buf *line = &history->lines.line;
    const char *fields[FIELD_COUNT + 2] = {journal->source};

    if (entry->result == RESULT_OK || entry->result == RESULT_UNKNOWN)
        settle_about(journal, subject_hash(&entry->about));
    buf_reset(line);
    lines_print(line, printed->fields);
    if (!buf_error(line))
        history_add(history, line->data, line->size);
    memcpy(fields + 1, printed->fields, sizeof(printed->fields));
    syslog_add(&journal->syslog, fields);
}

/* NULL without memory. */
static struct call *write_to_file(struct journal *journal, uint64_t id,
                                  const struct printed *printed, bool for_good,
                                  const struct ask *ask)
{
    struct buf *line = &journal->history.lines.line;

    buf_reset(line);
    buf_printf(line, "%s%" PRIu64 "\t%s\t", journal->mount, id, journal->source_text.data);
    lines_print(line, printed->fields);
    if (buf_error(line))
        return NULL;
    return for_good ? journalfile_add_for_good(journal->file, line->data, line->size, ask)
                    : journalfile_add(journal->file, line->data, line->size, ask);
}

/* Something of the file that what is to be sent waits for: nothing is sent yet, however it ends. */
struct file_wait {
    struct operation operation; /* its step: a line, or the lines of others */
};

OPERATION_FIRST(struct file_wait);

static void release_file_wait(struct operation *operation)
{
    free(operation);
}

static bool cancel_file_wait(struct call *call)
{
    struct file_wait *wait = (struct file_wait *)call;

    call_cancel(wait->operation.step);
    operation_drop(&wait->operation);
    return false;
}

/* What the disk said must not pass for a word of the service, such as that there is no app. */
static int judge_disk(int code)
{
    static const int told[] = {ENOSPC, EDQUOT, EFBIG, EROFS, EACCES, EBUSY, ENOMEM, ETIMEDOUT, EIO};

    for (size_t i = 0; i < sizeof(told) / sizeof(told[0]); i++) {
        if (code == told[i])
            return code;
    }
    return EIO;
}

static void on_file_done(void *user, const struct error *error, const struct answer *answer)
{
    struct file_wait *wait = user;

    wait->operation.step = NULL;
    if (!error) {
        operation_end(&wait->operation, NULL, answer);
        return;
    }
    error_set(&wait->operation.error, judge_disk(error->code),
              "nothing was sent, for the journal's file failed: %.300s", error->message);
    operation_fail(&wait->operation);
}

static struct file_wait *new_file_wait(struct journal *journal, const struct ask *ask,
                                       struct ask *step)
{
    struct file_wait *wait = calloc(1, sizeof(*wait));

    if (!wait)
        return NULL;
    operation_begin(&wait->operation, journal->loop, ask, release_file_wait);
    wait->operation.call = (struct call){.cancel = cancel_file_wait};
    *step = operation_ask(&wait->operation, on_file_done);
    return wait;
}

struct call *journal_begin(struct journal *journal, struct journal_entry *entry,
                           const struct ask *ask)
{
    struct ask step;
    struct file_wait *wait = new_file_wait(journal, ask, &step);
    struct printed printed;

    if (!wait)
        return NULL;
    entry->result = RESULT_BEGUN;
    print_entry(entry, &printed);
    operation_wait(&wait->operation, write_to_file(journal, entry->id, &printed, false, &step));
    return &wait->operation.call;
}

struct call *journal_catch_up(struct journal *journal, const struct ask *ask)
{
    struct ask step;
    struct file_wait *wait = new_file_wait(journal, ask, &step);

    if (!wait)
        return NULL;
    operation_wait(&wait->operation, journalfile_catch_up(journal->file, &step));
    return &wait->operation.call;
}

struct call *journal_end(struct journal *journal, const struct journal_entry *entry,
                         const struct ask *ask)
{
    struct printed printed;

    print_entry(entry, &printed);
    tell_line(journal, entry, &printed);
    return write_to_file(journal, entry->id, &printed, true, ask);
}

void journal_add(struct journal *journal, const struct journal_entry *entry)
{
    struct ask nobody = {.deadline = when_monotonic()};
    struct printed printed;
    struct call *line;

    print_entry(entry, &printed);
    tell_line(journal, entry, &printed);
    if (!journal->file)
        return;
    line = write_to_file(journal, entry->id, &printed, true, &nobody);
    if (line)
        call_cancel(line);
    else
        on_lost(journal, &(struct error){.code = ENOMEM, .message = "no memory"});
}
