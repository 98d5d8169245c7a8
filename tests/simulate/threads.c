#include "tests/simulate/threads.h"

#include <errno.h>
#include <pthread.h>
#include <semaphore.h>
#include <stdbool.h>
#include <stdlib.h>
#include <sys/queue.h>
#include <time.h>

#include "base/when.h"
#include "tests/service/common/memory.h"
#include "tests/simulate/chance.h"
#include "tests/simulate/clock.h"
#include "tests/simulate/loop.h"
#include "tests/simulate/memory.h"

/* How long a thread takes at most until it runs, when it could. */
#define WAKE_MS 5

/* Before it takes a lock a thread pauses once in so many times, so long at most. */
#define LOCK_ONCE_IN 8
#define LOCK_MS      20

struct thread {
    LIST_ENTRY(thread) link;
    pthread_t real;
    sem_t turn;
    void *(*run)(void *user);
    void *user;
    bool has_ended;
    bool is_program; /* for memory_enter, when it goes on */
    const pthread_cond_t *awaited;
    uint64_t event; /* its next turn, or 0 */
};

static LIST_HEAD(, thread) threads = LIST_HEAD_INITIALIZER(threads);
static struct thread *running; /* NULL: the loop's thread */
static sem_t turn_of_loop;

int __real_pthread_create(pthread_t *real, const pthread_attr_t *attributes, void *(*run)(void *),
                          void *user);
int __wrap_pthread_create(pthread_t *real, const pthread_attr_t *attributes, void *(*run)(void *),
                          void *user);
int __real_pthread_join(pthread_t real, void **result);
int __wrap_pthread_join(pthread_t real, void **result);
int __real_pthread_mutex_lock(pthread_mutex_t *lock);
int __wrap_pthread_mutex_lock(pthread_mutex_t *lock);
int __wrap_pthread_cond_wait(pthread_cond_t *condition, pthread_mutex_t *lock);
int __wrap_pthread_cond_clockwait(pthread_cond_t *condition, pthread_mutex_t *lock, clockid_t clock,
                                  const struct timespec *until);
int __wrap_pthread_cond_signal(pthread_cond_t *condition);
int __wrap_clock_gettime(clockid_t clock, struct timespec *now);

/* Turns */

static void await(sem_t *turn)
{
    while (sem_wait(turn) && errno == EINTR)
        ;
}

/* In the loop's thread. */
static void give_turn(struct thread *thread)
{
    bool before = memory_enter(thread->is_program);

    clock_drop(thread->event);
    thread->event = 0;
    thread->awaited = NULL;
    running = thread;
    sem_post(&thread->turn);
    await(&turn_of_loop);
    running = NULL;
    thread->is_program = memory_enter(before);
    loops_look();
}

static void take_turn(void *user)
{
    struct thread *thread = user;

    thread->event = 0;
    give_turn(thread);
}

static void plan_turn(struct thread *thread, int64_t ms)
{
    bool before = memory_enter(false);

    clock_drop(thread->event);
    thread->event = clock_after(ms, take_turn, thread);
    memory_leave(before);
}

/* In the thread itself, until it is given the next turn. */
static void end_turn(struct thread *thread)
{
    sem_post(&turn_of_loop);
    await(&thread->turn);
}

void thread_pause(int64_t ms)
{
    struct thread *thread = running;

    if (!thread)
        return;
    plan_turn(thread, ms);
    end_turn(thread);
}

void threads_go_on(void)
{
    struct thread *thread;

    if (running)
        return;
    LIST_FOREACH (thread, &threads, link) {
        if (thread->event && !thread->awaited)
            give_turn(thread);
    }
}

/* What the program under test has instead of the machine's. */

static void *begin_thread(void *user)
{
    struct thread *thread = user;

    await(&thread->turn);
    thread->run(thread->user);
    thread->has_ended = true;
    sem_post(&turn_of_loop);
    return NULL;
}

int __wrap_pthread_create(pthread_t *real, const pthread_attr_t *attributes, void *(*run)(void *),
                          void *user)
{
    bool before = memory_enter(false);
    struct thread *thread = must_calloc(1, sizeof(*thread));

    if (LIST_EMPTY(&threads))
        sem_init(&turn_of_loop, 0, 0);
    thread->run = run;
    thread->user = user;
    thread->is_program = true;
    sem_init(&thread->turn, 0, 0);
    if (__real_pthread_create(&thread->real, attributes, begin_thread, thread))
        abort();
    LIST_INSERT_HEAD(&threads, thread, link);
    plan_turn(thread, (int64_t)chance_below(WAKE_MS));
    *real = thread->real;
    memory_leave(before);
    return 0;
}

static struct thread *find_thread(pthread_t real)
{
    struct thread *thread;

    LIST_FOREACH (thread, &threads, link) {
        if (pthread_equal(thread->real, real))
            return thread;
    }
    abort();
}

/* Who joins a thread waits for it alone. */
int __wrap_pthread_join(pthread_t real, void **result)
{
    struct thread *thread = find_thread(real);

    while (!thread->has_ended)
        give_turn(thread);
    LIST_REMOVE(thread, link);
    __real_pthread_join(real, result);
    sem_destroy(&thread->turn);
    free(thread);
    return 0;
}

/* Nobody pauses while he has a lock, so it is free. */
int __wrap_pthread_mutex_lock(pthread_mutex_t *lock)
{
    if (chance_once_in(LOCK_ONCE_IN))
        thread_pause((int64_t)chance_below(LOCK_MS));
    return __real_pthread_mutex_lock(lock);
}

static void await_condition(const pthread_cond_t *condition, pthread_mutex_t *lock)
{
    running->awaited = condition;
    pthread_mutex_unlock(lock);
    end_turn(running);
    __real_pthread_mutex_lock(lock);
}

int __wrap_pthread_cond_wait(pthread_cond_t *condition, pthread_mutex_t *lock)
{
    await_condition(condition, lock);
    return 0;
}

int __wrap_pthread_cond_clockwait(pthread_cond_t *condition, pthread_mutex_t *lock, clockid_t clock,
                                  const struct timespec *until)
{
    int64_t due = until->tv_sec * 1000 + until->tv_nsec / 1000000;

    (void)clock;
    plan_turn(running, due - when_monotonic());
    await_condition(condition, lock);
    return 0;
}

int __wrap_pthread_cond_signal(pthread_cond_t *condition)
{
    struct thread *thread;

    LIST_FOREACH (thread, &threads, link) {
        if (thread->awaited != condition)
            continue;
        thread->awaited = NULL;
        plan_turn(thread, (int64_t)chance_below(WAKE_MS));
        break;
    }
    return 0;
}

int __wrap_clock_gettime(clockid_t clock, struct timespec *now)
{
    int64_t ms = when_monotonic();

    (void)clock;
    *now = (struct timespec){.tv_sec = ms / 1000, .tv_nsec = ms % 1000 * 1000000};
    return 0;
}
