#include "fuzz.h"

#include <fcntl.h>
#include <unistd.h>

#include "fs/options.h"

/* The input is a command line, one word in each line. */

#define WORDS_MAX 32

/* Descriptors of the fuzzer's own messages and of /dev/null. */
static int messages = -1;
static int nowhere = -1;

static void silence(int fd)
{
    if (nowhere < 0) {
        messages = dup(STDERR_FILENO);
        nowhere = open("/dev/null", O_WRONLY | O_CLOEXEC);
    }
    fflush(stdout);
    dup2(fd < 0 ? nowhere : fd, STDERR_FILENO);
}

static void check_settings(const struct options *options)
{
    const struct settings *settings = &options->settings;

    CHECK(options->source && options->mountpoint && *options->mountpoint == '/');
    CHECK(settings->uid != (uid_t)-1 && settings->gid != (gid_t)-1);
    CHECK(settings->umask <= 0777);
    CHECK(settings->timeout >= 100 && settings->timeout <= 86400000);
    CHECK(settings->listing >= 0 && settings->listing <= 86400000);
    CHECK(settings->snapshot >= 0 && settings->snapshot <= 86400000);
    CHECK(settings->watch >= 50 && settings->watch <= 86400000);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    static char program[] = "checkpointfs";
    char *text = text_of(data, size);
    char *words[WORDS_MAX + 2] = {program};
    char *rest = text;
    struct options options;
    enum options_result result;
    int count = 1;

    while (count <= WORDS_MAX && (words[count] = strsep(&rest, "\n")))
        count++;
    words[count] = NULL;
    silence(-1);
    result = options_parse(count, words, &options);
    silence(messages);
    CHECK(result <= OPTIONS_FAILED);
    if (result == OPTIONS_RUN)
        check_settings(&options);
    options_release(&options);
    free(text);
    return 0;
}
