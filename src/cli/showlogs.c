#include <inttypes.h>
#include <stdlib.h>

#include "base/err.h"
#include "base/mem.h"
#include "cli/cli.h"
#include "cli/serverlink.h"
#include "cli/workflowlog.h"
#include "cli/workflows.h"
#include "data/duration.h"
#include "data/timestamp.h"

static const struct option options[] = {
    WORKFLOWS_NAMESPACE,
    {.name = "follow", .letter = 'f', .help = "go on until the workflow is over"},
    {.name = "container",
     .letter = 'c',
     .argument = "NAME",
     .help = "of this container of each pod (default: main)"},
    {.name = "tail", .argument = "LINES", .help = "only the last lines of each pod"},
    {.name = "since", .argument = "DURATION", .help = "only what is younger: 10s, 5m, 1h"},
    {.name = "since-time",
     .argument = "TIME",
     .help = "only what is younger than a moment: 2026-01-31T00:00:00Z"},
    {.name = "previous",
     .letter = 'p',
     .help = "of the containers' attempts before their present ones"},
    {.name = "grep", .argument = "PATTERN", .help = "only lines that match the expression"},
    {.name = "selector",
     .letter = 'l',
     .argument = "SELECTOR",
     .help = "only pods with these labels"},
    {.name = "timestamps", .help = "print when each line came"},
    OPTION_END,
};

static int
logs_run(struct cli *c)
{
    const char *since = option_value(c->options, "since"), *tail = option_value(c->options, "tail");
    const char *moment = option_value(c->options, "since-time");
    cleanup_serverlink struct serverlink *r = NULL;
    cleanup_free char *seconds = NULL;
    struct workflowlog_query q = {
        .follow = option_switch(c->options, "follow", false),
        .timestamps = option_switch(c->options, "timestamps", false),
        .previous = option_switch(c->options, "previous", false),
        .pod = option_operand(c->options, 1),
        .container = option_value(c->options, "container"),
        .tail = tail,
        .since_time = moment,
        .grep = option_value(c->options, "grep"),
        .selector = option_value(c->options, "selector"),
    };
    struct err e = ERR_INIT;
    int64_t n;

    if (tail != NULL && (!str_to_int(str_of(tail), &n) || n < 0))
        return cli_usage(c, "--tail '%s': expected a number of lines", tail);
    if (since != NULL && duration_parse(str_of(since), &n, &e) < 0)
        return cli_usage(c, "--since: %s", e.msg);
    if (moment != NULL && since != NULL)
        return cli_usage(c, "--since-time and --since cannot be used together");
    if (moment != NULL && timestamp_parse(str_of(moment), &n, &e) < 0)
        return cli_usage(c, "--since-time: %s", e.msg);
    if (since != NULL)
        q.since = seconds = xasprintf("%" PRId64, n / DURATION_SECOND);
    if (q.container == NULL)
        q.container = "main";
    if (serverlink_open(c, &r, &e) < 0 ||
        workflowlog(c, r, workflows_namespace(c), option_operand(c->options, 0), &q, &e) < 0)
        return cli_fail(c, &e);
    return CLI_OK;
}

const struct cli_command logs_command = {
    .name = "logs",
    .arguments = "WORKFLOW [POD]",
    .help = "print what steps of a workflow of the server print",
    .options = options,
    .min_operands = 1,
    .max_operands = 2,
    .settings = true,
    .run = logs_run,
};
