/*
 * treetable - columns as wide as their content needs.
 *
 * The layout rule is the one of elastic tab stops: a cell that is followed by another one belongs
 * to a column, and a column is as wide as its widest cell in consecutive lines, plus two spaces.
 * The last cell of a line is free: it neither widens a column nor is padded.  Width is counted in
 * terminal cells: wide characters take two, combining ones none, escape sequences none.
 *
 * One thread at a time.
 */
#ifndef CLI_TREETABLE_H
#define CLI_TREETABLE_H

#include <stddef.h>
#include <stdint.h>

#include "base/buf.h"
#include "base/vec.h"

struct treetable_cell {
    size_t at, n;   /* in the text */
    unsigned width; /* terminal cells */
    unsigned pad;   /* spaces behind it; known after the layout */
};

struct treetable {
    struct buf text;
    VEC(struct treetable_cell) cells;
    VEC(size_t) lines; /* index of each line's first cell */
};
#define TREETABLE_INIT ((struct treetable){.text = BUF_INIT})
void treetable_done(struct treetable *t);
#define cleanup_treetable __attribute__((cleanup(treetable_done)))

/* Lines consist of at least one cell: begin the line, then for each cell append its text to
 * t->text and end it. */
void treetable_line(struct treetable *t);
void treetable_cell_end(struct treetable *t);

/* Appends all lines.  Call once, at the end. */
void treetable_write(struct treetable *t, struct buf *to);

/* Terminal cells that the text takes. */
unsigned treetable_width(struct str text);
/* The longest beginning of the text that takes at most `width` cells; escape sequences are kept
 * whole. */
struct str treetable_fit(struct str text, unsigned width);
/* Appends text from outside: control characters become spaces, malformed UTF-8 the replacement
 * character. */
void treetable_clean(struct buf *to, struct str text);

#endif
