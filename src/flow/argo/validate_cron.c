/*
 * validate_cron - what a CronWorkflow adds to the workflow it starts: when.
 *
 * Only the form of a schedule is looked at here: five fields of numbers, names, ranges, lists and
 * steps, or one of the @-words.
 */
#include <stdio.h>

#include "base/buf.h"
#include "base/err.h"
#include "data/json.h"
#include "flow/argo/validate_int.h"
#include "schema/leaf.h"

static const char month_names[] = "jan feb mar apr may jun jul aug sep oct nov dec";
static const char day_names[] = "sun mon tue wed thu fri sat";

static const struct field {
    const char *name, *words; /* words count from `low` */
    int low, high;
} fields[] = {
    {"minute", "", 0, 59},
    {"hour", "", 0, 23},
    {"day of month", "", 1, 31},
    {"month", month_names, 1, 12},
    {"day of week", day_names, 0, 6},
};

/* A number, or a word of three letters; -1 if neither. */
static int64_t
field_number(const struct field *f, struct str text)
{
    char lower[4] = "";
    int64_t n = -1;

    if (str_to_int(text, &n))
        return n;
    if (text.n != 3)
        return -1;
    for (size_t i = 0; i < 3; i++)
        lower[i] = (char)(text.p[i] | 0x20);
    for (size_t at = 0; at + 3 <= strlen(f->words); at += 4)
        if (memcmp(f->words + at, lower, 3) == 0)
            return f->low + (int64_t)(at / 4);
    return -1;
}

/* One item of a list: *, n, a-b, each with /step. */
static int
check_item(const struct field *f, struct str item, struct err *e)
{
    struct str range = str_cut(&item, '/'), rest = range;
    struct str first = str_cut(&rest, '-');
    int64_t from, to, step = 1;

    if (item.p != NULL && (!str_to_int(item, &step) || step < 1))
        return err_set(e, ERR_INVALID, "%s: '%.*s' is no step", f->name, STR_ARG(item));
    if (str_is(range, "*") || str_is(range, "?"))
        return 0;
    from = field_number(f, first);
    to = rest.p != NULL ? field_number(f, rest) : from;
    if (from < f->low || from > f->high || to < f->low || to > f->high)
        return err_set(e, ERR_INVALID, "%s: '%.*s' is not between %d and %d", f->name,
                       STR_ARG(range), f->low, f->high);
    if (from > to)
        return err_set(e, ERR_INVALID, "%s: '%.*s' runs backwards", f->name, STR_ARG(range));
    return 0;
}

static int
check_fields(struct str schedule, struct err *e)
{
    size_t n = 0;

    while (schedule.p != NULL) {
        struct str field = str_cut(&schedule, ' ');

        if (field.n == 0)
            continue;
        if (n < ARRAY_LEN(fields))
            while (field.p != NULL)
                if (check_item(&fields[n], str_cut(&field, ','), e) < 0)
                    return e->code;
        n++;
    }
    if (n != ARRAY_LEN(fields))
        return err_set(e, ERR_INVALID, "expected exactly 5 fields, found %zu", n);
    return 0;
}

static int
check_schedule(struct str schedule, struct err *e)
{
    static const char *const words[] = {"@yearly", "@annually", "@monthly", "@weekly",
                                        "@daily",  "@midnight", "@hourly"};

    schedule = str_trim(schedule);
    if (str_starts(schedule, STR("TZ=")) || str_starts(schedule, STR("CRON_TZ="))) {
        str_cut(&schedule, ' ');
        schedule = str_trim(schedule.p != NULL ? schedule : STR(""));
    }
    if (schedule.n == 0)
        return err_set(e, ERR_INVALID, "empty schedule");
    if (schedule.p[0] != '@')
        return check_fields(schedule, e);
    if (str_starts(schedule, STR("@every "))) {
        if (leaf_is_duration(str_trim(str_slice(schedule, 7, schedule.n))))
            return 0;
        return err_set(e, ERR_INVALID, "expected a duration such as 1h30m behind @every");
    }
    for (size_t i = 0; i < ARRAY_LEN(words); i++)
        if (str_is(schedule, words[i]))
            return 0;
    return err_set(e, ERR_INVALID,
                   "expected @yearly, @monthly, @weekly, @daily, @hourly or @every");
}

static void
say_schedule(struct validate *v, const struct json *schedule)
{
    struct err e = ERR_INIT;

    if (check_schedule(json_str(schedule), &e) < 0)
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
