/* Sprig's functions over times.  "Local" is UTC here, as it is in upstream's containers. */

#include "data/duration.h"
#include "data/expr_eval.h"
#include "data/expr_gotime.h"
#include "data/sprig.h"

static struct expr_value
now(const struct expr_call *c)
{
    int64_t us = expr_now_us(c->ctx);

    return expr_gotime_utc(us / 1000000, (int32_t)(us % 1000000) * 1000);
}

/* A time, or a number of seconds since 1970; anything else means now. */
static struct expr_value
to_time(const struct expr_call *c, struct expr_value v)
{
    if (v.type == EXPR_TIME)
        return v;
    return v.type == EXPR_INT ? expr_gotime_utc(v.integer, 0) : now(c);
}

static int
format(const struct expr_call *c, struct str layout, struct expr_value v, struct str zone,
       struct expr_value *ret, struct err *e)
{
    struct buf b = expr_buf(c->ctx);

    expr_gotime_format(&b, expr_gotime_in(c->ctx->arena, to_time(c, v), zone), layout);
    return expr_return_text(c->ctx, &b, ret, e);
}

static int
fn_now(const struct expr_call *c, struct expr_value *ret, struct err *e)
{
    (void)e;
    *ret = now(c);
    return 0;
}

static int
fn_date(const struct expr_call *c, struct expr_value *ret, struct err *e)
{
    return format(c, c->args[0].text, c->args[1], STR("UTC"), ret, e);
}

static int
fn_date_in_zone(const struct expr_call *c, struct expr_value *ret, struct err *e)
{
    return format(c, c->args[0].text, c->args[1], c->args[2].text, ret, e);
}

static int
fn_html_date(const struct expr_call *c, struct expr_value *ret, struct err *e)
{
    return format(c, STR("2006-01-02"), c->args[0], c->n > 1 ? c->args[1].text : STR("UTC"), ret,
                  e);
}

static int
fn_date_modify(const struct expr_call *c, struct expr_value *ret, struct err *e)
{
    int64_t nanos = 0;

    *ret = c->args[1];
    if (expr_gotime_parse_duration(c->args[0].text, &nanos, e) < 0) {
        if (strncmp(c->name, "must", 4) == 0)
            return e->code;
        e->code = 0; /* the plain one keeps the date */
        return 0;
    }
    return expr_binary(c->ctx, EXPR_ADD, c->args[1], expr_duration(nanos), ret, e);
}

static int
fn_ago(const struct expr_call *c, struct expr_value *ret, struct err *e)
{
    struct expr_value since;
    struct buf b = expr_buf(c->ctx);

    if (expr_binary(c->ctx, EXPR_SUB, now(c), to_time(c, c->args[0]), &since, e) < 0)
        return e->code;
    duration_write(&b, (since.integer + (since.integer < 0 ? -500000000 : 500000000)) / 1000000000 *
                           1000000000);
    return expr_return_text(c->ctx, &b, ret, e);
}

/* A number of seconds as a duration: 95 is 1m35s. */
static int
fn_duration(const struct expr_call *c, struct expr_value *ret, struct err *e)
{
    int64_t seconds = sprig_to_int(c->args[0]);
    struct buf b = expr_buf(c->ctx);

    duration_write(&b, (int64_t)((uint64_t)seconds * 1000000000u));
    return expr_return_text(c->ctx, &b, ret, e);
}

/* The largest unit only: 2h10m5s is 2h. */
static int
fn_duration_round(const struct expr_call *c, struct expr_value *ret, struct err *e)
{
    static const struct {
        uint64_t seconds;
        char unit;
    } units[] = {{365 * 86400, 'y'}, {30 * 86400, 'm'}, {86400, 'd'},
                 {3600, 'h'},        {60, 'm'},         {1, 's'}};
    struct buf b = expr_buf(c->ctx);
    struct expr_value v = c->args[0];
    struct err ignored = ERR_INIT;
    int64_t nanos = 0;
    uint64_t u;

    if (v.type == EXPR_STRING)
        expr_gotime_parse_duration(v.text, &nanos, &ignored);
    else if (v.type == EXPR_INT || v.type == EXPR_DURATION)
        nanos = v.integer;
    else if (v.type == EXPR_TIME && expr_binary(c->ctx, EXPR_SUB, now(c), v, &v, e) == 0)
        nanos = v.integer;
    u = nanos < 0 ? 0 - (uint64_t)nanos : (uint64_t)nanos;
    for (size_t i = 0; i < sizeof units / sizeof units[0] && b.n == 0; i++) {
        if (u > units[i].seconds * 1000000000u)
            buf_printf(&b, "%llu%c", (unsigned long long)(u / (units[i].seconds * 1000000000u)),
                       units[i].unit);
    }
    if (b.n == 0)
        buf_cstr(&b, "0s");
    return expr_return_text(c->ctx, &b, ret, e);
}

static int
fn_to_date(const struct expr_call *c, struct expr_value *ret, struct err *e)
{
    if (expr_gotime_parse(c->ctx->arena, c->args[1].text, c->args[0].text, STR("UTC"), ret, e) == 0)
        return 0;
    if (strncmp(c->name, "must", 4) == 0)
        return e->code;
    e->code = 0;
    *ret = expr_gotime_utc(INT64_C(-62135596800), 0); /* Go's zero time: 0001-01-01 */
    return 0;
}

static int
fn_unix_epoch(const struct expr_call *c, struct expr_value *ret, struct err *e)
{
    struct buf b = expr_buf(c->ctx);

    buf_printf(&b, "%lld", (long long)c->args[0].time.at.seconds);
    return expr_return_text(c->ctx, &b, ret, e);
}

const struct expr_func sprig_dates_funcs[] = {
    {"now", "", fn_now},
    {"date", "sx", fn_date},
    {"dateInZone", "sxs", fn_date_in_zone},
    {"date_in_zone", "sxs", fn_date_in_zone},
    {"dateModify", "st", fn_date_modify},
    {"date_modify", "st", fn_date_modify},
    {"mustDateModify", "st", fn_date_modify},
    {"must_date_modify", "st", fn_date_modify},
    {"htmlDate", "x", fn_html_date},
    {"htmlDateInZone", "xs", fn_html_date},
    {"ago", "x", fn_ago},
    {"duration", "x", fn_duration},
    {"durationRound", "x", fn_duration_round},
    {"toDate", "ss", fn_to_date},
    {"mustToDate", "ss", fn_to_date},
    {"unixEpoch", "t", fn_unix_epoch},
    {NULL, NULL, NULL},
};
