#ifndef API_SERVICE_SECRET_H
#define API_SERVICE_SECRET_H

#include <ini.h>

#include "api/error.h"

/*
 * Texts that nobody else may see, and the files they come from. Who holds some must keep the
 * process from leaving a core file: see secret_guard_process.
 */

/* Wipes and frees a text; NULL is allowed. */
void secret_free(char *text);

/* Adds to a text, which may be NULL; the old copy is wiped. 0 or -ENOMEM. */
int secret_append(char **text, const char *more);

/* Keeps memory and environment of this process from other processes of the user, and from core
 * files. It lasts until the process ends or executes another program. */
void secret_guard_process(void);

/* The path of a file below the user's home, for the caller to free; NULL without memory. A mount
 * from fstab has no HOME: the home is that of the user database then. */
char *secret_path(const char *name);

/*
 * Reads a file that only its owner may read, of less than 64 KiB. *text is for secret_free. 0;
 * -EACCES for a file that is open to others; -EBADMSG for what is no such file; or what opening it
 * said. With an error.
 */
int secret_read_file(const char *path, char **text, struct error *error);

/*
 * Reads the INI text of a file. handler is libinih's: it gets a value in one or more pieces, for
 * libinih takes no line of more than 199 bytes, and returns 0 when it fails. 0, or -EBADMSG with an
 * error.
 */
int secret_parse_ini(const char *path, const char *text, ini_handler handler, void *user,
                     struct error *error);

#endif
