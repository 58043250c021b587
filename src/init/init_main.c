/*
 * sluice-init - the one program that stands between the server and its steps.
 *
 *   sluice-init --spawner               the server's child that makes namespaces and mounts
 *                                       (spawner_main.h); the init of each attempt is a child of
 *                                       it (birth.h, keeper.h)
 *   sluice-init --reclaim DIRECTORY     gives files of other ids back (reclaim_main.h)
 *   sluice-init --version
 *
 * Static, without libraries but the C one: nothing of it is loaded from a step's file system.
 */
#include <stdio.h>
#include <string.h>

#include "init/reclaim_main.h"
#include "init/spawner_main.h"

int
main(int argc, char **argv)
{
    if (argc == 2 && strcmp(argv[1], "--spawner") == 0)
        return spawner_main();
    if (argc == 3 && strcmp(argv[1], "--reclaim") == 0)
        return reclaim_main(argv[2]);
    if (argc == 2 && strcmp(argv[1], "--version") == 0) {
        puts("sluice-init " SLUICE_VERSION);
        return 0;
    }
    fputs("sluice-init: started by sluice, not by hand (--version says which)\n", stderr);
    return 2;
}
