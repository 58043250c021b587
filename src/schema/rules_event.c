/*
 * Events: taken nearly as they come, unless they say when they happened; then they are of the newer
 * form, which must be complete.  Those that are sent in the newer form (events.k8s.io) must be of
 * it, and stay as they are but for their series.
 */

#include "base/mem.h"
#include "data/json.h"
#include "schema/rules_int.h"

enum { TEXT_MAX = 128, MESSAGE_MAX = 1024 };

/* An event lies where its object does; one about a cluster's object, where it is looked for. */
static void
check_place(struct rules *r, const struct json *event, bool timed)
{
    struct str ns = json_str(json_at_path(event, "metadata.namespace"));
    struct str of = json_str(json_at_path(event, "involvedObject.namespace"));
    bool good = of.n > 0 ? timed || str_eq(ns, of)
                         : str_is(ns, "default") || (timed && str_is(ns, "kube-system"));

    if (!good)
        rules_invalid_str(r, "involvedObject.namespace", of, "does not match event.namespace");
}

static void
check_text(struct rules *r, const struct json *event, const char *field)
{
    rules_must_have(r, event, field);
    if (json_str(json_get(event, field)).n > TEXT_MAX)
        rules_invalid_str(r, field, STR(""), "can have at most 128 characters");
}

static void
check_legacy(struct rules *r, const struct json *object)
{
    const char *name = r->by_face ? "reportingController" : "reportingComponent";
    struct str reporter = json_str(json_get(object, "reportingComponent"));
    bool timed = !json_is_null(json_get(object, "eventTime"));

    check_place(r, object, timed);
    if (!timed)
        return;
    if (reporter.n == 0)
        rules_required(r, name, "");
    rules_name(r, name, reporter, NAMES_QUALIFIED);
    check_text(r, object, "reportingInstance");
    check_text(r, object, "action");
    check_text(r, object, "reason");
    if (json_str(json_get(object, "message")).n > MESSAGE_MAX)
        rules_invalid_str(r, "message", STR(""), "can have at most 1024 characters");
}

static void
check_series(struct rules *r, const struct json *event)
{
    const struct json *series = json_get(event, "series");
    int64_t count = 0;

    if (json_is_null(series))
        return;
    (void)json_int(json_get(series, "count"), &count);
    if (count < 2)
        rules_invalid_str(r, "series.count", STR(""), "should be at least 2");
    if (json_is_null(json_get(series, "lastObservedTime")))
        rules_required(r, "series.lastObservedTime", "");
}

static void
must_be_unset(struct rules *r, const char *field, bool is_set)
{
    if (is_set)
        rules_invalid_str(r, field, STR(""), "needs to be unset");
}

static void
check_new(struct rules *r, const struct json *event)
{
    struct str type = json_str(json_get(event, "type"));
    int64_t count = 0;

    check_series(r, event);
    if (json_is_null(json_get(event, "eventTime")))
        rules_required(r, "eventTime", "");
    if (!str_is(type, "Normal") && !str_is(type, "Warning")) {
        cleanup_buf struct buf detail = BUF_INIT;

        buf_printf(&detail, "has invalid value: %.*s", STR_ARG(type));
        rules_invalid_str(r, "type", STR(""), buf_cstring(&detail));
    }
    (void)json_int(json_get(event, "count"), &count);
    must_be_unset(r, "firstTimestamp", !json_is_null(json_get(event, "firstTimestamp")));
    must_be_unset(r, "lastTimestamp", !json_is_null(json_get(event, "lastTimestamp")));
    must_be_unset(r, "count", count != 0);
    must_be_unset(r, "source", json_count(json_get(event, "source")) > 0);
}

static void
check_kept(struct rules *r, const struct json *old, const struct json *event)
{
    static const struct {
        const char *field, *shown; /* NULL: the same */
    } kept[] = {
        {"involvedObject", NULL},
        {"reason", NULL},
        {"message", NULL},
        {"source", NULL},
        {"firstTimestamp", NULL},
        {"lastTimestamp", NULL},
        {"count", NULL},
        {"type", NULL},
        {"eventTime", NULL},
        {"action", NULL},
        {"related", NULL},
        {"reportingComponent", "reportingController"},
        {"reportingInstance", NULL},
    };

    if (!json_equal(json_get(old, "series"), json_get(event, "series")))
        check_series(r, event);
    for (size_t i = 0; i < ARRAY_LEN(kept); i++) {
        const struct json *now = json_get(event, kept[i].field);

        if (!json_equal(json_get(old, kept[i].field), now))
            rules_invalid(r, kept[i].shown != NULL ? kept[i].shown : kept[i].field, now,
                          "field is immutable");
    }
}

void
rules_of_event(struct rules *r, const struct json *old, const struct json *object)
{
    check_legacy(r, object);
    if (!r->by_face)
        return;
    if (old == NULL)
        check_new(r, object);
    else
        check_kept(r, old, object);
}
