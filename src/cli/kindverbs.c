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

static void
show(struct kindverbs *v, const struct json *object)
{
    cleanup_buf struct buf text = BUF_INIT;

    if (v->form != WORKFLOWPRINT_SCREEN) {
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
    cleanup_json struct json_doc *found = NULL;
    cleanup_buf struct buf path = BUF_INIT;
    const struct json *items;

    (void)none;
    put_path(&path, v->kind, spaces ? NULL : namespace_of(v), NULL);
    if (serverlink_call(v->link, "GET", buf_cstring(&path), NULL, &found, e) < 0)
        return e->code;
    items = json_get(json_root(found), "items");
    if (v->form == WORKFLOWPRINT_NAME) {
        JSON_EACH (it, items)
            workflowprint(v->c, it.value, v->form);
    } else if (v->form != WORKFLOWPRINT_SCREEN) {
        workflowprint(v->c, items, v->form);
    } else if (json_count(items) == 0) {
        fprintf(v->c->out, "%s\n", v->kind->none);
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
create_object(struct kindverbs *v, const struct manifest_object *o, struct err *e)
{
    cleanup_json struct json_doc *made = NULL;

    if (!str_is(o->kind, v->kind->kind))
        return err_set(e, ERR_INVALID, "this is a %.*s: expected a %s", STR_ARG(o->kind),
                       v->kind->kind);
    if (kindverbs_ask(v, "POST", NULL, o->value, &made, e) < 0)
        return e->code;
    show(v, json_root(made));
    return 0;
}

int
kindverbs_create(struct kindverbs *v, const char *file, struct err *e)
{
    struct lint_options how = {.strict = true, .has_server = true};
    cleanup_manifest struct manifest m = MANIFEST_INIT;

    if (manifest_read(&m, file, e) < 0)
        return e->code;
    if (lint_submission(&m, &how, v->c->err) != CLI_OK)
        return err_set(e, ERR_INVALID, "%s is not sent", file);
    for (size_t i = 0; i < m.n; i++) {
        for (size_t k = 0; k < m.files[i].n; k++) {
            if (create_object(v, &m.files[i].objects[k], e) < 0)
                return e->code;
        }
    }
    return 0;
}

int
kindverbs_delete(struct kindverbs *v, const char *name, struct err *e)
{
    cleanup_json struct json_doc *after = NULL;

    if (kindverbs_ask(v, "DELETE", name, NULL, &after, e) < 0)
        return e->code;
    fprintf(v->c->out, "%s '%s' deleted\n", v->kind->kind, name);
    return 0;
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
    if (!workflowprint_form(c, &v.form))
        return CLI_USAGE;
    if (verb->operands == NULL && n > 1)
        return cli_usage(c, "%s takes no argument", verb->name);
    if (verb->operands != NULL && n == 1)
        return cli_usage(c, "%s: expected %s", verb->name, verb->operands);
    if (serverlink_open(c, &link, &e) < 0)
        return cli_fail(c, &e);
    v.link = link;
    if (verb->operands == NULL && verb->run(&v, NULL, &e) < 0)
        return cli_fail(c, &e);
    for (size_t i = 1; i < n; i++) {
        if (verb->run(&v, option_operand(c->options, i), &e) < 0)
            return cli_fail(c, &e);
    }
    return CLI_OK;
}
