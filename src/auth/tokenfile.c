#include "auth/tokenfile.h"

#include "base/arena.h"
#include "base/buf.h"
#include "base/err.h"
#include "base/vec.h"
#include "edge/caller.h"

enum { FIELDS = 4, MAX_GROUPS = 100 };

struct row {
    struct str token;
    struct caller who;
};

struct tokenfile {
    struct arena arena;
    VEC(struct row) rows;
};

struct tokenfile *
tokenfile_new(void)
{
    return NEW(struct tokenfile);
}

void
tokenfile_free(struct tokenfile *f)
{
    if (f == NULL)
        return;
    vec_done(&f->rows);
    arena_done(&f->arena);
    free(f);
}

static struct str
keep(struct tokenfile *f, struct str s)
{
    return str_make(str_dup_arena(&f->arena, s), s.n);
}

void
tokenfile_add(struct tokenfile *f, struct str token, struct str user, struct str uid,
              struct str groups)
{
    struct str *names = ARENA_ARRAY(&f->arena, struct str, MAX_GROUPS + 1);
    size_t n = 0;

    while (groups.n > 0 && groups.p != NULL && n < MAX_GROUPS) {
        struct str group = str_trim(str_cut(&groups, ','));

        if (group.n > 0)
            names[n++] = keep(f, group);
    }
    names[n++] = STR("system:authenticated");
    vec_push(&f->rows, ((struct row){.token = keep(f, token),
                                     .who = {.kind = CALLER_TOKEN,
                                             .name = keep(f, user),
                                             .uid = keep(f, uid),
                                             .groups = names,
                                             .groups_n = n}}));
}

/* Cuts one field off the front of a line, without its quotes.  False for a quote that does not end.
 */
static bool
cut_field(struct str *rest, struct buf *to)
{
    size_t i = 0;

    buf_clear(to);
    if (rest->n == 0 || rest->p[0] != '"') {
        buf_str(to, str_trim(str_cut(rest, ',')));
        return true;
    }
    for (i = 1; i < rest->n; i++) {
        if (rest->p[i] == '"' && (i + 1 == rest->n || rest->p[i + 1] != '"'))
            break;
        if (rest->p[i] == '"')
            i++;
        buf_char(to, rest->p[i]);
    }
    if (i >= rest->n)
        return false;
    *rest = str_slice(*rest, i + 1, rest->n);
    (void)str_cut(rest, ',');
    return true;
}

static int
add_line(struct tokenfile *f, struct str line, int number, struct err *e)
{
    struct buf fields[FIELDS] = {BUF_INIT, BUF_INIT, BUF_INIT, BUF_INIT};
    size_t n = 0;
    int rc = 0;

    while (rc == 0 && line.p != NULL) {
        if (n == FIELDS)
            rc = err_set(e, ERR_INVALID, "line %d: more than %d fields", number, (int)FIELDS);
        else if (!cut_field(&line, &fields[n++]))
            rc = err_set(e, ERR_INVALID, "line %d: a quote is not closed", number);
    }
    if (rc == 0 && (n < 3 || fields[0].n == 0 || fields[1].n == 0))
        rc = err_set(e, ERR_INVALID, "line %d: expected token,user,uid and perhaps \"group,group\"",
                     number);
    if (rc == 0)
        tokenfile_add(f, buf_view(&fields[0]), buf_view(&fields[1]), buf_view(&fields[2]),
                      buf_view(&fields[3]));
    for (size_t i = 0; i < FIELDS; i++)
        buf_done(&fields[i]);
    return rc;
}

int
tokenfile_parse(struct str text, struct tokenfile **ret, struct err *e)
{
    cleanup_tokenfile struct tokenfile *f = tokenfile_new();

    for (int number = 1; text.p != NULL; number++) {
        struct str line = str_trim(str_cut(&text, '\n'));

        if (line.n == 0 || line.p[0] == '#')
            continue;
        if (add_line(f, line, number, e) < 0)
            return e->code;
    }
    *ret = TAKE(f);
    return 0;
}

static bool
same(struct str a, struct str b)
{
    unsigned char differ = a.n != b.n;

    for (size_t i = 0; i < a.n && i < b.n; i++)
        differ |= (unsigned char)(a.p[i] ^ b.p[i]);
    return differ == 0;
}

bool
tokenfile_find(const struct tokenfile *f, struct str token, struct caller *ret)
{
    bool found = false;

    for (size_t i = 0; i < f->rows.n; i++) {
        if (same(f->rows.at[i].token, token)) {
            *ret = f->rows.at[i].who;
            found = true;
        }
    }
    return found;
}
