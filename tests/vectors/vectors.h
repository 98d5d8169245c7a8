#ifndef TESTS_VECTORS_VECTORS_H
#define TESTS_VECTORS_VECTORS_H

#include <stdio.h>
#include <stdlib.h>

#include <cmocka.h>

#include <cjson/cJSON.h>

/* Signatures that official clients have printed: reads a file of them, for tests with cmocka. */

/* For cJSON_Delete. */
static inline cJSON *vectors_read(const char *path)
{
    FILE *file = fopen(path, "re");
    char *text = NULL;
    size_t room = 0;
    cJSON *root;

    assert_non_null(file);
    assert_true(getdelim(&text, &room, '\0', file) > 0);
    fclose(file);
    root = cJSON_Parse(text);
    free(text);
    assert_non_null(root);
    return root;
}

static inline const cJSON *vector_member(const cJSON *vector, const char *name)
{
    return cJSON_GetObjectItemCaseSensitive(vector, name);
}

/* NULL for what is no text. */
static inline const char *vector_text(const cJSON *vector, const char *name)
{
    return cJSON_GetStringValue(vector_member(vector, name));
}

/* A name or a value of the query, which is an array of pairs. */
static inline const char *vector_pair(const cJSON *pair, int index)
{
    return cJSON_GetStringValue(cJSON_GetArrayItem(pair, index));
}

#endif
