#include "data/cron.h"

#include <string.h>

#include "base/err.h"
#include "data/duration.h"
#include "data/expr_gotime.h"
#include "data/zone.h"

#define SECOND INT64_C(1000000)

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

enum { FIELDS = sizeof fields / sizeof *fields, STEP_MAX = 100 };

static const struct {
    const char *word, *meaning;
} words[] = {
    {"@yearly", "0 0 1 1 *"}, {"@annually", "0 0 1 1 *"}, {"@monthly", "0 0 1 * *"},
    {"@weekly", "0 0 * * 0"}, {"@daily", "0 0 * * *"},    {"@midnight", "0 0 * * *"},
    {"@hourly", "0 * * * *"},
};

/* Parsing. */

/* A number, or a word of three letters; -1 if neither. */
static int64_t
value_of(const struct field *f, struct str text)
{
    char lower[4] = "";
    int64_t n = -1;

    if (text.n > 0 && text.p[0] != '-' && text.p[0] != '+' && str_to_int(text, &n))
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

static int
parse_step(const struct field *f, struct str text, int64_t *ret, struct err *e)
{
    *ret = 1;
    if (text.p != NULL && (!str_to_int(text, ret) || *ret < 1))
        return err_set(e, ERR_BADREQUEST, "%s: '%.*s' is no step", f->name, STR_ARG(text));
    if (*ret > STEP_MAX) /* beyond every field: only its first value */
        *ret = STEP_MAX;
    return 0;
}

static int
check_range(const struct field *f, struct str text, int64_t from, int64_t to, struct err *e)
{
    if (from < f->low || from > f->high || to < f->low || to > f->high)
        return err_set(e, ERR_BADREQUEST, "%s: '%.*s' is not between %d and %d", f->name,
                       STR_ARG(text), f->low, f->high);
    if (from > to)
        return err_set(e, ERR_BADREQUEST, "%s: '%.*s' runs backwards", f->name, STR_ARG(text));
    return 0;
}

static int
parse_item(const struct field *f, struct str item, uint64_t *bits, bool *any, struct err *e)
{
    struct str range = str_cut(&item, '/'), rest = range;
    struct str first = str_cut(&rest, '-');
    int64_t from = f->low, to = f->high, step;

    if (parse_step(f, item, &step, e) < 0)
        return e->code;
    if (str_is(range, "*") || str_is(range, "?")) {
        *any = *any || step == 1;
    } else {
        from = value_of(f, first);
        to = rest.p != NULL ? value_of(f, rest) : item.p != NULL ? f->high : from;
        if (check_range(f, range, from, to, e) < 0)
            return e->code;
    }
    for (int64_t n = from; n <= to; n += step)
        *bits |= UINT64_C(1) << n;
    return 0;
}

static int
parse_field(const struct field *f, struct str text, uint64_t *bits, bool *any, struct err *e)
{
    while (text.p != NULL) {
        if (parse_item(f, str_cut(&text, ','), bits, any, e) < 0)
            return e->code;
    }
    return 0;
}

static int
parse_fields(struct str text, struct cron *c, struct err *e)
{
    uint64_t *bits[] = {&c->minutes, &c->hours, &c->days, &c->months, &c->weekdays};
    bool any[FIELDS] = {false};
    size_t n = 0;

    while (text.p != NULL) {
        struct str field = str_cut(&text, ' ');

        if (field.n == 0)
            continue;
        if (n < FIELDS && parse_field(&fields[n], field, bits[n], &any[n], e) < 0)
            return e->code;
        n++;
    }
    if (n != FIELDS)
        return err_set(e, ERR_BADREQUEST, "expected exactly 5 fields, found %zu", n);
    c->any_day = any[2];
    c->any_weekday = any[4];
    return 0;
}

static int
parse_word(struct str text, struct cron *c, struct err *e)
{
    struct str every = STR("@every ");
    int64_t ns;

    if (str_starts(text, every)) {
        if (duration_parse(str_trim(str_slice(text, every.n, text.n)), &ns, e) < 0)
            return err_set(e, ERR_BADREQUEST, "expected a duration such as 1h30m behind @every");
        c->every_us = ns < DURATION_SECOND ? SECOND : ns / DURATION_SECOND * SECOND;
        return 0;
    }
    for (size_t i = 0; i < sizeof words / sizeof *words; i++) {
        if (str_is(text, words[i].word))
            return parse_fields(str_of(words[i].meaning), c, e);
    }
    return err_set(e, ERR_BADREQUEST,
                   "expected @yearly, @monthly, @weekly, @daily, @hourly or @every");
}

int
cron_parse(struct str text, struct cron *ret, struct err *e)
{
    *ret = (struct cron){.every_us = 0};
    text = str_trim(text);
    if (str_starts(text, STR("TZ=")) || str_starts(text, STR("CRON_TZ="))) {
        (void)str_cut(&text, '=');
        ret->zone = str_cut(&text, ' ');
        text = str_trim(text.p != NULL ? text : STR(""));
    }
    if (text.n == 0)
        return err_set(e, ERR_BADREQUEST, "empty schedule");
    return text.p[0] == '@' ? parse_word(text, ret, e) : parse_fields(text, ret, e);
}

/* The next time. */

static bool
has(uint64_t bits, int n)
{
    return (bits >> n & 1) != 0;
}

static bool
day_fits(const struct cron *c, const struct expr_civil *at)
{
    bool day = has(c->days, at->day), weekday = has(c->weekdays, at->weekday);

    if (!has(c->months, at->month))
        return false;
    return c->any_day || c->any_weekday ? day && weekday : day || weekday;
}

int64_t
cron_next(const struct cron *c, const struct zone *z, int64_t after_us)
{
    int64_t at = after_us / SECOND, end = at + INT64_C(366) * 86400 * CRON_YEARS;

    if (c->every_us != 0)
        return at * SECOND + c->every_us;
    /* To the next whole minute on the wall; then by hours, and by minutes within the right one. */
    for (at++; at < end;) {
        struct expr_civil civil = expr_gotime_civil(at + zone_offset(z, at, NULL));

        if (civil.second != 0)
            at += 60 - civil.second;
        else if (!day_fits(c, &civil) || !has(c->hours, civil.hour))
            at += 3600 - civil.minute * 60;
        else if (!has(c->minutes, civil.minute))
            at += 60;
        else
            return at * SECOND;
    }
    return 0;
}
