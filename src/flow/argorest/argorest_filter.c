#include "flow/argorest/argorest_filter.h"

#include "api/apiparam.h"
#include "api/kind.h"
#include "api/object.h"
#include "base/buf.h"
#include "base/err.h"
#include "data/json.h"
#include "data/timestamp.h"

static struct str
keep(struct argorest_filter *f, struct str s)
{
    return s.n > 0 ? str_of(str_dup_arena(&f->arena, s)) : STR_NULL;
}

/* A time of the query, or of a term; absent: 0. */
static int
read_time(struct str text, const char *what, int64_t *ret, struct err *e)
{
    if (text.n == 0)
        return 0;
    if (timestamp_parse(text, ret, e) < 0)
        return err_set(e, ERR_BADREQUEST,
                       "%s: expected a time like 2006-01-02T15:04:05Z, found "
                       "\"%.*s\"",
                       what, STR_ARG(text));
    return 0;
}

/* Takes `prefix` off the term. */
static bool
takes(struct str *term, const char *prefix)
{
    struct str p = str_of(prefix);

    if (!str_starts(*term, p))
        return false;
    *term = str_slice(*term, p.n, term->n);
    return true;
}

static int
take_name(struct argorest_filter *f, struct str how, struct str name, bool *ret_taken,
          struct err *e)
{
    *ret_taken = str_is(how, "Contains") || str_is(how, "Prefix");
    if (str_is(how, "Contains"))
        f->name_part = keep(f, name);
    else if (str_is(how, "Prefix"))
        f->name_prefix = keep(f, name);
    else if (how.n > 0 && !str_is(how, "Exact"))
        return err_set(e, ERR_BADREQUEST,
                       "nameFilter: '%.*s' is none of Exact, Contains and Prefix", STR_ARG(how));
    return 0;
}

/* Takes what it knows out of the field selector; the rest is the object API's. */
static int
read_fields(struct argorest_filter *f, struct str text, struct str how, struct buf *rest,
            struct err *e)
{
    while (text.n > 0) {
        struct str term = str_trim(str_cut(&text, ',')), value = term;
        bool taken = true;

        if (takes(&value, "spec.startedAt>")) {
            if (read_time(value, "spec.startedAt", &f->started_after_us, e) < 0)
                return e->code;
        } else if (takes(&value, "spec.startedAt<")) {
            if (read_time(value, "spec.startedAt", &f->started_before_us, e) < 0)
                return e->code;
        } else if (takes(&value, "metadata.name==") || takes(&value, "metadata.name=")) {
            if (take_name(f, how, value, &taken, e) < 0)
                return e->code;
        } else {
            taken = takes(&value, "ext.showRemainingItemCount=");
        }
        if (!taken && term.n > 0)
            buf_printf(rest, "%s%.*s", rest->n > 0 ? "," : "", STR_ARG(term));
    }
    return 0;
}

int
argorest_filter_read(struct argorest_filter *f, const struct kind *k, struct str ns,
                     const struct apiparam *query, struct err *e)
{
    cleanup_buf struct buf fields = BUF_INIT;
    struct str asked = apiparam_text(query, "namespace");
    struct str prefix = apiparam_text(query, "namePrefix");
    struct str part = apiparam_text(query, "namePattern");

    if (!k->namespaced)
        f->ns = STR("");
    else
        f->ns = keep(f, ns.n > 0 ? ns : asked);
    if (prefix.n > 0)
        f->name_prefix = keep(f, prefix);
    if (part.n > 0)
        f->name_part = keep(f, part);
    if (read_fields(f, apiparam_text(query, "listOptions.fieldSelector"),
                    apiparam_text(query, "nameFilter"), &fields, e) < 0 ||
        read_time(apiparam_text(query, "createdAfter"), "createdAfter", &f->created_after_us, e) <
            0 ||
        read_time(apiparam_text(query, "finishedBefore"), "finishedBefore", &f->finished_before_us,
                  e) < 0)
        return e->code;
    return apiselect_read(k, apiparam_text(query, "listOptions.labelSelector"), buf_view(&fields),
                          &f->select, e);
}

/* 0: it is not there. */
static int64_t
time_at(const struct object *o, const char *path)
{
    struct err ignored = ERR_INIT;
    int64_t us = 0;

    return timestamp_parse(json_str(object_at(o, path)), &us, &ignored) >= 0 ? us : 0;
}

static bool
name_matches(const struct argorest_filter *f, struct str name)
{
    return (f->name_prefix.p == NULL || str_starts(name, f->name_prefix)) &&
           (f->name_part.p == NULL || str_find(name, f->name_part, 0) >= 0);
}

static bool
times_match(const struct argorest_filter *f, const struct object *o)
{
    int64_t finished, started;

    if (f->created_after_us != 0 && time_at(o, "metadata.creationTimestamp") <= f->created_after_us)
        return false;
    if (f->finished_before_us != 0) {
        finished = time_at(o, "status.finishedAt");
        if (finished == 0 || finished >= f->finished_before_us)
            return false;
    }
    if (f->started_after_us == 0 && f->started_before_us == 0)
        return true;
    started = time_at(o, "status.startedAt");
    return started != 0 && (f->started_after_us == 0 || started > f->started_after_us) &&
           (f->started_before_us == 0 || started < f->started_before_us);
}

bool
argorest_filter_matches(const struct argorest_filter *f, const struct object *o)
{
    return (!f->finished || object_is_finished(o)) && name_matches(f, object_name(o)) &&
           apiselect_matches(&f->select, o) && times_match(f, o);
}

void
argorest_filter_done(struct argorest_filter *f)
{
    apiselect_done(&f->select);
    arena_done(&f->arena);
}
