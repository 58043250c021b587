/*
 * defaults - what the server fills in where a manifest says nothing.
 *
 * Constants stand in the schema files (default=).  What depends on other values is a function in
 * the table of defaults_fill.c, by type: an image's pull policy follows its tag, a service's
 * targetPort its port, requests of resources the limits, podIPs podIP, a secret's data its
 * stringData.
 *
 * Custom resources have no defaults here.  Source: what a kube-apiserver makes of an object.  Pure;
 * any thread.
 */
#ifndef SCHEMA_DEFAULTS_H
#define SCHEMA_DEFAULTS_H

struct json_doc;
struct schema;

/* `object`, of type s and as typed_decode() left it, with its defaults: a new document, the
 * caller's to unref. */
struct json_doc *defaults_apply(const struct schema *s, const struct json_doc *object);

#endif
