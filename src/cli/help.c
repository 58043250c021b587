#include "cli/help.h"

#include <string.h>

#include "base/buf.h"
#include "cli/cli.h"
#include "cli/option.h"
#include "cli/settings.h"

void
help_overview(const struct cli *c, FILE *to)
{
    const char *bold = color_code(c->out_color, COLOR_BOLD);
    const char *plain = color_code(c->out_color, COLOR_PLAIN);
    const struct cli_command *const *all = cli_commands();
    size_t width = 0;

    fprintf(to,
            "sluice runs machine-learning pipelines on one machine, without a cluster.\n\n"
            "%sUsage%s: sluice COMMAND [FLAGS] [ARGUMENTS]\n\n%sCommands%s\n",
            bold, plain, bold, plain);
    for (size_t i = 0; all[i] != NULL; i++)
        if (strlen(all[i]->name) > width)
            width = strlen(all[i]->name);
    for (size_t i = 0; all[i] != NULL; i++)
        fprintf(to, "  %-*s  %s\n", (int)width, all[i]->name, all[i]->help);
    fprintf(to,
            "\n'sluice COMMAND --help' tells more of a command, 'sluice config' of settings.\n");
}

void
help_of(const struct cli *c, const struct cli_command *m)
{
    const char *bold = color_code(c->out_color, COLOR_BOLD);
    const char *plain = color_code(c->out_color, COLOR_PLAIN);
    cleanup_buf struct buf text = BUF_INIT;

    buf_printf(&text, "sluice %s: %s\n\n%sUsage%s: sluice %s [FLAGS]", m->name, m->help, bold,
               plain, m->name);
    if (m->arguments != NULL)
        buf_printf(&text, " %s", m->arguments);
    buf_char(&text, '\n');
    if (m->details != NULL)
        buf_printf(&text, "\n%s\n", m->details);
    buf_printf(&text, "\n%sFlags%s\n", bold, plain);
    if (m->options != NULL)
        option_help(&text, m->options);
    option_help(&text, cli_common_options());
    if (m->settings) {
        buf_printf(&text, "\n%sSettings%s (also in sluice.yaml and as SLUICE_ variables)\n", bold,
                   plain);
        option_help(&text, settings_options());
    }
    fputs(buf_cstring(&text), c->out);
}

static int
help_run(struct cli *c)
{
    const char *name = option_operand(c->options, 0);

    if (name == NULL) {
        help_overview(c, c->out);
        return CLI_OK;
    }
    if (cli_command_find(name) == NULL)
        return cli_unknown_command(c, name);
    help_of(c, cli_command_find(name));
    return CLI_OK;
}

const struct cli_command help_command = {
    .name = "help",
    .arguments = "[COMMAND]",
    .help = "show the commands, or how one is used",
    .max_operands = 1,
    .run = help_run,
};
