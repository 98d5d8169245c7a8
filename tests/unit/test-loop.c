#include "test.h"

#include <fcntl.h>
#include <sys/eventfd.h>

#include "base/loop.h"
#include "base/when.h"

#define MANY     1000 /* descriptors: more than can be watched */
#define TOGETHER 200  /* more than a round takes */

/* What the callbacks of a test share. */
struct scene {
    struct loop *loop;
    char order[32];
    struct timer timers[4];
    int fds[2];
    unsigned fired;
    unsigned ready;
};

static int setup(void **state)
{
    struct scene *scene = calloc(1, sizeof(*scene));

    assert_non_null(scene);
    scene->loop = loop_new();
    assert_non_null(scene->loop);
    scene->fds[0] = scene->fds[1] = -1;
    *state = scene;
    return 0;
}

static int teardown(void **state)
{
    struct scene *scene = *state;

    for (size_t i = 0; i < COUNT(scene->timers); i++)
        timer_stop(&scene->timers[i]);
    for (size_t i = 0; i < COUNT(scene->fds); i++) {
        if (scene->fds[i] >= 0)
            close(scene->fds[i]);
    }
    loop_free(scene->loop);
    free(scene);
    return 0;
}

/* The scene of the test under way, for callbacks that note just a letter. */
static struct scene *current;

static void note(const char *letter)
{
    size_t length = strlen(current->order);

    assert_true(length + 1 < sizeof(current->order));
    current->order[length] = *letter;
    current->order[length + 1] = '\0';
}

static void note_letter(void *user)
{
    note(user);
}

static void stop(void *user)
{
    struct scene *scene = user;

    loop_stop(scene->loop);
}

static void start_letters(struct scene *scene, int64_t first, int64_t second, int64_t third)
{
    static char letters[][2] = {"a", "b", "c"};

    current = scene;
    timer_start(scene->loop, &scene->timers[0], first, note_letter, letters[0]);
    timer_start(scene->loop, &scene->timers[1], second, note_letter, letters[1]);
    timer_start(scene->loop, &scene->timers[2], third, note_letter, letters[2]);
    timer_start(scene->loop, &scene->timers[3], 30, stop, scene);
}

static void timers_fire_in_the_order_of_their_times(void **state)
{
    struct scene *scene = *state;

    start_letters(scene, 20, 1, 10);
    loop_run(scene->loop);
    assert_string_equal(scene->order, "bca");
}

/* The clock may tick between two starts; the order is the same all the same. */
static void timers_of_the_same_time_fire_in_the_order_they_were_started(void **state)
{
    struct scene *scene = *state;

    start_letters(scene, 0, 0, 0);
    loop_run(scene->loop);
    assert_string_equal(scene->order, "abc");
}

static void a_timer_fires_once(void **state)
{
    struct scene *scene = *state;

    start_letters(scene, 0, 5, 10);
    loop_run(scene->loop);
    timer_start(scene->loop, &scene->timers[3], 5, stop, scene);
    loop_run(scene->loop);
    assert_string_equal(scene->order, "abc");
}

static void a_timer_that_is_stopped_does_not_fire(void **state)
{
    struct scene *scene = *state;
    struct timer never = {0};

    timer_stop(&never);
    start_letters(scene, 0, 0, 0);
    timer_stop(&scene->timers[1]);
    timer_stop(&scene->timers[1]);
    loop_run(scene->loop);
    assert_string_equal(scene->order, "ac");
}

static void a_timer_started_anew_fires_at_its_new_time_only(void **state)
{
    struct scene *scene = *state;
    static char letter[] = "d";

    start_letters(scene, 0, 10, 10);
    timer_start(scene->loop, &scene->timers[0], 20, note_letter, letter);
    loop_run(scene->loop);
    assert_string_equal(scene->order, "bcd");
}

static void a_timer_of_a_time_that_never_comes_does_not_fire(void **state)
{
    struct scene *scene = *state;

    start_letters(scene, INT64_MAX, INT64_MIN, 0);
    loop_run(scene->loop);
    assert_string_equal(scene->order, "bc");
    timer_stop(&scene->timers[0]);
}

static void stop_another(void *user)
{
    struct scene *scene = user;

    timer_stop(&scene->timers[1]);
    note("x");
}

static void a_callback_may_stop_a_timer_that_is_due(void **state)
{
    struct scene *scene = *state;

    start_letters(scene, 0, 0, 10);
    timer_start(scene->loop, &scene->timers[2], 0, stop_another, scene);
    timer_start(scene->loop, &scene->timers[1], 0, note_letter, scene->order);
    loop_run(scene->loop);
    assert_string_equal(scene->order, "ax");
}

static void restart(void *user)
{
    struct scene *scene = user;

    scene->fired++;
    timer_start(scene->loop, &scene->timers[0], 0, restart, scene);
}

static void count_and_stop(void *user)
{
    struct scene *scene = user;

    scene->ready++;
    loop_stop(scene->loop);
}

static void open_pipe(struct scene *scene)
{
    assert_int_equal(pipe2(scene->fds, O_CLOEXEC | O_NONBLOCK), 0);
}

static void a_timer_that_restarts_itself_starves_no_descriptor(void **state)
{
    struct scene *scene = *state;

    open_pipe(scene);
    assert_int_equal(loop_watch(scene->loop, scene->fds[0], count_and_stop, scene), 0);
    timer_start(scene->loop, &scene->timers[0], 0, restart, scene);
    assert_int_equal(write(scene->fds[1], "x", 1), 1);
    loop_run(scene->loop);
    assert_int_equal(scene->ready, 1);
    assert_true(scene->fired <= 1);
}

static void a_timer_that_restarts_itself_starves_no_timer(void **state)
{
    struct scene *scene = *state;

    timer_start(scene->loop, &scene->timers[0], 0, restart, scene);
    timer_start(scene->loop, &scene->timers[1], 5, stop, scene);
    loop_run(scene->loop);
    assert_true(scene->fired >= 1);
}

static void a_delay_of_0_in_a_callback_fires_in_the_next_round(void **state)
{
    struct scene *scene = *state;

    timer_start(scene->loop, &scene->timers[0], 0, restart, scene);
    timer_start(scene->loop, &scene->timers[1], 0, stop, scene);
    loop_run(scene->loop);
    assert_int_equal(scene->fired, 1);
    timer_start(scene->loop, &scene->timers[1], 0, stop, scene);
    loop_run(scene->loop);
    assert_int_equal(scene->fired, 2);
}

static void watches_call_while_there_is_something_to_read(void **state)
{
    struct scene *scene = *state;

    open_pipe(scene);
    assert_int_equal(loop_watch(scene->loop, scene->fds[0], count_and_stop, scene), 0);
    assert_int_equal(write(scene->fds[1], "x", 1), 1);
    loop_run(scene->loop);
    loop_run(scene->loop);
    assert_int_equal(scene->ready, 2);
}

static void a_descriptor_with_nothing_to_read_is_not_called(void **state)
{
    struct scene *scene = *state;

    open_pipe(scene);
    assert_int_equal(loop_watch(scene->loop, scene->fds[0], count_and_stop, scene), 0);
    timer_start(scene->loop, &scene->timers[0], 5, stop, scene);
    loop_run(scene->loop);
    assert_int_equal(scene->ready, 0);
}

static void unwatched_descriptors_are_not_called(void **state)
{
    struct scene *scene = *state;

    open_pipe(scene);
    assert_int_equal(loop_watch(scene->loop, scene->fds[0], count_and_stop, scene), 0);
    loop_unwatch(scene->loop, scene->fds[0]);
    loop_unwatch(scene->loop, scene->fds[0]);
    assert_int_equal(write(scene->fds[1], "x", 1), 1);
    timer_start(scene->loop, &scene->timers[0], 5, stop, scene);
    loop_run(scene->loop);
    assert_int_equal(scene->ready, 0);
}

static void a_descriptor_is_watched_for_writing_as_long_as_that_is_wanted(void **state)
{
    struct scene *scene = *state;
    int reading;

    open_pipe(scene);
    reading = scene->fds[0];
    assert_int_equal(loop_watch(scene->loop, scene->fds[1], count_and_stop, scene), 0);
    timer_start(scene->loop, &scene->timers[0], 5, stop, scene);
    loop_run(scene->loop);
    assert_int_equal(scene->ready, 0);
    loop_watch_writing(scene->loop, reading, true); /* which is not watched */
    loop_watch_writing(scene->loop, scene->fds[1], true);
    loop_run(scene->loop);
    loop_run(scene->loop);
    assert_int_equal(scene->ready, 2);
    loop_watch_writing(scene->loop, scene->fds[1], false);
    timer_start(scene->loop, &scene->timers[0], 5, stop, scene);
    loop_run(scene->loop);
    assert_int_equal(scene->ready, 2);
}

static void the_end_of_a_pipe_is_told(void **state)
{
    struct scene *scene = *state;

    open_pipe(scene);
    assert_int_equal(loop_watch(scene->loop, scene->fds[0], count_and_stop, scene), 0);
    close(scene->fds[1]);
    scene->fds[1] = -1;
    timer_start(scene->loop, &scene->timers[0], 90, stop, scene);
    loop_run(scene->loop);
    assert_int_equal(scene->ready, 1);
}

static void unwatch_self(void *user)
{
    struct scene *scene = user;

    scene->ready++;
    loop_unwatch(scene->loop, scene->fds[0]);
}

static void a_callback_may_unwatch_its_own_descriptor(void **state)
{
    struct scene *scene = *state;
    struct scene other = {.loop = scene->loop};

    scene->fds[0] = eventfd(1, EFD_CLOEXEC);
    scene->fds[1] = eventfd(1, EFD_CLOEXEC);
    assert_int_equal(loop_watch(scene->loop, scene->fds[0], unwatch_self, scene), 0);
    assert_int_equal(loop_watch(scene->loop, scene->fds[1], count_and_stop, &other), 0);
    loop_run(scene->loop);
    loop_run(scene->loop);
    assert_int_equal(scene->ready, 1);
    assert_int_equal(other.ready, 2);
}

static void more_watches_than_there_is_room_for_are_enomem(void **state)
{
    struct scene *scene = *state;
    int fds[MANY];
    int count = 0;

    while (count < MANY && (fds[count] = eventfd(0, EFD_CLOEXEC)) >= 0 &&
           !loop_watch(scene->loop, fds[count], count_and_stop, scene))
        count++;
    assert_in_range(count, 500, MANY - 1);
    for (int i = 0; i <= count; i++) {
        loop_unwatch(scene->loop, fds[i]);
        close(fds[i]);
    }
}

static void one_that_is_watched_is_not_watched_twice(void **state)
{
    struct scene *scene = *state;

    scene->fds[0] = eventfd(1, EFD_CLOEXEC);
    assert_int_equal(loop_watch(scene->loop, scene->fds[0], count_and_stop, scene), 0);
    assert_int_equal(loop_watch(scene->loop, scene->fds[0], count_and_stop, scene), -ENOMEM);
    loop_unwatch(scene->loop, scene->fds[0]);
    timer_start(scene->loop, &scene->timers[0], 5, stop, scene);
    loop_run(scene->loop);
    assert_int_equal(scene->ready, 0);
}

/* One of many descriptors that are ready together. */
struct ready {
    struct scene *scene;
    int fd;
};

static void count_and_unwatch(void *user)
{
    struct ready *ready = user;

    loop_unwatch(ready->scene->loop, ready->fd);
    if (++ready->scene->ready == TOGETHER)
        loop_stop(ready->scene->loop);
}

static void all_that_are_ready_together_are_called(void **state)
{
    struct scene *scene = *state;
    struct ready ready[TOGETHER];

    for (int i = 0; i < TOGETHER; i++) {
        ready[i] = (struct ready){.scene = scene, .fd = eventfd(1, EFD_CLOEXEC)};
        assert_int_equal(loop_watch(scene->loop, ready[i].fd, count_and_unwatch, &ready[i]), 0);
    }
    loop_run(scene->loop);
    assert_int_equal(scene->ready, TOGETHER);
    for (int i = 0; i < TOGETHER; i++)
        close(ready[i].fd);
}

/* Puts another descriptor, of which there is nothing to tell, in place of the other one. */
static void replace(struct scene *scene, int old)
{
    int empty = eventfd(0, EFD_CLOEXEC);

    scene->fired++;
    loop_unwatch(scene->loop, old);
    assert_int_equal(dup3(empty, old, O_CLOEXEC), old);
    close(empty);
    assert_int_equal(loop_watch(scene->loop, old, count_and_stop, scene), 0);
    timer_start(scene->loop, &scene->timers[0], 5, stop, scene);
}

static void replace_second(void *user)
{
    struct scene *scene = user;

    loop_unwatch(scene->loop, scene->fds[0]);
    replace(scene, scene->fds[1]);
}

static void replace_first(void *user)
{
    struct scene *scene = user;

    loop_unwatch(scene->loop, scene->fds[1]);
    replace(scene, scene->fds[0]);
}

static void what_was_to_be_told_of_a_descriptor_is_not_told_of_the_next(void **state)
{
    struct scene *scene = *state;

    scene->fds[0] = eventfd(1, EFD_CLOEXEC);
    scene->fds[1] = eventfd(1, EFD_CLOEXEC);
    assert_int_equal(loop_watch(scene->loop, scene->fds[0], replace_second, scene), 0);
    assert_int_equal(loop_watch(scene->loop, scene->fds[1], replace_first, scene), 0);
    loop_run(scene->loop);
    assert_int_equal(scene->fired, 1);
    assert_int_equal(scene->ready, 0);
}

static void stop_and_restart(void *user)
{
    struct scene *scene = user;

    scene->fired++;
    loop_stop(scene->loop);
}

static void stop_ends_the_run_and_a_loop_can_run_again(void **state)
{
    struct scene *scene = *state;

    for (int i = 0; i < 3; i++) {
        timer_start(scene->loop, &scene->timers[0], 0, stop_and_restart, scene);
        loop_run(scene->loop);
    }
    assert_int_equal(scene->fired, 3);
}

static void no_timer_fires_after_a_descriptor_has_stopped_the_loop(void **state)
{
    struct scene *scene = *state;

    scene->fds[0] = eventfd(1, EFD_CLOEXEC);
    assert_int_equal(loop_watch(scene->loop, scene->fds[0], count_and_stop, scene), 0);
    timer_start(scene->loop, &scene->timers[0], 0, restart, scene);
    loop_run(scene->loop);
    assert_int_equal(scene->ready, 1);
    assert_int_equal(scene->fired, 0);
}

#define SCENE(test) cmocka_unit_test_setup_teardown(test, setup, teardown)

int main(void)
{
    const struct CMUnitTest tests[] = {
        SCENE(timers_fire_in_the_order_of_their_times),
        SCENE(timers_of_the_same_time_fire_in_the_order_they_were_started),
        SCENE(a_timer_fires_once),
        SCENE(a_timer_that_is_stopped_does_not_fire),
        SCENE(a_timer_started_anew_fires_at_its_new_time_only),
        SCENE(a_timer_of_a_time_that_never_comes_does_not_fire),
        SCENE(a_callback_may_stop_a_timer_that_is_due),
        SCENE(a_timer_that_restarts_itself_starves_no_descriptor),
        SCENE(a_timer_that_restarts_itself_starves_no_timer),
        SCENE(a_delay_of_0_in_a_callback_fires_in_the_next_round),
        SCENE(watches_call_while_there_is_something_to_read),
        SCENE(a_descriptor_with_nothing_to_read_is_not_called),
        SCENE(unwatched_descriptors_are_not_called),
        SCENE(a_descriptor_is_watched_for_writing_as_long_as_that_is_wanted),
        SCENE(the_end_of_a_pipe_is_told),
        SCENE(a_callback_may_unwatch_its_own_descriptor),
        SCENE(more_watches_than_there_is_room_for_are_enomem),
        SCENE(one_that_is_watched_is_not_watched_twice),
        SCENE(all_that_are_ready_together_are_called),
        SCENE(what_was_to_be_told_of_a_descriptor_is_not_told_of_the_next),
        SCENE(stop_ends_the_run_and_a_loop_can_run_again),
        SCENE(no_timer_fires_after_a_descriptor_has_stopped_the_loop),
    };

    return cmocka_run_group_tests_name("loop", tests, NULL, NULL);
}
