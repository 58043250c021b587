#include "cli/kindverbs.h"

#include <string.h>

#include "base/buf.h"
#include "base/clock.h"
#include "base/err.h"
#include "cli/cli.h"
#include "cli/lint.h"
#include "cli/listtable.h"
#include "cli/manifest.h"
#include "cli/screentime.h"
#include "cli/serverlink.h"
#include "cli/workflows.h"
#include "data/json.h"

static void
put_path(struct buf *to, const struct kindverbs_kind *k, const char *ns, const char *name)
{
    buf_cstr(to, "/apis/argoproj.io/v1alpha1/");
    if (ns != NULL) {
        buf_cstr(to, "namespaces/");
        serverlink_put_escaped(to, str_of(ns));
        buf_char(to, '/');
    }
    buf_cstr(to, k->plural);
    if (name != NULL) {
        buf_char(to, '/');
        serverlink_put_escaped(to, str_of(name));
    }
}

/* NULL: the kind has none. */
static const char *
namespace_of(const struct kindverbs *v)
{
    return v->kind->of_cluster ? NULL : workflows_namespace(v->c);
}

int
kindverbs_ask(struct kindverbs *v, const char *method, const char *name, const struct json *body,
              struct json_doc **ret, struct err *e)
{
    cleanup_buf struct buf path = BUF_INIT;

    put_path(&path, v->kind, namespace_of(v), name);
    return serverlink_call(v->link, method, buf_cstring(&path), body, ret, e);
}

/* What is shown. */

void
kindverbs_put_line(struct buf *to, int width, const char *title, struct str text)
{
    if (text.n > 0)
        buf_printf(to, "%-*s %.*s\n", width, title, STR_ARG(text));
}

void
kindverbs_put_moment(struct buf *to, int width, const char *title, int64_t at_us, int64_t now_us)
{
    cleanup_buf struct buf text = BUF_INIT;

    if (at_us != 0)
        screentime_moment(&text, at_us, now_us);
    kindverbs_put_line(to, width, title, buf_view(&text));
}

static bool
is_document(enum workflowprint_form form)
{
    return form == WORKFLOWPRINT_JSON || form == WORKFLOWPRINT_YAML || form == WORKFLOWPRINT_NAME;
}

static void
show(struct kindverbs *v, const struct json *object)
{
    cleanup_buf struct buf text = BUF_INIT;

    if (is_document(v->form)) {
        workflowprint(v->c, object, v->form);
        return;
    }
    v->kind->screen(&text, object, clock_wall_us(&clock_machine));
    fwrite(text.p, 1, text.n, v->c->out);
}

static void
show_table(struct kindverbs *v, const struct json *items, bool spaces)
{
    struct listtable t = {.n = spaces ? 1 : 0};
    size_t first = t.n;

    for (const char *const *h = v->kind->heads; *h != NULL; h++)
        t.n++;
    if (spaces)
        listtable_cell(&t, 0, STR("NAMESPACE"));
    for (size_t i = first; i < t.n; i++)
        listtable_cell(&t, i, str_of(v->kind->heads[i - first]));
    JSON_EACH (it, items) {
        if (spaces)
            listtable_cell(&t, 0, json_str(json_at_path(it.value, "metadata.namespace")));
        v->kind->row(&t, first, it.value, clock_wall_us(&clock_machine));
    }
    listtable_write(&t, v->c->out);
}

/* Verbs. */

int
kindverbs_list(struct kindverbs *v, const char *none, struct err *e)
{
    bool spaces = !v->kind->of_cluster && option_switch(v->c->options, "all-namespaces", false);
    const char *selector = option_value(v->c->options, "selector");
    cleanup_json struct json_doc *found = NULL;
    cleanup_buf struct buf path = BUF_INIT;
    const struct json *items;

    (void)none;
    put_path(&path, v->kind, spaces ? NULL : namespace_of(v), NULL);
    if (selector != NULL) {
        buf_cstr(&path, "?labelSelector=");
        serverlink_put_escaped(&path, str_of(selector));
    }
    if (serverlink_call(v->link, "GET", buf_cstring(&path), NULL, &found, e) < 0)
        return e->code;
    items = json_get(json_root(found), "items");
    if (v->form == WORKFLOWPRINT_NAME) {
        JSON_EACH (it, items)
            workflowprint(v->c, it.value, v->form);
    } else if (is_document(v->form)) {
        workflowprint(v->c, items, v->form);
    } else {
        show_table(v, items, spaces);
    }
    return 0;
}

int
kindverbs_get(struct kindverbs *v, const char *name, struct err *e)
{
    cleanup_json struct json_doc *found = NULL;

    if (kindverbs_ask(v, "GET", name, NULL, &found, e) < 0)
        return e->code;
    show(v, json_root(found));
    return 0;
}

static int
create_object(struct kindverbs *v, const struct json *object, struct json_doc **ret, struct err *e)
{
    return kindverbs_ask(v, "POST", NULL, object, ret, e);
}

/* The object with the version of the one that is there, which it replaces. */
static int
update_object(struct kindverbs *v, const struct json *object, struct json_doc **ret, struct err *e)
{
    const char *name = json_cstr_or(json_at_path(object, "metadata.name"), "");
    cleanup_json struct json_doc *found = NULL, *next = NULL;
    struct json_build b = JSON_BUILD_INIT;

    if (kindverbs_ask(v, "GET", name, NULL, &found, e) < 0)
        return e->code;
    json_add_object(&b, NULL);
    json_add_fields(&b, object, (const char *const[]){"metadata", NULL});
    json_add_object(&b, "metadata");
    json_add_fields(&b, json_get(object, "metadata"),
                    (const char *const[]){"resourceVersion", NULL});
    json_add_value(&b, "resourceVersion",
                   json_at_path(json_root(found), "metadata.resourceVersion"));
    json_end(&b);
    json_end(&b);
    next = json_build_done(&b);
    return kindverbs_ask(v, "PUT", name, json_root(next), ret, e);
}

typedef int send_object(struct kindverbs *v, const struct json *object, struct json_doc **ret,
                        struct err *e);

static int
send_one(struct kindverbs *v, const struct manifest_object *o, send_object *send, struct err *e)
{
    cleanup_json struct json_doc *adapted = NULL, *made = NULL;

    if (!str_is(o->kind, v->kind->kind))
        return err_set(e, ERR_INVALID, "this is a %.*s: expected a %s", STR_ARG(o->kind),
                       v->kind->kind);
    if ((v->kind->adapt != NULL && v->kind->adapt(v->c, o->value, &adapted, e) < 0) ||
        send(v, adapted != NULL ? json_root(adapted) : o->value, &made, e) < 0)
        return e->code;
    show(v, json_root(made));
    return 0;
}

/* What is wrong is told before the server is asked. */
static int
send_file(struct kindverbs *v, const char *file, send_object *send, struct err *e)
{
    const char *strict = option_value(v->c->options, "strict");
    struct lint_options how = {.strict = strict == NULL || strcmp(strict, "false") != 0,
                               .has_server = true};
    cleanup_manifest struct manifest m = MANIFEST_INIT;

    if (manifest_read(&m, file, e) < 0)
        return e->code;
    if (lint_submission(&m, &how, v->c->err) != CLI_OK)
        return err_set(e, ERR_INVALID, "%s is not sent", file);
    for (size_t i = 0; i < m.n; i++) {
        for (size_t k = 0; k < m.files[i].n; k++) {
            if (send_one(v, &m.files[i].objects[k], send, e) < 0)
                return e->code;
        }
    }
    return 0;
}

int
kindverbs_create(struct kindverbs *v, const char *file, struct err *e)
{
    return send_file(v, file, create_object, e);
}

int
kindverbs_update(struct kindverbs *v, const char *file, struct err *e)
{
    return send_file(v, file, update_object, e);
}

static int
delete_one(struct kindverbs *v, const char *name, struct err *e)
{
    cleanup_json struct json_doc *after = NULL;

    if (kindverbs_ask(v, "DELETE", name, NULL, &after, e) < 0)
        return e->code;
    fprintf(v->c->out, "%s '%s' deleted\n", v->kind->kind, name);
    return 0;
}

int
kindverbs_delete(struct kindverbs *v, const char *name, struct err *e)
{
    cleanup_json struct json_doc *found = NULL;

    if (name != NULL)
        return delete_one(v, name, e);
    if (kindverbs_ask(v, "GET", NULL, NULL, &found, e) < 0)
        return e->code;
    JSON_EACH (it, json_get(json_root(found), "items")) {
        if (delete_one(v, workflow_name(it.value), e) < 0)
            return e->code;
    }
    return 0;
}

int
kindverbs_lint(struct cli *c, const struct kindverbs_kind *kind)
{
    return lint_operands(c, 1, kind->plural, false);
}

/* The command. */

static const struct kindverbs_verb *
verb_named(const struct kindverbs_verb *verbs, const char *name)
{
    for (; verbs->name != NULL; verbs++) {
        if (strcmp(name, verbs->name) == 0)
            return verbs;
    }
    return NULL;
}

static int
no_verb(struct cli *c, const char *given)
{
    const char *const *names = c->command->choices;
    const char *nearest;
    size_t n = 0;

    while (names[n] != NULL)
        n++;
    nearest = option_nearest(given, names, n);
    if (nearest == NULL)
        return cli_usage(c, "there is no '%s %s'", c->command->name, given);
    return cli_usage(c, "there is no '%s %s'; did you mean '%s'?", c->command->name, given,
                     nearest);
}

const char *const kindverbs_forms[] = {"json", "yaml",   "name",   "short",
                                       "wide", "pretty", "simple", NULL};

/* Whether the verb is to run once, for no operand: that is `list`, or `delete --all`. */
static bool
runs_once(const struct kindverbs *v, const struct kindverbs_verb *verb)
{
    return verb->operands == NULL ||
           (verb->run == kindverbs_delete && option_switch(v->c->options, "all", false));
}

static int
run_verb(struct kindverbs *v, const struct kindverbs_verb *verb, struct err *e)
{
    if (runs_once(v, verb))
        return verb->run(v, NULL, e);
    for (size_t i = 1; i < option_operand_count(v->c->options); i++) {
        if (verb->run(v, option_operand(v->c->options, i), e) < 0)
            return e->code;
    }
    return 0;
}

int
kindverbs_run(struct cli *c, const struct kindverbs_kind *k, const struct kindverbs_verb *verbs)
{
    const struct kindverbs_verb *verb = verb_named(verbs, option_operand(c->options, 0));
    cleanup_serverlink struct serverlink *link = NULL;
    size_t n = option_operand_count(c->options);
    struct kindverbs v = {.c = c, .kind = k};
    struct err e = ERR_INIT;

    if (verb == NULL)
        return no_verb(c, option_operand(c->options, 0));
    if (runs_once(&v, verb) && n > 1)
        return cli_usage(c, "%s takes no argument", verb->name);
    if (!runs_once(&v, verb) && n == 1)
        return cli_usage(c, "%s: expected %s", verb->name, verb->operands);
    if (verb->run_local != NULL)
        return verb->run_local(c, k);
    if (!workflowprint_form(c, &v.form))
        return CLI_USAGE;
    if (serverlink_open(c, &link, &e) < 0)
        return cli_fail(c, &e);
    v.link = link;
    if (run_verb(&v, verb, &e) < 0)
        return cli_fail(c, &e);
    return v.bad ? CLI_FAILED : CLI_OK;
}
