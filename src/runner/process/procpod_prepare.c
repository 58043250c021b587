/*
 * Before a pod's first container can start: what stands in for each image, the Python environments
 * that are not built yet, volumes, inputs.  All of it may block, so it is a job; the pod is left
 * alone by the loop meanwhile (p->job).  A pod without volumes and inputs that runs the host's
 * programs has nothing that blocks, and is prepared in place.
 */
#include <fcntl.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "base/err.h"
#include "base/mem.h"
#include "data/json.h"
#include "io/file.h"
#include "io/job.h"
#include "runner/inputs.h"
#include "runner/podio.h"
#include "runner/process/procpod.h"

static int
trouble(struct procpod *p, size_t container, const char *reason, const struct err *e)
{
    p->trouble = reason;
    p->trouble_container = container;
    free(p->trouble_text);
    p->trouble_text = xstrdup(e->msg);
    return -1;
}

static int
prepare_images(struct procpod *p)
{
    const struct process_runtime_config *c = &p->runtime->config;
    struct err e = ERR_INIT;

    for (size_t i = 0; i < p->spec->containers_n; i++) {
        struct proc_container *container = &p->containers[i];
        struct image *image = &container->image;

        if (images_resolve(&c->images, container->spec->image, &p->arena, image, &e) < 0)
            return trouble(p, i, "ErrImagePull", &e);
        if (image->kind == IMAGE_DIRECTORY &&
            imageconfig_read(image->target, &p->arena, &container->image_config, &e) < 0)
            return trouble(p, i, "ErrImagePull", &e);
        if (image->kind != IMAGE_PYTHON)
            continue;
        if (pyenv_ensure(c->envs_dir, image->target, &p->arena, &container->pyenv, &e) < 0)
            return trouble(p, i, "ErrImagePull", &e);
        image->description = container->pyenv.description;
    }
    return 0;
}

static int
prepare_volumes(struct procpod *p)
{
    const struct process_runtime *r = p->runtime;
    struct volumes_config config = {
        .pod_dir = p->dir,
        .machine = procpod_machine(p),
        .host_paths = r->config.host_paths,
        .fs_group = r->level == LEVEL_FULL ? p->spec->fs_group : -1,
        .id_base = r->level == LEVEL_FULL ? p->plan->id_base : 0,
    };
    struct err e = ERR_INIT;

    if (volumes_prepare(&config, p->plan, p->spec, &p->arena, &p->volumes, &e) < 0)
        return trouble(p, p->spec->containers_n, "FailedMount", &e);
    return 0;
}

static int
prepare_inputs(struct procpod *p, bool placed)
{
    const char *dir = arena_printf(&p->arena, "%s/inputs", p->dir);
    struct err e = ERR_INIT;

    if (inputs_place(p->plan, p->spec, &p->volumes, dir, placed, &p->arena, &p->inputs,
                     &p->inputs_n, &e) < 0)
        return trouble(p, p->spec->containers_n, "InputFailed", &e);
    return 0;
}

/* On a job thread, or in place. */
static void
work(void *arg)
{
    struct procpod *p = arg;
    const char *mark = arena_printf(&p->arena, "%s/prepared", p->dir);
    bool placed = access(mark, F_OK) == 0;
    struct err e = ERR_INIT;

    if (file_mkdirs(AT_FDCWD, p->dir, 0700, &e) < 0) {
        trouble(p, p->spec->containers_n, "CreatePodSandboxError", &e);
        return;
    }
    if (prepare_images(p) < 0 || prepare_volumes(p) < 0 || prepare_inputs(p, placed) < 0)
        return;
    if (!placed && p->spec->io->inputs_n > 0 && file_write(AT_FDCWD, mark, STR(""), 0600, &e) < 0)
        trouble(p, p->spec->containers_n, "CreatePodSandboxError", &e);
}

static void
refuse(struct procpod *p)
{
    char name[64] = "";
    struct runtime_event event = {
        .type = RUNTIME_REFUSED, .reason = p->trouble, .message = p->trouble_text};

    if (p->trouble_container < p->spec->containers_n) {
        snprintf(name, sizeof name, "%.*s",
                 STR_ARG(p->spec->containers[p->trouble_container].name));
        event.container = name;
    }
    if (p->holder != NULL) /* one was adopted, and nothing that shares it */
        podholder_stop(p->holder);
    procpod_free_later(p);
    procpod_emit(p, &event);
}

static void
done(void *arg)
{
    struct procpod *p = arg;
    bool running = life_running(p->life) > 0;

    p->job = false;
    if (p->freed) {
        procpod_free(p);
        return;
    }
    p->ready_us = loop_wall_us(p->runtime->config.loop);
    if (p->is_over) {
        procpod_save(p);
        return;
    }
    procpod_enter(p, PROC_RUNNING);
    if (p->trouble == NULL) {
        if (running)
            admission_started(&p->runtime->admission, &p->admission);
        life_go(p->life);
    } else if (strcmp(p->trouble, "InputFailed") == 0 || running) {
        life_stop(p->life, p->spec->grace_us, p->trouble, p->trouble_text);
    } else {
        refuse(p);
    }
}

static bool
may_block(struct procpod *p)
{
    size_t own = p->plan->api_volume != NULL; /* three small files */

    if (json_count(p->spec->volumes) > own || p->spec->io->inputs_n > 0)
        return true;
    for (size_t i = 0; i < p->spec->containers_n; i++) {
        struct image image;
        struct err e = ERR_INIT;

        if (images_resolve(&p->runtime->config.images, p->spec->containers[i].image, &p->arena,
                           &image, &e) == 0 &&
            image.kind != IMAGE_HOST)
            return true;
    }
    return false;
}

void
procpod_prepare(struct procpod *p)
{
    procpod_enter(p, PROC_PREPARING);
    if (!p->runtime->ready)
        return; /* comes again when it is known what can be had */
    if (may_block(p)) {
        p->job = true;
        job_run(p->runtime->config.loop, work, done, p);
        return;
    }
    work(p);
    done(p);
}
