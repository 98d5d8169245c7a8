#include "fs/journal.h"

#include <stdio.h>

#include "base/when.h"

static const char *const names_of_changes[] = {
    [COMMIT] = "commit",
    [DELETE] = "delete",
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
    [RESULT_OK] = "ok", [RESULT_FAILED] = "failed", [RESULT_UNKNOWN] = "unknown"};

int journal_open(struct journal *journal, const char *source)
{
    syslog_open(&journal->syslog);
    journal->source = source;
    return lines_init(&journal->lines);
}

void journal_close(struct journal *journal)
{
    lines_release(&journal->lines);
    syslog_close(&journal->syslog);
}

static const char *print_name(const char *name, char room[static FILE_NAME_ROOM])
{
    if (!*name)
        return "-";
    return name_to_file(name, room) ? "?" : room;
}

static const char *print_partition(int64_t partition, char room[static PARTITION_ROOM])
{
    if (partition == ANY_PARTITION)
        return "-";
    partition_format((uint32_t)partition, false, room);
    return room;
}

static const char *print_number(const struct value *value)
{
    if (!value->is_known)
        return "?";
    return value->number ? value->number : "-";
}

static const char *print_metadata(const struct value *value)
{
    return value->is_known && value->metadata ? value->metadata : "";
}

void journal_add(struct journal *journal, const struct journal_entry *entry)
{
    int64_t when = when_now();
    char time[WHEN_ROOM];
    char uid[32];
    char pid[32];
    char app[FILE_NAME_ROOM];
    char stream[FILE_NAME_ROOM];
    char partition[PARTITION_ROOM];
    const char *fields[] = {
        journal->source,
        time,
        uid,
        pid,
        entry->who.command,
        names_of_results[entry->result],
        names_of_changes[entry->what],
        entry->note && *entry->note ? entry->note : "-",
        print_name(entry->about.app, app),
        print_name(entry->about.stream, stream),
        print_metadata(&entry->before),
        print_partition(entry->about.partition, partition),
        print_number(&entry->now),
        print_metadata(&entry->now),
        print_number(&entry->before),
        NULL,
    };

    when_format(when, time);
    snprintf(uid, sizeof(uid), "uid=%u", entry->who.uid);
    snprintf(pid, sizeof(pid), "pid=%d", (int)entry->who.pid);
    lines_add(&journal->lines, when, fields + 1);
    syslog_add(&journal->syslog, fields);
}
