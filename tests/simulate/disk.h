#ifndef SIMULATE_DISK_H
#define SIMULATE_DISK_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

/*
 * A disk with some files on it, and what of them a power failure would leave.
 *
 * What was written and not synced is lost or kept, each sector by chance; so are the size of a file
 * that has grown, and names that were made or removed while their directory was not synced. Cutting
 * a file is lost or kept as a whole, and if it is lost so is all that was written after it: file
 * systems give what comes then another place. A sync that fails may have brought any of the sectors
 * to the disk, and the next one does not try the others again, but whoever has the file open is
 * told of the failure by his next sync: that is what Linux does.
 *
 * All files are in one directory, DISK. Nothing here fails; vfs.c and files.c decide on faults.
 */
#define DISK        "/simulated/"
#define SECTOR_SIZE 512

struct inode {
    uint64_t number;
    unsigned uses;  /* by names and by whoever has it open */
    unsigned links; /* names that lead to it, for the running machine */
    uint8_t *bytes;
    uint8_t *durable;
    bool *dirty;       /* for each sector: it has yet to be synced */
    bool stays;        /* what is durable, until a sync: the file was cut, and that would be lost */
    unsigned failures; /* of syncs */
    size_t size;
    size_t durable_size;
    size_t room; /* of all three; what lies behind the sizes is zero */
};

void disk_begin(void);
void disk_end(void);

/* NULL if there is none. */
struct inode *disk_find(const char *path);

/* An empty file, if there is none of that name. */
struct inode *disk_make(const char *path);
void disk_remove(const char *path);

/* Of a file that is there. Both names change or neither does, also when power fails. */
void disk_rename(const char *from, const char *to);

/* A file without a name. */
struct inode *disk_make_nameless(void);

/* It stays as long as somebody holds it. */
struct inode *disk_hold(struct inode *inode);
void disk_drop(struct inode *inode);

/* How many bytes there were. */
size_t disk_read(const struct inode *inode, void *to, size_t size, size_t offset);
void disk_write(struct inode *inode, const void *from, size_t size, size_t offset);
void disk_truncate(struct inode *inode, size_t size);

void disk_sync(struct inode *inode);
void disk_sync_badly(struct inode *inode);
void disk_sync_names(void);

/* Whether it would have a name after a power failure. */
bool disk_keeps_name(const struct inode *inode);

void disk_lose_power(void);

#endif
