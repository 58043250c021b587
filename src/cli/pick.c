#include "cli/pick.h"

#include <stdlib.h>
#include <string.h>

#include "base/buf.h"
#include "base/clock.h"
#include "base/err.h"
#include "base/mem.h"
#include "cli/cli.h"
#include "data/duration.h"
#include "data/json.h"

#define LABEL "workflows.argoproj.io/"

struct pick {
    const char *prefix;
    int64_t since_us, older_us; /* moments; 0: not asked for */
};

static int
moment(const struct cli *c, const char *flag, int64_t *ret, struct err *e)
{
    const char *given = option_value(c->options, flag);
    int64_t ns;

    *ret = 0;
    if (given == NULL)
        return 0;
    if (duration_parse(str_of(given), &ns, e) < 0)
        return err_wrap(e, "--%s", flag);
    *ret = clock_wall_us(&clock_machine) - ns / DURATION_US;
    return 0;
}

static bool
is_meant(const struct pick *p, const struct json *w)
{
    int64_t ended = workflow_time(w, "status.finishedAt");

    if (p->prefix != NULL && strncmp(workflow_name(w), p->prefix, strlen(p->prefix)) != 0)
        return false;
    if (p->since_us != 0 && workflow_time(w, "metadata.creationTimestamp") < p->since_us)
        return false;
    return p->older_us == 0 || (ended != 0 && ended < p->older_us);
}

static void
keep_meant(const struct pick *p, workflows_list *l)
{
    size_t kept = 0;

    for (size_t i = 0; i < l->n; i++) {
        if (is_meant(p, json_root(l->at[i])))
            l->at[kept++] = l->at[i];
        else
            json_doc_unref(l->at[i]);
    }
    l->n = kept;
}

static void
add_term(struct buf *to, const char *term)
{
    buf_printf(to, "%s%s", to->n > 0 ? "," : "", term);
}

/* Phases and ends are labels, too, so the server chooses by them. */
static int
put_labels(struct buf *to, const struct cli *c, struct err *e)
{
    bool running = option_switch(c->options, "running", false);
    bool completed = option_switch(c->options, "completed", false);
    const char *given = option_value(c->options, "selector");
    const char *phases = option_value(c->options, "status");

    if (running && completed)
        return err_set(e, ERR_BADREQUEST, "--completed and --running cannot be used together");
    if (given != NULL)
        add_term(to, given);
    if (phases != NULL) {
        add_term(to, LABEL "phase in (");
        buf_printf(to, "%s)", phases);
    }
    if (completed)
        add_term(to, LABEL "completed=true");
    if (running)
        add_term(to, LABEL "completed!=true");
    if (option_switch(c->options, "resubmitted", false))
        add_term(to, LABEL "resubmitted-from-workflow");
    return 0;
}

int
pick(struct cli *c, struct serverlink *r, const char *chunk, bool nodes, workflows_list *ret,
     struct err *e)
{
    bool everywhere = option_switch(c->options, "all-namespaces", false);
    struct pick p = {.prefix = option_value(c->options, "prefix")};
    struct workflows_query q = {.ns = everywhere ? NULL : workflows_namespace(c),
                                .fields = option_value(c->options, "field-selector"),
                                .nodes = nodes};
    cleanup_buf struct buf labels = BUF_INIT;

    if (moment(c, "since", &p.since_us, e) < 0 || moment(c, "older", &p.older_us, e) < 0 ||
        put_labels(&labels, c, e) < 0 || workflows_page(c, chunk, &q.page, e) < 0)
        return e->code;
    q.labels = buf_cstring(&labels);
    if (workflows_collect(r, &q, ret, e) < 0)
        return e->code;
    keep_meant(&p, ret);
    return 0;
}

/* By names and selectors alone. */

bool
pick_selects(const struct cli *c)
{
    return option_given(c->options, "selector") || option_given(c->options, "field-selector");
}

void
pick_list_done(pick_list *l)
{
    for (size_t i = 0; i < l->n; i++)
        free(l->at[i]);
    vec_done(l);
}

static void
add_name(pick_list *l, const char *name)
{
    for (size_t i = 0; i < l->n; i++) {
        if (strcmp(l->at[i], name) == 0)
            return;
    }
    vec_push(l, xstrdup(name));
}

int
pick_names(struct cli *c, struct serverlink *r, pick_list *ret, struct err *e)
{
    struct workflows_query q = {.ns = workflows_namespace(c),
                                .labels = option_value(c->options, "selector"),
                                .fields = option_value(c->options, "field-selector")};
    workflows_list found = VEC_INIT;
    int code = pick_selects(c) ? workflows_collect(r, &q, &found, e) : 0;

    for (size_t i = 0; code == 0 && i < found.n; i++)
        add_name(ret, workflow_name(json_root(found.at[i])));
    for (size_t i = 0; code == 0 && i < option_operand_count(c->options); i++) {
        cleanup_free char *name = NULL;

        code = workflows_resolve(r, q.ns, option_operand(c->options, i), &name, e);
        if (code == 0)
            add_name(ret, name);
    }
    workflows_list_done(&found);
    return code;
}
