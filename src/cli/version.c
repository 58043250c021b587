#include <sys/utsname.h>

#include "cli/cli.h"

static int
version_run(struct cli *c)
{
    struct utsname u;

    fprintf(c->out, "sluice %s", SLUICE_VERSION);
    if (uname(&u) == 0)
        fprintf(c->out, " (%s %s, %s)", u.sysname, u.release, u.machine);
    fputc('\n', c->out);
    return CLI_OK;
}

const struct cli_command version_command = {
    .name = "version",
    .help = "show the version, and the system it runs on",
    .run = version_run,
};
