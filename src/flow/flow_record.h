/*
 * flow_record - nodes and runs to rows and back.
 *
 * Rows are written once per turn, at its end, however often a node changed in it.
 * Reading happens at start (and after a commit that failed): the nodes that are
 * not released come back into memory, parents before children since ids grow, and
 * counts are taken from the children's rows.
 */
#ifndef FLOW_FLOW_RECORD_H
#define FLOW_FLOW_RECORD_H

#include "base/str.h"

struct err;
struct flow;
struct flow_look;
struct flow_run;
struct json_doc;
struct node_row;
struct turn;

/* Writes every row that is behind; nodes that are released are put on run->released. */
int flow_record_write(struct turn *t, struct flow_run *run, struct err *e);
/* The row of a run that has just begun; sets run->number. */
int flow_record_begin(struct turn *t, struct flow_run *run, const struct json_doc *frozen,
                      struct err *e);
/* The row of one that goes on after its end, with what it is. */
int flow_record_replace(struct turn *t, struct flow_run *run, const struct json_doc *frozen,
                        struct err *e);
/* Brings all live runs back. */
int flow_record_read(struct turn *t, struct flow *f, struct err *e);
/* The same for one that is not in memory. */
int flow_record_read_one(struct turn *t, struct flow *f, struct str uid, struct flow_run **ret,
                         struct err *e);
/* One node, whatever its state, as it stands in its row; its parent must be in memory. */
int flow_record_open_row(struct flow_run *run, const struct node_row *row, struct err *e);
/* A row as a language sees it; documents are parsed. */
int flow_record_look(const struct node_row *row, struct flow_look *ret, struct err *e);

#endif
