#include "base/arena.h"
#include "base/buf.h"
#include "base/err.h"
#include "edge/routes_int.h"
#include "tests/unit/test.h"

static int released;

static void
on_release(void *arg)
{
    released += *(int *)arg;
}

static void
never(void *arg, struct call *c)
{
    (void)arg;
    (void)c;
    fail();
}

static int one = 1;

static void
add(struct routes *r, const char *method, const char *pattern)
{
    const struct route route = {
        .method = method, .pattern = pattern, .handler = never, .arg = &one, .release = on_release};
    struct err e = ERR_INIT;

    if (routes_add(r, &route, &e) < 0)
        fail_msg("%s", e.msg);
}

static struct routes *
example(void)
{
    struct routes *r = routes_new();

    add(r, "GET", "/");
    add(r, "GET", "/api/{version}/pods/{name}");
    add(r, "DELETE", "/api/{version}/pods/{name}");
    add(r, NULL, "/api/v1/pods/{name}");
    add(r, "GET", "/api/{version}/{rest...}");
    add(r, "GET", "/files/{path...}");
    add(r, NULL, "/files/special");
    add(r, "POST", "/login");
    return r;
}

TEST(the_most_literal_pattern_that_has_the_method_is_found)
{
    static const struct {
        const char *method, *path, *pattern; /* NULL: none */
        const char *values;
        const char *allow; /* NULL: no such path */
    } cases[] = {
        {"GET", "/", "/", "", NULL},
        {"GET", "/api/v1/pods/a", "/api/v1/pods/{name}", "a", NULL},
        {"GET", "/api/v2/pods/a", "/api/{version}/pods/{name}", "v2 a", NULL},
        {"HEAD", "/api/v2/pods/a", "/api/{version}/pods/{name}", "v2 a", NULL},
        {"DELETE", "/api/v2/pods/a%2Fb", "/api/{version}/pods/{name}", "v2 a/b", NULL},
        {"GET", "/api/v2/pods/a/log", "/api/{version}/{rest...}", "v2 pods/a/log", NULL},
        {"GET", "/api/v2/pods//", "/api/{version}/{rest...}", "v2 pods//", NULL},
        {"GET", "/ap%69/v1/pods/a", "/api/v1/pods/{name}", "a", NULL},
        {"GET", "/files/", "/files/{path...}", "", NULL},
        {"GET", "/files/a%2Fb/c", "/files/{path...}", "a%2Fb/c", NULL},
        {"PUT", "/files/special", "/files/special", "", NULL},
        {"PUT", "/api/v2/pods/a", NULL, "", "GET, DELETE"},
        {"PUT", "/files/a", NULL, "", "GET"},
        {"HEAD", "/login", NULL, "", "POST"},
        {"GET", "/files", NULL, "", NULL},
        {"GET", "/login/", NULL, "", NULL},
        {"GET", "/nothing", NULL, "", NULL},
        {"OPTIONS", "*", NULL, "", NULL},
    };
    struct routes *r = example();

    for (size_t i = 0; i < sizeof cases / sizeof *cases; i++) {
        cleanup_arena struct arena a = ARENA_INIT;
        cleanup_buf struct buf allow = BUF_INIT, values = BUF_INIT;
        struct routes_match match = {.entry = NULL};
        enum routes_result found =
            routes_find(r, &a, str_of(cases[i].method), str_of(cases[i].path), &match, &allow);

        if ((found == ROUTES_FOUND) != (cases[i].pattern != NULL))
            fail_msg("%s %s: %d", cases[i].method, cases[i].path, (int)found);
        if (found != ROUTES_FOUND) {
            CHECK_INT(found == ROUTES_NO_METHOD, cases[i].allow != NULL);
            CHECK_STR(buf_cstring(&allow), cases[i].allow != NULL ? cases[i].allow : "");
            continue;
        }
        CHECK_STR(match.entry->route.pattern, cases[i].pattern);
        for (size_t k = 0; k < match.entry->names_n; k++)
            buf_printf(&values, "%s%.*s", k > 0 ? " " : "", STR_ARG(match.values[k]));
        CHECK_STR(buf_cstring(&values), cases[i].values);
    }
    routes_unref(r);
}

TEST(a_table_lets_go_of_its_handlers_with_its_last_reference)
{
    struct routes *r = example();

    released = 0;
    routes_unref(routes_ref(r));
    CHECK_INT(released, 0);
    routes_unref(r);
    CHECK_INT(released, 8);
}

TEST(patterns_that_mean_nothing_are_refused)
{
    static const struct {
        const char *pattern, *why;
    } cases[] = {
        {"", "does not begin with '/'"},
        {"a", "does not begin with '/'"},
        {"/a{b}", "'a{b}' is no whole {name}"},
        {"/{}", "'{}' is no whole {name}"},
        {"/{a", "'{a' is no whole {name}"},
        {"/{a...}/b", "something follows '{a...}'"},
        {"/x/{a}/{b}/{c}/{d}/{e}/{f}/{g}/{h}/{i}/{j}/{k}/{l}/{m}/{n}/{o}/{p}/{q}",
         "has more than 16 names"},
        {"/x", "two routes for GET /x"},
        {"/y/{b}", "two routes for GET /y/{b}"},
    };
    struct routes *r = routes_new();

    add(r, "GET", "/x");
    add(r, "GET", "/y/{a}");
    released = 0;
    for (size_t i = 0; i < sizeof cases / sizeof *cases; i++) {
        const struct route route = {.method = "GET",
                                    .pattern = cases[i].pattern,
                                    .handler = never,
                                    .arg = &one,
                                    .release = on_release};
        struct err e = ERR_INIT;

        CHECK_TRUE(routes_add(r, &route, &e) < 0);
        CHECK_CONTAINS(e.msg, cases[i].why);
    }
    CHECK_INT(released, 0);
    routes_unref(r);
}

TESTS_MAIN(T_(the_most_literal_pattern_that_has_the_method_is_found),
           T_(a_table_lets_go_of_its_handlers_with_its_last_reference),
           T_(patterns_that_mean_nothing_are_refused))
