/*
 * godump - values as kube-apiserver shows them within its messages, and how two of them differ.
 *
 * Upstream prints its internal types as JSON with Go's field names and every field, set or not.
 * Whoever changes what must not change gets a unified diff of two such texts, a line for each
 * field.
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

/* A value of a type of v1 that godump_table.c knows, and a list of such, in one line. */
void godump_value(const struct schema *s, const struct json *v, struct buf *to);
void godump_list(const struct schema *item, const struct json *list, struct buf *to);
/* Appends the diff of two values of such a type; each line ends with a newline. */
void godump_diff(const struct schema *s, const struct json *old, const struct json *next,
                 struct buf *to);

#endif
