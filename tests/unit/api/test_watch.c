#include "tests/unit/api/apirig.h"

#define MAPS "/api/v1/namespaces/default/configmaps"

/* The events of a watch so far: "ADDED a; MODIFIED a; ". */
static char *
events(const char *text)
{
    struct str rest = str_of(text);
    struct buf story = BUF_INIT;

    while (rest.n > 0) {
        struct str line = str_cut(&rest, '\n');
        cleanup_json struct json_doc *d = NULL;
        struct err e = ERR_INIT;

        if (line.n == 0)
            break;
        if (json_parse(line, &json_limits_default, &d, &e) < 0)
            fail_msg("%.*s: %s", STR_ARG(line), e.msg);
        buf_printf(&story, "%s %s; ", json_cstr_or(json_get(json_root(d), "type"), "?"),
                   json_cstr_or(json_at_path(json_root(d), "object.metadata.name"),
                                json_cstr_or(json_at_path(json_root(d), "object.reason"), "-")));
    }
    return buf_take(&story);
}

#define CHECK_EVENTS(y, want) \
    do { \
        cleanup_free char *got_ = events((y).text); \
        CHECK_STR(got_, want); \
    } while (0)

static void
patch(struct apirig *r, const char *name, const char *body)
{
    cleanup_free char *line = xasprintf("PATCH " MAPS "/%s", name);
    cleanup_apireply struct apireply y =
        apirig_ask_as(r, line, "application/merge-patch+json", NULL, body);

    CHECK_INT(y.status, 200);
}

static void
change_everything(struct apirig *r)
{
    apirig_make(r, "a", "");
    patch(r, "a", "{\"data\":{\"z\":\"1\"}}");
    CHECK_INT(apirig_status(r, "DELETE " MAPS "/a", NULL), 200);
}

TEST(a_watch_from_now_tells_each_change_once)
{
    struct apirig r;

    apirig_open(&r);
    apirig_make(&r, "there", "");
    {
        cleanup_apireply struct apireply y = apirig_ask(&r, "GET " MAPS "?watch=True", NULL);

        CHECK_EVENTS(y, "ADDED there; ");
        change_everything(&r);
        CHECK_FALSE(apirig_pull(&r, &y));
        CHECK_EVENTS(y, "ADDED a; MODIFIED a; DELETED a; ");
        CHECK_FALSE(apirig_pull(&r, &y));
        CHECK_EVENTS(y, "");
    }
    apirig_close(&r);
}

TEST(a_watch_goes_on_from_a_version_also_after_a_restart)
{
    struct apirig r;
    cleanup_free char *line = NULL;

    apirig_open(&r);
    apirig_make(&r, "before", "");
    line = xasprintf("GET " MAPS "?watch=1&resourceVersion=%lld", (long long)store_rv(r.rig.store));
    change_everything(&r);
    {
        cleanup_apireply struct apireply y = apirig_ask(&r, line, NULL);

        CHECK_EVENTS(y, "ADDED a; MODIFIED a; DELETED a; ");
    }
    apirig_restart(&r);
    {
        cleanup_apireply struct apireply y = apirig_ask(&r, line, NULL);

        CHECK_EVENTS(y, "ADDED a; MODIFIED a; DELETED a; ");
        apirig_make(&r, "later", "");
        CHECK_FALSE(apirig_pull(&r, &y));
        CHECK_EVENTS(y, "ADDED later; ");
    }
    apirig_close(&r);
}

static void
be_quiet(struct apirig *r)
{
    for (int i = 0; i < 3; i++) {
        clock_manual_advance(&r->rig.clock, CLOCK_SECOND);
        core_run(r->rig.core, 20);
    }
}

TEST(a_core_that_has_given_memory_back_has_forgotten_no_change)
{
    struct apirig r;
    cleanup_free char *line = NULL;

    apirig_open(&r);
    apirig_make(&r, "before", "");
    line = xasprintf("GET " MAPS "?watch=1&resourceVersion=%lld", (long long)store_rv(r.rig.store));
    {
        cleanup_apireply struct apireply y = apirig_ask(&r, line, NULL);

        change_everything(&r);
        be_quiet(&r); /* what y has not read stays */
        CHECK_FALSE(apirig_pull(&r, &y));
        CHECK_EVENTS(y, "ADDED a; MODIFIED a; DELETED a; ");
        be_quiet(&r);
        {
            cleanup_apireply struct apireply again = apirig_ask(&r, line, NULL);

            CHECK_EVENTS(again, "ADDED a; MODIFIED a; DELETED a; ");
            apirig_make(&r, "later", "");
            CHECK_FALSE(apirig_pull(&r, &again));
            CHECK_EVENTS(again, "ADDED later; ");
        }
        CHECK_FALSE(apirig_pull(&r, &y));
        CHECK_EVENTS(y, "ADDED later; ");
    }
    apirig_close(&r);
}

TEST(a_watch_that_falls_too_far_behind_is_expired)
{
    struct apirig r;
    cleanup_free char *text = xrealloc(NULL, 500001, 1);
    cleanup_free char *body = NULL;

    memset(text, 'x', 500000);
    text[500000] = '\0';
    apirig_open(&r);
    apirig_make(&r, "large", "");
    {
        cleanup_apireply struct apireply slow = apirig_ask(&r, "GET " MAPS "?watch=1", NULL);
        cleanup_apireply struct apireply quick = apirig_ask(&r, "GET " MAPS "?watch=1", NULL);

        for (int i = 0; i < WATCHLOG_MAX_BYTES / 500000; i++) {
            free(body);
            body = xasprintf("{\"data\":{\"n\":\"%d\",\"text\":\"%s\"}}", i, text);
            {
                cleanup_apireply struct apireply p =
                    apirig_ask_as(&r, "PATCH " MAPS "/large", "application/merge-patch+json",
                                  "application/json", body);

                CHECK_INT(p.status, 200);
            }
            CHECK_FALSE(apirig_pull(&r, &quick));
            CHECK_EVENTS(quick, "MODIFIED large; ");
        }
        CHECK_TRUE(apirig_pull(&r, &slow));
        CHECK_EVENTS(slow, "ERROR Expired; ");
    }
    apirig_close(&r);
}

TEST(what_begins_to_match_is_added_and_what_ceases_to_is_deleted_as_it_was)
{
    struct apirig r;

    apirig_open(&r);
    apirig_make(&r, "a", "");
    {
        cleanup_apireply struct apireply y =
            apirig_ask(&r, "GET " MAPS "?watch=1&labelSelector=on", NULL);

        CHECK_EVENTS(y, "");
        patch(&r, "a", "{\"metadata\":{\"labels\":{\"on\":\"1\"}}}");
        patch(&r, "a", "{\"data\":{\"z\":\"2\"}}");
        patch(&r, "a", "{\"metadata\":{\"labels\":{\"on\":null}},\"data\":{\"z\":\"3\"}}");
        patch(&r, "a", "{\"data\":{\"z\":\"4\"}}");
        CHECK_FALSE(apirig_pull(&r, &y));
        CHECK_EVENTS(y, "ADDED a; MODIFIED a; DELETED a; ");
        CHECK_CONTAINS(strstr(y.text, "DELETED"), "\"z\":\"2\"");
    }
    apirig_close(&r);
}

TEST(a_watch_list_says_when_its_beginning_is_over)
{
    struct apirig r;

    apirig_open(&r);
    apirig_make(&r, "a", "");
    {
        cleanup_apireply struct apireply y =
            apirig_ask(&r,
                       "GET " MAPS "?watch=1&sendInitialEvents=true&allowWatchBookmarks=true"
                       "&resourceVersionMatch=NotOlderThan",
                       NULL);

        CHECK_EVENTS(y, "ADDED a; BOOKMARK -; ");
        CHECK_CONTAINS(y.text, "k8s.io/initial-events-end");
    }
    CHECK_INT(apirig_status(&r, "GET " MAPS "?watch=1&sendInitialEvents=true", NULL), 422);
    apirig_close(&r);
}

TEST(a_watch_ends_in_time_and_bookmarks_come_each_minute)
{
    struct apirig r;

    apirig_open(&r);
    {
        cleanup_apireply struct apireply y =
            apirig_ask(&r, "GET " MAPS "?watch=1&allowWatchBookmarks=true&timeoutSeconds=70", NULL);

        clock_manual_advance(&r.rig.clock, 59 * CLOCK_SECOND);
        CHECK_FALSE(apirig_pull(&r, &y));
        CHECK_EVENTS(y, "");
        clock_manual_advance(&r.rig.clock, CLOCK_SECOND);
        CHECK_FALSE(apirig_pull(&r, &y));
        CHECK_EVENTS(y, "BOOKMARK -; ");
        clock_manual_advance(&r.rig.clock, 10 * CLOCK_SECOND);
        CHECK_TRUE(apirig_pull(&r, &y));
    }
    apirig_close(&r);
}

TEST(a_version_older_than_the_log_is_expired)
{
    struct apirig r;

    apirig_open(&r);
    for (int i = 0; i < 23000; i++)
        (void)store_next_rv(r.rig.store);
    apirig_make(&r, "a", "");
    apirig_make(&r, "b", "");
    {
        cleanup_apireply struct apireply y =
            apirig_ask(&r, "GET " MAPS "?watch=1&resourceVersion=1", NULL);
        cleanup_apireply struct apireply l =
            apirig_ask(&r, "GET " MAPS "?resourceVersion=1&resourceVersionMatch=Exact", NULL);

        CHECK_INT(y.status, 200);
        CHECK_EVENTS(y, "ERROR Expired; ");
        CHECK_NULL(y.stream);
        CHECK_INT(l.status, 410);
    }
    apirig_close(&r);
}

TEST(a_watch_of_one_name_or_namespace_hears_of_no_other)
{
    struct apirig r;

    apirig_open(&r);
    apirig_make(&r, "a", "");
    {
        cleanup_apireply struct apireply one =
            apirig_ask(&r, "GET " MAPS "?watch=1&fieldSelector=metadata.name%3Da", NULL);
        cleanup_apireply struct apireply other = apirig_ask(
            &r, "GET /api/v1/watch/namespaces/kube-system/configmaps?timeoutSeconds=5", NULL);

        CHECK_EVENTS(one, "ADDED a; ");
        CHECK_EVENTS(other, "");
        apirig_make(&r, "b", "");
        patch(&r, "a", "{\"data\":{\"z\":\"1\"}}");
        CHECK_FALSE(apirig_pull(&r, &one));
        CHECK_EVENTS(one, "MODIFIED a; ");
        CHECK_FALSE(apirig_pull(&r, &other));
        CHECK_EVENTS(other, "");
    }
    apirig_close(&r);
}

/* Objects are composed with the value that `arg` has then. */
static int
add_count(void *arg, struct turn *t, const struct object *o, struct json_doc **ret, struct err *e)
{
    struct json_build b = JSON_BUILD_INIT;

    (void)t;
    (void)e;
    json_add_object(&b, NULL);
    json_add_fields(&b, object_root(o), NULL);
    json_add_int(&b, "count", ++*(int *)arg);
    json_end(&b);
    *ret = json_build_done(&b);
    return 0;
}

TEST(only_who_looks_at_one_object_sees_what_is_composed)
{
    struct apirig r;
    int count = 0;

    apirig_open(&r);
    objects_set_composer(r.os, &(struct objects_composer){
                                   .kind = &kind_config_map, .compose = add_count, .arg = &count});
    apirig_make(&r, "a", "");
    CHECK_INT(count, 1); /* the answer shows it, too */
    {
        cleanup_apireply struct apireply one = apirig_ask(&r, "GET " MAPS "/a", NULL);
        cleanup_apireply struct apireply list = apirig_ask(&r, "GET " MAPS, NULL);
        cleanup_apireply struct apireply watch = apirig_ask(&r, "GET " MAPS "?watch=1", NULL);
        cleanup_apireply struct apireply table = apirig_ask_as(
            &r, "GET " MAPS "/a", NULL, "application/json;as=Table;v=v1;g=meta.k8s.io", NULL);

        CHECK_CONTAINS(one.text, "\"count\":2");
        CHECK_TRUE(strstr(list.text, "count") == NULL);
        CHECK_TRUE(strstr(watch.text, "count") == NULL);
        CHECK_TRUE(strstr(table.text, "count") == NULL);
        patch(&r, "a", "{\"data\":{\"z\":\"1\"}}");
        CHECK_INT(count, 3);
    }
    apirig_close(&r);
}

TEST(a_watch_of_one_object_tells_what_is_composed)
{
    struct apirig r;
    int count = 0;

    apirig_open(&r);
    objects_set_composer(r.os, &(struct objects_composer){
                                   .kind = &kind_config_map, .compose = add_count, .arg = &count});
    apirig_make(&r, "a", "");
    count = 0;
    {
        cleanup_apireply struct apireply y =
            apirig_ask(&r, "GET " MAPS "?watch=1&fieldSelector=metadata.name%3Da", NULL);

        CHECK_EVENTS(y, "ADDED a; ");
        CHECK_CONTAINS(y.text, "\"count\":1");
        apirig_make(&r, "other", "");
        patch(&r, "a", "{\"data\":{\"z\":\"1\"}}");
        CHECK_FALSE(apirig_pull(&r, &y));
        CHECK_EVENTS(y, "MODIFIED a; ");
        CHECK_CONTAINS(y.text, "\"count\":4");
        patch(&r, "a", "{\"data\":{\"z\":\"2\"}}");
        patch(&r, "a", "{\"data\":{\"z\":\"3\"}}");
        CHECK_INT(apirig_status(&r, "DELETE " MAPS "/a", NULL), 200);
        CHECK_FALSE(apirig_pull(&r, &y));
        CHECK_EVENTS(y, "MODIFIED a; MODIFIED a; DELETED a; ");
        CHECK_INT(count, 9); /* and the answers of four writes */
    }
    apirig_close(&r);
}

/* The same in pieces: nothing, the beginning, the count. */
struct counting {
    const struct object *object;
    int piece;
};

static void *
begin_count(void *arg, const struct object *o)
{
    struct counting *c = NEW(struct counting);

    (void)arg;
    c->object = object_ref(o);
    return c;
}

static int
step_count(void *arg, void *composing, struct turn *t, struct buf *to, struct err *e)
{
    struct counting *c = composing;

    (void)t, (void)e;
    if (c->piece == 1)
        buf_str(to, str_slice(object_text(c->object), 0, object_text(c->object).n - 1));
    if (c->piece == 2)
        buf_printf(to, ",\"count\":%d}", ++*(int *)arg);
    return c->piece++ < 2;
}

static void
end_count(void *arg, void *composing)
{
    (void)arg;
    object_unref(((struct counting *)composing)->object);
    free(composing);
}

static void
compose_in_pieces(struct apirig *r, int *count)
{
    objects_set_composer(r->os, &(struct objects_composer){.kind = &kind_config_map,
                                                           .compose = add_count,
                                                           .begin = begin_count,
                                                           .step = step_count,
                                                           .end = end_count,
                                                           .arg = count});
}

TEST(an_object_in_pieces_is_answered_whole)
{
    struct apirig r;
    int count = 0;

    apirig_open(&r);
    compose_in_pieces(&r, &count);
    apirig_make(&r, "a", "");
    {
        cleanup_apireply struct apireply one = apirig_ask(&r, "GET " MAPS "/a", NULL);
        cleanup_apireply struct apireply pretty = apirig_ask(&r, "GET " MAPS "/a?pretty=1", NULL);
        cleanup_apireply struct apireply yaml =
            apirig_ask_as(&r, "GET " MAPS "/a", NULL, "application/yaml", NULL);
        cleanup_apireply struct apireply dry =
            apirig_ask_as(&r, "PATCH " MAPS "/a?dryRun=All", "application/merge-patch+json", NULL,
                          "{\"data\":{\"z\":\"1\"}}");
        cleanup_json struct json_doc *d = NULL;
        struct err e = ERR_INIT;

        CHECK_INT(json_parse(str_of(one.text), &json_limits_default, &d, &e), 0);
        CHECK_CONTAINS(one.text, "\"metadata\":{\"resourceVersion\":\"");
        CHECK_CONTAINS(one.text, "\"count\":2}\n");
        CHECK_CONTAINS(pretty.text, "\n    \"count\": 3\n");
        CHECK_CONTAINS(yaml.text, "\ncount: 4\n");
        CHECK_CONTAINS(yaml.text, "resourceVersion: ");
        CHECK_CONTAINS(dry.text, "\"z\":\"1\"");
        CHECK_CONTAINS(dry.text, "\"count\":5}\n");
    }
    apirig_close(&r);
}

TEST(events_of_an_object_in_pieces_are_told_one_after_the_other)
{
    struct apirig r;
    int count = 0;

    apirig_open(&r);
    compose_in_pieces(&r, &count);
    apirig_make(&r, "a", "\"l\":\"1\"");
    count = 0;
    {
        cleanup_apireply struct apireply y =
            apirig_ask(&r,
                       "GET " MAPS "?watch=1&fieldSelector=metadata.name%3Da&labelSelector=l%3D1"
                       "&sendInitialEvents=true&allowWatchBookmarks=true"
                       "&resourceVersionMatch=NotOlderThan",
                       NULL);

        CHECK_EVENTS(y, "ADDED a; BOOKMARK -; ");
        CHECK_CONTAINS(y.text, "\"count\":1}}\n");
        count = 10;
        for (int i = 0; i < 3; i++) {
            cleanup_free char *body = xasprintf(
                "{\"metadata\":{\"labels\":{\"l\":\"%d\"}},\"data\":{\"z\":\"%d\"}}", i < 2, i);

            patch(&r, "a", body); /* its answer counts, too */
        }
        count = 20;
        CHECK_FALSE(apirig_pull(&r, &y));
        CHECK_EVENTS(y, "MODIFIED a; MODIFIED a; DELETED a; ");
        CHECK_CONTAINS(y.text, "\"count\":21}}\n");
        CHECK_CONTAINS(y.text, "\"count\":23}}\n");
        CHECK_FALSE(apirig_pull(&r, &y));
        CHECK_EVENTS(y, "");
    }
    { /* one that goes away in the middle of an object */
        cleanup_apireply struct apireply y =
            apirig_ask(&r, "GET " MAPS "?watch=1&fieldSelector=metadata.name%3Da", NULL);
        cleanup_buf struct buf b = BUF_INIT;

        patch(&r, "a", "{\"data\":{\"z\":\"9\"}}");
        while (apistream_pull(y.stream, &b, 16) == FEED_MORE)
            ;
        apistream_free(TAKE(y.stream));
        core_run(r.rig.core, 20);
    }
    apirig_close(&r);
}

TEST(a_watch_from_a_version_tells_of_the_past_with_what_is_composed_now)
{
    struct apirig r;
    int count = 0;

    apirig_open(&r);
    apirig_make(&r, "a", "");
    patch(&r, "a", "{\"data\":{\"z\":\"1\"}}");
    apirig_restart(&r);
    objects_set_composer(r.os, &(struct objects_composer){
                                   .kind = &kind_config_map, .compose = add_count, .arg = &count});
    {
        cleanup_apireply struct apireply y = apirig_ask(
            &r, "GET " MAPS "?watch=1&resourceVersion=1&fieldSelector=metadata.name%3Da", NULL);

        CHECK_CONTAINS(y.text, "\"count\":2");
    }
    apirig_close(&r);
}

/* A ConfigMap that two messages of one turn touch, around a request. */
struct touching {
    struct message first, second;
    struct apirig *rig;
};

static int
run_touch(struct apirig *r, struct turn *t, const char *text, bool create, struct err *e)
{
    cleanup_json struct json_doc *doc = NULL;

    CHECK_INT(json_parse(str_of(text), NULL, &doc, e), 0);
    return create
               ? objects_create(r->os, t, &kind_config_map, STR("default"), json_root(doc), NULL, e)
               : objects_update(r->os, t, &kind_config_map, STR("default"), json_root(doc),
                                OBJECTS_ALL, NULL, e);
}

static int
run_first(struct message *m, struct turn *t, struct err *e)
{
    return run_touch(CONTAINER_OF(m, struct touching, first)->rig, t,
                     "{\"metadata\":{\"name\":\"x\"}}", true, e);
}

static int
run_second(struct message *m, struct turn *t, struct err *e)
{
    return run_touch(CONTAINER_OF(m, struct touching, second)->rig, t,
                     "{\"metadata\":{\"name\":\"x\"},\"data\":{\"a\":\"1\"}}", false, e);
}

static void
touch_around_next(struct touching *w, struct apirig *r)
{
    struct err e = ERR_INIT;

    *w = (struct touching){.first = {.class = MESSAGE_EVENT, .run = run_first},
                           .second = {.class = MESSAGE_WORK, .run = run_second},
                           .rig = r};
    CHECK_INT(core_post(r->rig.core, &w->first, &e), 0);
    CHECK_INT(core_post(r->rig.core, &w->second, &e), 0);
}

TEST(what_a_list_shows_of_a_turn_is_not_told_again)
{
    struct apirig r;
    struct touching w;

    apirig_open(&r);
    touch_around_next(&w, &r);
    {
        cleanup_apireply struct apireply list = apirig_ask(&r, "GET " MAPS, NULL);
        const char *rv = strstr(list.text, "\"metadata\":{\"resourceVersion\":\"");
        cleanup_free char *line = NULL;

        CHECK_CONTAINS(list.text, "\"name\":\"x\"");
        while (strstr(rv + 1, "\"metadata\":{\"resourceVersion\":\"") != NULL)
            rv = strstr(rv + 1, "\"metadata\":{\"resourceVersion\":\"");
        line = xasprintf("GET " MAPS "?watch=1&resourceVersion=%ld",
                         strtol(rv + strlen("\"metadata\":{\"resourceVersion\":\""), NULL, 10));
        {
            cleanup_apireply struct apireply y = apirig_ask(&r, line, NULL);

            CHECK_EVENTS(y, "MODIFIED x; ");
        }
    }
    apirig_close(&r);
}

TEST(what_a_watch_begins_with_is_not_told_again)
{
    struct apirig r;
    struct touching w;

    apirig_open(&r);
    touch_around_next(&w, &r);
    {
        cleanup_apireply struct apireply y = apirig_ask(&r, "GET " MAPS "?watch=1", NULL);

        CHECK_EVENTS(y, "ADDED x; MODIFIED x; ");
    }
    apirig_close(&r);
}

TESTS_MAIN(T_(an_object_in_pieces_is_answered_whole),
           T_(events_of_an_object_in_pieces_are_told_one_after_the_other),
           T_(what_a_list_shows_of_a_turn_is_not_told_again),
           T_(what_a_watch_begins_with_is_not_told_again),
           T_(only_who_looks_at_one_object_sees_what_is_composed),
           T_(a_watch_of_one_object_tells_what_is_composed),
           T_(a_watch_from_a_version_tells_of_the_past_with_what_is_composed_now),
           T_(a_watch_from_now_tells_each_change_once),
           T_(a_watch_goes_on_from_a_version_also_after_a_restart),
           T_(a_core_that_has_given_memory_back_has_forgotten_no_change),
           T_(a_watch_that_falls_too_far_behind_is_expired),
           T_(what_begins_to_match_is_added_and_what_ceases_to_is_deleted_as_it_was),
           T_(a_watch_list_says_when_its_beginning_is_over),
           T_(a_watch_ends_in_time_and_bookmarks_come_each_minute),
           T_(a_version_older_than_the_log_is_expired),
           T_(a_watch_of_one_name_or_namespace_hears_of_no_other))
