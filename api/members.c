#include "api/members.h"

#include <errno.h>
#include <stdlib.h>
#include <string.h>

#include "base/utf8.h"

struct member {
    struct span name;
    struct span value;
    struct member *next; /* of the same name, in their order */
    bool is_first;
};

/* Holding them */

static int grow_members(struct members *members)
{
    size_t room = members->room ? members->room * 2 : 32;
    void *items;
    void *sorted;

    if (room > MEMBERS_MAX)
        return -EFBIG;
    items = reallocarray(members->items, room, sizeof(*members->items));
    if (items)
        members->items = items;
    sorted = reallocarray(members->sorted, room, sizeof(struct member *));
    if (sorted)
        members->sorted = sorted;
    if (!items || !sorted)
        return -ENOMEM;
    members->room = room;
    return 0;
}

int members_add(struct members *members, struct span name, struct span value)
{
    int status = members->count == members->room ? grow_members(members) : 0;

    members->is_sorted = false;
    if (!status)
        members->items[members->count++] = (struct member){.name = name, .value = value};
    return status;
}

void members_reset(struct members *members)
{
    members->count = 0;
}

void members_release(struct members *members)
{
    free(members->items);
    free(members->sorted);
    *members = (struct members){0};
}

size_t members_bytes(const struct members *members)
{
    size_t bytes = 0;

    for (size_t i = 0; i < members->count; i++)
        bytes += members->items[i].name.size + members->items[i].value.size;
    return bytes;
}

/* Finding those of the same name */

static int compare_member_names(const struct span *a, const struct span *b)
{
    int order = memcmp(a->data, b->data, a->size < b->size ? a->size : b->size);

    return order ? order : (a->size > b->size) - (a->size < b->size);
}

/* By name, and by order where that is the same. */
static int compare_members(const void *a, const void *b)
{
    const struct member *one = *(struct member *const *)a;
    const struct member *other = *(struct member *const *)b;
    int order = compare_member_names(&one->name, &other->name);

    return order ? order : (one > other) - (one < other);
}

static void link_members(struct members *members)
{
    for (size_t i = 0; i < members->count; i++)
        members->sorted[i] = &members->items[i];
    if (members->count)
        qsort(members->sorted, members->count, sizeof(struct member *), compare_members);
    for (size_t i = 0; i < members->count; i++) {
        struct member *member = members->sorted[i];
        struct member *before = i ? members->sorted[i - 1] : NULL;

        member->next = NULL;
        member->is_first = !before || compare_member_names(&before->name, &member->name) != 0;
        if (!member->is_first)
            before->next = member;
    }
}

/* Printing them */

static bool is_text(const struct span *value)
{
    return utf8_is_text(value->data, value->size);
}

static void print_member(struct batch *batch, const struct span *value)
{
    if (!value->data) {
        buf_puts(&batch->text, "null");
        return;
    }
    if (is_text(value)) {
        batch_print(batch, value);
        return;
    }
    buf_puts(&batch->text, "{\"base64\":");
    batch_print_base64(batch, value);
    buf_puts(&batch->text, "}");
}

static void print_values(struct batch *batch, const struct member *member)
{
    if (!member->next) {
        print_member(batch, &member->value);
        return;
    }
    for (const char *before = "["; member; member = member->next, before = ",") {
        buf_puts(&batch->text, before);
        print_member(batch, &member->value);
    }
    buf_puts(&batch->text, "]");
}

static void print_member_name(struct batch *batch, const struct span *name)
{
    if (is_text(name))
        batch_print(batch, name);
    else
        batch_print_base64(batch, name);
    buf_puts(&batch->text, ":");
}

/* Adds a member whose value is an object of those members whose names are texts, or are none. */
static void print_object(struct batch *batch, const char *name, const struct members *members,
                         bool of_texts)
{
    const char *before = "";

    buf_puts(&batch->text, ",\"");
    buf_puts(&batch->text, name);
    buf_puts(&batch->text, of_texts ? "\":{" : "_base64\":{");
    for (size_t i = 0; i < members->count; i++) {
        const struct member *member = &members->items[i];

        if (!member->is_first || is_text(&member->name) != of_texts)
            continue;
        buf_puts(&batch->text, before);
        print_member_name(batch, &member->name);
        print_values(batch, member);
        before = ",";
    }
    buf_puts(&batch->text, "}");
}

static bool has_name(const struct members *members, bool of_text)
{
    for (size_t i = 0; i < members->count; i++) {
        if (is_text(&members->items[i].name) == of_text)
            return true;
    }
    return false;
}

void members_print(struct batch *batch, const char *name, struct members *members, bool is_needed)
{
    if (!members->is_sorted)
        link_members(members);
    members->is_sorted = true;
    if (is_needed || has_name(members, true))
        print_object(batch, name, members, true);
    if (has_name(members, false))
        print_object(batch, name, members, false);
}
