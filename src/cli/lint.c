#include "cli/lint.h"

#include <stdlib.h>
#include <string.h>

#include "base/buf.h"
#include "base/err.h"
#include "base/log.h"
#include "base/map.h"
#include "base/vec.h"
#include "cli/cli.h"
#include "cli/manifest.h"
#include "cli/option.h"
#include "data/json.h"
#include "flow/argo/validate.h"
#include "schema/check.h"
#include "schema/problem.h"
#include "schema/schema.h"

#define ARGO_VERSION "argoproj.io/v1alpha1"

/* Names under which --kinds knows a kind. */
static const struct {
    const char *kind;
    const char *names[6];
} kinds[] = {
    {"Workflow", {"workflows", "workflow", "wf"}},
    {"WorkflowTemplate", {"workflowtemplates", "workflowtemplate", "wftmpl"}},
    {"ClusterWorkflowTemplate",
     {"clusterworkflowtemplates", "clusterworkflowtemplate", "clusterwftmpl", "cwftmpl", "cwft"}},
    {"CronWorkflow", {"cronworkflows", "cronworkflow", "cronwf", "cwf"}},
};

/* One line of the report. */
struct finding {
    const struct problem *problem;
    const struct manifest_object *object; /* NULL: the file as a whole */
    size_t order;                         /* of discovery */
};

struct lint {
    const struct lint_options *options;
    struct manifest *manifest;
    struct map templates; /* "n/NAME", "c/NAME" to object */
    struct lint_result result;
};

static bool
is_kind_name(size_t kind, struct str name)
{
    for (size_t i = 0; i < ARRAY_LEN(kinds[kind].names); i++)
        if (kinds[kind].names[i] != NULL && str_is(name, kinds[kind].names[i]))
            return true;
    return false;
}

static bool
kind_wanted(const struct lint_options *options, struct str kind)
{
    struct str rest = str_of(options->kinds);

    if (options->kinds == NULL)
        return true;
    while (rest.p != NULL) {
        struct str name = str_cut(&rest, ',');

        if (str_is(name, "all"))
            return true;
        for (size_t i = 0; i < ARRAY_LEN(kinds); i++)
            if (str_is(kind, kinds[i].kind) && is_kind_name(i, name))
                return true;
    }
    return false;
}

static void
template_key(struct buf *key, bool cluster, struct str name)
{
    buf_clear(key);
    buf_printf(key, "%c/%.*s", cluster ? 'c' : 'n', STR_ARG(name));
}

static void
collect_templates(struct lint *l)
{
    cleanup_buf struct buf key = BUF_INIT;

    for (size_t i = 0; i < l->manifest->n; i++)
        for (size_t k = 0; k < l->manifest->files[i].n; k++) {
            struct manifest_object *o = &l->manifest->files[i].objects[k];
            bool cluster = str_is(o->kind, "ClusterWorkflowTemplate");

            if (!cluster && !str_is(o->kind, "WorkflowTemplate"))
                continue;
            template_key(&key, cluster, o->name);
            map_put(&l->templates, buf_view(&key), o);
        }
}

static const struct json *
fetch(void *arg, bool cluster, struct str name)
{
    struct lint *l = arg;
    cleanup_buf struct buf key = BUF_INIT;
    const struct manifest_object *o;

    template_key(&key, cluster, name);
    o = map_get(&l->templates, buf_view(&key));
    return o != NULL ? o->value : NULL;
}

/* A kind that no table knows: within Argo's group that is a mistake, elsewhere somebody else's. */
static void
unknown_kind(const struct manifest_object *o, struct problems *ps)
{
    const char *names[ARRAY_LEN(kinds)];
    cleanup_free char *given = str_dup(o->kind);
    const char *nearest;

    for (size_t i = 0; i < ARRAY_LEN(kinds); i++)
        names[i] = kinds[i].kind;
    nearest = option_nearest(given, names, ARRAY_LEN(names));
    if (str_starts(o->api_version, STR("argoproj.io/")))
        problems_add(ps, PROBLEM_INVALID, o->doc, json_get(o->value, "kind"),
                     "no kind %s in %.*s%s%s%s", given, STR_ARG(o->api_version),
                     nearest != NULL ? " (did you mean " : "", nearest != NULL ? nearest : "",
                     nearest != NULL ? "?)" : "");
    else
        problems_add(ps, PROBLEM_WARNING, o->doc, json_get(o->value, "kind"),
                     "%.*s %s is not known here and was not checked", STR_ARG(o->api_version),
                     given);
}

static void
check_object(struct lint *l, const struct manifest_object *o, struct problems *ps)
{
    const struct schema *schema = schema_lookup(o->api_version, o->kind);
    const struct validate_options options = {
        .mode = l->options->submit ? VALIDATE_SUBMIT : VALIDATE_LINT,
        .given = l->options->given,
        .allow_unknown = !l->options->strict,
        .skip_unfetched = !l->options->offline && (!l->options->submit || l->options->has_server),
        .fetch = fetch,
        .fetch_arg = l,
    };
    bool workflow = false;

    for (size_t i = 0; i < ARRAY_LEN(kinds); i++)
        workflow |= str_is(o->kind, kinds[i].kind);
    if (schema == NULL)
        unknown_kind(o, ps);
    else if (workflow && str_is(o->api_version, ARGO_VERSION))
        validate_object(o->doc, o->value, &options, ps);
    else
        check_value(schema, o->doc, o->value,
                    CHECK_IGNORE_REQUIRED | (l->options->strict ? 0 : CHECK_IGNORE_UNKNOWN), ps);
}

static int
by_place(const void *a, const void *b)
{
    const struct finding *x = a, *y = b;

    if (x->problem->line != y->problem->line)
        return x->problem->line < y->problem->line ? -1 : 1;
    if (x->problem->col != y->problem->col)
        return x->problem->col < y->problem->col ? -1 : 1;
    return (x->order > y->order) - (x->order < y->order);
}

static void
print_finding(const struct lint *l, const char *file, const struct finding *f, FILE *out)
{
    bool warning = f->problem->kind == PROBLEM_WARNING;
    bool color = l->options->color;
    cleanup_buf struct buf place = BUF_INIT, who = BUF_INIT;

    buf_cstr(&place, file);
    if (f->problem->line > 0)
        buf_printf(&place, ":%d:%d", f->problem->line, f->problem->col);
    if (f->object != NULL)
        buf_printf(&who, "in \"%.*s\" (%.*s): ", STR_ARG(f->object->name),
                   STR_ARG(f->object->kind));
    if (l->options->simple)
        fprintf(out, "%s: %s%s%s\n", buf_cstring(&place), warning ? "warning: " : "",
                buf_cstring(&who), f->problem->text);
    else
        fprintf(out, "   %s%s%s %s%s (%s)\n", color_code(color, warning ? COLOR_YELLOW : COLOR_RED),
                warning ? "\xe2\x9a\xa0" : "\xe2\x9c\x96", color_code(color, COLOR_PLAIN),
                buf_cstring(&who), f->problem->text, buf_cstring(&place));
}

typedef VEC(struct finding) findings;

static void
collect(struct lint *l, findings *all, const struct problems *ps,
        const struct manifest_object *object)
{
    for (size_t i = 0; i < ps->n; i++)
        vec_push(all, ((struct finding){&ps->at[i], object, all->n}));
    l->result.errors += problems_errors(ps) + ps->dropped;
    l->result.warnings += ps->n - problems_errors(ps);
}

static void
print_file(struct lint *l, const struct manifest_file *file, findings *all, size_t dropped,
           FILE *out)
{
    if (all->n == 0)
        return;
    qsort(all->at, all->n, sizeof(all->at[0]), by_place);
    if (!l->options->simple)
        fprintf(out, "%s%s%s:\n", color_code(l->options->color, COLOR_BOLD), file->path,
                color_code(l->options->color, COLOR_PLAIN));
    for (size_t i = 0; i < all->n; i++)
        print_finding(l, file->path, &all->at[i], out);
    if (dropped > 0)
        fprintf(out, "%s%s... and %zu more\n", l->options->simple ? file->path : "   ",
                l->options->simple ? ": " : "", dropped);
    if (!l->options->simple)
        fputc('\n', out);
}

static void
lint_file(struct lint *l, struct manifest_file *file, FILE *out)
{
    struct problems *found = NEW_ARRAY(struct problems, file->n + 1);
    size_t dropped = file->problems.dropped;
    findings all = VEC_INIT;

    if (l->options->submit && file->n == 0 && file->problems.n == 0)
        problems_add(&file->problems, PROBLEM_REQUIRED, NULL, NULL,
                     "there is no object in this file");
    collect(l, &all, &file->problems, NULL);
    for (size_t i = 0; i < file->n; i++) {
        const struct manifest_object *o = &file->objects[i];

        if (!kind_wanted(l->options, o->kind))
            continue;
        l->result.objects++;
        check_object(l, o, &found[i]);
        collect(l, &all, &found[i], o);
        dropped += found[i].dropped;
    }
    print_file(l, file, &all, dropped, out);
    vec_done(&all);
    for (size_t i = 0; i < file->n; i++)
        problems_done(&found[i]);
    free(found);
}

struct lint_result
lint_manifest(struct manifest *m, const struct lint_options *options, FILE *out)
{
    struct lint l = {.options = options, .manifest = m, .templates = MAP_INIT};

    collect_templates(&l);
    for (size_t i = 0; i < m->n; i++)
        lint_file(&l, &m->files[i], out);
    map_done(&l.templates);
    return l.result;
}

int
lint_submission(struct manifest *m, const struct lint_options *options, FILE *err)
{
    struct lint_options own = *options;
    struct lint_result result;
    char *text = NULL;
    size_t size;
    FILE *to = open_memstream(&text, &size);

    CHECK(to != NULL);
    own.simple = own.submit = true;
    result = lint_manifest(m, &own, to);
    fclose(to);
    if (result.errors != 0)
        fputs(text, err);
    free(text);
    return result.errors == 0 ? CLI_OK : CLI_FAILED;
}

static int
finish(struct cli *c, const struct lint_result *r)
{
    const char *bad = color_code(c->out_color, COLOR_RED);
    const char *plain = color_code(c->out_color, COLOR_PLAIN);

    if (r->errors > 0) {
        fprintf(c->out, "%s\xe2\x9c\x96%s %zu linting errors found!\n", bad, plain, r->errors);
        return CLI_FAILED;
    }
    if (r->objects == 0) {
        fprintf(c->out,
                "%s\xe2\x9c\x96%s found nothing to lint in the specified paths, failing...\n", bad,
                plain);
        return CLI_FAILED;
    }
    fprintf(c->out, "%s\xe2\x9c\x94%s no linting errors found!\n",
            color_code(c->out_color, COLOR_GREEN), plain);
    return CLI_OK;
}

/* Every name in --kinds must be one. */
static int
check_kinds(struct cli *c, const char *given)
{
    struct str rest = str_of(given);

    while (rest.p != NULL) {
        struct str name = str_cut(&rest, ',');
        bool known = str_is(name, "all");

        for (size_t i = 0; i < ARRAY_LEN(kinds); i++)
            known |= is_kind_name(i, name);
        if (!known)
            return cli_usage(c,
                             "--kinds: '%.*s' is none of workflows, workflowtemplates, "
                             "cronworkflows, clusterworkflowtemplates and all",
                             STR_ARG(name));
    }
    return CLI_OK;
}

int
lint_operands(struct cli *c, size_t first, const char *which, bool offline)
{
    const char *output = option_value(c->options, "output");
    const char *strict = option_value(c->options, "strict");
    const struct lint_options options = {
        .strict = strict == NULL || strcmp(strict, "true") == 0,
        .simple = output != NULL && strcmp(output, "simple") == 0,
        .color = c->out_color,
        .kinds = which,
        .offline = offline,
    };
    cleanup_manifest struct manifest m = MANIFEST_INIT;
    struct lint_result result;
    struct err e = ERR_INIT;

    if (output != NULL && !options.simple && strcmp(output, "pretty") != 0)
        return cli_usage(c, "--output: '%s' is neither pretty nor simple", output);
    if (!options.strict && strcmp(strict, "false") != 0)
        return cli_usage(c, "--strict: '%s' is neither true nor false", strict);
    if (check_kinds(c, options.kinds) != CLI_OK)
        return CLI_USAGE;
    for (size_t i = first; i < option_operand_count(c->options); i++)
        if (manifest_read(&m, option_operand(c->options, i), &e) < 0)
            return cli_fail(c, &e);
    result = lint_manifest(&m, &options, c->out);
    return finish(c, &result);
}

static int
lint_run(struct cli *c)
{
    return lint_operands(c, 0, option_value(c->options, "kinds"),
                         option_switch(c->options, "offline", false));
}

const char *const lint_booleans[] = {"true", "false", NULL};
const char *const lint_formats[] = {"pretty", "simple", NULL};

static const struct option options_table[] = {
    LINT_STRICT,
    {.name = "output",
     .letter = 'o',
     .argument = "FORMAT",
     .help = "pretty (default), or simple: one line for each problem",
     .choices = lint_formats},
    {.name = "kinds",
     .argument = "KINDS",
     .help = "only these: workflows, workflowtemplates, cronworkflows, clusterworkflowtemplates"},
    {.name = "offline", .help = "templates that none of the files has are errors"},
    OPTION_END,
};

const struct cli_command lint_command = {
    .name = "lint",
    .arguments = "FILE...",
    .help = "check workflows without running them",
    .details = "FILE is a YAML or JSON file with any number of documents, a directory, or - for\n"
               "standard input.  References to templates are looked for in all files given.",
    .options = options_table,
    .min_operands = 1,
    .max_operands = CLI_ANY,
    .run = lint_run,
};
