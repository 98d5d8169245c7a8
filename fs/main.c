#include <malloc.h>
#include <stdlib.h>

#include <curl/curl.h>

#include "fs/daemon.h"
#include "fs/mount.h"

/* Bytes. */
#define LARGE 65536

int main(int argc, char **argv)
{
    struct options options;
    enum options_result result;
    int status = EXIT_SUCCESS;

    if (!daemon_complete_standard())
        return EXIT_FAILURE;
    result = options_parse(argc, argv, &options);
    if (result == OPTIONS_RUN) {
        /* What a large answer took goes back to the system with it. */
        mallopt(M_MMAP_THRESHOLD, LARGE);
        mallopt(M_TRIM_THRESHOLD, LARGE);
        /* Before there are two processes that have the environment. */
        backend_guard(options.source);
        daemon_start(options.foreground);
        curl_global_init(CURL_GLOBAL_DEFAULT);
        status = mount_run(&options);
        curl_global_cleanup();
    } else if (result != OPTIONS_DONE) {
        status = result == OPTIONS_WRONG ? EXIT_USAGE : EXIT_FAILURE;
    }
    options_release(&options);
    return status;
}
