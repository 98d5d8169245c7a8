#ifndef API_SERVICE_SECRET_H
#define API_SERVICE_SECRET_H

#include "api/error.h"

/*
 * Texts that nobody else may see, and the files they come from. Who holds some must keep the
 * process from leaving a core file: see secret_guard_process.
 */

/* Wipes and frees a text; NULL is allowed. */
void secret_free(char *text);

/* Makes *text a copy of a value; what it was, or NULL, is wiped. 0 or -ENOMEM. */
int secret_set(char **text, const char *value);

/* Keeps memory and environment of this process from other processes of the user, from core files,
 * and from /proc. It lasts until the process ends or executes another program, and its children
 * have it too. What getenv(3) has given before is wiped. */
void secret_guard_process(void);

/*
 * Reads a file that only its owner may read, who is this user or root, of less than 64 KiB and
 * without NULs; a byte order mark is left out. *text is for secret_free. 0; -EACCES for a file that
 * is open to others, or belongs to one; -EBADMSG for what is no such file; or what opening it said.
 * With an error.
 */
int secret_read_file(const char *path, char **text, struct error *error);

/* Takes a value; section is "" before the first, and the value may be empty, or NULL if only a
 * shell could tell what it is. The texts last as long as the call. 0, -ENOMEM, -EEXIST when this
 * was said before, or -EINVAL for a NULL that was wanted. */
typedef int secret_value_fn(void *user, const char *section, const char *name, const char *value);

/*
 * Reads the text of a file of lines "[section]", "name = value" or "name: value", empty ones, and
 * comments, which begin with # or ;. Blanks around names and values do not count; a value may hold
 * anything else, and ends with its line. One that begins with a quotation mark, a dollar sign or a
 * backquote is read as a shell reads it. 0, -ENOMEM, or -EBADMSG, with an error that tells no
 * value.
 *
 * If a line begins with "export", the file is a script for a shell: its lines "NAME=VALUE" count,
 * with or without "export", and no others. Nothing is executed or replaced.
 */
int secret_parse_ini(const char *path, const char *text, secret_value_fn *take, void *user,
                     struct error *error);

#endif
