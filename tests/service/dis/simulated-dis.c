#include <stdlib.h>
#include <string.h>

#include "tests/service/common/memory.h"
#include "tests/service/common/program.h"
#include "tests/service/dis/dis.h"

static const char help[] =
    "Usage: simulated-dis [OPTION]...\n"
    "Serves the Data Ingestion Service, and the identity service that goes with it, on\n"
    "127.0.0.1 for tests. It ends on SIGTERM, or when the process that started it ends.\n"
    "\n"
    "  --project-name NAME          its name, for tokens; eu-de when not given\n"
    "  --user NAME:PASSWORD:DOMAIN  a user who may get tokens; may be given more than once\n";

static bool add_user(struct dis *dis, const char *text)
{
    char *name = program_cut(&text);
    char *password = name ? program_cut(&text) : NULL;
    bool added = password && !iam_add_user(&dis->iam, name, password, text);

    free(name);
    free(password);
    return added;
}

static bool take_option(void *user, const char *name, const char *argument)
{
    struct dis *dis = user;

    if (!strcmp(name, "user"))
        return add_user(dis, argument);
    if (strcmp(name, "project-name") != 0)
        return false;
    free(dis->project_name);
    dis->project_name = must_strdup(argument);
    return true;
}

int main(int count, char **words)
{
    struct service service;
    struct dis dis;
    int status;

    dis_init(&dis, &service);
    status = program_run(
        &(struct program){"simulated-dis", help, &service, take_option, NULL, &dis}, count, words);
    dis_release(&dis);
    return status;
}
