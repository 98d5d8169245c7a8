#include "ask.h"

#include "api/operation.h"

/* What an operation under test waits for; the test ends it by hand. */
struct step {
    struct call call;
    unsigned cancelled;
    bool may_have_changed; /* what its cancel says */
};

struct scene {
    struct loop *loop;
    struct reply reply;
    struct step step;
    unsigned thens;     /* how often what was asked for soon was called */
    unsigned released;  /* how many operations were freed */
    unsigned told_then; /* what had been told when the last one was */
};

struct job {
    struct operation operation;
    struct scene *scene;
};

OPERATION_FIRST(struct job);

static int setup(void **state)
{
    struct scene *scene = calloc(1, sizeof(*scene));

    *state = scene;
    scene->loop = loop_new();
    return scene->loop ? 0 : -1;
}

static int teardown(void **state)
{
    struct scene *scene = *state;

    reply_release(&scene->reply);
    loop_free(scene->loop);
    free(scene);
    return 0;
}

static bool cancel_step(struct call *call)
{
    struct step *step = (struct step *)call;

    step->cancelled++;
    return step->may_have_changed;
}

static void release_job(struct operation *operation)
{
    struct scene *scene = ((struct job *)operation)->scene;

    scene->released++;
    scene->told_then = scene->reply.count;
    free(operation);
}

static struct operation *begin(struct scene *scene)
{
    struct job *job = calloc(1, sizeof(*job));
    struct ask ask = ask_into(&scene->reply);

    assert_non_null(job);
    job->scene = scene;
    scene->step.call.cancel = cancel_step;
    operation_begin(&job->operation, scene->loop, &ask, release_job);
    return &job->operation;
}

/* Runs the loop until nothing is left to do in it. */
static void run(struct scene *scene)
{
    run_for(scene->loop, 5);
}

/* It was told once, then freed. */
static void assert_told(const struct scene *scene, int code)
{
    assert_int_equal(scene->reply.count, 1);
    assert_int_equal(scene->reply.error.code, code);
    assert_int_equal(scene->released, 1);
    assert_int_equal(scene->told_then, 1);
}

/* It was freed, and nothing has been told nor will be. */
static void assert_untold(struct scene *scene)
{
    assert_int_equal(scene->released, 1);
    run(scene);
    assert_int_equal(scene->reply.count, 0);
    assert_int_equal(scene->thens, 0);
    assert_int_equal(scene->released, 1);
}

static void the_end_tells_the_answer_and_then_frees(void **state)
{
    struct scene *scene = *state;

    operation_end(begin(scene), NULL, &(struct answer){.text = "42"});
    assert_told(scene, 0);
    assert_string_equal(scene->reply.text, "42");
    run(scene);
    assert_told(scene, 0);
}

/* note_reply checks that the answer is empty. */
static void an_end_with_an_error_has_no_answer(void **state)
{
    struct scene *scene = *state;
    struct error error;

    error_set(&error, ENOENT, "no such app");
    operation_end(begin(scene), &error, &(struct answer){.text = "42"});
    assert_told(scene, ENOENT);
    assert_string_equal(scene->reply.error.message, "no such app");
}

static void a_failure_tells_the_operations_own_error(void **state)
{
    struct scene *scene = *state;
    struct operation *operation = begin(scene);

    error_set(&operation->error, EBUSY, "held");
    operation_fail(operation);
    assert_told(scene, EBUSY);
    assert_string_equal(scene->reply.error.message, "held");
}

static void end_with_a_text(void *user)
{
    struct job *job = user;

    job->scene->thens++;
    operation_end(&job->operation, NULL, &(struct answer){.text = "later"});
}

static void what_is_known_at_once_is_told_in_the_next_round(void **state)
{
    struct scene *scene = *state;

    operation_soon(begin(scene), end_with_a_text);
    assert_int_equal(scene->thens, 0);
    assert_int_equal(scene->reply.count, 0);
    run_until(scene->loop, &scene->reply);
    assert_int_equal(scene->thens, 1);
    assert_told(scene, 0);
    assert_string_equal(scene->reply.text, "later");
}

static void a_failure_known_at_once_is_told_in_the_next_round(void **state)
{
    struct scene *scene = *state;
    struct operation *operation = begin(scene);

    error_set(&operation->error, EINVAL, "no position");
    operation_fail_soon(operation);
    assert_int_equal(scene->reply.count, 0);
    run_until(scene->loop, &scene->reply);
    assert_told(scene, EINVAL);
}

static void what_is_dropped_is_freed_and_not_told(void **state)
{
    struct scene *scene = *state;
    struct operation *operation = begin(scene);

    operation_soon(operation, end_with_a_text);
    operation_drop(operation);
    assert_untold(scene);
}

static void what_is_cancelled_is_freed_and_not_told(void **state)
{
    struct scene *scene = *state;
    struct operation *operation = begin(scene);

    operation_soon(operation, end_with_a_text);
    assert_false(call_cancel(&operation->call));
    assert_untold(scene);
}

static void cancelling_nothing_changes_nothing(void **state)
{
    (void)state;
    assert_false(call_cancel(NULL));
}

static void check_cancel(struct scene *scene, bool may_have_changed)
{
    struct operation *operation = begin(scene);

    scene->step.may_have_changed = may_have_changed;
    operation_wait(operation, &scene->step.call);
    assert_int_equal(scene->step.cancelled, 0);
    assert_int_equal(call_cancel(&operation->call), may_have_changed);
    assert_int_equal(scene->step.cancelled, 1);
    assert_untold(scene);
}

static void cancelling_cancels_the_step_and_says_what_that_said(void **state)
{
    struct scene *scene = *state;

    check_cancel(scene, true);
    scene->released = scene->step.cancelled = 0;
    check_cancel(scene, false);
}

static bool is_step_sent(const struct call *call)
{
    return ((const struct step *)call)->may_have_changed;
}

static void an_operation_is_sent_while_its_step_is(void **state)
{
    struct scene *scene = *state;
    struct operation *operation = begin(scene);

    scene->step.call.is_sent = is_step_sent;
    assert_false(call_is_sent(&operation->call));
    operation_wait(operation, &scene->step.call);
    assert_false(call_is_sent(&operation->call));
    scene->step.may_have_changed = true;
    assert_true(call_is_sent(&operation->call));
    assert_int_equal(scene->step.cancelled, 0);
    assert_true(operation_answered(operation, NULL));
    assert_false(call_is_sent(&operation->call));
    operation_drop(operation);
}

static void
a_failure_with_an_unknown_end_that_is_not_told_yet_may_have_changed_something(void **state)
{
    struct scene *scene = *state;
    struct operation *operation = begin(scene);

    error_set(&operation->error, EBADMSG, "garbled");
    operation_fail_soon(operation);
    assert_false(call_is_sent(&operation->call));
    operation->error.is_unknown = true;
    assert_true(call_is_sent(&operation->call));
    assert_true(call_cancel(&operation->call));
    run(scene);
    assert_int_equal(scene->reply.count, 0);
}

static void what_cannot_tell_is_never_sent(void **state)
{
    struct scene *scene = *state;

    scene->step.may_have_changed = true;
    assert_false(call_is_sent(&scene->step.call));
    assert_false(call_is_sent(NULL));
}

static const struct error *trouble_of_step(const struct call *call)
{
    static const struct error trouble = {.code = EIO};

    return ((const struct step *)call)->may_have_changed ? &trouble : NULL;
}

static void the_trouble_of_an_operation_is_that_of_its_step(void **state)
{
    struct scene *scene = *state;
    struct operation *operation = begin(scene);

    assert_null(call_trouble(NULL));
    assert_null(call_trouble(&operation->call));
    operation_wait(operation, &scene->step.call);
    scene->step.may_have_changed = true;
    assert_null(call_trouble(&operation->call));
    scene->step.call.trouble = trouble_of_step;
    assert_int_equal(call_trouble(&operation->call)->code, EIO);
    scene->step.may_have_changed = false;
    assert_null(call_trouble(&operation->call));
    operation_drop(operation);
}

static void a_step_has_the_same_deadline(void **state)
{
    struct scene *scene = *state;
    struct operation *operation = begin(scene);
    struct ask ask = operation_ask(operation, note_reply);

    assert_int_equal(ask.deadline, operation->ask.deadline);
    assert_ptr_equal(ask.user, operation);
    assert_true(ask.done == note_reply);
    operation_drop(operation);
}

static void an_operation_waits_for_its_step(void **state)
{
    struct scene *scene = *state;
    struct operation *operation = begin(scene);

    operation_wait(operation, &scene->step.call);
    run(scene);
    assert_int_equal(scene->reply.count, 0);
    assert_true(operation_answered(operation, NULL));
    run(scene);
    assert_int_equal(scene->reply.count, 0);
    operation_end(operation, NULL, &(struct answer){.text = "42"});
    assert_told(scene, 0);
}

static void no_memory_for_a_step_is_told_later(void **state)
{
    struct scene *scene = *state;

    operation_wait(begin(scene), NULL);
    assert_int_equal(scene->reply.count, 0);
    assert_int_equal(scene->released, 0);
    run_until(scene->loop, &scene->reply);
    assert_told(scene, ENOMEM);
}

static void no_memory_for_a_step_can_be_cancelled(void **state)
{
    struct scene *scene = *state;
    struct operation *operation = begin(scene);

    operation_wait(operation, NULL);
    assert_false(call_cancel(&operation->call));
    assert_untold(scene);
}

static void a_step_that_has_failed_fails_the_operation_with_all_it_said(void **state)
{
    struct scene *scene = *state;
    struct operation *operation = begin(scene);
    struct error error = {.code = EIO,
                          .http_status = 500,
                          .is_unknown = true,
                          .service_code = "DIS.5000",
                          .request_id = "17",
                          .message = "the service failed"};

    operation_wait(operation, &scene->step.call);
    assert_false(operation_answered(operation, &error));
    assert_told(scene, EIO);
    assert_memory_equal(&scene->reply.error, &error, sizeof(error));
    assert_int_equal(scene->step.cancelled, 0);
}

/* The first step has ended: nothing may touch it again. */
static void a_step_that_has_ended_is_not_cancelled(void **state)
{
    struct scene *scene = *state;
    struct operation *operation = begin(scene);

    scene->step.may_have_changed = true;
    operation_wait(operation, &scene->step.call);
    assert_true(operation_answered(operation, NULL));
    assert_false(call_cancel(&operation->call));
    assert_int_equal(scene->step.cancelled, 0);
    assert_untold(scene);
}

static void the_next_step_is_the_one_that_is_cancelled(void **state)
{
    struct scene *scene = *state;
    struct operation *operation = begin(scene);
    struct step next = {.call = {.cancel = cancel_step}};

    operation_wait(operation, &scene->step.call);
    assert_true(operation_answered(operation, NULL));
    operation_wait(operation, &next.call);
    call_cancel(&operation->call);
    assert_int_equal(scene->step.cancelled, 0);
    assert_int_equal(next.cancelled, 1);
}

/* An operation that takes its steps one after the other, each known only soon. */
static void take_last_step(void *user, const struct error *error, const struct answer *answer)
{
    struct operation *operation = user;

    if (operation_answered(operation, error))
        operation_end(operation, NULL, answer);
}

static void take_first_step(void *user, const struct error *error, const struct answer *answer)
{
    struct operation *operation = user;
    struct scene *scene = ((struct job *)operation)->scene;
    struct job *last = calloc(1, sizeof(*last));
    struct ask ask = operation_ask(operation, take_last_step);

    (void)answer;
    assert_non_null(last);
    if (!operation_answered(operation, error))
        return;
    last->scene = scene;
    operation_begin(&last->operation, scene->loop, &ask, release_job);
    operation_soon(&last->operation, end_with_a_text);
    operation_wait(operation, &last->operation.call);
}

static struct operation *begin_with_steps(struct scene *scene)
{
    struct operation *operation = begin(scene);
    struct job *first = calloc(1, sizeof(*first));
    struct ask ask = operation_ask(operation, take_first_step);

    assert_non_null(first);
    first->scene = scene;
    operation_begin(&first->operation, scene->loop, &ask, release_job);
    operation_soon(&first->operation, end_with_a_text);
    operation_wait(operation, &first->operation.call);
    return operation;
}

static void operations_are_steps_of_operations(void **state)
{
    struct scene *scene = *state;

    begin_with_steps(scene);
    run_until(scene->loop, &scene->reply);
    assert_string_equal(scene->reply.text, "later");
    assert_int_equal(scene->thens, 2);
    assert_int_equal(scene->released, 3);
}

static void cancelling_reaches_the_steps_of_steps(void **state)
{
    struct scene *scene = *state;

    call_cancel(&begin_with_steps(scene)->call);
    assert_int_equal(scene->released, 2);
    run(scene);
    assert_int_equal(scene->thens, 0);
    assert_int_equal(scene->reply.count, 0);
}

#define SCENE(name) cmocka_unit_test_setup_teardown(name, setup, teardown)

int main(void)
{
    const struct CMUnitTest tests[] = {
        SCENE(the_end_tells_the_answer_and_then_frees),
        SCENE(an_end_with_an_error_has_no_answer),
        SCENE(a_failure_tells_the_operations_own_error),
        SCENE(what_is_known_at_once_is_told_in_the_next_round),
        SCENE(a_failure_known_at_once_is_told_in_the_next_round),
        SCENE(what_is_dropped_is_freed_and_not_told),
        SCENE(what_is_cancelled_is_freed_and_not_told),
        SCENE(cancelling_nothing_changes_nothing),
        SCENE(cancelling_cancels_the_step_and_says_what_that_said),
        SCENE(an_operation_is_sent_while_its_step_is),
        SCENE(a_failure_with_an_unknown_end_that_is_not_told_yet_may_have_changed_something),
        SCENE(what_cannot_tell_is_never_sent),
        SCENE(the_trouble_of_an_operation_is_that_of_its_step),
        SCENE(a_step_has_the_same_deadline),
        SCENE(an_operation_waits_for_its_step),
        SCENE(no_memory_for_a_step_is_told_later),
        SCENE(no_memory_for_a_step_can_be_cancelled),
        SCENE(a_step_that_has_failed_fails_the_operation_with_all_it_said),
        SCENE(a_step_that_has_ended_is_not_cancelled),
        SCENE(the_next_step_is_the_one_that_is_cancelled),
        SCENE(operations_are_steps_of_operations),
        SCENE(cancelling_reaches_the_steps_of_steps),
    };

    return cmocka_run_group_tests_name("operation", tests, NULL, NULL);
}
