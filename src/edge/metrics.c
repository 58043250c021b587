#include "edge/metrics.h"

#include <inttypes.h>

#include "base/buf.h"
#include "edge/call.h"
#include "edge/edge.h"
#include "edge/routes.h"

static const struct {
    const char *name, *type, *help;
    size_t offset; /* in edge_stats */
} rows[] = {
#define ROW(name, type, field, help) \
    { \
        "sluice_http_" name, type, help, offsetof(struct edge_stats, field) \
    }
    ROW("connections_accepted_total", "counter", accepted, "Connections that were accepted."),
    ROW("connections_refused_total", "counter", refused, "Connections beyond the ceiling."),
    ROW("connections", "gauge", connections, "Connections that are open."),
    ROW("requests_total", "counter", requests, "Requests whose head was understood."),
    ROW("malformed_total", "counter", malformed, "Requests that were refused as malformed."),
    ROW("unauthorized_total", "counter", unauthorized, "Requests without a sound credential."),
    ROW("throttled_total", "counter", throttled, "Requests beyond the ceiling of calls."),
    ROW("calls", "gauge", calls, "Requests that are being worked on."),
    ROW("feeds", "gauge", feeds, "Replies that are followed: watches and logs."),
    ROW("answered_total", "counter", answered, "Replies that were sent to their end."),
    ROW("gone_total", "counter", gone, "Replies whose client had gone."),
    ROW("received_bytes_total", "counter", bytes_in, "Bytes from clients, at the end of requests."),
    ROW("sent_bytes_total", "counter", bytes_out, "Bytes to clients, at the end of requests."),
#undef ROW
};

void
metrics_write(struct buf *to, const char *name, const char *type, const char *help, uint64_t value)
{
    buf_printf(to, "# HELP %s %s\n# TYPE %s %s\n%s %" PRIu64 "\n", name, help, name, type, name,
               value);
}

static void
write_edge(const struct edge *g, struct buf *to)
{
    static const char by_status[] = "sluice_http_responses_total";
    struct edge_stats stats;

    edge_stats(g, &stats);
    for (size_t i = 0; i < ARRAY_LEN(rows); i++)
        metrics_write(to, rows[i].name, rows[i].type, rows[i].help,
                      *(const uint64_t *)((const char *)&stats + rows[i].offset));
    buf_printf(to, "# HELP %s Replies by their status.\n# TYPE %s counter\n", by_status, by_status);
    for (size_t i = 1; i < ARRAY_LEN(stats.status); i++)
        buf_printf(to, "%s{code=\"%zuxx\"} %" PRIu64 "\n", by_status, i, stats.status[i]);
}

static void
on_call(void *arg, struct call *c)
{
    const struct metrics *m = arg;
    cleanup_buf struct buf text = BUF_INIT;
    struct reply r = {.status = 200, .content_type = "text/plain; version=0.0.4; charset=utf-8"};

    if (m->authorize != NULL && !m->authorize(m->arg, call_caller(c))) {
        call_forbid(c);
        return;
    }
    write_edge(m->edge, &text);
    if (m->more != NULL)
        m->more(m->arg, &text);
    r.body = buf_view(&text);
    call_reply(c, &r);
}

int
metrics_add_route(struct routes *r, struct metrics *m, struct err *e)
{
    const struct route route = {
        .method = "GET", .pattern = METRICS_PATH, .handler = on_call, .arg = m};

    return routes_add(r, &route, e);
}
