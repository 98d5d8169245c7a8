#include "test.h"

#include "api/service/word.h"

/* Checks what a word is read as, and what follows it; NULL for one that only a shell can read. */
static void check_words(const char *text, const char *expected, const char *following)
{
    char *copy = strdup(text);
    char *rest = NULL;
    char *word;

    assert_non_null(copy);
    word = word_read(copy, &rest);
    if (!word != !expected)
        fail_msg("<%s> is read as <%s>", text, word ? word : "nothing");
    if (expected)
        assert_string_equal(word, expected);
    if (expected)
        assert_string_equal(rest, following);
    free(copy);
}

static void check_word(const char *text, const char *expected)
{
    check_words(text, expected, "");
}

TEST(a_plain_word_is_itself)
{
    check_word("", "");
    check_word("abc", "abc");
    check_word("a#b=c:d/e+f~!{}*?[]", "a#b=c:d/e+f~!{}*?[]");
    check_word("#a", "#a");
    check_word("\xc3\xa9", "\xc3\xa9");
}

TEST(quotes_are_taken_off)
{
    check_word("\"a b\"", "a b");
    check_word("'a b'", "a b");
    check_word("''", "");
    check_word("'$a`b\\\"'", "$a`b\\\"");
    check_word("\"it's\"", "it's");
    check_word("a'b c'\"d e\"f", "ab cd ef");
    check_word("'it'\\''s'", "it's");
    check_word("\"'\"'\"'", "'\"");
}

TEST(a_backslash_takes_the_meaning_of_what_follows)
{
    check_word("a\\ b", "a b");
    check_word("\\$a\\`", "$a`");
    check_word("\"\\$a \\`b \\\\ \\\" \\n\"", "$a `b \\ \" \\n");
    check_word("\\'", "'");
    check_word("a\\", NULL);
}

TEST(blanks_a_comment_and_other_words_may_follow)
{
    check_word("a \t ", "a");
    check_word("a # b $c", "a");
    check_word("'a'\t#b", "a");
    check_word(" # b", "");
    check_words("a b", "a", "b");
    check_words("'a'  b=c  d # e", "a", "b=c  d # e");
    check_words(" b", "", "b");
}

TEST(what_a_shell_would_replace_is_no_word)
{
    static const char *const words[] = {"$a",      "a$b", "${a}", "$(a)",   "`a`", "\"$a\"",
                                        "\"`a`\"", "~",   "~a",   "a;b",    "a&",  "a|b",
                                        "a>b",     "a<b", "(a)",  "\"a$\"", "$"};

    for (size_t i = 0; i < COUNT(words); i++)
        check_word(words[i], NULL);
}

TEST(quotes_must_end)
{
    check_word("'a", NULL);
    check_word("\"a", NULL);
    check_word("\"a\\\"", NULL);
    check_word("'", NULL);
    check_word("a'b'\"", NULL);
    check_word("\"\\", NULL);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(a_plain_word_is_itself),
        cmocka_unit_test(quotes_are_taken_off),
        cmocka_unit_test(a_backslash_takes_the_meaning_of_what_follows),
        cmocka_unit_test(blanks_a_comment_and_other_words_may_follow),
        cmocka_unit_test(what_a_shell_would_replace_is_no_word),
        cmocka_unit_test(quotes_must_end),
    };

    return cmocka_run_group_tests_name("word", tests, NULL, NULL);
}
