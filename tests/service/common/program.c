#include "tests/service/common/program.h"

#include <errno.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/prctl.h>
#include <sys/resource.h>
#include <unistd.h>

#include "base/buf.h"
#include "tests/service/common/memory.h"
#include "tests/service/common/server.h"

#define PEM_MAX ((size_t)1024 * 1024)

static const char help[] =
    "  --port N                     listen on this port; 0, the usual, for any\n"
    "  --port-file FILE             write the port to FILE when it can be connected to\n"
    "  --project ID                 the project that is served\n"
    "  --key ACCESS:SECRET          an access key; may be given more than once\n"
    "  --security-token TOKEN       makes the last key before it a temporary one\n"
    "  --region REGION              refuse signatures that are made for another region\n"
    "  --auth none                  serve everyone\n"
    "  --tls CERT KEY               serve HTTPS; both are files in PEM form\n"
    "  --outlive-parent             do not end with the process that started it\n"
    "  --help                       show this and end\n";

struct options {
    long port;
    const char *port_file;
    const char *certificate_file;
    const char *key_file;
    bool outlive_parent;
};

/* The command line */

char *program_cut(const char **text)
{
    size_t size = strcspn(*text, ":");
    char *part;

    if (!(*text)[size])
        return NULL;
    part = must_strndup(*text, size);
    *text += size + 1;
    return part;
}

static bool add_key(struct service *service, const char *text)
{
    char *access = program_cut(&text);

    if (access)
        service_add_key(service, access, text);
    free(access);
    return access;
}

static bool set_security_token(struct service *service, const char *text)
{
    if (!service->key_count)
        return false;
    service_set_security_token(service, text);
    return true;
}

static bool take_port(struct options *options, const char *text)
{
    char *end;

    options->port = strtol(text, &end, 10);
    return *text && !*end && options->port >= 0 && options->port <= UINT16_MAX;
}

/* Takes an option with one argument; false when it makes no sense. */
static bool take_option(const struct program *program, struct options *options, const char *name,
                        const char *argument)
{
    struct service *service = program->service;

    if (!strcmp(name, "port"))
        return take_port(options, argument);
    if (!strcmp(name, "key"))
        return add_key(service, argument);
    if (!strcmp(name, "security-token"))
        return set_security_token(service, argument);
    if (!strcmp(name, "port-file"))
        options->port_file = argument;
    else if (!strcmp(name, "project"))
        service_set_project(service, argument);
    else if (!strcmp(name, "region"))
        service->region = argument;
    else if (!strcmp(name, "auth"))
        service->auth_none = !strcmp(argument, "none");
    else
        return program->take_option && program->take_option(program->user, name, argument);
    return strcmp(name, "auth") != 0 || service->auth_none;
}

/* Takes the option at *at, and moves behind it. */
static bool take_words(const struct program *program, struct options *options, int count,
                       char **words, int *at)
{
    const char *name = words[(*at)++];
    int left = count - *at;

    if (strncmp(name, "--", 2) != 0)
        return false;
    name += 2;
    if (!strcmp(name, "outlive-parent")) {
        options->outlive_parent = true;
        return true;
    }
    if (!strcmp(name, "tls") && left >= 2) {
        options->certificate_file = words[(*at)++];
        options->key_file = words[(*at)++];
        return true;
    }
    return left && take_option(program, options, name, words[(*at)++]);
}

static bool read_options(const struct program *program, struct options *options, int count,
                         char **words)
{
    int at = 1;

    while (at < count) {
        int first = at;

        if (!strcmp(words[at], "--help")) {
            printf("%s%s", program->help, help);
            exit(0);
        }
        if (take_words(program, options, count, words, &at))
            continue;
        fprintf(stderr, "%s: wrong option or argument: %s\nTry '%s --help'.\n", program->name,
                words[first], program->name);
        return false;
    }
    return true;
}

/* The process */

/* The text of a file, for the caller to free; NULL when it cannot be read. */
static char *read_file(const char *path)
{
    FILE *file = fopen(path, "re");
    struct buf text = BUF_INIT(PEM_MAX);
    char block[4096];
    size_t size;

    if (!file)
        return NULL;
    while ((size = fread(block, 1, sizeof(block), file)) > 0)
        buf_add(&text, block, size);
    fclose(file);
    return buf_detach(&text);
}

/* The file appears with the whole number in it. */
static bool write_port(const char *path, unsigned port)
{
    char *temporary;
    FILE *file;
    bool written;

    if (asprintf(&temporary, "%s.%d", path, (int)getpid()) < 0)
        abort();
    file = fopen(temporary, "we");
    written = file && fprintf(file, "%u\n", port) > 0;
    if (file)
        written = !fclose(file) && written;
    written = written && !rename(temporary, path);
    free(temporary);
    return written;
}

/* When the parent ends, SIGTERM comes; when it ended before this, end as well. */
static void end_with_parent(pid_t parent)
{
    prctl(PR_SET_PDEATHSIG, SIGTERM);
    if (getppid() != parent)
        exit(0);
}

static void prepare_process(void)
{
    struct rlimit files;
    sigset_t ends;

    sigemptyset(&ends);
    sigaddset(&ends, SIGTERM);
    sigaddset(&ends, SIGINT);
    sigprocmask(SIG_BLOCK, &ends, NULL);
    signal(SIGPIPE, SIG_IGN);
    if (!getrlimit(RLIMIT_NOFILE, &files)) {
        files.rlim_cur = files.rlim_max;
        setrlimit(RLIMIT_NOFILE, &files);
    }
}

/* Serving */

static void handle(void *user, struct request *request, struct answer *answer)
{
    service_handle(user, request, answer);
}

static void finished(void *user, const struct request *request, bool in_full)
{
    service_finished(user, request, in_full);
}

static void connected(void *user, bool opened)
{
    struct service *service = user;

    service->stats.connections += opened;
    if (opened)
        service->stats.connections_open++;
    else
        service->stats.connections_open--;
}

static void close_idle(void *server)
{
    server_close_idle(server);
}

static void let_go(void *server)
{
    server_let_go(server);
}

static struct server *listen_as_told(const struct options *options, struct service *service)
{
    const struct server_hooks hooks = {service, handle, finished, connected, service->beside};
    bool tls = options->certificate_file;
    char *certificate = tls ? read_file(options->certificate_file) : NULL;
    char *key = tls ? read_file(options->key_file) : NULL;
    struct server *server = NULL;

    if (!tls || (certificate && key))
        server = server_new((uint16_t)options->port, certificate, key, &hooks);
    free(certificate);
    free(key);
    return server;
}

static int serve(const struct program *program, const struct options *options)
{
    struct service *service = program->service;
    struct server *server = listen_as_told(options, service);

    if (!server) {
        fprintf(stderr, "%s: cannot listen, or cannot use the certificate\n", program->name);
        return 1;
    }
    service->server = server;
    service->close_idle = close_idle;
    service->let_go = let_go;
    if (options->port_file && !write_port(options->port_file, server_port(server))) {
        fprintf(stderr, "%s: %s: %s\n", program->name, options->port_file, strerror(errno));
        server_free(server);
        return 1;
    }
    if (!options->port_file) {
        printf("%u\n", server_port(server));
        fflush(stdout);
    }
    server_run(server);
    server_free(server);
    return 0;
}

int program_run(const struct program *program, int count, char **words)
{
    pid_t parent = getppid();
    struct options options = {0};

    if (!read_options(program, &options, count, words))
        return 2;
    if (!options.outlive_parent)
        end_with_parent(parent);
    prepare_process();
    if (program->start && !program->start(program->user)) {
        fprintf(stderr, "%s: cannot listen\n", program->name);
        return 1;
    }
    return serve(program, &options);
}
