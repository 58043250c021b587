/*
 * godump - how two specs of a Pod or a claim differ, as kube-apiserver shows it to whoever changes
 * what must not change.
 *
 * Upstream prints its internal types as JSON with Go's field names, a line for each field, set or
 * not, and sends a unified diff of the two texts within its message.
 *
 *     @@ -41,7 +41,7 @@
 *       "EphemeralContainers": null,
 *     - "RestartPolicy": "Always",
 *     + "RestartPolicy": "Never",
 *
 * Pure; any thread.
 */
#ifndef SCHEMA_GODUMP_H
#define SCHEMA_GODUMP_H

struct buf;
struct json;
struct schema;

/* Appends the diff of two values of a type that a PodSpec has or is; each line ends with a newline.
 */
void godump_diff(const struct schema *s, const struct json *old, const struct json *next,
                 struct buf *to);

#endif
