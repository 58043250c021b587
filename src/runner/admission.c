#include "runner/admission.h"

#include <inttypes.h>

#include "base/buf.h"
#include "base/log.h"

void
admission_init(struct admission *a, size_t max_starts, size_t max_pods, int64_t cpu_milli,
               int64_t memory, void (*on_admit)(struct admission_pod *p))
{
    *a = (struct admission){.max_starts = max_starts,
                            .max_pods = max_pods,
                            .cpu_milli = cpu_milli,
                            .memory = memory,
                            .on_admit = on_admit};
    list_init(&a->queue);
    list_init(&a->admitted);
}

void
admission_done(struct admission *a)
{
    map_done(&a->holders);
}

static bool
set_up(const struct admission *a, struct admission_pod *p, const char *namespace, const char *name,
       int64_t cpu_milli, int64_t memory)
{
    *p = (struct admission_pod){
        .namespace = namespace, .name = name, .cpu_milli = cpu_milli, .memory = memory};
    list_init(&p->link);
    if (p->cpu_milli == 0)
        p->cpu_milli = ADMISSION_CPU_MILLI;
    if (p->cpu_milli > a->cpu_milli)
        p->cpu_milli = a->cpu_milli;
    if (p->memory > a->memory)
        p->memory = a->memory;
    return cpu_milli > a->cpu_milli || memory > a->memory;
}

bool
admission_queue(struct admission *a, struct admission_pod *p, const char *namespace,
                const char *name, int64_t cpu_milli, int64_t memory)
{
    bool cut = set_up(a, p, namespace, name, cpu_milli, memory);

    p->state = ADMISSION_QUEUED;
    list_append(&a->queue, &p->link);
    a->queued++;
    return cut;
}

/* Ports. */

static uint64_t
key_of(const struct admission_port *port)
{
    return (uint64_t)port->number << 1 | port->udp;
}

static void
hold_ports(struct admission *a, struct admission_pod *p)
{
    for (size_t i = 0; i < p->ports_n; i++)
        map_put_u64(&a->holders, key_of(&p->ports[i]), p);
}

static void
free_ports(struct admission *a, const struct admission_pod *p)
{
    for (size_t i = 0; i < p->ports_n; i++) {
        if (map_get_u64(&a->holders, key_of(&p->ports[i])) == p)
            map_remove_u64(&a->holders, key_of(&p->ports[i]));
    }
}

/* The first that somebody else holds, or NULL. */
static const struct admission_port *
find_taken(const struct admission *a, const struct admission_pod *p)
{
    for (size_t i = 0; i < p->ports_n; i++) {
        if (map_get_u64(&a->holders, key_of(&p->ports[i])) != NULL)
            return &p->ports[i];
    }
    return NULL;
}

void
admission_claim(struct admission *a, struct admission_pod *p, const struct admission_port *ports,
                size_t n)
{
    p->ports = ports;
    p->ports_n = n;
    if (p->state == ADMISSION_STARTING || p->state == ADMISSION_RUNNING)
        hold_ports(a, p);
}

static void
take_in(struct admission *a, struct admission_pod *p, enum admission_state state)
{
    p->state = state;
    list_append(&a->admitted, &p->link);
    a->pods++;
    a->starting += state == ADMISSION_STARTING;
    a->cpu_used += p->cpu_milli;
    a->memory_used += p->memory;
    hold_ports(a, p);
}

void
admission_adopt(struct admission *a, struct admission_pod *p, const char *namespace,
                const char *name, int64_t cpu_milli, int64_t memory)
{
    set_up(a, p, namespace, name, cpu_milli, memory);
    take_in(a, p, ADMISSION_RUNNING);
}

void
admission_started(struct admission *a, struct admission_pod *p)
{
    if (p->state != ADMISSION_STARTING)
        return;
    p->state = ADMISSION_RUNNING;
    a->starting--;
}

void
admission_leave(struct admission *a, struct admission_pod *p)
{
    if (p->state == ADMISSION_OUT)
        return;
    list_remove(&p->link);
    if (p->state == ADMISSION_QUEUED) {
        a->queued--;
    } else {
        a->starting -= p->state == ADMISSION_STARTING;
        a->pods--;
        a->cpu_used -= p->cpu_milli;
        a->memory_used -= p->memory;
        free_ports(a, p);
    }
    p->state = ADMISSION_OUT;
}

void
admission_open(struct admission *a)
{
    a->open = true;
    admission_run(a);
}

void
admission_alone(struct admission *a, bool alone)
{
    if (a->alone == alone)
        return;
    a->alone = alone;
    admission_run(a);
}

static bool
has_room(const struct admission *a, const struct admission_pod *p)
{
    return a->cpu_used + p->cpu_milli <= a->cpu_milli && a->memory_used + p->memory <= a->memory;
}

static bool
has_slot(const struct admission *a)
{
    if (a->alone && a->pods > 0)
        return false;
    return a->starting < a->max_starts && (a->max_pods == 0 || a->pods < a->max_pods);
}

/* The first one that fits, among the first few; NULL if none may go. */
static struct admission_pod *
next(struct admission *a)
{
    int seen = 0;
    struct admission_pod *p;

    LIST_EACH (p, &a->queue, struct admission_pod, link) {
        if (find_taken(a, p) != NULL)
            continue; /* for as long as another runs, which others must not wait for */
        if (has_room(a, p))
            return p;
        if (p->passes >= ADMISSION_PASSES || ++seen >= ADMISSION_SCAN)
            return NULL;
    }
    return NULL;
}

/* Those that the pod overtakes. */
static void
count_passes(struct admission *a, const struct admission_pod *until)
{
    struct admission_pod *p;

    LIST_EACH (p, &a->queue, struct admission_pod, link) {
        if (p == until)
            return;
        p->passes += find_taken(a, p) == NULL;
    }
}

void
admission_run(struct admission *a)
{
    struct admission_pod *p;

    while (a->open && has_slot(a) && (p = next(a)) != NULL) {
        count_passes(a, p);
        list_remove(&p->link);
        a->queued--;
        take_in(a, p, ADMISSION_STARTING);
        a->on_admit(p);
    }
}

static void
name_users(const struct admission *a, bool cpu, struct buf *to)
{
    enum { NAMED = 3 };
    size_t named = 0, users = 0;
    struct admission_pod *p;

    LIST_EACH (p, &((struct admission *)(uintptr_t)a)->admitted, struct admission_pod, link) {
        if ((cpu ? p->cpu_milli : p->memory) == 0)
            continue;
        if (users++ < NAMED) {
            buf_printf(to, "%s%s", named > 0 ? ", " : "", p->name);
            named++;
        }
    }
    if (users > named)
        buf_printf(to, " and %zu more", users - named);
}

void
admission_reason(const struct admission *a, const struct admission_pod *p, struct buf *to)
{
    const struct admission_port *taken = find_taken(a, p);

    if (a->open && taken != NULL) {
        const struct admission_pod *holder = map_get_u64(&a->holders, key_of(taken));

        buf_printf(to, "waiting for port %u/%s of the machine, which pod %s/%s holds",
                   taken->number, taken->udp ? "UDP" : "TCP", holder->namespace, holder->name);
    } else if (!a->open) {
        buf_cstr(to, "waiting until the pods of an earlier process are known");
    } else if (a->alone && a->pods > 0) {
        buf_cstr(to, "waiting for room on the disk: less than the reserve is free");
    } else if (a->max_pods > 0 && a->pods >= a->max_pods) {
        buf_printf(to, "waiting for one of %zu pods to end (the limit of max_pods)", a->pods);
    } else if (a->cpu_used + p->cpu_milli > a->cpu_milli) {
        buf_printf(to, "waiting for cpu: %.4g of %.4g in use by ", (double)a->cpu_used / 1000,
                   (double)a->cpu_milli / 1000);
        name_users(a, true, to);
    } else if (a->memory_used + p->memory > a->memory) {
        buf_printf(to, "waiting for memory: %" PRId64 " of %" PRId64 " MiB in use by ",
                   a->memory_used >> 20, a->memory >> 20);
        name_users(a, false, to);
    } else {
        buf_printf(to, "waiting for %zu other start%s", a->starting, a->starting == 1 ? "" : "s");
    }
}
