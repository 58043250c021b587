#include "cli/follow.h"

#include <stdlib.h>

#include "base/err.h"
#include "base/mem.h"
#include "cli/cli.h"
#include "cli/serverlink.h"
#include "cli/workflowprint.h"
#include "cli/workflows.h"
#include "data/json.h"

struct follow {
    struct cli *cli;
    bool screen;
    bool bad, gone;
};

static bool
on_state(void *arg, const struct json *workflow)
{
    struct follow *f = arg;

    if (f->screen)
        workflowprint_again(f->cli, workflow);
    if (!workflow_is_over(workflow))
        return true;
    f->bad = workflow_is_bad(workflow);
    if (!f->screen)
        fprintf(f->cli->out, "%s %s at %s\n", workflow_name(workflow), workflow_phase(workflow),
                json_cstr_or(json_at_path(workflow, "status.finishedAt"), ""));
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
follow_screen(struct cli *c, struct serverlink *r, const char *ns, const char *name, bool *ret_bad,
              struct err *e)
{
    struct follow f = {.cli = c, .screen = true};

    return follow(&f, r, ns, name, ret_bad, e);
}

int
follow_end(struct cli *c, struct serverlink *r, const char *ns, const char *name, bool *ret_bad,
           struct err *e)
{
    struct follow f = {.cli = c};

    return follow(&f, r, ns, name, ret_bad, e);
}

int
follow_as_asked(struct cli *c, struct serverlink *r, const char *name, bool *ret_bad, struct err *e)
{
    const char *ns = workflows_namespace(c);

    if (option_switch(c->options, "watch", false))
        return follow_screen(c, r, ns, name, ret_bad, e);
    if (option_switch(c->options, "wait", false))
        return follow_end(c, r, ns, name, ret_bad, e);
    return 0;
}
