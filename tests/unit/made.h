#ifndef TESTS_UNIT_MADE_H
#define TESTS_UNIT_MADE_H

#include "test.h"

#include "api/names.h"
#include "api/state.h"

/* What a test cannot go on without. */

static inline struct names *make_names(void)
{
    struct names *names = names_new();

    assert_non_null(names);
    return names;
}

static inline struct table *make_table(void)
{
    struct table *table = table_new();

    assert_non_null(table);
    return table;
}

#endif
