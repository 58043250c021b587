/*
 * rules - what each kind demands of its objects, in upstream's paths and words; everything that is
 * wrong at once.
 *
 * Objects are as typed_decode() and defaults_apply() leave them, with the metadata that the server
 * sets.  Each problem has the reason of a Status cause (schema/problem.h).  A kind is a row in
 * rules.c; kinds without one answer for their metadata only.
 *
 * Source: what a kube-apiserver answers.  Pure; any thread.
 */
#ifndef SCHEMA_RULES_H
#define SCHEMA_RULES_H

#include <stdbool.h>

#include "base/str.h"

struct json;
struct problems;

struct rules_kind {
    struct str api_version, kind;
    bool namespaced;
    bool by_face; /* a client writes it in the newer form of its kind (Event of events.k8s.io) */
};

void rules_create(const struct rules_kind *k, const struct json *object, struct problems *ps);
/* What must not change, and everything of rules_create() for `next`. */
void rules_update(const struct rules_kind *k, const struct json *old, const struct json *next,
                  struct problems *ps);
/* What every kind demands of its metadata; the name was made of generateName, if there is one. */
void rules_metadata(const struct rules_kind *k, const struct json *object, struct problems *ps);
/* A write of the status subresource. */
void rules_update_status(const struct rules_kind *k, const struct json *old,
                         const struct json *next, struct problems *ps);
/* What a Namespace with those spec.finalizers breaks. */
void rules_finalize(const struct json *ns, struct problems *ps);
/* NULL, or why a name breaks its kind's rule. */
const char *rules_name_problem(const struct rules_kind *k, struct str name);

#endif
