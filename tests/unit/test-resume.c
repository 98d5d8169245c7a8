#include "fake.h"

#include "api/resume.h"

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

static struct call *start(struct scene *scene)
{
    struct ask ask = ask_into(&scene->reply);
    struct call *call = resume_cursor(&scene->fake.backend, "billing", "orders", 7, &ask);

    assert_int_equal(scene->reply.count, 0);
    return call;
}

static int resume(struct scene *scene)
{
    reply_release(&scene->reply);
    buf_reset(&scene->fake.log);
    assert_non_null(start(scene));
    run_until(scene->loop, &scene->reply);
    return scene->reply.error.code;
}

static void a_cursor_resumes_after_the_checkpoint(void **state)
{
    struct scene *scene = *state;

    scene->fake.sequence = "41";
    assert_int_equal(resume(scene), 0);
    assert_string_equal(scene->fake.log.data, "get cursor=after:41");
    assert_string_equal(scene->reply.text, "a cursor");
}

static void a_checkpoint_that_is_next_is_where_it_resumes(void **state)
{
    struct scene *scene = *state;

    scene->fake.sequence = "41";
    scene->fake.backend.checkpoint_is_next = true;
    assert_int_equal(resume(scene), 0);
    assert_string_equal(scene->fake.log.data, "get cursor=at:41");
}

static void without_a_checkpoint_it_is_at_the_oldest_record(void **state)
{
    struct scene *scene = *state;

    assert_int_equal(resume(scene), 0);
    assert_string_equal(scene->fake.log.data, "get cursor=earliest");
}

static void each_cursor_is_new(void **state)
{
    struct scene *scene = *state;

    scene->fake.sequence = "41";
    assert_int_equal(resume(scene), 0);
    assert_int_equal(resume(scene), 0);
    assert_string_equal(scene->fake.log.data, "get cursor=after:41");
}

static void a_failure_of_either_step_is_told(void **state)
{
    struct scene *scene = *state;

    scene->fake.failure = EACCES;
    scene->fake.failing = "get";
    assert_int_equal(resume(scene), EACCES);
    assert_string_equal(scene->fake.log.data, "get");
    scene->fake.failing = "cursor";
    assert_int_equal(resume(scene), EACCES);
    assert_string_equal(scene->fake.log.data, "get cursor=earliest");
}

static void no_memory_for_a_step_is_enomem(void **state)
{
    struct scene *scene = *state;

    scene->fake.out_of_memory = "get";
    assert_int_equal(resume(scene), ENOMEM);
    scene->fake.out_of_memory = "cursor";
    assert_int_equal(resume(scene), ENOMEM);
}

static void it_can_be_cancelled_at_each_step(void **state)
{
    struct scene *scene = *state;

    scene->fake.manual = true;
    for (unsigned steps = 0; steps < 2; steps++) {
        struct call *call = start(scene);

        for (unsigned i = 0; i < steps; i++)
            fake_answer_next(&scene->fake);
        call_cancel(call);
        assert_int_equal(scene->fake.cancelled, steps + 1);
    }
    run_for(scene->loop, 1);
    assert_int_equal(scene->reply.count, 0);
}

/* Records */

static int read_on(struct scene *scene, const char *committed)
{
    struct ask ask = ask_into(&scene->reply);
    struct resume_order order = {.app = "billing",
                                 .stream = "orders",
                                 .partition = 7,
                                 .committed = committed,
                                 .limit = 1000};

    reply_release(&scene->reply);
    buf_reset(&scene->fake.log);
    ask = ask_into(&scene->reply);
    assert_non_null(resume_records(&scene->fake.backend, &order, &ask));
    run_until(scene->loop, &scene->reply);
    return scene->reply.error.code;
}

static void records_are_read_after_the_checkpoint(void **state)
{
    struct scene *scene = *state;

    scene->fake.sequence = "41";
    assert_int_equal(read_on(scene, NULL), 0);
    assert_string_equal(scene->fake.log.data, "get read=after:41");
    assert_string_equal(scene->reply.lines, "a line\n");
    assert_string_equal(scene->reply.text, "41");
    scene->fake.sequence = NULL;
    assert_int_equal(read_on(scene, NULL), 0);
    assert_string_equal(scene->fake.log.data, "get read=earliest");
    assert_string_equal(scene->reply.text, "");
}

static void what_is_known_to_be_committed_is_not_asked_for(void **state)
{
    struct scene *scene = *state;

    assert_int_equal(read_on(scene, "41"), 0);
    assert_string_equal(scene->fake.log.data, "read=after:41");
    assert_int_equal(read_on(scene, ""), 0);
    assert_string_equal(scene->fake.log.data, "read=earliest");
    scene->fake.backend.checkpoint_is_next = true;
    assert_int_equal(read_on(scene, "41"), 0);
    assert_string_equal(scene->fake.log.data, "read=at:41");
}

static void what_is_lost_is_a_failure_that_says_what_is_left(void **state)
{
    struct scene *scene = *state;

    scene->fake.failing = "read";
    scene->fake.failure = ERANGE;
    scene->fake.earliest = "60";
    assert_int_equal(read_on(scene, "41"), ERANGE);
    assert_string_equal(scene->fake.log.data, "read=after:41 locate=earliest");
    assert_non_null(strstr(scene->reply.error.message, "the oldest has number 60"));
    assert_int_equal(read_on(scene, ""), ERANGE);
    assert_string_equal(scene->fake.log.data, "read=earliest");
    assert_int_equal(read_on(scene, "60"), ERANGE);
    assert_non_null(strstr(scene->reply.error.message, "there are not so many records"));
}

#define SCENE(test) cmocka_unit_test_setup_teardown(test, setup, teardown)

int main(void)
{
    const struct CMUnitTest tests[] = {
        SCENE(a_cursor_resumes_after_the_checkpoint),
        SCENE(a_checkpoint_that_is_next_is_where_it_resumes),
        SCENE(without_a_checkpoint_it_is_at_the_oldest_record),
        SCENE(each_cursor_is_new),
        SCENE(a_failure_of_either_step_is_told),
        SCENE(no_memory_for_a_step_is_enomem),
        SCENE(it_can_be_cancelled_at_each_step),
        SCENE(records_are_read_after_the_checkpoint),
        SCENE(what_is_known_to_be_committed_is_not_asked_for),
        SCENE(what_is_lost_is_a_failure_that_says_what_is_left),
    };

    return cmocka_run_group_tests_name("resume", tests, NULL, NULL);
}
