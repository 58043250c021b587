#include "api/discovery_list.h"

#include <string.h>

#include "api/apicall_int.h"
#include "base/map.h"
#include "data/json.h"

static void
add_verbs(struct json_build *b, unsigned verbs)
{
    json_add_array(b, "verbs");
    for (unsigned bit = KIND_CREATE; bit <= KIND_WATCH; bit <<= 1) {
        if ((verbs & bit) != 0)
            json_add_cstr(b, NULL, kind_verb_name(bit));
    }
    json_end(b);
}

static void
add_words(struct json_build *b, const char *key, const char *const *words)
{
    if (words == NULL)
        return;
    json_add_array(b, key);
    for (; *words != NULL; words++)
        json_add_cstr(b, NULL, *words);
    json_end(b);
}

static bool
has_subresources(const struct kind *k)
{
    return k->subresources != NULL && k->subresources[0].name != NULL;
}

/* The old shape. */

static void
add_resource(struct json_build *b, const struct kind *k)
{
    json_add_object(b, NULL);
    json_add_cstr(b, "name", k->plural);
    json_add_cstr(b, "singularName", k->singular);
    json_add_bool(b, "namespaced", k->namespaced);
    json_add_cstr(b, "kind", k->kind);
    add_verbs(b, k->verbs);
    add_words(b, "shortNames", k->short_names);
    add_words(b, "categories", k->categories);
    json_end(b);
    for (const struct kind_subresource *s = k->subresources; s != NULL && s->name != NULL; s++) {
        json_add_object(b, NULL);
        json_add_printf(b, "name", "%s/%s", k->plural, s->name);
        json_add_cstr(b, "singularName", "");
        json_add_bool(b, "namespaced", k->namespaced);
        if (s->group != NULL && s->group[0] != '\0')
            json_add_cstr(b, "group", s->group);
        if (s->version != NULL && s->group[0] != '\0')
            json_add_cstr(b, "version", s->version);
        json_add_cstr(b, "kind", s->kind);
        add_verbs(b, s->verbs);
        json_end(b);
    }
}

static bool
is_of(const struct kind *k, const char *group, const char *version)
{
    return k->verbs != 0 && strcmp(k->group, group) == 0 && strcmp(k->version, version) == 0;
}

bool
discovery_resources(struct apicall *c)
{
    const struct kind *const *kinds = apicall_config(c)->kinds;
    struct json_build b = JSON_BUILD_INIT;
    bool core = c->path.group.n == 0;

    json_add_object(&b, NULL);
    json_add_cstr(&b, "kind", "APIResourceList");
    json_add_cstr(&b, "apiVersion", "v1");
    json_add_printf(&b, "groupVersion", "%.*s%s%.*s", STR_ARG(c->path.group), core ? "" : "/",
                    STR_ARG(c->path.version));
    json_add_array(&b, "resources");
    for (size_t i = 0; kind_at(kinds, i) != NULL; i++) {
        const struct kind *k = kind_at(kinds, i);

        if (k->verbs != 0 && str_is(c->path.group, k->group) && str_is(c->path.version, k->version))
            add_resource(&b, k);
    }
    json_end(&b);
    json_end(&b);
    apicall_answer_built(c, &b);
    return true;
}

/* The aggregated shape. */

static void
add_kind(struct json_build *b, const char *group, const char *version, const char *kind)
{
    json_add_object(b, "responseKind");
    json_add_cstr(b, "group", group);
    json_add_cstr(b, "version", version);
    json_add_cstr(b, "kind", kind);
    json_end(b);
}

static void
add_discovered(struct json_build *b, const struct kind *k)
{
    json_add_object(b, NULL);
    json_add_cstr(b, "resource", k->plural);
    add_kind(b, k->group, k->version, k->kind);
    json_add_cstr(b, "scope", k->namespaced ? "Namespaced" : "Cluster");
    json_add_cstr(b, "singularResource", k->singular);
    add_verbs(b, k->verbs);
    add_words(b, "shortNames", k->short_names);
    add_words(b, "categories", k->categories);
    if (has_subresources(k))
        json_add_array(b, "subresources");
    for (const struct kind_subresource *s = k->subresources; s != NULL && s->name != NULL; s++) {
        json_add_object(b, NULL);
        json_add_cstr(b, "subresource", s->name);
        add_kind(b, s->group != NULL ? s->group : k->group,
                 s->version != NULL ? s->version : k->version, s->kind);
        add_verbs(b, s->verbs);
        json_end(b);
    }
    if (has_subresources(k))
        json_end(b);
    json_end(b);
}

static void
add_discovered_version(struct json_build *b, const struct kind *const *kinds,
                       const struct kind *first)
{
    json_add_object(b, NULL);
    json_add_cstr(b, "version", first->version);
    json_add_array(b, "resources");
    for (size_t i = 0; kind_at(kinds, i) != NULL; i++) {
        if (is_of(kind_at(kinds, i), first->group, first->version))
            add_discovered(b, kind_at(kinds, i));
    }
    json_end(b);
    json_add_cstr(b, "freshness", "Current");
    json_end(b);
}

/* Row i is the first with its group (and version, if `version`). */
static bool
is_first(const struct kind *const *kinds, size_t i, bool version)
{
    const struct kind *k = kind_at(kinds, i);

    for (size_t j = 0; j < i; j++) {
        const struct kind *other = kind_at(kinds, j);

        if (other->verbs != 0 && strcmp(other->group, k->group) == 0 &&
            (!version || strcmp(other->version, k->version) == 0))
            return false;
    }
    return k->verbs != 0;
}

bool
discovery_aggregated(struct apicall *c, bool core)
{
    const struct kind *const *kinds = apicall_config(c)->kinds;
    struct json_build b = JSON_BUILD_INIT;

    json_add_object(&b, NULL);
    json_add_cstr(&b, "kind", "APIGroupDiscoveryList");
    json_add_cstr(&b, "apiVersion", "apidiscovery.k8s.io/v2");
    json_add_object(&b, "metadata");
    json_end(&b);
    json_add_array(&b, "items");
    for (size_t i = 0; kind_at(kinds, i) != NULL; i++) {
        const struct kind *group = kind_at(kinds, i);

        if ((group->group[0] == '\0') != core || !is_first(kinds, i, false))
            continue;
        json_add_object(&b, NULL);
        json_add_object(&b, "metadata");
        if (!core)
            json_add_cstr(&b, "name", group->group);
        json_end(&b);
        json_add_array(&b, "versions");
        for (size_t j = 0; kind_at(kinds, j) != NULL; j++) {
            if (strcmp(kind_at(kinds, j)->group, group->group) == 0 && is_first(kinds, j, true))
                add_discovered_version(&b, kinds, kind_at(kinds, j));
        }
        json_end(&b);
        json_end(&b);
    }
    json_end(&b);
    json_end(&b);
    apicall_answer_built(c, &b);
    c->content_type = "application/json;g=apidiscovery.k8s.io;v=v2;as=APIGroupDiscoveryList";
    c->etag = apicall_etag(c);
    return true;
}
