#include "test.h"

#include "base/timers.h"

#define MANY  500
#define TIMES 40 /* few, so that many timers have the same */

/* Numbers that look random and are the same in each run. */
static unsigned any_number(unsigned *state)
{
    *state = *state * 1103515245U + 12345U;
    return *state >> 16;
}

static struct timer *find_first(struct timer *all, const bool *started)
{
    struct timer *first = NULL;

    for (int i = 0; i < MANY; i++) {
        if (started[i] && (!first || all[i].due < first->due ||
                           (all[i].due == first->due && all[i].number < first->number)))
            first = &all[i];
    }
    return first;
}

static void start(struct timers *timers, struct timer *timer, unsigned *state)
{
    timer->due = (int64_t)(any_number(state) % TIMES);
    timers_add(timers, timer);
}

static void the_first_is_the_first_whatever_was_started_and_stopped(void **state)
{
    struct timers timers;
    struct timer all[MANY] = {0};
    bool started[MANY] = {false};
    unsigned random = 1;

    (void)state;
    timers_init(&timers);
    for (int step = 0; step < 20 * MANY; step++) {
        unsigned which = any_number(&random) % MANY;

        if (started[which])
            timers_remove(&timers, &all[which]);
        else
            start(&timers, &all[which], &random);
        started[which] = !started[which];
        assert_ptr_equal(timers_first(&timers), find_first(all, started));
    }
}

static void they_end_in_the_order_of_their_times_and_starts(void **state)
{
    struct timers timers;
    struct timer all[MANY] = {0};
    bool started[MANY];
    struct timer *first;
    unsigned random = 2;

    (void)state;
    timers_init(&timers);
    for (int i = 0; i < MANY; i++) {
        start(&timers, &all[i], &random);
        started[i] = true;
    }
    while ((first = timers_first(&timers))) {
        assert_ptr_equal(first, find_first(all, started));
        started[first - all] = false;
        timers_remove(&timers, first);
    }
    assert_null(find_first(all, started));
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(the_first_is_the_first_whatever_was_started_and_stopped),
        cmocka_unit_test(they_end_in_the_order_of_their_times_and_starts),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
