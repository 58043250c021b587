#include "control/idrange.h"

#include "base/err.h"
#include "store/db.h"

static int
next_first(struct db *d, int64_t *ret, struct err *e)
{
    struct stmt *s = db_stmt(d, "SELECT max(first + count) FROM id_ranges");

    return stmt_get_int(s, 0, ret, e);
}

int
idrange_get(struct db *d, struct str ns, uint32_t *ret, struct err *e)
{
    struct stmt *s = db_stmt(d, "SELECT first FROM id_ranges WHERE namespace = ?1");
    int64_t first;

    stmt_bind_str(s, 1, ns);
    if (stmt_get_int(s, -1, &first, e) < 0)
        return e->code;
    if (first >= 0) {
        *ret = (uint32_t)first;
        return 0;
    }
    if (next_first(d, &first, e) < 0)
        return e->code;
    if (first < IDRANGE_FIRST)
        first = IDRANGE_FIRST;
    if (first + IDRANGE_COUNT > IDRANGE_PROBE)
        return err_set(e, ERR_FULL, "all ranges of user ids for namespaces are taken");
    s = db_stmt(d, "INSERT INTO id_ranges(namespace, first, count) VALUES(?1, ?2, ?3)");
    stmt_bind_str(s, 1, ns);
    stmt_bind_int(s, 2, first);
    stmt_bind_int(s, 3, IDRANGE_COUNT);
    if (stmt_run(s, e) < 0)
        return e->code;
    *ret = (uint32_t)first;
    return 0;
}
