#include "sandbox/boxspec.h"

#include <fcntl.h>
#include <string.h>
#include <sys/mman.h>
#include <unistd.h>

#include "base/err.h"
#include "base/mem.h"
#include "sandbox/capability.h"
#include "sandbox/netmap.h"
#include "sandbox/wire.h"

enum { TYPE_BOXSPEC = 1000 };

void
boxspec_init(struct boxspec *s)
{
    static const char *const none[] = {NULL};

    *s = (struct boxspec){.kind = BOX_ATTEMPT, .argv = none, .env = none};
}

static void
mount_fields(struct wire *w, struct box_mount *m)
{
    wire_int(w, &m->kind);
    wire_text(w, &m->source);
    wire_text(w, &m->sub_path);
    wire_text(w, &m->target);
    wire_bool(w, &m->read_only);
    wire_bool(w, &m->idmap);
    wire_bool(w, &m->optional);
    wire_u64(w, &m->size);
}

static void
file_fields(struct wire *w, struct box_file *f)
{
    wire_text(w, &f->path);
    wire_bytes(w, &f->content);
    wire_u32(w, &f->mode);
}

static void
link_fields(struct wire *w, struct box_link *l)
{
    wire_text(w, &l->path);
    wire_text(w, &l->target);
}

static void
output_fields(struct wire *w, struct box_output *o)
{
    wire_text(w, &o->path);
    wire_text(w, &o->name);
    wire_u64(w, &o->max_bytes);
}

static void
rlimit_fields(struct wire *w, struct box_rlimit *r)
{
    wire_u32(w, &r->resource);
    wire_u64(w, &r->soft);
    wire_u64(w, &r->hard);
}

static void
process_fields(struct wire *w, struct boxspec *s)
{
    wire_int(w, &s->kind);
    wire_text(w, &s->id);
    wire_int(w, &s->level);
    wire_u32(w, &s->id_base);
    wire_text(w, &s->hostname);
    wire_bool(w, &s->die_with_server);
    wire_texts(w, &s->argv, NULL);
    wire_texts(w, &s->env, NULL);
    wire_text(w, &s->cwd);
    wire_u32(w, &s->uid);
    wire_u32(w, &s->gid);
    WIRE_LIST(w, s->groups, s->groups_n, 4, wire_u32);
    wire_u64(w, &s->capabilities);
    wire_bool(w, &s->unconfined);
    wire_bool(w, &s->tty);
    wire_bool(w, &s->stdin_open);
    WIRE_LIST(w, s->rlimits, s->rlimits_n, 20, rlimit_fields);
}

static void
spec_fields(struct wire *w, struct boxspec *s)
{
    process_fields(w, s);
    wire_bool(w, &s->read_only_root);
    WIRE_LIST(w, s->mounts, s->mounts_n, 27, mount_fields);
    WIRE_LIST(w, s->files, s->files_n, 12, file_fields);
    WIRE_LIST(w, s->links, s->links_n, 8, link_fields);
    wire_u64(w, &s->memory_bytes);
    wire_u32(w, &s->cpu_milli);
    wire_u32(w, &s->pids);
    wire_u64(w, &s->shm_bytes);
    wire_i64(w, &s->deadline_us);
    wire_i64(w, &s->grace_us);
    WIRE_LIST(w, s->outputs, s->outputs_n, 16, output_fields);
    wire_u64(w, &s->outputs_max_bytes);
    wire_u64(w, &s->log_bytes);
    wire_u64(w, &s->result_bytes);
    wire_text(w, &s->message_path);
    wire_text(w, &s->progress_path);
    wire_u32(w, &s->address);
    WIRE_LIST(w, s->loopback_ports, s->loopback_ports_n, 4, wire_u32);
}

int
boxspec_encode(const struct boxspec *s, struct buf *to, struct err *e)
{
    struct boxspec copy = *s;
    struct wire w;

    if (to->max == 0 || to->max > BOXSPEC_MAX_BYTES)
        to->max = BOXSPEC_MAX_BYTES;
    wire_write(&w, to, TYPE_BOXSPEC);
    spec_fields(&w, &copy);
    return wire_end(&w, e) < 0 ? err_wrap(e, "specification of an attempt") : 0;
}

static bool
is_absolute(const char *path)
{
    return path != NULL && path[0] == '/';
}

static bool
is_component(const char *name)
{
    return name != NULL && name[0] != '\0' && strchr(name, '/') == NULL && strcmp(name, ".") != 0 &&
           strcmp(name, "..") != 0 && strlen(name) < 256;
}

static int
check_mount(const struct box_mount *m, struct err *e)
{
    if (m->kind < 0 || m->kind >= BOX_MOUNT_KIND_COUNT)
        return err_set(e, ERR_INVALID, "kind %d of a mount is unknown", m->kind);
    if (!is_absolute(m->target))
        return err_set(e, ERR_INVALID, "target '%s' of a mount must be an absolute path",
                       m->target != NULL ? m->target : "");
    if (m->kind != BOX_TMPFS && !is_absolute(m->source))
        return err_set(e, ERR_INVALID, "source of the mount at '%s' must be an absolute path",
                       m->target);
    if (m->sub_path != NULL && m->sub_path[0] == '/')
        return err_set(e, ERR_INVALID, "subPath '%s' must be relative", m->sub_path);
    return 0;
}

static int
check_paths(const struct boxspec *s, struct err *e)
{
    for (size_t i = 0; i < s->mounts_n; i++) {
        if (check_mount(&s->mounts[i], e) < 0)
            return e->code;
    }
    for (size_t i = 0; i < s->files_n; i++) {
        if (!is_absolute(s->files[i].path))
            return err_set(e, ERR_INVALID, "path of a file must be absolute");
    }
    for (size_t i = 0; i < s->links_n; i++) {
        if (!is_absolute(s->links[i].path) || !is_absolute(s->links[i].target))
            return err_set(e, ERR_INVALID, "path and target of a link must be absolute");
    }
    for (size_t i = 0; i < s->outputs_n; i++) {
        if (!is_absolute(s->outputs[i].path))
            return err_set(e, ERR_INVALID, "path of output '%s' must be absolute",
                           s->outputs[i].name != NULL ? s->outputs[i].name : "");
        if (!is_component(s->outputs[i].name))
            return err_set(e, ERR_INVALID, "name of the output '%s' must be a plain file name",
                           s->outputs[i].path);
    }
    return 0;
}

static int
check(const struct boxspec *s, struct err *e)
{
    if (s->kind < 0 || s->kind >= BOX_KIND_COUNT)
        return err_set(e, ERR_INVALID, "kind %d is unknown", s->kind);
    if (s->level < 0 || s->level > LEVEL_FULL)
        return err_set(e, ERR_INVALID, "isolation level %d is unknown", s->level);
    if (s->id == NULL || s->id[0] == '\0')
        return err_set(e, ERR_INVALID, "an attempt must have an id");
    if (s->kind == BOX_ATTEMPT && s->argv[0] == NULL)
        return err_set(e, ERR_INVALID, "no command is given");
    if (s->cwd != NULL && !is_absolute(s->cwd))
        return err_set(e, ERR_INVALID, "workingDir '%s' must be an absolute path", s->cwd);
    if (s->message_path != NULL && !is_absolute(s->message_path))
        return err_set(e, ERR_INVALID, "terminationMessagePath '%s' must be an absolute path",
                       s->message_path);
    if (s->address != 0 && !netmap_is_pod(s->address))
        return err_set(e, ERR_INVALID, "address: it is not one of the pods'");
    for (size_t i = 0; i < s->loopback_ports_n; i++) {
        if (s->loopback_ports[i] == 0 || s->loopback_ports[i] > UINT16_MAX)
            return err_set(e, ERR_INVALID, "%u is no port: expected 1 to 65535",
                           s->loopback_ports[i]);
    }
    if (s->progress_path != NULL && !is_absolute(s->progress_path))
        return err_set(e, ERR_INVALID, "path '%s' of the progress must be absolute",
                       s->progress_path);
    if ((s->capabilities & capability_never()) != 0)
        return err_set(e, ERR_INVALID, "a step cannot have the capability SYS_PTRACE");
    return check_paths(s, e);
}

int
boxspec_decode(struct str bytes, struct arena *a, struct boxspec *ret, struct err *e)
{
    struct wire w;
    uint32_t type;

    boxspec_init(ret);
    wire_read(&w, bytes, a, &type);
    if (type != TYPE_BOXSPEC)
        wire_fail(&w, "this is no specification of an attempt");
    spec_fields(&w, ret);
    if (wire_end(&w, e) < 0 || check(ret, e) < 0)
        return err_wrap(e, "specification of an attempt");
    return 0;
}

int
boxspec_memfd(const struct boxspec *s, struct err *e)
{
    cleanup_buf struct buf bytes = BUF_INIT;
    cleanup_close int fd = memfd_create("boxspec", MFD_CLOEXEC | MFD_ALLOW_SEALING);

    if (fd < 0)
        return err_errno(e, "memfd_create");
    if (boxspec_encode(s, &bytes, e) < 0)
        return e->code;
    for (size_t done = 0; done < bytes.n;) {
        ssize_t n = write(fd, bytes.p + done, bytes.n - done);

        if (n < 0)
            return err_errno(e, "write the specification of an attempt");
        done += (size_t)n;
    }
    if (fcntl(fd, F_ADD_SEALS, F_SEAL_WRITE | F_SEAL_SHRINK | F_SEAL_GROW | F_SEAL_SEAL) < 0)
        return err_errno(e, "seal the specification of an attempt");
    return TAKE_FD(fd);
}
