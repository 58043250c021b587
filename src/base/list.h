/*
 * list - intrusive, circular, doubly linked.
 *
 * The head is a link too; an object is on at most as many lists as it has links.
 * A link that is on no list points to itself, so list_remove() twice is harmless.
 */
#ifndef BASE_LIST_H
#define BASE_LIST_H

#include <stdbool.h>

#include "base/mem.h"

struct list {
    struct list *prev, *next;
};

static inline void
list_init(struct list *l)
{
    l->prev = l->next = l;
}

static inline bool
list_empty(const struct list *l)
{
    return l->next == l;
}

static inline void
list_insert_before(struct list *at, struct list *l)
{
    l->prev = at->prev;
    l->next = at;
    at->prev->next = l;
    at->prev = l;
}

/* As the last of the list whose head is `head`. */
static inline void
list_append(struct list *head, struct list *l)
{
    list_insert_before(head, l);
}

static inline void
list_prepend(struct list *head, struct list *l)
{
    list_insert_before(head->next, l);
}

static inline void
list_remove(struct list *l)
{
    l->prev->next = l->next;
    l->next->prev = l->prev;
    list_init(l);
}

/* The first link, removed, or NULL. */
static inline struct list *
list_shift(struct list *head)
{
    struct list *first = head->next;

    if (first == head)
        return NULL;
    list_remove(first);
    return first;
}

/* Moves all of `from` behind the last of `to`. */
static inline void
list_splice(struct list *to, struct list *from)
{
    if (list_empty(from))
        return;
    from->next->prev = to->prev;
    to->prev->next = from->next;
    from->prev->next = to;
    to->prev = from->prev;
    list_init(from);
}

#define LIST_ITEM(link, type, member) CONTAINER_OF(link, type, member)

/* The body may remove `it`, nothing else. */
#define LIST_EACH(it, head, type, member) \
    for (struct list *at_ = (head)->next, *after_ = at_->next; \
         at_ != (head) && ((it) = LIST_ITEM(at_, type, member), true); \
         at_ = after_, after_ = after_->next)

#endif
