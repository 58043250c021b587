/*
 * screen - what `argo get` prints of a workflow: its head lines, then the tree.
 *
 *     Name:                add-x2k9d
 *     Namespace:           default
 *     Status:              Succeeded
 *     Created:             Sun Jul 03 16:57:04 +0900 (4 hours ago)
 *     Duration:            26 seconds
 *     Progress:            2/2
 *
 * Time stamps are shown in the local zone (TZ).  Pure but for that; nothing fails, and a field that
 * is missing or of a wrong type has no line.
 */
#ifndef CLI_SCREEN_H
#define CLI_SCREEN_H

#include "cli/tree.h"

struct buf;
struct json;

/* Head lines, a blank line, the tree.  The phase is shown as people read it: "Running (Suspended)",
 * "Failed (Terminated)", "Pending" for none. */
/* The phase alone, in the same words. */
void screen_status(struct buf *to, const struct json *workflow);
void screen_write(struct buf *to, const struct json *workflow, const struct tree_style *style);

#endif
