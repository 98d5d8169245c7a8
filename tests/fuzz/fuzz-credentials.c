#include "fuzz.h"

#include <errno.h>
#include <sys/mman.h>
#include <sys/stat.h>
#include <unistd.h>

#include "api/dis/credentials.h"
#include "api/kafka/credentials.h"
#include "api/sls/credentials.h"

#define SECRET "topSecret"

/* What is made of a file is complete, or an error that tells no secret. */
static void check_error(int status, const struct error *error)
{
    CHECK(status < 0 && error->code == -status);
    CHECK(*error->message);
    CHECK(!strstr(error->message, SECRET));
}

static void load_sls(const char *path)
{
    struct sls_credentials credentials;
    struct error error = {0};
    int status = sls_credentials_load(path, &credentials, &error);

    if (status)
        check_error(status, &error);
    else
        CHECK(credentials.access && credentials.secret);
    sls_credentials_release(&credentials);
}

static void load_dis(const char *path)
{
    struct dis_credentials credentials;
    struct error error = {0};
    int status = dis_credentials_load(path, &credentials, &error);

    if (status)
        check_error(status, &error);
    else
        CHECK(credentials.token || credentials.password ||
              (credentials.access && credentials.secret));
    dis_credentials_release(&credentials);
}

static void load_kafka(const char *path)
{
    struct kafka_wishes wishes = {.file = path, .brokers = "a"};
    struct kafka_credentials credentials;
    struct error error = {0};
    int status = kafka_credentials_load(&wishes, &credentials, &error);

    if (status)
        check_error(status, &error);
    else
        CHECK(!credentials.mechanism || (credentials.username && credentials.password) ||
              credentials.token);
    kafka_credentials_release(&credentials);
}

/* A file that its owner alone can read. */
static int make_file(const char *head, const uint8_t *data, size_t size)
{
    int fd = memfd_create("credentials", MFD_CLOEXEC);

    CHECK(fd >= 0 && !fchmod(fd, S_IRUSR | S_IWUSR));
    CHECK(write(fd, head, strlen(head)) == (ssize_t)strlen(head));
    CHECK(write(fd, data, size) == (ssize_t)size);
    return fd;
}

static void load(const char *head, const uint8_t *data, size_t size)
{
    int fd = make_file(head, data, size);
    char path[64];

    snprintf(path, sizeof(path), "/proc/self/fd/%d", fd);
    load_sls(path);
    load_dis(path);
    load_kafka(path);
    close(fd);
}

/* The bytes are a file, or the rest of one that has a secret. */
int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    if (memmem(data, size, SECRET, strlen(SECRET)))
        return 0;
    load("", data, size);
    load("ak = a\nsk = " SECRET "\n[main]\naccess-key = " SECRET "\n", data, size);
    load("sasl.mechanism=PLAIN\nsasl.username=a\nsasl.password=" SECRET "\n", data, size);
    load("sasl.mechanism=PLAIN\nsasl.jaas.config=a.PlainLoginModule required password=" SECRET " ",
         data, size);
    load("{\"current\":\"a\",\"profiles\":[{\"name\":\"a\",\"access_key_secret\":\"" SECRET "\",",
         data, size);
    return 0;
}
