/*
 * validate_cron - what a CronWorkflow adds to the workflow it starts: when.
 */
#include <stdio.h>

#include "base/buf.h"
#include "base/err.h"
#include "data/cron.h"
#include "data/json.h"
#include "data/zone.h"
#include "flow/argo/validate_int.h"

static void
say_schedule(struct validate *v, const struct json *schedule)
{
    struct err e = ERR_INIT;
    struct cron parsed;

    if (cron_parse(json_str(schedule), &parsed, &e) < 0)
        validate_say(v, NULL, schedule, "cron schedule %.*s is malformed: %s",
                     STR_ARG(json_str(schedule)), e.msg);
}

static void
check_schedules(struct validate *v, const struct json *spec)
{
    const struct json *several = json_get(spec, "schedules"), *one = json_get(spec, "schedule");

    if (json_count(several) > 0 && json_str(one).n > 0)
        validate_say(v, NULL, one,
                     "cron workflow cant be configured with both Spec.Schedule and Spec.Schedules");
    if (json_count(several) == 0 && json_str(one).n == 0)
        validate_say(v, NULL, spec, "spec.schedules is required: at least one schedule");
    JSON_EACH (it, several)
        say_schedule(v, it.value);
    if (json_str(one).n > 0)
        say_schedule(v, one);
}

static void
check_zone(struct validate *v, const struct json *zone)
{
    cleanup_zone struct zone *z = NULL;
    struct err ignored = ERR_INIT;

    if (json_str(zone).n > 0 && zone_load(json_str(zone), &z, &ignored) < 0)
        validate_say(v, NULL, zone, "invalid timezone \"%.*s\"", STR_ARG(json_str(zone)));
}

void
validate_cron(struct validate *v, const struct json *object)
{
    static const char *const policies[] = {"", "Allow", "Forbid", "Replace"};
    const struct json *spec = json_get(object, "spec");
    const struct json *policy = json_get(spec, "concurrencyPolicy");
    const struct json *stop = json_get(spec, "stopStrategy");
    bool known = json_is_null(policy);
    int64_t deadline = 0;

    check_schedules(v, spec);
    check_zone(v, json_get(spec, "timezone"));
    for (size_t i = 0; i < ARRAY_LEN(policies); i++)
        known |= str_is(json_str(policy), policies[i]);
    if (!known)
        validate_say(v, NULL, policy, "'%.*s' is not a valid concurrencyPolicy",
                     STR_ARG(json_str(policy)));
    if (json_int(json_get(spec, "startingDeadlineSeconds"), &deadline) && deadline < 0)
        validate_say(v, NULL, json_get(spec, "startingDeadlineSeconds"),
                     "startingDeadlineSeconds must be positive");
    scope_check_expression(v, NULL, json_get(stop, "expression"), "spec.stopStrategy.expression ");
    scope_check_expression(v, NULL, json_get(stop, "condition"), "spec.stopStrategy.condition ");
}
