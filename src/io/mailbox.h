/*
 * mailbox - things that other threads hand to a loop, in their order.
 *
 *     struct call { struct letter letter; ... };
 *     mailbox_post(edge->mailbox, &call->letter);              any thread
 *     letter->open(letter)                                     later, on the loop's thread
 *
 * A letter is embedded in what it carries and belongs to the mailbox until it is opened.  Posting
 * never blocks for longer than another post takes.
 */
#ifndef IO_MAILBOX_H
#define IO_MAILBOX_H

#include "base/list.h"

struct err;
struct letter;
struct loop;
struct mailbox;

typedef void letter_fn(struct letter *l);

struct letter {
    struct list link; /* the mailbox's */
    letter_fn *open;  /* may free what it is in */
};

struct mailbox *mailbox_new(struct loop *l, struct err *e);
/* Any thread, while the mailbox lives. */
void mailbox_post(struct mailbox *m, struct letter *l);
/* Opens what is there now, without waiting for the loop's next pass.  Loop thread. */
void mailbox_open_all(struct mailbox *m);
/* No thread may post any more; what is there is not opened.  NULL is fine. */
void mailbox_free(struct mailbox *m);

#endif
