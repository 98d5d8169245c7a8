#include "tests/simulate/vfs.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/queue.h>
#include <unistd.h>

#include "base/when.h"
#include "tests/service/common/memory.h"
#include "tests/simulate/chance.h"
#include "tests/simulate/clock.h"
#include "tests/simulate/disk.h"
#include "tests/simulate/history.h"
#include "tests/simulate/memory.h"
#include "tests/simulate/threads.h"
#include "tests/simulate/trace.h"

/* The index of a log is in memory that processes share; see https://sqlite.org/walformat.html for
 * its locks. */
#define INDEX_PART     32768
#define INDEX_PARTS    64
#define LOCK_OF_WRITER 1U

/* How long a disk stays full at most, in milliseconds. */
#define FULL_MS 3000

/* A read, a write or a lock takes time once in so many times; a sync always does. */
#define SLOW_ONCE_IN 4

/* Where SQLite's days begin, in milliseconds before 1970. */
#define JULIAN_MS 210866760000000LL

/* What is open of a process: a struct sqlite3_file. */
struct file {
    const struct sqlite3_io_methods *methods;
    LIST_ENTRY(file) link;
    struct inode *inode;
    const char *path; /* SQLite's; NULL for a temporary file */
    int process;
    bool is_observer;
    bool is_dead;
    bool is_log;
    bool syncs_names;  /* with its first sync, as it may have been made just now */
    unsigned failures; /* of syncs, that it was told of */
    int lock;
    unsigned shared; /* locks of the index */
    unsigned exclusive;
    bool has_index;
    void *parts[INDEX_PARTS];
};

static LIST_HEAD(, file) files = LIST_HEAD_INITIALIZER(files);
static vfs_ended_fn *tell_ended;
static vfs_failed_fn *tell_failed;
static bool next_sync_fails;
static int64_t last_tries[MOUNTS_MAX];
static struct vfs_faults faults;
static int process_now;
static int writer; /* to the log, since the lock for that was taken */
static int64_t full_until;
static int index_memory;
static unsigned index_parts;

/* Time and faults */

/* Others have their turn; false when the process has been killed meanwhile. */
static bool take_time(const struct file *file, unsigned once_in)
{
    if (!file->is_observer && !file->is_dead && chance_once_in(once_in))
        thread_pause((int64_t)chance_below((uint64_t)faults.slowest + 1));
    return !file->is_dead;
}

static bool meets_fault(const struct file *file)
{
    return !file->is_observer && faults.once_in && chance_once_in(faults.once_in);
}

/* Files */

static void note_try(const struct file *file)
{
    if (file->is_log && file->process >= 0)
        last_tries[file->process] = clock_ms();
}

static int close_file(sqlite3_file *base);
static int read_file(sqlite3_file *base, void *to, int size, sqlite3_int64 offset)
{
    struct file *file = (struct file *)base;
    size_t got;

    if (!take_time(file, SLOW_ONCE_IN))
        return SQLITE_IOERR_READ;
    if (meets_fault(file)) {
        trace("  a read of the disk fails");
        note_try(file);
        return SQLITE_IOERR_READ;
    }
    got = disk_read(file->inode, to, (size_t)size, (size_t)offset);
    memset((char *)to + got, 0, (size_t)size - got);
    return got == (size_t)size ? SQLITE_OK : SQLITE_IOERR_SHORT_READ;
}

static bool is_full(const struct file *file, int64_t end)
{
    return (uint64_t)end > file->inode->size && clock_ms() < full_until;
}

static int write_file(sqlite3_file *base, const void *from, int size, sqlite3_int64 offset)
{
    struct file *file = (struct file *)base;

    if (!take_time(file, SLOW_ONCE_IN))
        return SQLITE_IOERR_WRITE;
    note_try(file);
    if (meets_fault(file)) {
        if (chance_once_in(2)) {
            trace("  a write to the disk fails");
            return SQLITE_IOERR_WRITE;
        }
        trace("  the disk is full");
        full_until = clock_ms() + (int64_t)chance_below(FULL_MS);
    }
    if (is_full(file, offset + size))
        return SQLITE_FULL;
    if (file->is_log)
        writer = file->process;
    disk_write(file->inode, from, (size_t)size, (size_t)offset);
    return SQLITE_OK;
}

static int truncate_file(sqlite3_file *base, sqlite3_int64 size)
{
    struct file *file = (struct file *)base;

    if (!take_time(file, SLOW_ONCE_IN) || meets_fault(file))
        return SQLITE_IOERR_TRUNCATE;
    disk_truncate(file->inode, (size_t)size);
    return SQLITE_OK;
}

static bool sync_fails(const struct file *file)
{
    if (!file->is_log || !next_sync_fails)
        return meets_fault(file);
    next_sync_fails = false;
    return true;
}

static int sync_file(sqlite3_file *base, int flags)
{
    struct file *file = (struct file *)base;

    (void)flags;
    if (!take_time(file, 1))
        return SQLITE_IOERR_FSYNC;
    if (sync_fails(file))
        disk_sync_badly(file->inode);
    else
        disk_sync(file->inode);
    if (file->failures != file->inode->failures) {
        trace("  a sync fails");
        file->failures = file->inode->failures;
        if (file->is_log)
            tell_failed();
        return SQLITE_IOERR_FSYNC;
    }
    if (file->syncs_names)
        disk_sync_names();
    file->syncs_names = false;
    return SQLITE_OK;
}

static int size_file(sqlite3_file *base, sqlite3_int64 *size)
{
    *size = (sqlite3_int64)((struct file *)base)->inode->size;
    return SQLITE_OK;
}

/* Locks of the database */

/* The strictest lock of others. */
static int lock_of_others(const struct file *file)
{
    const struct file *other;
    int lock = SQLITE_LOCK_NONE;

    LIST_FOREACH (other, &files, link) {
        if (other != file && other->inode == file->inode && !other->is_dead && other->lock > lock)
            lock = other->lock;
    }
    return lock;
}

static int lock_file(sqlite3_file *base, int level)
{
    struct file *file = (struct file *)base;
    int others;

    if (!take_time(file, SLOW_ONCE_IN))
        return SQLITE_IOERR_LOCK;
    if (file->lock >= level)
        return SQLITE_OK;
    if (file->is_observer)
        return level > SQLITE_LOCK_SHARED ? SQLITE_BUSY : SQLITE_OK;
    others = lock_of_others(file);
    if (others >= (level == SQLITE_LOCK_SHARED ? SQLITE_LOCK_PENDING : SQLITE_LOCK_RESERVED))
        return SQLITE_BUSY;
    if (level == SQLITE_LOCK_EXCLUSIVE && others) {
        file->lock = SQLITE_LOCK_PENDING;
        return SQLITE_BUSY;
    }
    file->lock = level;
    return SQLITE_OK;
}

static int unlock_file(sqlite3_file *base, int level)
{
    ((struct file *)base)->lock = level;
    return SQLITE_OK;
}

static int check_reserved(sqlite3_file *base, int *is_reserved)
{
    const struct file *file = (const struct file *)base;

    *is_reserved = lock_of_others(file) >= SQLITE_LOCK_RESERVED;
    return SQLITE_OK;
}

/* What it is */

static int control_file(sqlite3_file *base, int operation, void *argument)
{
    const struct file *file = (const struct file *)base;

    if (operation != SQLITE_FCNTL_HAS_MOVED)
        return SQLITE_NOTFOUND;
    *(int *)argument = disk_find(file->path) != file->inode;
    return SQLITE_OK;
}

static int sector_size(sqlite3_file *base)
{
    (void)base;
    return 4096;
}

static int characteristics(sqlite3_file *base)
{
    (void)base;
    return SQLITE_IOCAP_POWERSAFE_OVERWRITE;
}

/* The index of the log */

static bool is_first_of_index(const struct file *file)
{
    const struct file *other;

    LIST_FOREACH (other, &files, link) {
        if (other != file && other->has_index && !other->is_observer && !other->is_dead)
            return false;
    }
    return true;
}

static struct inode *make_index(const struct file *file)
{
    char path[64];

    snprintf(path, sizeof(path), "%s-shm", file->path);
    return disk_make(path);
}

/* Who opens it first begins with an empty one. */
static void open_index(struct file *file)
{
    file->has_index = true;
    if (!is_first_of_index(file))
        return;
    if (ftruncate(index_memory, 0))
        abort();
    index_parts = 0;
    disk_truncate(make_index(file), 0);
}

/* Memory of its own for an observer, with what is in the index now. */
static void *map(const struct file *file, unsigned part)
{
    int kind = part >= index_parts ? MAP_PRIVATE | MAP_ANONYMOUS
               : file->is_observer ? MAP_PRIVATE
                                   : MAP_SHARED;
    void *memory = mmap(NULL, INDEX_PART, PROT_READ | PROT_WRITE, kind,
                        kind & MAP_ANONYMOUS ? -1 : index_memory, (off_t)part * INDEX_PART);

    if (memory == MAP_FAILED)
        abort();
    return memory;
}

static bool extend_index(const struct file *file, unsigned parts)
{
    if (clock_ms() < full_until && chance_once_in(2))
        return false;
    if (ftruncate(index_memory, (off_t)parts * INDEX_PART))
        abort();
    index_parts = parts;
    disk_truncate(make_index(file), (size_t)parts * INDEX_PART);
    return true;
}

static int map_index(sqlite3_file *base, int part, int size, int extend, void volatile **memory)
{
    struct file *file = (struct file *)base;

    *memory = NULL;
    if (part >= INDEX_PARTS || size != INDEX_PART)
        abort();
    if (file->is_dead)
        return SQLITE_IOERR_SHMMAP;
    if (!file->has_index && !file->is_observer)
        open_index(file);
    file->has_index = true;
    if ((unsigned)part >= index_parts && !extend)
        return SQLITE_OK;
    if ((unsigned)part >= index_parts && !file->is_observer &&
        !extend_index(file, (unsigned)part + 1))
        return SQLITE_IOERR_SHMSIZE;
    if (!file->parts[part])
        file->parts[part] = map(file, (unsigned)part);
    *memory = file->parts[part];
    return SQLITE_OK;
}

static int lock_index(struct file *file, unsigned mask, bool exclusively)
{
    const struct file *other;

    LIST_FOREACH (other, &files, link) {
        if (other == file || other->inode != file->inode || other->is_dead)
            continue;
        if (mask & (exclusively ? other->shared | other->exclusive : other->exclusive))
            return SQLITE_BUSY;
    }
    if (exclusively)
        file->exclusive |= mask;
    else
        file->shared |= mask;
    if (exclusively && mask & LOCK_OF_WRITER)
        writer = VFS_SOMEBODY;
    return SQLITE_OK;
}

static void unlock_index(struct file *file, unsigned mask)
{
    bool ends = file->exclusive & mask & LOCK_OF_WRITER && !file->is_dead;

    file->shared &= ~mask;
    file->exclusive &= ~mask;
    if (ends)
        tell_ended(writer);
}

static int change_index_lock(sqlite3_file *base, int first, int count, int flags)
{
    struct file *file = (struct file *)base;
    unsigned mask = ((1U << count) - 1) << first;

    if (file->is_observer)
        return SQLITE_OK;
    if (flags & SQLITE_SHM_UNLOCK) {
        unlock_index(file, mask);
        return SQLITE_OK;
    }
    if (!take_time(file, SLOW_ONCE_IN))
        return SQLITE_IOERR_SHMLOCK;
    return lock_index(file, mask, flags & SQLITE_SHM_EXCLUSIVE);
}

static void pass_barrier(sqlite3_file *base)
{
    (void)base;
}

static int unmap_index(sqlite3_file *base, int removes)
{
    struct file *file = (struct file *)base;
    char path[64];

    for (int i = 0; i < INDEX_PARTS; i++) {
        if (file->parts[i])
            munmap(file->parts[i], INDEX_PART);
        file->parts[i] = NULL;
    }
    file->has_index = false;
    file->shared = file->exclusive = 0;
    if (!removes || file->is_dead || file->is_observer || !is_first_of_index(file))
        return SQLITE_OK;
    snprintf(path, sizeof(path), "%s-shm", file->path);
    disk_remove(path);
    return SQLITE_OK;
}

/* Opening */

static const struct sqlite3_io_methods methods = {
    .iVersion = 2,
    .xClose = close_file,
    .xRead = read_file,
    .xWrite = write_file,
    .xTruncate = truncate_file,
    .xSync = sync_file,
    .xFileSize = size_file,
    .xLock = lock_file,
    .xUnlock = unlock_file,
    .xCheckReservedLock = check_reserved,
    .xFileControl = control_file,
    .xSectorSize = sector_size,
    .xDeviceCharacteristics = characteristics,
    .xShmMap = map_index,
    .xShmLock = change_index_lock,
    .xShmBarrier = pass_barrier,
    .xShmUnmap = unmap_index,
};

static int close_file(sqlite3_file *base)
{
    struct file *file = (struct file *)base;

    unmap_index(base, 0);
    LIST_REMOVE(file, link);
    disk_drop(file->inode);
    return SQLITE_OK;
}

static int open_file(sqlite3_vfs *vfs, const char *path, sqlite3_file *base, int flags, int *is)
{
    struct file *file = (struct file *)base;
    bool makes = flags & SQLITE_OPEN_CREATE && !vfs->pAppData;
    struct inode *inode = NULL;

    *file = (struct file){0};
    if (!path)
        inode = disk_make_nameless();
    else
        inode = disk_hold(makes ? disk_make(path) : disk_find(path));
    if (!inode)
        return SQLITE_CANTOPEN;
    *file = (struct file){.methods = &methods,
                          .inode = inode,
                          .path = path,
                          .process = process_now,
                          .is_observer = vfs->pAppData != NULL,
                          .is_log = flags & SQLITE_OPEN_WAL,
                          .syncs_names = makes,
                          .failures = inode->failures};
    LIST_INSERT_HEAD(&files, file, link);
    if (is)
        *is = flags;
    return SQLITE_OK;
}

static int remove_file(sqlite3_vfs *vfs, const char *path, int syncs_names)
{
    if (vfs->pAppData)
        return SQLITE_IOERR_DELETE;
    disk_remove(path);
    if (syncs_names)
        disk_sync_names();
    return SQLITE_OK;
}

/* As SQLite's own, it does not see empty files. */
static int look_for_file(sqlite3_vfs *vfs, const char *path, int flags, int *is_there)
{
    const struct inode *inode = disk_find(path);

    (void)vfs;
    (void)flags;
    *is_there = inode && inode->size;
    return SQLITE_OK;
}

static int complete_path(sqlite3_vfs *vfs, const char *path, int room, char *to)
{
    (void)vfs;
    snprintf(to, (size_t)room, "%s", path);
    return SQLITE_OK;
}

static int give_random(sqlite3_vfs *vfs, int size, char *to)
{
    (void)vfs;
    for (int i = 0; i < size; i++)
        to[i] = (char)chance_below(256);
    return size;
}

static int give_way(sqlite3_vfs *vfs, int microseconds)
{
    (void)vfs;
    threads_go_on();
    thread_pause(microseconds / 1000);
    return microseconds;
}

static int tell_time(sqlite3_vfs *vfs, sqlite3_int64 *ms)
{
    (void)vfs;
    *ms = JULIAN_MS + when_now() / 1000000;
    return SQLITE_OK;
}

static sqlite3_vfs disk_vfs = {
    .iVersion = 2,
    .szOsFile = sizeof(struct file),
    .mxPathname = 60,
    .zName = "simulated",
    .xOpen = open_file,
    .xDelete = remove_file,
    .xAccess = look_for_file,
    .xFullPathname = complete_path,
    .xRandomness = give_random,
    .xSleep = give_way,
    .xCurrentTimeInt64 = tell_time,
};

static sqlite3_vfs observer_vfs;

void vfs_begin(vfs_ended_fn *ended, vfs_failed_fn *failed)
{
    tell_ended = ended;
    tell_failed = failed;
    next_sync_fails = false;
    for (int i = 0; i < MOUNTS_MAX; i++)
        last_tries[i] = -1;
    faults = (struct vfs_faults){0};
    full_until = 0;
    process_now = 0;
    index_parts = 0;
    index_memory = memfd_create("index", MFD_CLOEXEC);
    if (index_memory < 0)
        abort();
    observer_vfs = disk_vfs;
    observer_vfs.zName = "observer";
    observer_vfs.pAppData = &observer_vfs;
    sqlite3_vfs_register(&disk_vfs, 1);
    sqlite3_vfs_register(&observer_vfs, 0);
    /* SQLite's random numbers are those of this run. */
    sqlite3_randomness(0, NULL);
}

void vfs_end(void)
{
    close(index_memory);
    sqlite3_vfs_unregister(&disk_vfs);
    sqlite3_vfs_unregister(&observer_vfs);
}

const char *vfs_observer(void)
{
    return observer_vfs.zName;
}

void vfs_set_faults(const struct vfs_faults *now)
{
    faults = *now;
    if (!faults.once_in)
        full_until = 0;
    next_sync_fails &= faults.once_in > 0;
}

void vfs_fail_next_sync(void)
{
    next_sync_fails = true;
}

int64_t vfs_last_try(int process)
{
    return last_tries[process];
}

void vfs_set_process(int process)
{
    process_now = process;
}

/* The process may still write into its index, but to a copy that nobody else sees. */
static void part_with_index(void *part)
{
    static char copy[INDEX_PART];

    memcpy(copy, part, INDEX_PART);
    if (mmap(part, INDEX_PART, PROT_READ | PROT_WRITE, MAP_PRIVATE | MAP_ANONYMOUS | MAP_FIXED, -1,
             0) == MAP_FAILED)
        abort();
    memcpy(part, copy, INDEX_PART);
}

void vfs_kill(int process)
{
    struct file *file;

    LIST_FOREACH (file, &files, link) {
        if (file->process != process || file->is_observer)
            continue;
        file->is_dead = true;
        for (int i = 0; i < INDEX_PARTS; i++) {
            if (file->parts[i])
                part_with_index(file->parts[i]);
        }
    }
}
