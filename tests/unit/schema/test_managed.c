#include "schema/managed.h"

#include "base/buf.h"
#include "base/err.h"
#include "data/json.h"
#include "schema/defaults.h"
#include "schema/problem.h"
#include "schema/schema.h"
#include "schema/typed.h"
#include "tests/unit/test.h"

static const struct schema *
kind_of(const struct json *o)
{
    return schema_lookup(json_str(json_get(o, "apiVersion")), json_str(json_get(o, "kind")));
}

/* JSON text, with ' for ", as a document. */
static struct json_doc *
doc_of(const char *text)
{
    cleanup_free char *json = xstrdup(text);
    struct json_doc *doc = NULL;
    struct err e = ERR_INIT;

    for (char *p = json; *p != '\0'; p++)
        *p = *p == '\'' ? '"' : *p;
    if (json_parse(str_of(json), NULL, &doc, &e) < 0)
        fail_msg("%s", e.msg);
    return doc;
}

/* What is stored of a body. */
static struct json_doc *
take(const struct json_doc *body)
{
    cleanup_problems struct problems ps = PROBLEMS_INIT;
    cleanup_json struct json_doc *typed = NULL;
    const struct schema *s = kind_of(json_root(body));
    struct err e = ERR_INIT;

    if (typed_decode(s, body, &typed, &ps, &e) < 0)
        fail_msg("%s", e.msg);
    return defaults_apply(s, typed);
}

/* One write at second `at`; *live, which may be NULL, becomes what is stored then. */
static int
write_as(const char *manager, const char *subresource, bool force, bool apply, int at,
         const char *text, struct json_doc **live, struct buf *message)
{
    cleanup_json struct json_doc *body = doc_of(text), *next = NULL, *result = NULL;
    cleanup_problems struct problems conflicts = PROBLEMS_INIT;
    const struct json *root = json_root(body);
    struct managed_write w = {.type = kind_of(root),
                              .api_version = json_str(json_get(root, "apiVersion")),
                              .kind = json_str(json_get(root, "kind")),
                              .manager = str_of(manager),
                              .subresource = str_of(subresource),
                              .now_us = (int64_t)at * 1000000,
                              .force = force};
    struct err e = ERR_INIT;

    if (apply) {
        if (managed_apply(&w, json_root(*live), root, &result, &conflicts, &e) < 0) {
            if (e.code == ERR_CONFLICT)
                managed_conflict_message(&conflicts, message);
            else
                buf_cstr(message, e.msg);
            return e.code;
        }
        next = take(result);
    } else {
        cleanup_json struct json_doc *typed = take(body);

        next = managed_update(&w, json_root(*live), json_root(typed));
    }
    json_doc_unref(*live);
    *live = json_doc_ref(next);
    return 0;
}

/* "m1 Apply@1 {...}" for each entry, one a line, with ' for ". */
static char *
owners(const struct json_doc *object)
{
    struct buf text = BUF_INIT;

    JSON_EACH (it, json_at_path(json_root(object), "metadata.managedFields")) {
        struct str time = json_str(json_get(it.value, "time"));

        buf_printf(&text, "%s %s@%.*s%s%s ", json_cstr_or(json_get(it.value, "manager"), "?"),
                   json_cstr_or(json_get(it.value, "operation"), "?"),
                   STR_ARG(str_slice(time, 17, 19)),
                   json_get(it.value, "subresource") != NULL ? "/" : "",
                   json_cstr_or(json_get(it.value, "subresource"), ""));
        json_write(&text, json_get(it.value, "fieldsV1"));
        buf_char(&text, '\n');
    }
    for (size_t i = 0; i < text.n; i++)
        text.p[i] = text.p[i] == '"' ? '\'' : text.p[i];
    return buf_take(&text);
}

static char *
part(const struct json_doc *object, const char *path)
{
    struct buf text = BUF_INIT;

    json_write_sorted(&text, json_at_path(json_root(object), path));
    for (size_t i = 0; i < text.n; i++)
        text.p[i] = text.p[i] == '"' ? '\'' : text.p[i];
    return buf_take(&text);
}

#define CHECK_OWNERS(object, want) \
    do { \
        cleanup_free char *got_ = owners(object); \
        CHECK_STR(got_, want); \
    } while (0)
#define CHECK_PART(object, path, want) \
    do { \
        cleanup_free char *got_ = part(object, path); \
        CHECK_STR(got_, want); \
    } while (0)
#define CM "{'apiVersion':'v1','kind':'ConfigMap','metadata':{'name':'ap'},'data':"

TEST(managed_applies_share_conflict_and_give_up)
{
    cleanup_json struct json_doc *live = NULL;
    cleanup_buf struct buf m = BUF_INIT;

    CHECK_INT(write_as("m1", NULL, false, true, 1, CM "{'a':'1','b':'1'}}", &live, &m), 0);
    CHECK_OWNERS(live, "m1 Apply@01 {'f:data':{'f:a':{},'f:b':{}}}\n");
    CHECK_INT(write_as("m1", NULL, false, true, 2, CM "{'a':'1','b':'1'}}", &live, &m), 0);
    CHECK_OWNERS(live, "m1 Apply@01 {'f:data':{'f:a':{},'f:b':{}}}\n");
    CHECK_INT(write_as("m2", NULL, false, true, 3, CM "{'c':'1'}}", &live, &m), 0);
    CHECK_INT(write_as("m2", NULL, false, true, 4, CM "{'a':'2','b':'2','c':'1'}}", &live, &m),
              ERR_CONFLICT);
    CHECK_STR(buf_cstring(&m),
              "Apply failed with 2 conflicts: conflicts with \"m1\":\n- .data.a\n- .data.b");
    CHECK_INT(write_as("m2", NULL, true, true, 5, CM "{'a':'2','c':'1'}}", &live, &m), 0);
    CHECK_OWNERS(live, "m1 Apply@01 {'f:data':{'f:b':{}}}\n"
                       "m2 Apply@05 {'f:data':{'f:a':{},'f:c':{}}}\n");
    CHECK_INT(write_as("m1", NULL, false, true, 6, CM "{}}", &live, &m), 0);
    CHECK_OWNERS(live, "m2 Apply@05 {'f:data':{'f:a':{},'f:c':{}}}\n"
                       "m1 Apply@06 {'f:data':{}}\n");
    CHECK_PART(live, "data", "{'a':'2','c':'1'}");
}

TEST(managed_updates_own_what_they_change)
{
    cleanup_json struct json_doc *live = NULL;
    cleanup_buf struct buf m = BUF_INIT;

    CHECK_INT(write_as("u", NULL, false, false, 1, CM "{'a':'1','b':'1'}}", &live, &m), 0);
    CHECK_OWNERS(live, "u Update@01 {'f:data':{'.':{},'f:a':{},'f:b':{}}}\n");
    CHECK_INT(write_as("v", NULL, false, false, 2, CM "{'a':'2'}}", &live, &m), 0);
    CHECK_OWNERS(live, "u Update@01 {'f:data':{}}\n"
                       "v Update@02 {'f:data':{'f:a':{}}}\n");
    CHECK_INT(write_as("m", NULL, false, true, 3, CM "{'a':'3'}}", &live, &m), ERR_CONFLICT);
    CHECK_STR(buf_cstring(&m),
              "Apply failed with 1 conflict: conflict with \"v\" using v1: .data.a");
}

#define POD "{'apiVersion':'v1','kind':'Pod','metadata':{'name':'p'},'spec':"

TEST(managed_owns_items_of_lists_by_their_keys)
{
    cleanup_json struct json_doc *live = NULL;
    cleanup_buf struct buf m = BUF_INIT;

    CHECK_INT(write_as("m1", NULL, false, true, 1,
                       POD "{'containers':[{'name':'a','image':'i','ports':[{'containerPort':80}]},"
                           "{'name':'b','image':'i'}]}}",
                       &live, &m),
              0);
    CHECK_OWNERS(live,
                 "m1 Apply@01 {'f:spec':{'f:containers':{'k:{\\'name\\':\\'a\\'}':{'.':{},"
                 "'f:image':{},'f:name':{},'f:ports':{'k:{\\'containerPort\\':80,\\'protocol\\':"
                 "\\'TCP\\'}':{'.':{},'f:containerPort':{}}}},'k:{\\'name\\':\\'b\\'}':{'.':{},"
                 "'f:image':{},'f:name':{}}}}}\n");
    CHECK_INT(write_as("m2", NULL, false, true, 2,
                       POD "{'containers':[{'name':'c','image':'i'},{'name':'b','tty':true}]}}",
                       &live, &m),
              0);
    CHECK_INT(write_as("m1", NULL, false, true, 3, POD "{'containers':[{'name':'a','image':'i'}]}}",
                       &live, &m),
              0);
    /* b stays, since m2 owns it, without the image that only m1 owned. */
    CHECK_PART(live, "spec.containers",
               "[{'image':'i','imagePullPolicy':'Always','name':'a','resources':{},"
               "'terminationMessagePath':'/dev/termination-log','terminationMessagePolicy':'File'},"
               "{'image':'i','imagePullPolicy':'Always','name':'c','resources':{},"
               "'terminationMessagePath':'/dev/termination-log','terminationMessagePolicy':'File'},"
               "{'imagePullPolicy':'Always','name':'b','resources':{},"
               "'terminationMessagePath':'/dev/termination-log','terminationMessagePolicy':'File',"
               "'tty':true}]");
    CHECK_INT(write_as("m2", NULL, false, true, 4, POD "{'containers':[{'name':'a','image':'j'}]}}",
                       &live, &m),
              ERR_CONFLICT);
    CHECK_STR(buf_cstring(&m), "Apply failed with 1 conflict: conflict with \"m1\": "
                               ".spec.containers[name=\"a\"].image");
}

TEST(managed_tells_status_writers_apart)
{
    cleanup_json struct json_doc *live = NULL;
    cleanup_buf struct buf m = BUF_INIT;

    CHECK_INT(write_as("k", NULL, false, false, 1,
                       POD "{'containers':[]},'status':{'phase':'Running'}}", &live, &m),
              0);
    CHECK_INT(write_as("k", "status", false, false, 2,
                       POD "{'nodeName':'n'},'status':{'phase':'Failed','conditions':[{'type':"
                           "'Ready'}]}}",
                       &live, &m),
              0);
    {
        cleanup_free char *got = owners(live);

        CHECK_CONTAINS(got, "k Update@01 {'f:spec'");
        CHECK_CONTAINS(got, "k Update@02/status {'f:status':{'f:conditions':{'.':{},"
                            "'k:{\\'type\\':\\'Ready\\'}':{'.':{},'f:lastProbeTime':{},"
                            "'f:lastTransitionTime':{},'f:status':{},'f:type':{}}},'f:phase':{}}}");
    }
}

TEST(managed_keeps_lists_of_custom_resources_whole)
{
    cleanup_json struct json_doc *live = NULL;
    cleanup_buf struct buf m = BUF_INIT;

#define WF "{'apiVersion':'argoproj.io/v1alpha1','kind':'Workflow','metadata':{'name':'w'},'spec':"
    CHECK_INT(write_as("m1", NULL, false, true, 1,
                       WF "{'entrypoint':'a','templates':[{'name':'a'}]}}", &live, &m),
              0);
    CHECK_OWNERS(live, "m1 Apply@01 {'f:spec':{'f:entrypoint':{},'f:templates':{}}}\n");
    CHECK_INT(write_as("m2", NULL, false, true, 2, WF "{'templates':[{'name':'b'}]}}", &live, &m),
              ERR_CONFLICT);
    CHECK_STR(buf_cstring(&m),
              "Apply failed with 1 conflict: conflict with \"m1\": .spec.templates");
}

TEST(managed_gives_what_was_there_before_the_first_apply_an_owner)
{
    cleanup_json struct json_doc *live = doc_of(CM "{'a':'1'}}");
    cleanup_buf struct buf m = BUF_INIT;

    CHECK_INT(write_as("m", NULL, false, true, 7, CM "{'b':'1'}}", &live, &m), 0);
    CHECK_OWNERS(live, "m Apply@07 {'f:data':{'f:b':{}}}\n"
                       "before-first-apply Update@07 {'f:data':{'.':{},'f:a':{}}}\n");
}

TEST(managed_refuses_what_cannot_be_applied)
{
    static const struct {
        const char *body, *error;
    } cases[] = {
        {"{'apiVersion':'v1','kind':'ConfigMap','metadata':{'name':'ap'},'dtaa':{}}",
         "failed to create typed patch object (/ap; /v1, Kind=ConfigMap): .dtaa: field not "
         "declared "
         "in schema"},
        {"{'apiVersion':'v1','kind':'ConfigMap','metadata':{'name':'ap','managedFields':[{}]}}",
         "metadata.managedFields must be nil"},
        {POD "{'containers':[{'name':'a'},{'name':'a'}]}}",
         "failed to create typed patch object (/p; /v1, Kind=Pod): .spec.containers: duplicate "
         "entries for key [name=\"a\"]"},
        {POD "{'containers':3,'x':1}}",
         "failed to create typed patch object (/p; /v1, Kind=Pod): errors:\n"
         "  .spec.containers: expected list, got number\n"
         "  .spec.x: field not declared in schema"},
    };

    for (size_t i = 0; i < ARRAY_LEN(cases); i++) {
        cleanup_json struct json_doc *live = NULL;
        cleanup_buf struct buf m = BUF_INIT;

        CHECK_TRUE(write_as("m", NULL, false, true, 1, cases[i].body, &live, &m) < 0);
        CHECK_STR(buf_cstring(&m), cases[i].error);
    }
}

TEST(managed_lets_kubectl_take_over_what_it_applied_before)
{
    cleanup_json struct json_doc *live = NULL;
    cleanup_buf struct buf m = BUF_INIT;

#define LAST \
    "'kubectl.kubernetes.io/last-applied-configuration':'{\\'apiVersion\\':\\'v1\\',\\'" \
    "kind\\':\\'ConfigMap\\',\\'data\\':{\\'a\\':\\'1\\'}}'"
    CHECK_INT(write_as("kubectl-client-side-apply", NULL, false, false, 1,
                       "{'apiVersion':'v1','kind':'ConfigMap','metadata':{'name':'ap',"
                       "'annotations':{" LAST "}},'data':{'a':'1'}}",
                       &live, &m),
              0);
    CHECK_INT(write_as("other", NULL, false, true, 2, CM "{'a':'2'}}", &live, &m), ERR_CONFLICT);
    CHECK_INT(write_as("kubectl", NULL, false, true, 3, CM "{'a':'2'}}", &live, &m), 0);
    CHECK_PART(live, "data", "{'a':'2'}");
    CHECK_CONTAINS(json_cstr_or(json_get(json_at_path(json_root(live), "metadata.annotations"),
                                         "kubectl.kubernetes.io/last-applied-configuration"),
                                ""),
                   "\"data\":{\"a\":\"2\"}");
}

TEST(managed_puts_the_oldest_updates_together)
{
    cleanup_json struct json_doc *live = NULL;
    cleanup_buf struct buf m = BUF_INIT;
    cleanup_free char *got = NULL;

    for (int i = 0; i < 12; i++) {
        cleanup_free char *name = xasprintf("u%02d", i);
        cleanup_free char *body = xasprintf(CM "{'a':'1','k%d':'%d'}}", i, i);

        CHECK_INT(write_as(name, NULL, false, false, i, body, &live, &m), 0);
    }
    got = owners(live);
    CHECK_CONTAINS(got, "u11 Update@11 {'f:data':{'f:k11':{}}}");
    CHECK_TRUE(json_count(json_at_path(json_root(live), "metadata.managedFields")) <= 10);
}

TEST(managed_sees_that_only_times_differ)
{
    cleanup_json struct json_doc *a = doc_of(
        "{'metadata':{'name':'x','resourceVersion':'1','managedFields':[{'manager':'m','time':'1'}]"
        "},'data':{'a':'1'}}");
    cleanup_json struct json_doc *b = doc_of(
        "{'metadata':{'name':'x','managedFields':[{'manager':'m','time':'2'}]},'data':{'a':'1'}}");
    cleanup_json struct json_doc *c = doc_of(
        "{'metadata':{'name':'x','managedFields':[{'manager':'n','time':'2'}]},'data':{'a':'1'}}");
    cleanup_json struct json_doc *d = doc_of("{'metadata':{'name':'x'}}");

    CHECK_TRUE(managed_is_noop(json_root(a), json_root(b)));
    CHECK_FALSE(managed_is_noop(json_root(a), json_root(c)));
    CHECK_FALSE(managed_is_noop(json_root(a), json_root(d)));
    CHECK_FALSE(managed_is_noop(json_root(d), json_root(a)));
}

TEST(managed_takes_the_name_of_an_agent)
{
    CHECK_VIEW(managed_agent(STR("kubectl/v1.34.0 (linux/amd64)")), "kubectl");
    CHECK_VIEW(managed_agent(STR("oracle")), "oracle");
}

TESTS_MAIN(T_(managed_applies_share_conflict_and_give_up), T_(managed_updates_own_what_they_change),
           T_(managed_owns_items_of_lists_by_their_keys), T_(managed_tells_status_writers_apart),
           T_(managed_keeps_lists_of_custom_resources_whole),
           T_(managed_gives_what_was_there_before_the_first_apply_an_owner),
           T_(managed_refuses_what_cannot_be_applied),
           T_(managed_lets_kubectl_take_over_what_it_applied_before),
           T_(managed_puts_the_oldest_updates_together), T_(managed_sees_that_only_times_differ),
           T_(managed_takes_the_name_of_an_agent))
