/* Whose turn it is to go out to a service. */
#include "test.h"

#include "api/lanes.h"

#define MOST  64
#define CROWD 200

static struct lanes lanes;
static struct lane_place reads[CROWD];
static struct lane_place others[CROWD];

static int begin_lanes(void **state)
{
    (void)state;
    memset(reads, 0, sizeof(reads));
    memset(others, 0, sizeof(others));
    lanes_init(&lanes);
    return 0;
}

static bool may_any(const void *user, enum errand errand)
{
    (void)user;
    (void)errand;
    return true;
}

static bool may_but(const void *user, enum errand errand)
{
    return errand != *(const enum errand *)user;
}

/* Lets go as many as may of those that wait: how many. */
static unsigned let_go(unsigned most)
{
    struct lane_place *place;
    unsigned count = 0;

    for (; (place = lanes_next(&lanes, most, may_any, NULL)); count++)
        lanes_go(&lanes, place);
    return count;
}

static void wait_all(struct lane_place *places, unsigned count, enum errand errand, int64_t now)
{
    for (unsigned i = 0; i < count; i++)
        lanes_wait(&lanes, &places[i], errand, now);
}

TEST(what_hangs_leaves_room_for_each_other_errand)
{
    wait_all(reads, CROWD, ERRAND_GET_CHECKPOINT, 0);
    assert_int_equal(lanes_ready(&lanes, MOST), MOST / 2);
    assert_int_equal(let_go(MOST), MOST / 2);
    assert_int_equal(lanes_ready(&lanes, MOST), 0);
    assert_int_equal(lanes.waiting, CROWD - MOST / 2);
    wait_all(others, 100, ERRAND_GET_STATE, 0);
    assert_int_equal(let_go(MOST), MOST / 4);
    wait_all(others + 100, 1, ERRAND_COMMIT, 0);
    assert_int_equal(lanes_ready(&lanes, MOST), 1);
    assert_int_equal(let_go(MOST), 1);
    assert_int_equal(others[100].state, LANE_UNDER_WAY);
}

TEST(what_ends_makes_room_for_the_next_in_order)
{
    wait_all(reads, CROWD, ERRAND_GET_CHECKPOINT, 0);
    let_go(MOST);
    lanes_leave(&lanes, &reads[7]);
    assert_ptr_equal(lanes_next(&lanes, MOST, may_any, NULL), &reads[MOST / 2]);
    /* One that waits again is the last. */
    lanes_wait(&lanes, &reads[7], ERRAND_GET_CHECKPOINT, 1);
    assert_int_equal(let_go(MOST), 1);
    assert_int_equal(reads[7].state, LANE_WAITING);
    assert_int_equal(lanes.under_way, MOST / 2);
}

TEST(who_came_first_goes_first_and_what_is_urgent_before)
{
    lanes_wait(&lanes, &reads[0], ERRAND_GET_CHECKPOINT, 0);
    lanes_wait(&lanes, &reads[1], ERRAND_GET_STATE, 1);
    lanes_wait(&lanes, &others[0], ERRAND_COMMIT, LANES_LEAD_MS - 1);
    lanes_wait(&lanes, &others[1], ERRAND_PREPARE, LANES_LEAD_MS - 1);
    assert_int_equal(let_go(1), 1);
    assert_int_equal(others[0].state, LANE_UNDER_WAY);
    lanes_leave(&lanes, &others[0]);
    assert_ptr_equal(lanes_next(&lanes, 1, may_any, NULL), &others[1]);
    lanes_leave(&lanes, &others[1]);
    assert_ptr_equal(lanes_next(&lanes, 1, may_any, NULL), &reads[0]);
}

TEST(nothing_urgent_holds_others_up_for_ever)
{
    lanes_wait(&lanes, &reads[0], ERRAND_GET_CHECKPOINT, 0);
    wait_all(others, 3, ERRAND_COMMIT, LANES_LEAD_MS + 1);
    assert_ptr_equal(lanes_next(&lanes, 1, may_any, NULL), &reads[0]);
}

TEST(nobody_goes_where_there_is_no_room)
{
    wait_all(reads, 3, ERRAND_GET_CHECKPOINT, 0);
    assert_int_equal(let_go(0), 0);
    assert_int_equal(let_go(1), 1);
    assert_int_equal(let_go(1), 0);
    /* There may be less room than is taken. */
    assert_int_equal(let_go(3), 1);
    assert_null(lanes_next(&lanes, 1, may_any, NULL));
}

TEST(an_errand_that_may_not_go_holds_up_no_other)
{
    enum errand barred = ERRAND_GET_CHECKPOINT;

    wait_all(reads, 2, ERRAND_GET_CHECKPOINT, 0);
    assert_null(lanes_next(&lanes, MOST, may_but, &barred));
    lanes_wait(&lanes, &others[0], ERRAND_READ_RECORDS, 5);
    assert_ptr_equal(lanes_next(&lanes, MOST, may_but, &barred), &others[0]);
}

TEST(all_that_wait_are_found)
{
    struct lane_place *place = NULL;
    unsigned count = 0;

    assert_null(lanes_after(&lanes, NULL));
    wait_all(reads, 3, ERRAND_READ_RECORDS, 0);
    wait_all(others, 2, ERRAND_OTHER, 0);
    assert_true(lanes_has(&lanes, ERRAND_OTHER));
    lanes_go(&lanes, &others[0]);
    lanes_leave(&lanes, &others[1]);
    assert_false(lanes_has(&lanes, ERRAND_OTHER));
    while ((place = lanes_after(&lanes, place)))
        assert_ptr_equal(place, &reads[count++]);
    assert_int_equal(count, 3);
}

TEST(every_errand_has_a_name_and_what_changes_is_urgent)
{
    for (enum errand errand = 0; errand < ERRANDS; errand++) {
        assert_non_null(errand_name(errand));
        assert_true(!errand_changes(errand) || errand_is_urgent(errand));
    }
    assert_true(errand_changes(ERRAND_CREATE_APP) && errand_changes(ERRAND_APPEND_RECORDS));
    assert_false(errand_changes(ERRAND_OTHER) || errand_changes(ERRAND_LIST_APPS));
    assert_false(errand_changes(ERRAND_PREPARE));
    assert_int_equal(errand_within(ERRAND_OTHER, ERRAND_GET_STATE), ERRAND_GET_STATE);
    assert_int_equal(errand_within(ERRAND_PREPARE, ERRAND_GET_STATE), ERRAND_PREPARE);
    assert_int_equal(errand_within(ERRAND_PREPARE, ERRAND_COMMIT), ERRAND_COMMIT);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test_setup(what_hangs_leaves_room_for_each_other_errand, begin_lanes),
        cmocka_unit_test_setup(what_ends_makes_room_for_the_next_in_order, begin_lanes),
        cmocka_unit_test_setup(who_came_first_goes_first_and_what_is_urgent_before, begin_lanes),
        cmocka_unit_test_setup(nothing_urgent_holds_others_up_for_ever, begin_lanes),
        cmocka_unit_test_setup(nobody_goes_where_there_is_no_room, begin_lanes),
        cmocka_unit_test_setup(an_errand_that_may_not_go_holds_up_no_other, begin_lanes),
        cmocka_unit_test_setup(all_that_wait_are_found, begin_lanes),
        cmocka_unit_test_setup(every_errand_has_a_name_and_what_changes_is_urgent, begin_lanes),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
