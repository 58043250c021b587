/*
 * managed - metadata.managedFields: who owns which field, and server-side apply.
 *
 * Every write from outside has a manager.  What it adds or changes becomes the manager's; an apply
 * also owns what it repeats, conflicts with what others own, and takes away what it applied last
 * time and now leaves out, if nobody else owns it.
 *
 * Objects are as typed_decode() and defaults_apply() leave them; `live` is the stored one, or NULL
 * if there is none.  All documents are new ones, the caller's to unref.
 *
 * Source: Kubernetes' description of server-side apply, and what a kube-apiserver answers.  Pure;
 * any thread.
 */
#ifndef SCHEMA_MANAGED_H
#define SCHEMA_MANAGED_H

#include <stdbool.h>
#include <stdint.h>

#include "base/str.h"

struct buf;
struct err;
struct json;
struct json_doc;
struct problems;
struct schema;

struct managed_write {
    const struct schema *type;    /* of the kind */
    struct str api_version, kind; /* "v1", "ConfigMap" */
    struct str manager;           /* fieldManager, or managed_agent(); "" counts as "unknown" */
    struct str subresource;       /* "status"; STR_NULL for the object itself */
    int64_t now_us;
    bool force; /* an apply takes what others own */
};

/* What a User-Agent says for want of a fieldManager: the part before "/", at most 128 bytes. */
struct str managed_agent(struct str user_agent);

/* POST, PUT and PATCH: `next` with managedFields.  Those of `next` count if they can be read and
 * are not empty, else those of `live`; [] and [{}] give all ownership up, as upstream does. */
struct json_doc *managed_update(const struct managed_write *w, const struct json *live,
                                const struct json *next);

/* Apply: what the body `applied` (JSON, as it came) makes of `live`, with managedFields; run
 * typed_decode(), defaults_apply() and the kind's rules on the result.
 * ERR_BADREQUEST and ERR_IO (status 500, no reason) if it cannot be applied; ERR_CONFLICT if others
 * own what it changes: then `conflicts` has a problem for each cause (reason FieldManagerConflict,
 * path and text), and managed_conflict_message() is the Status's message. */
int managed_apply(const struct managed_write *w, const struct json *live,
                  const struct json *applied, struct json_doc **ret, struct problems *conflicts,
                  struct err *e);
void managed_conflict_message(const struct problems *conflicts, struct buf *to);

/* Whether a write changes nothing but resourceVersion and the times in managedFields; then the
 * stored object stays as it is. */
bool managed_is_noop(const struct json *live, const struct json *next);

#endif
