#include "test.h"

#include <sys/resource.h>

#include "base/worker.h"

/* A worker that counts what it is asked to, up to what it is given. */
struct counter {
    struct worker worker;
    struct loop *loop;
    unsigned wanted; /* guarded by the worker's lock, as all below */
    unsigned counted;
    bool pauses;
    unsigned paused;
    unsigned ready; /* the loop's */
};

static void *count_on(void *user)
{
    struct counter *counter = user;

    worker_lock(&counter->worker);
    while (!counter->worker.stop) {
        if (counter->counted < counter->wanted) {
            counter->counted++;
            worker_wake_loop(&counter->worker);
        } else if (counter->pauses) {
            worker_pause(&counter->worker, 1);
            counter->paused++;
            worker_wake_loop(&counter->worker);
        } else {
            worker_await(&counter->worker);
        }
    }
    worker_unlock(&counter->worker);
    return NULL;
}

static void note_ready(void *user)
{
    struct counter *counter = user;
    bool enough;

    counter->ready++;
    worker_lock(&counter->worker);
    enough = counter->counted == counter->wanted && (!counter->pauses || counter->paused > 2);
    worker_unlock(&counter->worker);
    if (enough)
        loop_stop(counter->loop);
}

static void start_counter(struct counter *counter)
{
    counter->loop = loop_new();
    assert_non_null(counter->loop);
    assert_int_equal(worker_start(&counter->worker, counter->loop, count_on, note_ready, counter),
                     0);
    assert_true(counter->worker.runs);
}

static void stop_counter(struct counter *counter)
{
    worker_stop(&counter->worker);
    assert_false(counter->worker.runs);
    loop_free(counter->loop);
}

TEST(each_wakes_the_other)
{
    struct counter counter = {.wanted = 0};

    start_counter(&counter);
    for (unsigned i = 1; i <= 3; i++) {
        worker_lock(&counter.worker);
        counter.wanted += 1000;
        worker_wake(&counter.worker);
        worker_unlock(&counter.worker);
        loop_run(counter.loop);
        assert_true(counter.ready >= i);
        worker_lock(&counter.worker);
        assert_int_equal(counter.counted, 1000 * i);
        worker_unlock(&counter.worker);
    }
    stop_counter(&counter);
}

TEST(a_pause_ends_though_nobody_wakes_the_thread)
{
    struct counter counter = {.pauses = true};

    start_counter(&counter);
    loop_run(counter.loop);
    stop_counter(&counter);
    assert_true(counter.paused > 2);
}

TEST(one_that_waits_is_stopped)
{
    struct counter counter = {.wanted = 0};

    start_counter(&counter);
    stop_counter(&counter);
    worker_stop(&counter.worker);
}

TEST(without_a_descriptor_it_is_not_started)
{
    struct counter counter = {.loop = loop_new()};
    struct rlimit limit;
    struct rlimit none;
    int status;

    assert_non_null(counter.loop);
    assert_int_equal(getrlimit(RLIMIT_NOFILE, &limit), 0);
    none = (struct rlimit){.rlim_cur = 0, .rlim_max = limit.rlim_max};
    assert_int_equal(setrlimit(RLIMIT_NOFILE, &none), 0);
    status = worker_start(&counter.worker, counter.loop, count_on, note_ready, &counter);
    assert_int_equal(setrlimit(RLIMIT_NOFILE, &limit), 0);
    assert_int_equal(status, -EMFILE);
    assert_false(counter.worker.runs);
    worker_stop(&counter.worker);
    loop_free(counter.loop);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(each_wakes_the_other),
        cmocka_unit_test(a_pause_ends_though_nobody_wakes_the_thread),
        cmocka_unit_test(one_that_waits_is_stopped),
        cmocka_unit_test(without_a_descriptor_it_is_not_started),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
