/*
 * Writes the bytes of src/store/readymade.c: the database that all migrations make of nothing.
 *
 *     make-readymade SCRATCH > readymade.inc
 *
 * SCRATCH is a path below which nothing exists; the file made there is removed.  Linked with the
 * part of store/ that makes databases, so there is no second description of the tables.
 */
#include <stdio.h>
#include <unistd.h>

#include "base/err.h"
#include "base/mem.h"
#include "store/db.h"
#include "store/migrate.h"

static int
make(const char *path, struct err *e)
{
    CLEANUP(db_close) struct db *d = NULL;

    if (db_open(path, NULL, DB_DURABLE, &d, e) < 0 || migrate(d, path, e) < 0)
        return e->code;
    return db_exec(d, "PRAGMA journal_mode = DELETE", e);
}

static int
print(const char *path)
{
    FILE *f = fopen(path, "rb");
    int c, column = 0;

    if (f == NULL)
        return -1;
    while ((c = getc(f)) != EOF)
        printf("%d,%s", c, ++column % 32 == 0 ? "\n" : "");
    return ferror(f) | fclose(f) | fflush(stdout);
}

int
main(int argc, char **argv)
{
    struct err e = ERR_INIT;
    int failed;

    if (argc != 2) {
        fputs("usage: make-readymade SCRATCH\n", stderr);
        return 2;
    }
    (void)unlink(argv[1]); /* of a build that was interrupted */
    failed = make(argv[1], &e);
    if (failed)
        fprintf(stderr, "make-readymade: %s\n", e.msg);
    else if ((failed = print(argv[1])))
        perror("make-readymade");
    (void)unlink(argv[1]);
    return failed ? 1 : 0;
}
