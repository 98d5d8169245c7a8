#include "test.h"

#include "base/guess.h"

/* What is meant by a word, of the words of these tests; or NULL. */
static const char *meant_by(const char *word)
{
    static const char *const known[] = {"ro",    "region", "regions", "timeout",
                                        "clamp", "any",    "key"};
    struct guess guess = guess_begin(word, strlen(word));

    for (size_t i = 0; i < COUNT(known); i++)
        guess_try(&guess, known[i], strlen(known[i]));
    return guess.nearest;
}

TEST(a_word_with_one_or_two_wrong_letters_is_recognized)
{
    assert_string_equal(meant_by("timout"), "timeout");
    assert_string_equal(meant_by("tiemout"), "timeout");
    assert_string_equal(meant_by("itmeuot"), "timeout");
    assert_string_equal(meant_by("ttimeouts"), "timeout");
    assert_string_equal(meant_by("CLAMP"), "clamp");
    assert_string_equal(meant_by("timeout"), "timeout");
}

TEST(short_words_must_be_nearer)
{
    assert_string_equal(meant_by("keys"), "key");
    assert_string_equal(meant_by("kye"), "key");
    assert_null(meant_by("kit"));
    assert_string_equal(meant_by("r"), "ro");
    assert_null(meant_by("x"));
    assert_string_equal(meant_by("RO"), "ro");
}

TEST(of_several_the_nearest_is_meant_and_of_equals_the_first)
{
    assert_string_equal(meant_by("regions"), "regions");
    assert_string_equal(meant_by("regionz"), "region");
}

TEST(nothing_is_meant_by_what_is_like_nothing)
{
    char many[10000];

    memset(many, 'r', sizeof(many));
    many[sizeof(many) - 1] = '\0';
    assert_null(meant_by("frobnicate"));
    assert_null(meant_by(""));
    assert_null(meant_by(many));
}

TEST(what_is_too_long_is_like_nothing)
{
    char word[GUESS_MAX + 2];
    struct guess guess;

    memset(word, 'x', sizeof(word));
    guess = guess_begin(word, GUESS_MAX);
    guess_try(&guess, word, GUESS_MAX + 1);
    assert_null(guess.nearest);
    guess_try(&guess, word, GUESS_MAX);
    assert_ptr_equal(guess.nearest, word);
    guess = guess_begin(word, GUESS_MAX + 1);
    guess_try(&guess, word, GUESS_MAX);
    assert_null(guess.nearest);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(a_word_with_one_or_two_wrong_letters_is_recognized),
        cmocka_unit_test(short_words_must_be_nearer),
        cmocka_unit_test(of_several_the_nearest_is_meant_and_of_equals_the_first),
        cmocka_unit_test(nothing_is_meant_by_what_is_like_nothing),
        cmocka_unit_test(what_is_too_long_is_like_nothing),
    };

    return cmocka_run_group_tests_name("guess", tests, NULL, NULL);
}
