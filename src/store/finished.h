/*
 * finished - which objects are finished, read a piece at a time: there may be very many.
 *
 * Core thread.
 */
#ifndef STORE_FINISHED_H
#define STORE_FINISHED_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "base/str.h"

struct db;
struct err;

/* Not 0 ends the walk, and is returned if negative.  Texts are borrowed. */
struct finished_row {
    struct str ns, name, uid; /* finished_after(): only uid */
    int64_t rv;               /* finished_after() */
    bool finished;
};
typedef int finished_fn(void *arg, const struct finished_row *row, struct err *e);

/* The objects of a resource behind (ns, name), by namespace and name, finished or not.  Returns how
 * many rows there were. */
int finished_page(struct db *d, struct str resource, struct str ns, struct str name, size_t limit,
                  finished_fn *fn, void *arg, struct err *e);
/* Versions behind `rv`, of all resources, in their order; `finished`: it is the current one of a
 * finished object of the resource.  Returns how many there were. */
int finished_after(struct db *d, struct str resource, int64_t rv, size_t limit, finished_fn *fn,
                   void *arg, struct err *e);

#endif
