#include "fuzz.h"

#include <errno.h>

#include "api/name.h"
#include "api/sls/cursor.h"
#include "fs/scratch.h"
#include "fs/tree.h"

/* The input is a path. There is a directory for temporary files: checkpoints/a/s/.d */

static void check_partition(const char *name)
{
    uint32_t partition;
    bool long_form;
    char printed[PARTITION_ROOM];

    if (partition_parse(name, &partition, &long_form))
        return;
    CHECK(partition <= PARTITION_MAX);
    partition_format(partition, long_form, printed);
    CHECK(!strcmp(printed, name));
}

static void check_names(const char *name)
{
    CHECK(!name_is_stream(name) || name_is_app(name));
    CHECK(!name_is_app(name) || (*name && !strpbrk(name, "./ \n")));
    check_partition(name);
}

/* Whatever is found has the name by which it was found, and an inode number that leads to it. */
static void check_node(const struct fs *fs, const struct node *node, const char *name)
{
    char room[TREE_NAME_ROOM];
    struct node found;

    CHECK(!strcmp(tree_name(node, room), name));
    CHECK(!node_of(fs->nodes, node_inode(node), &found));
    CHECK(found.kind == node->kind && found.partition == node->partition);
    CHECK(found.place == node->place && found.long_form == node->long_form);
}

static void walk(const struct fs *fs, char *path)
{
    struct node node = {.kind = ROOT, .place = place_get(fs->nodes, "", "", "")};
    struct node child = {0};
    struct buf printed = BUF_INIT(1UL << 20);
    char *whole = strdup(path);
    char *rest = path;
    const char *name;

    while ((name = strsep(&rest, "/"))) {
        int status = tree_child(fs, &node, name, &child);

        check_names(name);
        CHECK(status == 0 || status == -ENOENT);
        if (status)
            break;
        check_node(fs, &child, name);
        place_drop(fs->nodes, node.place);
        node = child;
    }
    if (!name) {
        tree_print_path(&node, &printed);
        CHECK(!strcmp(printed.data, whole));
    }
    place_drop(fs->nodes, node.place);
    buf_release(&printed);
    free(whole);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    static const struct backend_operations operations = {.parse_sequence = sls_parse_sequence};
    static struct backend backend = {.operations = &operations,
                                     .abilities = CAN_STORE_METADATA | CAN_MAKE_STREAM};
    struct fs fs = {.backend = &backend, .nodes = nodes_new()};
    struct node directory = {.kind = SCRATCH_DIRECTORY};
    struct scratch *made;
    char *path = text_of(data, size);

    CHECK(fs.nodes);
    directory.place = place_get(fs.nodes, "a", "s", ".d");
    CHECK(!scratch_make(&fs, &directory, 0, &made));
    walk(&fs, path);
    scratch_remove(&fs, made);
    place_drop(fs.nodes, directory.place);
    CHECK(nodes_count(fs.nodes) == 0);
    nodes_free(fs.nodes);
    free(path);
    return 0;
}
