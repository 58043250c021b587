/* versions_int - shared by the files of versions. */
#ifndef STORE_VERSIONS_INT_H
#define STORE_VERSIONS_INT_H

#include "store/versions.h"

struct stmt;

/* What the current row of the statement says, borrowed from it. */
typedef void versions_read_fn(struct stmt *s, struct version *v);

/* Hands the rows of the statement to fn, and is done with it; returns how many there were. */
int versions_walk(struct stmt *s, versions_read_fn *read, versions_row_fn *fn, void *arg,
                  struct err *e);

#endif
