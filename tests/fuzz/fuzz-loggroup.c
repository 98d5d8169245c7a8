#include "fuzz.h"

#include <errno.h>

#include "api/json.h"
#include "api/sls/loglines.h"
#include "api/sls/pulled.h"
#include "base/utf8.h"

/* The input is what SLS sends for records. All that is taken of it lies in it; each log becomes one
 * line of JSON, and what a line holds of its fields is what the log has. */

static struct span input;

static void check_span(const struct span *span)
{
    CHECK(!span->size || (span->data >= input.data && span->size <= input.size &&
                          span->data + span->size <= input.data + input.size));
}

static void check_pair(const struct loggroup_pair *pair)
{
    check_span(&pair->key);
    check_span(&pair->value);
}

/* The value of a text under its key, which must be there: alone, or in an array of as many. */
static void check_value(const cJSON *data, const struct loggroup_pair *pair)
{
    const cJSON *found = cJSON_GetArrayItem(data, 0);
    const struct span *value = &pair->value;

    if (!utf8_is_text(value->data, value->size) || cJSON_IsArray(found))
        return;
    CHECK(cJSON_IsString(found) && strlen(found->valuestring) == value->size);
    CHECK(!memcmp(found->valuestring, value->data, value->size));
}

static void check_line(const char *line, size_t size, const struct loggroup_log *log)
{
    struct span rest = log->all;
    struct loggroup_pair pair;
    cJSON *root = NULL;
    const char *checkpoint;
    int status = json_parse(line, size, &root);
    const cJSON *data = cJSON_GetObjectItemCaseSensitive(root, "data");

    CHECK(status == 0 && !json_text(root, "checkpoint", &checkpoint) && *checkpoint);
    CHECK(root->child->string && !strcmp(root->child->string, "checkpoint"));
    CHECK(cJSON_IsObject(data));
    if (loggroup_next_content(&rest, &pair) > 0 && utf8_is_text(pair.key.data, pair.key.size))
        check_value(data, &pair);
    cJSON_Delete(root);
}

static void check_lines(struct batch *batch, struct span logs)
{
    char *line = batch->text.data;
    struct loggroup_log log;

    while (loggroup_next_log(&logs, &log) > 0) {
        char *end = strchr(line, '\n');

        CHECK(end);
        *end = '\0';
        check_line(line, (size_t)(end - line), &log);
        line = end + 1;
    }
    CHECK(line == batch->text.data + batch->text.size);
}

static void print_group(const struct loggroup *group)
{
    const struct loglines_place place = {"MQ==", "Mg==", "1"};
    struct batch batch;
    int status;

    batch_init(&batch, RECORD_LINES, 1);
    CHECK(loglines_fit(&batch, group));
    status = loglines_add(&batch, group, &place);
    CHECK(status == 0 || status == -EFBIG);
    if (!status) {
        CHECK(batch.count == group->logs && batch.bytes == group->bytes);
        check_lines(&batch, group->all);
    }
    batch_release(&batch);
}

static void read_logs(const struct loggroup *group)
{
    struct span rest = group->all;
    struct loggroup_log log;
    struct loggroup_pair pair;
    size_t logs = 0;
    int status;

    while ((status = loggroup_next_log(&rest, &log)) > 0) {
        check_span(&log.all);
        while ((status = loggroup_next_content(&log.all, &pair)) > 0)
            check_pair(&pair);
        CHECK(!status);
        logs++;
    }
    CHECK(!status && logs == group->logs);
}

/* How many groups there are, or a negative errno. */
static int read_groups(void)
{
    struct span rest = input;
    struct loggroup group;
    int groups = 0;
    int status;

    while ((status = loggroup_next(&rest, &group)) > 0) {
        check_span(&group.topic);
        check_span(&group.source);
        check_span(&group.all);
        read_logs(&group);
        print_group(&group);
        groups++;
    }
    CHECK(status == 0 || status == -EBADMSG);
    return status ? status : groups;
}

/* The same bytes as the body of an answer. */
static void read_answer(int groups, bool is_lz4)
{
    struct pulled pulled = {.next = "OTk=", .first = "1", .raw_size = input.size, .is_lz4 = is_lz4};
    const char *wrong = NULL;
    struct batch batch;
    size_t added;
    int status;

    pulled.groups = groups > 0 ? (size_t)groups : 0;
    status = pulled_unpack(&pulled, &input, &wrong);
    CHECK(is_lz4 || status == (groups < 0 ? -EBADMSG : 0));
    CHECK(status == 0 || (status == -EBADMSG && wrong));
    batch_init(&batch, RECORD_LINES, 100);
    if (!status) {
        status = pulled_print(&pulled, &batch, &added, &wrong);
        CHECK(status == 0 || status == -EFBIG);
        CHECK(added <= pulled.groups && (added == pulled.groups || batch.count));
    }
    batch_release(&batch);
    pulled_release(&pulled);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    char *text = text_of(data, size);
    int groups;

    input = (struct span){text, size};
    groups = read_groups();
    read_answer(groups, false);
    read_answer(groups, true);
    free(text);
    return 0;
}
