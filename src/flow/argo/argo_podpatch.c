#include "flow/argo/argo_podpatch.h"

#include "base/err.h"
#include "data/json.h"
#include "data/yaml.h"
#include "flow/argo/argo_scope.h"
#include "schema/merge.h"
#include "schema/schema.h"

static int
patch_once(struct argo_scope *s, const struct json *patch, struct json_doc **spec, struct err *e)
{
    cleanup_free char *text = NULL;
    cleanup_json struct json_doc *doc = NULL;
    struct json_doc *merged = NULL;

    if (json_str(patch).n == 0)
        return 0;
    if (argo_scope_text_lax(s, json_str(patch), &text, e) < 0)
        return e->code;
    if (yaml_parse_one(str_of(text), NULL, &doc, e) < 0 || json_type(json_root(doc)) != JSON_OBJECT)
        return err_set(e, ERR_INVALID,
                       "Failed to merge the workflow PodSpecPatch with the pod PodSpec due to "
                       "invalid format: %s",
                       e->code != 0 ? e->msg : "it is not an object");
    if (merge_strategic(schema_type(STR("v1"), STR("PodSpec")), json_root(*spec), json_root(doc),
                        &merged, e) < 0)
        return err_wrap(e, "Error applying PodSpecPatch");
    json_doc_unref(*spec);
    *spec = merged;
    return 0;
}

int
argo_podpatch(struct argo_scope *s, const struct json *of_workflow, const struct json *own,
              struct json_doc **pod, struct err *e)
{
    cleanup_json struct json_doc *spec = NULL;
    struct json_build b = JSON_BUILD_INIT;

    if (json_str(of_workflow).n == 0 && json_str(own).n == 0)
        return 0;
    spec = json_copy(json_get(json_root(*pod), "spec"));
    if (patch_once(s, of_workflow, &spec, e) < 0 || patch_once(s, own, &spec, e) < 0)
        return e->code;
    json_add_object(&b, NULL);
    json_add_fields(&b, json_root(*pod), (const char *const[]){"spec", NULL});
    json_add_value(&b, "spec", json_root(spec));
    json_end(&b);
    json_doc_unref(*pod);
    *pod = json_build_done(&b);
    return 0;
}
