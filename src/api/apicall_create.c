/*
 * POST of a new object.
 */
#include "api/apicall_int.h"

#include "base/clock.h"
#include "base/err.h"
#include "data/json.h"
#include "schema/defaults.h"
#include "schema/managed.h"
#include "schema/prepare.h"

static void
replace(struct json_doc **doc, struct json_doc *next)
{
    json_doc_unref(*doc);
    *doc = next;
}

static int
prepare(struct apicall *c)
{
    const struct schema *s = apicall_schema(c);
    struct managed_write w;
    void *plan;

    if (apicall_read_options(c, "CreateOptions") < 0 ||
        apicall_read_object(c, c->kind->group, c->kind->version, c->kind->kind) < 0 ||
        apicall_check_place(c, json_str(json_at_path(json_root(c->body), "metadata.namespace"))) <
            0 ||
        apicall_plan_write(c, NULL, NULL, &c->body, &plan) < 0)
        return ERR_BADREQUEST;
    w = apicall_managed(c, clock_wall_us(apicall_config(c)->clock));
    replace(&c->body, defaults_apply(s, c->body));
    replace(&c->body, managed_update(&w, NULL, json_root(c->body)));
    replace(&c->body, prepare_create(s, w.api_version, w.kind, json_root(c->body)));
    return 0;
}

static int
run(struct apicall *c, struct turn *t, struct err *e)
{
    return apicall_store_new(c, t, json_root(c->body), e);
}

const struct apicall_verb apicall_create = {
    .name = "create", .prepare = prepare, .run = run, .composes = true};
