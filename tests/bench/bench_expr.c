/*
 * bench_expr - what filling in a typical task costs.
 *
 * The task is a container template as a pipeline compiler writes it: twenty strings, six tags, two
 * expressions, a condition.  Measured are the whole (tree, expressions, condition), and its parts.
 * Each figure is the median of rounds of many runs; raw has the best and the worst round.  Links
 * with base and data.
 */
#include <stdio.h>
#include <stdlib.h>
#include <time.h>

#include "base/buf.h"
#include "base/err.h"
#include "base/log.h"
#include "data/condition.h"
#include "data/expr_vars.h"
#include "data/json.h"
#include "data/tag.h"

enum { ROUNDS = 21, RUNS = 2000 };

static const char task[] =
    "{\"name\":\"train\",\"container\":{\"image\":\"python:3.11\",\"command\":[\"sh\",\"-ec\","
    "\"program_path=$(mktemp)\\nprintf \\\"%s\\\" \\\"$0\\\" > \\\"$program_path\\\"\\npython3 -u "
    "\\\"$program_path\\\" "
    "\\\"$@\\\"\\n\"],\"args\":[\"--rate\",\"{{inputs.parameters.rate}}\",\"--epochs\","
    "\"{{=asInt(inputs.parameters.epochs) * "
    "2}}\",\"--name\",\"{{workflow.name}}-{{inputs.parameters.rate}}\","
    "\"--out\",\"/tmp/outputs/"
    "data\",\"--tags\",\"{{=toJson(map(split(inputs.parameters['tag-list'], ','), "
    "trim(#)))}}\"],\"env\":[{\"name\":\"RUN\",\"value\":\"{{workflow.uid}}\"},{\"name\":\"POD\","
    "\"value\":"
    "\"{{pod.name}}\"}]},\"outputs\":{\"artifacts\":[{\"name\":\"model\",\"path\":\"/tmp/outputs/"
    "data\"}]}}";

struct bench {
    struct expr_vars globals, vars;
    struct expr_env env;
    struct tag_options o;
    struct json_doc *doc;
    struct expr_program *program;
    struct buf out;
};

static double
now_us(void)
{
    struct timespec t;

    clock_gettime(CLOCK_THREAD_CPUTIME_ID, &t); /* others may be busy; nothing here waits */
    return (double)t.tv_sec * 1e6 + (double)t.tv_nsec / 1e3;
}

static void
run_tree(struct bench *b)
{
    struct json_doc *out = NULL;
    struct err e = ERR_INIT;

    CHECK(tag_substitute_json(json_root(b->doc), &b->o, &out, &e) == 0);
    json_doc_unref(out);
}

static void
run_expression(struct bench *b)
{
    struct err e = ERR_INIT;

    buf_clear(&b->out);
    CHECK(expr_eval_text(b->program, &b->env, &b->out, &e) == 0);
}

static void
run_compile(struct bench *b)
{
    struct expr_program *p = NULL;
    struct err e = ERR_INIT;

    (void)b;
    CHECK(expr_compile(STR("toJson(map(split(inputs.parameters['tag-list'], ','), trim(#)))"), &p,
                       &e) == 0);
    expr_free(p);
}

static void
run_condition(struct bench *b)
{
    struct err e = ERR_INIT;
    bool ok = false;

    (void)b;
    CHECK(condition_eval(STR("'Succeeded' == Succeeded && 0.01 < 0.5"), &ok, &e) == 0 && ok);
}

static void
run_task(struct bench *b)
{
    run_tree(b);
    run_condition(b);
}

static int
by_size(const void *a, const void *b)
{
    double x = *(const double *)a, y = *(const double *)b;

    return (x > y) - (x < y);
}

static void
measure(struct bench *b, const char *name, void (*run)(struct bench *), const char *target)
{
    double us[ROUNDS];

    for (int i = 0; i < ROUNDS; i++) {
        double start = now_us();

        for (int j = 0; j < RUNS; j++)
            run(b);
        us[i] = (now_us() - start) / RUNS;
    }
    qsort(us, ROUNDS, sizeof us[0], by_size);
    printf("{\"name\":\"%s\",\"value\":%.3f,\"unit\":\"us\",\"target\":\"%s\",\"against\":\"\","
           "\"raw\":{\"best\":%.3f,"
           "\"worst\":%.3f}}\n",
           name, us[ROUNDS / 2], target, us[0], us[ROUNDS - 1]);
}

static void
prepare(struct bench *b)
{
    struct err e = ERR_INIT;

    expr_vars_init(&b->globals, NULL);
    expr_vars_init(&b->vars, &b->globals);
    expr_vars_set_cstr(&b->globals, "workflow.name", "train-x7k2p");
    expr_vars_set_cstr(&b->globals, "workflow.uid", "5f0c2e1a-9f4e-4c77-b1c7-000000000001");
    expr_vars_set_cstr(&b->vars, "inputs.parameters.rate", "0.01");
    expr_vars_set_cstr(&b->vars, "inputs.parameters.epochs", "20");
    expr_vars_set_cstr(&b->vars, "inputs.parameters.tag-list", "a, b, c, d");
    expr_vars_set_cstr(&b->vars, "pod.name", "train-x7k2p-123");
    b->env = expr_vars_env(&b->vars);
    b->o = (struct tag_options){.env = &b->env, .strict_all = true, .cache = tag_cache_new()};
    CHECK(json_parse(str_of(task), &json_limits_default, &b->doc, &e) == 0);
    CHECK(expr_compile(STR("toJson(map(split(inputs.parameters['tag-list'], ','), trim(#)))"),
                       &b->program, &e) == 0);
}

int
main(void)
{
    struct bench b = {.doc = NULL};

    prepare(&b);
    measure(&b, "expressions and tags of a typical task", run_task, "<= 20");
    measure(&b, "the same: its tree", run_tree, "");
    measure(&b, "the same: its larger expression", run_expression, "");
    measure(&b, "the same: compiling that expression", run_compile, "");
    measure(&b, "the same: its condition", run_condition, "");
    buf_done(&b.out);
    expr_free(b.program);
    json_doc_unref(b.doc);
    tag_cache_free(b.o.cache);
    expr_vars_done(&b.vars);
    expr_vars_done(&b.globals);
    return 0;
}
