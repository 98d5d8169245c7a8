#include "tests/torture/memory.h"

#include <dlfcn.h>
#include <errno.h>
#include <link.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unwind.h>

#include <sanitizer/common_interface_defs.h>

#define VISIBLE __attribute__((visibility("default")))

static struct memory_plan *plan;
static bool traces;

/* Whether this thread is in here: what finding out who asks allocates does not count. */
static _Thread_local bool is_inside;

/* The linker's: where the program and its sections are. Not every program has that section. */
extern const char __executable_start[];
extern const char etext[];
extern const char __start_torture_text[] __attribute__((weak));
extern const char __stop_torture_text[] __attribute__((weak));
extern const char __start_torture_memory[];
extern const char __stop_torture_memory[];

#pragma clang section text = "torture_memory"

static bool is_between(uintptr_t address, const char *start, const char *stop)
{
    return address >= (uintptr_t)start && address < (uintptr_t)stop;
}

static bool is_of_test(uintptr_t frame)
{
    return is_between(frame, __start_torture_text, __stop_torture_text);
}

static bool is_here(uintptr_t frame)
{
    return is_between(frame, __start_torture_memory, __stop_torture_memory);
}

static bool is_of_program(uintptr_t frame)
{
    return is_between(frame, __executable_start, etext) || is_of_test(frame) || is_here(frame);
}

/* Leaves the address of the innermost function of the program that is none of these here. */
static _Unwind_Reason_Code note_program(struct _Unwind_Context *context, void *user)
{
    uintptr_t frame = _Unwind_GetIP(context);

    if (!is_of_program(frame) || is_here(frame))
        return _URC_NO_REASON;
    *(uintptr_t *)user = frame;
    return _URC_END_OF_STACK;
}

/* Whether the program put a library to work, or the library's own thread did; not a test. */
static bool is_for_program(void)
{
    uintptr_t who = 0;

    _Unwind_Backtrace(note_program, &who);
    return !is_of_test(who);
}

/* What holds that code; dladdr(3) would look for its name, too, which takes too long for each
 * allocation of OpenSSL. */
static bool find_object(uintptr_t code, struct dl_find_object *object)
{
    return !_dl_find_object((void *)code, object); // NOLINT(performance-no-int-to-ptr)
}

static bool is_of_library(uintptr_t caller)
{
    static const char *const names[] = {"/libcurl.", "/libsqlite3.", "/libcjson.", "/libfuse3."};
    struct dl_find_object object;

    if (!find_object(caller, &object))
        return false;
    for (size_t i = 0; i < sizeof(names) / sizeof(names[0]); i++) {
        if (strstr(object.dlfo_link_map->l_name, names[i]))
            return true;
    }
    return false;
}

static bool counts(uintptr_t caller)
{
    if (is_of_program(caller))
        return !is_of_test(caller);
    return is_of_library(caller) && is_for_program();
}

/* The same in each run of a program, wherever it and its libraries are loaded. */
static uintptr_t offset_of(uintptr_t frame)
{
    struct dl_find_object object;

    return find_object(frame, &object) ? frame - (uintptr_t)object.dlfo_map_start : frame;
}

static uint64_t mix(uint64_t hash, uint64_t value)
{
    return (hash ^ value) * UINT64_C(1099511628211);
}

static _Unwind_Reason_Code add_program(struct _Unwind_Context *context, void *user)
{
    uintptr_t frame = _Unwind_GetIP(context);
    uint64_t *hash = user;

    if (is_between(frame, __executable_start, etext) && !is_of_test(frame) && !is_here(frame))
        *hash = mix(*hash, frame - (uintptr_t)__executable_start);
    return _URC_NO_REASON;
}

/* Keeps in mind that it is not new any more. With half of the room taken none is. */
static bool is_new_stack(uintptr_t caller)
{
    uint64_t hash = mix(UINT64_C(14695981039346656037), offset_of(caller));

    _Unwind_Backtrace(add_program, &hash);
    hash += !hash;
    for (uint64_t i = 0; i < STACKS_ROOM / 2; i++) {
        uint64_t *place = &plan->stacks[(hash + i) % STACKS_ROOM];
        uint64_t taken = 0;

        if (__atomic_compare_exchange_n(place, &taken, hash, false, __ATOMIC_SEQ_CST,
                                        __ATOMIC_SEQ_CST))
            return true;
        if (taken == hash)
            return false;
    }
    return false;
}

static bool is_turn(uintptr_t caller)
{
    if (!plan->by_stacks)
        return !__atomic_sub_fetch(&plan->left, 1, __ATOMIC_SEQ_CST);
    return !__atomic_load_n(&plan->reached, __ATOMIC_SEQ_CST) && is_new_stack(caller);
}

static bool take_one(uintptr_t caller)
{
    if (!counts(caller) || !is_turn(caller))
        return false;
    __atomic_store_n(&plan->reached, true, __ATOMIC_SEQ_CST);
    if (traces)
        __sanitizer_print_stack_trace();
    return true;
}

static bool fails_for(uintptr_t caller)
{
    bool failed;

    if (is_inside || !plan || !__atomic_load_n(&plan->left, __ATOMIC_SEQ_CST))
        return false;
    is_inside = true;
    failed = take_one(caller);
    is_inside = false;
    if (failed)
        errno = ENOMEM;
    return failed;
}

void memory_follow(struct memory_plan *followed)
{
    traces = getenv("TORTURE_TRACE");
    plan = followed;
}

#define FAILS fails_for((uintptr_t)__builtin_return_address(0))

/* AddressSanitizer's. */
void *__interceptor_malloc(size_t size);
void *__interceptor_calloc(size_t count, size_t size);
void *__interceptor_realloc(void *memory, size_t size);
void *__interceptor_reallocarray(void *memory, size_t count, size_t size);
char *__interceptor_strdup(const char *text);
char *__interceptor_strndup(const char *text, size_t size);
int __interceptor_vasprintf(char **text, const char *format, va_list arguments)
    __attribute__((format(printf, 2, 0)));
FILE *__interceptor_fopen(const char *path, const char *mode);
ssize_t __interceptor_getline(char **line, size_t *room, FILE *file);

/* In place of C's; stdlib.h would declare them with other attributes. */
VISIBLE void *malloc(size_t size);
VISIBLE void *calloc(size_t count, size_t size);
VISIBLE void *realloc(void *memory, size_t size);
VISIBLE void *reallocarray(void *memory, size_t count, size_t size);
VISIBLE char *strdup(const char *text);
VISIBLE char *strndup(const char *text, size_t size);
VISIBLE int asprintf(char **text, const char *format, ...) __attribute__((format(printf, 2, 3)));
VISIBLE int vasprintf(char **text, const char *format, va_list arguments)
    __attribute__((format(printf, 2, 0)));
VISIBLE FILE *fopen(const char *path, const char *mode);
VISIBLE ssize_t getline(char **line, size_t *room, FILE *file);

void *malloc(size_t size)
{
    return FAILS ? NULL : __interceptor_malloc(size);
}

void *calloc(size_t count, size_t size)
{
    return FAILS ? NULL : __interceptor_calloc(count, size);
}

void *realloc(void *memory, size_t size)
{
    return FAILS ? NULL : __interceptor_realloc(memory, size);
}

void *reallocarray(void *memory, size_t count, size_t size)
{
    return FAILS ? NULL : __interceptor_reallocarray(memory, count, size);
}

char *strdup(const char *text)
{
    return FAILS ? NULL : __interceptor_strdup(text);
}

char *strndup(const char *text, size_t size)
{
    return FAILS ? NULL : __interceptor_strndup(text, size);
}

int vasprintf(char **text, const char *format, va_list arguments)
{
    return FAILS ? -1 : __interceptor_vasprintf(text, format, arguments);
}

int asprintf(char **text, const char *format, ...)
{
    va_list arguments;
    int length;

    if (FAILS)
        return -1;
    va_start(arguments, format);
    length = __interceptor_vasprintf(text, format, arguments);
    va_end(arguments);
    return length;
}

FILE *fopen(const char *path, const char *mode)
{
    return FAILS ? NULL : __interceptor_fopen(path, mode);
}

ssize_t getline(char **line, size_t *room, FILE *file)
{
    return FAILS ? -1 : __interceptor_getline(line, room, file);
}
