#include "cli/pick.h"

#include <string.h>

#include "base/buf.h"
#include "base/clock.h"
#include "base/err.h"
#include "cli/cli.h"
#include "data/duration.h"
#include "data/json.h"

struct pick {
    const char *prefix, *phases;
    bool running, completed;
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
has_phase(const char *list, const char *phase)
{
    struct str rest = str_of(list);

    while (rest.p != NULL)
        if (str_is(str_trim(str_cut(&rest, ',')), phase))
            return true;
    return false;
}

static bool
is_meant(const struct pick *p, const struct json *w)
{
    int64_t ended = workflow_time(w, "status.finishedAt");
    bool over = workflow_is_over(w);

    if (p->prefix != NULL && strncmp(workflow_name(w), p->prefix, strlen(p->prefix)) != 0)
        return false;
    if (p->phases != NULL && !has_phase(p->phases, workflow_phase(w)))
        return false;
    if ((p->running && over) || (p->completed && !over))
        return false;
    if (p->since_us != 0 && over && ended < p->since_us)
        return false;
    return p->older_us == 0 || (over && ended < p->older_us);
}

int
pick(struct cli *c, struct serverlink *r, workflows_list *ret, struct err *e)
{
    bool everywhere = option_switch(c->options, "all-namespaces", false);
    struct pick p = {
        .prefix = option_value(c->options, "prefix"),
        .phases = option_value(c->options, "status"),
        .running = option_switch(c->options, "running", false),
        .completed = option_switch(c->options, "completed", false),
    };
    size_t kept = 0;

    if (moment(c, "since", &p.since_us, e) < 0 || moment(c, "older", &p.older_us, e) < 0 ||
        workflows_collect(r, everywhere ? NULL : workflows_namespace(c),
                          option_value(c->options, "selector"), ret, e) < 0)
        return e->code;
    for (size_t i = 0; i < ret->n; i++) {
        if (is_meant(&p, json_root(ret->at[i])))
            ret->at[kept++] = ret->at[i];
        else
            json_doc_unref(ret->at[i]);
    }
    ret->n = kept;
    return 0;
}
