/* http templates: one request, its answer, and what is not asked twice. */
#include "tests/unit/flow/story.h"

#define HTTP(fields) \
    "metadata: {name: wf}\n" \
    "spec:\n" \
    "  entrypoint: main\n" \
    "  arguments: {parameters: [{name: who, value: me}]}\n" \
    "  templates: [{name: main, http: {" fields "}}]\n"

#define CHECK_LOG(s, want) CHECK_STR(buf_cstring(&(s)->r.requester.log), want)

static const char secret[] = "metadata: {name: keys}\n"
                             "data: {token: QmVhcmVyIHg=}\n";

STORY(the_body_of_a_good_answer_is_the_result)
{
    story_run(s, HTTP("url: \"http://fake/say/hello {{workflow.parameters.who}}\""));
    story_is(s, "Succeeded", NULL);
    story_node_is(s, "wf", "Succeeded", "");
    CHECK_STR(story_field(s, "wf", "type"), "HTTP");
    CHECK_STR(story_field(s, "wf", "outputs.result"), "hello me");
    CHECK_STR(story_field(s, "wf", "outputs.asked"), "");
    CHECK_STR(story_status(s, "progress"), "1/1");
    CHECK_LOG(s, "GET http://fake/say/hello me\n");
    CHECK_INT(s->r.requester.timeout_us, 30 * CLOCK_SECOND);
    CHECK_INT(s->r.requester.limit, 256 * 1024);
    CHECK_FALSE(s->r.requester.insecure);
    CHECK_INT(s->r.requester.asked.n, 0); /* forgotten */
}

STORY(method_headers_body_and_options_are_sent)
{
    rig_create(&s->r, &kind_secret, secret);
    story_run(s, HTTP("url: http://fake/say/x, method: POST, timeoutSeconds: 7,\n"
                      "    insecureSkipVerify: true, body: \"{{workflow.parameters.who}}\",\n"
                      "    headers: [{name: A, value: b}, {name: Authorization,\n"
                      "      valueFrom: {secretKeyRef: {name: keys, key: token}}}]"));
    story_is(s, "Succeeded", NULL);
    CHECK_LOG(s, "POST http://fake/say/x A=b Authorization=Bearer x me\n");
    CHECK_INT(s->r.requester.timeout_us, 7 * CLOCK_SECOND);
    CHECK_TRUE(s->r.requester.insecure);
}

STORY(a_body_may_be_bytes)
{
    story_run(s, HTTP("url: http://fake/say/x, method: PUT, bodyFrom: {bytes: aGk=},\n"
                      "    successCondition: request.body == \"hi\""));
    story_is(s, "Succeeded", NULL);
    CHECK_LOG(s, "PUT http://fake/say/x hi\n");
}

TEST(a_condition_decides_what_is_good)
{
    static const char *const good[] = {
        "response.statusCode == 404", "request.method == \\\"GET\\\"",
        "response.body contains \\\"no\\\"", "request.headers[\\\"X-One\\\"][0] == \\\"1\\\""};

    for (size_t i = 0; i < ARRAY_LEN(good); i++) {
        cleanup_free char *yaml = xasprintf(HTTP("url: http://fake/status/404,\n"
                                                 "    headers: [{name: x-one, value: '1'}],\n"
                                                 "    successCondition: \"%s\""),
                                            good[i]);
        struct story s;

        story_open(&s);
        story_run(&s, yaml);
        story_is(&s, "Succeeded", NULL);
        CHECK_STR(story_field(&s, "wf", "outputs.result"), "no");
        story_close(&s);
    }
}

static const struct {
    const char *yaml, *message;
} bad[] = {
    {HTTP("url: http://fake/status/500"), "received non-2xx response code: 500"},
    {HTTP("url: http://fake/say/x, successCondition: \"response.body == 'y'\""),
     "successCondition 'response.body == 'y'' evaluated false"},
    {HTTP("url: http://fake/down"), "http://fake/down: nobody is there"},
    {HTTP("url: http://fake/say/x, headers: [{name: A, valueFrom: {secretKeyRef:\n"
          "      {name: none, key: k}}}]"),
     "main: Error (exit code 64): http.headers: A: secrets \"none\" not found"},
    {HTTP("url: http://fake/say/x, headers: [{name: A, valueFrom: {secretKeyRef:\n"
          "      {name: keys, key: k}}}]"),
     "main: Error (exit code 64): http.headers: A: secret \"keys\" has no key \"k\""},
    {HTTP("url: http://fake/say/x, timeoutSeconds: 0"),
     "main: Error (exit code 64): http.timeoutSeconds must be a positive number of seconds"},
};

TEST(other_answers_and_what_cannot_be_asked_fail_the_step)
{
    for (size_t i = 0; i < ARRAY_LEN(bad); i++) {
        struct story s;

        story_open(&s);
        rig_create(&s.r, &kind_secret, secret);
        story_run(&s, bad[i].yaml);
        story_node_is(&s, "wf", "Failed", bad[i].message);
        story_is(&s, "Failed", NULL);
        story_close(&s);
    }
}

/* It was sent by a process that is gone: whether it was heard, nobody can say. */
TEST(after_a_kill_only_what_may_be_repeated_is_asked_again)
{
    static const struct {
        const char *method, *phase;
        const char *log;
    } cases[] = {
        {"GET", "Running", "GET http://fake/hang\nGET http://fake/hang\n"},
        {"PUT", "Running", "PUT http://fake/hang\nPUT http://fake/hang\n"},
        {"DELETE", "Running", "DELETE http://fake/hang\nDELETE http://fake/hang\n"},
        {"POST", "Error", "POST http://fake/hang\n"},
        {"PATCH", "Error", "PATCH http://fake/hang\n"},
    };

    for (size_t i = 0; i < ARRAY_LEN(cases); i++) {
        cleanup_free char *yaml =
            xasprintf(HTTP("url: http://fake/hang, method: %s"), cases[i].method);
        struct story s;

        story_open(&s);
        rig_create(&s.r, &kind_workflow, yaml);
        story_let_pass(&s, 1);
        story_node_is(&s, "wf", "Running", NULL);
        rig_shut(&s.r);
        rig_reopen(&s.r);
        story_let_pass(&s, 120);
        story_node_is(&s, "wf", cases[i].phase, NULL);
        CHECK_LOG(&s, cases[i].log);
        story_close(&s);
    }
}

STORY(whoever_stops_the_workflow_gives_the_request_up)
{
    rig_create(&s->r, &kind_workflow, HTTP("url: http://fake/hang"));
    story_let_pass(s, 1);
    CHECK_INT(s->r.requester.asked.n, 1);
    story_edit(s, "{\"shutdown\":\"Terminate\"}");
    story_go_on(s);
    story_node_is(s, "wf", "Failed", "workflow shutdown with strategy:  Terminate");
    CHECK_STR(story_field(s, "wf", "outputs"), "");
    CHECK_INT(s->r.requester.asked.n, 0);
}

static bool
delete_workflow(struct rig *r, struct turn *t)
{
    struct err e = ERR_INIT;

    return objects_delete(r->objects, t, &kind_workflow, STR("default"), STR("wf"), NULL, NULL,
                          &e) >= 0;
}

STORY(so_does_whoever_deletes_it)
{
    rig_create(&s->r, &kind_workflow, HTTP("url: http://fake/hang"));
    story_let_pass(s, 1);
    CHECK_INT(s->r.requester.asked.n, 1);
    story_turn(s, delete_workflow);
    CHECK_INT(s->r.requester.asked.n, 0);
}

STORY(its_time_is_limited)
{
    story_run(s, "metadata: {name: wf}\n"
                 "spec:\n"
                 "  entrypoint: main\n"
                 "  templates: [{name: main, timeout: 10s, http: {url: http://fake/hang}}]\n");
    story_node_is(s, "wf", "Failed",
                  "Pod was active on the node longer than the specified deadline");
    CHECK_INT(s->r.requester.asked.n, 0);
    CHECK_LOG(s, "GET http://fake/hang\n");
}

STORY(a_retry_asks_once_more)
{
    story_run(s, "metadata: {name: wf}\n"
                 "spec:\n"
                 "  entrypoint: main\n"
                 "  templates: [{name: main, retryStrategy: {limit: 1},\n"
                 "    http: {method: POST, url: \"http://fake/status/50{{retries}}\"}}]\n");
    story_is(s, "Failed", "No more retries left");
    CHECK_LOG(s, "POST http://fake/status/500\nPOST http://fake/status/501\n");
}

TESTS_MAIN(T_(the_body_of_a_good_answer_is_the_result),
           T_(method_headers_body_and_options_are_sent), T_(a_body_may_be_bytes),
           T_(a_condition_decides_what_is_good),
           T_(other_answers_and_what_cannot_be_asked_fail_the_step),
           T_(after_a_kill_only_what_may_be_repeated_is_asked_again),
           T_(whoever_stops_the_workflow_gives_the_request_up), T_(so_does_whoever_deletes_it),
           T_(its_time_is_limited), T_(a_retry_asks_once_more))
