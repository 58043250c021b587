#include <signal.h>
#include <stdbool.h>
#include <stdio.h>
#include <stdlib.h>
#include <unistd.h>

#include "cli/cli.h"
#include "http/requester.h"

static bool over; /* this program has come to its end by itself */

/* libarchive calls exit() when memory ends, in whatever thread that is: what tidies up at exit
 * would then run beside threads that still work.  So that is a kill, too. */
static void
stop_there(void)
{
    if (!over)
        _exit(137);
}

int
main(int argc, char **argv)
{
    int code;

    (void)atexit(stop_there);
    /* A reader that goes away is an error where it is written to, not the end of the process. */
    signal(SIGPIPE, SIG_IGN);
    code = cli_main(argc, argv, stdout, stderr);
    over = true;
    if (requester_left()) {
        fflush(NULL);
        _exit(code);
    }
    return code;
}
