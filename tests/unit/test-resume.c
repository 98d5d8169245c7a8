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
    };

    return cmocka_run_group_tests_name("resume", tests, NULL, NULL);
}
