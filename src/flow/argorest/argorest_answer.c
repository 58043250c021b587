/* The end of a request: its answer, or why there is none. */
#include <stdlib.h>

#include "api/apifeed.h"
#include "api/apiserver.h"
#include "api/apistream.h"
#include "api/composestream.h"
#include "api/objects.h"
#include "base/arena.h"
#include "base/err.h"
#include "data/json.h"
#include "edge/call.h"
#include "flow/argorest/argorest_fields.h"
#include "flow/argorest/argorest_int.h"

const struct argorest_fields *
argorest_fields_of(const struct argorest_call *c)
{
    struct argorest_fields *f = ARENA_NEW(call_arena(c->call), struct argorest_fields);

    argorest_fields_read(call_arena(c->call), argorest_param(c, "fields"), f);
    return f;
}

static void
call_free(struct argorest_call *c)
{
    if (c->release != NULL && c->plan != NULL)
        c->release(c->plan);
    json_doc_unref(c->body);
    json_doc_unref(c->doc);
    object_unref(c->object);
    apistream_free(c->stream);
    apicall_free(c->apicall);
    buf_done(&c->ask_path);
    buf_done(&c->ask_query);
    buf_done(&c->ask_body);
    argorest_latest_free(c->latest);
    free(c->file_name);
    free(c);
}

void
argorest_reply_text(struct argorest_call *c, int status, struct str text)
{
    struct reply r = {.status = status, .content_type = "application/json", .body = text};

    call_reply(c->call, &r);
    call_free(c);
}

void
argorest_error_write(const struct err *why, struct buf *to, int *ret_status)
{
    /* The numbers are gRPC's; each has its HTTP status. */
    static const struct {
        int code, status, grpc;
    } meanings[] = {
        {ERR_BADREQUEST, 400, 3}, {ERR_INVALID, 400, 3},      {ERR_UNAUTHORIZED, 401, 16},
        {ERR_NOTFOUND, 404, 5},   {ERR_EXISTS, 409, 6},       {ERR_CONFLICT, 409, 10},
        {ERR_FORBIDDEN, 403, 7},  {ERR_GONE, 400, 9},         {ERR_TOOMANY, 429, 8},
        {ERR_TOOLARGE, 413, 8},   {ERR_UNSUPPORTED, 501, 12}, {ERR_UNAVAILABLE, 503, 14},
        {ERR_TIMEOUT, 504, 4},    {ERR_FULL, 507, 8},
    };
    int grpc = 13;

    *ret_status = 500;
    for (size_t i = 0; i < ARRAY_LEN(meanings); i++) {
        if (meanings[i].code == why->code) {
            *ret_status = meanings[i].status;
            grpc = meanings[i].grpc;
        }
    }
    buf_printf(to, "{\"code\":%d,\"message\":", grpc);
    json_write_string(to, str_of(why->msg));
    buf_char(to, '}');
}

void
argorest_refuse(struct argorest_call *c, const struct err *why)
{
    cleanup_buf struct buf text = BUF_INIT;
    int status;

    argorest_error_write(why, &text, &status);
    argorest_reply_text(c, status, buf_view(&text));
}

/* A file is what a step has made: a browser that shows it must let it do nothing. */
static void
reply_file(struct argorest_call *c)
{
    cleanup_free char *disposition = xasprintf("filename=\"%s\"", c->file_name);
    struct field fields[] = {
        {.name = STR("X-Content-Type-Options"), .value = STR("nosniff")},
        {.name = STR("Content-Security-Policy"), .value = STR("sandbox; default-src 'none'")},
        {.name = STR("Content-Disposition"), .value = str_of(disposition)},
    };
    struct reply r = {.status = 200,
                      .content_type = c->content_type,
                      .fields = fields,
                      .fields_n = ARRAY_LEN(fields),
                      .length = c->length};

    apifeed_reply(c->call, c->loop, &r, TAKE(c->stream));
    call_free(c);
}

void
argorest_reply_stream(struct argorest_call *c)
{
    struct field fields[] = {{.name = STR("X-Content-Type-Options"), .value = STR("nosniff")}};
    struct reply r = {.status = 200, .fields = fields, .fields_n = ARRAY_LEN(fields)};

    r.content_type = c->accepts_events ? "text/event-stream" : "application/json";
    apifeed_reply(c->call, c->loop, &r, TAKE(c->stream));
    call_free(c);
}

/* A Workflow gets its nodes, unless the client wants none. */
static bool
wants_nodes(const struct argorest_call *c)
{
    return c->object != NULL && object_kind(c->object) == &kind_workflow &&
           argorest_fields_want(argorest_fields_of(c), STR("status.nodes"));
}

/* Everything has been committed by now, so its rows are there. */
static struct apistream *
compose(struct argorest_call *c)
{
    const struct apiserver_config *config = argorest_config(c);

    return argorest_whole(
        c,
        composestream_new(config->core, objects_composing_new(config->objects, c->object), NULL));
}

static int
write_object(struct argorest_call *c, struct buf *to, struct err *e)
{
    cleanup_buf struct buf text = BUF_INIT;

    object_write(&text, c->object);
    return argorest_fields_pass(argorest_fields_of(c), STR(""), buf_view(&text), to, e);
}

void
argorest_answer(struct argorest_call *c)
{
    cleanup_buf struct buf text = BUF_INIT;
    struct err e = ERR_INIT;

    if (c->stream != NULL && c->content_type != NULL) {
        reply_file(c);
        return;
    }
    if (c->stream == NULL && wants_nodes(c)) {
        c->accepts_events = false;
        c->stream = compose(c);
    }
    if (c->stream != NULL) {
        argorest_reply_stream(c);
        return;
    }
    if (c->object == NULL)
        json_write(&text, json_root(c->doc));
    else if (write_object(c, &text, &e) < 0) {
        argorest_refuse(c, &e);
        return;
    }
    argorest_reply_text(c, 200, buf_view(&text));
}
