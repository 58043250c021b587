/*
 * argo_name - names and ids of nodes and pods, as clients compute them too.
 *
 * A node's id is the workflow's name for the entry node, else
 * <workflow>-<FNV-1a 32 of the node's name, decimal>.  A pod's name (format v2) is
 * the workflow's name for an entry leaf, else <workflow>-<template>-<hash>, the
 * part before the hash cut so that the whole stays a legal name.
 * Source: argo-workflows workflow/util (GeneratePodName) and NodeID.
 *
 * Pure; any thread.
 */
#ifndef FLOW_ARGO_ARGO_NAME_H
#define FLOW_ARGO_ARGO_NAME_H

#include <stddef.h>
#include <stdint.h>

#include "base/str.h"

struct buf;
struct json;

enum { ARGO_POD_PREFIX_MAX = 242 };

uint32_t argo_name_hash(struct str node_name);
void argo_name_id(const char *workflow, struct str node_name, char *to, size_t size);
/* The caller frees. */
char *argo_name_pod(const char *workflow, struct str node_name, struct str template_name);

/* "name(7:text)" of a loop's child: the item's text without parentheses, maps as k:v pairs sorted
 * and joined by commas, lists as Go prints them. */
char *argo_name_item(struct str name, int64_t index, const struct json *item);

/* "b" of "wf.a.b" or "wf.a[0].b": the node's name without its boundary's (STR_NULL: it has none),
 * and without what joins them. */
struct str argo_name_display(struct str name, struct str boundary);

/* The last part of a template's key: "hello" of "namespaced/lib/hello". */
struct str argo_name_template(struct str key);

#endif
