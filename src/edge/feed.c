#include "edge/feed.h"

#include <stdatomic.h>

#include "edge/feed_int.h"
#include "io/mailbox.h"

struct feed {
    struct letter letter; /* of the wake that is on its way */
    atomic_size_t refs;
    const struct feed_ops *ops;
    void *arg;
    bool endless;
    atomic_bool posted;              /* the letter is on its way, and holds a reference */
    _Atomic(struct mailbox *) wakes; /* NULL before it is given to a call, and when closed */
    void (*on_wake)(void *arg);
    void *on_wake_arg;
    bool closed; /* edge thread */
};

static void
open_wake(struct letter *l)
{
    struct feed *f = CONTAINER_OF(l, struct feed, letter);

    /* Before looking: a wake that comes from now on is another one. */
    atomic_store(&f->posted, false);
    if (!f->closed)
        f->on_wake(f->on_wake_arg);
    feed_unref(f);
}

struct feed *
feed_new(const struct feed_ops *ops, void *arg, bool endless)
{
    struct feed *f = NEW(struct feed);

    f->letter.open = open_wake;
    f->ops = ops;
    f->arg = arg;
    f->endless = endless;
    atomic_init(&f->refs, 1);
    atomic_init(&f->posted, false);
    atomic_init(&f->wakes, NULL);
    return f;
}

struct feed *
feed_ref(struct feed *f)
{
    atomic_fetch_add_explicit(&f->refs, 1, memory_order_relaxed);
    return f;
}

void
feed_unref(struct feed *f)
{
    if (f != NULL && atomic_fetch_sub_explicit(&f->refs, 1, memory_order_acq_rel) == 1)
        free(f);
}

void
feed_wake(struct feed *f)
{
    struct mailbox *m = atomic_load(&f->wakes);

    if (m == NULL || atomic_exchange(&f->posted, true))
        return;
    feed_ref(f);
    mailbox_post(m, &f->letter);
}

bool
feed_is_endless(const struct feed *f)
{
    return f->endless;
}

void
feed_attach(struct feed *f, struct mailbox *m, void (*on_wake)(void *arg), void *arg)
{
    f->on_wake = on_wake;
    f->on_wake_arg = arg;
    atomic_store(&f->wakes, m);
}

enum feed_state
feed_pull(struct feed *f, struct buf *to, size_t room)
{
    return f->ops->pull(f->arg, to, room);
}

void
feed_close(struct feed *f)
{
    f->closed = true;
    atomic_store(&f->wakes, NULL);
    f->ops->close(f->arg);
}
