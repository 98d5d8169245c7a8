#include "test.h"

#include "base/when.h"
#include "fs/readme.h"
#include "fs/scratch.h"
#include "fs/tree.h"

#define ALL_ABILITIES                                                                              \
    (CAN_STORE_METADATA | CAN_MAKE_APP | CAN_DELETE_CHECKPOINT | CAN_MAKE_STREAM | CAN_SET_BOUND | \
     CAN_GIVE_CURSOR | CAN_READ_RECORDS | CAN_APPEND_RECORDS | RECORDS_ARE_BYTES)

static struct backend backend;
static struct fs fs;

/* Numbers, and a form of its own for one of them. */
static int parse_sequence(const char *text, char sequence[static SEQUENCE_MAX + 1],
                          struct error *error)
{
    if (!decimal_is_unsigned(text) && strcmp(text, "MQ==") != 0)
        return error_set(error, EINVAL, "no");
    snprintf(sequence, SEQUENCE_MAX + 1, "%s", text);
    return 0;
}

static const struct backend_operations operations = {.parse_sequence = parse_sequence};

/* Makes a directory for temporary files, or removes it. */
static void set_scratch_directory(bool there)
{
    struct node node = {.kind = SCRATCH_DIRECTORY,
                        .place = place_get(fs.nodes, "billing", "orders", ".~tmp~")};
    struct scratch *made;

    if (there)
        assert_int_equal(scratch_make(&fs, &node, 0, &made), 0);
    else
        scratch_remove(&fs, scratch_named(&fs, &node));
    place_drop(fs.nodes, node.place);
}

static int setup(void **state)
{
    (void)state;
    backend =
        (struct backend){.operations = &operations, .name = "fake", .abilities = ALL_ABILITIES};
    fs = (struct fs){.backend = &backend, .nodes = nodes_new(), .started = 5};
    fs.settings = (struct settings){.uid = 7, .gid = 8, .umask = 022};
    assert_non_null(fs.nodes);
    set_scratch_directory(true);
    return 0;
}

/* No place may be held by now. */
static int teardown(void **state)
{
    (void)state;
    set_scratch_directory(false);
    assert_int_equal(nodes_count(fs.nodes), 0);
    nodes_free(fs.nodes);
    return 0;
}

/* Steps down by the names of a path: 0 and a node whose place is held, or what tree_child said. */
static int walk(const char *path, struct node *node)
{
    char *copy = strdup(path);
    char *rest = copy;
    const char *name;
    int status = 0;

    assert_non_null(copy);
    *node = (struct node){.kind = ROOT, .place = place_get(fs.nodes, "", "", "")};
    while (!status && rest && *path && (name = strsep(&rest, "/"))) {
        struct node child = {0};

        status = tree_child(&fs, node, name, &child);
        place_drop(fs.nodes, node->place);
        if (!status)
            *node = child;
    }
    free(copy);
    return status;
}

struct sample {
    enum kind kind;
    const char *path;
};

/* A path to each kind. */
static const struct sample samples[] = {
    {ROOT, ""},
    {APPS, "apps"},
    {APP, "apps/billing"},
    {APP_STREAM, "apps/billing/orders"},
    {APP_CHECKPOINTS, "apps/billing/orders/checkpoints"},
    {APP_PARTITION, "apps/billing/orders/0"},
    {CHECKPOINT, "apps/billing/orders/0/checkpoint"},
    {METADATA, "apps/billing/orders/33554431/metadata"},
    {CURSOR, "apps/billing/orders/0/cursor"},
    {LAG, "apps/billing/orders/shardId-0000000007/lag"},
    {STATUS, "apps/billing/orders/0/status"},
    {RECORDS, "apps/billing/orders/0/records"},
    {RECORDS_NOW, "apps/billing/orders/0/records/now"},
    {RECORDS_NEXT, "apps/billing/orders/0/records/next"},
    {CHECKPOINTS, "checkpoints"},
    {SAVED_APP, "checkpoints/billing"},
    {SAVED_STREAM, "checkpoints/billing/orders"},
    {SAVED, "checkpoints/billing/orders/7"},
    {SAVED, "checkpoints/billing/orders/shardId-0000000007"},
    {SCRATCH, "checkpoints/billing/orders/.7.swp"},
    {SCRATCH, "checkpoints/billing/orders/07"},
    {SCRATCH, "checkpoints/billing/orders/.~tmp~~"},
    {SCRATCH, "checkpoints/billing/payments/.~tmp~"},
    {SCRATCH_DIRECTORY, "checkpoints/billing/orders/.~tmp~"},
    {SCRATCH_INSIDE, "checkpoints/billing/orders/.~tmp~/0"},
    {SCRATCH_INSIDE, "checkpoints/billing/orders/.~tmp~/.~tmp~"},
    {LAGS, "lag"},
    {APP_LAGS, "lag/billing"},
    {GAUGES, "gauges"},
    {APP_GAUGES, "gauges/billing"},
    {STREAMS, "streams"},
    {STREAM, "streams/orders"},
    {STREAM_STATUS, "streams/orders/status"},
    {PARTITION, "streams/orders/0"},
    {EARLIEST, "streams/orders/0/earliest"},
    {LATEST, "streams/orders/0/latest"},
    {SINCE, "streams/orders/0/since"},
    {SINCE_TIME, "streams/orders/0/since/2026-11-21T08:00:00Z"},
    {SINCE_TIME, "streams/orders/0/since/@30m"},
    {PARTITION_STATUS, "streams/orders/0/status"},
    {CURSORS, "streams/orders/0/cursors"},
    {CURSORS_EARLIEST, "streams/orders/0/cursors/earliest"},
    {CURSORS_LATEST, "streams/orders/0/cursors/latest"},
    {CURSORS_AT, "streams/orders/0/cursors/at"},
    {CURSORS_AFTER, "streams/orders/0/cursors/after"},
    {CURSORS_SINCE, "streams/orders/0/cursors/since"},
    {CURSOR_AT_NUMBER, "streams/orders/0/cursors/at/0042"},
    {CURSOR_AT_NUMBER, "streams/orders/0/cursors/at/MQ=="},
    {CURSOR_AFTER_NUMBER, "streams/orders/0/cursors/after/18446744073709551616"},
    {CURSOR_SINCE_TIME, "streams/orders/0/cursors/since/2026-11-21T08:00:00Z"},
    {CURSOR_SINCE_TIME, "streams/orders/0/cursors/since/@1795248000.5"},
    {CURSOR_SINCE_TIME, "streams/orders/0/cursors/since/30m"},
    {STREAM_RECORDS, "streams/orders/0/records"},
    {RECORDS_EARLIEST, "streams/orders/0/records/earliest"},
    {RECORDS_AT, "streams/orders/0/records/at"},
    {RECORDS_AFTER, "streams/orders/0/records/after"},
    {RECORDS_SINCE, "streams/orders/0/records/since"},
    {RECORDS_DATA, "streams/orders/0/records/data"},
    {RECORDS_AT_NUMBER, "streams/orders/0/records/at/0042"},
    {RECORDS_AFTER_NUMBER, "streams/orders/0/records/after/42"},
    {RECORDS_SINCE_TIME, "streams/orders/0/records/since/30m"},
    {RECORD_DATA, "streams/orders/0/records/data/42"},
    {RECORDS_NEW, "streams/orders/0/records/new"},
    {OVERVIEW_HTML, "overview.html"},
    {OVERVIEW, "overview"},
    {OVERVIEW_NOW, "overview/now.html"},
    {README, "README"},
    {MOUNT_STATUS, "status"},
    {COMMITS, "commits"},
    {ERRORS, "errors"},
    {METRICS, "metrics"},
};

TEST(every_row_is_reached_from_the_root)
{
    bool reached[KINDS] = {false};

    for (size_t i = 0; i < COUNT(samples); i++) {
        struct node node;

        if (walk(samples[i].path, &node))
            fail_msg("%s is not found", samples[i].path);
        if (node.kind != samples[i].kind)
            fail_msg("%s is of kind %d", samples[i].path, (int)node.kind);
        reached[node.kind] = true;
        place_drop(fs.nodes, node.place);
    }
    for (int kind = ROOT; kind < KINDS; kind++)
        assert_true(reached[kind]);
}

TEST(paths_print_back)
{
    for (size_t i = 0; i < COUNT(samples); i++) {
        struct buf path = BUF_INIT(4096);
        struct node node;

        assert_int_equal(walk(samples[i].path, &node), 0);
        tree_print_path(&node, &path);
        assert_string_equal(path.data, samples[i].path);
        place_drop(fs.nodes, node.place);
        buf_release(&path);
    }
}

TEST(inode_numbers_lead_back_to_the_node)
{
    for (size_t i = 0; i < COUNT(samples); i++) {
        struct node node;
        struct node found;

        assert_int_equal(walk(samples[i].path, &node), 0);
        assert_int_equal(node_of(fs.nodes, node_inode(&node), &found), 0);
        assert_int_equal(found.kind, node.kind);
        assert_int_equal(found.partition, node.partition);
        assert_ptr_equal(found.place, node.place);
        place_drop(fs.nodes, node.place);
    }
}

TEST(names_that_no_service_could_hold_are_enoent)
{
    static const char *const paths[] = {
        ".Trash",
        ".hidden",
        "autorun.inf",
        "app",
        "appsx",
        "Apps",
        "apps/.git",
        "apps/%",
        "apps/a b",
        "apps/a%20b%",
        "apps/caf\xe9",
        "apps/billing/.orders",
        "apps/billing/orders/00",
        "apps/billing/orders/-1",
        "apps/billing/orders/33554432",
        "apps/billing/orders/x",
        "apps/billing/orders/shardId-7",
        "apps/billing/orders/0/checkpoint~",
        "apps/billing/orders/0/.checkpoint.swp",
        "apps/billing/orders/0/earliest",
        "checkpoints/.git",
        "checkpoints/billing/.git",
        "streams/orders/x",
        "streams/.orders",
        "streams/orders/0/cursors/at/-1",
        "streams/orders/0/cursors/at/+1",
        "streams/orders/0/cursors/at/x",
        "streams/orders/0/cursors/after/1.5",
        "streams/orders/0/cursors/since/yesterday",
        "streams/orders/0/cursors/since/2026-02-30T00:00:00Z",
        "streams/orders/0/cursors/before",
        "streams/orders/0/since/yesterday",
        "commits/x",
        "apps/billing/orders/0/checkpoint/x",
    };

    for (size_t i = 0; i < COUNT(paths); i++) {
        struct node node;

        if (walk(paths[i], &node) != -ENOENT)
            fail_msg("%s is found", paths[i]);
    }
}

TEST(names_that_are_too_long_are_enoent)
{
    char name[300];
    char path[400];
    struct node node;

    memset(name, 'a', sizeof(name));
    name[256] = '\0';
    snprintf(path, sizeof(path), "checkpoints/billing/orders/%s", name);
    assert_int_equal(walk(path, &node), -ENOENT);
    name[255] = '\0';
    snprintf(path, sizeof(path), "checkpoints/billing/orders/%s", name);
    assert_int_equal(walk(path, &node), 0);
    place_drop(fs.nodes, node.place);
    name[255] = 'a';
    name[256] = '\0';
    snprintf(path, sizeof(path), "apps/%s", name);
    assert_int_equal(walk(path, &node), -ENOENT);
    snprintf(path, sizeof(path), "streams/%s", name);
    assert_int_equal(walk(path, &node), -ENOENT);
}

TEST(what_a_list_may_have_is_a_node_though_the_backend_would_not_take_it)
{
    static const char *const others[] = {"apps/a.b", "apps/caf\xc3\xa9", "checkpoints/a%20b",
                                         "streams/x.y", "apps/billing/x%2Fy"};
    static const char *const usual[] = {"apps/billing", "streams/orders", "checkpoints/a/b",
                                        "apps/billing/orders/0/lag"};
    struct node node;

    for (size_t i = 0; i < COUNT(others); i++) {
        assert_int_equal(walk(others[i], &node), 0);
        assert_false(tree_takes(&fs, &node));
        place_drop(fs.nodes, node.place);
    }
    for (size_t i = 0; i < COUNT(usual); i++) {
        assert_int_equal(walk(usual[i], &node), 0);
        assert_true(tree_takes(&fs, &node));
        place_drop(fs.nodes, node.place);
    }
}

TEST(the_two_names_of_a_partition_are_found)
{
    struct node plain;
    struct node full;

    assert_int_equal(walk("apps/billing/orders/7/checkpoint", &plain), 0);
    assert_int_equal(walk("apps/billing/orders/shardId-0000000007/checkpoint", &full), 0);
    assert_int_equal(plain.partition, full.partition);
    assert_true(full.long_form && !plain.long_form);
    assert_true(node_inode(&plain) != node_inode(&full));
    place_drop(fs.nodes, plain.place);
    place_drop(fs.nodes, full.place);
}

TEST(what_the_backend_cannot_do_is_not_there)
{
    struct node node;

    backend.abilities = 0;
    assert_int_equal(walk("apps/billing/orders/0/metadata", &node), -ENOENT);
    assert_false(tree_has(&fs, METADATA));
    assert_int_equal(walk("apps/billing/orders/0/checkpoint", &node), 0);
    place_drop(fs.nodes, node.place);
}

TEST(the_skeleton_is_fixed)
{
    for (size_t i = 0; i < COUNT(samples); i++)
        assert_int_equal(tree_is_fixed(samples[i].kind), strchr(samples[i].path, '/') == NULL &&
                                                             tree_is_directory(samples[i].kind));
}

TEST(a_parent_is_a_directory)
{
    assert_int_equal(tree_parent(ROOT), ROOT);
    for (int kind = ROOT; kind < KINDS; kind++)
        assert_true(tree_is_directory(tree_parent((enum kind)kind)));
}

TEST(every_file_has_a_source_of_its_text)
{
    for (int kind = ROOT; kind < KINDS; kind++) {
        const struct row *row = tree_row((enum kind)kind);
        bool printed = row->print || row->print_states || row->print_mount || row->lines ||
                       row->get_table || row->get_cursor || row->read_records ||
                       row->source == FROM_INFO || row->source == FROM_PAGE ||
                       row->source == FROM_MEMORY;
        bool has_text = !S_ISDIR(row->mode) && row->mode & 0400;

        assert_int_equal(has_text, printed);
        assert_int_equal(has_text, row->source != FROM_NOWHERE);
        assert_true(row->naming != NAMED || row->name);
    }
}

TEST(a_file_is_writable_if_its_row_says_what_is_written)
{
    for (int kind = ROOT; kind < KINDS; kind++) {
        const struct row *row = tree_row((enum kind)kind);
        bool writable = S_ISREG(row->mode) && row->mode & 0222;

        assert_int_equal(row->writes != WRITES_NOTHING, writable);
        assert_int_equal(row->write != NULL, writable && row->writes != WRITES_BYTES);
    }
}

static struct stat attributes_of(const char *path, size_t size, int64_t when)
{
    struct stat attr;
    struct node node;

    assert_int_equal(walk(path, &node), 0);
    tree_attributes(&fs, &node, size, when, &attr);
    assert_int_equal(attr.st_ino, node_inode(&node));
    place_drop(fs.nodes, node.place);
    return attr;
}

TEST(attributes_are_those_of_an_ordinary_file)
{
    struct stat attr = attributes_of("checkpoints/billing/orders/0", 600, 1500000000);

    assert_int_equal(attr.st_mode, S_IFREG | 0644);
    assert_int_equal(attr.st_size, 600);
    assert_int_equal(attr.st_blocks, 2);
    assert_int_equal(attr.st_nlink, 1);
    assert_int_equal(attr.st_uid, 7);
    assert_int_equal(attr.st_gid, 8);
    assert_int_equal(attr.st_mtim.tv_sec, 1);
    assert_int_equal(attr.st_mtim.tv_nsec, 500000000);
}

TEST(a_time_before_1970_has_positive_nanoseconds)
{
    struct stat attr = attributes_of("checkpoints/billing/orders/0", 3, -500000000);

    assert_int_equal(attr.st_mtim.tv_sec, -1);
    assert_int_equal(attr.st_mtim.tv_nsec, 500000000);
}

TEST(a_time_that_is_not_known_is_when_the_mount_began)
{
    struct stat attr = attributes_of("apps/billing", 0, WHEN_UNKNOWN);

    assert_int_equal(attr.st_mtim.tv_sec, 0);
    assert_int_equal(attr.st_mtim.tv_nsec, 5);
    assert_int_equal(attr.st_mode, S_IFDIR | 0755);
}

TEST(what_cannot_be_written_is_0444)
{
    assert_int_equal(attributes_of("commits", 0, 0).st_mode, S_IFREG | 0444);
    assert_int_equal(attributes_of("streams/orders/0/latest", 0, 0).st_mode, S_IFREG | 0644);
    backend.abilities = 0;
    assert_int_equal(attributes_of("streams/orders/0/latest", 0, 0).st_mode, S_IFREG | 0444);
    fs.settings.read_only = true;
    assert_int_equal(attributes_of("apps/a/s/0/checkpoint", 0, 0).st_mode, S_IFREG | 0444);
}

TEST(the_umask_counts)
{
    fs.settings.umask = 077;
    assert_int_equal(attributes_of("apps", 0, 0).st_mode, S_IFDIR | 0700);
    assert_int_equal(attributes_of("apps/a/s/0/checkpoint", 0, 0).st_mode, S_IFREG | 0600);
    assert_int_equal(attributes_of("commits", 0, 0).st_mode, S_IFREG | 0400);
}

static void assert_question(const char *path, enum what what, const char *app, const char *stream)
{
    struct question question;
    struct node node;

    assert_int_equal(walk(path, &node), 0);
    assert_true(tree_question(&fs, node.kind, node.place, &question));
    assert_int_equal(question.what, what);
    assert_string_equal(question.app, app);
    assert_string_equal(question.stream, stream);
    place_drop(fs.nodes, node.place);
}

TEST(the_list_that_has_a_name)
{
    assert_question("apps/billing", WHAT_APPS, "", "");
    assert_question("checkpoints/billing", WHAT_APPS, "", "");
    assert_question("apps/billing/orders", WHAT_STREAMS, "", "");
    assert_question("checkpoints/billing/orders", WHAT_COMMITTED, "billing", "");
    assert_question("streams/orders", WHAT_STREAMS, "", "");
    assert_question("apps/billing/orders/0", WHAT_STATES, "billing", "orders");
    assert_question("streams/orders/0", WHAT_STATES, "", "orders");
    backend.abilities |= APP_IS_OF_STREAM;
    assert_question("apps/billing/orders", WHAT_STREAMS, "billing", "");
    assert_question("streams/orders", WHAT_STREAMS, "", "");
}

/* Prints README; no line is wider than a terminal. */
static struct buf print_readme(void)
{
    struct buf text = BUF_INIT(65536);

    readme_print(&fs, &text);
    assert_int_equal(buf_error(&text), 0);
    for (const char *line = text.data; *line; line += strcspn(line, "\n") + 1)
        assert_true(strcspn(line, "\n") <= 80);
    return text;
}

static bool readme_has(const char *part)
{
    struct buf text = print_readme();
    bool found = strstr(text.data, part);

    buf_release(&text);
    return found;
}

TEST(every_file_says_what_it_is)
{
    for (enum kind kind = APPS; kind < KINDS; kind++)
        assert_true(tree_is_directory(kind) || tree_row(kind)->help);
}

TEST(readme_has_what_the_backend_can_do)
{
    assert_true(readme_has("\n  apps/APP/STREAM/N/metadata "));
    assert_true(readme_has("\n* streams/STREAM/N/cursors/since/TIME "));
    assert_true(readme_has("\n* streams/STREAM/N/since/TIME "));
    assert_true(readme_has("an app (mkdir)"));
    assert_true(readme_has("committed as metadata"));
    assert_true(readme_has("Where position is -, "));
    backend.abilities = 0;
    assert_false(readme_has("metadata "));
    assert_false(readme_has("cursors"));
    assert_false(readme_has("since/"));
    assert_false(readme_has("an app (mkdir)"));
    assert_false(readme_has("committed as metadata"));
    assert_false(readme_has("Where position is -, "));
    for (unsigned bit = 0; bit < 16; bit++) {
        backend.abilities = 1U << bit;
        assert_true(readme_has("\n  apps/APP/STREAM/N/checkpoint "));
    }
}

TEST(readme_of_a_read_only_mount_tells_of_no_change)
{
    fs.settings.read_only = true;
    assert_true(readme_has("read-only"));
    assert_false(readme_has("mkdir"));
    assert_false(readme_has("shift"));
    assert_false(readme_has("temporary"));
    assert_false(readme_has("undo"));
    assert_false(readme_has("expected"));
}

TEST(readme_tells_of_the_table_and_of_undoing)
{
    assert_true(readme_has("\n  undo  "));
    assert_true(readme_has("\n  N, position, metadata, expected\n"));
    assert_true(readme_has("keeps no journal"));
    assert_false(readme_has("This mount plans"));
}

TEST(readme_of_a_mount_that_plans_says_so)
{
    fs.settings.plan = true;
    assert_true(readme_has("This mount plans"));
}

#define SCENE(test) cmocka_unit_test_setup_teardown(test, setup, teardown)

int main(void)
{
    const struct CMUnitTest tests[] = {
        SCENE(every_row_is_reached_from_the_root),
        SCENE(paths_print_back),
        SCENE(inode_numbers_lead_back_to_the_node),
        SCENE(names_that_no_service_could_hold_are_enoent),
        SCENE(names_that_are_too_long_are_enoent),
        SCENE(what_a_list_may_have_is_a_node_though_the_backend_would_not_take_it),
        SCENE(the_two_names_of_a_partition_are_found),
        SCENE(what_the_backend_cannot_do_is_not_there),
        SCENE(the_skeleton_is_fixed),
        SCENE(a_parent_is_a_directory),
        SCENE(every_file_has_a_source_of_its_text),
        SCENE(a_file_is_writable_if_its_row_says_what_is_written),
        SCENE(attributes_are_those_of_an_ordinary_file),
        SCENE(a_time_before_1970_has_positive_nanoseconds),
        SCENE(a_time_that_is_not_known_is_when_the_mount_began),
        SCENE(what_cannot_be_written_is_0444),
        SCENE(the_umask_counts),
        SCENE(the_list_that_has_a_name),
        SCENE(every_file_says_what_it_is),
        SCENE(readme_has_what_the_backend_can_do),
        SCENE(readme_of_a_read_only_mount_tells_of_no_change),
        SCENE(readme_tells_of_the_table_and_of_undoing),
        SCENE(readme_of_a_mount_that_plans_says_so),
    };

    return cmocka_run_group_tests_name("tree", tests, NULL, NULL);
}
