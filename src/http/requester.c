#include "http/requester.h"

#include <pthread.h>
#include <signal.h>
#include <stdatomic.h>
#include <stdlib.h>

#include "base/buf.h"
#include "base/list.h"
#include "base/map.h"
#include "base/mem.h"
#include "http/transfer.h"
#include "io/mailbox.h"

/* Where threads leave what they have done.  It outlives the requester, since a thread may still
 * hang in the resolver when that goes. */
struct office {
    pthread_mutex_t lock;
    struct mailbox *mailbox; /* NULL: nobody wants anything any more */
    int refs;                /* the requester's, and one of each thread */
};

struct threaded {
    struct requester face; /* first */
    struct office *office;
    void (*on_answer)(void *arg, const char *name);
    void *arg;
    struct map by_name; /* to struct asked */
    struct list line;   /* asked.link: not begun */
    int at_work;
};

struct asked {
    struct letter letter;
    struct list link;
    pthread_t thread; /* of one that has begun */
    struct threaded *owner;
    struct office *office;
    char *name, *method, *url, *body;
    struct transfer_header *headers; /* owned texts */
    struct transfer transfer;
    struct requester_answer answer;
    bool begun, answered;
    bool forgotten; /* freed when its thread has ended */
    atomic_bool cancelled;
};

static bool left; /* for requester_left() */

static void
office_unref(struct office *o)
{
    bool last;

    pthread_mutex_lock(&o->lock);
    last = --o->refs == 0;
    pthread_mutex_unlock(&o->lock);
    if (!last)
        return;
    pthread_mutex_destroy(&o->lock);
    free(o);
}

static void
asked_free(struct asked *a)
{
    for (size_t i = 0; i < a->transfer.headers_n; i++) {
        free((void *)(uintptr_t)a->headers[i].name.p);
        free((void *)(uintptr_t)a->headers[i].value.p);
    }
    free(a->headers);
    transfer_done(&a->transfer);
    free(a->name);
    free(a->method);
    free(a->url);
    free(a->body);
    free(a);
}

/* On a thread of its own. */
static void *
work(void *arg)
{
    struct asked *a = arg;
    struct office *o = a->office;
    bool wanted;

    a->answer.why = ERR_INIT;
    (void)transfer_run(&a->transfer, &a->answer.why);
    pthread_mutex_lock(&o->lock);
    wanted = o->mailbox != NULL;
    if (wanted)
        mailbox_post(o->mailbox, &a->letter);
    pthread_mutex_unlock(&o->lock);
    if (!wanted) {
        asked_free(a);
        pthread_detach(pthread_self());
    }
    office_unref(o);
    return NULL;
}

static void
finish(struct asked *a)
{
    struct threaded *t = a->owner;

    t->at_work--;
    if (a->forgotten) {
        asked_free(a);
        return;
    }
    a->answered = true;
    a->answer.status = a->transfer.status;
    a->answer.head = buf_view(&a->transfer.head);
    a->answer.body = buf_view(&a->transfer.answer);
    t->on_answer(t->arg, a->name);
}

/* 0, or why no thread could be had. */
static int
begin(struct asked *a)
{
    sigset_t all, old;
    int rc;

    sigfillset(&all); /* signals are the main thread's */
    pthread_sigmask(SIG_SETMASK, &all, &old);
    pthread_mutex_lock(&a->office->lock);
    a->office->refs++;
    pthread_mutex_unlock(&a->office->lock);
    rc = pthread_create(&a->thread, NULL, work, a);
    pthread_sigmask(SIG_SETMASK, &old, NULL);
    if (rc != 0)
        office_unref(a->office);
    return rc;
}

static void
begin_some(struct threaded *t)
{
    while (t->at_work < REQUESTER_AT_ONCE && !list_empty(&t->line)) {
        struct asked *a = LIST_ITEM(list_shift(&t->line), struct asked, link);

        a->begun = true;
        t->at_work++;
        if (begin(a) != 0) {
            err_set(&a->answer.why, ERR_UNAVAILABLE, "no thread for the request can be had");
            finish(a);
        }
    }
}

static void
open_letter(struct letter *l)
{
    struct asked *a = CONTAINER_OF(l, struct asked, letter);
    struct threaded *t = a->owner;

    pthread_join(a->thread, NULL); /* it is at its last steps */
    finish(a);
    begin_some(t);
}

static void
copy_headers(struct asked *a, const struct requester_request *q)
{
    a->headers = NEW_ARRAY(struct transfer_header, q->headers_n);
    for (size_t i = 0; i < q->headers_n; i++) {
        a->headers[i].name = str_of(str_dup(q->headers[i].name));
        a->headers[i].value = str_of(str_dup(q->headers[i].value));
    }
    a->transfer.headers = a->headers;
    a->transfer.headers_n = q->headers_n;
}

static void
ask(struct requester *r, const char *name, const struct requester_request *q)
{
    struct threaded *t = (struct threaded *)r;
    struct asked *a;

    if (map_get(&t->by_name, str_of(name)) != NULL)
        return;
    a = NEW(struct asked);
    a->letter.open = open_letter;
    a->owner = t;
    a->office = t->office;
    a->name = xstrdup(name);
    a->method = str_dup(q->method);
    a->url = str_dup(q->url);
    a->transfer = TRANSFER_INIT;
    a->transfer.method = str_of(a->method);
    a->transfer.url = str_of(a->url);
    a->transfer.insecure = q->insecure;
    a->transfer.timeout_us = q->timeout_us;
    a->transfer.limit = q->limit;
    a->transfer.cancelled = &a->cancelled;
    if (q->body.p != NULL) {
        a->body = str_dup(q->body);
        a->transfer.body = str_make(a->body, q->body.n);
    }
    copy_headers(a, q);
    map_put(&t->by_name, str_of(name), a);
    list_append(&t->line, &a->link);
    begin_some(t);
}

static bool
look(struct requester *r, const char *name, const struct requester_answer **ret)
{
    const struct asked *a = map_get(&((struct threaded *)r)->by_name, str_of(name));

    *ret = a != NULL && a->answered ? &a->answer : NULL;
    return a != NULL;
}

static void
give_up(struct asked *a)
{
    if (a->begun && !a->answered) {
        a->forgotten = true;
        atomic_store(&a->cancelled, true);
        return;
    }
    if (!a->begun)
        list_remove(&a->link);
    asked_free(a);
}

static void
forget(struct requester *r, const char *name)
{
    struct asked *a = map_remove(&((struct threaded *)r)->by_name, str_of(name));

    if (a != NULL)
        give_up(a);
}

static const struct requester_ops ops = {.ask = ask, .look = look, .forget = forget};

struct requester *
requester_new(struct loop *l, void (*on_answer)(void *arg, const char *name), void *arg,
              struct err *e)
{
    struct mailbox *mailbox = mailbox_new(l, e);
    struct threaded *t;

    if (mailbox == NULL)
        return NULL;
    t = NEW(struct threaded);
    t->face.ops = &ops;
    t->on_answer = on_answer;
    t->arg = arg;
    list_init(&t->line);
    t->office = NEW(struct office);
    *t->office = (struct office){.mailbox = mailbox, .refs = 1};
    pthread_mutex_init(&t->office->lock, NULL);
    return &t->face;
}

static void
ignore(void *arg, const char *name)
{
    (void)arg;
    (void)name;
}

void
requester_free(struct requester *r)
{
    struct threaded *t = (struct threaded *)r;
    struct mailbox *mailbox;

    if (t == NULL)
        return;
    t->on_answer = ignore;
    /* Before the mailbox goes: afterwards a thread frees by itself what it has done. */
    MAP_EACH (&t->by_name, it) {
        give_up(it.value);
    }
    pthread_mutex_lock(&t->office->lock);
    mailbox = t->office->mailbox;
    t->office->mailbox = NULL;
    pthread_mutex_unlock(&t->office->lock);
    mailbox_open_all(mailbox); /* what ended before that */
    left = left || t->at_work > 0;
    mailbox_free(mailbox);
    map_done(&t->by_name);
    office_unref(t->office);
    free(t);
}

bool
requester_left(void)
{
    return left;
}
