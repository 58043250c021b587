/*
 * selector_int - what selector.c and selector_parse.c know of a selector.
 */
#ifndef SCHEMA_SELECTOR_INT_H
#define SCHEMA_SELECTOR_INT_H

#include "base/arena.h"
#include "base/vec.h"
#include "schema/selector.h"

struct selector {
    VEC(struct selector_term) terms;
    struct arena arena; /* of the texts */
};

/* Appends a term with copies of its texts.  ERR_BADREQUEST if they are no labels, where `labels`
 * asks for that. */
int selector_add(struct selector *s, struct str key, enum selector_op op, const struct str *values,
                 size_t count, bool labels, struct err *e);

/* ERR_TOOLARGE for a text that is too long. */
int selector_check_size(struct str text, struct err *e);

#endif
