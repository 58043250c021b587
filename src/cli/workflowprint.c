#include "cli/workflowprint.h"

#include <string.h>
#include <unistd.h>

#include "base/buf.h"
#include "base/clock.h"
#include "base/mem.h"
#include "cli/cli.h"
#include "cli/color.h"
#include "cli/option.h"
#include "cli/screen.h"
#include "cli/workflows.h"
#include "data/json.h"
#include "data/yaml.h"

const char *const workflowprint_forms[] = {"json", "yaml", "name", "short", "wide", NULL};

bool
workflowprint_form(struct cli *c, enum workflowprint_form *ret)
{
    static const enum workflowprint_form meanings[] = {WORKFLOWPRINT_JSON, WORKFLOWPRINT_YAML,
                                                       WORKFLOWPRINT_NAME, WORKFLOWPRINT_SCREEN,
                                                       WORKFLOWPRINT_SCREEN};
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

/* How the tree is drawn on standard output now. */
static struct tree_style
style_of(const struct cli *c)
{
    return (struct tree_style){.utf8 = !isatty(fileno(c->out)) || color_locale_is_utf8(),
                               .colour = c->out_color,
                               .now_us = clock_wall_us(&clock_machine)};
}

void
workflowprint(struct cli *c, const struct json *workflow, enum workflowprint_form form)
{
    cleanup_buf struct buf text = BUF_INIT;
    struct tree_style style = style_of(c);

    switch (form) {
    case WORKFLOWPRINT_SCREEN:
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
workflowprint_again(struct cli *c, const struct json *workflow)
{
    if (isatty(fileno(c->out)))
        fputs("\033[H\033[2J", c->out);
    workflowprint(c, workflow, WORKFLOWPRINT_SCREEN);
}
