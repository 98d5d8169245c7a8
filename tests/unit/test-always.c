#include "ask.h"

#include "base/always.h"
#include "fs/operations.h"

static unsigned told;
static char last[200];

static void hear(void *user, const char *what)
{
    assert_ptr_equal(user, &told);
    told++;
    snprintf(last, sizeof(last), "%s", what);
}

TEST(what_holds_is_true_and_not_told)
{
    always_tell(hear, &told);
    told = 0;
    assert_true(ALWAYS(told == 0));
    assert_int_equal(told, 0);
}

TEST(what_does_not_hold_is_false_and_told_with_its_place)
{
    always_tell(hear, &told);
    told = 0;
    assert_false(ALWAYS(told == 1));
    assert_int_equal(told, 1);
    assert_non_null(strstr(last, "told == 1 does not hold ("));
    assert_non_null(strstr(last, "test-always.c:"));
}

TEST(nobody_need_be_told)
{
    always_tell(NULL, NULL);
    told = 0;
    assert_false(ALWAYS(told == 1));
    assert_int_equal(told, 0);
}

/* A backend that answers before it has returned, which none may do. */
static struct call *answer_at_once(struct backend *backend, const struct ask *ask)
{
    static struct call ended;

    (void)backend;
    ask->done(ask->user, NULL, &no_answer);
    return &ended;
}

/* The program in use refuses what was asked for, once, and says so in `errors`. */
TEST(an_answer_that_comes_too_soon_is_refused_and_told)
{
    static const struct backend_operations operations = {.list_apps = answer_at_once};
    static const struct settings settings = {.timeout = 1000};
    struct loop *loop = loop_new();
    struct backend backend = {.operations = &operations, .loop = loop, .name = "hasty"};
    struct reply reply = {0};
    struct ask ask = ask_into(&reply);
    struct fs fs;

    assert_int_equal(fs_init(&fs, loop, &backend, "hasty:", &settings, NULL), 0);
    assert_non_null(backend_list_apps(&backend, &ask));
    run_until(loop, &reply);
    assert_int_equal(reply.error.code, EIO);
    assert_non_null(strstr(fs.errors.text.data, "does not hold"));
    fs_release(&fs);
    loop_free(loop);
}

static void free_nothing(struct operation *operation)
{
    (void)operation;
}

static void cancel_myself(void *user, const struct error *error, const struct answer *answer)
{
    (void)error;
    (void)answer;
    told += 100;
    assert_false(call_cancel(user));
    operation_end(user, NULL, &no_answer);
}

TEST(an_operation_that_tells_is_not_ended_or_cancelled_once_more)
{
    struct operation operation = {0};
    struct ask ask = {.done = cancel_myself, .user = &operation};

    always_tell(hear, &told);
    told = 0;
    operation_begin(&operation, NULL, &ask, free_nothing);
    operation_end(&operation, NULL, &no_answer);
    assert_int_equal(told, 102);
    always_tell(NULL, NULL);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(what_holds_is_true_and_not_told),
        cmocka_unit_test(what_does_not_hold_is_false_and_told_with_its_place),
        cmocka_unit_test(nobody_need_be_told),
        cmocka_unit_test(an_answer_that_comes_too_soon_is_refused_and_told),
        cmocka_unit_test(an_operation_that_tells_is_not_ended_or_cancelled_once_more),
    };

    return cmocka_run_group_tests_name("always", tests, NULL, NULL);
}
