/*
 * validate_dag - a DAG's tasks: names, dependencies, cycles, targets, and what each may refer to.
 *
 * A task may use the outputs of tasks it depends on, directly or not.  Who depends on whom is
 * answered by a search from the task, made only for names that it mentions; the searches of one DAG
 * share a budget, so that a hostile manifest cannot make them expensive.  Nothing here recurses
 * along dependencies: a chain may be as long as the manifest.
 */
#include <stdio.h>

#include "base/buf.h"
#include "base/err.h"
#include "data/json.h"
#include "data/tag.h"
#include "flow/argo/depends.h"
#include "flow/argo/validate_int.h"

enum { SEARCH_BUDGET = 20 * 1000 * 1000, CYCLE_SHOWN = 20 };

enum color { WHITE, GRAY, BLACK };

struct task {
    const struct json *json;
    struct str name;
    struct depends *depends; /* NULL if it could not be read */
    size_t *before;          /* numbers of the tasks it depends on */
    size_t before_count;
    enum color color; /* of the search for cycles */
    size_t mark;      /* the last search that came by */
};

struct dag {
    struct validate *v;
    const struct visit *at;
    struct task *tasks;
    size_t n;
    struct map by_name; /* to number + 1 */
    bool uses_depends;
    size_t searches, budget;
};

static const char *
task_where(struct dag *d, const struct task *t)
{
    return validate_text(d->v, "templates.%.*s.tasks.%.*s ", STR_ARG(d->at->name),
                         STR_ARG(t->name));
}

static struct task *
find_task(struct dag *d, struct str name)
{
    uintptr_t at = (uintptr_t)map_get(&d->by_name, name);

    return at != 0 ? &d->tasks[at - 1] : NULL;
}

static void
open_dag(struct dag *d, const struct json *tasks)
{
    d->tasks = ARENA_ARRAY(&d->v->arena, struct task, json_count(tasks) + 1);
    d->budget = SEARCH_BUDGET;
    JSON_EACH (it, tasks) {
        struct task *t = &d->tasks[d->n++];

        t->json = it.value;
        t->name = json_str(json_get(it.value, "name"));
        d->uses_depends |= json_str(json_get(it.value, "depends")).n > 0;
        if (t->name.n > 0 && map_get(&d->by_name, t->name) == NULL)
            map_put(&d->by_name, t->name, (void *)(uintptr_t)d->n);
    }
}

static void
close_dag(struct dag *d)
{
    for (size_t i = 0; i < d->n; i++)
        depends_free(d->tasks[i].depends);
    map_done(&d->by_name);
}

static void
check_style(struct dag *d, const struct task *t)
{
    const struct json *dependencies = json_get(t->json, "dependencies");
    const struct json *go_on = json_get(t->json, "continueOn");
    struct str template = d->at->name;

    if ((d->uses_depends || json_count(dependencies) > 0) && t->name.n > 0 && t->name.p[0] >= '0' &&
        t->name.p[0] <= '9')
        validate_say(d->v, d->at->origin, json_get(t->json, "name"),
                     "%sname cannot begin with a digit when using either 'depends' or "
                     "'dependencies'",
                     task_where(d, t));
    if (d->uses_depends && json_count(dependencies) > 0)
        validate_say(d->v, d->at->origin, dependencies,
                     "templates.%.*s cannot use both 'depends' and 'dependencies' in the same DAG "
                     "template",
                     STR_ARG(template));
    if (d->uses_depends && !json_is_null(go_on))
        validate_say(d->v, d->at->origin, go_on,
                     "templates.%.*s cannot use 'continueOn' when using 'depends'. Instead use "
                     "'dep-task.Failed'/'dep-task.Errored'",
                     STR_ARG(template));
}

/* Reads what a task depends on and reports tasks that are not there. */
static void
read_depends(struct dag *d, struct task *t)
{
    const struct json *text = json_get(t->json, "depends");
    const struct json *at = !json_is_null(text) ? text : json_get(t->json, "dependencies");
    struct err e = ERR_INIT;

    if (depends_of_task(t->json, &t->depends, &e) < 0) {
        validate_say(d->v, d->at->origin, at, "%s%s", task_where(d, t), e.msg);
        return;
    }
    t->before = ARENA_ARRAY(&d->v->arena, size_t, depends_task_count(t->depends) + 1);
    for (size_t i = 0; i < depends_task_count(t->depends); i++) {
        struct str name = depends_task_at(t->depends, i);
        struct task *before = find_task(d, name);

        if (before == NULL)
            validate_say(d->v, d->at->origin, at, "%sdependency '%.*s' not defined",
                         task_where(d, t), STR_ARG(name));
        else
            t->before[t->before_count++] = (size_t)(before - d->tasks);
        if (before != NULL && depends_task_needs_items(t->depends, i) &&
            !validate_is_loop(before->json))
            validate_say(d->v, d->at->origin, at,
                         "%sdependency '%.*s' uses an items-based condition such as .AnySucceeded "
                         "or .AllFailed but does not contain any items",
                         task_where(d, t), STR_ARG(name));
    }
}

/* One step of the search for cycles: a task, and which of its dependencies comes next. */
struct step {
    size_t task, next;
};

static void
report_cycle(struct dag *d, const struct step *path, size_t n, size_t again)
{
    cleanup_buf struct buf text = BUF_INIT;
    size_t start = n - 1;

    while (start > 0 && path[start].task != again)
        start--;
    for (size_t i = start; i < n; i++) {
        if (i - start == CYCLE_SHOWN && i + 1 < n)
            buf_cstr(&text, "...->");
        if (i - start < CYCLE_SHOWN || i + 1 == n)
            buf_printf(&text, "%.*s->", STR_ARG(d->tasks[path[i].task].name));
    }
    validate_say(d->v, d->at->origin, d->tasks[again].json,
                 "templates.%.*s.tasks dependency cycle detected: %s%.*s", STR_ARG(d->at->name),
                 buf_cstring(&text), STR_ARG(d->tasks[again].name));
}

/* Depth-first with a path of its own; true if it came upon a cycle. */
static bool
search_cycle(struct dag *d, struct step *path, size_t start)
{
    size_t n = 0;

    if (d->tasks[start].color != WHITE)
        return false;
    d->tasks[start].color = GRAY;
    path[n++] = (struct step){start, 0};
    while (n > 0) {
        struct step *top = &path[n - 1];
        struct task *t = &d->tasks[top->task];
        size_t before;

        if (top->next == t->before_count) {
            t->color = BLACK;
            n--;
            continue;
        }
        before = t->before[top->next++];
        if (d->tasks[before].color == GRAY) {
            report_cycle(d, path, n, before);
            return true;
        }
        if (d->tasks[before].color == WHITE) {
            d->tasks[before].color = GRAY;
            path[n++] = (struct step){before, 0};
        }
    }
    return false;
}

static bool
has_cycle(struct dag *d)
{
    struct step *path = ARENA_ARRAY(&d->v->arena, struct step, d->n + 1);

    for (size_t i = 0; i < d->n; i++)
        if (search_cycle(d, path, i))
            return true;
    return false;
}

/* Does `t` depend on `other`, directly or not?  Yes, when the budget is used up. */
static bool
depends_on(struct dag *d, const struct task *t, const struct task *other)
{
    VEC(size_t) todo = VEC_INIT;
    size_t mark = ++d->searches, goal = (size_t)(other - d->tasks);
    bool found = false;

    vec_push(&todo, (size_t)(t - d->tasks));
    while (todo.n > 0 && !found) {
        struct task *here = &d->tasks[vec_pop(&todo)];

        for (size_t i = 0; i < here->before_count && !found; i++) {
            size_t before = here->before[i];

            if (d->budget == 0 || before == goal)
                found = true;
            else if (d->tasks[before].mark != mark) {
                d->budget--;
                d->tasks[before].mark = mark;
                vec_push(&todo, before);
            }
        }
    }
    vec_done(&todo);
    return found;
}

/* The X of a text "{{tasks.X.…}}", or STR_NULL. */
static struct str
referred_task(struct str text)
{
    struct tag_each it = {.text = text};
    struct str rest;

    if (!tag_next(&it) || it.offset != 0 || it.expression || !str_starts(it.name, STR("tasks.")))
        return STR_NULL;
    rest = str_slice(it.name, 6, it.name.n);
    return str_cut(&rest, '.');
}

static void
check_reference(struct dag *d, const struct task *t, const struct json *argument, const char *field,
                const char *what)
{
    struct str name = referred_task(json_str(json_get(argument, field)));
    const struct task *other = find_task(d, name);

    if (name.n > 0 && other != NULL && !depends_on(d, t, other))
        validate_say(d->v, d->at->origin, json_get(argument, field),
                     "%smissing dependency '%.*s' for %s '%.*s'", task_where(d, t), STR_ARG(name),
                     what, STR_ARG(json_str(json_get(argument, "name"))));
}

/* tasks.X.status is for tasks that come behind X, and for X's own hooks. */
static void
add_statuses(struct dag *d, const struct task *t, const struct json *value, struct scope *own)
{
    if (json_type(value) == JSON_STRING) {
        struct tag_each it = {.text = json_str(value)};

        while (tag_next(&it)) {
            struct str name = it.name;
            const struct task *other;

            if (it.expression || !str_starts(name, STR("tasks.")) ||
                !str_ends(name, STR(".status")) || name.n <= 13)
                continue;
            other = find_task(d, str_slice(name, 6, name.n - 7));
            if (other != NULL && (depends_on(d, t, other) ||
                                  (other == t && json_count(json_get(t->json, "hooks")) > 0)))
                scope_add(own, "%.*s", STR_ARG(name));
        }
    }
    JSON_EACH (it, value)
        add_statuses(d, t, it.value, own);
}

static void
check_task(struct dag *d, const struct task *t, const struct scope *scope)
{
    static const char *const except_inline[] = {"inline", NULL};
    const struct json *arguments = json_get(t->json, "arguments");
    cleanup_scope struct scope own = {.parent = scope};
    const char *where = task_where(d, t);

    validate_add_items(d->v, d->at->origin, t->json, &own, where);
    add_statuses(d, t, t->json, &own);
    scope_check(d->v, d->at->origin, &own, t->json, except_inline, where);
    validate_arguments(d->v, d->at->origin, arguments, false,
                       validate_text(d->v, "templates.%.*s.tasks.%.*s.arguments",
                                     STR_ARG(d->at->name), STR_ARG(t->name)));
    JSON_EACH (it, json_get(arguments, "parameters"))
        check_reference(d, t, it.value, "value", "parameter");
    JSON_EACH (it, json_get(arguments, "artifacts"))
        check_reference(d, t, it.value, "from", "artifact");
    validate_call(d->v, d->at->origin, t->json, arguments, where);
    validate_hooks(d->v, d->at->origin, json_get(t->json, "hooks"), where);
}

static void
check_targets(struct dag *d, const struct scope *scope)
{
    const struct json *target = json_at_path(d->at->template, "dag.target");
    struct str rest = json_str(target);

    scope_check(d->v, d->at->origin, scope, target, NULL,
                validate_text(d->v, "templates.%.*s.targets ", STR_ARG(d->at->name)));
    if (tag_present(rest))
        return;
    while (rest.p != NULL && rest.n > 0) {
        struct str name = str_cut(&rest, ' ');

        if (name.n > 0 && find_task(d, name) == NULL)
            validate_say(d->v, d->at->origin, target,
                         "templates.%.*s.targets: target '%.*s' is not defined",
                         STR_ARG(d->at->name), STR_ARG(name));
    }
}

static void
check_tasks(struct dag *d, struct scope *scope)
{
    for (size_t i = 0; i < d->n; i++) {
        struct task *t = &d->tasks[i];
        struct callee callee = validate_peek(d->v, d->at->origin, t->json);

        check_style(d, t);
        read_depends(d, t);
        validate_add_outputs(scope, callee.template,
                             validate_text(d->v, "tasks.%.*s", STR_ARG(t->name)),
                             validate_is_loop(t->json));
    }
    check_targets(d, scope);
    if (has_cycle(d))
        return;
    for (size_t i = 0; i < d->n; i++)
        check_task(d, &d->tasks[i], scope);
}

void
validate_dag(struct validate *v, const struct visit *at, struct scope *scope)
{
    const struct json *tasks = json_at_path(at->template, "dag.tasks");
    struct dag d = {.v = v, .at = at};

    if (json_count(tasks) == 0) {
        validate_say(v, at->origin, json_get(at->template, "dag"),
                     "templates.%.*s must have at least one task", STR_ARG(at->name));
        return;
    }
    validate_names(v, at->origin, tasks, false,
                   validate_text(v, "templates.%.*s.tasks", STR_ARG(at->name)));
    open_dag(&d, tasks);
    check_tasks(&d, scope);
    close_dag(&d);
}
