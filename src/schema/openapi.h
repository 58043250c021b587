/*
 * openapi - OpenAPI documents made from the schema tables.
 *
 * A group-version has one document of version 3: the schemas of its types and of those they use,
 * with our help as descriptions, and a path for each resource.  kubectl reads it for `explain`, and
 * to learn that the server itself validates fields (a parameter fieldValidation).  Of version 2
 * only the shortest document there is is served, for kubectl 1.27 and 1.28.
 *
 * The text of a document changes only with the program and the resources; keep what is made here.
 * Source: the OpenAPI specification 3.0, and what a kube-apiserver answers.  Pure; any thread.
 */
#ifndef SCHEMA_OPENAPI_H
#define SCHEMA_OPENAPI_H

#include <stdbool.h>
#include <stddef.h>

#include "base/str.h"

struct buf;

struct openapi_resource {
    struct str api_version, kind, plural;
    bool namespaced;
};

/* "api/v1", "apis/argoproj.io/v1alpha1": the key in the index. */
void openapi_path(struct str api_version, struct buf *to);
/* One group-version's document; resources of others are passed over. */
void openapi_write(struct str api_version, const struct openapi_resource *resources, size_t n,
                   struct buf *to);
/* The index of the documents, each with a hash of its content, by which clients keep it. */
void openapi_write_index(const struct openapi_resource *resources, size_t n, struct buf *to);

/* What /openapi/v2 answers. */
extern const struct str openapi_v2_body, openapi_v2_content_type;

#endif
