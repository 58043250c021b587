#include "cli/cli.h"

#include <errno.h>
#include <limits.h>
#include <stdarg.h>
#include <string.h>
#include <unistd.h>

#include "base/buf.h"
#include "base/err.h"
#include "base/mem.h"
#include "base/vec.h"
#include "cli/help.h"
#include "cli/option.h"
#include "cli/settings.h"

extern const struct cli_command cron_command, up_command, kubeconfig_command, submit_command,
    list_command, get_command, logs_command, watch_command, wait_command, delete_command,
    stop_command, terminate_command, suspend_command, resume_command, retry_command,
    resubmit_command, completion_command, config_command, debug_command, doctor_command,
    help_command, image_command, lint_command, run_command, version_command, archive_command,
    template_command, cluster_template_command, node_command;

static const struct cli_command *const commands[] = {
    &up_command,
    &run_command,
    &submit_command,
    &list_command,
    &get_command,
    &logs_command,
    &watch_command,
    &wait_command,
    &delete_command,
    &stop_command,
    &terminate_command,
    &suspend_command,
    &resume_command,
    &retry_command,
    &resubmit_command,
    &node_command,
    &cron_command,
    &template_command,
    &cluster_template_command,
    &archive_command,
    &lint_command,
    &kubeconfig_command,
    &debug_command,
    &doctor_command,
    &image_command,
    &config_command,
    &completion_command,
    &version_command,
    &help_command,
    NULL,
};

enum { CLI_SHARED_OPTIONS = 48 }; /* room for the common flags and the settings' */

static const struct option common_options[] = {
    {.name = "help", .letter = 'h', .help = "show how the command is used"},
    {.name = "color", .help = "colours even where the output is no terminal (--no-color: none)"},
    {.name = "utf8", .help = "icons and lines in trees (--no-utf8: words and plain ASCII)"},
    OPTION_END,
};

const struct option *
cli_common_options(void)
{
    return common_options;
}

const struct cli_command *const *
cli_commands(void)
{
    return commands;
}

const struct cli_command *
cli_command_find(const char *name)
{
    for (size_t i = 0; commands[i] != NULL; i++)
        if (strcmp(commands[i]->name, name) == 0)
            return commands[i];
    return NULL;
}

/* "sluice run: error: " */
static void
put_prefix(struct cli *c, enum color color, const char *what)
{
    fprintf(c->err, "sluice%s%s: %s%s%s", c->command != NULL ? " " : "",
            c->command != NULL ? c->command->name : "", color_code(c->err_color, color), what,
            color_code(c->err_color, COLOR_PLAIN));
}

int
cli_fail(struct cli *c, const struct err *e)
{
    put_prefix(c, COLOR_RED, "error: ");
    if (e->line > 0)
        fprintf(c->err, "line %d, column %d: ", e->line, e->col);
    fprintf(c->err, "%s\n", e->msg);
    return CLI_FAILED;
}

int
cli_usage(struct cli *c, const char *fmt, ...)
{
    va_list ap;

    put_prefix(c, COLOR_RED, "error: ");
    va_start(ap, fmt);
    vfprintf(c->err, fmt, ap);
    va_end(ap);
    fprintf(c->err, "\nTry 'sluice%s%s --help'.\n", c->command != NULL ? " " : "",
            c->command != NULL ? c->command->name : "");
    return CLI_USAGE;
}

char *
cli_init_path(struct err *e)
{
    static const char *const places[] = {"sluice-init", "../libexec/sluice/sluice-init"};
    char program[PATH_MAX];
    ssize_t n = readlink("/proc/self/exe", program, sizeof program - 1);
    char *slash;

    if (n < 0) {
        err_errno(e, "read /proc/self/exe");
        return NULL;
    }
    program[n] = '\0';
    slash = strrchr(program, '/');
    if (slash != NULL)
        *slash = '\0';
    for (size_t i = 0; i < ARRAY_LEN(places); i++) {
        cleanup_free char *path = xasprintf("%s/%s", program, places[i]);

        if (access(path, X_OK) == 0)
            return TAKE(path);
    }
    err_set(e, ERR_NOTFOUND, "sluice-init is neither in %s nor in %s/../libexec/sluice", program,
            program);
    return NULL;
}

int
cli_unknown_command(struct cli *c, const char *given)
{
    const char *names[ARRAY_LEN(commands)];
    const char *nearest;
    size_t n = 0;

    while (commands[n] != NULL) {
        names[n] = commands[n]->name;
        n++;
    }
    nearest = option_nearest(given, names, n);
    if (nearest != NULL)
        return cli_usage(c, "unknown command '%s'; did you mean '%s'?", given, nearest);
    return cli_usage(c, "unknown command '%s'", given);
}

static int
wrong_operands(struct cli *c, size_t count)
{
    const struct cli_command *m = c->command;

    if (m->max_operands == 0)
        return cli_usage(c, "takes no argument, not '%s'", option_operand(c->options, 0));
    if (count < (size_t)m->min_operands)
        return cli_usage(c, "missing argument: expected %s", m->arguments);
    return cli_usage(c, "too many arguments, from '%s' on: expected %s",
                     option_operand(c->options, (size_t)m->max_operands), m->arguments);
}

static int
load_settings(struct cli *c, struct err *e)
{
    struct settings_input in = {.flags = c->options, .environment = (const char *const *)environ};

    if (settings_load(&in, &c->settings, e) < 0)
        return e->code;
    log_set_level((enum log_level)c->settings->log_level);
    return 0;
}

/* The tables of the flags that a command has beside its own. */
static const struct option *
shared_options(const struct cli_command *m, struct option *room)
{
    const struct option *from[2] = {common_options, m->settings ? settings_options() : NULL};
    size_t n = 0;

    for (size_t t = 0; t < ARRAY_LEN(from); t++)
        for (const struct option *p = from[t]; p != NULL && p->name != NULL; p++) {
            CHECK(n + 1 < CLI_SHARED_OPTIONS);
            room[n++] = *p;
        }
    room[n] = (struct option)OPTION_END;
    return room;
}

static int
dispatch(struct cli *c, int argc, char **argv, int first)
{
    const struct cli_command *m = c->command;
    struct option shared[CLI_SHARED_OPTIONS];
    struct err e = ERR_INIT;
    size_t count;

    if (options_parse(m->options, shared_options(m, shared), argc, argv, first, &c->options, &e) <
        0)
        return cli_usage(c, "%s", e.msg);
    if (option_given(c->options, "color")) {
        enum color_wish wish =
            option_switch(c->options, "color", true) ? COLOR_ALWAYS : COLOR_NEVER;

        c->out_color = color_wanted(c->out, wish);
        c->err_color = color_wanted(c->err, wish);
    }
    if (option_switch(c->options, "help", false)) {
        help_of(c, m);
        return CLI_OK;
    }
    count = option_operand_count(c->options);
    if (count < (size_t)m->min_operands ||
        (m->max_operands != CLI_ANY && count > (size_t)m->max_operands))
        return wrong_operands(c, count);
    if (m->settings && load_settings(c, &e) < 0)
        return cli_fail(c, &e);
    return m->run(c);
}

/* CLI_FAILED with a message if what was printed did not arrive (a full disk behind a
 * redirection), else `code`. */
static int
finish(struct cli *c, int code)
{
    struct err e = ERR_INIT;

    if (fflush(c->out) == 0 && !ferror(c->out))
        return code;
    /* A reader that went away (`sluice config | head`) has what it wanted. */
    if (errno == EPIPE)
        return code;
    err_errno(&e, "write the output");
    return cli_fail(c, &e);
}

int
cli_main(int argc, char **argv, FILE *out, FILE *err)
{
    struct cli c = {.out = out, .err = err};
    const char *name;
    int code;

    c.out_color = color_wanted(out, COLOR_AUTO);
    c.err_color = color_wanted(err, COLOR_AUTO);
    if (argc < 2) {
        help_overview(&c, err);
        return CLI_USAGE;
    }
    name = argv[1];
    if (strcmp(name, "--help") == 0 || strcmp(name, "-h") == 0)
        name = "help";
    else if (strcmp(name, "--version") == 0)
        name = "version";
    c.command = cli_command_find(name);
    code = c.command != NULL ? dispatch(&c, argc, argv, 2) : cli_unknown_command(&c, name);
    code = finish(&c, code);
    options_free(c.options);
    settings_free(c.settings);
    return code;
}
