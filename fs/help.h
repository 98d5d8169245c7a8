#ifndef FS_HELP_H
#define FS_HELP_H

/* Prints on standard output what --help tells: the sources and options of all backends come from
 * their types. */
void help_print(void);

#endif
