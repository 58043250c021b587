/*
 * commanding - commands on the workflow of a story, each a message of its own, as a server gives
 * them.
 */
#ifndef TESTS_UNIT_FLOW_COMMANDING_H
#define TESTS_UNIT_FLOW_COMMANDING_H

#include "flow/argo/argo_command.h"
#include "flow/argo/argo_rerun.h"
#include "tests/unit/flow/story.h"

/* Its error stays in `told`. */
struct command {
    struct message m;
    struct rig *rig;
    int (*run)(struct command *c, struct turn *t, const struct object *o, struct err *e);
    const char *selector;
    struct argo_set set;
    struct argo_rerun rerun;
    char told[512];
};

static inline int
run_command(struct message *m, struct turn *t, struct err *e)
{
    struct command *c = CONTAINER_OF(m, struct command, m);
    cleanup_object struct object *o =
        objects_find(c->rig->objects, t, &kind_workflow, STR("default"), str_of(c->rig->name));

    CHECK_NOT_NULL(o);
    return c->run(c, t, o, e);
}

static inline void
command_done(struct message *m, const struct err *why)
{
    struct command *c = CONTAINER_OF(m, struct command, m);

    snprintf(c->told, sizeof c->told, "%s", why != NULL ? why->msg : "");
}

static inline const char *
give(struct story *s, struct command *c)
{
    struct err e = ERR_INIT;

    c->m = (struct message){.class = MESSAGE_REQUEST, .run = run_command, .done = command_done};
    c->rig = &s->r;
    core_post(s->r.core, &c->m, &e);
    core_run(s->r.core, 1000);
    story_look(s);
    return c->told;
}

#define GIVE(s, ...) give(s, &(struct command){__VA_ARGS__})

#endif
