#include "api/apiselect.h"

#include "api/objects.h"
#include "base/err.h"
#include "base/mem.h"
#include "data/json.h"
#include "schema/selector.h"

static const struct kind_field *
field_of(const struct kind *k, struct str label)
{
    for (const struct kind_field *f = k->fields; f != NULL && f->label != NULL; f++) {
        if (str_is(label, f->label))
            return f;
    }
    return NULL;
}

static bool
is_common(const struct kind *k, struct str label)
{
    return str_is(label, "metadata.name") || (k->namespaced && str_is(label, "metadata.namespace"));
}

static int
check_fields(const struct kind *k, const struct selector *s, struct err *e)
{
    for (size_t i = 0; s != NULL && i < selector_count(s); i++) {
        struct str label = selector_term_at(s, i)->key;

        if (is_common(k, label) || field_of(k, label) != NULL)
            continue;
        if (k->fields != NULL)
            return err_set(e, ERR_BADREQUEST, "field label not supported: %.*s", STR_ARG(label));
        return err_set(e, ERR_BADREQUEST,
                       "\"%.*s\" is not a known field selector: only \"metadata.name\"%s",
                       STR_ARG(label), k->namespaced ? ", \"metadata.namespace\"" : "");
    }
    return 0;
}

int
apiselect_read(const struct kind *k, struct str labels, struct str fields, struct apiselect *ret,
               struct err *e)
{
    *ret = (struct apiselect){.kind = k};
    if ((labels.n > 0 && selector_parse(labels, &ret->labels, e) < 0) ||
        (fields.n > 0 && selector_parse_fields(fields, &ret->fields, e) < 0) ||
        check_fields(k, ret->fields, e) < 0) {
        apiselect_done(ret);
        return e->code;
    }
    return 0;
}

void
apiselect_done(struct apiselect *s)
{
    selector_free(TAKE(s->labels));
    selector_free(TAKE(s->fields));
}

struct looked_at {
    const struct kind *kind; /* whose labels they are */
    const struct object *object;
};

static struct str
field_value(void *arg, struct str label)
{
    const struct looked_at *l = arg;
    const struct object *o = l->object;
    const struct kind_field *f = field_of(l->kind, label);
    struct str value;

    if (str_is(label, "metadata.name"))
        return object_name(o);
    if (str_is(label, "metadata.namespace"))
        return object_namespace(o);
    if (f == NULL)
        return STR("");
    value = json_scalar_text(object_at(o, f->path != NULL ? f->path : f->label));
    if (value.p != NULL)
        return value;
    return f->absent != NULL ? str_of(f->absent) : STR("");
}

bool
apiselect_matches(const struct apiselect *s, const struct object *o)
{
    struct looked_at l = {.kind = s->kind, .object = o};

    return (s->labels == NULL || selector_matches(s->labels, object_at(o, "metadata.labels"))) &&
           (s->fields == NULL || selector_matches_fn(s->fields, field_value, &l));
}

/* The value that a term asks for, if it asks for exactly one. */
static const char *
only_value(const struct selector_term *t)
{
    return t->op == SELECTOR_IN && t->value_count == 1 ? t->values[0].p : NULL;
}

struct str
apiselect_name(const struct apiselect *s)
{
    for (size_t i = 0; s->fields != NULL && i < selector_count(s->fields); i++) {
        const struct selector_term *t = selector_term_at(s->fields, i);

        if (str_is(t->key, "metadata.name") && only_value(t) != NULL)
            return t->values[0];
    }
    return STR_NULL;
}

static const char *
indexed_path(const struct kind *k, struct str label)
{
    const struct kind_field *f = field_of(k, label);

    if (f != NULL && f->path != NULL)
        label = str_of(f->path);
    for (const char *const *p = k->indexed; p != NULL && *p != NULL; p++) {
        if (str_is(label, *p))
            return *p;
    }
    return NULL;
}

void
apiselect_index(const struct apiselect *s, struct objects_query *q)
{
    for (size_t i = 0; s->fields != NULL && i < selector_count(s->fields); i++) {
        const struct selector_term *t = selector_term_at(s->fields, i);
        const char *path = indexed_path(s->kind, t->key);

        if (path != NULL && only_value(t) != NULL && t->values[0].n > 0) {
            q->field_path = path;
            q->field_value = only_value(t);
            return;
        }
    }
    for (size_t i = 0; s->labels != NULL && i < selector_count(s->labels); i++) {
        const struct selector_term *t = selector_term_at(s->labels, i);

        if (only_value(t) != NULL) {
            q->label_key = t->key.p;
            q->label_value = only_value(t);
            return;
        }
        if (t->op == SELECTOR_EXISTS && q->label_key == NULL)
            q->label_key = t->key.p;
    }
}
