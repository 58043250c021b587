#include "api/apifetch.h"

#include "api/apistream.h"
#include "core/core.h"

void
apifetch_init(struct apifetch *f, struct core *core, struct apistream *stream,
              int (*run)(struct apifetch *f, struct turn *t, struct err *e),
              void (*free)(struct apifetch *f))
{
    *f = (struct apifetch){.core = core, .stream = stream, .run = run, .free = free};
    pthread_mutex_init(&f->lock, NULL);
}

static void
let_go(struct apifetch *f)
{
    pthread_mutex_destroy(&f->lock);
    f->free(f);
}

static int
run(struct message *m, struct turn *t, struct err *e)
{
    struct apifetch *f = CONTAINER_OF(m, struct apifetch, message);

    return f->run(f, t, e);
}

static void
done(struct message *m, const struct err *why)
{
    struct apifetch *f = CONTAINER_OF(m, struct apifetch, message);
    bool closed;

    if (why != NULL)
        f->why = *why;
    pthread_mutex_lock(&f->lock);
    f->asked = false;
    closed = f->closed;
    if (!closed && f->stream->on_ready != NULL)
        f->stream->on_ready(f->stream->on_ready_arg);
    pthread_mutex_unlock(&f->lock);
    if (closed)
        let_go(f);
}

void
apifetch_ask(struct apifetch *f)
{
    f->message = (struct message){
        .class = MESSAGE_REQUEST, .run = run, .done = done, .name = "a piece of a stream"};
    f->asked = true;
    if (core_post(f->core, &f->message, &f->why) < 0)
        f->asked = false;
}

bool
apifetch_is_asked(struct apifetch *f)
{
    bool asked;

    pthread_mutex_lock(&f->lock);
    asked = f->asked;
    pthread_mutex_unlock(&f->lock);
    return asked;
}

void
apifetch_close(struct apifetch *f)
{
    bool asked;

    pthread_mutex_lock(&f->lock);
    asked = f->asked;
    f->closed = true;
    pthread_mutex_unlock(&f->lock);
    if (!asked)
        let_go(f);
}
