#include "api/failure.h"

#include <stdarg.h>

#include "api/kind.h"
#include "base/buf.h"
#include "base/err.h"
#include "data/json.h"
#include "schema/problem.h"

void
failure_done(struct failure *f)
{
    free(f->message);
    free(f->name);
    free(f->group);
    free(f->kind);
    free(f->uid);
    free(f->go_on);
    for (size_t i = 0; i < f->causes.n; i++) {
        free(f->causes.at[i].message);
        free(f->causes.at[i].field);
    }
    vec_done(&f->causes);
    *f = FAILURE_INIT;
}

int
failure_set(struct failure *f, int code, const char *fmt, ...)
{
    va_list ap;

    failure_done(f);
    f->code = err_status(code);
    f->reason = err_reason(code);
    va_start(ap, fmt);
    f->message = xvasprintf(fmt, ap);
    va_end(ap);
    return code;
}

void
failure_status(struct failure *f, int status, const char *reason, bool details, const char *fmt,
               ...)
{
    va_list ap;

    failure_done(f);
    f->code = status;
    f->reason = reason;
    f->details = details;
    va_start(ap, fmt);
    f->message = xvasprintf(fmt, ap);
    va_end(ap);
}

static void
about(struct failure *f, const char *group, const char *kind, struct str name)
{
    f->details = true;
    free(f->group);
    free(f->kind);
    free(f->name);
    f->group = group[0] != '\0' ? xstrdup(group) : NULL;
    f->kind = kind[0] != '\0' ? xstrdup(kind) : NULL;
    f->name = name.n > 0 ? str_dup(name) : NULL;
}

void
failure_about(struct failure *f, const struct kind *k, struct str name)
{
    about(f, k->group, k->plural, name);
}

void
failure_about_kind(struct failure *f, const struct kind *k, struct str name)
{
    about(f, k->group, k->kind, name);
}

void
failure_cause(struct failure *f, const char *reason, const char *field, const char *fmt, ...)
{
    struct failure_cause *c = vec_grow(&f->causes);
    va_list ap;

    f->details = true;
    c->reason = reason;
    c->field = xstrdup(field);
    va_start(ap, fmt);
    c->message = xvasprintf(fmt, ap);
    va_end(ap);
}

void
failure_from_err(struct failure *f, const struct err *e, const struct kind *k, struct str name)
{
    (void)failure_set(f, e->code, "%s", e->msg);
    if (e->code == ERR_NOTFOUND || e->code == ERR_EXISTS || e->code == ERR_CONFLICT ||
        e->code == ERR_FORBIDDEN)
        failure_about(f, k, name);
    else if (e->code == ERR_INVALID)
        failure_about_kind(f, k, name);
    if (e->code == ERR_UNAVAILABLE || e->code == ERR_TOOMANY) {
        f->details = true;
        f->retry_after_s = 1;
    }
}

void
failure_invalid(struct failure *f, const char *group, const char *kind, struct str name,
                const struct problems *ps)
{
    cleanup_buf struct buf text = BUF_INIT;

    problems_message(ps, &text);
    (void)failure_set(f, ERR_INVALID, "%s%s%s \"%.*s\" is invalid: %s", kind,
                      group[0] != '\0' ? "." : "", group, STR_ARG(name), buf_cstring(&text));
    about(f, group, kind, name);
    for (size_t i = 0; i < ps->n; i++) {
        const struct problem *p = &ps->at[i];

        failure_cause(f, p->reason != NULL ? p->reason : "FieldValueInvalid", p->path, "%s",
                      p->text + p->detail);
    }
}

static void
add_text(struct json_build *b, const char *key, const char *text)
{
    if (text != NULL)
        json_add_cstr(b, key, text);
}

static void
add_details(struct json_build *b, const struct failure *f)
{
    json_add_object(b, "details");
    add_text(b, "name", f->name);
    add_text(b, "group", f->group);
    add_text(b, "kind", f->kind);
    add_text(b, "uid", f->uid);
    if (f->causes.n > 0) {
        json_add_array(b, "causes");
        for (size_t i = 0; i < f->causes.n; i++) {
            json_add_object(b, NULL);
            json_add_cstr(b, "reason", f->causes.at[i].reason);
            json_add_cstr(b, "message", f->causes.at[i].message);
            if (f->causes.at[i].field[0] != '\0')
                json_add_cstr(b, "field", f->causes.at[i].field);
            json_end(b);
        }
        json_end(b);
    }
    if (f->retry_after_s > 0)
        json_add_int(b, "retryAfterSeconds", f->retry_after_s);
    json_end(b);
}

void
failure_write(const struct failure *f, struct buf *to)
{
    cleanup_json struct json_doc *doc = NULL;
    struct json_build b = JSON_BUILD_INIT;

    json_add_object(&b, NULL);
    json_add_cstr(&b, "kind", "Status");
    json_add_cstr(&b, "apiVersion", "v1");
    json_add_object(&b, "metadata");
    add_text(&b, "continue", f->go_on);
    json_end(&b);
    json_add_cstr(&b, "status", "Failure");
    json_add_cstr(&b, "message", f->message != NULL ? f->message : "");
    add_text(&b, "reason", f->reason);
    if (f->details)
        add_details(&b, f);
    json_add_int(&b, "code", f->code);
    json_end(&b);
    doc = json_build_done(&b);
    if (f->pretty)
        json_write_pretty(to, json_root(doc));
    else
        json_write(to, json_root(doc));
    buf_char(to, '\n');
}
