/*
 * `sluice debug`: what every part of the server says of itself.
 *
 * The server tells it as text in sections (api/apidebug.h); -o json makes an object of it, with the
 * lines of each section under its name.
 */
#include <string.h>

#include "api/apidebug.h"
#include "base/buf.h"
#include "base/err.h"
#include "cli/cli.h"
#include "cli/option.h"
#include "cli/serverlink.h"
#include "data/json.h"

static const char *const forms[] = {"json", "text", NULL};

static const struct option options[] = {
    {.name = "output",
     .letter = 'o',
     .argument = "FORM",
     .choices = forms,
     .help = "json or text (default)"},
    OPTION_END,
};

struct debug {
    struct cli *cli;
    bool json, in_section;
    struct json_build build;
    struct err why;
};

static void
add_line(struct debug *d, struct str text)
{
    bool heading = text.n > 2 && text.p[0] == '[' && text.p[text.n - 1] == ']';

    if (!heading && d->in_section) {
        json_add_str(&d->build, NULL, text);
        return;
    }
    if (!heading)
        return;
    if (d->in_section)
        json_end(&d->build);
    json_add_key(&d->build, str_slice(text, 1, text.n - 1));
    json_add_array(&d->build, NULL);
    d->in_section = true;
}

static bool
on_line(void *arg, struct str text)
{
    struct debug *d = arg;

    if (d->json)
        add_line(d, text);
    else
        fprintf(d->cli->out, "%.*s\n", STR_ARG(text));
    return true;
}

static void
on_end(void *arg, const struct err *why)
{
    if (why != NULL)
        ((struct debug *)arg)->why = *why;
}

static void
print_json(struct debug *d)
{
    cleanup_json struct json_doc *doc = NULL;
    cleanup_buf struct buf text = BUF_INIT;

    if (d->in_section)
        json_end(&d->build);
    json_end(&d->build);
    doc = json_build_done(&d->build);
    json_write_pretty(&text, json_root(doc));
    fprintf(d->cli->out, "%s\n", buf_cstring(&text));
}

static int
debug_run(struct cli *c)
{
    const char *form = option_value(c->options, "output");
    cleanup_serverlink struct serverlink *r = NULL;
    struct debug d = {.cli = c,
                      .json = form != NULL && strcmp(form, "json") == 0,
                      .build = JSON_BUILD_INIT,
                      .why = ERR_INIT};
    const struct serverlink_lines lines = {.line = on_line, .end = on_end, .arg = &d};
    struct err e = ERR_INIT;
    int code = serverlink_open(c, &r, &e);

    json_add_object(&d.build, NULL);
    if (code == 0)
        code = serverlink_lines(r, APIDEBUG_PATH, &lines, &e);
    if (code == 0 && d.why.code < 0) {
        e = d.why;
        code = e.code;
    }
    if (code < 0) {
        json_build_cancel(&d.build);
        return cli_fail(c, &e);
    }
    if (d.json)
        print_json(&d);
    else
        json_build_cancel(&d.build);
    return CLI_OK;
}

const struct cli_command debug_command = {
    .name = "debug",
    .help = "print what every part of the server says of itself",
    .details =
        "Loops, queues, pods with their state and age, watches, slow statements of the store,\n"
        "connections, and the last warnings and errors.",
    .options = options,
    .settings = true,
    .run = debug_run,
};
