/* Events: taken nearly as they come, unless they say when they happened; then they are of the newer
 * form, which must be complete. */

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

void
rules_of_event(struct rules *r, const struct json *old, const struct json *object)
{
    struct str reporter = json_str(json_get(object, "reportingComponent"));
    bool timed = !json_is_null(json_get(object, "eventTime"));

    (void)old;
    check_place(r, object, timed);
    if (!timed)
        return;
    if (reporter.n == 0)
        rules_required(r, "reportingComponent", "");
    rules_name(r, "reportingComponent", reporter, NAMES_QUALIFIED);
    check_text(r, object, "reportingInstance");
    check_text(r, object, "action");
    check_text(r, object, "reason");
    if (json_str(json_get(object, "message")).n > MESSAGE_MAX)
        rules_invalid_str(r, "message", STR(""), "can have at most 1024 characters");
}
