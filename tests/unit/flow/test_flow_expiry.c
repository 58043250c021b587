/* Objects of runs that are over go by themselves. */
#include "tests/unit/flow/commanding.h"

#define TTL(ttl, command) \
    "metadata: {name: wf}\n" \
    "spec:\n" \
    "  entrypoint: main\n" \
    "  ttlStrategy: {" ttl "}\n" \
    "  templates: [{name: main, container: {image: i, command: [" command "]}}]\n"

static bool is_there_;

static bool
look(struct rig *r, struct turn *t)
{
    struct object *o = objects_find(r->objects, t, &kind_workflow, STR("default"), str_of(r->name));

    is_there_ = o != NULL;
    object_unref(o);
    return true;
}

static bool
is_there(struct story *s)
{
    story_turn(s, look);
    return is_there_;
}

static void
pass_seconds(struct story *s, int seconds)
{
    for (int i = 0; i < seconds; i++) {
        clock_manual_advance(&s->r.clock, CLOCK_SECOND);
        core_run(s->r.core, 1000);
    }
}

static void
end_of(struct story *s, const char *yaml)
{
    story_open(s);
    rig_create(&s->r, &kind_workflow, yaml);
    CHECK_TRUE(rig_step(&s->r));
    CHECK_TRUE(is_there(s));
}

static void
goes_after(const char *yaml, int seconds)
{
    struct story s;

    for (int restart = 0; restart < 2; restart++) {
        end_of(&s, yaml);
        pass_seconds(&s, seconds - 1);
        CHECK_TRUE(is_there(&s));
        if (restart != 0) {
            rig_shut(&s.r);
            rig_reopen(&s.r);
            CHECK_TRUE(is_there(&s));
        }
        pass_seconds(&s, 1);
        CHECK_TRUE(!is_there(&s));
        story_close(&s);
    }
}

TEST(a_workflow_goes_some_time_after_its_end)
{
    goes_after(TTL("secondsAfterCompletion: 5", "ok"), 5);
    goes_after(TTL("secondsAfterCompletion: 9, secondsAfterSuccess: 4", "ok"), 4);
    goes_after(TTL("secondsAfterCompletion: 3, secondsAfterSuccess: 9", "exit, \"1\""), 3);
    goes_after(TTL("secondsAfterFailure: 6", "exit, \"1\""), 6);
}

static int
do_retry(struct command *c, struct turn *t, const struct object *o, struct err *e)
{
    return argo_rerun_retry(c->rig->flow, t, o, &c->rerun, e);
}

TEST(a_retry_takes_the_time_back)
{
    struct story s;

    end_of(&s, TTL("secondsAfterFailure: 5", "exit, \"1\""));
    pass_seconds(&s, 3);
    CHECK_STR(GIVE(&s, .run = do_retry), "");
    pass_seconds(&s, 5);
    CHECK_TRUE(is_there(&s));
    CHECK_TRUE(rig_step(&s.r));
    pass_seconds(&s, 5);
    CHECK_TRUE(!is_there(&s));
    story_close(&s);
}

TEST(one_without_a_time_stays)
{
    struct story s;

    end_of(&s, TTL("secondsAfterFailure: 5", "ok"));
    pass_seconds(&s, 100);
    CHECK_TRUE(is_there(&s));
    story_close(&s);
}

TESTS_MAIN(T_(a_workflow_goes_some_time_after_its_end), T_(a_retry_takes_the_time_back),
           T_(one_without_a_time_stays))
