#include "test.h"

#include "api/queue.h"

#define TURNS 32

struct scene;

/* A turn, and what its owner does when it comes. */
struct owner {
    struct scene *scene;
    struct turn turn;
    unsigned begun; /* how often it was told to */
    void (*then)(struct owner *owner);
};

struct scene {
    struct queue queue;
    struct owner owners[TURNS];
    char order[TURNS]; /* who was told to begin, one after the other: "12" */
};

static int setup(void **state)
{
    struct scene *scene = calloc(1, sizeof(*scene));

    assert_non_null(scene);
    *state = scene;
    queue_init(&scene->queue);
    for (size_t i = 0; i < TURNS; i++)
        scene->owners[i].scene = scene;
    return 0;
}

static int teardown(void **state)
{
    struct scene *scene = *state;

    for (size_t i = 0; i < TURNS; i++)
        turn_leave(&scene->owners[i].turn);
    assert_true(TAILQ_EMPTY(&scene->queue.turns));
    free(scene);
    return 0;
}

static void on_begin(void *user)
{
    struct owner *owner = user;
    struct scene *scene = owner->scene;
    size_t length = strlen(scene->order);

    owner->begun++;
    assert_true(owner->turn.had);
    assert_true(length + 1 < sizeof(scene->order));
    scene->order[length] = (char)('0' + (owner - scene->owners));
    if (owner->then)
        owner->then(owner);
}

/* An owner stands in line. True if its turn has come at once; it is not told so then. */
static bool take_all(struct scene *scene, size_t index, const struct subject *subjects,
                     unsigned count)
{
    struct owner *owner = &scene->owners[index];
    unsigned begun = owner->begun;
    bool at_once = turn_take(&scene->queue, &owner->turn, subjects, count, on_begin, owner);

    assert_int_equal(owner->begun, begun);
    assert_int_equal(owner->turn.had, at_once);
    return at_once;
}

static bool take(struct scene *scene, size_t index, const char *app, const char *stream,
                 int64_t partition)
{
    return take_all(scene, index, &(struct subject){app, stream, partition}, 1);
}

static bool take_zero(struct scene *scene, size_t index)
{
    return take(scene, index, "billing", "orders", 0);
}

static void leave(struct scene *scene, size_t index)
{
    turn_leave(&scene->owners[index].turn);
}

/* ---- order */

static void the_first_one_has_its_turn_at_once(void **state)
{
    struct scene *scene = *state;

    assert_true(take_zero(scene, 0));
    leave(scene, 0);
    assert_true(take_zero(scene, 0));
    assert_string_equal(scene->order, "");
}

static void turns_come_in_the_order_in_which_they_were_asked_for(void **state)
{
    struct scene *scene = *state;

    assert_true(take_zero(scene, 3));
    assert_false(take_zero(scene, 1));
    assert_false(take_zero(scene, 2));
    assert_false(take_zero(scene, 0));
    assert_string_equal(scene->order, "");
    leave(scene, 3);
    assert_string_equal(scene->order, "1");
    leave(scene, 1);
    assert_string_equal(scene->order, "12");
    leave(scene, 2);
    leave(scene, 0);
    assert_string_equal(scene->order, "120");
}

static void who_asks_again_stands_at_the_end(void **state)
{
    struct scene *scene = *state;

    take_zero(scene, 0);
    take_zero(scene, 1);
    leave(scene, 0);
    assert_false(take_zero(scene, 0));
    assert_string_equal(scene->order, "1");
    leave(scene, 1);
    assert_string_equal(scene->order, "10");
}

static void what_is_not_the_same_does_not_wait(void **state)
{
    static const struct subject others[] = {
        {"billing", "orders", 1}, {"billing", "payments", 0},
        {"audit", "orders", 0},   {"", "orders", 0},
        {"billing", "", 0},       {"Billing", "orders", 0},
        {"billing", "order", 0},  {"billing", "orders", INT64_C(1) << 32},
    };
    struct scene *scene = *state;

    assert_true(take_zero(scene, 0));
    for (size_t i = 0; i < COUNT(others); i++)
        assert_true(take_all(scene, i + 1, &others[i], 1));
    leave(scene, 0);
    assert_string_equal(scene->order, "");
}

static void those_that_wait_for_one_go_on_together(void **state)
{
    struct scene *scene = *state;

    take(scene, 0, "billing", "orders", ANY_PARTITION);
    assert_false(take(scene, 1, "billing", "orders", 1));
    assert_false(take(scene, 2, "billing", "orders", 2));
    assert_false(take(scene, 3, "billing", "orders", 1));
    leave(scene, 0);
    assert_string_equal(scene->order, "12");
    leave(scene, 1);
    assert_string_equal(scene->order, "123");
}

static void one_waits_for_all_that_are_before_it(void **state)
{
    struct scene *scene = *state;

    take(scene, 0, "billing", "orders", 0);
    take(scene, 1, "billing", "orders", 1);
    take(scene, 2, "billing", "orders", 2);
    assert_false(take(scene, 3, "billing", "orders", ANY_PARTITION));
    leave(scene, 1);
    leave(scene, 0);
    assert_string_equal(scene->order, "");
    leave(scene, 2);
    assert_string_equal(scene->order, "3");
}

/* Nobody overtakes one that waits: else it might wait for ever. */
static void one_also_waits_for_those_that_wait_before_it(void **state)
{
    struct scene *scene = *state;

    take(scene, 0, "billing", "orders", 0);
    assert_false(take(scene, 1, "billing", "orders", ANY_PARTITION));
    assert_false(take(scene, 2, "billing", "orders", 7));
    assert_true(take(scene, 3, "audit", "orders", 7));
    leave(scene, 0);
    assert_string_equal(scene->order, "1");
    leave(scene, 1);
    assert_string_equal(scene->order, "12");
}

/* ---- what is about many */

struct pair {
    struct subject a;
    struct subject b;
    bool same;
};

static void what_stands_for_any_is_the_same_as_each(void **state)
{
    static const struct pair pairs[] = {
        {{"billing", "orders", ANY_PARTITION}, {"billing", "orders", 0}, true},
        {{"billing", "orders", ANY_PARTITION}, {"billing", "orders", PARTITION_MAX}, true},
        {{"billing", "orders", ANY_PARTITION}, {"billing", "orders", ANY_PARTITION}, true},
        {{"billing", "orders", ANY_PARTITION}, {"billing", "payments", 0}, false},
        {{"billing", "orders", ANY_PARTITION}, {"audit", "orders", 0}, false},
        {{"billing", NULL, ANY_PARTITION}, {"billing", "orders", 0}, true},
        {{"billing", NULL, ANY_PARTITION}, {"billing", "", ANY_PARTITION}, true},
        {{"billing", NULL, ANY_PARTITION}, {"audit", "orders", 0}, false},
        {{"billing", NULL, 1}, {"billing", "orders", 0}, false},
        {{NULL, "orders", ANY_PARTITION}, {"billing", "orders", 0}, true},
        {{NULL, "orders", ANY_PARTITION}, {"", "orders", 0}, true},
        {{NULL, "orders", ANY_PARTITION}, {"billing", "payments", 0}, false},
        {{NULL, "orders", 1}, {"billing", "orders", 1}, true},
        {{NULL, "orders", 1}, {"billing", "orders", 0}, false},
        {{NULL, "orders", 1}, {"billing", NULL, 1}, true},
        {{NULL, NULL, ANY_PARTITION}, {"billing", "orders", 0}, true},
        {{NULL, NULL, ANY_PARTITION}, {"", "", ANY_PARTITION}, true},
        {{NULL, NULL, 1}, {"billing", "orders", 1}, true},
        {{NULL, NULL, 1}, {"billing", "orders", 0}, false},
        {{"billing", "", ANY_PARTITION}, {"billing", "orders", 0}, false},
        {{"", "orders", ANY_PARTITION}, {"billing", "orders", 0}, false},
    };
    struct scene *scene = *state;

    for (size_t i = 0; i < COUNT(pairs); i++) {
        assert_true(take_all(scene, 0, &pairs[i].a, 1));
        if (take_all(scene, 1, &pairs[i].b, 1) == pairs[i].same)
            fail_msg("pair %zu", i);
        leave(scene, 0);
        leave(scene, 1);
        assert_true(take_all(scene, 0, &pairs[i].b, 1));
        if (take_all(scene, 1, &pairs[i].a, 1) == pairs[i].same)
            fail_msg("pair %zu the other way round", i);
        leave(scene, 0);
        leave(scene, 1);
    }
}

static const struct subject both[] = {{"billing", "orders", 0}, {"audit", "payments", 1}};

static void a_turn_with_two_subjects_waits_for_both(void **state)
{
    struct scene *scene = *state;

    take(scene, 0, "billing", "orders", 0);
    take(scene, 1, "audit", "payments", 1);
    assert_false(take_all(scene, 2, both, 2));
    leave(scene, 0);
    assert_string_equal(scene->order, "");
    leave(scene, 1);
    assert_string_equal(scene->order, "2");
}

static void a_turn_with_two_subjects_keeps_both_from_others(void **state)
{
    struct scene *scene = *state;

    assert_true(take_all(scene, 0, both, 2));
    assert_false(take(scene, 1, "billing", "orders", 0));
    assert_false(take(scene, 2, "audit", "payments", 1));
    assert_true(take(scene, 3, "billing", "payments", 1));
    assert_true(take(scene, 4, "audit", "orders", 0));
    leave(scene, 0);
    assert_string_equal(scene->order, "12");
}

/* Two that are the same in both subjects count once. */
static void two_renames_of_the_same_follow_each_other(void **state)
{
    static const struct subject back[] = {{"audit", "payments", 1}, {"billing", "orders", 0}};
    static const struct subject twice[] = {{"billing", "orders", 0}, {"billing", "orders", 0}};
    struct scene *scene = *state;

    take_all(scene, 0, both, 2);
    assert_false(take_all(scene, 1, back, 2));
    assert_false(take_all(scene, 2, twice, 2));
    assert_false(take_all(scene, 3, both, 2));
    leave(scene, 0);
    leave(scene, 1);
    leave(scene, 2);
    assert_string_equal(scene->order, "123");
}

/* ---- leaving */

static void who_leaves_while_waiting_is_not_told(void **state)
{
    struct scene *scene = *state;

    take_zero(scene, 0);
    take_zero(scene, 1);
    take_zero(scene, 2);
    leave(scene, 1);
    assert_string_equal(scene->order, "");
    leave(scene, 0);
    assert_string_equal(scene->order, "2");
}

static void who_leaves_while_waiting_lets_others_through(void **state)
{
    struct scene *scene = *state;

    take(scene, 0, "billing", "orders", 0);
    take(scene, 1, "billing", "orders", ANY_PARTITION);
    take(scene, 2, "billing", "orders", 7);
    leave(scene, 1);
    assert_string_equal(scene->order, "2");
}

static void cancelling_a_turn_leaves_the_queue(void **state)
{
    struct scene *scene = *state;

    take_zero(scene, 0);
    take_zero(scene, 1);
    take_zero(scene, 2);
    assert_false(call_cancel(&scene->owners[1].turn.call));
    assert_false(call_cancel(&scene->owners[0].turn.call));
    assert_string_equal(scene->order, "2");
}

static void leaving_twice_is_leaving_once(void **state)
{
    struct scene *scene = *state;
    struct turn unused = {0};

    take_zero(scene, 0);
    take_zero(scene, 1);
    take_zero(scene, 2);
    leave(scene, 0);
    leave(scene, 0);
    assert_string_equal(scene->order, "1");
    assert_false(call_cancel(&scene->owners[0].turn.call));
    turn_leave(&unused);
    assert_string_equal(scene->order, "1");
}

static void queues_know_nothing_of_each_other(void **state)
{
    struct scene *scene = *state;
    struct queue other;
    struct turn turn = {0};

    queue_init(&other);
    take_zero(scene, 0);
    assert_true(turn_take(&other, &turn, both, 2, on_begin, &scene->owners[9]));
    take_zero(scene, 1);
    turn_leave(&turn);
    assert_string_equal(scene->order, "");
}

/* ---- what may happen when a turn comes */

static void leave_at_once(struct owner *owner)
{
    turn_leave(&owner->turn);
}

static void a_turn_may_be_left_when_it_comes(void **state)
{
    struct scene *scene = *state;

    take_zero(scene, 0);
    for (size_t i = 1; i < 6; i++) {
        take_zero(scene, i);
        scene->owners[i].then = leave_at_once;
    }
    take_zero(scene, 6);
    leave(scene, 0);
    assert_string_equal(scene->order, "123456");
}

static void stand_in_line_again(struct owner *owner)
{
    struct scene *scene = owner->scene;

    turn_leave(&owner->turn);
    owner->then = NULL;
    take_zero(scene, (size_t)(owner - scene->owners));
}

static void who_leaves_and_asks_again_when_its_turn_comes_is_last(void **state)
{
    struct scene *scene = *state;

    take_zero(scene, 0);
    take_zero(scene, 1);
    take_zero(scene, 2);
    scene->owners[1].then = stand_in_line_again;
    leave(scene, 0);
    assert_string_equal(scene->order, "12");
    assert_false(scene->owners[1].turn.had);
    leave(scene, 2);
    assert_string_equal(scene->order, "121");
}

static void ask_for_more(struct owner *owner)
{
    struct scene *scene = owner->scene;

    owner->then = NULL;
    assert_false(take(scene, 8, "billing", "orders", 0));
    assert_false(take(scene, 9, "billing", "orders", 2));
    assert_true(take(scene, 7, "audit", "orders", 2));
}

/* The second one could begin, though it has not been told so yet. */
static void who_asks_when_a_turn_comes_stands_behind_those_that_are_about_to_begin(void **state)
{
    struct scene *scene = *state;

    take(scene, 0, "billing", "orders", ANY_PARTITION);
    take(scene, 1, "billing", "orders", 0);
    take(scene, 2, "billing", "orders", 2);
    scene->owners[1].then = ask_for_more;
    leave(scene, 0);
    assert_string_equal(scene->order, "12");
    leave(scene, 2);
    leave(scene, 1);
    assert_string_equal(scene->order, "1298");
}

static void make_the_next_leave(struct owner *owner)
{
    turn_leave(&(owner + 1)->turn);
}

static void who_is_about_to_begin_may_be_made_to_leave(void **state)
{
    struct scene *scene = *state;

    take(scene, 0, "billing", "orders", ANY_PARTITION);
    take(scene, 1, "billing", "orders", 1);
    take(scene, 2, "billing", "orders", 2);
    take(scene, 3, "billing", "orders", 2);
    scene->owners[1].then = make_the_next_leave;
    leave(scene, 0);
    assert_string_equal(scene->order, "13");
    assert_int_equal(scene->owners[2].begun, 0);
}

/* ---- against a model */

/* What a turn is about, as the model has it: 0 stands for any, and else only the same is the same.
 */
struct kind {
    unsigned app;
    unsigned stream;
    unsigned partition;
};

struct entry {
    size_t index;
    unsigned count;
    struct kind kinds[SUBJECTS_MAX];
};

/* All that stand in line, first come first. */
struct model {
    struct entry entries[TURNS];
    size_t size;
};

static struct {
    uint32_t seed;
    struct scene *scene;
    struct model model;
    bool told[TURNS]; /* its turn has come, as it was told */
    unsigned depth;   /* of begins in begins */
    unsigned begun;
} chance;

static unsigned draw(unsigned below)
{
    chance.seed = chance.seed * 1664525 + 1013904223;
    return (chance.seed >> 16) % below;
}

/* What stands for any is rare, or all would wait for each other. */
static unsigned draw_kind(unsigned kinds)
{
    return draw(10) ? 1 + draw(kinds) : 0;
}

static bool is_like(unsigned a, unsigned b)
{
    return a == 0 || b == 0 || a == b;
}

static bool is_in_the_way(const struct entry *before, const struct entry *entry)
{
    bool found = false;

    for (unsigned i = 0; i < before->count * entry->count; i++) {
        const struct kind *a = &before->kinds[i % before->count];
        const struct kind *b = &entry->kinds[i / before->count];

        found = found || (is_like(a->app, b->app) && is_like(a->stream, b->stream) &&
                          is_like(a->partition, b->partition));
    }
    return found;
}

static bool may_begin(const struct model *model, size_t place)
{
    for (size_t i = 0; i < place; i++) {
        if (is_in_the_way(&model->entries[i], &model->entries[place]))
            return false;
    }
    return true;
}

static size_t place_of(const struct model *model, size_t index)
{
    size_t place = 0;

    while (place < model->size && model->entries[place].index != index)
        place++;
    return place;
}

static void leave_by_chance(size_t index)
{
    struct model *model = &chance.model;
    size_t place = place_of(model, index);
    struct turn *turn = &chance.scene->owners[index].turn;

    assert_true(place < model->size);
    model->size--;
    memmove(&model->entries[place], &model->entries[place + 1],
            (model->size - place) * sizeof(model->entries[0]));
    chance.told[index] = false;
    if (draw(2))
        turn_leave(turn);
    else
        assert_false(call_cancel(&turn->call));
}

static void act_by_chance(void);

static void begin_by_chance(void *user)
{
    size_t index = (size_t)((struct owner *)user - chance.scene->owners);
    size_t place = place_of(&chance.model, index);

    assert_true(place < chance.model.size);
    assert_false(chance.told[index]);
    assert_true(may_begin(&chance.model, place));
    chance.told[index] = true;
    chance.begun++;
    chance.depth++;
    if (draw(8) == 0)
        leave_by_chance(index);
    else if (draw(4) == 0 && chance.depth < 5)
        act_by_chance();
    chance.depth--;
}

static void take_by_chance(size_t index)
{
    static const char *const apps[] = {NULL, "", "billing", "audit"};
    static const char *const streams[] = {NULL, "", "orders", "payments"};
    struct model *model = &chance.model;
    struct entry *entry = &model->entries[model->size++];
    struct owner *owner = &chance.scene->owners[index];
    struct subject subjects[SUBJECTS_MAX];

    *entry = (struct entry){.index = index, .count = 1 + draw(SUBJECTS_MAX)};
    for (unsigned i = 0; i < entry->count; i++) {
        struct kind kind = {draw_kind(3), draw_kind(3), draw_kind(8)};

        entry->kinds[i] = kind;
        subjects[i] = (struct subject){apps[kind.app], streams[kind.stream],
                                       kind.partition ? kind.partition - 1 : ANY_PARTITION};
    }
    chance.told[index] = turn_take(&chance.scene->queue, &owner->turn, subjects, entry->count,
                                   begin_by_chance, owner);
    assert_int_equal(chance.told[index], may_begin(model, model->size - 1));
}

/* One that has its turn leaves, or one that is not in the queue comes; few give up waiting. */
static void act_by_chance(void)
{
    size_t index = draw(TURNS);

    if (place_of(&chance.model, index) == chance.model.size)
        take_by_chance(index);
    else if (chance.told[index] || draw(8) == 0)
        leave_by_chance(index);
}

/* Between calls nobody waits in vain. */
static void check_by_model(void)
{
    const struct model *model = &chance.model;

    for (size_t i = 0; i < model->size; i++)
        assert_int_equal(chance.told[model->entries[i].index], may_begin(model, i));
}

static void whatever_happens_turns_come_as_in_a_model(void **state)
{
    chance.seed = 20261126;
    chance.scene = *state;
    for (unsigned i = 0; i < 20000; i++) {
        act_by_chance();
        check_by_model();
    }
    assert_true(chance.begun > 1000);
    while (chance.model.size) {
        leave_by_chance(chance.model.entries[draw((unsigned)chance.model.size)].index);
        check_by_model();
    }
    assert_true(TAILQ_EMPTY(&chance.scene->queue.turns));
}

#define SCENE(name) cmocka_unit_test_setup_teardown(name, setup, teardown)

int main(void)
{
    const struct CMUnitTest tests[] = {
        SCENE(the_first_one_has_its_turn_at_once),
        SCENE(turns_come_in_the_order_in_which_they_were_asked_for),
        SCENE(who_asks_again_stands_at_the_end),
        SCENE(what_is_not_the_same_does_not_wait),
        SCENE(those_that_wait_for_one_go_on_together),
        SCENE(one_waits_for_all_that_are_before_it),
        SCENE(one_also_waits_for_those_that_wait_before_it),
        SCENE(what_stands_for_any_is_the_same_as_each),
        SCENE(a_turn_with_two_subjects_waits_for_both),
        SCENE(a_turn_with_two_subjects_keeps_both_from_others),
        SCENE(two_renames_of_the_same_follow_each_other),
        SCENE(who_leaves_while_waiting_is_not_told),
        SCENE(who_leaves_while_waiting_lets_others_through),
        SCENE(cancelling_a_turn_leaves_the_queue),
        SCENE(leaving_twice_is_leaving_once),
        SCENE(queues_know_nothing_of_each_other),
        SCENE(a_turn_may_be_left_when_it_comes),
        SCENE(who_leaves_and_asks_again_when_its_turn_comes_is_last),
        SCENE(who_asks_when_a_turn_comes_stands_behind_those_that_are_about_to_begin),
        SCENE(who_is_about_to_begin_may_be_made_to_leave),
        SCENE(whatever_happens_turns_come_as_in_a_model),
    };

    return cmocka_run_group_tests_name("queue", tests, NULL, NULL);
}
