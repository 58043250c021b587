#include "api/kind.h"

#include <stdio.h>

#include "base/err.h"

const char *
kind_verb_name(enum kind_verb verb)
{
    switch (verb) {
    case KIND_CREATE:
        return "create";
    case KIND_DELETE:
        return "delete";
    case KIND_DELETECOLLECTION:
        return "deletecollection";
    case KIND_GET:
        return "get";
    case KIND_LIST:
        return "list";
    case KIND_PATCH:
        return "patch";
    case KIND_UPDATE:
        return "update";
    case KIND_WATCH:
        return "watch";
    }
    return "unknown";
}

void
kind_api_version(const struct kind *k, char *to, size_t size)
{
    snprintf(to, size, "%s%s%s", k->group, k->group[0] != '\0' ? "/" : "", k->version);
}

const struct kind *
kind_at(const struct kind *const *table, size_t i)
{
    return __atomic_load_n(&table[i], __ATOMIC_ACQUIRE);
}

const struct kind *
kind_find(const struct kind *const *table, struct str kind, struct str api_version)
{
    char text[128];

    for (size_t i = 0; kind_at(table, i) != NULL; i++) {
        const struct kind *k = kind_at(table, i);

        kind_api_version(k, text, sizeof text);
        if (str_is(kind, k->kind) && (api_version.p == NULL || str_is(api_version, text)))
            return k;
    }
    return NULL;
}

const struct kind *
kind_of_resource(const struct kind *const *table, struct str resource)
{
    for (size_t i = 0; kind_at(table, i) != NULL; i++) {
        if (str_is(resource, kind_at(table, i)->resource))
            return kind_at(table, i);
    }
    return NULL;
}

const struct kind *
kind_of_path(const struct kind *const *table, struct str group, struct str version,
             struct str plural)
{
    for (size_t i = 0; kind_at(table, i) != NULL; i++) {
        const struct kind *k = kind_at(table, i);

        if (k->verbs != 0 && str_is(plural, k->plural) && str_is(group, k->group) &&
            str_is(version, k->version))
            return k;
    }
    return NULL;
}

const struct kind *
kind_stored(const struct kind *k)
{
    return k->face_of != NULL ? k->face_of : k;
}

const struct kind_subresource *
kind_subresource(const struct kind *k, struct str name)
{
    for (const struct kind_subresource *s = k->subresources; s != NULL && s->name != NULL; s++) {
        if (str_is(name, s->name))
            return s;
    }
    return NULL;
}

void
kind_table_init(struct kind_table *t)
{
    *t = (struct kind_table){.n = 0};
    for (; kinds_builtin[t->n] != NULL; t->n++)
        t->rows[t->n] = kinds_builtin[t->n];
}

int
kind_table_add(struct kind_table *t, const struct kind *k, struct err *e)
{
    if (t->n == KINDS_MAX)
        return err_set(e, ERR_TOOMANY, "there may be at most %d kinds", (int)KINDS_MAX);
    __atomic_store_n(&t->rows[t->n++], k, __ATOMIC_RELEASE);
    return 0;
}
