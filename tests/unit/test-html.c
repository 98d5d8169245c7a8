#include "test.h"

#include "fs/html.h"

static struct buf page = BUF_INIT(4096);

static int teardown(void **state)
{
    (void)state;
    buf_release(&page);
    return 0;
}

static const char *shown(const char *text, size_t characters)
{
    buf_reset(&page);
    html_text(&page, text, characters);
    assert_int_equal(buf_error(&page), 0);
    return page.data;
}

TEST(text_is_text)
{
    assert_string_equal(shown("billing", HTML_WHOLE), "billing");
    assert_string_equal(shown("", HTML_WHOLE), "");
    assert_string_equal(shown("Zürich 東京 😀", HTML_WHOLE), "Zürich 東京 😀");
}

TEST(no_text_begins_an_element_or_ends_an_attribute)
{
    assert_string_equal(shown("<script>alert(1)</script>", HTML_WHOLE),
                        "&lt;script&gt;alert(1)&lt;/script&gt;");
    assert_string_equal(shown("\" onload=\"x' y='", HTML_WHOLE),
                        "&quot; onload=&quot;x&#39; y=&#39;");
    assert_string_equal(shown("a&b &lt; &#60;", HTML_WHOLE), "a&amp;b &amp;lt; &amp;#60;");
    assert_string_equal(shown("--><!-- ]]>", HTML_WHOLE), "--&gt;&lt;!-- ]]&gt;");
}

TEST(what_cannot_be_seen_is_shown)
{
    assert_string_equal(shown("a\tb\nc\\", HTML_WHOLE), "a\\tb\\nc\\\\");
    assert_string_equal(shown("x\xe2\x80\xaegnp\xe2\x80\xac", HTML_WHOLE),
                        "x\\xe2\\x80\\xaegnp\\xe2\\x80\\xac");
    assert_string_equal(shown("a\x1b[31m", HTML_WHOLE), "a\\x1b[31m");
    assert_string_equal(shown("\xff<\xc3", HTML_WHOLE), "\\xff&lt;\\xc3");
}

TEST(a_long_text_is_cut_between_characters)
{
    assert_string_equal(shown("abc", 3), "abc");
    assert_string_equal(shown("abcd", 3), "abc…");
    assert_string_equal(shown("東京都", 2), "東京…");
    assert_string_equal(shown("<<<", 2), "&lt;&lt;…");
    assert_string_equal(shown("\xff\xff\xff", 2), "\\xff\\xff…");
    assert_string_equal(shown("\xf0\x9f\x98", 1), "\\xf0…");
    assert_string_equal(shown("a", 0), "…");
}

TEST(a_page_that_is_full_says_so)
{
    struct buf small = BUF_INIT(5);

    html_text(&small, "<<", HTML_WHOLE);
    assert_int_equal(buf_error(&small), -EFBIG);
    buf_release(&small);
}

#define SCENE(name) cmocka_unit_test_teardown(name, teardown)

int main(void)
{
    const struct CMUnitTest tests[] = {
        SCENE(text_is_text),
        SCENE(no_text_begins_an_element_or_ends_an_attribute),
        SCENE(what_cannot_be_seen_is_shown),
        SCENE(a_long_text_is_cut_between_characters),
        SCENE(a_page_that_is_full_says_so),
    };

    return cmocka_run_group_tests_name("html", tests, NULL, NULL);
}
