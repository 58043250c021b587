#include "control/control.h"

#include <stdlib.h>
#include <unistd.h>

#include "base/mem.h"
#include "control/control_int.h"
#include "control/podview.h"
#include "core/core.h"
#include "runner/process/process_runtime.h"

/* Views are freed where no turn and no event of theirs is on the stack. */
static void
on_sweep(void *arg)
{
    struct control *c = arg;

    for (struct list *at = list_shift(&c->finished); at != NULL; at = list_shift(&c->finished))
        podview_free(LIST_ITEM(at, struct podview, link));
}

struct control *
control_setup(const struct control_config *config, struct err *e)
{
    struct control *c = NEW(struct control);
    uint16_t start;

    c->config = *config;
    c->data = xstrdup(config->data);
    c->root = geteuid() == 0;
    list_init(&c->finished);
    task_init(&c->sweep, config->loop, on_sweep, c);
    core_random(config->core, &start, sizeof start);
    podaddress_begin(&c->addresses, start);
    if (process_boot_id(&c->boot_id, e) < 0) {
        control_free(c);
        return NULL;
    }
    controllers_add(config->controllers, &pod_controller_row, c);
    controllers_add(config->controllers, &pvc_controller_row, c);
    core_add_module(config->core, &recovery_module, c);
    if (config->node != NULL) { /* a server's business; a run needs none of it */
        controllers_add(config->controllers, &namespace_controller_row, c);
        controllers_add(config->controllers, &node_controller_row, c);
        controllers_add(config->controllers, &endpoints_service_row, c);
        controllers_add(config->controllers, &endpoints_pod_row, c);
        controllers_add(config->controllers, &forwarding_service_row, c);
        controllers_add(config->controllers, &forwarding_endpoints_row, c);
        controllers_add(config->controllers, &servicenames_row, c);
    }
    return c;
}

void
control_set_runtime(struct control *c, struct runtime *r)
{
    c->runtime = r;
}

void
control_set_api_address(struct control *c, const char *address)
{
    c->api_address = xstrdup(address);
}

void
control_free(struct control *c)
{
    if (c == NULL)
        return;
    task_cancel(&c->sweep);
    MAP_EACH (&c->views, it) {
        struct podview *v = it.value;

        list_append(&c->finished, &v->link);
    }
    on_sweep(c);
    map_done(&c->views);
    map_done(&c->recovery.left);
    podaddress_done(&c->addresses);
    map_done(&c->unbound);
    endpoints_forget(c);
    forwarding_done(c);
    servicenames_forget(c);
    free(c->api_address);
    free(c->boot_id);
    free(c->data);
    free(c);
}
