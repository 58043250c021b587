/*
 * argo_key - where artifacts go that name no key of their own.
 *
 * A folder of the artifact store: the key of the template's archiveLocation, else the format of the
 * repository that the workflow refers to, else the one that the engine was made with (struct
 * flow_options), with the names of the leaf filled in: workflow.*, node.name, pod.name, its inputs.
 */
#ifndef FLOW_ARGO_ARGO_KEY_H
#define FLOW_ARGO_ARGO_KEY_H

#include "base/str.h"

struct argo_scope;
struct err;
struct json;

/* "bucket/folder", without a slash at its end; `tmpl` has its tags filled in.  The caller frees
 * *ret.  ERR_INVALID: the format asks for what is not known, or is empty. */
int argo_key_folder(struct argo_scope *s, const struct json *tmpl, char **ret, struct err *e);

/* What an artifact says of the store: its s3, gcs, azure or oss; NULL: nothing. */
const struct json *argo_key_location(const struct json *artifact);

#endif
