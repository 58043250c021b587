/*
 * protobody - a request body in Kubernetes' protobuf encoding, as the JSON that it stands for.
 *
 * The bytes are "k8s\0" and then the message runtime.Unknown:
 *
 *     typeMeta 1 {apiVersion 1, kind 2}   raw 2 (the object)   contentEncoding 3   contentType 4
 *
 * The fields of `raw` are decoded by the numbers in the schema's tables.  Go's encoder writes
 * scalars that are no pointers even when they are empty, and nothing for nil; so what is empty in
 * the bytes says little, and typed_decode() drops what Go would not print: it is to be run on the
 * result as on every other body.
 *
 * A field that the type does not have is PROBLEM_UNKNOWN_FIELD ("unknown field 42 of v1.PodSpec",
 * at the path of the message), unless it is empty: clients of newer versions send empty ones.
 *
 * Source: the documentation of Kubernetes' alternate representations of resources.  Pure; any
 * thread.
 */
#ifndef SCHEMA_PROTOBODY_H
#define SCHEMA_PROTOBODY_H

#include <stdbool.h>

#include "base/str.h"

struct err;
struct json_doc;
struct problems;
struct schema;

/* The whole body; the document begins with apiVersion and kind.  ERR_BADREQUEST, with the place in
 * the message, if it cannot be read or its kind has no numbers (custom resources). */
int protobody_decode(struct str body, struct json_doc **ret, struct problems *ps, struct err *e);

#endif
