/*
 * fake_requester - answers to the requests of leaves, without a network.
 *
 * The URL says what comes of it:
 *
 *     http://fake/say/TEXT   status 200, the body TEXT, a header "X-Said: TEXT"
 *     http://fake/status/N   that status, the body "no"
 *     http://fake/down       no answer
 *     http://fake/hang       none for ever
 *
 * What was sent stays in `log`, a line each, also when the process that sent it dies
 * (fake_requester_die): then only who waits for an answer is gone.
 */
#ifndef TESTS_UNIT_FLOW_FAKE_REQUESTER_H
#define TESTS_UNIT_FLOW_FAKE_REQUESTER_H

#include <stdlib.h>

#include "base/buf.h"
#include "base/err.h"
#include "base/mem.h"
#include "base/vec.h"
#include "http/requester.h"
#include "http/transfer.h"

struct fake_asked {
    char *name, *url, *head, *body;
    bool answered;
    struct requester_answer answer;
};

struct fake_requester {
    struct requester face; /* first */
    VEC(struct fake_asked *) asked;
    struct buf log;            /* "METHOD URL name=value... body\n" */
    int64_t timeout_us, limit; /* of the last */
    bool insecure;
    void (*on_ask)(void *arg); /* may be NULL */
    void *arg;
};

static inline struct fake_asked *
fake_find_(const struct fake_requester *f, const char *name)
{
    for (size_t i = 0; i < f->asked.n; i++) {
        if (str_is(str_of(f->asked.at[i]->name), name))
            return f->asked.at[i];
    }
    return NULL;
}

static inline void
fake_ask_(struct requester *r, const char *name, const struct requester_request *q)
{
    struct fake_requester *f = (struct fake_requester *)r;
    struct fake_asked *a;

    if (fake_find_(f, name) != NULL)
        return;
    buf_printf(&f->log, "%.*s %.*s", STR_ARG(q->method), STR_ARG(q->url));
    for (size_t i = 0; i < q->headers_n; i++)
        buf_printf(&f->log, " %.*s=%.*s", STR_ARG(q->headers[i].name),
                   STR_ARG(q->headers[i].value));
    if (q->body.p != NULL)
        buf_printf(&f->log, " %.*s", STR_ARG(q->body));
    buf_str(&f->log, STR("\n"));
    f->timeout_us = q->timeout_us;
    f->limit = q->limit;
    f->insecure = q->insecure;
    a = NEW(struct fake_asked);
    a->name = xstrdup(name);
    a->url = str_dup(q->url);
    vec_push(&f->asked, a);
    if (f->on_ask != NULL)
        f->on_ask(f->arg);
}

static inline bool
fake_look_(struct requester *r, const char *name, const struct requester_answer **ret)
{
    const struct fake_asked *a = fake_find_((struct fake_requester *)r, name);

    *ret = a != NULL && a->answered ? &a->answer : NULL;
    return a != NULL;
}

static inline void
fake_drop_(struct fake_requester *f, size_t i)
{
    struct fake_asked *a = f->asked.at[i];

    vec_swap_remove(&f->asked, i);
    free(a->name);
    free(a->url);
    free(a->head);
    free(a->body);
    free(a);
}

static inline void
fake_forget_(struct requester *r, const char *name)
{
    struct fake_requester *f = (struct fake_requester *)r;

    for (size_t i = 0; i < f->asked.n; i++) {
        if (str_is(str_of(f->asked.at[i]->name), name)) {
            fake_drop_(f, i);
            return;
        }
    }
}

static const struct requester_ops fake_requester_ops_ = {
    .ask = fake_ask_, .look = fake_look_, .forget = fake_forget_};

static inline void
fake_requester_init(struct fake_requester *f)
{
    *f = (struct fake_requester){
        .face.ops = &fake_requester_ops_, .asked = VEC_INIT, .log = BUF_INIT};
}

/* The process is gone; what it sent was sent. */
static inline void
fake_requester_die(struct fake_requester *f)
{
    while (f->asked.n > 0)
        fake_drop_(f, f->asked.n - 1);
}

static inline void
fake_requester_done(struct fake_requester *f)
{
    fake_requester_die(f);
    vec_done(&f->asked);
    buf_done(&f->log);
}

/* False: this one gets no answer. */
static inline bool
fake_answer_(struct fake_asked *a)
{
    struct str rest = str_of(a->url), verb;
    int64_t status = 200;

    for (int i = 0; i < 3; i++)
        (void)str_cut(&rest, '/'); /* "http:", "", the host */
    verb = str_cut(&rest, '/');
    if (str_is(verb, "hang"))
        return false;
    if (str_is(verb, "down")) {
        err_set(&a->answer.why, ERR_UNAVAILABLE, "%s: nobody is there", a->url);
    } else if (str_is(verb, "status")) {
        (void)str_to_int(rest, &status);
        a->body = xstrdup("no");
    } else {
        a->body = str_dup(rest);
        a->head = xasprintf("X-Said: %.*s\n", STR_ARG(rest));
    }
    a->answer.status = (int)status;
    a->answer.body = a->body != NULL ? str_of(a->body) : STR_NULL;
    a->answer.head = a->head != NULL ? str_of(a->head) : STR_NULL;
    a->answered = true;
    return true;
}

/* The oldest request that can be answered is; its name, for flow_answered().  NULL: there is none.
 */
static inline const char *
fake_requester_answer(struct fake_requester *f)
{
    for (size_t i = 0; i < f->asked.n; i++) {
        if (!f->asked.at[i]->answered && fake_answer_(f->asked.at[i]))
            return f->asked.at[i]->name;
    }
    return NULL;
}

#endif
