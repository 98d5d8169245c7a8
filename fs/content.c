#include "fs/content.h"

#include <errno.h>
#include <string.h>

void content_init(struct content *content, bool is_writable, bool is_file, bool appends)
{
    size_t room = is_writable ? CONTENT_RECORD_MAX : 0;

    buf_init(&content->text, room);
    buf_init(&content->last, room);
    buf_init(&content->lost, room);
    content->is_file = is_file;
    content->appends = appends;
}

void content_release(struct content *content)
{
    buf_release(&content->text);
    buf_release(&content->last);
    buf_release(&content->lost);
}

static void set_text(struct buf *buf, const char *data, size_t size)
{
    buf_reset(buf);
    buf_add(buf, data, size);
}

/* 0 if the text may be written to. */
static int check_refusal(const struct content *content, const char *data, size_t size,
                         size_t offset)
{
    bool is_same_place = content->appends || content->offset == offset;
    bool is_repeated =
        is_same_place && content->last.size == size && !memcmp(content->last.data, data, size);

    if (content->refused == EINTR)
        return is_repeated ? 0 : -ECANCELED;
    return -content->refused;
}

static size_t place_of_write(const struct content *content, size_t offset)
{
    size_t size = content->text.size;

    if (content->appends)
        return size;
    return content->is_file || offset < size ? offset : size;
}

/* Remembers the write, and what it may have to be taken back to. A text that is added to piece by
 * piece is not copied with each. */
static int remember(struct content *content, const char *data, size_t size, size_t offset)
{
    const struct buf *text = &content->text;
    size_t place = place_of_write(content, offset);

    set_text(&content->last, data, size);
    content->kept = place < text->size ? place : text->size;
    set_text(&content->lost, text->data + content->kept, text->size - content->kept);
    content->offset = offset;
    memcpy(content->committed_before, content->committed, sizeof(content->committed));
    return buf_error(&content->last) ? buf_error(&content->last) : buf_error(&content->lost);
}

static void take_back(struct content *content)
{
    struct buf *text = &content->text;

    text->error = 0;
    if (text->size > content->kept)
        buf_resize(text, content->kept);
    buf_add(text, content->lost.data, content->lost.size);
    content->dirty = false;
    memcpy(content->committed, content->committed_before, sizeof(content->committed));
}

/* Whether it begins farther out than the program can take the file to reach. Where a write at
 * offset 0 begins anew, that is also the end of a text that was done with. */
static bool leaves_hole(const struct content *content, size_t offset)
{
    if (content->is_file || content->appends || offset <= content->text.size)
        return false;
    return offset >
           (content_is_untouched(content) ? content->held : content->offset + content->last.size);
}

/* Nothing of a text is committed that was not taken as a whole. */
static int refuse_text(struct content *content, int status)
{
    content->refused = status == -ENOMEM ? ENOMEM : EINVAL;
    content->dirty = false;
    return status;
}

static int check_size(const struct content *content)
{
    const struct buf *text = &content->text;

    if (buf_error(text))
        return buf_error(text);
    return text->size > CONTENT_MAX && *text->data != '{' ? -EFBIG : 0;
}

int content_write(struct content *content, const char *data, size_t size, size_t offset,
                  size_t *place)
{
    int status = check_refusal(content, data, size, offset);

    if (status)
        return status;
    if (leaves_hole(content, offset))
        return refuse_text(content, -ESPIPE);
    status = remember(content, data, size, offset);
    if (status)
        return refuse_text(content, status);
    content->refused = 0;
    *place = place_of_write(content, offset);
    if (*content->committed && *place <= strcspn(content->text.data, "\n"))
        *content->committed = '\0';
    if (!content->is_file)
        buf_resize(&content->text, *place);
    buf_write_at(&content->text, *place, data, size);
    content->dirty = true;
    status = check_size(content);
    if (!status)
        return 0;
    take_back(content);
    return refuse_text(content, status);
}

bool content_is_untouched(const struct content *content)
{
    return !content->last.size;
}

void content_print(const struct content *content, struct buf *text)
{
    size_t line = strcspn(content->text.data, "\n");

    if (!*content->committed)
        line = 0;
    if (line && content->text.data[line - 1] == '\r')
        line--;
    buf_puts(text, content->committed);
    buf_add(text, content->text.data + line, content->text.size - line);
}

void content_take(struct content *content, bool is_order)
{
    content->dirty = false;
    if (is_order)
        buf_reset(&content->text);
}

void content_refuse(struct content *content, int code)
{
    take_back(content);
    content->refused = code;
}

/* After EINTR the text still waits: the same fsync again, or close, commits it. */
void content_refuse_sync(struct content *content, int code)
{
    content->dirty = code == EINTR;
    content->refused = code == EINTR ? 0 : code;
    content->unreported = code == EINTR ? 0 : code;
}

int content_truncate(struct content *content, size_t size)
{
    struct buf *text = &content->text;

    if (!size)
        content->refused = 0;
    if (size == text->size || (!content->is_file && size > text->size))
        return 0;
    if (size <= strcspn(text->data, "\n"))
        *content->committed = '\0';
    buf_resize(text, size);
    content->dirty = size > 0 && !content_is_untouched(content) && !content->refused;
    if (!check_size(content))
        return 0;
    buf_reset(text);
    content->dirty = false;
    return -EFBIG;
}
