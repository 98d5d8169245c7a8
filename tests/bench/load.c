/*
 * bench-load [-c CLIENTS] [-s SECONDS | -b] [-o OPERATION] PATH: what many programs do at once with
 * files.
 *
 * Each client is a thread, which does one operation after the other for so long, or with -b a
 * single one. All begin at the same moment. A %u in PATH stands for the client's number, so that
 * each has a file of its own.
 *
 *   cat    as cat(1): open, fstat, read until the end, close    stat   lstat(2)
 *   echo   as a shell: open and truncate, write a line, close
 *
 * Prints how many it did in a second, when the last was done, how long one took (the median, and
 * what 99 in 100 stay below), and how many failed: "rate 1234.5 ms 1000.0 p50_us 12.3 p99_us 45.6
 * errors 0".
 */
#include <errno.h>
#include <fcntl.h>
#include <pthread.h>
#include <signal.h>
#include <stdbool.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/prctl.h>
#include <sys/stat.h>
#include <time.h>
#include <unistd.h>

#define SAMPLES     1024 /* of each client; later ones replace earlier ones */
#define STACK       (128UL << 10)
#define CLIENTS_MAX 10000
#define NS_IN_S     1000000000LL

typedef bool operation(const char *path, unsigned long number);

struct client {
    pthread_t thread;
    char path[4096];
    unsigned long done, errors;
    int first_error;
    long long began, ended;
    long long samples[SAMPLES];
};

static operation *operate;
static bool once;
static long long span_ns = NS_IN_S;
static pthread_barrier_t start;

static long long now_ns(void)
{
    struct timespec now;

    clock_gettime(CLOCK_MONOTONIC, &now);
    return now.tv_sec * NS_IN_S + now.tv_nsec;
}

/* Operations */

static bool read_all(int fd)
{
    char data[4096];
    struct stat attributes;
    ssize_t got = fstat(fd, &attributes) ? -1 : 1;
    bool any = false;

    while (got > 0) {
        got = read(fd, data, sizeof(data));
        any = any || got > 0;
    }
    return !got && any;
}

static bool do_cat(const char *path, unsigned long number)
{
    int fd = open(path, O_RDONLY);
    bool good = fd >= 0 && read_all(fd);
    int error = errno;

    (void)number;
    if (fd >= 0)
        close(fd);
    errno = error;
    return good;
}

static bool do_echo(const char *path, unsigned long number)
{
    char line[32];
    int length = snprintf(line, sizeof(line), "%lu\n", 2000 + number % 1000);
    int fd = open(path, O_WRONLY | O_CREAT | O_TRUNC, 0666);
    bool good = fd >= 0 && write(fd, line, (size_t)length) == length;
    int error = errno;

    if (fd >= 0)
        close(fd);
    errno = error;
    return good;
}

static bool do_stat(const char *path, unsigned long number)
{
    struct stat attributes;

    (void)number;
    return !lstat(path, &attributes);
}

static operation *find_operation(const char *name)
{
    if (!strcmp(name, "cat"))
        return do_cat;
    if (!strcmp(name, "echo"))
        return do_echo;
    return strcmp(name, "stat") != 0 ? NULL : do_stat;
}

/* Clients */

static void *run(void *data)
{
    struct client *client = data;
    long long before, end;

    pthread_barrier_wait(&start);
    before = now_ns();
    client->began = before;
    end = before + (once ? 0 : span_ns);
    do {
        errno = 0;
        if (!operate(client->path, client->done) && !client->errors++)
            client->first_error = errno;
        client->ended = now_ns();
        client->samples[client->done++ % SAMPLES] = client->ended - before;
        before = client->ended;
    } while (client->ended < end);
    return NULL;
}

static void start_all(struct client *clients, unsigned count, const char *path)
{
    const char *number = strstr(path, "%u");
    pthread_attr_t attributes;

    pthread_attr_init(&attributes);
    pthread_attr_setstacksize(&attributes, STACK);
    for (unsigned i = 0; i < count; i++) {
        if (number)
            snprintf(clients[i].path, sizeof(clients[i].path), "%.*s%u%s", (int)(number - path),
                     path, i, number + 2);
        else
            snprintf(clients[i].path, sizeof(clients[i].path), "%s", path);
        if (pthread_create(&clients[i].thread, &attributes, run, &clients[i])) {
            perror("bench-load");
            _exit(1);
        }
    }
    pthread_attr_destroy(&attributes);
}

/* Figures */

static int compare(const void *one, const void *other)
{
    long long first = *(const long long *)one, second = *(const long long *)other;

    return (first > second) - (first < second);
}

static double us(long long ns)
{
    return (double)ns / 1e3;
}

static void print_samples(const struct client *clients, unsigned count)
{
    long long *all = malloc(count * sizeof(clients->samples));
    size_t size = 0;

    if (!all)
        _exit(1);
    for (unsigned i = 0; i < count; i++) {
        size_t of_client = clients[i].done < SAMPLES ? clients[i].done : SAMPLES;

        memcpy(all + size, clients[i].samples, of_client * sizeof(*all));
        size += of_client;
    }
    qsort(all, size, sizeof(*all), compare);
    printf(" p50_us %.2f p99_us %.2f", us(all[size / 2]), us(all[size * 99 / 100]));
    free(all);
}

/* Returns whether all was done. */
static bool print_figures(const struct client *clients, unsigned count)
{
    unsigned long done = 0, errors = 0;
    int error = 0;
    long long began = clients[0].began, end = 0;

    for (unsigned i = 0; i < count; i++) {
        done += clients[i].done;
        errors += clients[i].errors;
        error = error ? error : clients[i].first_error;
        began = clients[i].began < began ? clients[i].began : began;
        end = clients[i].ended > end ? clients[i].ended : end;
    }
    printf("rate %.1f ms %.3f", (double)done * NS_IN_S / (double)(end - began),
           (double)(end - began) / 1e6);
    print_samples(clients, count);
    printf(" errors %lu\n", errors);
    if (errors)
        fprintf(stderr, "%lu errors, one is: %s\n", errors, strerror(error));
    return !errors;
}

static int usage(void)
{
    fprintf(stderr, "Usage: bench-load [-c CLIENTS] [-s SECONDS | -b] [-o cat|echo|stat] PATH\n");
    return 2;
}

int main(int count, char **words)
{
    unsigned wanted = 1;
    struct client *clients;
    bool good;
    int option;

    operate = do_cat;
    prctl(PR_SET_PDEATHSIG, SIGKILL);
    while ((option = getopt(count, words, "c:s:bo:")) != -1) {
        if (option == 'c')
            wanted = (unsigned)strtoul(optarg, NULL, 10);
        else if (option == 's')
            span_ns = (long long)(strtod(optarg, NULL) * NS_IN_S);
        else if (option == 'b')
            once = true;
        else if (option == 'o')
            operate = find_operation(optarg);
    }
    if (optind != count - 1 || !operate || !wanted || wanted > CLIENTS_MAX)
        return usage();
    clients = calloc(wanted, sizeof(*clients));
    if (!clients || pthread_barrier_init(&start, NULL, wanted))
        _exit(1);
    start_all(clients, wanted, words[optind]);
    for (unsigned i = 0; i < wanted; i++)
        pthread_join(clients[i].thread, NULL);
    good = print_figures(clients, wanted);
    free(clients);
    return good ? 0 : 1;
}
