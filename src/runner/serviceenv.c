#include "runner/serviceenv.h"

#include <ctype.h>

#include "base/arena.h"
#include "data/json.h"
#include "runner/podspec.h"
#include "runner/runtime.h"
#include "sandbox/netmap.h"

struct adding {
    struct arena *arena;
    env_vars *vars;
    const char *name; /* of the Service, as variables spell it */
    const char *address;
};

/* A name in upper case, with '_' for what variables cannot have. */
static const char *
spelled(struct arena *a, const char *name)
{
    char *text = arena_strdup(a, name);

    for (char *p = text; *p != '\0'; p++)
        *p = isalnum((unsigned char)*p) ? (char)toupper((unsigned char)*p) : '_';
    return text;
}

static void
set(const struct adding *x, const char *suffix, const char *value)
{
    env_set(x->vars, str_of(arena_printf(x->arena, "%s_%s", x->name, suffix)), str_of(value));
}

static void
add_port(const struct adding *x, const struct plan_port *port, bool first, bool moved)
{
    struct arena *a = x->arena;
    const char *number =
        arena_printf(a, "%d", moved ? port->number : netmap_real_port(port->number));
    const char *protocol = spelled(a, port->protocol);
    char *scheme = arena_strdup(a, protocol);
    const char *url, *link;

    for (char *p = scheme; *p != '\0'; p++)
        *p = (char)tolower((unsigned char)*p);
    url = arena_printf(a, "%s://%s:%s", scheme, x->address, number);
    link = arena_printf(a, "PORT_%s_%s", number, protocol);
    if (first) {
        set(x, "SERVICE_PORT", number);
        set(x, "PORT", url);
    }
    if (port->name != NULL)
        set(x, arena_printf(a, "SERVICE_PORT_%s", spelled(a, port->name)), number);
    set(x, link, url);
    set(x, arena_printf(a, "%s_PROTO", link), scheme);
    set(x, arena_printf(a, "%s_PORT", link), number);
    set(x, arena_printf(a, "%s_ADDR", link), x->address);
}

void
serviceenv_add(const struct plan *p, const struct podspec *s, bool moved, struct arena *a,
               env_vars *vars)
{
    bool links = json_bool_or(json_at_path(s->root, "spec.enableServiceLinks"), true);

    for (size_t i = 0; i < p->services_n && (i == 0 || links); i++) {
        const struct plan_service *service = &p->services[i];
        const struct adding x = {a, vars, spelled(a, service->name), service->address};

        set(&x, "SERVICE_HOST", service->address);
        for (size_t k = 0; k < service->ports_n; k++)
            add_port(&x, &service->ports[k], k == 0, moved);
    }
}
