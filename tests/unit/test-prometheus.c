#include "test.h"

#include "fs/prometheus.h"

static struct buf text = BUF_INIT(1024);

static int teardown(void **state)
{
    (void)state;
    buf_release(&text);
    return 0;
}

static const char *label(const char *value)
{
    buf_reset(&text);
    prometheus_label(&text, "app", value);
    assert_int_equal(buf_error(&text), 0);
    return text.data;
}

TEST(a_label_is_in_quotes)
{
    assert_string_equal(label("billing"), "app=\"billing\"");
    assert_string_equal(label(""), "app=\"\"");
    assert_string_equal(label("Zürich 東京"), "app=\"Zürich 東京\"");
}

TEST(what_would_end_it_is_escaped)
{
    assert_string_equal(label("a\"b\\c\nd"), "app=\"a\\\"b\\\\c\\nd\"");
    assert_string_equal(label("\\n"), "app=\"\\\\n\"");
    assert_string_equal(label("\"} 1\n# TYPE x"), "app=\"\\\"} 1\\n# TYPE x\"");
}

TEST(what_is_no_utf8_becomes_some)
{
    assert_string_equal(label("a\xff"
                              "b\xc3"),
                        "app=\"a\\\\xFFb\\\\xC3\"");
}

TEST(a_metric_has_an_introduction)
{
    buf_reset(&text);
    prometheus_head(&text, "x_total", "counter", "How many.");
    assert_string_equal(text.data, "# HELP x_total How many.\n# TYPE x_total counter\n");
}

#define SCENE(name) cmocka_unit_test_teardown(name, teardown)

int main(void)
{
    const struct CMUnitTest tests[] = {
        SCENE(a_label_is_in_quotes),
        SCENE(what_would_end_it_is_escaped),
        SCENE(what_is_no_utf8_becomes_some),
        SCENE(a_metric_has_an_introduction),
    };

    return cmocka_run_group_tests_name("prometheus", tests, NULL, NULL);
}
