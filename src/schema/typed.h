/*
 * typed - a request's body as a server understands it that decodes into Go types.
 *
 *   - a value of another type ends it: ERR_BADREQUEST, in Go's words ("json: cannot unmarshal
 *     number into Go struct field ConfigMap.data of type string")
 *   - unknown fields are dropped and listed (unknown field "spec.foo"), and duplicate fields of the
 *     document are listed (duplicate field "data.a"); fieldValidation says what they mean
 *   - null counts as absent; empty values of fields that Go prints with omitempty are dropped, and
 *     fields without it are there ("status": {}, "lastProbeTime": null)
 *   - quantities, times and bytes get their canonical text
 *   - kind and apiVersion come first, then the fields as the schema sorts them
 *
 * An object of a custom resource's type keeps its fields as they come, except metadata; its unknown
 * fields are listed all the same.
 *
 * Source: what a kube-apiserver answers (encoding/json with case-sensitive names).  Pure; any
 * thread.
 */
#ifndef SCHEMA_TYPED_H
#define SCHEMA_TYPED_H

struct buf;
struct err;
struct json_doc;
struct problems;
struct schema;

/* `doc` is one object of type s; the result is the caller's to unref. */
int typed_decode(const struct schema *s, const struct json_doc *doc, struct json_doc **ret,
                 struct problems *ps, struct err *e);
/* What a strict decoder says of the problems: strict decoding error: unknown field "a", ... */
void typed_strict_message(const struct problems *ps, struct buf *to);

#endif
