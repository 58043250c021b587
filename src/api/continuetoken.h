/*
 * continuetoken - where the next page of a list begins.
 *
 * To clients it is opaque; it says behind which object the last page ended, and which
 * resourceVersion the first page had, so that a watch from there misses nothing.  A token only
 * names a place: a forged one shows nothing that its sender might not list anyway.
 *
 * Pure; any thread.
 */
#ifndef API_CONTINUETOKEN_H
#define API_CONTINUETOKEN_H

#include <stdint.h>

#include "base/str.h"

struct arena;
struct buf;
struct err;

struct continuetoken {
    int64_t rv; /* < 0: the list goes on though its beginning is no longer known */
    struct str ns, name;
};

void continuetoken_write(const struct continuetoken *t, struct buf *to);
/* ERR_BADREQUEST: continue key is not valid: ... */
int continuetoken_read(struct arena *a, struct str text, struct continuetoken *ret, struct err *e);

#endif
