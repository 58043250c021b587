/*
 * render - objects in the form that a client asked for.
 *
 * As JSON: the object, its metadata alone, or a row of a Table with the cells that kubectl prints.
 * Whole answers and the pieces that lists and watches are made of.  YAML is made of the JSON.
 *
 * Pure; any thread.
 */
#ifndef API_RENDER_H
#define API_RENDER_H

#include <stdbool.h>
#include <stdint.h>

#include "api/accept.h"
#include "base/str.h"

struct buf;
struct json;
struct kind;
struct object;

enum render_include { RENDER_METADATA, RENDER_OBJECT, RENDER_NONE };

struct render {
    struct accept accept;
    enum render_include include; /* of Tables: what each row carries along */
    const struct kind *kind;
    int64_t now_us; /* for ages */
};

/* "", "Metadata", "Object" or "None".  False for others. */
bool render_include_parse(struct str text, enum render_include *ret);

/* One object as a whole answer.  `fresh`: it was not stored, so it has no resourceVersion. */
void render_one(const struct render *r, const struct object *o, bool fresh, struct buf *to);

/* A list: head, items with commas between them, tail. */
void render_list_head(const struct render *r, struct buf *to);
void render_list_item(const struct render *r, const struct object *o, bool first, struct buf *to);
/* go_on: the token for the next page, NULL for none; remaining < 0: not known. */
void render_list_tail(const struct render *r, int64_t rv, const char *go_on, int64_t remaining,
                      struct buf *to);

/* One line of a watch.  `type` is "ADDED" ...; `first`: Tables say their columns. */
void render_event(const struct render *r, const char *type, const struct object *o, bool first,
                  struct buf *to);
void render_bookmark(const struct render *r, int64_t rv, bool initial_end, struct buf *to);

/* JSON text as the answer's body: as it is, or as YAML. */
void render_body(const struct accept *a, struct str json, struct buf *to);
/* The Content-Type of what render_one() and lists make. */
const char *render_content_type(const struct accept *a);

#endif
