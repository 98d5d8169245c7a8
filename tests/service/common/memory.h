#ifndef SERVICE_MEMORY_H
#define SERVICE_MEMORY_H

#include <stddef.h>

/* Memory for the simulated services, which end when there is none: no result is ever NULL. */
void *must_calloc(size_t count, size_t size);
void *must_realloc(void *memory, size_t count, size_t size);
char *must_strdup(const char *text);
char *must_strndup(const char *text, size_t size);

/* Ends the program when memory is NULL; for what libraries allocate. */
void *must(void *memory);

#endif
