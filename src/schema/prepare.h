/*
 * prepare - what a server that owns part of an object sets or puts back before it checks one.
 *
 * A new object has no status but the one it begins with, and an update through the main endpoint
 * cannot change it; one through the status endpoint changes nothing else.  Some kinds get fields
 * that admission plug-ins of a kube-apiserver set: a Pod's priority and tolerations, the finalizer
 * of a claim.
 *
 * Source: what a kube-apiserver answers.  Pure; any thread.
 */
#ifndef SCHEMA_PREPARE_H
#define SCHEMA_PREPARE_H

#include <stdbool.h>

#include "base/str.h"

struct json;
struct json_doc;
struct schema;

/* Objects are as defaults_apply() and managed_update() leave them; the results are the caller's to
 * unref. */
struct json_doc *prepare_create(const struct schema *s, struct str api_version, struct str kind,
                                const struct json *object);
struct json_doc *prepare_update(struct str api_version, struct str kind, const struct json *old,
                                const struct json *next, bool status);

#endif
