#include "api/error.h"

#include <errno.h>
#include <stdarg.h>
#include <stdio.h>
#include <string.h>

int error_set(struct error *error, int code, const char *format, ...)
{
    va_list arguments;

    *error = (struct error){.code = code};
    va_start(arguments, format);
    vsnprintf(error->message, sizeof(error->message), format, arguments);
    va_end(arguments);
    return -code;
}

int error_set_status(struct error *error, int status, const char *why)
{
    return error_set(error, -status, "%s", status == -ENOMEM ? "no memory" : why);
}

const char *error_name(int code)
{
    const char *name = strerrorname_np(code);

    return name ? name : "E?";
}
