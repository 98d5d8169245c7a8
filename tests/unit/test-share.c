#include "ask.h"

#include "api/share.h"

#define WAITERS 6

struct scene;

/* One that waits, and what it does when it is told. */
struct waiter {
    struct scene *scene;
    struct call *call; /* NULL while it does not wait */
    unsigned told;
    int code; /* of the error that it was told, or 0 */
    char message[sizeof(((struct error *)0)->message)];
    char text[16];
    void (*then)(struct waiter *waiter);
};

struct scene {
    struct loop *loop;
    struct share *share; /* NULL when it was deserted and freed */
    bool frees;          /* the share, when it is deserted */
    unsigned deserted;
    struct error trouble;
    struct waiter waiters[WAITERS];
    char order[WAITERS * 4]; /* who was told, one after the other: "021" */
};

static void on_deserted(void *user)
{
    struct scene *scene = user;

    assert_true(share_is_idle(scene->share));
    scene->deserted++;
    if (!scene->frees)
        return;
    free(scene->share);
    scene->share = NULL;
}

static int setup(void **state)
{
    struct scene *scene = calloc(1, sizeof(*scene));

    *state = scene;
    scene->loop = loop_new();
    scene->share = malloc(sizeof(*scene->share));
    assert_true(scene->loop && scene->share);
    share_init(scene->share, scene->loop, "too late", 0, on_deserted, scene);
    for (size_t i = 0; i < WAITERS; i++)
        scene->waiters[i].scene = scene;
    return 0;
}

static int teardown(void **state)
{
    struct scene *scene = *state;

    assert_true(!scene->share || share_is_idle(scene->share));
    free(scene->share);
    loop_free(scene->loop);
    free(scene);
    return 0;
}

static void on_told(void *user, const struct error *error, const struct answer *answer)
{
    struct waiter *waiter = user;
    struct scene *scene = waiter->scene;
    size_t length = strlen(scene->order);

    waiter->call = NULL;
    waiter->told++;
    waiter->code = error ? error->code : 0;
    assert_true(!error || !answer->text);
    snprintf(waiter->message, sizeof(waiter->message), "%s", error ? error->message : "");
    snprintf(waiter->text, sizeof(waiter->text), "%s", answer->text ? answer->text : "");
    assert_true(length + 1 < sizeof(scene->order));
    scene->order[length] = (char)('0' + (waiter - scene->waiters));
    if (waiter->then)
        waiter->then(waiter);
}

/* One joins, with a deadline some ms from now. */
static struct waiter *join_for(struct scene *scene, size_t index, int64_t ms)
{
    struct waiter *waiter = &scene->waiters[index];
    struct ask ask = {.deadline = when_monotonic() + ms, .done = on_told, .user = waiter};
    unsigned told = waiter->told;

    assert_null(waiter->call);
    waiter->call = share_join(scene->share, &ask);
    assert_non_null(waiter->call);
    assert_int_equal(waiter->told, told);
    return waiter;
}

static struct waiter *join(struct scene *scene, size_t index)
{
    return join_for(scene, index, 60000);
}

static void give_up(struct waiter *waiter)
{
    struct call *call = waiter->call;

    assert_non_null(call);
    waiter->call = NULL;
    assert_false(call_cancel(call));
}

static void tell(struct scene *scene, const char *text)
{
    share_tell(scene->share, NULL, &(struct answer){.text = text});
}

static void run(struct scene *scene)
{
    run_for(scene->loop, 5);
}

/* Runs until a waiter has been told; what waits longer must not have been. */
static void run_until_told(struct scene *scene, const struct waiter *waiter)
{
    for (int i = 0; i < 2000 && !waiter->told; i++)
        run_for(scene->loop, 5);
    assert_int_equal(waiter->told, 1);
}

/* ---- telling */

static void all_are_told_in_the_order_in_which_they_came(void **state)
{
    struct scene *scene = *state;

    for (size_t i = 0; i < 3; i++)
        join(scene, i);
    run(scene);
    assert_string_equal(scene->order, "");
    tell(scene, "42");
    assert_string_equal(scene->order, "012");
    for (size_t i = 0; i < 3; i++)
        assert_string_equal(scene->waiters[i].text, "42");
    assert_true(share_is_idle(scene->share));
    run(scene);
    assert_string_equal(scene->order, "012");
    assert_int_equal(scene->deserted, 0);
}

/* on_told checks that the answer is empty then. */
static void an_error_is_told_to_all(void **state)
{
    struct scene *scene = *state;
    struct error error;

    error_set(&error, EACCES, "refused");
    join(scene, 0);
    join(scene, 1);
    share_tell(scene->share, &error, &(struct answer){.text = "42"});
    for (size_t i = 0; i < 2; i++) {
        assert_int_equal(scene->waiters[i].code, EACCES);
        assert_string_equal(scene->waiters[i].message, "refused");
    }
}

static void telling_nobody_deserts_nothing(void **state)
{
    struct scene *scene = *state;

    assert_true(share_is_idle(scene->share));
    tell(scene, "42");
    assert_int_equal(scene->deserted, 0);
}

static void a_share_can_be_used_again(void **state)
{
    struct scene *scene = *state;

    join(scene, 0);
    tell(scene, "1");
    join(scene, 1);
    join(scene, 0);
    assert_false(share_is_idle(scene->share));
    tell(scene, "2");
    assert_string_equal(scene->order, "010");
    assert_string_equal(scene->waiters[0].text, "2");
}

/* ---- giving up */

static void one_of_many_gives_up_alone(void **state)
{
    struct scene *scene = *state;

    for (size_t i = 0; i < 3; i++)
        join(scene, i);
    give_up(&scene->waiters[1]);
    assert_int_equal(scene->deserted, 0);
    tell(scene, "42");
    run(scene);
    assert_string_equal(scene->order, "02");
}

static void the_last_one_that_gives_up_deserts(void **state)
{
    struct scene *scene = *state;

    join(scene, 0);
    join(scene, 1);
    give_up(&scene->waiters[0]);
    assert_int_equal(scene->deserted, 0);
    give_up(&scene->waiters[1]);
    assert_int_equal(scene->deserted, 1);
    run(scene);
    assert_string_equal(scene->order, "");
    assert_int_equal(scene->deserted, 1);
}

static void what_was_deserted_may_be_joined_and_deserted_again(void **state)
{
    struct scene *scene = *state;

    give_up(join(scene, 0));
    give_up(join(scene, 0));
    assert_int_equal(scene->deserted, 2);
    join(scene, 0);
    tell(scene, "42");
    assert_int_equal(scene->waiters[0].told, 1);
    assert_int_equal(scene->deserted, 2);
}

static void what_is_deserted_may_be_freed(void **state)
{
    struct scene *scene = *state;

    scene->frees = true;
    join(scene, 0);
    give_up(join(scene, 1));
    give_up(&scene->waiters[0]);
    assert_null(scene->share);
}

/* ---- deadlines */

static void each_has_its_own_deadline(void **state)
{
    struct scene *scene = *state;

    join(scene, 0);
    join_for(scene, 1, 10);
    join(scene, 2);
    run_until_told(scene, &scene->waiters[1]);
    assert_string_equal(scene->order, "1");
    assert_int_equal(scene->waiters[1].code, ETIMEDOUT);
    assert_string_equal(scene->waiters[1].message, "too late");
    assert_int_equal(scene->deserted, 0);
    tell(scene, "42");
    assert_string_equal(scene->order, "102");
    assert_int_equal(scene->waiters[0].code, 0);
}

/* join_for checks that it is not told before it has joined. */
static void a_deadline_that_has_passed_is_told_at_once(void **state)
{
    struct scene *scene = *state;

    join_for(scene, 0, 0);
    join_for(scene, 1, -100000);
    run(scene);
    assert_int_equal(scene->waiters[0].code, ETIMEDOUT);
    assert_int_equal(scene->waiters[1].code, ETIMEDOUT);
    assert_int_equal(scene->deserted, 1);
}

static void the_last_one_whose_time_is_up_deserts(void **state)
{
    struct scene *scene = *state;

    scene->frees = true;
    join_for(scene, 0, 1);
    run_until_told(scene, &scene->waiters[0]);
    assert_int_equal(scene->deserted, 1);
    assert_null(scene->share);
}

static const struct error *trouble_of_scene(void *user)
{
    const struct scene *scene = user;

    return scene->trouble.code ? &scene->trouble : NULL;
}

static void who_is_late_learns_of_the_trouble(void **state)
{
    struct scene *scene = *state;
    struct waiter *waiter = join_for(scene, 0, 1);
    const struct waiter *second;

    assert_null(call_trouble(waiter->call));
    scene->share->trouble = trouble_of_scene;
    run_until_told(scene, waiter);
    assert_int_equal(waiter->code, ETIMEDOUT);
    error_set(&scene->trouble, EBUSY, "too many requests");
    second = join_for(scene, 1, 1);
    assert_int_equal(call_trouble(second->call)->code, EBUSY);
    run_until_told(scene, second);
    assert_int_equal(second->code, EBUSY);
    assert_string_equal(second->message, "too many requests");
}

static void who_gave_up_is_not_late(void **state)
{
    struct scene *scene = *state;

    join(scene, 1);
    give_up(join_for(scene, 0, 1));
    run_for(scene->loop, 20);
    assert_string_equal(scene->order, "");
    give_up(&scene->waiters[1]);
}

static void who_was_told_is_not_late(void **state)
{
    struct scene *scene = *state;

    join_for(scene, 0, 1);
    tell(scene, "42");
    run_for(scene->loop, 20);
    assert_string_equal(scene->order, "0");
    assert_int_equal(scene->waiters[0].code, 0);
}

static void the_grace_comes_on_top_of_the_deadline(void **state)
{
    struct scene *scene = *state;

    share_init(scene->share, scene->loop, "too late", 60000, on_deserted, scene);
    join_for(scene, 0, -30000);
    join_for(scene, 1, -90000);
    run(scene);
    assert_string_equal(scene->order, "1");
    tell(scene, "42");
    assert_string_equal(scene->waiters[0].text, "42");
}

/* ---- what a callback may do */

static void join_again(struct waiter *waiter)
{
    join(waiter->scene, (size_t)(waiter - waiter->scene->waiters));
}

static void who_joins_again_is_told_in_the_next_round(void **state)
{
    struct scene *scene = *state;

    join(scene, 0)->then = join_again;
    join(scene, 1)->then = join_again;
    join(scene, 2);
    tell(scene, "1");
    assert_string_equal(scene->order, "012");
    assert_false(share_is_idle(scene->share));
    tell(scene, "2");
    assert_string_equal(scene->order, "01201");
    assert_string_equal(scene->waiters[1].text, "2");
    give_up(&scene->waiters[0]);
    assert_int_equal(scene->deserted, 0);
    give_up(&scene->waiters[1]);
    assert_int_equal(scene->deserted, 1);
}

static void join_two_more(struct waiter *waiter)
{
    join(waiter->scene, 4);
    join(waiter->scene, 5);
}

static void who_comes_while_others_are_told_waits_for_the_next_round(void **state)
{
    struct scene *scene = *state;

    join(scene, 0)->then = join_two_more;
    join(scene, 1);
    tell(scene, "1");
    assert_string_equal(scene->order, "01");
    run(scene);
    tell(scene, "2");
    assert_string_equal(scene->order, "0145");
}

static void join_again_too_late(struct waiter *waiter)
{
    waiter->then = NULL;
    join_for(waiter->scene, 0, -1);
}

static void who_joins_again_has_a_new_deadline(void **state)
{
    struct scene *scene = *state;

    join(scene, 0)->then = join_again_too_late;
    tell(scene, "42");
    assert_string_equal(scene->order, "0");
    assert_int_equal(scene->deserted, 0);
    run(scene);
    assert_string_equal(scene->order, "00");
    assert_int_equal(scene->waiters[0].code, ETIMEDOUT);
    assert_int_equal(scene->deserted, 1);
}

static void find_it_busy(struct waiter *waiter)
{
    assert_false(share_is_idle(waiter->scene->share));
}

static void it_is_not_idle_while_the_last_one_is_told(void **state)
{
    struct scene *scene = *state;

    join(scene, 0);
    join(scene, 1)->then = find_it_busy;
    assert_false(share_is_idle(scene->share));
    tell(scene, "42");
    assert_int_equal(scene->waiters[1].told, 1);
    assert_true(share_is_idle(scene->share));
}

static void cancel_others(struct waiter *waiter)
{
    struct scene *scene = waiter->scene;

    for (size_t i = 0; i < WAITERS; i++) {
        if (scene->waiters[i].call)
            give_up(&scene->waiters[i]);
    }
}

static void cancel_next(struct waiter *waiter)
{
    give_up(waiter + 1);
}

static void a_callback_may_give_up_for_others(void **state)
{
    struct scene *scene = *state;

    for (size_t i = 0; i < 4; i++)
        join(scene, i);
    scene->waiters[0].then = cancel_next;
    tell(scene, "42");
    assert_string_equal(scene->order, "023");
    assert_int_equal(scene->deserted, 0);
}

/* Whoever tells them all is not told meanwhile that nobody waits: it knows. */
static void giving_up_for_all_others_while_they_are_told_deserts_nothing(void **state)
{
    struct scene *scene = *state;

    for (size_t i = 0; i < WAITERS; i++)
        join(scene, i);
    scene->waiters[1].then = cancel_others;
    tell(scene, "42");
    assert_string_equal(scene->order, "01");
    assert_int_equal(scene->deserted, 0);
    assert_true(share_is_idle(scene->share));
    give_up(join(scene, 0));
    assert_int_equal(scene->deserted, 1);
}

static void join_and_give_up(struct waiter *waiter)
{
    give_up(join(waiter->scene, (size_t)(waiter - waiter->scene->waiters)));
}

static void joining_and_giving_up_while_others_are_told_deserts_nothing(void **state)
{
    struct scene *scene = *state;

    join(scene, 0)->then = join_and_give_up;
    tell(scene, "42");
    assert_string_equal(scene->order, "0");
    assert_int_equal(scene->deserted, 0);
}

/* The one that was late has left before it is told. */
static void who_is_late_may_give_up_for_others(void **state)
{
    struct scene *scene = *state;

    join(scene, 1);
    join(scene, 2);
    join_for(scene, 0, 1)->then = cancel_others;
    run_until_told(scene, &scene->waiters[0]);
    assert_string_equal(scene->order, "0");
    assert_int_equal(scene->deserted, 1);
}

static void tell_the_others(struct waiter *waiter)
{
    tell(waiter->scene, "inner");
}

static void a_callback_may_tell_the_others(void **state)
{
    struct scene *scene = *state;

    join(scene, 0)->then = tell_the_others;
    join(scene, 1);
    join(scene, 2)->then = cancel_next;
    join(scene, 3);
    tell(scene, "outer");
    assert_string_equal(scene->order, "012");
    assert_string_equal(scene->waiters[0].text, "outer");
    assert_string_equal(scene->waiters[1].text, "inner");
    assert_int_equal(scene->deserted, 0);
}

#define SCENE(name) cmocka_unit_test_setup_teardown(name, setup, teardown)

int main(void)
{
    const struct CMUnitTest tests[] = {
        SCENE(all_are_told_in_the_order_in_which_they_came),
        SCENE(an_error_is_told_to_all),
        SCENE(telling_nobody_deserts_nothing),
        SCENE(a_share_can_be_used_again),
        SCENE(one_of_many_gives_up_alone),
        SCENE(the_last_one_that_gives_up_deserts),
        SCENE(what_was_deserted_may_be_joined_and_deserted_again),
        SCENE(what_is_deserted_may_be_freed),
        SCENE(each_has_its_own_deadline),
        SCENE(a_deadline_that_has_passed_is_told_at_once),
        SCENE(the_last_one_whose_time_is_up_deserts),
        SCENE(who_is_late_learns_of_the_trouble),
        SCENE(who_gave_up_is_not_late),
        SCENE(who_was_told_is_not_late),
        SCENE(the_grace_comes_on_top_of_the_deadline),
        SCENE(who_joins_again_is_told_in_the_next_round),
        SCENE(who_comes_while_others_are_told_waits_for_the_next_round),
        SCENE(who_joins_again_has_a_new_deadline),
        SCENE(it_is_not_idle_while_the_last_one_is_told),
        SCENE(a_callback_may_give_up_for_others),
        SCENE(giving_up_for_all_others_while_they_are_told_deserts_nothing),
        SCENE(joining_and_giving_up_while_others_are_told_deserts_nothing),
        SCENE(who_is_late_may_give_up_for_others),
        SCENE(a_callback_may_tell_the_others),
    };

    return cmocka_run_group_tests_name("share", tests, NULL, NULL);
}
