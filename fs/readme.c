#include "fs/readme.h"

#include "fs/tree.h"

/* Columns for a path. */
#define PATH_WIDTH 38

static const char head[] =
    "These are checkpoints of stream consumers as files. APP stands for a consumer, N\n"
    "for the number of a partition, STREAM, NUMBER, TIME and NAME for what they say.\n"
    "What has a * is in no listing, and is found all the same.\n\n";

static const char positions[] =
    "\nTo commit, write a position to checkpoint, or to a file of checkpoints/:\n\n"
    "  NUMBER              a sequence number, as checkpoint shows it\n"
    "  earliest, latest    so that the oldest record, or the next new one, is next\n"
    "  @TIME               so that the first record of that time or later is next\n"
    "  shift +N, shift -N  so many records after, or before, what is committed\n"
    "  undo                what was committed before the last change that is known\n";

static const char lines[] =
    "  a line of records/  so that the record after it is next, once it was processed\n";

static const char metadata[] = "\nWhat follows on other lines is committed as metadata.\n";

static const char table[] =
    "\nTo commit on many partitions at once, write lines to the table\n"
    "apps/APP/STREAM/checkpoints, with a tab between the columns:\n\n"
    "  N, position, metadata, expected\n\n"
    "N can be *, for all. The last two can be left out: then there is no metadata,\n"
    "and whatever is committed is replaced. With expected the line is refused\n"
    "(ESTALE) if another number is committed, or one at all where expected is -.\n";

static const char removal[] = "Where position is -, the checkpoint is removed.\n";

static const char plan[] =
    "\nThis mount plans: it changes nothing. Who writes finds in commits what would be\n"
    "changed; the last four columns there are a line of the table of that app and\n"
    "stream.\n";

static const char journal[] =
    "\nThis mount keeps a journal: undo knows of all changes that are in commits.\n";

static const char memory[] =
    "\nThis mount keeps no journal (-o journal=FILE): undo and commits know what was\n"
    "changed here since it was mounted.\n";

static const char nothing[] = "\nThis mount is read-only: it changes nothing.\n";

static const char tail[] =
    "\nA TIME is an age (15m, 1h30m, 2d), now, a date, time and zone as in\n"
    "2026-11-21T08:00:00Z, or seconds since 1970 (13 digits: milliseconds).\n\n"
    "The end of errors tells why something failed. The mount ends by fusermount3 -u\n"
    "and the name of this directory. The manual is checkpointfs-tree(7).\n";

/* What stands for a name in the file. */
static const char *name_of(const struct row *row)
{
    static const char *const names[] = {
        [NAMED] = "",           [BY_APP] = "APP",   [BY_STREAM] = "STREAM", [BY_PARTITION] = "N",
        [BY_NUMBER] = "NUMBER", [BY_TIME] = "TIME", [BY_CHANCE] = "NAME",
    };

    return row->naming == NAMED ? row->name : names[row->naming];
}

/* Whether the mount has the kind, and all that it is in. */
static bool has_path(const struct fs *fs, enum kind kind)
{
    for (; kind != ROOT; kind = tree_parent(kind)) {
        if (!tree_has(fs, kind))
            return false;
    }
    return true;
}

static void print_path_of(enum kind kind, struct buf *text)
{
    enum kind line[8];
    int depth = 0;

    for (; kind != ROOT; kind = tree_parent(kind))
        line[depth++] = kind;
    while (depth-- > 0)
        buf_printf(text, "%s%s", name_of(tree_row(line[depth])),
                   depth || tree_is_directory(line[depth]) ? "/" : "");
}

static bool can_be_made(const struct fs *fs, const struct row *row)
{
    return S_ISDIR(row->mode) && row->make && !fs->settings.read_only &&
           (!row->make_needs || row->make_needs & fs->backend->abilities);
}

/* A read-only mount has nothing temporary. */
static bool is_there(const struct fs *fs, const struct row *row)
{
    return row->help && !(row->naming == BY_CHANCE && fs->settings.read_only);
}

static void print_row(const struct fs *fs, enum kind kind, struct buf *text)
{
    const struct row *row = tree_row(kind);
    bool listed = row->naming != BY_NUMBER && row->naming != BY_TIME && !row->is_unlisted;
    size_t begin;

    if (!is_there(fs, row) || !has_path(fs, kind))
        return;
    buf_puts(text, listed ? "  " : "* ");
    begin = text->size;
    print_path_of(kind, text);
    buf_printf(text, "%*s%s%s\n", PATH_WIDTH - (int)(text->size - begin), "", row->help,
               can_be_made(fs, row) ? " (mkdir)" : "");
}

static void print_table(const struct fs *fs, struct buf *text)
{
    if (!has_path(fs, APP_CHECKPOINTS))
        return;
    buf_puts(text, table);
    if (fs->backend->abilities & CAN_DELETE_CHECKPOINT)
        buf_puts(text, removal);
}

static void print_what_to_write(const struct fs *fs, struct buf *text)
{
    if (fs->settings.read_only) {
        buf_puts(text, nothing);
        return;
    }
    buf_puts(text, positions);
    if (fs->backend->abilities & CAN_READ_RECORDS)
        buf_puts(text, lines);
    if (fs->backend->abilities & CAN_STORE_METADATA)
        buf_puts(text, metadata);
    print_table(fs, text);
    if (fs->settings.plan)
        buf_puts(text, plan);
    buf_puts(text, journal_is_kept(&fs->journal) ? journal : memory);
}

void readme_print(const struct fs *fs, struct buf *text)
{
    buf_puts(text, head);
    for (enum kind kind = APPS; kind < KINDS; kind++)
        print_row(fs, kind, text);
    print_what_to_write(fs, text);
    buf_puts(text, tail);
}
