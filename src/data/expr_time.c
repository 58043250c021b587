/* Times and durations, and the methods of Go's that people call on them. */
#include <stdlib.h>

#include "base/arena.h"
#include "data/expr_eval.h"
#include "data/expr_func.h"
#include "data/expr_gotime.h"

static int
fn_now(const struct expr_call *c, struct expr_value *ret, struct err *e)
{
    int64_t us = expr_now_us(c->ctx);

    if (c->n > 0 && c->args[0].type != EXPR_ZONE)
        return expr_fail(c, e, "expected a time zone, got %s", expr_type_name(c->args[0].type));
    *ret = expr_gotime_utc(us / 1000000, (int32_t)(us % 1000000) * 1000);
    if (c->n > 0)
        *ret = expr_gotime_in(c->ctx->arena, *ret, c->args[0].text);
    return 0;
}

static int
fn_duration(const struct expr_call *c, struct expr_value *ret, struct err *e)
{
    int64_t nanos = 0;
    int rc = expr_gotime_parse_duration(c->args[0].text, &nanos, e);

    *ret = expr_duration(nanos);
    return rc;
}

static int
fn_timezone(const struct expr_call *c, struct expr_value *ret, struct err *e)
{
    *ret = (struct expr_value){.type = EXPR_ZONE, .text = c->args[0].text};
    return expr_gotime_zone(c->args[0].text, e);
}

/* The layouts that date() tries, in this order. */
static const char *const layouts[] = {
    "2006-01-02",
    "15:04:05",
    "2006-01-02 15:04:05",
    "2006-01-02T15:04:05Z07:00",
    "02 Jan 06 15:04 MST",
    "Monday, 02-Jan-06 15:04:05 MST",
    "Mon, 02 Jan 2006 15:04:05 MST",
};

static int
guess_date(const struct expr_call *c, struct str text, struct str zone, struct expr_value *ret,
           struct err *e)
{
    for (size_t i = 0; i < sizeof layouts / sizeof layouts[0]; i++) {
        if (expr_gotime_parse(c->ctx->arena, text, str_of(layouts[i]), zone, ret, e) == 0) {
            e->code = 0;
            return 0;
        }
    }
    return err_set(e, ERR_INVALID, "invalid date %.*s", STR_ARG(str_slice(text, 0, 100)));
}

/* date([zone,] text [, layout [, zone name]]) */
static int
fn_date(const struct expr_call *c, struct expr_value *ret, struct err *e)
{
    const struct expr_value *args = c->args;
    struct str zone = STR("UTC");
    unsigned n = c->n;

    if (args[0].type == EXPR_ZONE) {
        zone = args[0].text;
        args++;
        n--;
    }
    for (unsigned i = 0; i < n; i++) {
        if (args[i].type != EXPR_STRING)
            return expr_fail(c, e, "expected a string, got %s", expr_type_name(args[i].type));
    }
    if (n == 0 || n > 3)
        return expr_fail(c, e, "expected 1 to 3 strings");
    if (n == 3) {
        zone = args[2].text;
        if (expr_gotime_zone(zone, e) < 0)
            return e->code;
    }
    if (n == 1)
        return guess_date(c, args[0].text, zone, ret, e);
    return expr_gotime_parse(c->ctx->arena, args[0].text, args[1].text, zone, ret, e);
}

const struct expr_func expr_time_funcs[] = {
    {"now", "|x", fn_now},      {"duration", "s", fn_duration},
    {"date", "x|xxx", fn_date}, {"timezone", "s", fn_timezone},
    {NULL, NULL, NULL},
};

/* Methods. */

static int
m_field(const struct expr_call *c, struct expr_value *ret, struct err *e)
{
    struct expr_instant at = c->args[0].time.at;
    struct expr_civil civil = expr_gotime_civil(at.seconds + at.offset);
    const struct {
        const char *name;
        int64_t value;
    } fields[] = {
        {"Year", civil.year},
        {"Month", civil.month},
        {"Day", civil.day},
        {"Hour", civil.hour},
        {"Minute", civil.minute},
        {"Second", civil.second},
        {"Nanosecond", at.nanos},
        {"Weekday", civil.weekday},
        {"YearDay", civil.yearday},
        {"Unix", at.seconds},
        {"UnixMilli", at.seconds * 1000 + at.nanos / 1000000},
        {"UnixMicro", at.seconds * 1000000 + at.nanos / 1000},
        {"UnixNano", (int64_t)((uint64_t)at.seconds * 1000000000u) + at.nanos},
    };

    (void)e;
    for (size_t i = 0; i < sizeof fields / sizeof fields[0]; i++) {
        if (strcmp(fields[i].name, c->name) == 0)
            *ret = expr_int(fields[i].value);
    }
    return 0;
}

static int
m_format(const struct expr_call *c, struct expr_value *ret, struct err *e)
{
    struct buf b = expr_buf(c->ctx);

    expr_gotime_format(&b, c->args[0], c->args[1].text);
    return expr_return_text(c->ctx, &b, ret, e);
}

static int
m_string(const struct expr_call *c, struct expr_value *ret, struct err *e)
{
    struct buf b = expr_buf(c->ctx);

    expr_write_plain(&b, c->args[0]);
    return expr_return_text(c->ctx, &b, ret, e);
}

static int
m_utc(const struct expr_call *c, struct expr_value *ret, struct err *e)
{
    (void)e;
    *ret = expr_gotime_utc(c->args[0].time.at.seconds, c->args[0].time.at.nanos);
    return 0;
}

static int
m_in(const struct expr_call *c, struct expr_value *ret, struct err *e)
{
    if (c->args[1].type != EXPR_ZONE)
        return expr_fail(c, e, "expected a time zone, got %s", expr_type_name(c->args[1].type));
    *ret = expr_gotime_in(c->ctx->arena, c->args[0], c->args[1].text);
    return 0;
}

static int
m_add(const struct expr_call *c, struct expr_value *ret, struct err *e)
{
    return expr_binary(c->ctx, EXPR_ADD, c->args[0], c->args[1], ret, e);
}

static int
m_sub(const struct expr_call *c, struct expr_value *ret, struct err *e)
{
    return expr_binary(c->ctx, EXPR_SUB, c->args[0], c->args[1], ret, e);
}

static int
m_add_date(const struct expr_call *c, struct expr_value *ret, struct err *e)
{
    struct expr_value t = c->args[0];
    int64_t local = t.time.at.seconds + t.time.at.offset, days;
    struct expr_civil civil = expr_gotime_civil(local);

    for (unsigned i = 1; i < 4; i++) {
        if (llabs(expr_arg_int(c, i)) > 1000000)
            return expr_fail(c, e, "%lld is too far away", (long long)expr_arg_int(c, i));
    }
    days = expr_gotime_days(civil.year + expr_arg_int(c, 1), civil.month + expr_arg_int(c, 2),
                            civil.day + expr_arg_int(c, 3));
    t.time.at.seconds =
        days * 86400 + civil.hour * 3600 + civil.minute * 60 + civil.second - t.time.at.offset;
    *ret = t;
    return 0;
}

static int
m_compare(const struct expr_call *c, struct expr_value *ret, struct err *e)
{
    int order = 0, rc = expr_compare(c->args[0], c->args[1], &order, e);

    *ret = expr_bool(c->name[0] == 'B' ? order < 0 : c->name[0] == 'A' ? order > 0 : order == 0);
    return rc;
}

/* A duration in a unit: a float for hours, minutes and seconds, else an integer. */
static int
m_unit(const struct expr_call *c, struct expr_value *ret, struct err *e)
{
    int64_t nanos = c->args[0].integer;

    (void)e;
    switch (c->name[0]) {
    case 'H':
        *ret = expr_float((double)nanos / 3.6e12);
        break;
    case 'S':
        *ret = expr_float((double)nanos / 1e9);
        break;
    case 'N':
        *ret = expr_int(nanos);
        break;
    default:
        *ret = strcmp(c->name, "Minutes") == 0
                   ? expr_float((double)nanos / 6e10)
                   : expr_int(nanos / (c->name[2] == 'l' ? 1000000 : 1000));
    }
    return 0;
}

static int
m_round(const struct expr_call *c, struct expr_value *ret, struct err *e)
{
    int64_t d = c->args[0].integer, m = c->args[1].integer, r;

    (void)e;
    *ret = c->args[0];
    if (m <= 0)
        return 0;
    r = d % m;
    d -= r;
    if (c->name[0] == 'R' && llabs(r) >= m - llabs(r))
        d += r < 0 ? -m : m;
    *ret = expr_duration(d);
    return 0;
}

static int
m_abs(const struct expr_call *c, struct expr_value *ret, struct err *e)
{
    (void)e;
    *ret = expr_duration(c->args[0].integer == INT64_MIN ? INT64_MAX : llabs(c->args[0].integer));
    return 0;
}

const struct expr_func expr_time_methods[] = {
    {"Year", "t", m_field},
    {"Month", "t", m_field},
    {"Day", "t", m_field},
    {"Hour", "t", m_field},
    {"Minute", "t", m_field},
    {"Second", "t", m_field},
    {"Nanosecond", "t", m_field},
    {"Weekday", "t", m_field},
    {"YearDay", "t", m_field},
    {"Unix", "t", m_field},
    {"UnixMilli", "t", m_field},
    {"UnixMicro", "t", m_field},
    {"UnixNano", "t", m_field},
    {"Format", "ts", m_format},
    {"String", "t", m_string},
    {"UTC", "t", m_utc},
    {"In", "tx", m_in},
    {"Add", "td", m_add},
    {"Sub", "tt", m_sub},
    {"AddDate", "tiii", m_add_date},
    {"Before", "tt", m_compare},
    {"After", "tt", m_compare},
    {"Equal", "tt", m_compare},
    {"Hours", "d", m_unit},
    {"Minutes", "d", m_unit},
    {"Seconds", "d", m_unit},
    {"Milliseconds", "d", m_unit},
    {"Microseconds", "d", m_unit},
    {"Nanoseconds", "d", m_unit},
    {"String", "d", m_string},
    {"Round", "dd", m_round},
    {"Truncate", "dd", m_round},
    {"Abs", "d", m_abs},
    {NULL, NULL, NULL},
};
