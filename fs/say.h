#ifndef FS_SAY_H
#define FS_SAY_H

/* Writes a line to standard error, with the program's name before it. What is said may hold texts
 * from anywhere, so control characters are escaped: \x1b. */
void say(const char *format, ...) __attribute__((format(printf, 1, 2)));

#endif
