#include "io/signals.h"

#include <stdlib.h>

#include "base/err.h"
#include "base/log.h"
#include "io/loop_int.h"

enum { MAX_SIGNALS = 4 };

struct signals {
    struct loop *loop;
    signals_fn *fn;
    void *arg;
    uv_signal_t *handles[MAX_SIGNALS];
    size_t n;
};

static void
on_signal(uv_signal_t *handle, int sig)
{
    struct signals *s = handle->data;

    loop_ran(s->loop);
    s->fn(s->arg, sig);
}

static int
watch_one(struct signals *s, int sig)
{
    uv_signal_t *h = NEW(uv_signal_t);
    int rc = uv_signal_init(&s->loop->uv, h);

    if (rc < 0) {
        free(h);
        return rc;
    }
    h->data = s;
    s->handles[s->n++] = h;
    return uv_signal_start(h, on_signal, sig);
}

struct signals *
signals_watch(struct loop *l, const int *sigs, signals_fn *fn, void *arg, struct err *e)
{
    struct signals *s = NEW(struct signals);

    CHECK(!l->fake);
    *s = (struct signals){.loop = l, .fn = fn, .arg = arg};
    for (; *sigs != 0; sigs++) {
        CHECK(s->n < MAX_SIGNALS);

        int rc = watch_one(s, *sigs);

        if (rc < 0) {
            signals_free(s);
            err_set(e, ERR_IO, "watch signal %d: %s", *sigs, uv_strerror(rc));
            return NULL;
        }
    }
    return s;
}

void
signals_free(struct signals *s)
{
    if (s == NULL)
        return;
    for (size_t i = 0; i < s->n; i++)
        loop_close_handle((uv_handle_t *)s->handles[i]);
    free(s);
}
