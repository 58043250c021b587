#include "cli/workflowprint.h"

#include <string.h>
#include <unistd.h>

#include "base/buf.h"
#include "base/clock.h"
#include "base/err.h"
#include "base/mem.h"
#include "cli/cli.h"
#include "cli/color.h"
#include "cli/option.h"
#include "cli/screen.h"
#include "cli/workflows.h"
#include "data/json.h"
#include "data/yaml.h"
#include "schema/selector.h"

const char *const workflowprint_forms[] = {"json", "yaml", "name", "short", "wide", NULL};

bool
workflowprint_form(struct cli *c, enum workflowprint_form *ret)
{
    static const enum workflowprint_form meanings[] = {WORKFLOWPRINT_JSON, WORKFLOWPRINT_YAML,
                                                       WORKFLOWPRINT_NAME, WORKFLOWPRINT_SHORT,
                                                       WORKFLOWPRINT_WIDE};
    const char *given = option_value(c->options, "output");

    *ret = WORKFLOWPRINT_SCREEN;
    if (given == NULL)
        return true;
    for (size_t i = 0; workflowprint_forms[i] != NULL; i++)
        if (strcmp(given, workflowprint_forms[i]) == 0) {
            *ret = meanings[i];
            return true;
        }
    cli_usage(c, "-o '%s': expected json, yaml, name, short or wide", given);
    return false;
}

int
workflowprint_nodes(const struct cli *c, struct selector **ret, struct err *e)
{
    const char *phase = option_value(c->options, "status");
    const char *selector = option_value(c->options, "node-field-selector");
    cleanup_buf struct buf text = BUF_INIT;

    *ret = NULL;
    if (phase == NULL && selector == NULL)
        return 0;
    if (phase != NULL && selector != NULL)
        return err_set(e, ERR_BADREQUEST, "cannot use both --status and --node-field-selector");
    buf_printf(&text, "%s%s", phase != NULL ? "phase=" : "", phase != NULL ? phase : selector);
    if (selector_parse_fields(buf_view(&text), ret, e) < 0)
        return err_wrap(e, "--%s", phase != NULL ? "status" : "node-field-selector");
    return 0;
}

/* How the tree is drawn on standard output now. */
static struct tree_style
style_of(const struct cli *c, enum workflowprint_form form, const struct selector *nodes)
{
    bool utf8 = !isatty(fileno(c->out)) || color_locale_is_utf8();

    return (struct tree_style){
        .utf8 = option_switch(c->options, "utf8", utf8),
        .colour = c->out_color,
        .columns = form == WORKFLOWPRINT_WIDE    ? TREE_WIDE
                   : form == WORKFLOWPRINT_SHORT ? TREE_SHORT
                                                 : TREE_PLAIN,
        .nodes = nodes,
        .now_us = clock_wall_us(&clock_machine),
    };
}

void
workflowprint_some(struct cli *c, const struct json *workflow, enum workflowprint_form form,
                   const struct selector *nodes)
{
    cleanup_buf struct buf text = BUF_INIT;
    struct tree_style style = style_of(c, form, nodes);

    switch (form) {
    case WORKFLOWPRINT_SCREEN:
    case WORKFLOWPRINT_WIDE:
        screen_write(&text, workflow, &style);
        break;
    case WORKFLOWPRINT_SHORT:
        tree_write(&text, workflow, &style);
        if (text.n == 0)
            screen_write(&text, workflow, &style);
        break;
    case WORKFLOWPRINT_JSON:
        json_write_pretty(&text, workflow);
        buf_char(&text, '\n');
        break;
    case WORKFLOWPRINT_YAML:
        yaml_write(&text, workflow);
        break;
    case WORKFLOWPRINT_NAME:
        buf_printf(&text, "%s\n", workflow_name(workflow));
        break;
    }
    fwrite(text.p, 1, text.n, c->out);
    fflush(c->out);
}

void
workflowprint(struct cli *c, const struct json *workflow, enum workflowprint_form form)
{
    workflowprint_some(c, workflow, form, NULL);
}

void
workflowprint_again(struct cli *c, const struct json *workflow, const struct selector *nodes)
{
    if (isatty(fileno(c->out)))
        fputs("\033[H\033[2J", c->out);
    workflowprint_some(c, workflow, WORKFLOWPRINT_SCREEN, nodes);
}
