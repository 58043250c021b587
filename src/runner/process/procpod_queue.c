/*
 * A pod's way to its turn: what it asks of the machine, what it takes of it besides, and what is
 * said while it waits.
 */
#include <stdio.h>

#include "base/buf.h"
#include "data/json.h"
#include "runner/podio.h"
#include "runner/process/procpod.h"

/* Without isolation, paths that a spec fixes are the machine's: pods that have some run one after
 * another.  Each asks for the whole machine. */
static void
make_exclusive(struct procpod *p)
{
    const struct process_runtime *r = p->runtime;
    const struct podio *io = p->spec->io;
    size_t own = p->plan->api_volume != NULL; /* not to be had without isolation */
    bool fixed = json_count(p->spec->volumes) > own || io->parameters_n > 0 || io->artifacts_n > 0;

    for (size_t i = 0; i < io->inputs_n; i++)
        fixed |= !io->inputs[i].anywhere;
    if (r->level == LEVEL_NONE && fixed && p->admission.state == ADMISSION_QUEUED)
        p->admission.cpu_milli = r->admission.cpu_milli;
}

/* A pod without an address of its own has the ports of its containers on the machine. */
static void
claim_ports(struct procpod *p)
{
    struct admission_port *ports;
    size_t n = 0, room = 0;

    if (procpod_address(p) != 0 || p->admission.ports != NULL)
        return;
    for (size_t i = 0; i < p->spec->containers_n; i++)
        room += json_count(json_get(p->spec->containers[i].root, "ports"));
    ports = ARENA_ARRAY(&p->arena, struct admission_port, room + 1);
    for (size_t i = 0; i < p->spec->containers_n; i++) {
        if (p->spec->containers[i].role == CONTAINER_INIT)
            continue; /* it has ended before the others listen */
        JSON_EACH (it, json_get(p->spec->containers[i].root, "ports")) {
            struct str protocol = json_str(json_get(it.value, "protocol"));
            int64_t port;

            if (json_int(json_get(it.value, "containerPort"), &port) && !str_is(protocol, "SCTP"))
                ports[n++] = (struct admission_port){(uint16_t)port, str_is(protocol, "UDP")};
        }
    }
    admission_claim(&p->runtime->admission, &p->admission, ports, n);
}

void
procpod_tell_queued(struct procpod *p)
{
    cleanup_buf struct buf reason = BUF_INIT;
    struct runtime_event event = {.type = RUNTIME_QUEUED};

    if (p->admission.state != ADMISSION_QUEUED)
        return;
    admission_reason(&p->runtime->admission, &p->admission, &reason);
    event.message = buf_cstring(&reason);
    procpod_emit(p, &event);
}

/* A device that this machine does not have, or with strict requests more than its size: the pod
 * waits as it would on a cluster without such a node, until it is deleted. */
static bool
refuse_unschedulable(struct procpod *p, const struct podspec_resources *requests)
{
    const struct process_runtime *r = p->runtime;
    bool strict = r->config.strict_requests;
    bool cpu = strict && requests->cpu_request > r->machine.cpu_milli;
    bool memory = strict && requests->memory_request > r->machine.memory_bytes;
    struct str device = p->spec->device;
    char message[160];
    struct runtime_event event = {
        .type = RUNTIME_QUEUED, .reason = "Unschedulable", .message = message};

    if (!cpu && !memory && device.n == 0)
        return false;
    if (device.n > 0)
        snprintf(message, sizeof message, "0/1 nodes are available: 1 Insufficient %.*s.",
                 device.n < 100 ? (int)device.n : 100, device.p);
    else
        snprintf(message, sizeof message, "0/1 nodes are available: 1 %s%s%s.",
                 cpu ? "Insufficient cpu" : "", cpu && memory ? ", 1 " : "",
                 memory ? "Insufficient memory" : "");
    procpod_emit(p, &event);
    return true;
}

static void
note_clamped(struct procpod *p)
{
    struct runtime_event event = {.type = RUNTIME_NOTE,
                                  .warning = true,
                                  .reason = "RequestsClamped",
                                  .message = "the pod requests more than this machine has; it "
                                             "runs with what there is"};

    procpod_emit(p, &event);
}

void
procpod_claim(struct procpod *p)
{
    make_exclusive(p);
    claim_ports(p);
}

void
procpod_queue(struct procpod *p)
{
    struct process_runtime *r = p->runtime;
    struct podspec_resources requests = podspec_requests(p->spec);

    if (refuse_unschedulable(p, &requests))
        return;
    if (admission_queue(&r->admission, &p->admission, p->plan->namespace, p->plan->name,
                        requests.cpu_request, requests.memory_request))
        note_clamped(p);
    if (!r->ready)
        return; /* it goes on when it is known what can be had */
    procpod_claim(p);
    admission_run(&r->admission);
    procpod_tell_queued(p);
}

void
procpod_queue_adopted(struct procpod *p)
{
    struct process_runtime *r = p->runtime;
    struct podspec_resources requests = podspec_requests(p->spec);

    admission_adopt(&r->admission, &p->admission, p->plan->namespace, p->plan->name,
                    requests.cpu_request, requests.memory_request);
    if (r->ready)
        procpod_claim(p);
}
