#include "cli/datasize.h"

#include <fts.h>
#include <stdlib.h>
#include <sys/stat.h>

#include "api/history.h"
#include "base/err.h"
#include "base/mem.h"
#include "core/core.h"
#include "core/message.h"
#include "core/turn.h"
#include "io/job.h"
#include "store/db.h"

enum { BLOCK = 512 }; /* what st_blocks counts */

/* Owned by itself: it may end after whoever asked. */
struct walk {
    struct datasize *owner; /* NULL: gone */
    char *folders[2];
    int64_t bytes;
};

struct datasize {
    struct loop *loop;
    struct core *core;
    struct history *history;
    const char *data;
    struct walk *walk; /* while one is under way */
    int64_t walked;    /* bytes; what the message tells */
    bool telling;
    struct message message;
};

static int64_t
bytes_below(char *folder)
{
    char *paths[] = {folder, NULL};
    FTS *tree = fts_open(paths, FTS_PHYSICAL | FTS_NOCHDIR | FTS_XDEV, NULL);
    int64_t bytes = 0;
    FTSENT *entry;

    if (tree == NULL)
        return 0;
    while ((entry = fts_read(tree)) != NULL) {
        /* What came and went meanwhile, or is not ours to read, does not count. */
        if (entry->fts_info == FTS_F || entry->fts_info == FTS_D)
            bytes += (int64_t)entry->fts_statp->st_blocks * BLOCK;
    }
    fts_close(tree);
    return bytes;
}

static void
work(void *arg)
{
    struct walk *w = arg;

    for (size_t i = 0; i < ARRAY_LEN(w->folders); i++)
        w->bytes += bytes_below(w->folders[i]);
}

static int
tell(struct message *m, struct turn *t, struct err *e)
{
    struct datasize *d = CONTAINER_OF(m, struct datasize, message);
    int64_t rows;

    if (db_used_bytes(turn_db(t), &rows, e) < 0)
        return e->code;
    history_measured(d->history, t, d->walked + rows);
    return 0;
}

static void
told(struct message *m, const struct err *why)
{
    (void)why;
    CONTAINER_OF(m, struct datasize, message)->telling = false;
}

static void
done(void *arg)
{
    struct walk *w = arg;
    struct datasize *d = w->owner;
    struct err ignored = ERR_INIT;

    if (d != NULL) {
        d->walk = NULL;
        d->walked = w->bytes;
        d->message = (struct message){
            .class = MESSAGE_WORK, .run = tell, .done = told, .name = "size of the data"};
        d->telling = core_post(d->core, &d->message, &ignored) >= 0;
    }
    free(w->folders[0]);
    free(w->folders[1]);
    free(w);
}

void
datasize_measure(void *datasize)
{
    struct datasize *d = datasize;

    if (d->walk != NULL || d->telling)
        return;
    d->walk = NEW(struct walk);
    d->walk->owner = d;
    d->walk->folders[0] = xasprintf("%s/blobs", d->data);
    d->walk->folders[1] = xasprintf("%s/pods", d->data);
    job_run(d->loop, work, done, d->walk);
}

struct datasize *
datasize_new(struct loop *l, struct core *c, struct history *h, const char *data)
{
    struct datasize *d = NEW(struct datasize);

    *d = (struct datasize){.loop = l, .core = c, .history = h, .data = data};
    return d;
}

void
datasize_free(struct datasize *d)
{
    if (d == NULL)
        return;
    if (d->walk != NULL)
        d->walk->owner = NULL;
    free(d);
}
