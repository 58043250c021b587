/* Questions to the object API, as the caller, and what becomes of its answers. */
#include <stdlib.h>

#include "api/apistream.h"
#include "api/objects.h"
#include "base/err.h"
#include "data/json.h"
#include "edge/call.h"
#include "flow/argorest/argorest_fields.h"
#include "flow/argorest/argorest_int.h"

void
argorest_ask(struct argorest_call *c, const char *method, const struct kind *k, struct str name,
             const struct json *body)
{
    buf_printf(&c->ask_path, k->group[0] != '\0' ? "/apis/%s/%s/" : "/api%s/%s/", k->group,
               k->version);
    if (k->namespaced && c->ns.n > 0) {
        buf_cstr(&c->ask_path, "namespaces/");
        request_encode(&c->ask_path, c->ns);
        buf_char(&c->ask_path, '/');
    }
    buf_cstr(&c->ask_path, k->plural);
    if (name.p != NULL) {
        buf_char(&c->ask_path, '/');
        request_encode(&c->ask_path, name);
    }
    if (body != NULL) {
        json_write(&c->ask_body, body);
        argorest_ask_with(c, "fieldManager", STR("argo"));
        argorest_ask_with(c, "fieldValidation", STR("Ignore"));
    }
    c->ask.method = str_of(method);
}

void
argorest_ask_with(struct argorest_call *c, const char *name, struct str value)
{
    if (value.n == 0)
        return;
    buf_printf(&c->ask_query, "%s%s=", c->ask_query.n > 0 ? "&" : "", name);
    request_encode(&c->ask_query, value);
}

void
argorest_ask_with_options(struct argorest_call *c, const char *const *names)
{
    for (size_t i = 0; names[i] != NULL; i++) {
        cleanup_free char *given = xasprintf("listOptions.%s", names[i]);

        argorest_ask_with(c, names[i], argorest_param(c, given));
    }
}

/* The codes that tell apart what HTTP has one status for. */
static int
code_of(int status, struct str reason)
{
    if (str_is(reason, "AlreadyExists"))
        return ERR_EXISTS;
    for (int i = 0; i < ERR_COUNT; i++) {
        if (err_status(-1 - i) == status && (status != 409 || str_is(reason, err_reason(-1 - i))))
            return -1 - i;
    }
    return status == 415 || status == 405 ? ERR_BADREQUEST : ERR_IO;
}

static void
refuse_as_api_did(struct argorest_call *c, const struct apianswer *a)
{
    cleanup_json struct json_doc *said = NULL;
    struct err e = ERR_INIT, ignored = ERR_INIT;
    struct str message;

    (void)json_parse(a->body, NULL, &said, &ignored);
    message = json_str(json_get(json_root(said), "message"));
    err_set(&e, code_of(a->status, json_str(json_get(json_root(said), "reason"))), "%.*s",
            STR_ARG(message.n > 0 ? message : a->body));
    argorest_refuse(c, &e);
}

static void
on_api_answer(void *arg)
{
    struct argorest_call *c = arg;
    cleanup_buf struct buf text = BUF_INIT;
    struct apianswer a;
    struct err e = ERR_INIT;

    apicall_answer(c->apicall, &a);
    if (a.status >= 400) {
        refuse_as_api_did(c, &a);
    } else if (a.stream != NULL) {
        c->stream = c->wrap != NULL ? c->wrap(c, a.stream) : argorest_whole(c, a.stream);
        argorest_reply_stream(c);
    } else if (argorest_fields_pass(argorest_fields_of(c), STR(""), a.body, &text, &e) < 0) {
        argorest_refuse(c, &e);
    } else {
        argorest_reply_text(c, 200, buf_view(&text));
    }
}

void
argorest_ask_now(struct argorest_call *c)
{
    c->ask.path = buf_view(&c->ask_path);
    c->ask.query = buf_view(&c->ask_query);
    c->ask.body = buf_view(&c->ask_body);
    c->ask.content_type = STR("application/json");
    c->ask.user_agent = STR("argo");
    c->ask.caller = call_caller(c->call);
    c->apicall = apicall_new(c->rest->api, &c->ask, on_api_answer, c);
    apicall_start(c->apicall);
}
