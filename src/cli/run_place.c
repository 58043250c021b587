#include "cli/run_place.h"

#include <limits.h>
#include <stdio.h>
#include <stdlib.h>

#include "base/err.h"
#include "base/log.h"
#include "base/mem.h"
#include "cli/cli.h"
#include "cli/option.h"
#include "cli/settings.h"
#include "runner/process/reclaim.h"

/* $XDG_CACHE_HOME/sluice or ~/.cache/sluice; NULL if there is no home. */
static char *
cache_directory(void)
{
    const char *cache = getenv("XDG_CACHE_HOME"), *home = getenv("HOME");

    if (cache != NULL && cache[0] == '/')
        return xasprintf("%s/sluice", cache);
    return home != NULL && home[0] == '/' ? xasprintf("%s/.cache/sluice", home) : NULL;
}

int
run_place_choose(struct run_place *p, const struct cli *c, struct err *e)
{
    char template[PATH_MAX];
    const char *base = getenv("TMPDIR");

    p->keep = option_switch(c->options, "keep", false);
    if (option_given(c->options, "data") || option_switch(c->options, "resume", false)) {
        p->data = xstrdup(c->settings->data);
        return 0;
    }
    snprintf(template, sizeof template, "%s/sluice-run-XXXXXX",
             base != NULL && base[0] == '/' ? base : "/tmp");
    if (mkdtemp(template) == NULL)
        return err_errno(e, "make a temporary directory '%s'", template);
    p->data = xstrdup(template);
    p->temporary = true;
    p->recall = cache_directory();
    if (p->recall != NULL)
        p->envs = xasprintf("%s/envs", p->recall);
    return 0;
}

void
run_place_leave(struct run_place *p, const struct cli *c, bool taken_over)
{
    if (p->temporary && p->keep) {
        fprintf(c->err, "everything is kept in %s\n", p->data);
    } else if (p->temporary && !taken_over) {
        struct err e = ERR_INIT;
        cleanup_free char *init = cli_init_path(&e);

        if (init == NULL || reclaim_and_remove(init, p->data, &e) < 0)
            log_warn("run", "%s", e.msg);
    }
    free(p->data);
    free(p->envs);
    free(p->recall);
}
