/*
 * apirig - the whole API on a scratch store, without sockets: a request is a line, a few fields and
 * a body; the answer is a status and text.
 */
#ifndef TESTS_UNIT_API_APIRIG_H
#define TESTS_UNIT_API_APIRIG_H

#include "api/apicall.h"
#include "api/apiserver.h"
#include "api/apistream.h"
#include "api/kind.h"
#include "api/objects.h"
#include "api/watchlog.h"
#include "core/controller.h"
#include "core/message.h"
#include "data/json.h"
#include "edge/caller.h"
#include "tests/unit/core/rig.h"

struct apirig {
    struct rig rig;
    struct controllers *cs;
    struct objects *os;
    struct watchlog *log;
    struct apiserver *api;
    struct apiserver_config config; /* what a test changes before apirig_boot() */
    struct caller caller;
    struct message prepare;
};

static inline int
apirig_run_prepare_(struct message *m, struct turn *t, struct err *e)
{
    return apiserver_prepare(CONTAINER_OF(m, struct apirig, prepare)->api, t, e);
}

static inline void
apirig_prepared_(struct message *m, const struct err *why)
{
    (void)m;
    if (why != NULL)
        fail_msg("prepare: %s", why->msg);
}

static inline void
apirig_boot(struct apirig *r)
{
    struct err e = ERR_INIT;

    r->cs = controllers_new(r->rig.core);
    r->os = objects_new(r->rig.core, r->cs, kinds_builtin);
    r->log = watchlog_new(r->rig.core, r->os);
    rig_start(&r->rig);
    r->config.core = r->rig.core;
    r->config.objects = r->os;
    r->config.kinds = kinds_builtin;
    r->config.watchlog = r->log;
    r->config.clock = &r->rig.clock.clock;
    r->config.address = "127.0.0.1:8080";
    r->api = apiserver_new(&r->config);
    r->caller = (struct caller){.kind = CALLER_LOCAL, .name = STR("admin")};
    r->prepare = (struct message){
        .class = MESSAGE_EVENT, .run = apirig_run_prepare_, .done = apirig_prepared_};
    CHECK_INT(core_post(r->rig.core, &r->prepare, &e), 0);
    core_run(r->rig.core, 20);
}

static inline void
apirig_open(struct apirig *r)
{
    memset(r, 0, sizeof *r);
    rig_open(&r->rig);
    apirig_boot(r);
}

static inline void
apirig_halt(struct apirig *r)
{
    r->rig.core = core_free(r->rig.core);
    apiserver_free(TAKE(r->api));
    watchlog_free(TAKE(r->log));
    r->os = objects_free(r->os);
    r->cs = controllers_free(r->cs);
}

static inline void
apirig_close(struct apirig *r)
{
    apirig_halt(r);
    rig_close(&r->rig);
}

/* Another process on the same directory. */
static inline void
apirig_restart(struct apirig *r)
{
    apirig_halt(r);
    rig_reboot(&r->rig);
    apirig_boot(r);
}

struct apireply {
    int status;
    char *text;               /* what came so far */
    struct apistream *stream; /* NULL, or one that has not ended */
};

static inline void
apireply_done(struct apireply *y)
{
    free(y->text);
    apistream_free(y->stream);
}
#define cleanup_apireply __attribute__((cleanup(apireply_done)))

static inline void
apirig_answered_(void *arg)
{
    *(bool *)arg = true;
}

/* Pulls what is there now.  True: the stream has ended. */
static inline bool
apirig_pull(struct apirig *r, struct apireply *y)
{
    cleanup_buf struct buf b = BUF_INIT;
    enum feed_state state = FEED_WAIT;

    for (int waits = 0; waits < 4 && (state == FEED_WAIT || state == FEED_MORE);) {
        core_run(r->rig.core, 20);
        state = apistream_pull(y->stream, &b, 4096);
        waits = state == FEED_WAIT ? waits + 1 : 0; /* the core may have said something by now */
    }
    free(y->text);
    y->text = buf_take(&b);
    if (state == FEED_WAIT)
        return false;
    CHECK_INT(state, FEED_END);
    apistream_free(TAKE(y->stream));
    return true;
}

/* `line` is "GET /api/v1/pods?limit=1". */
static inline struct apireply
apirig_ask_as(struct apirig *r, const char *line, const char *type, const char *accept,
              const char *body)
{
    struct str rest = str_of(line), method = str_cut(&rest, ' '), path = str_cut(&rest, '?');
    struct apirequest rq = {.method = method,
                            .path = path,
                            .query = rest,
                            .accept = str_of(accept),
                            .content_type = str_of(type),
                            .user_agent = STR("unit/1"),
                            .body = body != NULL ? str_of(body) : STR(""),
                            .caller = &r->caller};
    bool answered = false;
    struct apicall *c = apicall_new(r->api, &rq, apirig_answered_, &answered);
    struct apianswer a;
    struct apireply y = {.status = 0};

    apicall_start(c);
    core_run(r->rig.core, 50);
    CHECK_TRUE(answered);
    apicall_answer(c, &a);
    y.status = a.status;
    y.stream = a.stream;
    if (y.stream != NULL)
        (void)apirig_pull(r, &y);
    else
        y.text = str_dup(a.body);
    apicall_free(c);
    return y;
}

static inline struct apireply
apirig_ask(struct apirig *r, const char *line, const char *body)
{
    return apirig_ask_as(r, line, body != NULL ? "application/json" : NULL, "application/json",
                         body);
}

/* The same where only the status counts. */
static inline int
apirig_status(struct apirig *r, const char *line, const char *body)
{
    cleanup_apireply struct apireply y = apirig_ask(r, line, body);

    return y.status;
}

static inline void
apirig_make(struct apirig *r, const char *name, const char *labels)
{
    cleanup_free char *body = xasprintf(
        "{\"metadata\":{\"name\":\"%s\",\"labels\":{%s}},\"data\":{\"a\":\"1\"}}", name, labels);

    CHECK_INT(apirig_status(r, "POST /api/v1/namespaces/default/configmaps", body), 201);
}

#endif
