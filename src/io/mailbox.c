#include "io/mailbox.h"

#include <pthread.h>
#include <stdbool.h>
#include <stdlib.h>

#include "io/loop.h"

struct mailbox {
    struct wake *wake;
    pthread_mutex_t lock;
    struct list letters; /* under the lock */
};

static void
on_wake(void *arg)
{
    mailbox_open_all(arg);
}

struct mailbox *
mailbox_new(struct loop *l, struct err *e)
{
    struct mailbox *m = NEW(struct mailbox);

    list_init(&m->letters);
    pthread_mutex_init(&m->lock, NULL);
    m->wake = wake_new(l, on_wake, m, e);
    if (m->wake == NULL) {
        mailbox_free(m);
        return NULL;
    }
    return m;
}

void
mailbox_post(struct mailbox *m, struct letter *l)
{
    pthread_mutex_lock(&m->lock);

    bool first = list_empty(&m->letters);

    list_init(&l->link);
    list_append(&m->letters, &l->link);
    /* Within the lock: whoever frees the mailbox has opened this letter before, and so waited. */
    if (first)
        wake_send(m->wake);
    pthread_mutex_unlock(&m->lock);
}

/* Only those that are there now: one that posts itself again waits for the next pass. */
void
mailbox_open_all(struct mailbox *m)
{
    struct list now;

    list_init(&now);
    pthread_mutex_lock(&m->lock);
    list_splice(&now, &m->letters);
    pthread_mutex_unlock(&m->lock);
    for (struct list *at = list_shift(&now); at != NULL; at = list_shift(&now)) {
        struct letter *l = LIST_ITEM(at, struct letter, link);

        l->open(l);
    }
}

void
mailbox_free(struct mailbox *m)
{
    if (m == NULL)
        return;
    wake_free(m->wake);
    pthread_mutex_destroy(&m->lock);
    free(m);
}
