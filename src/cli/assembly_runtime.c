/* The runtime's part of an assembly: settings and blobs in its words, and what comes back from it.
 */
#include <string.h>
#include <unistd.h>

#include "base/err.h"
#include "base/mem.h"
#include "cli/assembly_int.h"
#include "cli/settings.h"
#include "control/control.h"
#include "control/idrange.h"
#include "runner/process/process_runtime.h"
#include "sandbox/boxmsg.h"
#include "store/blobs.h"
#include "store/store.h"

/* Blobs for job threads, which come when the store is open. */

static struct blobs *
blobs_of(void *assembly)
{
    const struct assembly *a = assembly;

    return store_blobs(a->store);
}

static int
blob_temp(void *arg, char id[33], char **path, struct err *e)
{
    struct blob_id made;
    int rc = blobs_temp(blobs_of(arg), &made, path, e);

    if (rc >= 0)
        memcpy(id, made.text, sizeof made.text);
    return rc;
}

static struct blob_id
blob_of(const char *id)
{
    struct blob_id made;

    snprintf(made.text, sizeof made.text, "%s", id);
    return made;
}

static int
blob_publish(void *arg, const char *id, struct err *e)
{
    struct blob_id made = blob_of(id);

    return blobs_publish(blobs_of(arg), &made, e);
}

static void
blob_discard(void *arg, const char *id)
{
    struct blob_id made = blob_of(id);

    blobs_discard(blobs_of(arg), &made);
}

/* Settings in the runtime's words. */

static void
add_rules(struct assembly *a)
{
    static const enum image_kind kinds[] = {[SETTINGS_IMAGE_HOST] = IMAGE_HOST,
                                            [SETTINGS_IMAGE_DIRECTORY] = IMAGE_DIRECTORY,
                                            [SETTINGS_IMAGE_PYTHON] = IMAGE_PYTHON};
    const struct settings *s = a->config.settings;

    for (size_t i = 0; i < s->images.n; i++)
        vec_push(&a->images, ((struct image_rule){.pattern = s->images.at[i].pattern,
                                                  .kind = kinds[s->images.at[i].kind],
                                                  .target = s->images.at[i].target}));
}

static void
add_list(assembly_words *to, const settings_list *from)
{
    for (size_t i = 0; i < from->n; i++)
        vec_push(to, (const char *)from->at[i]);
    vec_push(to, NULL);
}

static enum level
level_wanted(const struct settings *s)
{
    static const enum level levels[] = {[SETTINGS_AUTO] = LEVEL_BEST,
                                        [SETTINGS_FULL] = LEVEL_FULL,
                                        [SETTINGS_USER] = LEVEL_USER,
                                        [SETTINGS_NONE] = LEVEL_NONE};

    return levels[s->isolation];
}

/* Events. */

/* What stands in the way of more isolation: the first that is missing. */
static const char *
why_not_more(const struct boxmsg_ready *ready)
{
    for (size_t i = 0; ready->level == LEVEL_NONE && i < ready->findings_n; i++)
        if (!ready->findings[i].have)
            return ready->findings[i].text;
    return "";
}

static void
on_ready(void *arg, const struct boxmsg_ready *ready)
{
    struct assembly *a = arg;
    struct err e = ERR_INIT;

    if (ready->code < 0) {
        err_set(&e, ready->code, "%s", ready->text);
        if (a->config.on_no_runtime != NULL)
            a->config.on_no_runtime(a->config.arg, &e);
        return;
    }
    if (a->config.on_level != NULL)
        a->config.on_level(a->config.arg, level_name((enum level)ready->level),
                           why_not_more(ready));
}

static void
on_event(void *arg, const struct runtime_event *event)
{
    control_on_event(((struct assembly *)arg)->control, event);
}

int
assembly_make_runtime(struct assembly *a, struct err *e)
{
    const struct settings *s = a->config.settings;

    add_rules(a);
    add_list(&a->shared, &s->shared);
    add_list(&a->host_paths, &s->host_paths);

    struct process_runtime_config config = {
        .loop = a->config.loop,
        .data_dir = a->config.data,
        .envs_dir = a->envs,
        .init_path = a->init_path,
        .level = level_wanted(s),
        .recall = a->config.recall,
        .first_id_base = getuid() == 0 ? IDRANGE_FIRST : 0,
        .die_with_server = a->config.die_with_server,
        .temporary = a->config.temporary,
        .images = {a->images.at, a->images.n},
        .shared = a->shared.at,
        .host_paths = a->host_paths.at,
        .loopback_ports = a->loopback.at,
        .loopback_ports_n = a->loopback.n,
        .python_env = a->python.variables.at,
        .python_files = a->python.files.at,
        .max_pods = (size_t)s->max_pods,
        .strict_requests = s->strict_requests,
        .reserve_bytes = s->reserve,
        .log_bytes = s->log_limit,
        .blobs = {.arg = a, .temp = blob_temp, .publish = blob_publish, .discard = blob_discard},
        .on_event = on_event,
        .on_ready = on_ready,
        .arg = a,
    };

    a->runtime = process_runtime_new(&config, e);
    return a->runtime != NULL ? 0 : e->code;
}
