#include "runner/runtime.h"

#include <stdlib.h>

#include "data/json.h"

struct plan *
plan_new(void)
{
    struct plan *p = NEW(struct plan);

    p->refs = 1;
    return p;
}

struct plan *
plan_ref(struct plan *p)
{
    p->refs++;
    return p;
}

static void
free_services(struct plan *p)
{
    for (size_t i = 0; i < p->services_n; i++) {
        struct plan_service *s = &p->services[i];

        for (size_t k = 0; k < s->ports_n; k++) {
            free(s->ports[k].name);
            free(s->ports[k].protocol);
        }
        free(s->ports);
        free(s->name);
        free(s->address);
    }
    free(p->services);
}

static void
free_tokens(struct plan *p)
{
    for (size_t i = 0; i < p->tokens_n; i++) {
        free(p->tokens[i].audience);
        free(p->tokens[i].text);
    }
    free(p->tokens);
}

void
plan_unref(struct plan *p)
{
    if (p == NULL || --p->refs > 0)
        return;
    free_services(p);
    free_tokens(p);
    free(p->names);
    free(p->api_volume);
    for (size_t i = 0; i < p->sources_n; i++) {
        free(p->sources[i].kind);
        free(p->sources[i].name);
        json_doc_unref(p->sources[i].object);
    }
    for (size_t i = 0; i < p->claims_n; i++) {
        free(p->claims[i].name);
        free(p->claims[i].directory);
    }
    for (size_t i = 0; i < p->blobs_n; i++) {
        free(p->blobs[i].key);
        free(p->blobs[i].suffix);
        free(p->blobs[i].path);
    }
    free(p->blobs);
    for (size_t i = 0; i < p->attempts_n; i++) {
        free(p->attempts[i].container);
        free(p->attempts[i].reason);
    }
    free(p->sources);
    free(p->claims);
    free(p->attempts);
    json_doc_unref(p->pod);
    free(p->uid);
    free(p->namespace);
    free(p->name);
    free(p->boot_id);
    free(p->service_account);
    free(p);
}

const char *
runtime_event_name(enum runtime_event_type type)
{
#define NAME_(id) [id] = #id,
    static const char *const names[] = {RUNTIME_EVENTS(NAME_)};
#undef NAME_

    return names[type];
}
