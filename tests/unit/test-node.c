#include "test.h"

#include "api/name.h"
#include "fs/node.h"

static struct nodes *nodes;

static int setup(void **state)
{
    (void)state;
    nodes = nodes_new();
    assert_non_null(nodes);
    return 0;
}

static int teardown(void **state)
{
    (void)state;
    nodes_free(nodes);
    return 0;
}

/* A node whose place is held. */
static struct node node_at(enum kind kind, const char *app, const char *stream, const char *text)
{
    struct node node = {.kind = kind, .place = place_get(nodes, app, stream, text)};

    assert_non_null(node.place);
    return node;
}

TEST(the_root_is_inode_1)
{
    struct node root = node_at(ROOT, "", "", "");
    struct node found;

    assert_int_equal(node_inode(&root), 1);
    assert_int_equal(node_of(nodes, 1, &found), 0);
    assert_int_equal(found.kind, ROOT);
    assert_string_equal(found.place->app, "");
    place_drop(nodes, root.place);
}

TEST(what_has_no_names_has_the_empty_place_which_never_goes)
{
    struct node apps = node_at(APPS, "", "", "");

    assert_int_equal(nodes_count(nodes), 0);
    node_remember(&apps);
    place_drop(nodes, apps.place);
    node_forget(nodes, node_inode(&apps), 1);
    assert_ptr_equal(place_find(nodes, "", "", ""), apps.place);
    assert_int_equal(node_of(nodes, node_inode(&apps), &apps), 0);
}

TEST(an_inode_number_stands_for_all_of_a_node)
{
    static const uint32_t partitions[] = {0, 1, 4711, PARTITION_MAX};

    for (size_t i = 0; i < COUNT(partitions); i++) {
        for (int kind = ROOT; kind < KINDS; kind++) {
            struct node node = node_at((enum kind)kind, "billing", "orders", "x");
            struct node found;

            node.partition = partitions[i];
            node.long_form = kind % 2;
            assert_int_equal(node_of(nodes, node_inode(&node), &found), 0);
            assert_int_equal(found.kind, node.kind);
            assert_int_equal(found.partition, node.partition);
            assert_int_equal(found.long_form, node.long_form);
            assert_ptr_equal(found.place, node.place);
            place_drop(nodes, node.place);
        }
    }
}

TEST(the_greatest_partition_touches_no_other_part)
{
    struct node node = node_at(CHECKPOINT, "billing", "orders", "");
    uint64_t first = node_inode(&node);

    node.partition = PARTITION_MAX;
    assert_int_equal(node_inode(&node) >> 32, first >> 32);
    assert_int_equal(node_inode(&node) & 0x7f, first & 0x7f);
    assert_int_equal(node_inode(&node) >> 7 & 0x1ffffff, PARTITION_MAX);
    place_drop(nodes, node.place);
}

TEST(the_two_names_of_a_partition_are_two_inodes)
{
    struct node node = node_at(APP_PARTITION, "billing", "orders", "");
    uint64_t plain = node_inode(&node);

    node.long_form = true;
    assert_true(node_inode(&node) != plain);
    place_drop(nodes, node.place);
}

TEST(inode_numbers_are_the_same_after_the_kernel_forgot_them)
{
    struct node node = node_at(CHECKPOINT, "billing", "orders", "");
    uint64_t inode = node_inode(&node);
    struct nodes *others;

    place_drop(nodes, node.place);
    assert_int_equal(nodes_count(nodes), 0);
    node = node_at(CHECKPOINT, "billing", "orders", "");
    assert_true(node_inode(&node) == inode);
    place_drop(nodes, node.place);
    others = nodes;
    setup(NULL);
    node = node_at(CHECKPOINT, "billing", "orders", "");
    assert_true(node_inode(&node) == inode);
    place_drop(nodes, node.place);
    nodes_free(others);
}

TEST(a_place_lives_from_the_first_lookup_until_all_is_forgotten)
{
    struct node node = node_at(CHECKPOINT, "billing", "orders", "");
    struct node other = node;
    struct node found;

    other.kind = METADATA;
    node_remember(&node);
    node_remember(&node);
    node_remember(&other);
    place_drop(nodes, node.place);
    assert_int_equal(nodes_count(nodes), 1);
    node_forget(nodes, node_inode(&node), 2);
    assert_int_equal(node_of(nodes, node_inode(&node), &found), 0);
    node_forget(nodes, node_inode(&other), 1);
    assert_int_equal(nodes_count(nodes), 0);
}

TEST(a_place_that_is_held_or_made_is_kept)
{
    struct node node = node_at(SAVED_STREAM, "billing", "orders", "");

    node_remember(&node);
    assert_ptr_equal(place_hold(node.place), node.place);
    place_drop(nodes, node.place);
    node_forget(nodes, node_inode(&node), 1);
    assert_int_equal(nodes_count(nodes), 1);
    node.place->made = true;
    place_drop(nodes, node.place);
    assert_int_equal(nodes_count(nodes), 1);
    place_hold(node.place);
    node.place->made = false;
    place_drop(nodes, node.place);
    assert_int_equal(nodes_count(nodes), 0);
}

TEST(no_place_is_left_after_a_hundred_thousand_forgets)
{
    for (int round = 0; round < 2; round++) {
        for (unsigned i = 0; i < 100000; i++) {
            struct node node = node_at(CHECKPOINT, "billing", "orders", "");

            node.partition = i;
            node_remember(&node);
            place_drop(nodes, node.place);
        }
        assert_int_equal(nodes_count(nodes), 1);
        for (unsigned i = 0; i < 100000; i++) {
            struct node node = {.kind = CHECKPOINT, .partition = i};

            node.place = place_find(nodes, "billing", "orders", "");
            node_forget(nodes, node_inode(&node), 1);
        }
        assert_int_equal(nodes_count(nodes), 0);
    }
}

TEST(more_forgets_than_lookups_do_no_harm)
{
    struct node node = node_at(CHECKPOINT, "billing", "orders", "");
    uint64_t inode = node_inode(&node);

    node_remember(&node);
    node_forget(nodes, inode, UINT64_MAX);
    assert_int_equal(nodes_count(nodes), 1);
    place_drop(nodes, node.place);
    assert_int_equal(nodes_count(nodes), 0);
    node_forget(nodes, inode, 1);
    node_forget(nodes, UINT64_MAX, 1);
    node_forget(nodes, 0, 1);
}

TEST(what_the_kernel_cannot_know_is_estale)
{
    struct node node = node_at(CHECKPOINT, "billing", "orders", "");
    uint64_t inode = node_inode(&node);
    struct node found;

    assert_int_equal(node_of(nodes, inode & ~UINT64_C(0x3f), &found), -ESTALE);
    assert_int_equal(node_of(nodes, (inode & ~UINT64_C(0x3f)) | KINDS, &found), -ESTALE);
    assert_int_equal(node_of(nodes, inode ^ UINT64_C(1) << 32, &found), -ESTALE);
    assert_int_equal(node_of(nodes, 0, &found), -ESTALE);
    assert_int_equal(node_of(nodes, UINT64_MAX, &found), -ESTALE);
    place_drop(nodes, node.place);
    assert_int_equal(node_of(nodes, inode, &found), -ESTALE);
}

TEST(names_do_not_run_into_each_other)
{
    struct place *places[] = {place_get(nodes, "ab", "c", ""), place_get(nodes, "a", "bc", ""),
                              place_get(nodes, "abc", "", ""), place_get(nodes, "", "abc", ""),
                              place_get(nodes, "", "ab", "c"), place_get(nodes, "", "", "abc")};

    assert_int_equal(nodes_count(nodes), COUNT(places));
    for (size_t i = 0; i < COUNT(places); i++) {
        for (size_t j = 0; j < i; j++)
            assert_int_not_equal(places[i]->id, places[j]->id);
    }
    for (size_t i = 0; i < COUNT(places); i++)
        place_drop(nodes, places[i]);
    assert_int_equal(nodes_count(nodes), 0);
}

TEST(a_place_is_found_by_its_names_only_while_it_is_known)
{
    struct place *place = place_get(nodes, "billing", "orders", "x");

    assert_ptr_equal(place_find(nodes, "billing", "orders", "x"), place);
    assert_ptr_equal(place_get(nodes, "billing", "orders", "x"), place);
    assert_null(place_find(nodes, "billing", "orders", ""));
    place_drop(nodes, place);
    place_drop(nodes, place);
    assert_null(place_find(nodes, "billing", "orders", "x"));
}

static void count_place(struct place *place, void *user)
{
    unsigned *counts = user;

    counts[strtoul(place->text, NULL, 10)]++;
}

TEST(every_place_is_visited_once)
{
    struct place *places[100];
    unsigned counts[100] = {0};

    for (size_t i = 0; i < COUNT(places); i++) {
        char text[8];

        snprintf(text, sizeof(text), "%zu", i);
        places[i] = place_get(nodes, "a", "s", text);
    }
    place_each(nodes, count_place, counts);
    for (size_t i = 0; i < COUNT(places); i++) {
        assert_int_equal(counts[i], 1);
        place_drop(nodes, places[i]);
    }
}

static void unmake_even(struct place *place, void *user)
{
    (void)user;
    place->made = strtoul(place->text, NULL, 10) % 2;
}

TEST(places_that_a_visit_frees_of_their_need_are_gone_after_it)
{
    for (size_t i = 0; i < 100; i++) {
        struct place *place;
        char text[8];

        snprintf(text, sizeof(text), "%zu", i);
        place = place_get(nodes, "a", "s", text);
        assert_non_null(place);
        place->made = true;
        place_drop(nodes, place);
    }
    assert_int_equal(nodes_count(nodes), 100);
    place_each(nodes, unmake_even, NULL);
    assert_int_equal(nodes_count(nodes), 50);
    assert_null(place_find(nodes, "a", "s", "42"));
    assert_non_null(place_find(nodes, "a", "s", "43"));
}

TEST(a_listing_has_the_inode_numbers_that_lookups_give)
{
    uint64_t listed = node_inode_of(nodes, APP_STREAM, "billing", "orders", "");
    struct node node;

    assert_int_equal(nodes_count(nodes), 0);
    node = node_at(APP_STREAM, "billing", "orders", "");
    assert_true(node_inode(&node) == listed);
    assert_true(node_inode_of(nodes, APP_STREAM, "billing", "orders", "") == listed);
    place_drop(nodes, node.place);
}

/* Collisions */

#define CANDIDATES 300000

struct candidate {
    uint64_t inode;
    unsigned number;
};

static int compare_candidates(const void *a, const void *b)
{
    uint64_t left = ((const struct candidate *)a)->inode;
    uint64_t right = ((const struct candidate *)b)->inode;

    return (left > right) - (left < right);
}

/* Finds two names whose ids are equal: among 300,000 there are some ten pairs. */
static void find_collision(char a[static 16], char b[static 16])
{
    struct candidate *candidates = calloc(CANDIDATES, sizeof(*candidates));
    size_t i = 1;

    assert_non_null(candidates);
    for (unsigned n = 0; n < CANDIDATES; n++) {
        snprintf(a, 16, "%u", n);
        candidates[n] = (struct candidate){node_inode_of(nodes, APP, a, "", ""), n};
    }
    qsort(candidates, CANDIDATES, sizeof(*candidates), compare_candidates);
    while (i < CANDIDATES && candidates[i].inode != candidates[i - 1].inode)
        i++;
    assert_true(i < CANDIDATES);
    snprintf(a, 16, "%u", candidates[i - 1].number);
    snprintf(b, 16, "%u", candidates[i].number);
    free(candidates);
}

TEST(of_two_places_with_equal_ids_the_later_one_moves)
{
    char a[16];
    char b[16];
    struct node first;
    struct node second;
    struct node found;
    uint64_t inode;

    find_collision(a, b);
    first = node_at(APP, a, "", "");
    inode = node_inode(&first);
    second = node_at(APP, b, "", "");
    assert_true(node_inode(&second) != inode);
    assert_int_equal(node_of(nodes, inode, &found), 0);
    assert_string_equal(found.place->app, a);
    assert_int_equal(node_of(nodes, node_inode(&second), &found), 0);
    assert_string_equal(found.place->app, b);
    place_drop(nodes, first.place);
    assert_int_equal(node_of(nodes, inode, &found), -ESTALE);
    place_drop(nodes, second.place);
    second = node_at(APP, b, "", "");
    assert_true(node_inode(&second) == inode);
    place_drop(nodes, second.place);
}

TEST(a_place_of_its_own_is_an_inode_of_its_own_and_the_same_file)
{
    struct node file = node_at(CURSOR, "billing", "orders", "");
    struct node own[] = {file, file};
    struct node found;

    for (int i = 0; i < 2; i++) {
        own[i].place = place_own(nodes, file.place);
        assert_non_null(own[i].place);
        assert_string_equal(own[i].place->app, "billing");
        assert_true(node_inode(&own[i]) != node_inode(&file));
        assert_true(node_number(&own[i]) == node_inode(&file));
        assert_int_equal(node_of(nodes, node_inode(&own[i]), &found), 0);
        assert_ptr_equal(found.place, own[i].place);
    }
    assert_true(node_inode(&own[0]) != node_inode(&own[1]));
    assert_ptr_equal(place_find(nodes, "billing", "orders", ""), file.place);
    place_drop(nodes, own[0].place);
    place_drop(nodes, own[1].place);
    place_drop(nodes, file.place);
}

TEST(a_place_of_its_own_keeps_its_file_s_until_it_is_forgotten)
{
    struct node node = node_at(CURSOR, "billing", "orders", "");
    struct place *file = node.place;
    uint64_t inode;

    node.place = place_own(nodes, file);
    assert_non_null(node.place);
    place_drop(nodes, file);
    node_remember(&node);
    place_drop(nodes, node.place);
    assert_int_equal(nodes_count(nodes), 2);
    inode = node_inode(&node);
    node_forget(nodes, inode, 1);
    assert_int_equal(nodes_count(nodes), 0);
    assert_int_equal(node_of(nodes, inode, &node), -ESTALE);
}

TEST(places_of_their_own_take_no_number_of_another)
{
    struct place *of = place_get(nodes, "billing", "", "");
    struct place *own;

    assert_non_null(of);
    own = place_own(nodes, of);
    assert_non_null(own);
    assert_true(own->id >> 31);
    assert_false(of->id >> 31);
    place_drop(nodes, own);
    place_drop(nodes, of);
}

TEST(a_place_for_one_node_is_one_inode_under_any_name)
{
    struct node name = node_at(SCRATCH, "billing", "orders", ".a");
    struct node other = node_at(SCRATCH_INSIDE, "billing", "payments", ".d/b");
    struct place *alone = place_alone(nodes, &name);
    struct node found;
    uint64_t inode;

    assert_non_null(alone);
    inode = node_inode(&alone->alone);
    assert_true(inode != node_inode(&name));
    assert_true(node_number(&alone->alone) == inode && node_file(&alone->alone) == inode);
    assert_ptr_equal(place_named(alone), name.place);
    place_drop(nodes, name.place);
    place_rename(nodes, alone, &other);
    assert_null(place_find(nodes, "billing", "orders", ".a"));
    assert_int_equal(node_of(nodes, inode, &found), 0);
    assert_true(node_inode(&found) == inode && node_number(&found) == inode);
    assert_ptr_equal(found.place, alone);
    assert_int_equal(found.kind, SCRATCH_INSIDE);
    assert_string_equal(alone->stream, "payments");
    assert_string_equal(alone->text, ".d/b");
    place_drop(nodes, other.place);
    place_drop(nodes, alone);
    assert_int_equal(nodes_count(nodes), 0);
}

/* Directories that are made again. A look-up, with which the kernel knows the directory. */

static struct node look_up(enum kind kind, uint32_t partition)
{
    struct node node = node_at(kind, "billing", "orders", "");

    node.partition = partition;
    assert_int_equal(node_become_latest(nodes, &node), 0);
    node_remember(&node);
    place_drop(nodes, node.place);
    return node;
}

/* As rmdir has it: by the names. */
static void rmdir_of(enum kind kind, uint32_t partition)
{
    struct node node = node_at(kind, "billing", "orders", "");

    node.partition = partition;
    node_note_removed(nodes, &node);
    place_drop(nodes, node.place);
}

static void forget(const struct node *node)
{
    node_forget(nodes, node_inode(node), 1);
}

TEST(a_directory_that_is_made_again_is_another)
{
    struct node first = look_up(APP_PARTITION, 7);
    struct node second;
    struct node third;
    struct node found;

    rmdir_of(APP_PARTITION, 7);
    assert_true(node_is_removed(nodes, &first));
    second = look_up(APP_PARTITION, 7);
    assert_true(node_inode(&second) != node_inode(&first));
    assert_true(node_inode(&second) == node_number(&second));
    assert_int_equal(second.partition, 7);
    assert_false(node_is_removed(nodes, &second));
    assert_ptr_equal(look_up(APP_PARTITION, 7).place, second.place);
    assert_true(node_latest_inode(nodes, &first) == node_inode(&second));
    assert_int_equal(node_of(nodes, node_inode(&second), &found), 0);
    assert_int_equal(found.kind, APP_PARTITION);
    assert_int_equal(found.partition, 7);
    rmdir_of(APP_PARTITION, 7);
    third = look_up(APP_PARTITION, 7);
    assert_true(node_is_removed(nodes, &second));
    assert_true(node_inode(&third) != node_inode(&second));
    forget(&first);
    node_forget(nodes, node_inode(&second), 2);
    assert_ptr_equal(look_up(APP_PARTITION, 7).place, third.place);
    node_forget(nodes, node_inode(&third), 2);
    assert_int_equal(nodes_count(nodes), 0);
}

TEST(a_directory_that_is_made_again_has_its_number_when_the_old_one_is_forgotten)
{
    struct node sibling = look_up(APP_STREAM, 0);
    struct node first = look_up(SAVED_STREAM, 0);
    struct node again;

    rmdir_of(SAVED_STREAM, 0);
    forget(&first);
    again = look_up(SAVED_STREAM, 0);
    assert_true(node_inode(&again) == node_inode(&first));
    rmdir_of(SAVED_STREAM, 0);
    again = look_up(SAVED_STREAM, 0);
    assert_true(node_inode(&again) != node_inode(&first));
    rmdir_of(SAVED_STREAM, 0);
    forget(&again);
    again = look_up(SAVED_STREAM, 0);
    assert_true(node_inode(&again) != node_inode(&first));
    forget(&first);
    forget(&again);
    again = look_up(SAVED_STREAM, 0);
    assert_true(node_inode(&again) == node_inode(&first));
    forget(&again);
    forget(&sibling);
    assert_int_equal(nodes_count(nodes), 0);
}

TEST(other_directories_of_a_place_stay_what_they_are)
{
    struct node sibling = look_up(APP_STREAM, 0);
    struct node partition = look_up(APP_PARTITION, 8);
    struct node removed = look_up(APP_PARTITION, 7);

    rmdir_of(APP_PARTITION, 7);
    assert_false(node_is_removed(nodes, &sibling));
    assert_false(node_is_removed(nodes, &partition));
    assert_true(node_inode(&sibling) == node_latest_inode(nodes, &sibling));
    assert_true(node_inode(&partition) == node_latest_inode(nodes, &partition));
    forget(&removed);
    forget(&partition);
    forget(&sibling);
    assert_int_equal(nodes_count(nodes), 0);
}

TEST(a_listing_has_the_number_of_a_directory_that_was_made_again)
{
    struct node first = look_up(APP_STREAM, 0);
    struct node again;

    rmdir_of(APP_STREAM, 0);
    again = look_up(APP_STREAM, 0);
    assert_true(node_inode_of(nodes, APP_STREAM, "billing", "orders", "") == node_inode(&again));
    forget(&first);
    forget(&again);
    assert_int_equal(nodes_count(nodes), 0);
}

TEST(a_listing_gives_a_place_that_would_move_its_moved_number)
{
    char a[16];
    char b[16];
    struct node first;
    struct node second;
    uint64_t listed;

    find_collision(a, b);
    first = node_at(APP, a, "", "");
    listed = node_inode_of(nodes, APP, b, "", "");
    second = node_at(APP, b, "", "");
    assert_true(listed == node_inode(&second));
    place_drop(nodes, first.place);
    place_drop(nodes, second.place);
}

#define SCENE(test) cmocka_unit_test_setup_teardown(test, setup, teardown)

int main(void)
{
    const struct CMUnitTest tests[] = {
        SCENE(the_root_is_inode_1),
        SCENE(what_has_no_names_has_the_empty_place_which_never_goes),
        SCENE(an_inode_number_stands_for_all_of_a_node),
        SCENE(the_greatest_partition_touches_no_other_part),
        SCENE(the_two_names_of_a_partition_are_two_inodes),
        SCENE(inode_numbers_are_the_same_after_the_kernel_forgot_them),
        SCENE(a_place_lives_from_the_first_lookup_until_all_is_forgotten),
        SCENE(a_place_that_is_held_or_made_is_kept),
        SCENE(no_place_is_left_after_a_hundred_thousand_forgets),
        SCENE(more_forgets_than_lookups_do_no_harm),
        SCENE(what_the_kernel_cannot_know_is_estale),
        SCENE(names_do_not_run_into_each_other),
        SCENE(a_place_is_found_by_its_names_only_while_it_is_known),
        SCENE(every_place_is_visited_once),
        SCENE(places_that_a_visit_frees_of_their_need_are_gone_after_it),
        SCENE(a_listing_has_the_inode_numbers_that_lookups_give),
        SCENE(of_two_places_with_equal_ids_the_later_one_moves),
        SCENE(a_place_of_its_own_is_an_inode_of_its_own_and_the_same_file),
        SCENE(a_place_of_its_own_keeps_its_file_s_until_it_is_forgotten),
        SCENE(places_of_their_own_take_no_number_of_another),
        SCENE(a_place_for_one_node_is_one_inode_under_any_name),
        SCENE(a_directory_that_is_made_again_is_another),
        SCENE(a_directory_that_is_made_again_has_its_number_when_the_old_one_is_forgotten),
        SCENE(other_directories_of_a_place_stay_what_they_are),
        SCENE(a_listing_has_the_number_of_a_directory_that_was_made_again),
        SCENE(a_listing_gives_a_place_that_would_move_its_moved_number),
    };

    return cmocka_run_group_tests_name("node", tests, NULL, NULL);
}
