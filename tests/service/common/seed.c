#include "tests/service/common/seed.h"

#include <stdio.h>

#include "tests/service/common/memory.h"
#include "tests/service/common/values.h"

#define MANY_MAX 100000

void seed_answer(struct call *call, const char *wrong)
{
    if (wrong)
        answer_text(call->answer, 400, "%s\n", wrong);
    else
        answer_text(call->answer, 200, "ok\n");
}

void seed_one(struct call *call, seed_put *put_one)
{
    seed_answer(call, put_one(call->service, &call->request->query));
}

/* A text stands for an object that has nothing but that name. */
static void read_object(const cJSON *json, struct pairs *values)
{
    const cJSON *member;

    if (cJSON_IsString(json))
        pairs_add(values, "name", json->valuestring);
    if (!cJSON_IsObject(json))
        return;
    cJSON_ArrayForEach(member, json)
    {
        char *printed = cJSON_IsString(member) ? NULL : must(cJSON_PrintUnformatted(member));

        pairs_add(values, member->string, printed ? printed : member->valuestring);
        cJSON_free(printed);
    }
}

const char *seed_all(void *service, const cJSON *array, seed_put *put_one)
{
    const char *wrong = NULL;
    const cJSON *json;

    cJSON_ArrayForEach(json, array)
    {
        struct pairs values = {0};

        read_object(json, &values);
        wrong = wrong ? wrong : put_one(service, &values);
        pairs_release(&values);
    }
    return wrong;
}

const char *seed_many(void *service, const struct pairs *values, const char *kind,
                      const char *prefix, seed_put *put_one)
{
    struct pairs one = {0};
    const char *wrong = NULL;
    int64_t count = 0;

    if (!value_number(values, kind, &count) || count > MANY_MAX)
        return "not a number";
    for (int64_t i = 0; i < count && !wrong; i++) {
        char name[128];

        snprintf(name, sizeof(name), "%.100s%04lld", prefix, (long long)i);
        pairs_add(&one, "name", name);
        for (size_t v = 0; v < values->count; v++)
            pairs_add(&one, values->items[v].name, values->items[v].value);
        wrong = put_one(service, &one);
        pairs_release(&one);
    }
    return wrong;
}
