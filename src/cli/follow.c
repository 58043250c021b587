#include "cli/follow.h"

#include <stdlib.h>

#include "base/buf.h"
#include "base/err.h"
#include "base/mem.h"
#include "cli/cli.h"
#include "cli/screentime.h"
#include "cli/serverlink.h"
#include "cli/workflowlog.h"
#include "cli/workflowprint.h"
#include "cli/workflows.h"
#include "data/json.h"

struct follow {
    struct cli *cli;
    const struct selector *nodes;
    bool screen, quiet;
    bool bad, gone;
};

static void
print_end(struct cli *c, const struct json *workflow)
{
    cleanup_buf struct buf at = BUF_INIT;

    screentime_stamp(&at, workflow_time(workflow, "status.finishedAt"));
    fprintf(c->out, "%s %s at %s\n", workflow_name(workflow), workflow_phase(workflow),
            buf_cstring(&at));
    fflush(c->out);
}

static bool
on_state(void *arg, const struct json *workflow)
{
    struct follow *f = arg;

    if (f->screen)
        workflowprint_again(f->cli, workflow, f->nodes);
    if (!workflow_is_over(workflow))
        return true;
    f->bad = workflow_is_bad(workflow);
    if (!f->screen && !f->quiet)
        print_end(f->cli, workflow);
    return false;
}

static void
on_gone(void *arg)
{
    ((struct follow *)arg)->gone = true;
}

static int
follow(struct follow *f, struct serverlink *r, const char *ns, const char *name, bool *ret_bad,
       struct err *e)
{
    struct workflows_watch watch = {.show = on_state, .gone = on_gone, .arg = f};
    cleanup_free char *real = NULL;

    if (workflows_resolve(r, ns, name, &real, e) < 0 || workflows_watch(r, ns, real, &watch, e) < 0)
        return e->code;
    *ret_bad = f->bad;
    return f->gone ? err_set(e, ERR_NOTFOUND, "workflow '%s' was deleted", real) : 0;
}

int
follow_screen(struct cli *c, struct serverlink *r, const char *ns, const char *name,
              const struct selector *nodes, bool *ret_bad, struct err *e)
{
    struct follow f = {.cli = c, .screen = true, .nodes = nodes};

    return follow(&f, r, ns, name, ret_bad, e);
}

int
follow_end(struct cli *c, struct serverlink *r, const char *ns, const char *name, bool quiet,
           bool *ret_bad, struct err *e)
{
    struct follow f = {.cli = c, .quiet = quiet};

    return follow(&f, r, ns, name, ret_bad, e);
}

static bool
tells_the_end(enum workflowprint_form form)
{
    return form == WORKFLOWPRINT_SCREEN || form == WORKFLOWPRINT_WIDE;
}

int
follow_as_asked(struct cli *c, struct serverlink *r, const pick_list *names,
                enum workflowprint_form form, const struct selector *nodes, bool *ret_bad,
                struct err *e)
{
    bool log = option_switch(c->options, "log", false);
    bool wait = option_switch(c->options, "wait", false);
    bool watch = option_switch(c->options, "watch", false);
    struct workflowlog_query q = {.follow = true, .container = "main"};
    const char *ns = workflows_namespace(c);

    *ret_bad = false;
    for (size_t i = 0; log && i < names->n; i++) {
        if (workflowlog(c, r, ns, names->at[i], &q, e) < 0)
            return e->code;
    }
    for (size_t i = 0; (wait || watch) && i < names->n; i++) {
        bool bad = false;
        int code = wait ? follow_end(c, r, ns, names->at[i], !tells_the_end(form), &bad, e)
                        : follow_screen(c, r, ns, names->at[i], nodes, &bad, e);

        if (code < 0)
            return code;
        *ret_bad |= bad && wait;
    }
    return 0;
}
