#include "fake.h"

#include "api/move.h"

struct scene {
    struct loop *loop;
    struct fake fake;
    struct reply reply;
};

static int setup(void **state)
{
    struct scene *scene = calloc(1, sizeof(*scene));

    assert_non_null(scene);
    scene->loop = loop_new();
    assert_non_null(scene->loop);
    fake_init(&scene->fake, scene->loop);
    scene->fake.earliest = "10";
    scene->fake.latest = "100";
    *state = scene;
    return 0;
}

static int teardown(void **state)
{
    struct scene *scene = *state;

    reply_release(&scene->reply);
    fake_release(&scene->fake);
    loop_free(scene->loop);
    free(scene);
    return 0;
}

/* Judges a move, and returns the errno or 0. */
static int judge(struct scene *scene, const char *from, const char *to)
{
    struct move move = {.stream = "orders", .partition = 7, .from = from, .to = to};
    struct ask ask = ask_into(&scene->reply);

    reply_release(&scene->reply);
    assert_non_null(move_judge(&scene->fake.backend, &move, &ask));
    run_until(scene->loop, &scene->reply);
    return scene->reply.error.code;
}

static void assert_move(struct scene *scene, const char *from, const char *to, const char *text)
{
    assert_int_equal(judge(scene, from, to), 0);
    assert_string_equal(scene->reply.text, text);
}

static void a_move_back_replays_and_one_forward_skips(void **state)
{
    struct scene *scene = *state;

    assert_move(scene, "50", "40", "replays 10");
    assert_move(scene, "50", "60", "skips 10");
    assert_move(scene, "50", "50", "replays 0");
    assert_string_equal(scene->fake.log.data, "partition partition partition");
}

static void only_records_that_are_kept_count(void **state)
{
    struct scene *scene = *state;

    assert_move(scene, "50", NULL, "replays 41");
    assert_move(scene, NULL, "50", "skips 41");
    assert_move(scene, NULL, NULL, "replays 0");
    assert_move(scene, "3", "50", "skips 41");
    assert_move(scene, "200", "50", "replays 49");
    assert_move(scene, "50", "99", "skips 49");
}

static void numbers_may_name_the_next_record(void **state)
{
    struct scene *scene = *state;

    scene->fake.backend.checkpoint_is_next = true;
    assert_move(scene, "50", NULL, "replays 40");
    assert_move(scene, "50", "100", "skips 50");
}

static void numbers_have_any_size(void **state)
{
    struct scene *scene = *state;

    scene->fake.latest = "123456789012345678901234567999";
    assert_move(scene, "123456789012345678901234567890", "11",
                "replays 123456789012345678901234567879");
}

static void what_is_outside_is_refused_unless_the_backend_takes_it(void **state)
{
    struct scene *scene = *state;

    assert_int_equal(judge(scene, "50", "100"), ERANGE);
    assert_int_equal(judge(scene, "50", "8"), ERANGE);
    assert_move(scene, "50", "9", "replays 41");
    scene->fake.backend.checks_no_range = true;
    assert_move(scene, "50", "100", "skips 49");
    assert_move(scene, "50", "8", "replays 41");
}

static void without_an_end_any_number_may_be_right(void **state)
{
    struct scene *scene = *state;

    scene->fake.has_no_end = true;
    assert_move(scene, "50", "1000", "skips 950");
    assert_move(scene, "1000", "50", "replays 950");
    assert_move(scene, NULL, "50", "skips 41");
}

static void what_is_no_number_cannot_be_counted(void **state)
{
    struct scene *scene = *state;

    assert_move(scene, "cursor", "50", "replays or skips what cannot be counted");
}

static void a_partition_that_is_not_there_is_told(void **state)
{
    struct scene *scene = *state;

    scene->fake.failing = "partition";
    scene->fake.failure = ENOENT;
    assert_int_equal(judge(scene, "50", "40"), ENOENT);
}

#define SCENE(name) cmocka_unit_test_setup_teardown(name, setup, teardown)

int main(void)
{
    const struct CMUnitTest tests[] = {
        SCENE(a_move_back_replays_and_one_forward_skips),
        SCENE(only_records_that_are_kept_count),
        SCENE(numbers_may_name_the_next_record),
        SCENE(numbers_have_any_size),
        SCENE(what_is_outside_is_refused_unless_the_backend_takes_it),
        SCENE(without_an_end_any_number_may_be_right),
        SCENE(what_is_no_number_cannot_be_counted),
        SCENE(a_partition_that_is_not_there_is_told),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
