#include "base/mem.h"
#include "data/json.h"
#include "schema/rules_int.h"

#define IMMUTABLE "field is immutable"

enum { ANNOTATIONS_MAX = 256 * 1024 };

/* What the platform writes there has limits of its own, and may be a result as long as all of it;
 * whoever writes the object anew sends that along.  Nobody else's key of that name is spared. */
static bool
counts(const struct rules *r, struct str key, const struct json *value)
{
    return !str_starts(key, STR("sluice.dev/")) ||
           (!r->ours && !json_equal(json_get_str(r->kept_annotations, key), value));
}

static void
check_annotations(struct rules *r, const struct json *annotations)
{
    size_t bytes = 0, before = rules_enter(r, "annotations");

    JSON_EACH (it, annotations) {
        cleanup_free char *lower = str_dup(it.key);
        struct names_wrong w;

        for (char *c = lower; *c != '\0'; c++)
            *c = *c >= 'A' && *c <= 'Z' ? (char)(*c | 0x20) : *c;
        w = names_wrong(NAMES_QUALIFIED, str_of(lower));
        for (size_t i = 0; i < w.n; i++)
            rules_invalid_str(r, NULL, it.key, w.at[i]);
        if (counts(r, it.key, it.value))
            bytes += it.key.n + json_str(it.value).n;
    }
    if (bytes > ANNOTATIONS_MAX)
        rules_too_long(r, NULL, ANNOTATIONS_MAX);
    rules_leave(r, before);
}

void
rules_labels_and_annotations(struct rules *r, const struct json *meta)
{
    size_t before = rules_enter(r, "labels");

    rules_labels(r, json_get(meta, "labels"));
    rules_leave(r, before);
    check_annotations(r, json_get(meta, "annotations"));
}

/* One owner; upstream names the list, not the item. */
static void
check_owner(struct rules *r, const struct json *owner)
{
    static const char *const needed[] = {"kind", "name", "uid"};
    struct str version = json_str(json_get(owner, "apiVersion"));

    if (version.n == 0 || version.p[version.n - 1] == '/')
        rules_invalid_str(r, "apiVersion", version, "version must not be empty");
    for (size_t i = 0; i < ARRAY_LEN(needed); i++)
        if (json_str(json_get(owner, needed[i])).n == 0)
            rules_invalid_str(r, needed[i], STR(""), "must not be empty");
    if (str_is(version, "v1") && str_is(json_str(json_get(owner, "kind")), "Event"))
        rules_invalid(r, NULL, owner, "/v1, Kind=Event is disallowed from being an owner");
}

static void
check_owners(struct rules *r, const struct json *owners)
{
    size_t before = rules_enter(r, "ownerReferences");
    const struct json *controller = NULL;

    JSON_EACH (it, owners) {
        check_owner(r, it.value);
        if (!json_bool_or(json_get(it.value, "controller"), false))
            continue;
        if (controller != NULL) {
            cleanup_free char *text = xasprintf(
                "Only one reference can have Controller set to true. Found \"true\" in references "
                "for %s/%s and %s/%s",
                json_cstr_or(json_get(controller, "kind"), ""),
                json_cstr_or(json_get(controller, "name"), ""),
                json_cstr_or(json_get(it.value, "kind"), ""),
                json_cstr_or(json_get(it.value, "name"), ""));

            rules_invalid(r, NULL, owners, text);
        } else {
            controller = it.value;
        }
    }
    rules_leave(r, before);
}

void
rules_finalizer(struct rules *r, struct str name)
{
    static const char *const known[] = {"kubernetes", "orphan", "foregroundDeletion"};
    bool good = str_find_char(name, '/', 0) >= 0;

    for (size_t i = 0; i < ARRAY_LEN(known); i++)
        good = good || str_is(name, known[i]);
    if (!good)
        rules_invalid_str(r, NULL, name,
                          "name is neither a standard finalizer name nor is it fully qualified");
}

/* Of most built-in kinds, a finalizer is a known one or has a domain. */
static void
check_domains(struct rules *r, const struct json *finalizers)
{
    RULES_EACH (r, "finalizers", it, r->bare_finalizers ? NULL : finalizers)
        rules_finalizer(r, json_str(it.value));
}

static void
check_finalizers(struct rules *r, const struct json *finalizers)
{
    size_t before = rules_enter(r, "finalizers");

    JSON_EACH (it, finalizers)
        rules_name(r, NULL, json_str(it.value), NAMES_QUALIFIED);
    if (rules_has_text(finalizers, STR("orphan")) &&
        rules_has_text(finalizers, STR("foregroundDeletion")))
        rules_invalid(r, NULL, finalizers,
                      "finalizer orphan and foregroundDeletion cannot be both set");
    rules_leave(r, before);
}

/* The part of a generated name that is not to come may end with a dash. */
static struct str
whole_name(struct str prefix)
{
    return prefix.n > 1 && prefix.p[prefix.n - 1] == '-' ? str_slice(prefix, 0, prefix.n - 1)
                                                         : prefix;
}

static void
check_names(struct rules *r, const struct json *meta, bool namespaced, enum names_rule rule)
{
    struct str prefix = json_str(json_get(meta, "generateName"));
    struct str name = json_str(json_get(meta, "name")), ns = json_str(json_get(meta, "namespace"));
    struct names_wrong w = names_wrong(rule, whole_name(prefix));

    for (size_t i = 0; i < w.n && prefix.n > 0 && !r->ours; i++)
        rules_invalid_str(r, "generateName", prefix, w.at[i]);
    if (name.n == 0)
        rules_required(r, "name", "name or generateName is required");
    else
        rules_name(r, "name", name, rule);
    if (namespaced && ns.n == 0)
        rules_required(r, "namespace", "");
    else if (namespaced)
        rules_name(r, "namespace", ns, NAMES_LABEL);
    else if (ns.n > 0)
        rules_forbidden(r, "namespace", "not allowed on this type");
}

/* What may be written anew: names, labels, annotations and the like. */
static void
check_rest(struct rules *r, const struct json *meta)
{
    rules_labels_and_annotations(r, meta);
    check_owners(r, json_get(meta, "ownerReferences"));
}

void
rules_of_meta(struct rules *r, const struct json *meta, bool namespaced, enum names_rule rule)
{
    size_t before = rules_enter(r, "metadata");

    check_names(r, meta, namespaced, rule);
    rules_in_range(r, meta, "generation", 0, INT64_MAX, "must be greater than or equal to 0");
    check_rest(r, meta);
    check_finalizers(r, json_get(meta, "finalizers"));
    check_domains(r, json_get(meta, "finalizers"));
    rules_leave(r, before);
}

/* A deletion that has begun waits for nobody new. */
static void
check_new_finalizers(struct rules *r, const struct json *old, const struct json *next)
{
    cleanup_buf struct buf text = BUF_INIT;
    cleanup_map struct map known = MAP_INIT;
    size_t n = 0;

    rules_meet_texts(&known, json_get(old, "finalizers"));

    buf_cstr(&text, "no new finalizers can be added if the object is being deleted, found new "
                    "finalizers []string{");
    JSON_EACH (it, json_get(next, "finalizers")) {
        if (map_get(&known, json_str(it.value)) != NULL)
            continue;
        buf_cstr(&text, n++ > 0 ? ", " : "");
        json_write_string(&text, json_str(it.value));
    }
    buf_char(&text, '}');
    if (n > 0)
        rules_forbidden(r, "finalizers", buf_cstring(&text));
}

void
rules_of_meta_update(struct rules *r, const struct json *old, const struct json *next, bool general)
{
    static const char *const names[] = {"name", "namespace", "uid"};
    static const char *const fixed[] = {"creationTimestamp", "deletionTimestamp",
                                        "deletionGracePeriodSeconds"};
    size_t before = rules_enter(r, "metadata");

    if (!json_is_null(json_get(old, "deletionTimestamp")))
        check_new_finalizers(r, old, next);
    for (size_t i = 0; i < ARRAY_LEN(names); i++) {
        struct str name = json_str(json_get(next, names[i]));

        if (!str_eq(json_str(json_get(old, names[i])), name))
            rules_invalid_str(r, names[i], name, IMMUTABLE);
    }
    for (size_t i = 0; i < ARRAY_LEN(fixed); i++)
        rules_immutable(r, old, next, fixed[i], IMMUTABLE);
    check_rest(r, next);
    if (!general)
        check_domains(r, json_get(next, "finalizers"));
    rules_leave(r, before);
}
