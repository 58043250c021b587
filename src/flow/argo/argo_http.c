#include "flow/argo/argo_http.h"

#include <ctype.h>

#include "api/objects.h"
#include "base/arena.h"
#include "base/buf.h"
#include "base/clock.h"
#include "base/err.h"
#include "core/turn.h"
#include "data/base64.h"
#include "data/expr.h"
#include "data/json.h"
#include "flow/argo/argo.h"
#include "flow/argo/argo_podless.h"
#include "flow/flow_int.h"
#include "flow/flow_request.h"
#include "http/requester.h"
#include "http/transfer.h"

/* An answer makes itself known; this is for one that was lost on its way. */
enum { LOOK_PAUSE_US = 60 * 1000 * 1000 };

#define ASKED "asked"

/* The request. */

static struct str
method_of(const struct json *http)
{
    struct str method = json_str(json_get(http, "method"));

    return method.n != 0 ? method : STR("GET");
}

static bool
may_repeat(struct str method)
{
    static const char *const methods[] = {"GET", "HEAD", "OPTIONS", "PUT", "DELETE"};

    for (size_t i = 0; i < ARRAY_LEN(methods); i++)
        if (str_is(method, methods[i]))
            return true;
    return false;
}

/* The value of a header that stands in a Secret. */
static int
secret_value(struct turn *t, const struct flow_node *leaf, const struct json *ref, struct str *ret,
             struct err *e)
{
    struct str name = json_str(json_get(ref, "name")), key = json_str(json_get(ref, "key"));
    cleanup_object struct object *secret =
        objects_find(leaf->run->flow->objects, t, &kind_secret, str_of(leaf->run->namespace), name);
    cleanup_buf struct buf text = BUF_INIT;
    const struct json *plain, *coded;

    if (secret == NULL)
        return err_set(e, ERR_INVALID, "secrets \"%.*s\" not found", STR_ARG(name));
    plain = json_get_str(object_at(secret, "stringData"), key);
    coded = json_get_str(object_at(secret, "data"), key);
    if (plain == NULL && coded == NULL)
        return err_set(e, ERR_INVALID, "secret \"%.*s\" has no key \"%.*s\"", STR_ARG(name),
                       STR_ARG(key));
    if (plain != NULL)
        buf_str(&text, json_scalar_text(plain));
    else if (!base64_decode_loose(json_str(coded), &text))
        return err_set(e, ERR_INVALID, "secret \"%.*s\": key \"%.*s\" is no valid base64",
                       STR_ARG(name), STR_ARG(key));
    ret->p = str_dup_arena(turn_arena(t), buf_view(&text));
    ret->n = text.n;
    return 0;
}

static int
add_headers(struct turn *t, const struct flow_node *leaf, const struct json *http,
            struct requester_request *q, struct err *e)
{
    const struct json *list = json_get(http, "headers");
    struct arena *a = turn_arena(t);
    struct transfer_header *headers = ARENA_ARRAY(a, struct transfer_header, json_count(list) + 1);

    JSON_EACH (it, list) {
        const struct json *ref = json_at_path(it.value, "valueFrom.secretKeyRef");
        struct str name = json_str(json_get(it.value, "name"));
        struct str value = json_str(json_get(it.value, "value"));

        if (!json_is_null(ref) && secret_value(t, leaf, ref, &value, e) < 0)
            return err_wrap(e, "http.headers: %.*s", STR_ARG(name));
        headers[q->headers_n].name = str_of(str_dup_arena(a, name));
        headers[q->headers_n++].value = str_of(str_dup_arena(a, value));
    }
    q->headers = headers;
    return 0;
}

static int
body_of(const struct json *http, struct buf *to, struct err *e)
{
    struct str bytes = json_str(json_at_path(http, "bodyFrom.bytes"));

    if (bytes.n == 0)
        buf_str(to, json_str(json_get(http, "body")));
    else if (!base64_decode_loose(bytes, to))
        return err_set(e, ERR_INVALID, "http.bodyFrom.bytes is no valid base64");
    return 0;
}

static int
add_body(struct turn *t, const struct json *http, struct requester_request *q, struct err *e)
{
    cleanup_buf struct buf text = BUF_INIT;

    if (body_of(http, &text, e) < 0 || text.n == 0)
        return e->code;
    q->body.p = str_dup_arena(turn_arena(t), buf_view(&text));
    q->body.n = text.n;
    return 0;
}

static int
timeout_of(const struct json *http, int64_t *ret, struct err *e)
{
    const struct json *v = json_get(http, "timeoutSeconds");
    int64_t seconds = ARGO_HTTP_TIMEOUT_S;

    if (!json_is_null(v) && (!json_int_or_string(v, &seconds) || seconds <= 0))
        return err_set(e, ERR_INVALID, "http.timeoutSeconds must be a positive number of seconds");
    *ret = seconds * CLOCK_SECOND;
    return 0;
}

static struct json_doc *
memory(int64_t times)
{
    struct json_build b = JSON_BUILD_INIT;

    json_add_object(&b, NULL);
    json_add_int(&b, ASKED, times);
    json_end(&b);
    return json_build_done(&b);
}

static int
ask(struct turn *t, struct flow_node *leaf, const struct json *http, int64_t times,
    struct flow_result *r, struct err *e)
{
    struct arena *a = turn_arena(t);
    struct requester_request *q = ARENA_NEW(a, struct requester_request);

    if (!flow_request_possible(leaf->run->flow))
        return err_set(e, ERR_UNSUPPORTED, "http: no requests can be made here");
    *q = (struct requester_request){
        .method = str_of(str_dup_arena(a, method_of(http))),
        .url = str_of(str_dup_arena(a, json_str(json_get(http, "url")))),
        .insecure = json_bool_or(json_get(http, "insecureSkipVerify"), false),
        .limit = ARGO_HTTP_ANSWER_BYTES,
    };
    if (timeout_of(http, &q->timeout_us, e) < 0 || add_headers(t, leaf, http, q, e) < 0 ||
        add_body(t, http, q, e) < 0)
        return e->code;
    r->outputs = memory(times);
    flow_request_ask(t, leaf, q);
    return 0;
}

/* The answer. */

struct field {
    struct str name, value;
};
typedef VEC(struct field) fields;

/* As Go's http.Header has its keys: "content-type" is Content-Type. */
static struct str
canonical(struct arena *a, struct str name)
{
    char *text = str_dup_arena(a, name);
    bool first = true;

    for (size_t i = 0; i < name.n; i++) {
        text[i] = (char)(first ? toupper((unsigned char)text[i]) : tolower((unsigned char)text[i]));
        first = text[i] == '-';
    }
    return str_make(text, name.n);
}

static void
add_field(fields *to, struct arena *a, struct str name, struct str value)
{
    if (name.n != 0)
        vec_push(to, ((struct field){canonical(a, name), value}));
}

/* {"Name":["value", ...]}, in the order of their first lines. */
static void
add_fields(struct json_build *b, const fields *list)
{
    struct map seen = MAP_INIT;

    json_add_object(b, "headers");
    for (size_t i = 0; i < list->n; i++) {
        struct str name = list->at[i].name;

        if (map_put(&seen, name, b) != NULL)
            continue;
        json_add_key(b, name);
        json_add_array(b, NULL);
        for (size_t k = i; k < list->n; k++) {
            if (str_eq(list->at[k].name, name))
                json_add_str(b, NULL, list->at[k].value);
        }
        json_end(b);
    }
    json_end(b);
    map_done(&seen);
}

static void
add_request(struct json_build *b, const struct json *http, struct arena *a)
{
    cleanup_buf struct buf body = BUF_INIT;
    struct err ignored = ERR_INIT;
    fields list = VEC_INIT;

    json_add_object(b, "request");
    json_add_str(b, "method", method_of(http));
    json_add_value(b, "url", json_get(http, "url"));
    (void)body_of(http, &body, &ignored); /* it was sent: it can be read */
    json_add_str(b, "body", buf_view(&body));
    JSON_EACH (it, json_get(http, "headers")) {
        add_field(&list, a, json_str(json_get(it.value, "name")),
                  json_str(json_get(it.value, "value")));
    }
    add_fields(b, &list);
    json_end(b);
    vec_done(&list);
}

static void
add_response(struct json_build *b, const struct requester_answer *answer, struct arena *a)
{
    fields list = VEC_INIT;

    json_add_object(b, "response");
    json_add_int(b, "statusCode", answer->status);
    json_add_str(b, "body", answer->body);
    for (struct str lines = answer->head; lines.n > 0;) {
        struct str value = str_cut(&lines, '\n'), name = str_cut(&value, ':');

        add_field(&list, a, name, str_trim(value));
    }
    add_fields(b, &list);
    json_end(b);
    vec_done(&list);
}

static struct json_doc *
names_of(const struct json *http, const struct requester_answer *answer, struct arena *a)
{
    struct json_build b = JSON_BUILD_INIT;

    json_add_object(&b, NULL);
    add_request(&b, http, a);
    add_response(&b, answer, a);
    json_end(&b);
    return json_build_done(&b);
}

static struct expr_binding
look_up(void *arg, struct str name)
{
    const struct expr_value *v = expr_map_get(*(const struct expr_value *)arg, name);

    return (struct expr_binding){.found = v != NULL, .value = v != NULL ? *v : EXPR_NIL_VALUE};
}

/* 1: good, 0: not, or the condition cannot be asked. */
static int
is_good(const struct json *http, const struct requester_answer *answer, struct err *e)
{
    struct str condition = json_str(json_get(http, "successCondition"));
    cleanup_json struct json_doc *names = NULL;
    cleanup_expr struct expr_program *program = NULL;
    cleanup_arena struct arena a = ARENA_INIT;
    struct expr_value values;
    struct expr_env env = {.lookup = look_up, .arg = &values};
    bool good;

    if (condition.n == 0)
        return answer->status >= 200 && answer->status < 300;
    names = names_of(http, answer, &a);
    values = expr_from_json(&a, json_root(names));
    if (expr_compile(condition, &program, e) < 0 || expr_eval_bool(program, &env, &good, e) < 0)
        return err_wrap(e, "http.successCondition");
    return good;
}

static void
take_answer(struct flow_node *leaf, const struct json *tmpl, const struct requester_answer *answer,
            struct flow_result *r)
{
    const struct json *http = json_get(tmpl, "http");
    struct str condition = json_str(json_get(http, "successCondition"));
    struct err why = answer->why;
    int good = why.code != 0 ? why.code : is_good(http, answer, &why);

    /* Whoever looks at a failure wants to see what the server said. */
    argo_podless_succeed(leaf, tmpl, answer->body, r);
    if (good > 0)
        return;
    r->phase = FLOW_FAILED;
    if (good < 0)
        r->message = xstrdup(why.msg);
    else if (condition.n != 0)
        r->message = xasprintf("successCondition '%.*s' evaluated false", STR_ARG(condition));
    else
        r->message = xasprintf("received non-2xx response code: %d", answer->status);
}

/* Those who asked are gone. */
static int
ask_again(struct turn *t, struct flow_node *leaf, const struct json *http, int64_t times,
          struct flow_result *r, struct err *e)
{
    cleanup_free char *text = NULL;
    struct str method = method_of(http);

    if (may_repeat(method))
        return ask(t, leaf, http, times + 1, r, e);
    text = xasprintf("the server that sent the %.*s request ended before its answer came; whether "
                     "the request was heard is not known, and it is not repeated by itself",
                     STR_ARG(method));
    return argo_podless_fail(r, FLOW_ERROR, "", text);
}

int
argo_http_tend(struct turn *t, struct flow_node *leaf, const struct json *tmpl,
               struct flow_result *r, int64_t *again_us, struct err *e)
{
    const struct json *http = json_get(tmpl, "http");
    const struct requester_answer *answer = NULL;
    struct err why = ERR_INIT;
    int64_t times = 0;
    int rc = 0;

    (void)json_int(json_get(json_root(leaf->outputs), ASKED), &times);
    if (times == 0)
        rc = ask(t, leaf, http, 1, r, &why);
    else if (!flow_request_look(leaf, &answer))
        rc = ask_again(t, leaf, http, times, r, &why);
    else if (answer != NULL)
        take_answer(leaf, tmpl, answer, r);
    if (rc < 0)
        return argo_podless_blame(r, &why, e);
    if (flow_phase_is_final(r->phase))
        return 0;
    r->message = xasprintf("waiting for %.*s", STR_ARG(json_str(json_get(http, "url"))));
    *again_us = turn_now_us(t) + LOOK_PAUSE_US;
    return 0;
}

void
argo_http_ended(struct turn *t, const struct flow_node *leaf)
{
    if (str_is(str_of(leaf->type), "HTTP"))
        flow_request_forget(t, leaf);
}
