/* A Pod as anybody may send it: its spec, the io annotation, the environment that comes of them. */
#include <stddef.h>
#include <stdint.h>

#include "base/arena.h"
#include "base/err.h"
#include "data/json.h"
#include "runner/env.h"
#include "runner/images.h"
#include "runner/podio.h"
#include "runner/podspec.h"
#include "runner/runtime.h"
#include "runner/source.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

static void
try_container(const struct plan *p, const struct podspec *s, const struct podspec_container *c,
              struct arena *a)
{
    static const struct source_machine machine = {2000, 1 << 30, "node", "127.0.0.1", "127.0.0.1"};
    struct image_rules none = {NULL, 0};
    env_vars vars = VEC_INIT;
    struct image image;
    struct err e = ERR_INIT;
    size_t n;

    (void)images_resolve(&none, c->image, a, &image, &e);
    (void)env_build(p, s, c, &machine, a, &vars, &e);
    (void)env_expand_list(&vars, json_get(c->root, "command"), a, &n);
    (void)env_block(&vars, a);
    vec_done(&vars);
}

int
LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    cleanup_arena struct arena a = ARENA_INIT;
    cleanup_plan struct plan *p = plan_new();
    struct podspec *s;
    struct err e = ERR_INIT;

    p->namespace = xstrdup("ns");
    if (json_parse(str_make((const char *)data, size), &json_limits_default, &p->pod, &e) < 0 ||
        podspec_parse(json_root(p->pod), &a, &s, &e) < 0)
        return 0;
    (void)podspec_requests(s);
    for (size_t i = 0; i < s->containers_n; i++)
        try_container(p, s, &s->containers[i], &a);
    json_doc_unref(s->io->doc);
    return 0;
}
