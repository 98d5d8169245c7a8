/* The input is somebody's text on a page: it is text there, and all of it can be seen. */
#include "fuzz.h"

#include "base/utf8.h"
#include "fs/html.h"

#define PAGE_MAX (1UL << 20)

/* The length of the reference that begins here, of those that stand for a character; or 0. */
static size_t reference_length(const char *text)
{
    static const char *const references[] = {"&amp;", "&lt;", "&gt;", "&quot;", "&#39;"};

    for (size_t i = 0; i < sizeof(references) / sizeof(references[0]); i++) {
        if (!strncmp(text, references[i], strlen(references[i])))
            return strlen(references[i]);
    }
    return 0;
}

/* Returns how many characters a browser shows. */
static size_t check_page(const char *page)
{
    size_t shown = 0;

    for (; *page; shown++) {
        CHECK(!strchr("<>\"'", *page));
        CHECK(utf8_length(page) && utf8_is_visible(page));
        CHECK(*page != '&' || reference_length(page));
        page += *page == '&' ? reference_length(page) : utf8_length(page);
    }
    return shown;
}

static void show(const char *text, size_t characters)
{
    struct buf page = BUF_INIT(PAGE_MAX);
    size_t shown;

    html_text(&page, text, characters);
    CHECK(!buf_error(&page));
    shown = check_page(page.data);
    CHECK(!*text || shown);
    /* a character has at most four bytes, and each is at most four characters then */
    CHECK(characters == HTML_WHOLE || shown <= 16 * characters + 1);
    buf_release(&page);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    char *text = text_of(data, size);

    show(text, HTML_WHOLE);
    for (size_t characters = 0; characters < 5; characters++)
        show(text, characters);
    free(text);
    return 0;
}
