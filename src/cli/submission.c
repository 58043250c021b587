#include "cli/submission.h"

#include "base/err.h"
#include "base/str.h"
#include "cli/cli.h"
#include "cli/run_load.h"
#include "cli/workflowprint.h"
#include "cli/workflows.h"
#include "data/json.h"
#include "data/timestamp.h"

#define SCHEDULED_TIME "workflows.argoproj.io/scheduled-time"

int
submission_check(const struct cli *c, enum workflowprint_form form, struct err *e)
{
    static const char *const pairs[][2] = {
        {"wait", "watch"},         {"watch", "dry-run"},          {"watch", "server-dry-run"},
        {"wait", "dry-run"},       {"wait", "server-dry-run"},    {"log", "dry-run"},
        {"log", "server-dry-run"}, {"dry-run", "server-dry-run"},
    };
    const char *scheduled = option_value(c->options, "scheduled-time");
    int64_t us;

    for (size_t i = 0; i < ARRAY_LEN(pairs); i++) {
        if (option_switch(c->options, pairs[i][0], false) &&
            option_switch(c->options, pairs[i][1], false))
            return err_set(e, ERR_BADREQUEST, "--%s cannot be combined with --%s", pairs[i][0],
                           pairs[i][1]);
    }
    for (size_t i = 0; i < 2; i++) {
        const char *dry = i == 0 ? "dry-run" : "server-dry-run";

        if (option_switch(c->options, dry, false) && form == WORKFLOWPRINT_SCREEN)
            return err_set(e, ERR_BADREQUEST, "--%s should have an output option", dry);
    }
    if (scheduled != NULL && timestamp_parse(str_of(scheduled), &us, e) < 0)
        return err_wrap(e, "--scheduled-time");
    return 0;
}

/* The value of the next label of "a=b,c=d"; its name becomes *ret_name.  STR_NULL at the end. */
static struct str
next_label(struct str *rest, struct str *ret_name)
{
    struct str value;

    if (rest->p == NULL)
        return STR_NULL;
    value = str_cut(rest, ',');
    *ret_name = str_trim(str_cut(&value, '='));
    return value.p != NULL ? str_trim(value) : STR_NULL;
}

static bool
names(const char *labels, struct str name)
{
    struct str rest = str_of(labels), given = STR_NULL;

    while (next_label(&rest, &given).p != NULL) {
        if (str_eq(given, name))
            return true;
    }
    return false;
}

/* The old ones, with those of the text in the place of their like. */
static int
add_labels(struct json_build *b, const struct json *old, const char *text, struct err *e)
{
    struct str rest = str_of(text), name = STR_NULL;

    json_add_object(b, "labels");
    JSON_EACH (it, old) {
        if (names(text, it.key))
            continue;
        json_add_key(b, it.key);
        json_add_value(b, NULL, it.value);
    }
    while (rest.p != NULL) {
        struct str value = next_label(&rest, &name);

        if (name.n == 0 || value.p == NULL)
            return err_set(e, ERR_BADREQUEST, "labels '%s' are not of the form NAME=VALUE,...",
                           text);
        json_add_key(b, name);
        json_add_str(b, NULL, value);
    }
    json_end(b);
    return 0;
}

static int
add_metadata(struct json_build *b, const struct cli *c, const struct json *old, struct err *e)
{
    const char *name = option_value(c->options, "name");
    const char *prefix = option_value(c->options, "generate-name");
    const char *labels = option_value(c->options, "labels");
    const char *scheduled = option_value(c->options, "scheduled-time");

    json_add_object(b, "metadata");
    json_add_fields(b, old,
                    (const char *const[]){labels != NULL ? "labels" : "",
                                          name != NULL ? "name" : "",
                                          name != NULL || prefix != NULL ? "generateName" : "",
                                          scheduled != NULL ? "annotations" : "", NULL});
    if (name != NULL)
        json_add_cstr(b, "name", name);
    else if (prefix != NULL)
        json_add_cstr(b, "generateName", prefix);
    if (scheduled != NULL) {
        json_add_object(b, "annotations");
        json_add_fields(b, json_get(old, "annotations"),
                        (const char *const[]){SCHEDULED_TIME, NULL});
        json_add_cstr(b, SCHEDULED_TIME, scheduled);
        json_end(b);
    }
    if (labels != NULL && add_labels(b, json_get(old, "labels"), labels, e) < 0)
        return e->code;
    json_end(b);
    return 0;
}

static int
add_spec(struct json_build *b, const struct cli *c, const struct json *old, struct err *e)
{
    const char *account = option_value(c->options, "serviceaccount");
    const char *priority = option_value(c->options, "priority");

    json_add_object(b, "spec");
    json_add_fields(b, old,
                    (const char *const[]){account != NULL ? "serviceAccountName" : "",
                                          priority != NULL ? "priority" : "", NULL});
    if (account != NULL)
        json_add_cstr(b, "serviceAccountName", account);
    if (workflows_add_priority(c, b, e) < 0)
        return e->code;
    json_end(b);
    return 0;
}

int
submission_adapt(const struct cli *c, const struct json *workflow, struct json_doc **ret,
                 struct err *e)
{
    cleanup_json_build struct json_build b = JSON_BUILD_INIT;

    json_add_object(&b, NULL);
    json_add_fields(&b, workflow, (const char *const[]){"metadata", "spec", NULL});
    if (add_metadata(&b, c, json_get(workflow, "metadata"), e) < 0 ||
        add_spec(&b, c, json_get(workflow, "spec"), e) < 0)
        return e->code;
    json_end(&b);
    *ret = json_build_done(&b);
    return 0;
}

/* --from. */

static void
add_option(struct json_build *b, const struct cli *c, const char *key, const char *option)
{
    const char *given = option_value(c->options, option);

    if (given != NULL)
        json_add_cstr(b, key, given);
}

int
submission_from(const struct cli *c, const struct run_load *load, struct json_doc **ret,
                struct err *e)
{
    const char *scheduled = option_value(c->options, "scheduled-time");
    struct str name = str_of(option_value(c->options, "from")), kind = str_cut(&name, '/');
    cleanup_json_build struct json_build b = JSON_BUILD_INIT;

    if (kind.n == 0 || name.n == 0)
        return err_set(e, ERR_BADREQUEST, "--from '%s': expected KIND/NAME",
                       option_value(c->options, "from"));
    json_add_object(&b, NULL);
    json_add_str(&b, "resourceKind", kind);
    json_add_str(&b, "resourceName", name);
    json_add_object(&b, "submitOptions");
    add_option(&b, c, "name", "name");
    add_option(&b, c, "generateName", "generate-name");
    add_option(&b, c, "entryPoint", "entrypoint");
    add_option(&b, c, "labels", "labels");
    add_option(&b, c, "serviceAccount", "serviceaccount");
    if (scheduled != NULL)
        json_add_printf(&b, "annotations", SCHEDULED_TIME "=%s", scheduled);
    if (workflows_add_priority(c, &b, e) < 0)
        return e->code;
    json_add_bool(&b, "dryRun", option_switch(c->options, "dry-run", false));
    json_add_bool(&b, "serverDryRun", option_switch(c->options, "server-dry-run", false));
    run_load_add_texts(load, &b);
    json_end(&b);
    json_end(&b);
    *ret = json_build_done(&b);
    return 0;
}
