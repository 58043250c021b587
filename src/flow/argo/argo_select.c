#include "flow/argo/argo_select.h"

#include "data/json.h"
#include "flow/argo/argo_name.h"
#include "flow/argo/argo_scope.h"
#include "schema/selector.h"

struct looking {
    const struct argo_facts *facts;
    char id[512];
};

/* "NAME" of another object's template key "namespaced/NAME/template"; STR_NULL for a local one. */
static struct str
object_name_of(struct str key)
{
    struct str rest = key, scope = str_cut(&rest, '/');

    return key.n == 0 || str_is(scope, "local") ? STR_NULL : str_cut(&rest, '/');
}

static struct str
input_of(const struct argo_facts *facts, struct str key)
{
    static const struct str before = STR("inputs.parameters."), behind = STR(".value");
    const struct json *p;

    if (!str_starts(key, before) || !str_ends(key, behind))
        return STR_NULL;
    key = str_slice(key, before.n, key.n - behind.n);
    p = argo_artifact_named(json_get(facts->inputs, "parameters"), key);
    return p != NULL ? json_scalar_text(json_get(p, "value")) : STR_NULL;
}

static struct str
field_of(void *arg, struct str key)
{
    struct looking *l = arg;
    const struct argo_facts *facts = l->facts;

    if (str_is(key, "displayName"))
        return argo_name_display(facts->name, facts->boundary);
    if (str_is(key, "templateName") || str_is(key, "template") ||
        str_is(key, "templateRef.template"))
        return argo_name_template(facts->template_of);
    if (str_is(key, "templateRef.name"))
        return object_name_of(facts->template_of);
    if (str_is(key, "phase"))
        return str_of(flow_phase_name(facts->phase));
    if (str_is(key, "name"))
        return facts->name;
    if (str_is(key, "id"))
        return str_of(l->id);
    return input_of(facts, key);
}

bool
argo_select(const struct selector *s, const struct argo_facts *facts)
{
    struct looking l = {.facts = facts};

    argo_name_id(facts->workflow, facts->name, l.id, sizeof l.id);
    return selector_matches_fn(s, field_of, &l);
}
