/*
 * godump_int - the order in which kube-apiserver's internal types have their fields.
 */
#ifndef SCHEMA_GODUMP_INT_H
#define SCHEMA_GODUMP_INT_H

/* The names of a type's fields in Go, in their order, with a space between them.  One whose name in
 * JSON is not the same with a small first letter is followed by "=" and that name; "^" before it
 * says that the field stands in the Pod's spec.  NULL for a type that no Pod has. */
const char *godump_fields(const char *type);

#endif
