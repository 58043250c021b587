/*
 * typed_time - why a text is no time, in the words of Go's time package.
 *
 *     parsing time "x" as "2006-01-02T15:04:05Z07:00": cannot parse "x" as "2006"
 *
 * For a text that timestamp_parse() refused.  Pure; any thread.
 */
#ifndef SCHEMA_TYPED_TIME_H
#define SCHEMA_TYPED_TIME_H

#include <stdbool.h>

#include "base/str.h"

struct buf;

/* `micro`: the layout of MicroTime. */
void typed_time_explain(struct str text, bool micro, struct buf *to);

#endif
