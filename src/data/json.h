/*
 * json - immutable JSON values, a builder, and a writer.
 *
 * A document is one block of memory: a header, an array of fixed-size nodes in
 * document order (a container is followed by its content, and knows how many
 * nodes that is), and the text of strings and numbers.  So parsing makes one
 * allocation, freeing is one call, and sharing between threads is a count.
 *
 * Nothing is lost between parsing and printing: the order of keys stays, and a
 * number keeps its text (0.1, 1e3, -0, 2^64-1).  Strings are decoded to UTF-8 and
 * may contain NUL (from \u0000); lone surrogates are refused.
 *
 * A `const struct json *` is borrowed from its document.  Every reading function
 * takes NULL for "absent" and answers absent, so that look-ups chain:
 *
 *     json_str(json_get(json_get(root, "metadata"), "name"))
 *
 * Documents may be read by any thread; a builder belongs to one.
 */
#ifndef DATA_JSON_H
#define DATA_JSON_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "base/mem.h"
#include "base/str.h"

struct buf;
struct err;
struct json;
struct json_doc;

enum json_type {
    JSON_ABSENT, /* what a NULL value is */
    JSON_NULL,
    JSON_BOOL,
    JSON_NUMBER,
    JSON_STRING,
    JSON_ARRAY,
    JSON_OBJECT,
};

/* "null", "boolean", "number", "string", "array", "object"; "nothing" for JSON_ABSENT. */
const char *json_type_name(enum json_type type);

/* Documents. */

struct json_limits {
    size_t bytes;           /* of the text */
    unsigned depth;         /* nested containers */
    bool refuse_duplicates; /* else the last one of equal keys stays, and they are listed */
};

enum { JSON_MAX_BYTES = 256 * 1024 * 1024, JSON_MAX_DEPTH = 1000 };
extern const struct json_limits json_limits_default; /* the two above, duplicates refused */

/* Parses one value with nothing but white space around it (RFC 8259, UTF-8 checked).  The text is
 * not kept.  ERR_BADREQUEST with line and column, or ERR_TOOLARGE naming the limit. */
int json_parse(struct str text, const struct json_limits *limits, struct json_doc **ret,
               struct err *e);

struct json_doc *json_doc_ref(struct json_doc *d);
void json_doc_unref(struct json_doc *d); /* NULL is fine */
MEM_DEFINE_CLEANUP(struct json_doc *, json_doc_unref)
#define cleanup_json CLEANUP(json_doc_unref)

const struct json *json_root(const struct json_doc *d); /* NULL gives NULL */
size_t json_doc_bytes(const struct json_doc *d);        /* memory it holds */

/* Paths of fields that were dropped because their key occurred again ("spec.templates[0].name"),
 * the first 100 of them; count is 0 when there are none.  Borrowed. */
size_t json_doc_duplicates(const struct json_doc *d, const char *const **ret);

/* Reading. */

enum json_type json_type(const struct json *v);
bool json_is_null(const struct json *v); /* absent or null */

/* The value under the key, or NULL; NULL too if v is no object. */
const struct json *json_get(const struct json *v, const char *key);
const struct json *json_get_str(const struct json *v, struct str key);
/* json_get along a path of plain keys: json_at_path(v, "spec.arguments.parameters"). */
const struct json *json_at_path(const struct json *v, const char *dotted);
/* Item i of an array, or NULL.  Walks; use json_each for all. */
const struct json *json_item(const struct json *v, size_t i);
/* Items of an array, or fields of an object; else 0. */
size_t json_count(const struct json *v);

/* The text of a string, or STR_NULL for anything else.  A terminating NUL follows. */
struct str json_str(const struct json *v);
/* The text of a string, or `otherwise`. */
const char *json_cstr_or(const struct json *v, const char *otherwise);
/* The text of a string as it is, of a number as written, "true", "false", "null"; STR_NULL for
 * containers. */
struct str json_scalar_text(const struct json *v);
struct str json_number_text(const struct json *v);
/* An integer that fits (1.0 and 1e3 are ones), also where the value is a string of digits if
 * `or_string` (Kubernetes' IntOrString). */
bool json_int(const struct json *v, int64_t *ret);
bool json_int_or_string(const struct json *v, int64_t *ret);
bool json_double(const struct json *v, double *ret);
bool json_bool_or(const struct json *v, bool otherwise);

/* One field or item after another:
 *     JSON_EACH(it, v) use(it.key, it.value);
 * `key` is STR_NULL for arrays.  Nothing happens for scalars and NULL. */
struct json_each {
    const struct json *value;
    struct str key;
    size_t index;
    const struct json *next_, *end_;
    const char *text_;
};
struct json_each json_each_begin(const struct json *v);
bool json_each_next(struct json_each *it);
#define JSON_EACH(it, v) for (struct json_each it = json_each_begin(v); json_each_next(&it);)

/* Deep equality: objects without regard to order, numbers by value (1, 1.0 and 1e0 are equal). */
bool json_equal(const struct json *a, const struct json *b);

/* Where a value was written: 1-based, 0 if unknown (built documents).  The column counts bytes in
 * JSON and characters in YAML. */
struct json_position {
    int line, col;
};
struct json_position json_position(const struct json_doc *d, const struct json *v);
/* The same for the key of a field, given its value. */
struct json_position json_key_position(const struct json_doc *d, const struct json *value);
/* "spec.templates[2].container", from the root to v; v must be of this document. */
void json_path(const struct json_doc *d, const struct json *v, struct buf *to);

/* Writing. */

/* Compact, as RFC 8259 asks; keys in their order.  Escapes only what must be. */
void json_write(struct buf *to, const struct json *v);
/* Four spaces of indent and no newline at the end, as `kubectl -o json` lays it out. */
void json_write_pretty(struct buf *to, const struct json *v);
/* Compact with sorted keys, for digests. */
void json_write_sorted(struct buf *to, const struct json *v);
/* A string literal with its quotes.  Bytes that are not UTF-8 become U+FFFD, here and wherever a
 * built document is written, so that output always is JSON. */
void json_write_string(struct buf *to, struct str s);
/* The same without the quotes, for substitution into JSON text. */
void json_write_escaped(struct buf *to, struct str s);

/* Building.
 *
 *     struct json_build b = JSON_BUILD_INIT;
 *     json_add_object(&b, NULL);                     the root has no key
 *     json_add_cstr(&b, "kind", "Pod");
 *     json_add_array(&b, "args");
 *     json_add_int(&b, NULL, 7);                     nor do items
 *     json_end(&b);
 *     json_end(&b);
 *     struct json_doc *d = json_build_done(&b);
 *
 * A key given inside an array, or missing inside an object, is our own mistake (CHECK).  Keys are
 * not looked up: do not add one twice. */
struct json_build {
    struct json *nodes;
    size_t n, cap;
    char *text;
    size_t text_n, text_cap;
    uint32_t open; /* index of the innermost open container, plus one; 0: none */
    bool keyed;    /* json_add_key() was called for the next value */
};
#define JSON_BUILD_INIT ((struct json_build){.nodes = NULL})

void json_add_object(struct json_build *b, const char *key);
void json_add_array(struct json_build *b, const char *key);
void json_end(struct json_build *b); /* of the innermost container */
void json_add_null(struct json_build *b, const char *key);
void json_add_bool(struct json_build *b, const char *key, bool value);
void json_add_int(struct json_build *b, const char *key, int64_t value);
void json_add_double(struct json_build *b, const char *key, double value);    /* see below */
void json_add_number(struct json_build *b, const char *key, struct str text); /* must be JSON's */
void json_add_str(struct json_build *b, const char *key, struct str value);
void json_add_cstr(struct json_build *b, const char *key, const char *value);
/* json_add_double() writes the shortest text that reads back as the same number, in Go's layout;
 * null for what JSON cannot hold (NaN, infinities).  json_add_number() CHECKs the text, so show
 * outside text to json_is_number_text() first. */
bool json_is_number_text(struct str text);
void json_add_printf(struct json_build *b, const char *key, const char *fmt, ...)
    __attribute__((format(printf, 3, 4)));
/* A deep copy.  NULL adds nothing, so it must not follow json_add_key(). */
void json_add_value(struct json_build *b, const char *key, const struct json *v);
/* All fields of an object except those in the NULL-terminated list (which may be NULL). */
void json_add_fields(struct json_build *b, const struct json *object, const char *const *except);
/* Sets the key of the next added value; then pass NULL as its key.  For keys that are not C
 * strings. */
void json_add_key(struct json_build *b, struct str key);
/* The document; the builder is empty and usable again.  All containers must be ended. */
struct json_doc *json_build_done(struct json_build *b) __attribute__((returns_nonnull));
/* Drops what was built. */
void json_build_cancel(struct json_build *b);
#define cleanup_json_build __attribute__((cleanup(json_build_cancel)))

/* A document of its own for a value inside another; NULL for NULL. */
struct json_doc *json_copy(const struct json *v);

#endif
