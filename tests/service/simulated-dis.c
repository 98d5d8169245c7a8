#include <errno.h>
#include <getopt.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/prctl.h>
#include <sys/resource.h>
#include <unistd.h>

#include "base/buf.h"
#include "control.h"
#include "dis.h"
#include "memory.h"
#include "server.h"
#include "service.h"

#define PEM_MAX ((size_t)1024 * 1024)

static const char help[] =
    "Usage: simulated-dis [OPTION]...\n"
    "Serves the Data Ingestion Service, and the identity service that goes with it, on\n"
    "127.0.0.1 for tests. It ends on SIGTERM, or when the process that started it ends.\n"
    "\n"
    "  --port N                     listen on this port; 0, the usual, for any\n"
    "  --port-file FILE             write the port to FILE when it can be connected to\n"
    "  --project ID                 the project that is served\n"
    "  --project-name NAME          its name, for tokens; eu-de when not given\n"
    "  --key ACCESS:SECRET          an access key; may be given more than once\n"
    "  --security-token TOKEN       makes the last key before it a temporary one\n"
    "  --user NAME:PASSWORD:DOMAIN  a user who may get tokens; may be given more than once\n"
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

/* Copies up to the next colon, which must be there, and moves behind it. */
static char *cut(const char **text)
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
    char *access = cut(&text);

    if (access)
        service_add_key(service, access, text);
    free(access);
    return access;
}

static bool add_user(struct service *service, const char *text)
{
    char *name = cut(&text);
    char *password = name ? cut(&text) : NULL;
    bool added = password && !iam_add_user(&service->iam, name, password, text);

    free(name);
    free(password);
    return added;
}

static bool set_security_token(struct service *service, const char *text)
{
    if (!service->key_count)
        return false;
    service_set_security_token(service, text);
    return true;
}

static bool set_text(char **to, const char *text)
{
    free(*to);
    *to = must_strdup(text);
    return true;
}

/* Takes one option; false when its argument makes no sense. */
static bool take_option(int option, struct options *options, struct service *service)
{
    char *end;

    switch (option) {
    case 'p':
        options->port = strtol(optarg, &end, 10);
        return *optarg && !*end && options->port >= 0 && options->port <= UINT16_MAX;
    case 'f':
        options->port_file = optarg;
        return true;
    case 'P':
        return set_text(&service->project, optarg);
    case 'N':
        return set_text(&service->project_name, optarg);
    case 'k':
        return add_key(service, optarg);
    case 's':
        return set_security_token(service, optarg);
    case 'u':
        return add_user(service, optarg);
    case 'r':
        service->scope_region = optarg;
        return true;
    case 'a':
        service->auth_none = true;
        return !strcmp(optarg, "none");
    default:
        return false;
    }
}

/* --tls has two arguments: the second is the word behind the first. */
static bool take_tls(struct options *options, int count, char **words)
{
    if (optind >= count)
        return false;
    options->certificate_file = optarg;
    options->key_file = words[optind++];
    return true;
}

static bool read_options(struct options *options, struct service *service, int count, char **words)
{
    static const struct option names[] = {
        {"port", required_argument, NULL, 'p'},
        {"port-file", required_argument, NULL, 'f'},
        {"project", required_argument, NULL, 'P'},
        {"project-name", required_argument, NULL, 'N'},
        {"key", required_argument, NULL, 'k'},
        {"security-token", required_argument, NULL, 's'},
        {"user", required_argument, NULL, 'u'},
        {"region", required_argument, NULL, 'r'},
        {"auth", required_argument, NULL, 'a'},
        {"tls", required_argument, NULL, 't'},
        {"outlive-parent", no_argument, NULL, 'o'},
        {"help", no_argument, NULL, 'h'},
        {0},
    };
    int option;

    while ((option = getopt_long(count, words, "+", names, NULL)) != -1) {
        bool taken;

        if (option == 'h') {
            fputs(help, stdout);
            exit(0);
        }
        options->outlive_parent |= option == 'o';
        taken = option == 'o' || (option == 't' ? take_tls(options, count, words)
                                                : take_option(option, options, service));
        if (!taken) {
            if (option != '?')
                fprintf(stderr, "simulated-dis: wrong argument: %s\n", optarg);
            return false;
        }
    }
    return optind == count;
}

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

static struct server *listen_as_told(const struct options *options, struct service *service)
{
    const struct server_hooks hooks = {service, handle, finished, connected};
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

static int serve(const struct options *options, struct service *service)
{
    struct server *server = listen_as_told(options, service);

    if (!server) {
        fputs("simulated-dis: cannot listen, or cannot use the certificate\n", stderr);
        return 1;
    }
    service->server = server;
    service->close_idle = close_idle;
    if (options->port_file && !write_port(options->port_file, server_port(server))) {
        fprintf(stderr, "simulated-dis: %s: %s\n", options->port_file, strerror(errno));
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

int main(int count, char **words)
{
    pid_t parent = getppid();
    struct options options = {0};
    struct service service;
    struct dis dis;
    int status = 2;

    service_init(&service);
    service_add_table(
        &service,
        &(struct table){.routes = control_routes, .count = control_route_count, .user = &service});
    service_add_table(
        &service,
        &(struct table){.routes = iam_routes, .count = iam_route_count, .user = &service});
    dis_init(&dis, &service);
    if (read_options(&options, &service, count, words)) {
        if (!options.outlive_parent)
            end_with_parent(parent);
        prepare_process();
        status = serve(&options, &service);
    } else {
        fputs("Try 'simulated-dis --help'.\n", stderr);
    }
    dis_release(&dis);
    service_release(&service);
    return status;
}
