#include "test.h"

#include "api/fan.h"

struct scene;

/* One that is under way; it ends in the next round of the loop. */
struct job {
    struct call call;
    struct scene *scene;
    struct timer timer;
    struct ask ask;
    const char *name;
};

struct scene {
    struct loop *loop;
    struct names *names;
    size_t width;
    const char *failing; /* the name of the one that fails, or NULL */
    const char *without_memory;
    const struct error *(*trouble)(const struct call *call); /* of those under way */
    unsigned under_way;
    unsigned most;
    unsigned started;
    unsigned taken;
    unsigned cancelled;
    bool done;
    int code;
};

static void free_job(struct job *job)
{
    timer_stop(&job->timer);
    job->scene->under_way--;
    free(job);
}

static bool cancel_job(struct call *call)
{
    struct job *job = (struct job *)call;

    job->scene->cancelled++;
    free_job(job);
    return false;
}

static void end_job(void *user)
{
    static const struct answer nothing;
    struct job *job = user;
    struct scene *scene = job->scene;
    struct ask ask = job->ask;
    struct error error = {0};
    bool fails = scene->failing && !strcmp(scene->failing, job->name);

    if (fails)
        error_set(&error, EIO, "%s fails", job->name);
    free_job(job);
    ask.done(ask.user, fails ? &error : NULL, &nothing);
}

static struct call *start(void *user, const char *name, const struct ask *ask)
{
    struct scene *scene = user;
    struct job *job;

    if (scene->without_memory && !strcmp(scene->without_memory, name))
        return NULL;
    job = calloc(1, sizeof(*job));
    assert_non_null(job);
    *job = (struct job){.call = {.cancel = cancel_job, .trouble = scene->trouble},
                        .scene = scene,
                        .ask = *ask,
                        .name = name};
    scene->started++;
    if (++scene->under_way > scene->most)
        scene->most = scene->under_way;
    timer_start(scene->loop, &job->timer, 0, end_job, job);
    return &job->call;
}

static int take(void *user, const char *name, const struct error *error,
                const struct answer *answer, struct error *failure)
{
    struct scene *scene = user;

    (void)name;
    (void)answer;
    scene->taken++;
    if (!error)
        return 0;
    *failure = *error;
    return -error->code;
}

static void on_done(void *user, const struct error *error, const struct answer *answer)
{
    struct scene *scene = user;

    (void)answer;
    assert_false(scene->done);
    scene->done = true;
    scene->code = error ? error->code : 0;
    loop_stop(scene->loop);
}

static int setup(void **state)
{
    struct scene *scene = calloc(1, sizeof(*scene));

    *state = scene;
    scene->loop = loop_new();
    scene->names = names_new();
    return scene->loop && scene->names ? 0 : -1;
}

static int teardown(void **state)
{
    struct scene *scene = *state;

    assert_int_equal(scene->under_way, 0);
    names_drop(scene->names);
    loop_free(scene->loop);
    free(scene);
    return 0;
}

static struct call *begin(struct scene *scene, unsigned count)
{
    struct fan_order order = {.loop = scene->loop,
                              .names = scene->names,
                              .width = scene->width,
                              .start = start,
                              .take = take,
                              .user = scene};
    struct ask ask = {.deadline = INT64_MAX, .done = on_done, .user = scene};
    struct call *call;
    char name[16];

    for (unsigned i = 0; i < count; i++) {
        snprintf(name, sizeof(name), "%03u", i);
        assert_int_equal(names_add(scene->names, name), 0);
    }
    call = fan_start(&order, &ask);
    assert_non_null(call);
    assert_false(scene->done);
    return call;
}

static void all_are_done_a_few_at_a_time(void **state)
{
    struct scene *scene = *state;

    begin(scene, 100);
    loop_run(scene->loop);
    assert_int_equal(scene->taken, 100);
    assert_int_equal(scene->most, FAN_WIDTH);
    assert_int_equal(scene->code, 0);
}

static void as_many_at_a_time_as_are_wanted(void **state)
{
    struct scene *scene = *state;

    scene->width = 30;
    begin(scene, 100);
    loop_run(scene->loop);
    assert_int_equal(scene->taken, 100);
    assert_int_equal(scene->most, 30);
}

static void none_is_done_in_the_next_round(void **state)
{
    struct scene *scene = *state;

    begin(scene, 0);
    loop_run(scene->loop);
    assert_true(scene->done);
    assert_int_equal(scene->code, 0);
}

static void a_failure_ends_all(void **state)
{
    struct scene *scene = *state;

    scene->failing = "010";
    begin(scene, 100);
    loop_run(scene->loop);
    assert_int_equal(scene->code, EIO);
    assert_true(scene->started < 30);
}

static void no_memory_for_one_ends_all(void **state)
{
    struct scene *scene = *state;

    scene->without_memory = "003";
    begin(scene, 100);
    loop_run(scene->loop);
    assert_int_equal(scene->code, ENOMEM);
    assert_int_equal(scene->started, 3);
}

static void cancelling_cancels_what_is_under_way(void **state)
{
    struct scene *scene = *state;

    call_cancel(begin(scene, 100));
    assert_int_equal(scene->cancelled, FAN_WIDTH);
    assert_false(scene->done);
}

static const struct error *trouble_of_job(const struct call *call)
{
    static const struct error trouble = {.code = EIO};
    const struct job *job = (const struct job *)call;

    return !strcmp(job->name, job->scene->failing) ? &trouble : NULL;
}

static void the_trouble_is_that_of_one_under_way(void **state)
{
    struct scene *scene = *state;
    struct call *call;

    scene->trouble = trouble_of_job;
    scene->failing = "007";
    call = begin(scene, 100);
    assert_non_null(call_trouble(call));
    scene->failing = "another";
    assert_null(call_trouble(call));
    call_cancel(call);
}

#define SCENE(name) cmocka_unit_test_setup_teardown(name, setup, teardown)

int main(void)
{
    const struct CMUnitTest tests[] = {
        SCENE(all_are_done_a_few_at_a_time),         SCENE(as_many_at_a_time_as_are_wanted),
        SCENE(none_is_done_in_the_next_round),       SCENE(a_failure_ends_all),
        SCENE(no_memory_for_one_ends_all),           SCENE(cancelling_cancels_what_is_under_way),
        SCENE(the_trouble_is_that_of_one_under_way),
    };

    return cmocka_run_group_tests_name("fan", tests, NULL, NULL);
}
