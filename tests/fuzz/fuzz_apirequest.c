/*
 * fuzz_apirequest - the path and the query of a request to the object API, and its continue token.
 *
 * The first line is the path, the rest the query.  A token that was read names the same place when
 * it is written and read again.
 */
#include "api/apiparam.h"
#include "api/apipath.h"
#include "api/continuetoken.h"
#include "base/arena.h"
#include "base/buf.h"
#include "base/err.h"
#include "base/log.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

static void
try_token(struct arena *a, struct str text)
{
    struct continuetoken token = {.rv = 0}, again = {.rv = 0};
    cleanup_buf struct buf written = BUF_INIT;
    struct err e = ERR_INIT;

    if (continuetoken_read(a, text, &token, &e) < 0) {
        CHECK(e.code == ERR_BADREQUEST);
        return;
    }
    continuetoken_write(&token, &written);
    CHECK(continuetoken_read(a, buf_view(&written), &again, &e) == 0);
    CHECK(token.rv == again.rv && str_eq(token.ns, again.ns) && str_eq(token.name, again.name));
}

int
LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    cleanup_arena struct arena a = ARENA_INIT;
    struct str query = str_make((const char *)data, size), path = str_cut(&query, '\n');
    struct apiparam param = {.n = 0};
    struct apipath where;
    struct err e = ERR_INIT;
    int64_t limit;

    apipath_parse(&a, path, &where);
    CHECK(where.what != APIPATH_OBJECTS || where.plural.p != NULL);
    try_token(&a, query);
    if (apiparam_parse(&a, query, &param, &e) < 0)
        return 0;
    CHECK(param.n <= APIPARAM_MAX);
    for (size_t at = 0; apiparam_each(&param, "dryRun", &at).p != NULL;)
        ;
    (void)apiparam_bool(&param, "watch");
    (void)apiparam_int(&param, "limit", 0, &limit, &e);
    if (apiparam_text(&param, "continue").p != NULL)
        try_token(&a, apiparam_text(&param, "continue"));
    return 0;
}
