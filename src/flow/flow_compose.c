#include "flow/flow_compose.h"

#include <stdlib.h>

#include "api/kind.h"
#include "api/objects.h"
#include "base/mem.h"
#include "core/turn.h"
#include "flow/flow_int.h"
#include "flow/language.h"

const struct flow_language *
flow_language_of(const struct flow *f, const struct kind *k)
{
    const struct flow_language *const *l = f->options.languages;

    while (*l != NULL && !str_is(str_of((*l)->kind), k->kind))
        l++;
    return *l;
}

static int
compose(void *arg, struct turn *t, const struct object *o, struct json_doc **ret, struct err *e)
{
    return flow_language_of(arg, object_kind(o))->compose(turn_db(t), o, ret, e);
}

/* One that is under way, and by whom. */
struct under_way {
    const struct flow_language *language;
    void *composing;
};

static void *
begin(void *arg, const struct object *o)
{
    struct under_way *u = NEW(struct under_way);

    u->language = flow_language_of(arg, object_kind(o));
    u->composing = u->language->compose_begin(o);
    return u;
}

static int
step(void *arg, void *composing, struct turn *t, struct buf *to, struct err *e)
{
    struct under_way *u = composing;

    (void)arg;
    return u->language->compose_step(u->composing, turn_db(t), to, e);
}

static void
end(void *arg, void *composing)
{
    struct under_way *u = composing;

    (void)arg;
    u->language->compose_end(u->composing);
    free(u);
}

static int
plan_write(void *arg, struct turn *t, const struct kind *k, const struct object *live,
           const struct json *sent, void **ret, struct problems *ps, struct err *e)
{
    return flow_language_of(arg, k)->plan_write(arg, t, live, sent, ret, ps, e);
}

static int
act(void *arg, struct turn *t, const struct object *now, void *plan, struct err *e)
{
    return flow_language_of(arg, object_kind(now))->act(arg, t, now, plan, e);
}

void
flow_compose_attach(struct flow *f)
{
    struct objects_composer c = {.compose = compose,
                                 .begin = begin,
                                 .step = step,
                                 .end = end,
                                 .plan_write = plan_write,
                                 .act = act,
                                 .arg = f};

    for (const struct flow_language *const *l = f->options.languages; *l != NULL; l++) {
        if ((*l)->compose == NULL)
            continue;
        c.kind = kind_find(objects_kinds(f->objects), str_of((*l)->kind), STR_NULL);
        objects_set_composer(f->objects, &c);
    }
}
