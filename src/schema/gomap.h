/*
 * gomap - values of any shape as Go prints its maps: map[a:1 b:[x y] c:<nil>].
 *
 * Upstream shows patches that way within messages.  Keys are sorted, texts stand as they are.
 *
 * Pure; any thread.
 */
#ifndef SCHEMA_GOMAP_H
#define SCHEMA_GOMAP_H

struct buf;
struct json;

void gomap_write(const struct json *v, struct buf *to);

#endif
