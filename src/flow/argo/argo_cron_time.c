/* Schedules of a CronWorkflow. */
#include "api/object.h"
#include "base/buf.h"
#include "base/err.h"
#include "data/cron.h"
#include "data/json.h"
#include "data/zone.h"
#include "flow/argo/argo_cron.h"
#include "flow/argo/argo_cron_int.h"

char *
argo_cron_schedules(const struct object *o)
{
    const struct json *one = object_at(o, "spec.schedule");
    struct str zone = json_str(object_at(o, "spec.timezone"));
    struct buf text = BUF_INIT;

    JSON_EACH (it, object_at(o, "spec.schedules")) {
        buf_cstr(&text, text.n != 0 ? "," : "");
        if (zone.n != 0)
            buf_printf(&text, "CRON_TZ=%.*s ", STR_ARG(zone));
        buf_str(&text, json_str(it.value));
    }
    if (json_str(one).n != 0) {
        buf_cstr(&text, text.n != 0 ? "," : "");
        if (zone.n != 0)
            buf_printf(&text, "CRON_TZ=%.*s ", STR_ARG(zone));
        buf_str(&text, json_str(one));
    }
    return buf_take(&text);
}

static int
next_of(const struct json *spec, struct str schedule, int64_t after_us, int64_t *ret, struct err *e)
{
    struct str zone = json_str(json_get(spec, "timezone"));
    cleanup_zone struct zone *z = NULL;
    struct cron parsed;

    if (cron_parse(schedule, &parsed, e) < 0)
        return err_wrap(e, "cron schedule %.*s is malformed", STR_ARG(schedule));
    if (parsed.zone.n != 0)
        zone = parsed.zone;
    if (zone_load(zone.n != 0 ? zone : STR("Local"), &z, e) < 0)
        return err_set(e, ERR_INVALID, "invalid timezone \"%.*s\"", STR_ARG(zone));
    *ret = cron_next(&parsed, z, after_us);
    return 0;
}

static int
take_earlier(const struct json *spec, const struct json *schedule, int64_t after_us, int64_t *best,
             struct err *e)
{
    int64_t at = 0;

    if (json_str(schedule).n == 0)
        return 0;
    if (next_of(spec, json_str(schedule), after_us, &at, e) < 0)
        return e->code;
    if (at != 0 && (*best == 0 || at < *best))
        *best = at;
    return 0;
}

int
argo_cron_next(const struct json *spec, int64_t after_us, int64_t *ret, struct err *e)
{
    *ret = 0;
    JSON_EACH (it, json_get(spec, "schedules")) {
        if (take_earlier(spec, it.value, after_us, ret, e) < 0)
            return e->code;
    }
    return take_earlier(spec, json_get(spec, "schedule"), after_us, ret, e);
}
