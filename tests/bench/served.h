/*
 * served - a `sluice up` that a benchmark asks, and a client as small as can be.
 *
 * The server runs on an empty directory below /var/tmp, on free ports; the client is a plain socket
 * that has one request at a time under way.  What fails ends the program, and the program's end
 * takes the server along.  One server at a time; the client's part may be used by any thread.
 */
#ifndef TESTS_BENCH_SERVED_H
#define TESTS_BENCH_SERVED_H

#include <stddef.h>
#include <sys/types.h>

#include "io/address.h"

struct buf;

struct served {
    char dir[64]; /* the benchmark's own; the server's is "data" in it */
    struct address at;
    pid_t pid;
    int output; /* of the server */
};

void served_start(struct served *s);
/* Ends the server and removes the directory. */
void served_stop(struct served *s);

/* Requests, whole, in place of what `to` holds. */
void served_get(struct buf *to, const char *path);
void served_post(struct buf *to, const char *path, const char *body);

int served_connect(const struct served *s);
/* Sends without waiting for an answer. */
void served_send(int fd, const struct buf *request);
/* Sends, and reads the answer, which must have this status. */
void served_ask(int fd, const struct buf *request, int status, struct buf *answer);

/* Ends the program with a line of text. */
_Noreturn void served_die(const char *fmt, ...) __attribute__((format(printf, 1, 2)));

double served_now_us(void);

#endif
