#include "data/tag_cache.h"

#include "base/map.h"

struct tag_cache {
    struct map programs; /* text to struct expr_program */
};

struct tag_cache *
tag_cache_new(void)
{
    return NEW(struct tag_cache);
}

static void
empty(struct tag_cache *c)
{
    MAP_EACH (&c->programs, it)
        expr_free(it.value);
    map_done(&c->programs);
    c->programs = MAP_INIT;
}

void
tag_cache_free(struct tag_cache *c)
{
    if (c != NULL) {
        empty(c);
        free(c);
    }
}

int
tag_cache_get(struct tag_cache *c, struct str text, const struct expr_program **ret,
              struct expr_program **own, struct err *e)
{
    struct expr_program *p = c != NULL ? map_get(&c->programs, text) : NULL;
    int rc;

    if (p == NULL) {
        rc = expr_compile(text, &p, e);
        if (rc < 0)
            return rc;
        if (c != NULL && c->programs.n >= TAG_CACHE_MAX)
            empty(c);
        if (c != NULL)
            map_put(&c->programs, text, p);
        else
            *own = p;
    }
    *ret = p;
    return 0;
}
