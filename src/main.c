#include <signal.h>
#include <stdio.h>

#include "cli/cli.h"

int
main(int argc, char **argv)
{
    /* A reader that goes away is an error where it is written to, not the end of the process. */
    signal(SIGPIPE, SIG_IGN);
    return cli_main(argc, argv, stdout, stderr);
}
