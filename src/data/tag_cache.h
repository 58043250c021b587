/*
 * tag_cache - compiled expressions by their text.
 *
 * Private to tag*.c; tag.h has what others may call.
 */
#ifndef DATA_TAG_CACHE_H
#define DATA_TAG_CACHE_H

#include "data/tag.h"

enum { TAG_CACHE_MAX = 1000 };

/* The program for a text, compiled if need be.  Without a cache (NULL) it becomes the caller's
 * own, in *own. */
int tag_cache_get(struct tag_cache *c, struct str text, const struct expr_program **ret,
                  struct expr_program **own, struct err *e);

#endif
