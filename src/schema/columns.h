/*
 * columns - what `kubectl get` prints of a kind: the columns of a Table, and an object's cells.
 *
 * The server computes the cells, so that every client shows the same words: a Pod's STATUS is
 * Init:0/2, CrashLoopBackOff, Terminating, Completed and so on, which no field says.  Columns of
 * priority 1 are always sent; clients show them with -o wide.
 *
 * A kind is a row in columns.c; a kind without one has Name and Age.  Source: what a kube-apiserver
 * answers.  Pure; any thread.
 */
#ifndef SCHEMA_COLUMNS_H
#define SCHEMA_COLUMNS_H

#include <stdint.h>

#include "base/str.h"

struct columns;
struct json;
struct json_build;

/* Static; never NULL. */
const struct columns *columns_of(struct str api_version, struct str kind);
/* The array columnDefinitions, as the value of `key`. */
void columns_add_definitions(const struct columns *c, struct json_build *b, const char *key);
/* The array of an object's cells, as the value of `key`. */
void columns_add_cells(const struct columns *c, const struct json *object, int64_t now_us,
                       struct json_build *b, const char *key);

#endif
