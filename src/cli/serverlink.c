#include "cli/serverlink.h"

#include <stdlib.h>
#include <string.h>

#include "base/buf.h"
#include "base/clock.h"
#include "base/err.h"
#include "base/list.h"
#include "cli/serverplace.h"
#include "data/json.h"
#include "http/client.h"
#include "http/fetch.h"
#include "http/request.h"
#include "io/loop.h"
#include "io/timer.h"

struct serverlink {
    struct loop *loop;
    struct client *client;
    struct serverplace place;
    struct list begun; /* of struct asking */
    bool enough;
};

/* A request that is under way. */
struct asking {
    struct list begun; /* of those that serverlink_begin() began */
    struct serverlink *link;
    struct fetch *fetch;
    struct str body; /* to be sent */
    struct buf got;  /* of the reply: all, or the line that is not whole yet */
    size_t limit;
    bool reads_lines; /* else the reply is one document */
    bool over;
    struct serverlink_lines lines;
    struct timer tick;
    struct err failed;
};

int
serverlink_open(struct cli *c, struct serverlink **ret, struct err *e)
{
    cleanup_serverlink struct serverlink *r = NEW(struct serverlink);

    if (serverplace_find(c, &r->place, e) < 0)
        return e->code;
    r->loop = loop_new(e);
    if (r->loop == NULL)
        return e->code;
    r->client = client_new(r->loop);
    list_init(&r->begun);
    *ret = TAKE(r);
    return 0;
}

void
serverlink_free(struct serverlink *r)
{
    if (r == NULL)
        return;
    client_free(r->client);
    if (r->loop != NULL)
        loop_free(r->loop);
    serverplace_done(&r->place);
    free(r);
}

void
serverlink_put_escaped(struct buf *to, struct str text)
{
    request_encode(to, text);
}

/* Asking. */

static void
over(struct asking *a)
{
    a->over = true;
    timer_stop(&a->tick);
    loop_stop(a->link->loop);
}

static void
on_room(void *arg)
{
    struct asking *a = arg;

    fetch_send(a->fetch, a->body, true);
}

static void
on_head(void *arg)
{
    struct asking *a = arg;

    fetch_read(a->fetch);
}

/* Gives away the whole lines; false: it is enough. */
static bool
give_lines(struct asking *a)
{
    struct str rest = buf_view(&a->got);
    ptrdiff_t end;
    size_t done = 0;
    bool more = true;

    while (more && (end = str_find_char(rest, '\n', done)) >= 0) {
        more = a->lines.line(a->lines.arg, str_slice(rest, done, (size_t)end));
        done = (size_t)end + 1;
    }
    if (done > 0) {
        cleanup_free char *left = str_dup(str_slice(rest, done, rest.n));
        size_t n = rest.n - done;

        buf_clear(&a->got);
        buf_add(&a->got, left, n);
    }
    return more;
}

static void
on_piece(void *arg, struct str bytes, bool last)
{
    struct asking *a = arg;
    bool good = fetch_status(a->fetch) < 300;

    if (bytes.n > a->limit - buf_view(&a->got).n)
        err_set(&a->failed, ERR_TOOLARGE, "the server's answer passes the limit of %zu bytes",
                a->limit);
    else
        buf_str(&a->got, bytes);
    if (a->reads_lines)
        timer_after(&a->tick, CLOCK_SECOND);
    if (a->failed.code != 0 || (a->reads_lines && good && !give_lines(a)) || last)
        over(a);
    else
        fetch_read(a->fetch);
}

static void
on_fail(void *arg, const struct err *why)
{
    struct asking *a = arg;

    a->failed = *why;
    err_wrap(&a->failed, "server %s", a->link->place.host);
    over(a);
}

static void
on_tick(void *arg)
{
    struct asking *a = arg;

    if (a->lines.tick != NULL && !a->lines.tick(a->lines.arg))
        over(a);
    else
        timer_after(&a->tick, CLOCK_SECOND);
}

/* The server's own words, from a Status or an error of Argo's API. */
static int
refused(struct asking *a, struct err *e)
{
    int status = fetch_status(a->fetch), code = ERR_IO;
    cleanup_json struct json_doc *doc = NULL;
    struct err ignored = ERR_INIT;
    const char *message = NULL;

    for (int i = 1; i < ERR_COUNT; i++)
        if (err_status(-i) == status)
            code = -i;
    if (json_parse(buf_view(&a->got), &json_limits_default, &doc, &ignored) == 0)
        message = json_cstr_or(json_get(json_root(doc), "message"), NULL);
    if (message != NULL)
        return err_set(e, code, "%s", message);
    return err_set(e, code, "server %s answers with status %d", a->link->place.host, status);
}

/* 0, or why it is no answer. */
static int
outcome(struct asking *a, struct err *e)
{
    if (a->failed.code != 0) {
        *e = a->failed;
        return e->code;
    }
    return fetch_status(a->fetch) < 300 ? 0 : refused(a, e);
}

static int
send_request(struct asking *a, const char *method, const char *path, struct err *e)
{
    static const struct fetch_handler handler = {on_room, on_head, on_piece, on_fail};
    struct field fields[3] = {{STR("Accept"), STR("application/json")}};
    struct fetch_request rq = {.to = &a->link->place.to,
                               .tls = a->link->place.tls,
                               .tls_host = a->link->place.tls_host,
                               .method = str_of(method),
                               .target = str_of(path),
                               .host = str_of(a->link->place.host),
                               .fields = fields,
                               .fields_n = 1,
                               .length = (int64_t)a->body.n};

    if (a->link->place.authorization != NULL)
        fields[rq.fields_n++] =
            (struct field){STR("Authorization"), str_of(a->link->place.authorization)};
    if (a->body.n > 0)
        fields[rq.fields_n++] = (struct field){STR("Content-Type"), STR("application/json")};
    timer_init(&a->tick, a->link->loop, on_tick, a);
    a->fetch = fetch_new(a->link->client, &rq, &handler, a, e);
    if (a->fetch == NULL)
        return e->code;
    if (a->reads_lines)
        timer_after(&a->tick, CLOCK_SECOND);
    return 0;
}

static void
asking_done(struct asking *a)
{
    timer_stop(&a->tick);
    fetch_free(a->fetch);
    buf_done(&a->got);
}

int
serverlink_call(struct serverlink *r, const char *method, const char *path, const struct json *body,
                struct json_doc **ret, struct err *e)
{
    cleanup_buf struct buf text = BUF_INIT;
    struct asking a = {.link = r, .limit = SERVERLINK_MAX_BODY};
    int code;

    if (body != NULL)
        json_write(&text, body);
    a.body = buf_view(&text);
    code = send_request(&a, method, path, e);
    while (code == 0 && !a.over)
        loop_run(r->loop);
    if (code == 0)
        code = outcome(&a, e);
    *ret = NULL;
    if (code == 0 && buf_view(&a.got).n > 0) {
        code = json_parse(buf_view(&a.got), &json_limits_default, ret, e);
        if (code < 0)
            err_wrap(e, "the answer of server %s", r->place.host);
    }
    asking_done(&a);
    return code;
}

int
serverlink_begin(struct serverlink *r, const char *path, const struct serverlink_lines *lines,
                 struct err *e)
{
    struct asking *a = NEW(struct asking);

    *a = (struct asking){
        .link = r, .limit = SERVERLINK_MAX_LINE, .reads_lines = true, .lines = *lines};
    if (send_request(a, "GET", path, e) < 0) {
        asking_done(a);
        free(a);
        return e->code;
    }
    list_append(&r->begun, &a->begun);
    return 0;
}

static void
end(struct asking *a)
{
    struct err e = ERR_INIT;
    int code = outcome(a, &e);

    list_remove(&a->begun);
    if (a->lines.end != NULL)
        a->lines.end(a->lines.arg, code < 0 ? &e : NULL);
    asking_done(a);
    free(a);
}

/* The first that is over; NULL: all go on. */
static struct asking *
one_that_is_over(struct serverlink *r)
{
    struct asking *a;

    LIST_EACH (a, &r->begun, struct asking, begun)
        if (a->over)
            return a;
    return NULL;
}

void
serverlink_run(struct serverlink *r)
{
    struct asking *a;

    r->enough = false;
    while (!list_empty(&r->begun) && !r->enough) {
        loop_run(r->loop);
        while ((a = one_that_is_over(r)) != NULL)
            end(a);
    }
    while (!list_empty(&r->begun)) {
        a = LIST_ITEM(r->begun.next, struct asking, begun);
        list_remove(&a->begun);
        asking_done(a);
        free(a);
    }
}

void
serverlink_enough(struct serverlink *r)
{
    r->enough = true;
    loop_stop(r->loop);
}

/* Of one answer. */
struct alone {
    const struct serverlink_lines *lines;
    struct err failed;
};

static bool
alone_line(void *arg, struct str text)
{
    const struct serverlink_lines *l = ((struct alone *)arg)->lines;

    return l->line(l->arg, text);
}

static bool
alone_tick(void *arg)
{
    const struct serverlink_lines *l = ((struct alone *)arg)->lines;

    return l->tick == NULL || l->tick(l->arg);
}

static void
alone_end(void *arg, const struct err *why)
{
    if (why != NULL)
        ((struct alone *)arg)->failed = *why;
}

int
serverlink_lines(struct serverlink *r, const char *path, const struct serverlink_lines *lines,
                 struct err *e)
{
    struct alone one = {.lines = lines};
    struct serverlink_lines l = {
        .line = alone_line, .tick = alone_tick, .end = alone_end, .arg = &one};

    if (serverlink_begin(r, path, &l, e) < 0)
        return e->code;
    serverlink_run(r);
    if (one.failed.code != 0)
        *e = one.failed;
    return one.failed.code;
}
