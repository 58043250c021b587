#include <stdlib.h>

#include "edge/call_int.h"
#include "edge/edge.h"
#include "http/server.h"
#include "io/loop.h"

void
edge_stats(const struct edge *g, struct edge_stats *ret)
{
    struct server_counts counts;

    *ret = (struct edge_stats){
        .refused = g->counts.refused,
        .throttled = g->counts.throttled,
        .unauthorized = g->counts.unauthorized,
        .answered = g->counts.answered,
        .gone = g->counts.gone,
        .feeds = g->counts.feeds,
        .calls = g->counts.calls,
    };
    for (int i = 0; i < g->threads_n; i++) {
        server_counts(g->threads[i].server, &counts);
        ret->accepted += counts.accepted;
        ret->requests += counts.requests;
        ret->malformed += counts.malformed;
        ret->bytes_in += counts.bytes_in;
        ret->bytes_out += counts.bytes_out;
        ret->connections += counts.connections;
        for (size_t k = 0; k < ARRAY_LEN(ret->status); k++)
            ret->status[k] += counts.status[k];
    }
}

struct question {
    struct letter letter;
    struct edge *edge;
    int at; /* the thread that is asked now */
    struct buf text;
    void (*done)(void *arg, struct str text);
    void *arg;
};

static void
open_question(struct letter *l)
{
    struct question *q = CONTAINER_OF(l, struct question, letter);

    buf_printf(&q->text, "[edge thread %d]\n", q->at);
    loop_dump(q->edge->threads[q->at].loop, &q->text);
    server_dump(q->edge->threads[q->at].server, &q->text);
    if (++q->at < q->edge->threads_n) {
        mailbox_post(q->edge->threads[q->at].mailbox, &q->letter);
        return;
    }
    q->done(q->arg, buf_view(&q->text));
    buf_done(&q->text);
    free(q);
}

void
edge_dump(struct edge *g, void (*done)(void *arg, struct str text), void *arg)
{
    struct question *q = NEW(struct question);

    *q = (struct question){.letter = {.open = open_question}, .edge = g, .done = done, .arg = arg};
    mailbox_post(g->threads[0].mailbox, &q->letter);
}
