#include "fake.h"

#include "fs/page.h"

static struct fake fake;
static struct fs fs;
static struct summary summary;
static struct buf page = BUF_INIT(1UL << 20);

static int setup(void **state)
{
    (void)state;
    fake_init(&fake, NULL);
    fs = (struct fs){.backend = &fake.backend, .source = "dis://a\"<b>"};
    summary_init(&summary);
    return 0;
}

static int teardown(void **state)
{
    (void)state;
    buf_release(&page);
    fake_release(&fake);
    return 0;
}

static void add(const char *sequence, const char *earliest, const char *latest,
                enum standing standing)
{
    struct state state = {.committed = sequence ? 5 : WHEN_UNKNOWN,
                          .sequence = sequence,
                          .earliest = earliest,
                          .latest = latest};

    summary_add(&summary, &fake.backend, &state, standing);
}

static bool page_has(const char *part)
{
    assert_int_equal(buf_error(&page), 0);
    return strstr(page.data, part);
}

TEST(a_summary_is_of_all_partitions)
{
    add("49", "0", "100", STANDING_OK);
    add("99", "50", "100", STANDING_OK);
    add(NULL, "0", "7", STANDING_NONE);
    assert_int_equal(summary.partitions, 3);
    assert_string_equal(summary.lag, "57");
    assert_string_equal(summary.kept, "157");
    assert_int_equal(summary.unknown, 0);
    assert_int_equal(summary.committed, 5);
    assert_int_equal(summary.standings[STANDING_OK], 2);
    assert_int_equal(summary_worst(&summary), STANDING_NONE);
}

TEST(each_standing_is_worse_than_those_after_it)
{
    for (size_t i = STANDING_OK + 1; i-- > 0;) {
        add("5", "0", "10", page_by_severity[i]);
        assert_int_equal(summary_worst(&summary), page_by_severity[i]);
    }
}

TEST(a_lag_that_is_not_known_is_none_and_a_sum_without_it_says_so)
{
    struct buf details = BUF_INIT(100);

    add("5", NULL, NULL, STANDING_UNKNOWN);
    page_pair(&page, "billing", "orders", &summary, &details, 1);
    assert_true(page_has("<span class=\"lag\">–</span>"));
    add("5", "0", "1234568", STANDING_OK);
    buf_reset(&page);
    page_pair(&page, "billing", "orders", &summary, &details, 2);
    assert_true(page_has("<span class=\"lag\">≥\u202f1\u202f234\u202f562</span>"));
}

TEST(a_sum_of_more_digits_than_numbers_have_is_no_sum)
{
    char number[DECIMAL_MAX + 1];

    memset(number, '9', DECIMAL_MAX);
    number[DECIMAL_MAX] = '\0';
    add(NULL, "0", number, STANDING_NONE);
    assert_int_equal(summary.unknown, 0);
    add(NULL, "0", number, STANDING_NONE);
    assert_int_equal(summary.unknown, 1);
    assert_string_equal(summary.lag, number);
}

TEST(a_bar_is_never_wider_than_whole_and_a_lag_is_seen)
{
    struct buf details = BUF_INIT(100);

    add("0", "0", "100000000", STANDING_OK);
    page_pair(&page, "billing", "orders", &summary, &details, 1);
    assert_true(page_has("width=\"100.0%\""));
    summary_init(&summary);
    add("99999998", "0", "100000000", STANDING_OK);
    buf_reset(&page);
    page_pair(&page, "billing", "orders", &summary, &details, 1);
    assert_true(page_has("width=\"1.0%\""));
    summary_init(&summary);
    add("99999999", "0", "100000000", STANDING_OK);
    buf_reset(&page);
    page_pair(&page, "billing", "orders", &summary, &details, 1);
    assert_true(page_has("width=\"0.0%\""));
}

TEST(names_stand_as_in_the_tree_and_sources_are_text)
{
    struct buf details = BUF_INIT(100);
    struct error error = {.code = EACCES, .message = "<b>no</b>"};

    add("5", "0", "10", STANDING_OK);
    page_pair(&page, "a<b", "c&\xff", &summary, &details, 0);
    assert_true(page_has("c%26%FF"));
    assert_true(page_has("The 0 worst of 1 partitions; <code>lag/a%3Cb</code> has all"));
    page_error(&page, NULL, &error);
    assert_true(page_has("&lt;b&gt;no&lt;/b&gt; <small>EACCES</small>"));
    page_begin(&page, &fs);
    assert_true(page_has("<h1>dis://a&quot;&lt;b&gt;</h1>"));
}

#define SCENE(name) cmocka_unit_test_setup_teardown(name, setup, teardown)

int main(void)
{
    const struct CMUnitTest tests[] = {
        SCENE(a_summary_is_of_all_partitions),
        SCENE(each_standing_is_worse_than_those_after_it),
        SCENE(a_lag_that_is_not_known_is_none_and_a_sum_without_it_says_so),
        SCENE(a_sum_of_more_digits_than_numbers_have_is_no_sum),
        SCENE(a_bar_is_never_wider_than_whole_and_a_lag_is_seen),
        SCENE(names_stand_as_in_the_tree_and_sources_are_text),
    };

    return cmocka_run_group_tests_name("page", tests, NULL, NULL);
}
