/*
 * What programs write to open files, through the file system's own handlers: opening, pieces at any
 * offset, O_APPEND, truncating, fsync, close, with failures and interrupts of what is committed.
 * The input is a list of such steps, for up to two open files of one partition.
 *
 * A plain model of an open file says after each step what the program was to be told, what was to
 * be committed, and which line the journal was to get: that and nothing else must have happened.
 * With TRACE in the environment the steps of an input are printed.
 */
#include "fuzz.h"

#include <errno.h>
#include <fcntl.h>
#include <linux/fuse.h>
#include <stdbool.h>

#include "api/position.h"
#include "base/when.h"
#include "fs/content.h"
#include "fs/operations.h"
#include "fs/tree.h"
#include "tests/numbers.h"
#include "tests/simulate/chance.h"
#include "tests/simulate/clock.h"
#include "tests/simulate/kernel.h"
#include "tests/simulate/network.h"
#include "tests/simulate/trace.h"

#define PARTITION    7
#define METADATA_MAX 60
#define STEPS_MAX    24
#define TIMEOUT_MS   10000
#define ROOM         (CONTENT_MAX + 256)
#define PID          4711
#define TEXT_ROOM    40

/* The longest value that a file can hold, and its newline. */
#define HELD_MAX (SEQUENCE_MAX + METADATA_MAX + 2)

/* Nothing here goes through the network. */

void network_begin(struct transfer *transfer)
{
    (void)transfer;
}

void network_end(struct transfer *transfer)
{
    (void)transfer;
}

/* The backend: one partition with a checkpoint */

enum fault {
    NONE,
    REFUSED,     /* it says no */
    LOST,        /* the commit is lost, and that is all that is known */
    ANSWER_LOST, /* the same of its answer */
    SILENT,      /* the commit is lost, and time goes by */
    ANSWER_SILENT,
    INTERRUPTED, /* the program does not wait for that long */
    ANSWER_INTERRUPTED,
    WITHDRAWN, /* nor for the commit to be sent */
    FAULTS
};

/* Of each: whether the commit is made, whether the mount cannot know that, what the program is told
 * and what the journal. */
static const struct {
    bool is_made;
    bool is_unknown;
    int code;
    const char *result;
} faults[FAULTS] = {
    [NONE] = {true, false, 0, "ok"},
    [REFUSED] = {false, false, EBUSY, "failed"},
    [LOST] = {false, true, EIO, "unknown"},
    [ANSWER_LOST] = {true, true, EIO, "unknown"},
    [SILENT] = {false, true, ETIMEDOUT, "unknown"},
    [ANSWER_SILENT] = {true, true, ETIMEDOUT, "unknown"},
    [INTERRUPTED] = {false, true, EINTR, "unknown"},
    [ANSWER_INTERRUPTED] = {true, true, EINTR, "unknown"},
    [WITHDRAWN] = {false, false, EINTR, "failed"},
};

static struct {
    struct backend backend;
    char number[SEQUENCE_MAX + 1];
    char metadata[4 * METADATA_MAX + 1];
    enum fault fault; /* of the next commit */
    unsigned calls;
    bool has_arrived;

    /* What was asked for since somebody looked. */
    unsigned sent;
    char sent_number[SEQUENCE_MAX + 1];
    char sent_metadata[4 * METADATA_MAX + 1];
} service;

struct question_asked {
    struct operation operation;
    char number[SEQUENCE_MAX + 1];
    char metadata[4 * METADATA_MAX + 1];
};

OPERATION_FIRST(struct question_asked);

static void release_question(struct operation *operation)
{
    service.calls--;
    free(operation);
}

static struct question_asked *begin_question(const struct ask *ask, loop_fn *then)
{
    struct question_asked *asked = calloc(1, sizeof(*asked));

    CHECK(asked);
    service.calls++;
    operation_begin(&asked->operation, service.backend.loop, ask, release_question);
    operation_soon(&asked->operation, then);
    return asked;
}

static struct state committed_state(void)
{
    return (struct state){.partition = PARTITION,
                          .committed = WHEN_UNKNOWN,
                          .sequence = service.number,
                          .metadata = service.metadata};
}

static void answer_state(void *user)
{
    struct state state = committed_state();

    operation_end(user, NULL, &(struct answer){.state = &state});
}

static void answer_table(void *user)
{
    struct state state = committed_state();
    struct table *table = table_new();

    CHECK(table && !table_put(table, &state));
    operation_end(user, NULL, &(struct answer){.table = table});
    table_drop(table);
}

static void make_commit(const struct question_asked *asked)
{
    memcpy(service.number, asked->number, sizeof(service.number));
    memcpy(service.metadata, asked->metadata, sizeof(service.metadata));
}

static void take_commit(void *user)
{
    struct question_asked *asked = user;
    struct error *error = &asked->operation.error;
    enum fault fault = service.fault;

    service.has_arrived = true;
    error->is_unknown = faults[fault].is_unknown;
    if (faults[fault].is_made)
        make_commit(asked);
    if (fault == NONE) {
        answer_state(asked);
    } else if (fault <= ANSWER_LOST) {
        error->code = faults[fault].code;
        operation_fail(&asked->operation);
    }
}

static struct call *get_checkpoint(struct backend *backend, const char *app, const char *stream,
                                   uint32_t partition, const struct ask *ask)
{
    (void)backend;
    CHECK(!strcmp(app, "a") && !strcmp(stream, "s") && partition == PARTITION);
    return &begin_question(ask, answer_state)->operation.call;
}

static struct call *get_states(struct backend *backend, const char *app, const char *stream,
                               const struct ask *ask)
{
    (void)backend;
    (void)app;
    CHECK(!strcmp(stream, "s"));
    return &begin_question(ask, answer_table)->operation.call;
}

static struct call *take_order(struct backend *backend, const struct commit_order *order,
                               const struct ask *ask)
{
    struct question_asked *asked = begin_question(ask, take_commit);

    (void)backend;
    CHECK(!strcmp(order->app, "a") && !strcmp(order->stream, "s"));
    CHECK(order->partition == PARTITION && !order->make_partition);
    snprintf(asked->number, sizeof(asked->number), "%s", order->sequence);
    snprintf(asked->metadata, sizeof(asked->metadata), "%s", order->metadata);
    memcpy(service.sent_number, asked->number, sizeof(service.sent_number));
    memcpy(service.sent_metadata, asked->metadata, sizeof(service.sent_metadata));
    service.sent++;
    return &asked->operation.call;
}

static void open_service(struct loop *loop)
{
    static const struct backend_operations operations = {.get_checkpoint = get_checkpoint,
                                                         .get_states = get_states,
                                                         .commit = take_order,
                                                         .parse_sequence = numbers_parse,
                                                         .to_decimal = numbers_to_decimal};

    memset(&service, 0, sizeof(service));
    service.backend = (struct backend){.operations = &operations,
                                       .loop = loop,
                                       .name = "fuzzed",
                                       .abilities = CAN_STORE_METADATA,
                                       .metadata_max = METADATA_MAX};
    snprintf(service.number, sizeof(service.number), "41");
    snprintf(service.metadata, sizeof(service.metadata), "old");
}

/* The mount */

static struct {
    struct fs fs;
    struct fuse_session *session;
    struct metrics *metrics;
    struct place *place;
} mount;

/* The lines of the journal since somebody looked, and the last of them. All else that lines are is
 * left out: it would take half of the time. */
static struct {
    unsigned lines;
    char result[16];
    char number[SEQUENCE_MAX + 1];
} journal;

void __wrap_lines_add(struct lines *lines, int64_t when, const char *const *fields);

void __wrap_lines_add(struct lines *lines, int64_t when, const char *const *fields)
{
    (void)lines;
    (void)when;
    (void)fields;
}

void __wrap_journal_add(struct journal *unused, const struct journal_entry *entry);

void __wrap_journal_add(struct journal *unused, const struct journal_entry *entry)
{
    static const char *const results[] = {"ok", "failed", "unknown"};

    (void)unused;
    journal.lines++;
    CHECK(entry->result <= RESULT_UNKNOWN);
    snprintf(journal.result, sizeof(journal.result), "%s", results[entry->result]);
    snprintf(journal.number, sizeof(journal.number), "%s",
             !entry->now.is_known ? "?"
             : entry->now.number  ? entry->now.number
                                  : "-");
}

static void open_mount(bool monotonic)
{
    static struct draws draws;
    const struct settings settings = {.umask = 022,
                                      .monotonic = monotonic,
                                      .timeout = TIMEOUT_MS,
                                      .listing = 10000,
                                      .snapshot = 1000,
                                      .watch = 1000};
    struct loop *loop = loop_new();

    clock_start();
    chance_start(1, &draws);
    open_service(loop);
    if (!mount.metrics)
        mount.metrics = metrics_new();
    CHECK(!fs_init(&mount.fs, loop, &service.backend, "fuzz:", &settings, mount.metrics));
    if (!mount.session)
        mount.session = kernel_start(&mount.fs);
    mount.fs.session = mount.session;
    mount.place = place_get(mount.fs.nodes, "a", "s", "");
}

static void close_mount(void)
{
    while (clock_step())
        ;
    CHECK(!mount.fs.request_count && !mount.fs.handle_count && !service.calls);
    place_drop(mount.fs.nodes, mount.place);
    CHECK(!nodes_count(mount.fs.nodes));
    fs_release(&mount.fs);
    loop_free(mount.fs.loop);
    clock_stop();
}

static uint64_t inode_of(enum kind kind)
{
    struct node node = {.kind = kind, .partition = PARTITION, .place = mount.place};

    return node_inode(&node);
}

/* An open file, as it is to be. */

struct text {
    char data[ROOM];
    size_t size;
    char committed[SEQUENCE_MAX + 1]; /* what the first line came to; or "" */
};

struct file {
    bool is_open;
    enum kind kind;
    int flags;
    uint64_t handle;
    struct text text;
    struct text before; /* the last write */
    bool is_dirty;
    bool is_written;
    int refused;
    int unreported;
    char last[TEXT_ROOM]; /* what was written last, and where */
    size_t last_offset;
    size_t position; /* where the program goes on */
};

static struct file files[2];

/* What a program was told. */
static struct {
    bool told;
    int code;
    uint64_t handle;
} outcome;

static void on_reply(void *user, int code, const void *data, size_t size)
{
    struct fuse_open_out opened = {0};

    if (user && !code && size >= sizeof(opened)) {
        memcpy(&opened, data, sizeof(opened));
        outcome.handle = opened.fh;
    }
    outcome.code = code;
    outcome.told = true;
}

/* Whether the program gives up, and it is time to. */
static bool gives_up(void)
{
    return service.fault == WITHDRAWN ? service.sent
                                      : service.fault >= INTERRUPTED && service.has_arrived;
}

/* Lets time go on until a request is answered. What the program is told. */
static int await(const char *what, const struct file *file, uint64_t request)
{
    bool has_given_up = false;

    while (!outcome.told) {
        if (gives_up() && !has_given_up) {
            kernel_interrupt(mount.session, PID, request, true);
            has_given_up = true;
        } else {
            CHECK(clock_step());
        }
    }
    trace("%s %d of %s: %s; %u sent, %s is committed", what, (int)(file - files),
          tree_row(file->kind)->help, strerror(outcome.code), service.sent, service.number);
    kernel_forget_process(PID);
    outcome.told = false;
    return outcome.code;
}

/* The model */

/* A commit that a step is to make. */
struct wanted {
    bool is_change; /* it begins one, which has a line in the journal */
    bool is_sent;
    char number[SEQUENCE_MAX + 1];
    char metadata[4 * METADATA_MAX + 1];
};

static char number_before[SEQUENCE_MAX + 1]; /* what was committed when the step began */
static size_t cut; /* how much is left of checkpoints/a/s/7, which was truncated; or SIZE_MAX */

static void copy_text(struct text *to, const struct text *from)
{
    to->size = from->size;
    memcpy(to->data, from->data, from->size);
    memcpy(to->committed, from->committed, sizeof(to->committed));
}

static size_t first_line(const struct text *text)
{
    const char *newline = memchr(text->data, '\n', text->size);
    const char *nul = memchr(text->data, '\0', text->size);
    const char *end = text->data + text->size;

    end = newline && newline < end ? newline : end;
    end = nul && nul < end ? nul : end;
    return (size_t)(end - text->data);
}

static void resize_text(struct text *text, size_t size)
{
    if (size > text->size)
        memset(text->data + text->size, 0, size - text->size);
    text->size = size;
}

/* What the text says when it is committed. */
static size_t print_text(const struct text *text, char *printed)
{
    size_t line = *text->committed ? first_line(text) : 0;
    size_t head = strlen(text->committed);

    line -= line && text->data[line - 1] == '\r';
    memcpy(printed, text->committed, head);
    memcpy(printed + head, text->data + line, text->size - line);
    printed[head + text->size - line] = '\0';
    return head + text->size - line;
}

/* The number that a position stands for; false if there is none. Nothing is undone, for the journal
 * keeps no line. */
static bool resolve(const struct position *position, char number[static SEQUENCE_MAX + 1])
{
    struct error error;
    char sum[DECIMAL_ROOM];

    if (position->kind == POSITION_SEQUENCE)
        return !numbers_parse(position->sequence, number, &error);
    if (position->kind == POSITION_PRESENT) {
        snprintf(number, SEQUENCE_MAX + 1, "%s", number_before);
        return true;
    }
    if (position->kind != POSITION_SHIFT || decimal_add(sum, number_before, position->shift) ||
        decimal_is_negative(sum))
        return false;
    snprintf(number, SEQUENCE_MAX + 1, "%s", sum);
    return true;
}

static bool is_allowed(const char *number)
{
    return !mount.fs.settings.monotonic || decimal_compare(number, number_before) >= 0;
}

static void want_commit(const struct file *file, struct wanted *wanted)
{
    static char printed[ROOM + SEQUENCE_MAX];
    size_t size = print_text(&file->text, printed);
    struct position position = {.kind = POSITION_PRESENT};
    const char *metadata;
    struct error error;
    int status = file->kind == METADATA
                     ? metadata_parse(printed, size, METADATA_MAX, &metadata, &error)
                     : position_parse_text(printed, size, when_now(), METADATA_MAX, &position,
                                           &metadata, &error);

    if (status || (position.kind == POSITION_UNDO && *metadata))
        return;
    wanted->is_change = true;
    wanted->is_sent = resolve(&position, wanted->number) && is_allowed(wanted->number);
    snprintf(wanted->metadata, sizeof(wanted->metadata), "%s", metadata);
}

/* Whether a further line looks like a position: then it is not taken as metadata. */
static bool looks_like_position(const struct file *file, size_t place)
{
    const char *text = file->text.data + place;
    size_t length = strcspn(text, "\n");
    struct position position;
    struct error error;
    char line[256] = {0};
    char number[SEQUENCE_MAX + 1];

    if (file->kind != CHECKPOINT || !place || file->text.data[place - 1] != '\n' ||
        length >= sizeof(line))
        return false;
    memcpy(line, text, length);
    return !position_parse(line, when_now(), &position, &error) &&
           (position.kind != POSITION_SEQUENCE ||
            !numbers_parse(position.sequence, number, &error));
}

/* The journal has a line for each change, which says how it ended. */
static void check_journal(const struct wanted *wanted)
{
    CHECK(journal.lines == wanted->is_change);
    if (!wanted->is_change)
        return;
    CHECK(!strcmp(journal.result, wanted->is_sent ? faults[service.fault].result : "failed"));
    CHECK(!wanted->is_sent || !strcmp(journal.number, wanted->number));
}

/* What was sent is what was wanted, and nothing was sent twice. Whether the program was told that
 * it was done. */
static void check_commit(const struct wanted *wanted, int code)
{
    bool is_sent = wanted->is_sent;

    CHECK(service.sent == is_sent);
    CHECK(!is_sent || !strcmp(service.sent_number, wanted->number));
    CHECK(!is_sent || !strcmp(service.sent_metadata, wanted->metadata));
    CHECK(is_sent ? code == faults[service.fault].code : code > 0 && code != EINTR);
    check_journal(wanted);
    if (is_sent && (faults[service.fault].is_made || faults[service.fault].is_unknown))
        cut = SIZE_MAX;
}

/* A step that commits nothing. */
static void check_no_commit(void)
{
    CHECK(!service.sent && !journal.lines);
}

/* Steps */

struct input {
    const uint8_t *data;
    size_t size;
};

static unsigned take_byte(struct input *input)
{
    if (!input->size)
        return 0;
    input->size--;
    return *input->data++;
}

/* How a file that is opened and not truncated begins. */
static void read_saved(struct text *text)
{
    int size = snprintf(text->data, sizeof(text->data), "%s\n%s%s", service.number,
                        service.metadata, *service.metadata ? "\n" : "");

    text->size = (size_t)size < cut ? (size_t)size : cut;
}

/* Programs that have not written yet see a file of checkpoints/ shrink. */
static void cut_saved(size_t size)
{
    for (size_t i = 0; i < 2; i++) {
        struct file *file = &files[i];

        if (file->is_open && file->kind == SAVED && !file->is_written && size < file->text.size)
            file->text.size = size;
    }
    cut = size < cut ? size : cut;
}

static void open_one(struct file *file, struct input *input)
{
    static const enum kind kinds[] = {CHECKPOINT, SAVED, METADATA, CHECKPOINT};
    static const int flags[] = {O_WRONLY, O_WRONLY | O_TRUNC, O_RDWR | O_APPEND,
                                O_WRONLY | O_TRUNC | O_APPEND};
    unsigned byte = take_byte(input);

    file->kind = kinds[byte % 4];
    file->flags = flags[byte / 4 % 4];
    file->text.size = 0;
    *file->text.committed = '\0';
    if (file->kind == SAVED && file->flags & O_TRUNC)
        cut_saved(0);
    if (file->kind == SAVED && !(file->flags & O_TRUNC))
        read_saved(&file->text);
    file->is_dirty = file->is_written = false;
    file->refused = file->unreported = 0;
    file->position = 0;
    CHECK(
        !await("open", file,
               kernel_open(mount.session, PID, inode_of(file->kind), file->flags, on_reply, file)));
    file->handle = outcome.handle;
    file->is_open = true;
}

/* Where a write would leave a hole, or, as the size that the program knows is not known here, may
 * do so. */
enum hole { NO_HOLE, HOLE, MAYBE_HOLE };

static enum hole find_hole(const struct file *file, size_t offset)
{
    if (file->kind == SAVED || file->flags & O_APPEND || offset <= file->text.size)
        return NO_HOLE;
    if (file->is_written)
        return offset > file->last_offset + strlen(file->last) ? HOLE : NO_HOLE;
    return file->flags & O_TRUNC || offset > HELD_MAX ? HOLE : MAYBE_HOLE;
}

/* Whether it is refused for what was before; sets the code. */
static bool is_refused(const struct file *file, const char *data, size_t offset, int *code)
{
    bool is_same = (file->flags & O_APPEND || file->last_offset == offset) && file->is_written &&
                   !strcmp(file->last, data);

    *code = file->refused == EINTR ? ECANCELED : file->refused;
    return file->refused && !(file->refused == EINTR && is_same);
}

static void refuse_as_a_whole(struct file *file)
{
    file->refused = EINVAL;
    file->is_dirty = false;
}

/* Puts the data into the text, as a plain file would have it; a file of apps/ ends with what was
 * written last. */
static size_t put(struct file *file, const char *data, size_t offset)
{
    struct text *text = &file->text;
    size_t place = file->flags & O_APPEND                       ? text->size
                   : file->kind == SAVED || offset < text->size ? offset
                                                                : text->size;

    copy_text(&file->before, text);
    snprintf(file->last, sizeof(file->last), "%s", data);
    file->last_offset = offset;
    file->is_written = true;
    if (place + strlen(data) > CONTENT_MAX)
        return SIZE_MAX;
    if (place <= first_line(text))
        *text->committed = '\0';
    if (file->kind != SAVED || place > text->size)
        resize_text(text, place);
    memcpy(text->data + place, data, strlen(data));
    if (place + strlen(data) > text->size)
        text->size = place + strlen(data);
    text->data[text->size] = '\0';
    return place;
}

static void note_commit(struct file *file, const struct wanted *wanted)
{
    if (file->kind != METADATA)
        memcpy(file->text.committed, wanted->number, sizeof(file->text.committed));
}

/* A text was taken: it is committed if its line is complete. */
static void end_write(struct file *file, size_t place, int code)
{
    struct wanted wanted = {0};
    bool is_line = file->last[strlen(file->last) - 1] == '\n';
    bool is_ambiguous = looks_like_position(file, place);

    if (is_line && !is_ambiguous) {
        want_commit(file, &wanted);
        check_commit(&wanted, code);
    } else {
        CHECK(code == (is_ambiguous ? EINVAL : 0));
        check_no_commit();
    }
    file->is_dirty = !is_line && !code;
    file->refused = code;
    if (code)
        copy_text(&file->text, &file->before);
    else if (is_line)
        note_commit(file, &wanted);
}

static int send_write(struct file *file, const char *data, size_t offset)
{
    if (file->kind == SAVED)
        cut = SIZE_MAX;
    trace("\"%s\" at %zu", data, offset);
    return await("write", file,
                 kernel_write(mount.session, PID, inode_of(file->kind), file->handle, data, offset,
                              on_reply, NULL));
}

static void write_at(struct file *file, const char *data, size_t offset)
{
    int code = send_write(file, data, offset);
    enum hole hole = find_hole(file, offset);
    int refusal;
    size_t place;

    if (is_refused(file, data, offset, &refusal)) {
        CHECK(code == refusal);
        check_no_commit();
        return;
    }
    if (hole == MAYBE_HOLE)
        hole = code == EINVAL && strstr(mount.fs.last_failure.message, "hole") ? HOLE : NO_HOLE;
    if (hole == HOLE) {
        CHECK(code == EINVAL);
        check_no_commit();
        refuse_as_a_whole(file);
        return;
    }
    place = put(file, data, offset);
    if (place == SIZE_MAX) {
        CHECK(code == EINVAL);
        check_no_commit();
        copy_text(&file->text, &file->before);
        refuse_as_a_whole(file);
        return;
    }
    end_write(file, place, code);
    if (!code)
        file->position = offset + strlen(data);
}

static void take_text(struct input *input, char text[static TEXT_ROOM])
{
    static const char *const words[] = {
        "41\n",   "42\n", "43",         "7",           "\n",     "note\n",   "note", "9\nnote\n",
        "40\r\n", "\r\n", "shift +1\n", "shift -50\n", "junk\n", "latest\n", " ",    "12\n\n"};
    unsigned word = take_byte(input);
    size_t size = word % (TEXT_ROOM - 1) + 1;

    if (word < 192) {
        snprintf(text, TEXT_ROOM, "%s", words[word % 16]);
        return;
    }
    for (size_t i = 0; i < size; i++) {
        unsigned byte = take_byte(input);

        text[i] = byte ? (char)byte : '0';
    }
    text[size] = '\0';
}

/* Where the program goes on, at the beginning, somewhere, or near the end of all that is taken. */
static size_t take_offset(struct input *input, const struct file *file)
{
    unsigned byte = take_byte(input);

    return byte < 160 ? file->position : byte < 200 ? 0 : byte < 255 ? byte - 200 : CONTENT_MAX - 2;
}

static void write_one(struct file *file, struct input *input)
{
    char text[TEXT_ROOM];
    size_t offset = take_offset(input, file);

    take_text(input, text);
    write_at(file, text, offset);
}

/* What waits is committed by fsync and by close. */
static int commit_rest(struct file *file, int code)
{
    struct wanted wanted = {0};

    if (!file->is_dirty || !file->text.size) {
        CHECK(!code);
        check_no_commit();
        return 0;
    }
    file->is_dirty = false;
    want_commit(file, &wanted);
    check_commit(&wanted, code);
    if (!code)
        note_commit(file, &wanted);
    return code;
}

static void sync_one(struct file *file)
{
    int code =
        await("fsync", file,
              kernel_fsync(mount.session, PID, inode_of(file->kind), file->handle, on_reply, NULL));

    if (!commit_rest(file, code))
        return;
    file->is_dirty = code == EINTR;
    file->refused = file->unreported = code == EINTR ? 0 : code;
}

static void flush_one(struct file *file)
{
    int unreported = file->unreported;
    int code =
        await("flush", file,
              kernel_flush(mount.session, PID, inode_of(file->kind), file->handle, on_reply, NULL));

    file->unreported = 0;
    if (unreported) {
        CHECK(code == unreported);
        check_no_commit();
    } else if (commit_rest(file, code)) {
        file->refused = code;
    }
}

static void close_one(struct file *file)
{
    flush_one(file);
    service.fault = NONE;
    CHECK(!await(
        "release", file,
        kernel_release(mount.session, PID, inode_of(file->kind), file->handle, on_reply, NULL)));
    file->is_open = false;
}

static void truncate_text(struct file *file, size_t size)
{
    struct text *text = &file->text;

    if (!size)
        file->refused = 0;
    if (size == text->size || (file->kind != SAVED && size > text->size))
        return;
    if (size <= first_line(text))
        *text->committed = '\0';
    resize_text(text, size);
    text->data[size] = '\0';
    file->is_dirty = size && file->is_written && !file->refused;
}

static void truncate_one(struct file *file, size_t size, bool by_handle)
{
    int code = await("truncate", file,
                     kernel_truncate(mount.session, PID, inode_of(file->kind),
                                     by_handle ? &file->handle : NULL, size, on_reply, NULL));

    CHECK(!code);
    check_no_commit();
    if (file->kind == SAVED)
        cut_saved(size);
    if (by_handle)
        truncate_text(file, size);
}

/* Somebody else commits. */
static void intrude(unsigned byte)
{
    snprintf(service.number, sizeof(service.number), "%u", byte);
    snprintf(service.metadata, sizeof(service.metadata), "%s", byte % 2 ? "theirs" : "");
}

static void begin_step(enum fault fault)
{
    service.fault = fault;
    service.sent = journal.lines = 0;
    service.has_arrived = false;
    memcpy(number_before, service.number, sizeof(number_before));
}

static void take_step(struct input *input)
{
    unsigned byte = take_byte(input);
    struct file *file = &files[byte >> 7];
    unsigned fault = take_byte(input);

    begin_step(fault < 128 ? NONE : (enum fault)(fault % FAULTS));
    if (!file->is_open)
        open_one(file, input);
    else if (byte % 16 < 9)
        write_one(file, input);
    else if (byte % 16 == 9)
        truncate_one(file, take_byte(input) % 80, true);
    else if (byte % 16 == 10)
        truncate_one(file, 0, byte & 32);
    else if (byte % 16 == 11)
        truncate_one(file, take_byte(input) % 80, false);
    else if (byte % 16 == 12)
        sync_one(file);
    else if (byte % 16 == 13)
        flush_one(file);
    else if (byte % 16 == 14)
        close_one(file);
    else
        intrude(take_byte(input));
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    struct input input = {data, size};

    cut = SIZE_MAX;
    trace_set(getenv("TRACE"));
    setvbuf(stdout, NULL, _IOLBF, 0);
    open_mount(take_byte(&input) & 1);
    for (int steps = 0; input.size && steps < STEPS_MAX; steps++)
        take_step(&input);
    for (size_t i = 0; i < 2; i++) {
        begin_step(NONE);
        if (files[i].is_open)
            close_one(&files[i]);
    }
    close_mount();
    return 0;
}
