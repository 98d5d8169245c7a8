#include "tests/service/common/program.h"
#include "tests/service/sls/sls.h"

static const char help[] =
    "Usage: simulated-sls [OPTION]...\n"
    "Serves the consumer groups of one project of the Simple Log Service on 127.0.0.1 for\n"
    "tests. The project is the first label of the Host. It ends on SIGTERM, or when the\n"
    "process that started it ends.\n"
    "\n";

int main(int count, char **words)
{
    struct service service;
    struct sls sls;
    int status;

    sls_init(&sls, &service);
    status =
        program_run(&(struct program){.name = "simulated-sls", .help = help, .service = &service},
                    count, words);
    sls_release(&sls);
    return status;
}
