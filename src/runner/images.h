/*
 * images - what stands in for an image: the rule table.
 *
 * A rule maps images (a pattern) to the host's programs, a directory with a root of its own, or a
 * Python environment.  The settings' rules come first, in their order, then the built-in ones:
 * bases whose content any host has (alpine, busybox, bash, debian, ubuntu) and python.  What no
 * rule covers is not to be had: running other programs under an image's name would give wrong
 * results silently.
 *
 * A pattern knows * (any text) and ? (one character) and is held against the reference as written
 * and without docker.io/ and library/; one without a tag covers all tags.  Any thread.
 */
#ifndef RUNNER_IMAGES_H
#define RUNNER_IMAGES_H

#include <stdbool.h>
#include <stddef.h>

#include "base/str.h"

struct arena;
struct err;

enum image_kind { IMAGE_HOST, IMAGE_DIRECTORY, IMAGE_PYTHON };

struct image_rule {
    const char *pattern;
    enum image_kind kind;
    /* directory: absolute path.  python: path of an interpreter or of its prefix, or a version
     * ("3.11"), or NULL: the one that the image's tag asks for. */
    const char *target;
};

struct image_rules {
    const struct image_rule *at; /* borrowed */
    size_t n;
};

struct image {
    enum image_kind kind;
    const char *target;      /* as in the rule; for python by tag: the version asked for, or NULL */
    const char *description; /* for people and image IDs: "host", "directory /srv/x" */
};

/* Text lives in the arena.  ERR_NOTFOUND with the sentence that ImagePullBackOff shows. */
int images_resolve(const struct image_rules *rules, struct str image, struct arena *a,
                   struct image *ret, struct err *e);
#endif
