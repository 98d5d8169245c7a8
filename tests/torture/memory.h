#ifndef TORTURE_MEMORY_H
#define TORTURE_MEMORY_H

#include <stdbool.h>
#include <stdint.h>

/*
 * Memory that runs out once: the n-th allocation fails, and no other one. Or, by stacks, the first
 * that is made on a way through the program on which none has failed: so of those in a loop, or
 * which many requests make, one fails.
 *
 * This takes the place of malloc() and its like in a program that is built with clang's
 * AddressSanitizer, which defines them weakly: so what libraries allocate comes here too, and
 * everything is still watched for overflows and leaks.
 *
 * What counts is what the program allocates itself, with fopen(), getline() and asprintf(), and
 * what the libraries ask for that it puts its work into: libcurl, SQLite, cJSON and libfuse. What
 * others allocate does not: OpenSSL 3.0 crashes when it has no memory as it starts (EVP_MAC_fetch),
 * and loses some when it fetches an algorithm; glibc ends a program that has none to find out where
 * users are looked up (nss_database.c), and so does AddressSanitizer for a thread that starts.
 * Aligned allocations and mmap(2) do not fail either.
 *
 * What a test asks for does not count: the innermost function of the program is in the section
 * torture_text then (test.h).
 */

/* Of a power of two, no more than half is taken. */
#define STACKS_ROOM 65536

struct memory_plan {
    /* How many allocations until one fails, which counts as 1; 0: none fails. Any process that
     * shares this memory may set it, and this program counts it down. By stacks it is anything but
     * 0, and is not counted. */
    uint64_t left;
    /* Whether one has failed. */
    bool reached;
    bool by_stacks;
    /* On which one has failed: hashes of the program's functions that were under way, and of who
     * asked; 0 for none. */
    uint64_t stacks[STACKS_ROOM];
};

/* Follows that plan from now on, or none: NULL. With TORTURE_TRACE in the environment, who had no
 * memory is written to standard error, which takes a second. */
void memory_follow(struct memory_plan *plan);

#endif
