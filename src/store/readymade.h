/*
 * readymade - an empty database, ready made.
 *
 * Making the tables and indexes costs 4.5 million instructions, nine tenths of what opening a new
 * store takes: SQLite's parser and code generator.  So the file that migrate() makes of nothing is
 * made once, when the program is built (tools/make-readymade.c), and a temporary store begins with
 * its bytes.  A durable one runs the migrations, whose transactions survive a loss of power.
 *
 * The bytes are in rollback mode, as is any file that SQLite makes: db_open() turns it into WAL.
 */
#ifndef STORE_READYMADE_H
#define STORE_READYMADE_H

struct err;

/* Makes the file, whole or, if the process is killed, not at all. */
int readymade_write(const char *path, struct err *e);

#endif
