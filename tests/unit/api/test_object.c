#include "api/object.h"

#include <pthread.h>
#include <string.h>

#include "base/buf.h"
#include "base/err.h"
#include "data/json.h"
#include "tests/unit/test.h"

#define TEXT \
    "{\"apiVersion\":\"v1\",\"kind\":\"Pod\",\"metadata\":{\"name\":\"a\",\"namespace\":\"ns\"," \
    "\"uid\":\"u-1\",\"labels\":{\"k\":\"v\"},\"annotations\":{\"metadata\":\"\\\"metadata\\\":{" \
    "\"}," \
    "\"ownerReferences\":[{\"uid\":\"x\"},{\"uid\":\"y\",\"controller\":true}]}," \
    "\"status\":{\"phase\":\"Failed\"}}"

static struct object *
from_text(void)
{
    return object_from_text(&kind_pod, STR("ns"), STR("a"), STR("u-1"), STR(TEXT), 42);
}

static struct object *
from_tree(void)
{
    struct json_doc *d = NULL;
    struct err e = ERR_INIT;

    CHECK_INT(json_parse(STR(TEXT), &json_limits_default, &d, &e), 0);
    return object_new(&kind_pod, d, 42);
}

static void
check(struct object *made)
{
    cleanup_object struct object *o = made;
    cleanup_buf struct buf b = BUF_INIT;

    CHECK_VIEW(object_name(o), "a");
    CHECK_VIEW(object_namespace(o), "ns");
    CHECK_VIEW(object_uid(o), "u-1");
    CHECK_INT(object_rv(o), 42);
    CHECK_VIEW(object_text(o), TEXT);
    CHECK_VIEW(object_label(o, "k"), "v");
    CHECK_NULL(object_label(o, "none").p);
    CHECK_VIEW(object_controller_uid(o), "y");
    CHECK_TRUE(object_is_finished(o));
    CHECK_FALSE(object_is_deleting(o));
    object_write(&b, o);
    CHECK_CONTAINS(buf_cstring(&b), "\"kind\":\"Pod\",\"metadata\":{\"resourceVersion\":\"42\","
                                    "\"name\":\"a\"");
    CHECK_INT(b.n, strlen(TEXT) + strlen("\"resourceVersion\":\"42\","));
}

TEST(an_object_is_the_same_from_text_and_from_a_tree)
{
    check(from_text());
    check(from_tree());
}

static void *
read_it(void *arg)
{
    const struct object *o = arg;

    for (int i = 0; i < 100; i++) {
        object_unref(object_ref(o));
        if (!str_is(json_str(object_at(o, "status.phase")), "Failed") ||
            object_text(o).n != strlen(TEXT))
            return arg;
    }
    return NULL;
}

TEST(many_threads_may_ask_first)
{
    for (int round = 0; round < 20; round++) {
        cleanup_object struct object *o = round % 2 == 0 ? from_text() : from_tree();
        pthread_t threads[4];
        void *wrong;

        for (int i = 0; i < 4; i++)
            CHECK_INT(pthread_create(&threads[i], NULL, read_it, o), 0);
        for (int i = 0; i < 4; i++) {
            CHECK_INT(pthread_join(threads[i], &wrong), 0);
            CHECK_NULL(wrong);
        }
    }
}

TESTS_MAIN(T_(an_object_is_the_same_from_text_and_from_a_tree), T_(many_threads_may_ask_first))
