#include "tests/simulate/disk.h"

#include <stdlib.h>
#include <string.h>

#include "tests/service/common/memory.h"
#include "tests/simulate/chance.h"
#include "tests/simulate/clock.h"
#include "tests/simulate/memory.h"
#include "tests/simulate/trace.h"

#define NAMES_MAX 8
#define ROOM_MIN  ((size_t)64 * SECTOR_SIZE)

/* What a name leads to, or NULL: for the running machine, and after a power failure. */
struct name {
    char *path;
    struct inode *now;
    struct inode *durable;
    bool is_bound; /* to another name, by a renaming that would be lost */
};

static struct name names[NAMES_MAX];
static size_t name_count;
static uint64_t last_number;

void disk_begin(void)
{
    last_number = 0;
}

void disk_end(void)
{
    for (size_t i = 0; i < name_count; i++) {
        disk_drop(names[i].now);
        disk_drop(names[i].durable);
        free(names[i].path);
    }
    name_count = 0;
}

/* Files */

struct inode *disk_make_nameless(void)
{
    bool before = memory_enter(false);
    struct inode *inode = must_calloc(1, sizeof(*inode));

    inode->number = ++last_number;
    inode->uses = 1;
    memory_leave(before);
    return inode;
}

struct inode *disk_hold(struct inode *inode)
{
    if (inode)
        inode->uses++;
    return inode;
}

void disk_drop(struct inode *inode)
{
    if (!inode || --inode->uses)
        return;
    free(inode->bytes);
    free(inode->durable);
    free(inode->dirty);
    free(inode);
}

static void *enlarge(void *memory, size_t before, size_t after)
{
    char *larger = must_realloc(memory, after, 1);

    memset(larger + before, 0, after - before);
    return larger;
}

static void make_room(struct inode *inode, size_t size)
{
    size_t room = inode->room ? inode->room : ROOM_MIN;
    bool before = memory_enter(false);

    while (room < size)
        room *= 2;
    if (room > inode->room) {
        inode->bytes = enlarge(inode->bytes, inode->room, room);
        inode->durable = enlarge(inode->durable, inode->room, room);
        inode->dirty = enlarge(inode->dirty, inode->room / SECTOR_SIZE, room / SECTOR_SIZE);
        inode->room = room;
    }
    memory_leave(before);
}

size_t disk_read(const struct inode *inode, void *to, size_t size, size_t offset)
{
    if (offset >= inode->size)
        return 0;
    if (size > inode->size - offset)
        size = inode->size - offset;
    memcpy(to, inode->bytes + offset, size);
    return size;
}

static void mark_dirty(struct inode *inode, size_t from, size_t to)
{
    for (size_t sector = from / SECTOR_SIZE; sector * SECTOR_SIZE < to; sector++)
        inode->dirty[sector] = true;
}

void disk_write(struct inode *inode, const void *from, size_t size, size_t offset)
{
    make_room(inode, offset + size);
    memcpy(inode->bytes + offset, from, size);
    mark_dirty(inode, offset, offset + size);
    if (offset + size > inode->size)
        inode->size = offset + size;
}

static void sync_sector(struct inode *inode, size_t sector)
{
    size_t offset = sector * SECTOR_SIZE;

    memcpy(inode->durable + offset, inode->bytes + offset, SECTOR_SIZE);
    inode->dirty[sector] = false;
}

/* What has not been synced by now reaches the disk by chance, and nothing else of it does. */
static void settle(struct inode *inode)
{
    if (inode->stays)
        return;
    for (size_t i = 0; i < inode->room / SECTOR_SIZE; i++) {
        if (inode->dirty[i] && chance_once_in(2))
            sync_sector(inode, i);
        inode->dirty[i] = false;
    }
    if (chance_once_in(2))
        inode->durable_size = inode->size;
}

static void cut(struct inode *inode, size_t size)
{
    settle(inode);
    memset(inode->bytes + size, 0, inode->size - size);
    inode->stays = inode->stays || chance_once_in(2);
    if (inode->stays || inode->durable_size <= size)
        return;
    inode->durable_size = size;
    memset(inode->durable + size, 0, inode->room - size);
}

void disk_truncate(struct inode *inode, size_t size)
{
    make_room(inode, size);
    if (size < inode->size)
        cut(inode, size);
    inode->size = size;
}

/* What lasts */

void disk_sync(struct inode *inode)
{
    for (size_t i = 0; i < inode->room / SECTOR_SIZE; i++) {
        if (inode->dirty[i] || inode->stays)
            sync_sector(inode, i);
    }
    inode->durable_size = inode->size;
    inode->stays = false;
}

void disk_sync_badly(struct inode *inode)
{
    inode->failures++;
    if (inode->stays && chance_once_in(2))
        disk_sync(inode);
    else
        settle(inode);
}

/* Names */

static struct name *find_name(const char *path)
{
    for (size_t i = 0; i < name_count; i++) {
        if (!strcmp(names[i].path, path))
            return &names[i];
    }
    return NULL;
}

struct inode *disk_find(const char *path)
{
    const struct name *name = find_name(path);

    return name ? name->now : NULL;
}

static struct name *add_name(const char *path)
{
    bool before = memory_enter(false);

    if (name_count == NAMES_MAX)
        abort();
    names[name_count] = (struct name){.path = must_strdup(path)};
    memory_leave(before);
    return &names[name_count++];
}

struct inode *disk_make(const char *path)
{
    struct name *name = find_name(path);

    if (!name)
        name = add_name(path);
    if (!name->now) {
        name->now = disk_make_nameless();
        name->now->links = 1;
    }
    return name->now;
}

void disk_remove(const char *path)
{
    struct name *name = find_name(path);

    if (!name || !name->now)
        return;
    name->now->links = 0;
    disk_drop(name->now);
    name->now = NULL;
}

void disk_sync_names(void)
{
    for (size_t i = 0; i < name_count; i++) {
        struct inode *before = names[i].durable;

        names[i].durable = disk_hold(names[i].now);
        names[i].is_bound = false;
        disk_drop(before);
    }
}

/* A name that is bound is not made: add_name may move the names. */
static void bind_names(const char *from, const char *to)
{
    find_name(from)->is_bound = true;
    find_name(to)->is_bound = true;
}

void disk_rename(const char *from, const char *to)
{
    struct inode *inode = disk_hold(disk_find(from));

    disk_make(to);
    disk_remove(to);
    find_name(to)->now = inode;
    disk_drop(inode);
    find_name(from)->now = NULL;
    if (chance_once_in(2))
        bind_names(from, to);
    else
        disk_sync_names();
}

bool disk_keeps_name(const struct inode *inode)
{
    for (size_t i = 0; i < name_count; i++) {
        if (names[i].durable == inode)
            return true;
    }
    return false;
}

/* Power */

static void lose_content(struct inode *inode)
{
    settle(inode);
    inode->stays = false;
    inode->size = inode->durable_size;
    if (!inode->room)
        return;
    memset(inode->dirty, 0, inode->room / SECTOR_SIZE);
    memset(inode->durable + inode->size, 0, inode->room - inode->size);
    memcpy(inode->bytes, inode->durable, inode->room);
}

static void lose_name(struct name *name)
{
    bool may_last = name->now != name->durable && !name->is_bound;
    struct inode *left = may_last && chance_once_in(2) ? name->now : name->durable;

    if (left != name->now)
        trace("  the disk forgets that %s was %s", name->path, name->now ? "made" : "removed");
    disk_hold(left);
    name->is_bound = false;
    if (name->now)
        name->now->links = 0;
    disk_drop(name->now);
    disk_drop(name->durable);
    name->now = left;
    name->durable = disk_hold(left);
    if (!left)
        return;
    left->links = 1;
    lose_content(left);
}

void disk_lose_power(void)
{
    for (size_t i = 0; i < name_count; i++)
        lose_name(&names[i]);
}
