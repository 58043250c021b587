#include "sandbox/boxmsg.h"

#include "base/err.h"
#include "base/log.h"
#include "base/mem.h"
#include "sandbox/wire.h"

static void
hello_fields(struct wire *w, struct boxmsg *m)
{
    wire_int(w, &m->hello.level);
    wire_text(w, &m->hello.data_dir);
    wire_texts(w, &m->hello.shared, NULL);
    wire_u32(w, &m->hello.id_base);
    wire_text(w, &m->hello.recall);
    wire_bool(w, &m->hello.has_filter);
    wire_bool(w, &m->hello.has_network);
    wire_bool(w, &m->hello.has_control);
    wire_bool(w, &m->hello.temporary);
}

static void
finding_fields(struct wire *w, struct probe_finding *f)
{
    wire_text(w, &f->name);
    wire_bool(w, &f->have);
    wire_text(w, &f->text);
}

static void
ready_fields(struct wire *w, struct boxmsg *m)
{
    wire_int(w, &m->ready.code);
    wire_text(w, &m->ready.text);
    wire_int(w, &m->ready.level);
    WIRE_LIST(w, m->ready.findings, m->ready.findings_n, 9, finding_fields);
    wire_bool(w, &m->ready.limits_memory);
    wire_bool(w, &m->ready.limits_pids);
    wire_bool(w, &m->ready.limits_cpu);
}

static void
spawn_fields(struct wire *w, struct boxmsg *m)
{
    wire_bool(w, &m->spawn.join);
}

static void
spawned_fields(struct wire *w, struct boxmsg *m)
{
    wire_int(w, &m->spawned.pid);
}

static void
failed_fields(struct wire *w, struct boxmsg *m)
{
    wire_int(w, &m->failed.code);
    wire_text(w, &m->failed.text);
}

static void
ended_fields(struct wire *w, struct boxmsg *m)
{
    wire_int(w, &m->ended.pid);
    wire_int(w, &m->ended.status);
}

static void
no_fields(struct wire *w, struct boxmsg *m)
{
    (void)w;
    (void)m;
}

static void
state_fields(struct wire *w, struct boxmsg *m)
{
    wire_int(w, &m->state.state);
    wire_text(w, &m->state.id);
    wire_i64(w, &m->state.started_us);
    wire_i64(w, &m->state.stop_us);
    wire_u64(w, &m->state.cpu_us);
    wire_u64(w, &m->state.memory_bytes);
    wire_u64(w, &m->state.memory_peak);
    wire_u32(w, &m->state.execs);
}

static void
signal_fields(struct wire *w, struct boxmsg *m)
{
    wire_int(w, &m->signal.signal);
    wire_bool(w, &m->signal.all);
}

static void
stop_fields(struct wire *w, struct boxmsg *m)
{
    wire_i64(w, &m->stop.grace_us);
}

static void
exec_fields(struct wire *w, struct boxmsg *m)
{
    wire_texts(w, &m->exec.argv, NULL);
    wire_texts(w, &m->exec.env, NULL);
    wire_text(w, &m->exec.cwd);
    wire_bool(w, &m->exec.tty);
    wire_u32(w, &m->exec.rows);
    wire_u32(w, &m->exec.cols);
    wire_i64(w, &m->exec.timeout_us);
}

static void
started_fields(struct wire *w, struct boxmsg *m)
{
    wire_u32(w, &m->started.exec);
}

static void
exited_fields(struct wire *w, struct boxmsg *m)
{
    wire_u32(w, &m->exited.exec);
    wire_int(w, &m->exited.code);
    wire_text(w, &m->exited.text);
}

static void
resize_fields(struct wire *w, struct boxmsg *m)
{
    wire_u32(w, &m->resize.exec);
    wire_u32(w, &m->resize.rows);
    wire_u32(w, &m->resize.cols);
}

static const struct layout {
    uint32_t type;
    const char *name;
    void (*fields)(struct wire *w, struct boxmsg *m);
} layouts[] = {
    {BOXMSG_HELLO, "HELLO", hello_fields},        {BOXMSG_READY, "READY", ready_fields},
    {BOXMSG_SPAWN, "SPAWN", spawn_fields},        {BOXMSG_SPAWNED, "SPAWNED", spawned_fields},
    {BOXMSG_FAILED, "FAILED", failed_fields},     {BOXMSG_ENDED, "ENDED", ended_fields},
    {BOXMSG_STATUS, "STATUS", no_fields},         {BOXMSG_STATE, "STATE", state_fields},
    {BOXMSG_SIGNAL, "SIGNAL", signal_fields},     {BOXMSG_STOP, "STOP", stop_fields},
    {BOXMSG_EXEC, "EXEC", exec_fields},           {BOXMSG_STARTED, "STARTED", started_fields},
    {BOXMSG_EXITED, "EXITED", exited_fields},     {BOXMSG_RESIZE, "RESIZE", resize_fields},
    {BOXMSG_NAMESPACES, "NAMESPACES", no_fields}, {BOXMSG_DONE, "DONE", no_fields},
    {BOXMSG_REFUSED, "REFUSED", failed_fields},
};

static const struct layout *
layout_of(uint32_t type)
{
    for (size_t i = 0; i < ARRAY_LEN(layouts); i++) {
        if (layouts[i].type == type)
            return &layouts[i];
    }
    return NULL;
}

const char *
boxmsg_name(uint32_t type)
{
    const struct layout *l = layout_of(type);

    return l != NULL ? l->name : "unknown";
}

int
boxmsg_encode(const struct boxmsg *m, struct buf *to, struct err *e)
{
    const struct layout *l = layout_of(m->type);
    struct boxmsg copy = *m;
    struct wire w;

    CHECK(l != NULL);
    buf_clear(to);
    to->max = BOXMSG_MAX_BYTES;
    wire_write(&w, to, m->type);
    wire_u64(&w, &copy.tag);
    l->fields(&w, &copy);
    return wire_end(&w, e) < 0 ? err_wrap(e, "message %s", l->name) : 0;
}

int
boxmsg_decode(struct str bytes, struct arena *a, struct boxmsg *ret, struct err *e)
{
    const struct layout *l;
    struct wire w;

    *ret = (struct boxmsg){.type = 0};
    wire_read(&w, bytes, a, &ret->type);
    wire_u64(&w, &ret->tag);
    l = layout_of(ret->type);
    if (l == NULL)
        wire_fail(&w, "the type of the message is unknown");
    else
        l->fields(&w, ret);
    return wire_end(&w, e) < 0 ? err_wrap(e, "message %s", boxmsg_name(ret->type)) : 0;
}
