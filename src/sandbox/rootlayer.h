/*
 * rootlayer - overlays whose writable layers are directories of an attempt: upper<suffix> and
 * work<suffix>, of which the second is the kernel's own.
 *
 * The spawner's thread.
 */
#ifndef SANDBOX_ROOTLAYER_H
#define SANDBOX_ROOTLAYER_H

#include <stdint.h>

struct boxmount_overlay;
struct err;
struct hostroot;
struct hostroot_range;

/* A directory below `dir` that belongs to the range's root; returns a descriptor of it. */
int rootlayer_make(const struct hostroot *h, int dir, const char *name, uint32_t base,
                   struct err *e);
/* An overlay over what `o` names as its lower layers, with a writable layer in `dir`; a detached
 * mount. */
int rootlayer_overlay(const struct hostroot *h, int dir, const char *suffix, uint32_t base,
                      struct boxmount_overlay *o, struct err *e);
/* The overlay that is the root of a step of this range. */
int rootlayer_root(const struct hostroot *h, const struct hostroot_range *range, int dir,
                   const char *suffix, struct err *e);
/* Removes such a layer from `dir`, if nothing was written through its overlay. */
void rootlayer_remove_unused(int dir, const char *suffix);

#endif
