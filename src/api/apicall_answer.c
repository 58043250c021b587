/*
 * What is said: how it went wrong, how it went well, and the fields and bytes of the answer.
 */

#include "api/apicall_int.h"
#include "base/clock.h"
#include "base/err.h"
#include "data/json.h"

/* How things go wrong. */

int
apicall_fail_about(struct apicall *c, const struct err *e, struct str name)
{
    failure_from_err(&c->failure, e, c->stored, name);
    return e->code;
}

int
apicall_fail(struct apicall *c, const struct err *e)
{
    return apicall_fail_about(c, e, c->name);
}

int
apicall_invalid(struct apicall *c, struct str name, const struct problems *ps)
{
    failure_invalid(&c->failure, c->stored->group, c->stored->kind, name, ps);
    return ERR_INVALID;
}

void
apicall_page_not_found(struct apicall *c)
{
    c->status = 404;
    c->content_type = "text/plain; charset=utf-8";
    buf_cstr(&c->text, "404 page not found\n");
}

/* How they go well. */

void
apicall_answer_built(struct apicall *c, struct json_build *b)
{
    cleanup_json struct json_doc *doc = json_build_done(b);
    cleanup_buf struct buf json = BUF_INIT;

    json_write(&json, json_root(doc));
    buf_char(&json, '\n');
    render_body(&c->accept, buf_view(&json), &c->text);
}

void
apicall_success(struct apicall *c, const char *name, const char *uid, int status)
{
    struct json_build b = JSON_BUILD_INIT;

    json_add_object(&b, NULL);
    json_add_cstr(&b, "kind", "Status");
    json_add_cstr(&b, "apiVersion", "v1");
    json_add_object(&b, "metadata");
    json_end(&b);
    json_add_cstr(&b, "status", "Success");
    if (name != NULL) {
        json_add_object(&b, "details");
        json_add_cstr(&b, "name", name);
        if (c->kind->group[0] != '\0')
            json_add_cstr(&b, "group", c->kind->group);
        json_add_cstr(&b, "kind", c->kind->plural);
        if (uid != NULL)
            json_add_cstr(&b, "uid", uid);
        json_end(&b);
    }
    if (status != 0)
        json_add_int(&b, "code", status);
    json_end(&b);
    c->status = status;
    apicall_answer_built(c, &b);
}

/* FNV-1a, 64 bits: clients compare it with what they have, nobody relies on it. */
const char *
apicall_etag(struct apicall *c)
{
    uint64_t hash = UINT64_C(0xcbf29ce484222325);

    for (size_t i = 0; i < c->text.n; i++)
        hash = (hash ^ (unsigned char)c->text.p[i]) * UINT64_C(0x100000001b3);
    return arena_printf(&c->arena, "\"%016llX\"", (unsigned long long)hash);
}

struct render
apicall_render(const struct apicall *c)
{
    struct render r = {
        .accept = c->accept, .kind = c->kind, .now_us = clock_wall_us(apicall_config(c)->clock)};

    (void)render_include_parse(apiparam_text(&c->param, "includeObject"), &r.include);
    return r;
}

/* The answer. */

static void
add_field(struct apianswer *to, const char *name, struct str value)
{
    if (to->fields_n < APICALL_MAX_FIELDS)
        to->fields[to->fields_n++] = (struct apifield){.name = name, .value = value};
}

/* RFC 9111, section 5.5, as Kubernetes fills it in. */
static void
add_warnings(struct apicall *c, struct apianswer *to)
{
    for (size_t i = 0; i < c->warnings.n && to->fields_n < APICALL_MAX_FIELDS - 2; i++) {
        cleanup_buf struct buf quoted = BUF_INIT;

        buf_cstr(&quoted, "299 - ");
        json_write_string(&quoted, str_of(c->warnings.at[i].text));
        add_field(to, "Warning", str_of(arena_strdup(&c->arena, buf_cstring(&quoted))));
    }
}

static void
answer_failure(struct apicall *c, struct apianswer *ret)
{
    cleanup_buf struct buf json = BUF_INIT;

    buf_clear(&c->text);
    failure_write(&c->failure, &json);
    render_body(&c->accept, buf_view(&json), &c->text);
    ret->status = c->failure.code;
    ret->content_type = render_content_type(&c->accept);
    ret->body = buf_view(&c->text);
    if (c->failure.retry_after_s > 0)
        add_field(ret, "Retry-After",
                  str_of(arena_printf(&c->arena, "%d", c->failure.retry_after_s)));
}

/* Whether the query asks for lines that people can read (pretty=true), and there are not so many
 * that laying them out would keep others waiting. */
static bool
is_to_be_pretty(const struct apicall *c)
{
    return c->stream == NULL && apiparam_bool(&c->param, "pretty") &&
           c->text.n <= APICALL_MAX_PRETTY;
}

static void
lay_out(struct apicall *c)
{
    cleanup_json struct json_doc *doc = NULL;
    struct err e = ERR_INIT;

    if (json_parse(buf_view(&c->text), &json_limits_default, &doc, &e) < 0)
        return;
    buf_clear(&c->text);
    json_write_pretty(&c->text, json_root(doc));
    buf_char(&c->text, '\n');
}

void
apicall_answer(struct apicall *c, struct apianswer *ret)
{
    *ret = (struct apianswer){.status = c->status != 0 ? c->status : 200};
    add_field(ret, "Cache-Control", STR("no-cache, private"));
    add_warnings(c, ret);
    if (c->failure.code != 0) {
        c->failure.pretty |= apiparam_bool(&c->param, "pretty");
        answer_failure(c, ret);
        return;
    }
    if (c->object != NULL) {
        struct render r = apicall_render(c);

        render_one(&r, c->object, c->fresh, &c->text);
    }
    if (c->etag != NULL) {
        add_field(ret, "ETag", str_of(c->etag));
        add_field(ret, "Vary", STR("Accept"));
    }
    ret->content_type = c->content_type != NULL ? c->content_type : render_content_type(&c->accept);
    if (!c->accept.yaml && c->content_type == NULL && c->etag == NULL && is_to_be_pretty(c))
        lay_out(c);
    ret->body = buf_view(&c->text);
    ret->stream = TAKE(c->stream);
    ret->exec = TAKE(c->exec);
    if (c->no_body)
        ret->content_type = NULL;
}
