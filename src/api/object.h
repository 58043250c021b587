/*
 * object - one version of one object: immutable, counted, shared by all threads.
 *
 * It is held as a tree, as text, or both: each is made from the other when it is first asked for.
 * Neither contains metadata.resourceVersion: that is object_rv(), and object_write() puts it where
 * clients expect it.  So two versions with the same content compare equal.
 *
 * Any thread.
 */
#ifndef API_OBJECT_H
#define API_OBJECT_H

#include <stdbool.h>
#include <stdint.h>

#include "api/kind.h"
#include "base/mem.h"
#include "base/str.h"

struct buf;
struct json;
struct json_doc;
struct object;

struct object *object_ref(const struct object *o);
void object_unref(const struct object *o); /* NULL is fine */
MEM_DEFINE_CLEANUP(struct object *, object_unref)
#define cleanup_object CLEANUP(object_unref)

const struct kind *object_kind(const struct object *o);
struct str object_namespace(const struct object *o); /* "" for a cluster-scoped one */
struct str object_name(const struct object *o);
struct str object_uid(const struct object *o);
int64_t object_rv(const struct object *o);

/* The tree; borrowed from the object. */
const struct json *object_root(const struct object *o);
struct json_doc *object_doc(const struct object *o);
/* Compact text, without resourceVersion; borrowed from the object. */
struct str object_text(const struct object *o);
/* The text as clients see it, with metadata.resourceVersion. */
void object_write(struct buf *to, const struct object *o);
/* The same of a text, or of its beginning with all metadata. */
void object_write_text(struct buf *to, struct str text, int64_t rv);

/* Shorthands over the tree. */
const struct json *object_at(const struct object *o, const char *dotted); /* json_at_path */
struct str object_label(const struct object *o, const char *key);
struct str object_annotation(const struct object *o, const char *key);
bool object_is_deleting(const struct object *o); /* has a deletionTimestamp */
bool object_is_finished(const struct object *o);
/* The uid of the owner with controller: true, or STR_NULL. */
struct str object_controller_uid(const struct object *o);

/* For objects.c and tests: takes the document, which must have passed objects' checks. */
struct object *object_new(const struct kind *k, struct json_doc *doc, int64_t rv);
/* From stored text; names are copied.  The text must be ours. */
struct object *object_from_text(const struct kind *k, struct str ns, struct str name,
                                struct str uid, struct str text, int64_t rv);
/* A document of stored text: what does not parse is a damaged file, and ends the process. */
struct json_doc *object_parse(struct str text);
/* Bytes that it holds now. */
size_t object_bytes(const struct object *o);

#endif
