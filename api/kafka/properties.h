#ifndef API_KAFKA_PROPERTIES_H
#define API_KAFKA_PROPERTIES_H

#include <stdbool.h>

#include "api/error.h"

/*
 * Files of settings: Java's *.properties (java.util.Properties), and those of librdkafka's
 * programs, whose lines are "name=value" and nothing else. They differ in what a backslash is, so
 * the name tells how its value is read.
 */
struct properties_reader {
    /* Whether a name is librdkafka's alone: its value is what stands there. All others are read as
     * Java does, with escapes, and lines that go on behind a backslash. */
    bool (*is_literal)(const char *name);

    /* Takes a value, which may be empty, or NULL if it cannot be read: it has a wrong escape, or
     * letters that Java would read as others. The texts last as long as the call, and may be
     * written to. 0, -ENOMEM, -EEXIST when this was said before, or -EINVAL for a NULL that was
     * wanted. */
    int (*take)(void *user, const char *name, char *value);

    void *user;
};

/* Reads a text, which is cut up and holds secrets afterwards as it did before. 0, -ENOMEM or
 * -EBADMSG, with an error that tells no value; path is for messages. */
int properties_parse(const char *path, char *text, const struct properties_reader *reader,
                     struct error *error);

/* What sasl.jaas.config says; the texts lie in it. */
struct jaas {
    const char *module; /* the last part of a class name: "PlainLoginModule" */
    const char *username;
    const char *password; /* the same: NULL when it is not given */
    bool has_others;      /* options other than these */
};

/* Cuts up the text: "PACKAGE.MODULE required NAME=VALUE ... ;". False for what is none. */
bool jaas_parse(char *text, struct jaas *jaas);

#endif
