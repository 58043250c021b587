#include <stdlib.h>
#include <unistd.h>

#include "base/buf.h"
#include "cli/cli.h"
#include "cli/option.h"
#include "cli/settings.h"

static const struct option options[] = {
    {.name = "path", .help = "say only which file is read, and where one would be looked for"},
    {.name = "markdown", .help = "print the table of the manual's page"},
    OPTION_END,
};

static void
print_path(struct cli *c)
{
    struct settings_input in = {.flags = c->options, .environment = (const char *const *)environ};
    settings_list list = settings_search_path(&in);

    if (c->settings->file != NULL)
        fprintf(c->out, "%s\n", c->settings->file);
    else
        for (size_t i = 0; i < list.n; i++)
            fprintf(c->out, "%s (not there)\n", list.at[i]);
    settings_list_done(&list);
}

static int
config_run(struct cli *c)
{
    cleanup_buf struct buf text = BUF_INIT;

    if (option_switch(c->options, "path", false)) {
        print_path(c);
        return CLI_OK;
    }
    if (option_switch(c->options, "markdown", false))
        settings_print_markdown(&text);
    else
        settings_print_yaml(&text, c->settings);
    fputs(buf_cstring(&text), c->out);
    return CLI_OK;
}

const struct cli_command config_command = {
    .name = "config",
    .help = "print the settings in force as a commented sluice.yaml",
    .details = "Every setting with its help, its default and its bounds; what is set is not\n"
               "commented out. 'sluice config > sluice.yaml' makes a file to start from.",
    .options = options,
    .settings = true,
    .run = config_run,
};
