/*
 * How a spawner begins: the server's HELLO says what it is for, what can be had here is tried or
 * recalled, and the namespaces are entered in which roots are built.
 */
#include <errno.h>
#include <linux/filter.h>
#include <sched.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/stat.h>
#include <unistd.h>

#include "base/arena.h"
#include "base/buf.h"
#include "base/err.h"
#include "base/mem.h"
#include "init/boxpacket.h"
#include "init/holding.h"
#include "init/spawner_int.h"
#include "sandbox/boxgroup.h"
#include "sandbox/probe_recall.h"
#include "sandbox/spareroot.h"
#include "sandbox/subids.h"
#include "sandbox/userns.h"

enum { MAX_FILTER = 4096 };

void
spawner_tell(const struct boxmsg *m, const int *fds, size_t n)
{
    struct err e = ERR_INIT;

    (void)boxpacket_put(SPAWNER_SERVER, m, fds, n, &e);
}

void
spawner_doubt(const struct spawner *s)
{
    if (s->recalled != NULL)
        probe_forget(s->recalled);
}

static int
map_filter(int fd, struct keeper_filter *ret, struct err *e)
{
    struct stat st;
    void *p;

    if (fstat(fd, &st) < 0)
        return err_errno(e, "system-call filter");
    if (st.st_size <= 0 || st.st_size % (off_t)sizeof(struct sock_filter) != 0 ||
        st.st_size > MAX_FILTER * (off_t)sizeof(struct sock_filter))
        return err_set(e, ERR_INVALID, "system-call filter: not 1 to %d instructions", MAX_FILTER);
    p = mmap(NULL, (size_t)st.st_size, PROT_READ, MAP_PRIVATE, fd, 0);
    if (p == MAP_FAILED)
        return err_errno(e, "system-call filter");
    ret->program = p;
    ret->instructions = (uint16_t)((size_t)st.st_size / sizeof(struct sock_filter));
    return 0;
}

/* HELLO's descriptors in their order; what is kept is set to -1 in `fds`. */
static int
take_descriptors(struct spawner *s, const struct boxmsg_hello *h, struct boxpacket_fds *fds,
                 struct err *e)
{
    size_t at = 0;

    s->ground.server = -1;
    if (fds->n != (size_t)h->has_filter + h->has_network + h->has_control)
        return err_set(e, ERR_BADREQUEST, "HELLO came with %zu descriptors", fds->n);
    if (h->has_filter && map_filter(fds->at[at++], &s->ground.filter, e) < 0)
        return e->code;
    if (h->has_network && map_filter(fds->at[at++], &s->ground.network, e) < 0)
        return e->code;
    if (h->has_control)
        s->ground.server = TAKE_FD(fds->at[at]);
    return 0;
}

static int
choose_level(struct spawner *s, int wanted, enum level *ret, struct err *e)
{
    char why[PROBE_TEXT];
    enum level best = probe_best(&s->probe, why);

    if (wanted < 0 || wanted >= LEVEL_COUNT)
        return err_set(e, ERR_INVALID, "isolation level %d is unknown", wanted);
    /* Another try may find more: nobody wants steps without isolation because a fork failed. */
    if (wanted != LEVEL_NONE && s->probe.unsure)
        return err_set(e, ERR_UNAVAILABLE, "what can be isolated here could not be tried: %s",
                       why[0] != '\0' ? why : "something was short");
    if (wanted != LEVEL_BEST && (enum level)wanted > best)
        return err_set(e, ERR_UNSUPPORTED, "isolation level %s is not to be had here: %s",
                       level_name((enum level)wanted), why);
    *ret = wanted == LEVEL_BEST ? best : (enum level)wanted;
    return 0;
}

/* An ordinary user moves into a namespace of its own, with the ids that it may give away. */
static int
enter_user_namespace(struct spawner *s, const char *data_dir, struct err *e)
{
    /* Only from the namespace in which a holder's was made can it be entered. */
    cleanup_close int above = holding_parent(data_dir);
    struct err why = ERR_INIT;
    struct subids subids, *with = NULL;
    int rc;

    if (above < 0 && s->probe.denied[PROBE_SUBIDS])
        err_set(&why, ERR_FORBIDDEN, "taken away by SLUICE_DENY");
    else if (above < 0 && subids_open(&subids, &why) == 0)
        with = &subids;
    rc = above >= 0 ? userns_enter(above, e) : userns_become_root(with, &why, e);
    if (rc < 0)
        return rc;
    s->ground.own_ids = subids_count();
    s->probe.have[PROBE_SUBIDS] = s->ground.own_ids > 1;
    if (s->ground.own_ids > 1)
        snprintf(s->probe.text[PROBE_SUBIDS], PROBE_TEXT, "a step may run as one of %u ids",
                 s->ground.own_ids);
    else
        snprintf(s->probe.text[PROBE_SUBIDS], PROBE_TEXT,
                 "a step has one id, runAsUser is without effect: %.120s", why.msg);
    return 0;
}

/* Into the namespaces in which roots are built. */
static int
enter_namespaces(struct spawner *s, const char *data_dir, struct err *e)
{
    if (!s->probe.root)
        return enter_user_namespace(s, data_dir, e);
    return unshare(CLONE_NEWNS) < 0 ? err_errno(e, "create a mount namespace") : 0;
}

static void
try_or_recall(struct spawner *s, const struct boxmsg_hello *h)
{
    if (h->recall != NULL) {
        s->recall = xstrdup(h->recall);
        s->recalled = xasprintf("%s/isolation", h->recall);
    }
    if (s->recalled != NULL && probe_recall(&s->probe, s->recalled, h->data_dir, h->id_base))
        return;
    s->probed = xstrdup(h->data_dir);
    probe_run(&s->probe, h->data_dir, h->id_base);
    if (s->recalled != NULL && !s->probe.unsure)
        probe_remember(&s->probe, s->recalled, h->data_dir, h->id_base);
}

static int
set_up(struct spawner *s, const struct boxmsg_hello *h, enum level *level, struct err *e)
{
    if (h->data_dir == NULL || h->data_dir[0] != '/')
        return err_set(e, ERR_BADREQUEST, "HELLO names no data directory");
    if (probe_deny(&s->probe, getenv("SLUICE_DENY"), e) < 0)
        return e->code;
    probe_begin(&s->probe);
    try_or_recall(s, h);
    s->ground.groups = boxgroup_new(&s->probe);
    if (!s->probe.have[PROBE_SECCOMP])
        s->ground.filter.instructions = 0;
    if (!s->probe.have[PROBE_NETWORK])
        s->ground.network.instructions = 0;
    s->ground.remember = !s->probe.have[PROBE_WAITKILL];
    if (choose_level(s, h->level, level, e) < 0)
        return e->code;
    s->ground.level = *level;
    if (*level == LEVEL_NONE)
        return 0;
    s->ground.host = &s->host;
    if (enter_namespaces(s, h->data_dir, e) < 0)
        return e->code;
    return hostroot_open(&s->host, &s->probe, *level, h->data_dir, h->shared, h->recall, e);
}

static void
tell_ready(const struct spawner *s, uint64_t tag, enum level level, const struct err *e)
{
    struct probe_finding findings[PROBE_COUNT];
    struct boxmsg m = {
        .type = BOXMSG_READY,
        .tag = tag,
        .ready = {.code = e->code,
                  .text = e->code != 0 ? e->msg : NULL,
                  .level = (int)level,
                  .findings = findings,
                  .findings_n = PROBE_COUNT,
                  .limits_memory = s->probe.have[PROBE_MEMORY],
                  .limits_pids = s->probe.have[PROBE_PIDS],
                  .limits_cpu = s->probe.have[PROBE_CPU]},
    };

    for (int i = 0; i < PROBE_COUNT; i++)
        findings[i] = (struct probe_finding){probe_name((enum probe_id)i), s->probe.have[i],
                                             s->probe.text[i]};
    spawner_tell(&m, NULL, 0);
}

/* The layers of the range that will be asked for first, while the server does something else; if
 * they cannot be made, the first attempt says why. */
static void
warm_up(struct spawner *s, uint32_t id_base)
{
    if (s->ground.host != NULL)
        spareroot_begin(s->ground.host, s->probe.root ? id_base : 0);
}

void
spawner_tidy(struct spawner *s)
{
    if (s->probed != NULL)
        probe_tidy(s->probed);
    free(TAKE(s->probed));
}

int
spawner_hello(struct spawner *s)
{
    cleanup_buf struct buf bytes = BUF_INIT;
    cleanup_arena struct arena a = ARENA_INIT;
    struct boxpacket_fds fds;
    struct err e = ERR_INIT;
    enum level level = LEVEL_NONE;
    struct boxmsg m = {.tag = 0};

    if (boxpacket_get(SPAWNER_SERVER, &bytes, &fds, &e) <= 0)
        return -1;
    if (boxmsg_decode(buf_view(&bytes), &a, &m, &e) == 0) {
        if (m.type != BOXMSG_HELLO)
            err_set(&e, ERR_BADREQUEST, "%s came before HELLO", boxmsg_name(m.type));
        else if (take_descriptors(s, &m.hello, &fds, &e) == 0) {
            if (m.hello.temporary && m.hello.data_dir != NULL)
                s->temporary = xstrdup(m.hello.data_dir);
            (void)set_up(s, &m.hello, &level, &e);
        }
    }
    boxpacket_close_fds(&fds);
    tell_ready(s, m.tag, level, &e);
    if (e.code == 0 && (!s->probe.root || m.hello.id_base != 0))
        warm_up(s, m.hello.id_base);
    if (e.code != 0) {
        spawner_tidy(s);
        spawner_doubt(s);
    }
    return e.code;
}
