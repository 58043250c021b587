#include <string.h>

#include "base/buf.h"
#include "base/err.h"
#include "cli/cli.h"
#include "cli/option.h"
#include "cli/settings.h"
#include "cli/settings_file.h"
#include "cli/settings_table.h"

/* The file to edit: the one that was read, or else the first that would be. */
static char *
file_to_edit(const struct cli *c)
{
    struct settings_input in = {.flags = c->options, .environment = (const char *const *)environ};
    settings_list list;
    char *path;

    if (c->settings->file != NULL)
        return xstrdup(c->settings->file);
    list = settings_search_path(&in);
    path = xstrdup(list.at[0]);
    settings_list_done(&list);
    return path;
}

static int
image_alias(struct cli *c)
{
    const char *image = option_operand(c->options, 1), *target = option_operand(c->options, 2);
    cleanup_free char *path = file_to_edit(c);
    cleanup_buf struct buf shown = BUF_INIT;
    struct settings_image rule;
    struct err e = ERR_INIT;
    int code;

    if (image == NULL || target == NULL)
        return cli_usage(c, "alias needs an image and a target");
    if (setting_image_target(str_of(image), str_of(target), &rule, &e) < 0)
        return cli_usage(c, "%s", e.msg);
    setting_write_image(&shown, &rule);
    code = settings_file_put_image(path, &rule, &e);
    settings_image_done(&rule);
    if (code < 0)
        return cli_fail(c, &e);
    fprintf(c->out, "%s: %s\n", path, buf_cstring(&shown));
    return CLI_OK;
}

static int
image_remove(struct cli *c)
{
    const char *image = option_operand(c->options, 1);
    cleanup_free char *path = file_to_edit(c);
    struct err e = ERR_INIT;

    if (image == NULL || option_operand_count(c->options) > 2)
        return cli_usage(c, "remove needs an image, and nothing more");
    if (settings_file_remove_image(path, image, &e) < 0)
        return cli_fail(c, &e);
    fprintf(c->out, "%s: the rule for %s is gone\n", path, image);
    return CLI_OK;
}

static int
image_list(struct cli *c)
{
    const settings_images *images = &c->settings->images;

    if (option_operand_count(c->options) > 1)
        return cli_usage(c, "list takes no argument");
    for (size_t i = 0; i < images->n; i++) {
        cleanup_buf struct buf line = BUF_INIT;

        setting_write_image(&line, &images->at[i]);
        fprintf(c->out, "%s\n", buf_cstring(&line));
    }
    return CLI_OK;
}

static int
image_run(struct cli *c)
{
    static const struct {
        const char *name;
        int (*run)(struct cli *c);
    } verbs[] = {{"alias", image_alias}, {"list", image_list}, {"remove", image_remove}};
    const char *names[ARRAY_LEN(verbs)];
    const char *verb = option_operand(c->options, 0), *nearest;

    for (size_t i = 0; i < ARRAY_LEN(verbs); i++) {
        names[i] = verbs[i].name;
        if (strcmp(verb, verbs[i].name) == 0)
            return verbs[i].run(c);
    }
    nearest = option_nearest(verb, names, ARRAY_LEN(verbs));
    if (nearest == NULL)
        return cli_usage(c, "there is no 'image %s'", verb);
    return cli_usage(c, "there is no 'image %s'; did you mean '%s'?", verb, nearest);
}

static const char *const actions[] = {"alias", "list", "remove", NULL};

const struct cli_command image_command = {
    .name = "image",
    .arguments = "alias IMAGE TARGET | list | remove IMAGE",
    .choices = actions,
    .help = "show and edit what stands in for images",
    .details =
        "A step's image selects its environment. The rules in sluice.yaml say what stands in\n"
        "for an image; the first rule whose pattern matches counts. TARGET is one of\n"
        "  host             the programs of this machine\n"
        "  /a/directory     a root directory, laid out as an image's\n"
        "  python:3.11      a Python environment of that version, which pip may write to\n"
        "  python:/a/path   the same around the interpreter at that path",
    .min_operands = 1,
    .max_operands = 3,
    .settings = true,
    .run = image_run,
};
