/*
 * argo_repository - the artifact repository that a workflow refers to.
 *
 * spec.artifactRepositoryRef names a key of a ConfigMap (by default artifact-repositories and the
 * key that its annotation workflows.argoproj.io/default-artifact-repository gives), whose text is
 * the repository's description in YAML.  What it says of bucket, key format and logs counts for
 * artifacts that say nothing themselves; where the bytes lie stays this platform's business, as its
 * store answers for every bucket.  The answer is frozen with the run: later changes of the
 * ConfigMap are for later runs.
 */
#ifndef FLOW_ARGO_ARGO_REPOSITORY_H
#define FLOW_ARGO_ARGO_REPOSITORY_H

#include <stdbool.h>

#include "base/str.h"

struct argo;
struct err;
struct flow_run;
struct json;
struct json_doc;
struct turn;

/* What status.artifactRepositoryRef says: {"configMap","key","namespace","artifactRepository":{}}.
 * *ret is NULL if the spec refers to none and the namespace has no such ConfigMap.  ERR_CONFLICT:
 * the reference leads nowhere, which is an error of the run. */
int argo_repository_find(struct turn *t, struct flow_run *run, const struct json *spec,
                         struct json_doc **ret, struct err *e);

/* For artifacts that name no bucket. */
const char *argo_repository_bucket(const struct argo *a);
/* For artifacts that name no key; STR_NULL: the engine's own. */
struct str argo_repository_key_format(const struct argo *a);
bool argo_repository_archives_logs(const struct argo *a);

#endif
