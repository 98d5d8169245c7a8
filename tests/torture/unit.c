#include <setjmp.h>
#include <signal.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include <errno.h>
#include <stdbool.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/time.h>
#include <sys/wait.h>
#include <time.h>
#include <unistd.h>

#include <sanitizer/common_interface_defs.h>
#include <sanitizer/lsan_interface.h>

#include "tests/torture/memory.h"

/*
 * Every allocation of a unit test fails once. Linked into each test program, this does nothing
 * unless TORTURE is in the environment: then it takes the place of cmocka's runner, and runs each
 * test again and again in processes of its own, with the n-th allocation failing, until a run ends
 * without having reached the n-th. TORTURE is "EVERY OFFSET": n is OFFSET + 1, and then every
 * EVERY-th; "1 0" is all. Where a test allocates more than DENSE times, the steps grow from there
 * on with n. With "stacks SHARES SHARE", one fails on each way through the program on which the
 * test allocates (memory.h), and of the tests each SHARES-th is run.
 *
 * What is a finding: a signal (a crash, what base/always.h found broken, a minute's work
 * without an end), a report of a sanitizer, a leak, and an assertion that fails twice although no
 * allocation has failed. What is none: an assertion that fails afterwards, as a test may well
 * expect success. Such a run ends where the assertion failed, before cmocka jumps: what the test
 * still holds is on its stack then, and whatever is not reachable from there is a leak of the
 * program, not of the test. So faults are not seen that would come after the first assertion that
 * fails, nor leaks of what an old word on the stack still points to.
 *
 * What the group's and the test's own setup and teardown allocate never fails.
 *
 * Prints a line for each finding, with what the run printed, and "NAME: TESTS tests, N allocations
 * failed, M findings" at the end. Exits with 1 if there are findings.
 */

/* How long a run may take, of the processor and in all: others may keep it busy. */
#define SECONDS_BUSY 60
#define SECONDS_MAX  300

#define DENSE 1000

/* How a run ends; a sanitizer ends it with 1. */
enum end { PASSED = 10, REFUSED = 11, LEAKED = 12 };

struct order {
    unsigned every;
    unsigned offset;
    time_t until; /* or 0 */
};

static struct memory_plan *plan;
static CMUnitTestFunction tortured;
static uint64_t nth;
static struct sigaction handlers[NSIG];
static unsigned long failed_in_all;
static unsigned findings;

static const int crashes[] = {SIGABRT, SIGBUS, SIGFPE, SIGILL, SIGSEGV};

#define CRASHES (sizeof(crashes) / sizeof(crashes[0]))

int __real__cmocka_run_group_tests(const char *name, const struct CMUnitTest *tests, size_t count,
                                   CMFixtureFunction setup, CMFixtureFunction teardown);
int __wrap__cmocka_run_group_tests(const char *name, const struct CMUnitTest *tests, size_t count,
                                   CMFixtureFunction setup, CMFixtureFunction teardown);
void __interceptor_longjmp(struct __jmp_buf_tag *place, int value) __attribute__((noreturn));
void __longjmp_chk(struct __jmp_buf_tag *place, int value)
    __attribute__((noreturn, visibility("default")));

static void end(enum end how)
{
    plan->left = 0;
    if (__lsan_do_recoverable_leak_check())
        how = LEAKED;
    fflush(NULL);
    _exit((int)how);
}

/* How cmocka leaves a test whose assertion failed. */
void __longjmp_chk(struct __jmp_buf_tag *place, int value)
{
    if (tortured)
        end(REFUSED);
    __interceptor_longjmp(place, value);
}

/* cmocka takes a crash for a failed assertion: it is none. */
static void give_back_handlers(void)
{
    for (size_t i = 0; i < CRASHES; i++)
        sigaction(crashes[i], &handlers[crashes[i]], NULL);
}

static void keep_handlers(void)
{
    for (size_t i = 0; i < CRASHES; i++)
        sigaction(crashes[i], NULL, &handlers[crashes[i]]);
}

static void run_tortured(void **state)
{
    give_back_handlers();
    plan->left = nth;
    tortured(state);
    plan->left = 0;
}

static void run_here(const struct CMUnitTest *test, CMFixtureFunction setup,
                     CMFixtureFunction teardown, int output)
{
    struct CMUnitTest again = *test;

    tortured = test->test_func;
    again.test_func = run_tortured;
    dup2(output, STDOUT_FILENO);
    dup2(output, STDERR_FILENO);
    /* A test may send its own standard error elsewhere. */
    __sanitizer_set_report_fd((void *)(uintptr_t)output);
    alarm(SECONDS_MAX);
    setitimer(ITIMER_PROF, &(struct itimerval){.it_value.tv_sec = SECONDS_BUSY}, NULL);
    keep_handlers();
    memory_follow(plan);
    end(__real__cmocka_run_group_tests(test->name, &again, 1, setup, teardown) ? REFUSED : PASSED);
}

static void show(int output)
{
    char text[4096];
    ssize_t size;

    lseek(output, 0, SEEK_SET);
    while ((size = read(output, text, sizeof(text))) > 0)
        fwrite(text, 1, (size_t)size, stdout);
}

static bool is_refused(int status)
{
    return WIFEXITED(status) && WEXITSTATUS(status) == REFUSED;
}

static void judge(const char *name, int status, int output)
{
    int how = WIFEXITED(status) ? WEXITSTATUS(status) : -1;

    if (how == PASSED || (is_refused(status) && plan->reached))
        return;
    findings++;
    printf("%s, allocation %ju: %s %d\n", name, (uintmax_t)nth,
           WIFSIGNALED(status) ? "signal"
           : how == LEAKED     ? "leak"
                               : "exit",
           WIFSIGNALED(status) ? WTERMSIG(status) : how);
    show(output);
}

/* How a run of a test has ended. */
static int run_apart(const struct CMUnitTest *test, CMFixtureFunction setup,
                     CMFixtureFunction teardown, int output)
{
    int status = 0;
    pid_t child;

    plan->left = 0;
    plan->reached = false;
    fflush(NULL);
    child = fork();
    if (!child)
        run_here(test, setup, teardown, output);
    if (child < 0 || waitpid(child, &status, 0) != child)
        abort();
    return status;
}

/* Whether a test reached its n-th allocation. One that fails although all had memory may have had
 * no time, on a machine that is busy: it is run once more. */
static bool run_once(const struct CMUnitTest *test, CMFixtureFunction setup,
                     CMFixtureFunction teardown)
{
    int output = memfd_create("output", MFD_CLOEXEC);
    int status = run_apart(test, setup, teardown, output);

    if (is_refused(status) && !plan->reached)
        status = run_apart(test, setup, teardown, output);
    judge(test->name, status, output);
    close(output);
    failed_in_all += plan->reached;
    return plan->reached;
}

static void run_again(const struct CMUnitTest *test, const struct order *order,
                      CMFixtureFunction setup, CMFixtureFunction teardown)
{
    nth = order->offset % order->every + 1;
    memset(plan->stacks, 0, sizeof(plan->stacks));
    while ((!order->until || time(NULL) < order->until) && run_once(test, setup, teardown))
        nth += plan->by_stacks ? 1 : order->every * (1 + nth / DENSE * nth / DENSE);
}

static struct order read_order(const char *text)
{
    struct order order = {.every = 1};
    unsigned seconds = 0;

    sscanf(text, "%u %u %u", &order.every, &order.offset, &seconds);
    order.until = seconds ? time(NULL) + seconds : 0;
    return order;
}

int __wrap__cmocka_run_group_tests(const char *name, const struct CMUnitTest *tests, size_t count,
                                   CMFixtureFunction setup, CMFixtureFunction teardown)
{
    const char *asked = getenv("TORTURE");
    struct order order;
    size_t shares = 1;
    size_t share = 0;

    if (!asked)
        return __real__cmocka_run_group_tests(name, tests, count, setup, teardown);
    order = read_order(asked);
    plan = mmap(NULL, sizeof(*plan), PROT_READ | PROT_WRITE, MAP_SHARED | MAP_ANONYMOUS, -1, 0);
    plan->by_stacks = sscanf(asked, "stacks %zu %zu", &shares, &share) == 2;
    for (size_t i = share; i < count; i += shares)
        run_again(&tests[(order.offset + i) % count], &order, setup, teardown);
    printf("%s: %zu tests, %lu allocations failed, %u findings\n", program_invocation_short_name,
           count, failed_in_all, findings);
    return findings != 0;
}
