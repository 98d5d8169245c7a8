#include "fs/prometheus.h"

#include "base/utf8.h"

void prometheus_head(struct buf *text, const char *name, const char *type, const char *help)
{
    buf_printf(text, "# HELP %s %s\n# TYPE %s %s\n", name, help, name, type);
}

/* Adds the character at the beginning of a value; returns its length. */
static size_t add_character(struct buf *text, const char *value)
{
    size_t length = utf8_length(value);

    if (!length)
        buf_printf(text, "\\\\x%02X", (unsigned char)*value);
    else if (*value == '\n')
        buf_puts(text, "\\n");
    else if (*value == '"' || *value == '\\')
        buf_printf(text, "\\%c", *value);
    else
        buf_add(text, value, length);
    return length ? length : 1;
}

void prometheus_label(struct buf *text, const char *name, const char *value)
{
    buf_printf(text, "%s=\"", name);
    while (*value)
        value += add_character(text, value);
    buf_puts(text, "\"");
}
