/*
 * bench_json - parsing and printing Kubernetes-shaped text, against jansson.
 *
 * The text is a list of Pods and Workflows with status nodes, made here, a few MB.
 * Each round takes the best of a few runs of the peer and then of ours, so that both see
 * the same machine; the median of the rounds counts.  Printing is compact; MB are those of the
 * text.  Prints one JSON line per figure:
 *
 *     {"name":..., "value":..., "unit":..., "target":..., "against":..., "raw":[...]}
 *
 * jansson is opened by name, because several of its names are ours too; where it is missing its
 * figures are left out.  Links with base and data.
 */
#include <dlfcn.h>
#include <stdio.h>
#include <stdlib.h>
#include <time.h>

#include "base/buf.h"
#include "base/err.h"
#include "data/json.h"

enum { ROUNDS = 7, REPEATS = 3, PODS = 1800, WORKFLOWS = 60, NODES = 60 };

static double
now(void)
{
    struct timespec t;

    clock_gettime(CLOCK_MONOTONIC, &t);
    return (double)t.tv_sec + (double)t.tv_nsec / 1e9;
}

static void
add_metadata(struct json_build *b, const char *kind, int i)
{
    json_add_object(b, "metadata");
    json_add_printf(b, "name", "%s-%05d-x7k2p", kind, i);
    json_add_cstr(b, "namespace", "kubeflow-user-example-com");
    json_add_printf(b, "uid", "5f0c2e1a-9f4e-4c77-b1c7-%012d", i);
    json_add_printf(b, "resourceVersion", "%d", 100000 + i);
    json_add_int(b, "generation", i % 7);
    json_add_cstr(b, "creationTimestamp", "2024-05-17T09:31:42Z");
    json_add_object(b, "labels");
    json_add_cstr(b, "app.kubernetes.io/name", kind);
    json_add_cstr(b, "pipelines.kubeflow.org/v2_component", "true");
    json_add_printf(b, "workflows.argoproj.io/workflow", "train-%d", i);
    json_end(b);
    json_add_object(b, "annotations");
    json_add_cstr(b, "pipelines.kubeflow.org/component_spec",
                  "{\"name\": \"Train\", \"inputs\": [{\"name\": \"rate\", \"type\": \"Float\"}], "
                  "\"description\": \"Entra\xc3\xaene le mod\xc3\xa8le\\n\"}");
    json_end(b);
    json_end(b);
}

static void
add_pod(struct json_build *b, int i)
{
    json_add_object(b, NULL);
    json_add_cstr(b, "apiVersion", "v1");
    json_add_cstr(b, "kind", "Pod");
    add_metadata(b, "train", i);
    json_add_object(b, "spec");
    json_add_array(b, "containers");
    json_add_object(b, NULL);
    json_add_cstr(b, "name", "main");
    json_add_cstr(b, "image", "python:3.11-slim");
    json_add_array(b, "command");
    json_add_cstr(b, NULL, "sh");
    json_add_cstr(b, NULL, "-c");
    json_add_cstr(
        b, NULL,
        "set -e\nprogram_path=$(mktemp -d)\nprintf \"%s\" \"$0\" > \"$program_path/a.py\"\n"
        "python3 -m kfp.components.executor_main --component_module_path \"$program_path\"\n");
    json_end(b);
    json_add_array(b, "env");
    for (int j = 0; j < 6; j++) {
        json_add_object(b, NULL);
        json_add_printf(b, "name", "VARIABLE_%d", j);
        json_add_printf(b, "value", "value-%d", i * j);
        json_end(b);
    }
    json_end(b);
    json_add_object(b, "resources");
    json_add_object(b, "limits");
    json_add_cstr(b, "cpu", "500m");
    json_add_cstr(b, "memory", "512Mi");
    json_end(b);
    json_end(b);
    json_end(b);
    json_end(b);
    json_add_cstr(b, "restartPolicy", "Never");
    json_add_int(b, "terminationGracePeriodSeconds", 30);
    json_end(b);
    json_add_object(b, "status");
    json_add_cstr(b, "phase", "Running");
    json_add_bool(b, "ready", true);
    json_add_null(b, "message");
    json_end(b);
    json_end(b);
}

static void
add_workflow(struct json_build *b, int i)
{
    json_add_object(b, NULL);
    json_add_cstr(b, "apiVersion", "argoproj.io/v1alpha1");
    json_add_cstr(b, "kind", "Workflow");
    add_metadata(b, "workflow", i);
    json_add_object(b, "status");
    json_add_object(b, "nodes");
    for (int j = 0; j < NODES; j++) {
        char id[32];

        snprintf(id, sizeof id, "workflow-%d-%d", i, 1000000 + j);
        json_add_object(b, id);
        json_add_cstr(b, "id", id);
        json_add_printf(b, "displayName", "step(%d:%d)", j, j * 3);
        json_add_cstr(b, "type", "Pod");
        json_add_cstr(b, "phase", "Succeeded");
        json_add_cstr(b, "startedAt", "2024-05-17T09:31:42Z");
        json_add_cstr(b, "finishedAt", "2024-05-17T09:32:10Z");
        json_add_object(b, "resourcesDuration");
        json_add_int(b, "cpu", 14 + j);
        json_add_int(b, "memory", 4);
        json_end(b);
        json_add_double(b, "progress", (double)j / 8);
        json_add_array(b, "children");
        json_add_printf(b, NULL, "workflow-%d-%d", i, 1000001 + j);
        json_end(b);
        json_end(b);
    }
    json_end(b);
    json_end(b);
    json_end(b);
}

static void
make_text(struct buf *compact, struct buf *pretty)
{
    struct json_build b = JSON_BUILD_INIT;
    struct json_doc *d;

    json_add_object(&b, NULL);
    json_add_cstr(&b, "kind", "List");
    json_add_array(&b, "items");
    for (int i = 0; i < PODS; i++)
        add_pod(&b, i);
    for (int i = 0; i < WORKFLOWS; i++)
        add_workflow(&b, i);
    json_end(&b);
    json_end(&b);
    d = json_build_done(&b);
    json_write(compact, json_root(d));
    json_write_pretty(pretty, json_root(d));
    json_doc_unref(d);
}

/* Seconds of one parse and one print; each returns what it took. */
struct times {
    double parse, print;
};

/* Of jansson's interface, what is used here; a null error is allowed. */
struct jansson {
    void *(*loadb)(const char *text, size_t n, size_t flags, void *error);
    char *(*dumps)(const void *value, size_t flags);
    void (*delete)(void *value);
};
enum { JANSSON_REJECT_DUPLICATES = 1, JANSSON_COMPACT = 0x20 };

static struct times
ours(const struct jansson *unused, struct str text)
{
    struct json_doc *d = NULL;
    struct err e = ERR_INIT;
    struct buf out = BUF_INIT;
    double t0 = now(), t1, t2;

    (void)unused;
    if (json_parse(text, NULL, &d, &e) < 0) {
        fprintf(stderr, "%s\n", e.msg);
        exit(1);
    }
    t1 = now();
    json_write(&out, json_root(d));
    t2 = now();
    buf_done(&out);
    json_doc_unref(d);
    return (struct times){t1 - t0, t2 - t1};
}

static bool
jansson_open(struct jansson *j)
{
    void *library = dlopen("libjansson.so.4", RTLD_NOW | RTLD_LOCAL | RTLD_DEEPBIND);

    if (library == NULL)
        return false;
    *(void **)&j->loadb = dlsym(library, "json_loadb");
    *(void **)&j->dumps = dlsym(library, "json_dumps");
    *(void **)&j->delete = dlsym(library, "json_delete");
    return j->loadb != NULL && j->dumps != NULL && j->delete != NULL;
}

static struct times
theirs(const struct jansson *j, struct str text)
{
    double t0 = now(), t1, t2;
    void *d = j->loadb(text.p, text.n, JANSSON_REJECT_DUPLICATES, NULL);
    char *out;

    if (d == NULL) {
        fprintf(stderr, "jansson refuses the text\n");
        exit(1);
    }
    t1 = now();
    out = j->dumps(d, JANSSON_COMPACT);
    t2 = now();
    free(out);
    j->delete (d);
    return (struct times){t1 - t0, t2 - t1};
}

static struct times
best_of(struct times (*run)(const struct jansson *, struct str), const struct jansson *j,
        struct str text)
{
    struct times best = {1e9, 1e9};

    for (int i = 0; i < REPEATS; i++) {
        struct times t = run(j, text);

        if (t.parse + t.print < best.parse + best.print)
            best = t;
    }
    return best;
}

static int
by_value(const void *a, const void *b)
{
    double x = *(const double *)a, y = *(const double *)b;

    return (x > y) - (x < y);
}

static void
report(const char *name, const char *unit, const char *target, const char *against,
       const double *raw)
{
    double sorted[ROUNDS];

    memcpy(sorted, raw, sizeof sorted);
    qsort(sorted, ROUNDS, sizeof *sorted, by_value);
    printf("{\"name\":\"%s\",\"value\":%.1f,\"unit\":\"%s\",\"target\":\"%s\",\"against\":\"%s\","
           "\"raw\":[",
           name, sorted[ROUNDS / 2], unit, target, against);
    for (int i = 0; i < ROUNDS; i++)
        printf("%s%.1f", i != 0 ? "," : "", raw[i]);
    printf("]}\n");
}

static void
measure(const char *shape, struct str text, const struct jansson *j)
{
    double both[ROUNDS], parse[ROUNDS], print[ROUNDS], peer[ROUNDS], ratio[ROUNDS];
    double mb = (double)text.n / 1e6;
    char name[64];

    for (int i = 0; i < ROUNDS; i++) {
        struct times them = {1, 0}, us;

        if (j != NULL)
            them = best_of(theirs, j, text);
        us = best_of(ours, NULL, text);

        parse[i] = mb / us.parse;
        print[i] = mb / us.print;
        both[i] = mb / (us.parse + us.print);
        peer[i] = mb / (them.parse + them.print);
        ratio[i] = both[i] / peer[i];
    }
    snprintf(name, sizeof name, "json parse and print, %s", shape);
    report(name, "MB/s", ">= 150", "", both);
    snprintf(name, sizeof name, "json parse, %s", shape);
    report(name, "MB/s", "", "", parse);
    snprintf(name, sizeof name, "json print, %s", shape);
    report(name, "MB/s", "", "", print);
    if (j == NULL)
        return;
    snprintf(name, sizeof name, "json parse and print, %s, ratio", shape);
    report(name, "x", ">= 10", "jansson", ratio);
    snprintf(name, sizeof name, "jansson parse and print, %s", shape);
    report(name, "MB/s", "", "", peer);
}

int
main(void)
{
    cleanup_buf struct buf compact = BUF_INIT, pretty = BUF_INIT;
    struct jansson jansson;
    const struct jansson *j = jansson_open(&jansson) ? &jansson : NULL;

    make_text(&compact, &pretty);
    fprintf(stderr, "compact %.1f MB, pretty %.1f MB\n", (double)compact.n / 1e6,
            (double)pretty.n / 1e6);
    measure("compact", buf_view(&compact), j);
    measure("indented", buf_view(&pretty), j);
    return 0;
}
