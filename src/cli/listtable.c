#include "cli/listtable.h"

#include <stdlib.h>

#include "base/buf.h"
#include "base/mem.h"
#include "cli/treetable.h"

enum { GAP = 3 }; /* spaces between columns */

void
listtable_cell(struct listtable *t, size_t column, struct str text)
{
    cleanup_buf struct buf clean = BUF_INIT;
    unsigned width;

    treetable_clean(&clean, text);
    width = treetable_width(buf_view(&clean));
    if (width > t->width[column])
        t->width[column] = width;
    vec_push(&t->cells, str_dup(buf_view(&clean)));
}

void
listtable_write(struct listtable *t, FILE *out)
{
    for (size_t i = 0; i < t->cells.n; i++) {
        unsigned width = treetable_width(str_of(t->cells.at[i]));
        bool last = i % t->n == t->n - 1;

        fprintf(out, "%s%*s", t->cells.at[i], last ? 0 : (int)(t->width[i % t->n] - width + GAP),
                "");
        if (last)
            fputc('\n', out);
        free(t->cells.at[i]);
    }
    vec_done(&t->cells);
}
