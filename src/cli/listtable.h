/*
 * listtable - a table of text cells, as `argo list` prints one: columns three spaces apart, the
 * last one free.
 *
 * Cells come row by row.  Main thread only; nothing fails.
 */
#ifndef CLI_LISTTABLE_H
#define CLI_LISTTABLE_H

#include <stddef.h>
#include <stdio.h>

#include "base/str.h"
#include "base/vec.h"

enum { LISTTABLE_COLUMNS_MAX = 12 };

struct listtable {
    size_t n; /* columns; the rest is zero */
    unsigned width[LISTTABLE_COLUMNS_MAX];
    VEC(char *) cells;
};

void listtable_cell(struct listtable *t, size_t column, struct str text);
/* Prints and empties it. */
void listtable_write(struct listtable *t, FILE *out);

#endif
