/* How a container is probed, and what runs when it starts and before it stops. */

#include <inttypes.h>

#include "base/mem.h"
#include "data/json.h"
#include "schema/rules_int.h"

#define NOT_NEGATIVE "must be greater than or equal to 0"

static void
check_exec(struct rules *r, const struct json *exec)
{
    if (json_count(json_get(exec, "command")) == 0)
        rules_required(r, "command", "");
}

static void
check_http(struct rules *r, const struct json *http)
{
    static const char *const schemes[] = {"HTTP", "HTTPS", NULL};

    rules_must_have(r, http, "path");
    rules_port(r, http, "port");
    rules_one_of(r, http, "scheme", schemes);
    /* Upstream names the list, not the item. */
    JSON_EACH (it, json_get(http, "httpHeaders"))
        rules_name(r, "httpHeaders", json_str(json_get(it.value, "name")), NAMES_HTTP_HEADER);
}

static void
check_port(struct rules *r, const struct json *action)
{
    rules_port(r, action, "port");
}

static void
check_sleep(struct rules *r, const struct json *sleep)
{
    const struct json *seconds = json_get(sleep, "seconds");
    cleanup_free char *text = NULL;
    int64_t grace, n = 0;

    if (!json_int(json_get(r->spec, "terminationGracePeriodSeconds"), &grace))
        return;
    (void)json_int(seconds, &n);
    if (n >= 0 && n <= grace)
        return;
    text = xasprintf(
        "must be non-negative and less than terminationGracePeriodSeconds (%" PRId64 ")", grace);
    rules_invalid(r, NULL, seconds, text);
}

static const struct {
    const char *type;
    void (*check)(struct rules *r, const struct json *action);
} actions[] = {
    {"exec", check_exec}, {"httpGet", check_http}, {"tcpSocket", check_port},
    {"grpc", check_port}, {"sleep", check_sleep},
};

static void
check_handler(struct rules *r, const struct json *handler)
{
    size_t n = 0;

    for (size_t i = 0; i < ARRAY_LEN(actions); i++) {
        const struct json *action = json_get(handler, actions[i].type);
        size_t before;

        if (json_is_null(action))
            continue;
        if (n++ > 0) {
            rules_forbidden(r, actions[i].type, "may not specify more than 1 handler type");
            continue;
        }
        before = rules_enter(r, actions[i].type);
        actions[i].check(r, action);
        rules_leave(r, before);
    }
    if (n == 0)
        rules_required(r, NULL, "must specify a handler type");
}

static void
check_probe(struct rules *r, const struct json *container, const char *field)
{
    static const char *const counts[] = {"initialDelaySeconds", "timeoutSeconds", "periodSeconds",
                                         "successThreshold", "failureThreshold"};
    const struct json *probe = json_get(container, field);
    bool readiness = str_is(str_of(field), "readinessProbe");
    size_t before = rules_enter(r, field);

    if (!json_is_null(probe)) {
        check_handler(r, probe);
        for (size_t i = 0; i < ARRAY_LEN(counts); i++)
            rules_in_range(r, probe, counts[i], 0, INT32_MAX, NOT_NEGATIVE);
        rules_in_range(r, probe, "terminationGracePeriodSeconds", 1, INT64_MAX,
                       "must be greater than 0");
        if (!readiness)
            rules_in_range(r, probe, "successThreshold", 1, 1, "must be 1");
        else if (json_get(probe, "terminationGracePeriodSeconds") != NULL)
            rules_invalid(r, "terminationGracePeriodSeconds",
                          json_get(probe, "terminationGracePeriodSeconds"),
                          "must not be set for readinessProbes");
    }
    rules_leave(r, before);
}

/* The system must be named, since each has its own. */
static void
check_stop_signal(struct rules *r, const struct json *lifecycle)
{
    static const char *const of_linux[] = {
        "SIGABRT",     "SIGALRM",     "SIGBUS",      "SIGCHLD",     "SIGCLD",      "SIGCONT",
        "SIGFPE",      "SIGHUP",      "SIGILL",      "SIGINT",      "SIGIO",       "SIGIOT",
        "SIGKILL",     "SIGPIPE",     "SIGPOLL",     "SIGPROF",     "SIGPWR",      "SIGQUIT",
        "SIGRTMAX",    "SIGRTMAX-1",  "SIGRTMAX-10", "SIGRTMAX-11", "SIGRTMAX-12", "SIGRTMAX-13",
        "SIGRTMAX-14", "SIGRTMAX-2",  "SIGRTMAX-3",  "SIGRTMAX-4",  "SIGRTMAX-5",  "SIGRTMAX-6",
        "SIGRTMAX-7",  "SIGRTMAX-8",  "SIGRTMAX-9",  "SIGRTMIN",    "SIGRTMIN+1",  "SIGRTMIN+10",
        "SIGRTMIN+11", "SIGRTMIN+12", "SIGRTMIN+13", "SIGRTMIN+14", "SIGRTMIN+15", "SIGRTMIN+2",
        "SIGRTMIN+3",  "SIGRTMIN+4",  "SIGRTMIN+5",  "SIGRTMIN+6",  "SIGRTMIN+7",  "SIGRTMIN+8",
        "SIGRTMIN+9",  "SIGSEGV",     "SIGSTKFLT",   "SIGSTOP",     "SIGSYS",      "SIGTERM",
        "SIGTRAP",     "SIGTSTP",     "SIGTTIN",     "SIGTTOU",     "SIGURG",      "SIGUSR1",
        "SIGUSR2",     "SIGVTALRM",   "SIGWINCH",    "SIGXCPU",     "SIGXFSZ",     NULL};
    static const char *const of_windows[] = {"SIGKILL", "SIGTERM", NULL};
    struct str system = json_str(json_at_path(r->spec, "os.name"));

    if (json_is_null(json_get(lifecycle, "stopSignal")))
        return;
    if (json_is_null(json_get(r->spec, "os")))
        rules_forbidden(r, "stopSignal", "may not be set for containers with empty `spec.os.name`");
    else if (str_is(system, "linux"))
        rules_one_of(r, lifecycle, "stopSignal", of_linux);
    else if (str_is(system, "windows"))
        rules_one_of(r, lifecycle, "stopSignal", of_windows);
}

static const char *const probes[] = {"livenessProbe", "readinessProbe", "startupProbe"};

void
rules_life(struct rules *r, const struct json *container)
{
    static const char *const hooks[] = {"postStart", "preStop"};
    const struct json *lifecycle = json_get(container, "lifecycle");
    size_t before = rules_enter(r, "lifecycle"), inside;

    for (size_t i = 0; i < ARRAY_LEN(hooks); i++) {
        inside = rules_enter(r, hooks[i]);
        if (!json_is_null(json_get(lifecycle, hooks[i])))
            check_handler(r, json_get(lifecycle, hooks[i]));
        rules_leave(r, inside);
    }
    check_stop_signal(r, lifecycle);
    rules_leave(r, before);
    for (size_t i = 0; i < ARRAY_LEN(probes); i++)
        check_probe(r, container, probes[i]);
}

void
rules_no_life(struct rules *r, const struct json *container, const char *why)
{
    if (!json_is_null(json_get(container, "lifecycle")))
        rules_forbidden(r, "lifecycle", why);
    for (size_t i = 0; i < ARRAY_LEN(probes); i++)
        if (!json_is_null(json_get(container, probes[i])))
            rules_forbidden(r, probes[i], why);
}
