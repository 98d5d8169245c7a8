#include "test.h"

#include <linux/sched.h>
#include <signal.h>
#include <sys/prctl.h>
#include <sys/syscall.h>
#include <sys/wait.h>

#include "fs/caller.h"

/* A stopped process takes no signal: those that it gets wait, as those do of one amid a request. */

static void take(int signal)
{
    (void)signal;
}

/* Starts a process that handles some signals, blocks SIGUSR2, and is stopped. It dies with us. */
static pid_t start(void)
{
    static const int handled[] = {SIGCHLD, SIGWINCH, SIGURG, SIGTERM, SIGALRM, SIGUSR2};
    pid_t child = fork();
    sigset_t blocked;
    int status;

    assert_true(child >= 0);
    if (!child) {
        /* A shell's background jobs have SIGINT and SIGQUIT ignored, and pass that on. */
        for (int i = 1; i < SIGRTMIN; i++)
            signal(i, SIG_DFL);
        for (size_t i = 0; i < COUNT(handled); i++)
            signal(handled[i], take);
        signal(SIGIO, SIG_IGN);
        sigemptyset(&blocked);
        sigaddset(&blocked, SIGUSR2);
        sigprocmask(SIG_BLOCK, &blocked, NULL);
        prctl(PR_SET_PDEATHSIG, SIGKILL);
        raise(SIGSTOP);
        _exit(0);
    }
    assert_int_equal(waitpid(child, &status, WUNTRACED), child);
    assert_true(WIFSTOPPED(status));
    return child;
}

static void end(pid_t child)
{
    kill(child, SIGKILL);
    assert_int_equal(waitpid(child, NULL, 0), child);
}

/* What is so when a process has got these signals; 0 for none. */
static void check(int first, int second, bool wants_out)
{
    pid_t child = start();

    assert_true(!first || !kill(child, first));
    assert_true(!second || !kill(child, second));
    if (caller_wants_out(child) != wants_out)
        fail_msg("%d and %d", first, second);
    end(child);
}

TEST(a_signal_that_asks_a_program_to_end_ends_a_wait)
{
    check(SIGTERM, 0, true);
    check(SIGINT, 0, true);
    check(SIGQUIT, 0, true);
    check(SIGHUP, 0, true);
}

TEST(so_does_one_that_ends_it_as_it_is_not_handled)
{
    check(SIGUSR1, 0, true);
    check(SIGPROF, SIGWINCH, true);
    check(SIGRTMIN, 0, true);
}

TEST(one_that_is_handled_or_ignored_does_not)
{
    check(SIGALRM, 0, false);
    check(SIGIO, 0, false);
    check(SIGALRM, SIGCHLD, false);
}

TEST(a_stop_does_not)
{
    check(SIGTSTP, 0, false);
    check(SIGTTIN, SIGTTOU, false);
}

TEST(what_a_program_need_not_hear_of_does_not)
{
    check(0, 0, false);
    check(SIGCHLD, 0, false);
    check(SIGWINCH, 0, false);
    check(SIGURG, SIGCHLD, false);
}

TEST(another_signal_does_so_beside_it)
{
    check(SIGCHLD, SIGTERM, true);
    check(SIGALRM, SIGTERM, true);
}

TEST(a_signal_that_is_blocked_does_not)
{
    check(SIGUSR2, 0, false);
    check(SIGUSR2, SIGCHLD, false);
}

TEST(who_is_not_seen_is_let_go)
{
    pid_t child = start();

    end(child);
    assert_true(caller_wants_out(child));
    assert_true(caller_wants_out(0));
}

TEST(a_caller_is_known_by_its_command)
{
    struct caller caller;

    caller_describe(&caller, 7, getpid());
    assert_string_equal(caller.command, "test-caller");
    assert_int_equal(caller.uid, 7);
    assert_int_equal(caller.pid, getpid());
    caller_describe(&caller, 7, 0);
    assert_string_equal(caller.command, "-");
}

static void check_command(pid_t thread, const char *expected)
{
    struct caller caller;

    caller_describe(&caller, 1000, thread);
    assert_int_equal(caller.uid, 1000);
    assert_int_equal(caller.pid, thread);
    assert_string_equal(caller.command, expected);
}

/* Its number is `wanted`, or any for 0; false when it cannot have that one. */
static bool start_named(const char *name, pid_t wanted, pid_t *child)
{
    struct clone_args arguments = {.exit_signal = SIGCHLD,
                                   .set_tid = wanted ? (uint64_t)(uintptr_t)&wanted : 0,
                                   .set_tid_size = wanted ? 1 : 0};

    *child = (pid_t)syscall(SYS_clone3, &arguments, sizeof(arguments));
    if (!*child) {
        prctl(PR_SET_NAME, name);
        syscall(SYS_kill, syscall(SYS_getpid), SIGSTOP);
        syscall(SYS_exit_group, 0);
    }
    if (*child > 0)
        assert_int_equal(waitpid(*child, NULL, WUNTRACED), *child);
    return *child > 0;
}

TEST(the_name_is_the_one_of_today)
{
    char own[16];

    prctl(PR_GET_NAME, own);
    check_command(getpid(), own);
    prctl(PR_SET_NAME, "another");
    check_command(getpid(), "another");
    prctl(PR_SET_NAME, own);
    check_command(0, "-");
    check_command(getpid(), own);
}

TEST(who_gets_the_number_of_another_does_not_get_its_name)
{
    pid_t first;
    pid_t second;

    assert_true(start_named("first", 0, &first));
    check_command(first, "first");
    end(first);
    check_command(first, "-");
    assert_true(start_named("first", 0, &first));
    check_command(first, "first");
    end(first);
    if (!start_named("second", first, &second))
        skip();
    check_command(second, "second");
    end(second);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(the_name_is_the_one_of_today),
        cmocka_unit_test(who_gets_the_number_of_another_does_not_get_its_name),
        cmocka_unit_test(a_signal_that_asks_a_program_to_end_ends_a_wait),
        cmocka_unit_test(so_does_one_that_ends_it_as_it_is_not_handled),
        cmocka_unit_test(one_that_is_handled_or_ignored_does_not),
        cmocka_unit_test(a_stop_does_not),
        cmocka_unit_test(what_a_program_need_not_hear_of_does_not),
        cmocka_unit_test(another_signal_does_so_beside_it),
        cmocka_unit_test(a_signal_that_is_blocked_does_not),
        cmocka_unit_test(who_is_not_seen_is_let_go),
        cmocka_unit_test(a_caller_is_known_by_its_command),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
