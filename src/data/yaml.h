/*
 * yaml - YAML text to JSON documents and back, as Kubernetes' tools read and print it.
 *
 * Reading takes libyaml's events and gives each plain scalar the type that YAML
 * 1.1 has in those tools: yes, no, on, off, y and n are booleans, 0755, 0o755, 0x1f
 * and 0b11 integers, 1_000 is 1000, ~ and nothing are null; time stamps stay
 * strings.  A number keeps its text where JSON has the same form.  Keys that are
 * numbers or booleans become text.  Merge keys (<<) are carried out.
 *
 * What JSON cannot hold (.inf, .nan), unknown tags, equal keys (unless allowed), keys that are
 * collections, and aliases that expand beyond a limit are refused, always with
 * line and column, 1-based and in characters.
 *
 * Writing prints what sigs.k8s.io/yaml does: keys sorted, block style, lists level
 * with their key, quotes where a string would be read as something else, literal
 * blocks for several lines.
 *
 * Pure functions; any thread.
 */
#ifndef DATA_YAML_H
#define DATA_YAML_H

#include <stddef.h>

#include "base/str.h"
#include "data/json.h"

struct buf;
struct err;

struct yaml_limits {
    size_t bytes;   /* of the text, and of what it expands to */
    unsigned depth; /* nested collections, those of aliases too */
    size_t nodes;   /* keys, scalars and collections of one document, aliases expanded */
    /* Of equal keys the last one stays, and they are listed (json_doc_duplicates), as kubectl
     * does; else they are refused. */
    bool allow_duplicates;
    /* Only true and false are booleans; yes, no, on, off, y and n are strings.  That is how go-yaml
     * version 3 reads, and with it the KFP server: specs with an input named y depend on it. */
    bool only_true_false;
};

enum {
    YAML_MAX_BYTES = 64 * 1024 * 1024,
    YAML_MAX_DEPTH = JSON_MAX_DEPTH,
    YAML_MAX_NODES = 4 * 1000 * 1000,
};
extern const struct yaml_limits yaml_limits_default; /* the three above */

struct yaml_doc {
    struct json_doc *json;
    int line; /* where its content begins */
};

struct yaml_docs {
    struct yaml_doc *at;
    size_t n, cap;
};
#define YAML_DOCS_INIT ((struct yaml_docs){.at = NULL})

/* Releases all documents; the list is empty and usable again. */
void yaml_docs_done(struct yaml_docs *docs);
#define cleanup_yaml_docs __attribute__((cleanup(yaml_docs_done)))

/* Appends the documents of a stream, without those that are empty or null.  A text that begins
 * with '{' and is JSON is read as that.  ERR_BADREQUEST with line and column, or ERR_TOOLARGE
 * naming the limit; the list then is as before.  NULL limits are the default ones. */
int yaml_parse(struct str text, const struct yaml_limits *limits, struct yaml_docs *docs,
               struct err *e);

/* The only document of a text; ERR_BADREQUEST if there is none or more than one. */
int yaml_parse_one(struct str text, const struct yaml_limits *limits, struct json_doc **ret,
                   struct err *e);

/* One document without a "---" line, ending with a newline. */
void yaml_write(struct buf *to, const struct json *v);

#endif
