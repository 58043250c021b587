#include "runner/volumes.h"

#include <errno.h>
#include <fcntl.h>
#include <inttypes.h>
#include <stdio.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "base/arena.h"
#include "base/buf.h"
#include "base/err.h"
#include "base/mem.h"
#include "data/json.h"
#include "io/file.h"
#include "runner/podspec.h"
#include "runner/runtime.h"
#include "sandbox/boxspec.h"

enum { DEFAULT_FILE_MODE = 0644 };

#define MEMORY_OF_POD "/dev/shm/sluice-%.*s" /* its uid */

/* The files of one volume while they are being written. */
struct filling {
    const struct volumes_config *config;
    const struct plan *plan;
    const struct podspec *spec;
    const char *what; /* "configmap", for messages */
    int dir;
    int64_t mode;
};

static int
write_file(const struct filling *f, struct str path, struct str content, int64_t mode,
           struct err *e)
{
    cleanup_free char *name = str_dup(path);

    if (!file_is_plain_path(path))
        return err_set(e, ERR_INVALID, "path '%.*s' must be relative and without '..'",
                       STR_ARG(path));
    if (file_mkparents(f->dir, name, 0755, e) < 0 ||
        file_replace(f->dir, name, content, 0600, false, e) < 0)
        return e->code;
    if (fchmodat(f->dir, name, (mode_t)(mode & 0777), 0) < 0)
        return err_errno(e, "'%s'", name);
    return 0;
}

static int
fill_each(void *arg, struct str key, struct str value, struct err *e)
{
    struct filling *f = arg;

    return write_file(f, key, value, f->mode, e);
}

static int64_t
mode_of(const struct json *v, const char *key, int64_t otherwise)
{
    int64_t mode = otherwise;

    json_int(json_get(v, key), &mode);
    return mode;
}

/* All keys, or those that `items` names under the paths that it gives. */
static int
fill_object(struct filling *f, const struct json *source, const char *kind, struct str name,
            struct err *e)
{
    const struct json *object, *items = json_get(source, "items");
    bool optional = json_bool_or(json_get(source, "optional"), false);

    if (source_require(f->plan, kind, name, optional, &object, e) < 0)
        return e->code;
    if (object == NULL)
        return 0;
    if (json_count(items) == 0)
        return source_each(object, fill_each, f, e);
    JSON_EACH (it, items) {
        struct str key = json_str(json_get(it.value, "key"));
        cleanup_buf struct buf value = BUF_INIT;
        int rc = source_key(object, key, &value, e);

        if (rc < 0)
            return rc;
        if (rc == 0 && optional)
            continue;
        if (rc == 0)
            return err_set(e, ERR_NOTFOUND, "references non-existent %s key: %.*s",
                           strcmp(kind, "Secret") == 0 ? "secret" : "config", STR_ARG(key));
        if (write_file(f, json_str(json_get(it.value, "path")), buf_view(&value),
                       mode_of(it.value, "mode", f->mode), e) < 0)
            return e->code;
    }
    return 0;
}

static int
fill_downward(struct filling *f, const struct json *source, struct err *e)
{
    JSON_EACH (it, json_get(source, "items")) {
        const struct json *field = json_get(it.value, "fieldRef");
        const struct json *resource = json_get(it.value, "resourceFieldRef");
        cleanup_buf struct buf value = BUF_INIT;
        int rc = field != NULL
                     ? source_field(f->spec, &f->config->machine,
                                    json_str(json_get(field, "fieldPath")), true, &value, e)
                     : source_resource(f->spec, &f->spec->containers[f->spec->init_n],
                                       &f->config->machine, resource, &value, e);

        if (rc < 0 || write_file(f, json_str(json_get(it.value, "path")), buf_view(&value),
                                 mode_of(it.value, "mode", f->mode), e) < 0)
            return e->code;
    }
    return 0;
}

static int
fill_token(struct filling *f, const struct json *source, struct err *e)
{
    struct str audience = json_str(json_get(source, "audience"));
    int64_t seconds = volumes_token_seconds(source);

    for (size_t i = 0; i < f->plan->tokens_n; i++) {
        const struct plan_token *t = &f->plan->tokens[i];

        if (t->seconds == seconds && str_eq(str_of(t->audience), audience))
            return write_file(f, json_str(json_get(source, "path")), str_of(t->text), f->mode, e);
    }
    return err_set(e, ERR_INVALID,
                   "serviceAccountToken: there are tokens only where a server ('sluice up') "
                   "serves the API");
}

static int
fill_source(struct filling *f, const struct json *source, struct err *e)
{
    const struct json *v;

    if ((v = json_get(source, "configMap")) != NULL)
        return fill_object(f, v, "ConfigMap", json_str(json_get(v, "name")), e);
    if ((v = json_get(source, "secret")) != NULL) {
        struct str name = json_str(json_get(v, "secretName"));

        return fill_object(f, v, "Secret", name.p != NULL ? name : json_str(json_get(v, "name")),
                           e);
    }
    if ((v = json_get(source, "downwardAPI")) != NULL)
        return fill_downward(f, v, e);
    if ((v = json_get(source, "serviceAccountToken")) != NULL)
        return fill_token(f, v, e);
    return err_set(e, ERR_INVALID,
                   "a projected source must be configMap, secret, downwardAPI or "
                   "serviceAccountToken; others cannot be had here");
}

/* Of a directory: ids on this machine, -1 for as it is. */
struct owners {
    int64_t user, group;
};

#define OWNERS_AS_IS ((struct owners){-1, -1})

/* A directory that every id may write to, as kubelet makes it; one with an fsGroup hands it down.
 */
static int
make_open_dir(const char *path, struct owners o, bool hand_down, struct err *e)
{
    if (file_mkdirs(AT_FDCWD, path, 0755, e) < 0)
        return e->code;
    if (chown(path, (uid_t)o.user, (gid_t)o.group) < 0)
        return err_errno(e, "give '%s' to the pod", path);
    if (chmod(path, hand_down ? 02777 : 0777) < 0)
        return err_errno(e, "'%s'", path);
    return 0;
}

/* Everybody may write to the directory around it, and see what it is called. */
static int
make_private_dir(const char *path, struct err *e)
{
    struct stat st;

    if (mkdir(path, 0700) == 0)
        return 0;
    if (errno != EEXIST || lstat(path, &st) < 0)
        return err_errno(e, "create '%s'", path);
    if (!S_ISDIR(st.st_mode) || st.st_uid != geteuid() || (st.st_mode & 0077) != 0)
        return err_set(e, ERR_FORBIDDEN, "'%s' was made by somebody else", path);
    return 0;
}

/* Not every kernel maps the ids of a tmpfs (Linux does since 6.3), so it holds those of the pod. */
static int
dir_in_memory(const struct volumes_config *c, const struct podspec *s, struct arena *a,
              struct volume *v, struct err *e)
{
    const char *of_pod = arena_printf(a, MEMORY_OF_POD, STR_ARG(s->uid));
    bool with_group = c->fs_group >= 0 && c->fs_group < BOXSPEC_IDS;
    struct owners o = OWNERS_AS_IS;

    v->directory = arena_printf(a, "%s/%.*s", of_pod, STR_ARG(v->name));
    if (c->id_base != 0)
        o = (struct owners){c->id_base, c->id_base + (with_group ? c->fs_group : 0)};
    if (make_private_dir(of_pod, e) < 0)
        return e->code;
    return make_open_dir(v->directory, o, with_group, e);
}

static int
empty_dir(const struct volumes_config *c, const struct podspec *s, const struct json *source,
          struct arena *a, struct volume *v, struct err *e)
{
    struct str medium = json_str(json_get(source, "medium"));

    if (str_is(medium, "Memory"))
        return dir_in_memory(c, s, a, v, e);
    if (medium.n > 0)
        return err_set(e, ERR_INVALID, "emptyDir.medium: '%.*s' cannot be had here (only Memory)",
                       STR_ARG(medium));
    v->ours = true;
    return make_open_dir(v->directory, (struct owners){-1, c->fs_group}, c->fs_group >= 0, e);
}

static int
host_path(const struct volumes_config *c, const struct json *source, struct arena *a,
          struct volume *v, struct err *e)
{
    struct str path = json_str(json_get(source, "path")), type = json_str(json_get(source, "type"));
    bool create = str_is(type, "DirectoryOrCreate");
    struct stat st;

    v->directory = str_dup_arena(a, path);
    if (path.n == 0 || path.p[0] != '/' || str_find(path, STR(".."), 0) >= 0)
        return err_set(e, ERR_INVALID, "hostPath.path: '%.*s' must be absolute and without '..'",
                       STR_ARG(path));
    for (const char *const *p = c->host_paths; p != NULL && *p != NULL; p++) {
        struct str allowed = str_of(*p);

        if (!str_starts(path, allowed) ||
            (path.n > allowed.n && path.p[allowed.n] != '/' && !str_ends(allowed, STR("/"))))
            continue;
        if (create && file_mkdirs(AT_FDCWD, v->directory, 0755, e) < 0)
            return e->code;
        if (stat(v->directory, &st) < 0)
            return err_errno(e, "hostPath '%s'", v->directory);
        return 0;
    }
    return err_set(e, ERR_FORBIDDEN,
                   "hostPath '%s' is not shared with pods; list it (or a parent) under host_paths "
                   "in sluice.yaml",
                   v->directory);
}

static int
claim(const struct plan *p, const struct json *source, struct arena *a, struct volume *v,
      struct err *e)
{
    struct str name = json_str(json_get(source, "claimName"));

    v->read_only = json_bool_or(json_get(source, "readOnly"), false);
    v->ours = true;
    for (size_t i = 0; i < p->claims_n; i++)
        if (str_is(name, p->claims[i].name)) {
            v->directory = arena_strdup(a, p->claims[i].directory);
            return make_open_dir(v->directory, OWNERS_AS_IS, false, e);
        }
    return err_set(e, ERR_NOTFOUND, "persistentvolumeclaim \"%.*s\" not found", STR_ARG(name));
}

/* The kinds that are written once.  1: it is one of them. */
static int
written(const struct volumes_config *c, const struct plan *p, const struct podspec *s,
        const struct json *json, struct volume *v, struct err *e)
{
    const struct json *projected = json_get(json, "projected"), *source = projected;
    cleanup_close int dir = -1;

    for (const char *const *key = (const char *const[]){"configMap", "secret", "downwardAPI", NULL};
         source == NULL && *key != NULL; key++)
        source = json_get(json, *key);
    if (source == NULL)
        return 0;
    v->ours = v->read_only = true;
    if (file_mkdirs(AT_FDCWD, v->directory, 0755, e) < 0)
        return e->code;
    dir = file_open_dir(AT_FDCWD, v->directory, e);
    if (dir < 0)
        return e->code;

    struct filling f = {.config = c, .plan = p, .spec = s, .dir = dir};

    f.mode = mode_of(source, "defaultMode", DEFAULT_FILE_MODE);
    if (projected == NULL)
        return fill_source(&f, json, e) < 0 ? e->code : 1;
    JSON_EACH (it, json_get(projected, "sources")) {
        if (fill_source(&f, it.value, e) < 0)
            return e->code;
    }
    return 1;
}

static int
prepare_one(const struct volumes_config *c, const struct plan *p, const struct podspec *s,
            const struct json *json, struct arena *a, struct volume *v, struct err *e)
{
    const struct json *source;
    int rc;

    v->name = json_str(json_get(json, "name"));
    if (!file_is_plain_path(v->name) || memchr(v->name.p, '/', v->name.n) != NULL)
        return err_set(e, ERR_INVALID, "name: must be a DNS label");
    v->directory = arena_printf(a, "%s/volumes/%.*s", c->pod_dir, STR_ARG(v->name));
    rc = written(c, p, s, json, v, e);
    if (rc != 0)
        return rc < 0 ? rc : 0;
    if ((source = json_get(json, "hostPath")) != NULL)
        return host_path(c, source, a, v, e);
    if ((source = json_get(json, "persistentVolumeClaim")) != NULL)
        return claim(p, source, a, v, e);
    if ((source = json_get(json, "emptyDir")) != NULL || json_count(json) == 1)
        return empty_dir(c, s, source, a, v, e);
    return err_set(e, ERR_INVALID,
                   "cannot be had here; known are emptyDir, configMap, secret, projected, "
                   "downwardAPI, hostPath and persistentVolumeClaim");
}

int
volumes_prepare(const struct volumes_config *config, const struct plan *p, const struct podspec *s,
                struct arena *a, struct volumes *ret, struct err *e)
{
    ret->n = 0;
    ret->at = ARENA_ARRAY(a, struct volume, json_count(s->volumes) + 1);
    JSON_EACH (it, s->volumes) {
        struct volume *v = &ret->at[ret->n++];

        if (prepare_one(config, p, s, it.value, a, v, e) < 0)
            return err_wrap(e, "volume \"%.*s\"", STR_ARG(v->name));
    }
    return 0;
}

const struct volume *
volumes_find(const struct volumes *v, struct str name)
{
    for (size_t i = 0; i < v->n; i++)
        if (str_eq(v->at[i].name, name))
            return &v->at[i];
    return NULL;
}

const char *
volumes_host_path(const struct volumes *v, const struct podspec_container *c, struct str path,
                  struct arena *a)
{
    const struct podspec_mount *best = NULL;

    for (size_t i = 0; i < c->mounts_n; i++) {
        const struct podspec_mount *m = &c->mounts[i];

        if (str_starts(path, m->path) && path.n > m->path.n && path.p[m->path.n] == '/' &&
            (best == NULL || m->path.n > best->path.n))
            best = m;
    }
    if (best == NULL)
        return NULL;

    const struct volume *of = volumes_find(v, best->volume);
    struct str rest = str_slice(path, best->path.n + 1, path.n);

    if (of == NULL || !file_is_plain_path(rest))
        return NULL;
    return best->sub_path.n > 0 ? arena_printf(a, "%s/%.*s/%.*s", of->directory,
                                               STR_ARG(best->sub_path), STR_ARG(rest))
                                : arena_printf(a, "%s/%.*s", of->directory, STR_ARG(rest));
}

void
volumes_remove_tmpfs(const char *uid)
{
    cleanup_free char *path = xasprintf(MEMORY_OF_POD, STR_ARG(str_of(uid)));
    struct err e = ERR_INIT;

    (void)file_remove_tree(AT_FDCWD, path, &e);
}

int64_t
volumes_token_seconds(const struct json *source)
{
    int64_t seconds = VOLUMES_TOKEN_SECONDS;

    json_int(json_get(source, "expirationSeconds"), &seconds);
    return seconds;
}

int
volumes_refresh_tokens(const char *pod_dir, const struct plan *newer, const struct json *volumes,
                       struct err *e)
{
    JSON_EACH (it, volumes) {
        const struct json *projected = json_get(it.value, "projected");
        cleanup_free char *path =
            xasprintf("%s/volumes/%s", pod_dir, json_cstr_or(json_get(it.value, "name"), ""));
        cleanup_close int dir = -1;

        JSON_EACH (source, json_get(projected, "sources")) {
            const struct json *token = json_get(source.value, "serviceAccountToken");
            struct filling f = {.plan = newer};

            if (token == NULL)
                continue;
            if (dir < 0 && (dir = file_open_dir(AT_FDCWD, path, e)) < 0)
                return e->code;
            f.dir = dir;
            f.mode = mode_of(projected, "defaultMode", DEFAULT_FILE_MODE);
            if (fill_token(&f, token, e) < 0)
                return e->code;
        }
    }
    return 0;
}
