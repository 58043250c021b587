#include "api/objects.h"

#include "core/controller.h"
#include "data/json.h"
#include "store/versions.h"
#include "tests/unit/core/rig.h"
#include "tests/unit/data/parsed.h"

struct world {
    struct rig rig;
    struct controllers *cs;
    struct objects *os;
};

static void
tell_published(void *arg, const struct object *before, const struct object *now, bool gone)
{
    struct rig *r = arg;

    buf_printf(&r->story, "%s %.*s@%d; ",
               gone             ? "DELETED"
               : before != NULL ? "MODIFIED"
                                : "ADDED",
               STR_ARG(object_name(now)), (int)object_rv(now));
}

static void
boot(struct world *w)
{
    w->cs = controllers_new(w->rig.core);
    w->os = objects_new(w->rig.core, w->cs, kinds_builtin);
    objects_on_published(w->os, tell_published, &w->rig);
    rig_start(&w->rig);
}

static void
world_open(struct world *w)
{
    rig_open(&w->rig);
    boot(w);
}

static void
halt(struct world *w)
{
    w->rig.core = core_free(w->rig.core);
    w->os = objects_free(w->os);
    w->cs = controllers_free(w->cs);
}

static void
world_close(struct world *w)
{
    halt(w);
    rig_close(&w->rig);
}

/* Another process on the same directory. */
static void
restart(struct world *w)
{
    halt(w);
    rig_reboot(&w->rig);
    boot(w);
}

/* A step runs as a message. */
struct step {
    struct message m;
    struct world *w;
    int (*fn)(struct world *w, struct turn *t, struct err *e);
    struct err why;
};

static int
run_step(struct message *m, struct turn *t, struct err *e)
{
    struct step *s = CONTAINER_OF(m, struct step, m);

    return s->fn(s->w, t, e);
}

static void
step_done(struct message *m, const struct err *why)
{
    struct step *s = CONTAINER_OF(m, struct step, m);

    if (why != NULL)
        s->why = *why;
}

/* Runs all of them in one turn. */
static void
turn_of(struct world *w, struct step *steps, size_t n)
{
    struct err e = ERR_INIT;

    for (size_t i = 0; i < n; i++) {
        steps[i].m = (struct message){.class = MESSAGE_REQUEST, .run = run_step, .done = step_done};
        steps[i].w = w;
        steps[i].why = ERR_INIT;
        CHECK_INT(core_post(w->rig.core, &steps[i].m, &e), 0);
    }
    core_run(w->rig.core, 20);
}

static int
act(struct world *w, int (*fn)(struct world *w, struct turn *t, struct err *e), struct err *e)
{
    struct step s = {.fn = fn};

    turn_of(w, &s, 1);
    *e = s.why;
    return s.why.code;
}

static void
act_ok(struct world *w, int (*fn)(struct world *w, struct turn *t, struct err *e))
{
    struct err e = ERR_INIT;

    if (act(w, fn, &e) < 0)
        fail_msg("%s", e.msg);
}

static int
create(struct world *w, struct turn *t, const struct kind *k, const char *text, struct object **ret,
       struct err *e)
{
    cleanup_json struct json_doc *d = parsed(text);

    return objects_create(w->os, t, k, k->namespaced ? STR("ns") : STR(""), json_root(d), ret, e);
}

static int
update(struct world *w, struct turn *t, const struct kind *k, const char *text,
       enum objects_part part, struct object **ret, struct err *e)
{
    cleanup_json struct json_doc *d = parsed(text);

    return objects_update(w->os, t, k, STR("ns"), json_root(d), part, ret, e);
}

static struct object *
find(struct world *w, struct turn *t, const struct kind *k, const char *name)
{
    return objects_find(w->os, t, k, STR("ns"), str_of(name));
}

#define A_POD \
    "{\"metadata\":{\"name\":\"a\",\"labels\":{\"app\":\"x\"}},\"spec\":{\"containers\":[]}}"

static int
make_a(struct world *w, struct turn *t, struct err *e)
{
    cleanup_object struct object *o = NULL;
    struct object *made = NULL;
    cleanup_buf struct buf text = BUF_INIT;
    char head[64];

    if (create(w, t, &kind_pod, A_POD, &made, e) < 0)
        return e->code;
    o = made;
    CHECK_VIEW(object_name(o), "a");
    CHECK_VIEW(object_namespace(o), "ns");
    CHECK_INT(object_uid(o).n, 36);
    CHECK_INT(object_uid(o).p[14], '7');
    CHECK_VIEW(json_str(object_at(o, "metadata.creationTimestamp")), "2023-11-14T22:13:20Z");
    CHECK_VIEW(json_str(object_at(o, "kind")), "Pod");
    CHECK_VIEW(json_str(object_at(o, "apiVersion")), "v1");
    CHECK_VIEW(object_label(o, "app"), "x");
    object_write(&text, o);
    snprintf(head, sizeof head, "\"metadata\":{\"resourceVersion\":\"%d\",\"name\":\"a\"",
             (int)object_rv(o));
    CHECK_CONTAINS(buf_cstring(&text), head);
    return 0;
}

TEST(a_new_object_gets_what_the_server_sets)
{
    struct world w;
    struct err e = ERR_INIT;

    world_open(&w);
    act_ok(&w, make_a);
    CHECK_STR(buf_cstring(&w.rig.story), "ADDED a@1; ");
    CHECK_INT(act(&w, make_a, &e), ERR_EXISTS);
    CHECK_STR(e.msg, "pods \"a\" already exists");
    world_close(&w);
}

static int
check_a(struct world *w, struct turn *t, struct err *e)
{
    cleanup_object struct object *o = find(w, t, &kind_pod, "a");
    cleanup_object struct object *same = NULL;
    struct object *by_uid = NULL;

    CHECK_NOT_NULL(o);
    CHECK_INT(object_rv(o), 1);
    CHECK_INT(objects_get_uid(w->os, t, object_uid(o), &by_uid, e), 0);
    same = by_uid;
    CHECK_TRUE(same == o);
    CHECK_INT(objects_get(w->os, t, &kind_pod, STR("ns"), STR("b"), &by_uid, e), ERR_NOTFOUND);
    CHECK_STR(e->msg, "pods \"b\" not found");
    return 0;
}

TEST(an_object_survives_a_restart)
{
    struct world w;

    world_open(&w);
    act_ok(&w, make_a);
    restart(&w);
    act_ok(&w, check_a);
    world_close(&w);
}

static int
make_and_fail(struct world *w, struct turn *t, struct err *e)
{
    object_vec list = VEC_INIT;
    struct objects_query q = {.kind = &kind_pod};

    CHECK_INT(create(w, t, &kind_pod, A_POD, NULL, e), 0);
    CHECK_INT(objects_list(w->os, t, &q, &list, NULL, e), 0); /* which flushes */
    CHECK_INT(list.n, 1);
    object_vec_done(&list);
    return err_set(e, ERR_INVALID, "after all");
}

static int
check_nothing(struct world *w, struct turn *t, struct err *e)
{
    object_vec list = VEC_INIT;
    struct objects_query q = {.kind = &kind_pod};

    CHECK_NULL(find(w, t, &kind_pod, "a"));
    CHECK_INT(objects_list(w->os, t, &q, &list, NULL, e), 0);
    CHECK_INT(list.n, 0);
    object_vec_done(&list);
    return 0;
}

TEST(what_a_failing_message_created_never_was)
{
    struct world w;
    struct step steps[] = {{.fn = make_and_fail}, {.fn = check_nothing}, {.fn = make_a}};

    world_open(&w);
    turn_of(&w, steps, 3);
    CHECK_INT(steps[0].why.code, ERR_INVALID);
    CHECK_INT(steps[1].why.code, 0);
    restart(&w);
    world_close(&w);
}

static int
change_twice(struct world *w, struct turn *t, struct err *e)
{
    cleanup_object struct object *first = NULL, *second = NULL;
    struct object *o = NULL;

    CHECK_INT(update(w, t, &kind_pod, "{\"metadata\":{\"name\":\"a\"},\"spec\":{\"x\":1}}",
                     OBJECTS_SPEC, &o, e),
              0);
    first = o;
    CHECK_INT(update(w, t, &kind_pod,
                     "{\"metadata\":{\"name\":\"a\"},\"status\":{\"phase\":\"Running\"}}",
                     OBJECTS_STATUS, &o, e),
              0);
    second = o;
    CHECK_TRUE(object_rv(second) > object_rv(first));
    CHECK_VIEW(json_str(object_at(second, "status.phase")), "Running");
    CHECK_INT(json_count(object_at(second, "spec")), 1);
    return 0;
}

TEST(several_changes_in_a_turn_are_one_version)
{
    struct world w;
    struct err e = ERR_INIT;
    int64_t n = 0;

    world_open(&w);
    act_ok(&w, make_a);
    buf_clear(&w.rig.story);
    act_ok(&w, change_twice);
    CHECK_STR(buf_cstring(&w.rig.story), "MODIFIED a@3; ");
    CHECK_INT(
        stmt_get_int(db_stmt(store_db(w.rig.store), "SELECT count(*) FROM versions"), 0, &n, &e),
        0);
    CHECK_INT(n, 2);
    CHECK_INT(stmt_get_int(db_stmt(store_db(w.rig.store),
                                   "SELECT prev_rv FROM versions ORDER BY rv DESC LIMIT 1"),
                           0, &n, &e),
              0);
    CHECK_INT(n, 1);
    world_close(&w);
}

static int
same_again(struct world *w, struct turn *t, struct err *e)
{
    cleanup_object struct object *o = find(w, t, &kind_pod, "a");
    cleanup_buf struct buf text = BUF_INIT;
    int64_t rv = object_rv(o);
    struct object *now = NULL;

    object_write(&text, o);
    CHECK_INT(update(w, t, &kind_pod, buf_cstring(&text), OBJECTS_ALL, &now, e), 0);
    CHECK_INT(object_rv(now), rv);
    object_unref(now);
    return 0;
}

TEST(a_change_that_changes_nothing_makes_no_version)
{
    struct world w;
    struct core_stats before, after;

    world_open(&w);
    act_ok(&w, make_a);
    core_stats(w.rig.core, &before);
    act_ok(&w, same_again);
    core_stats(w.rig.core, &after);
    CHECK_INT(after.commits, before.commits);
    world_close(&w);
}

static int
stale(struct world *w, struct turn *t, struct err *e)
{
    return update(w, t, &kind_pod,
                  "{\"metadata\":{\"name\":\"a\",\"resourceVersion\":\"77\"},\"spec\":{}}",
                  OBJECTS_SPEC, NULL, e);
}

static int
foreign_uid(struct world *w, struct turn *t, struct err *e)
{
    return update(w, t, &kind_pod, "{\"metadata\":{\"name\":\"a\",\"uid\":\"u\"},\"spec\":{}}",
                  OBJECTS_SPEC, NULL, e);
}

static int
absent(struct world *w, struct turn *t, struct err *e)
{
    return update(w, t, &kind_workflow, "{\"metadata\":{\"name\":\"w\"}}", OBJECTS_SPEC, NULL, e);
}

TEST(a_stale_version_and_a_foreign_uid_are_conflicts)
{
    struct world w;
    struct err e = ERR_INIT;

    world_open(&w);
    act_ok(&w, make_a);
    CHECK_INT(act(&w, stale, &e), ERR_CONFLICT);
    CHECK_STR(e.msg, "Operation cannot be fulfilled on pods \"a\": the object has been modified; "
                     "please apply your changes to the latest version and try again");
    CHECK_INT(act(&w, foreign_uid, &e), ERR_CONFLICT);
    CHECK_CONTAINS(e.msg, "UID in precondition: u");
    CHECK_INT(act(&w, absent, &e), ERR_NOTFOUND);
    CHECK_STR(e.msg, "workflows.argoproj.io \"w\" not found");
    world_close(&w);
}

static int
bad_names(struct world *w, struct turn *t, struct err *e)
{
    return create(w, t, &kind_workflow,
                  "{\"metadata\":{\"name\":\"Bad_Name\",\"labels\":{\"a b\":\"c\",\"d\":1},"
                  "\"ownerReferences\":[{\"kind\":\"X\"}]}}",
                  NULL, e);
}

static int
no_name(struct world *w, struct turn *t, struct err *e)
{
    return create(w, t, &kind_pod, "{\"metadata\":{}}", NULL, e);
}

static int
other_namespace(struct world *w, struct turn *t, struct err *e)
{
    return create(w, t, &kind_pod, "{\"metadata\":{\"name\":\"a\",\"namespace\":\"other\"}}", NULL,
                  e);
}

TEST(problems_of_metadata_are_reported_together)
{
    struct world w;
    struct err e = ERR_INIT;

    world_open(&w);
    CHECK_INT(act(&w, bad_names, &e), ERR_INVALID);
    CHECK_CONTAINS(e.msg, "Workflow.argoproj.io \"Bad_Name\" is invalid: [metadata.name: Invalid "
                          "value: \"Bad_Name\": a lowercase RFC 1123 subdomain");
    CHECK_CONTAINS(e.msg, "metadata.labels: Invalid value: \"a b\"");
    CHECK_CONTAINS(e.msg, "metadata.labels.d must be a string (got number 1)");
    CHECK_INT(act(&w, no_name, &e), ERR_INVALID);
    CHECK_STR(e.msg, "Pod \"\" is invalid: metadata.name: Required value: name or generateName is "
                     "required");
    CHECK_INT(act(&w, other_namespace, &e), ERR_BADREQUEST);
    world_close(&w);
}

static int
generate(struct world *w, struct turn *t, struct err *e)
{
    for (int i = 0; i < 20; i++) {
        struct object *o = NULL;

        if (create(w, t, &kind_pod, "{\"metadata\":{\"generateName\":\"Step-\"}}", &o, e) < 0)
            return e->code;
        CHECK_INT(object_name(o).n, 10);
        CHECK_TRUE(str_starts(object_name(o), STR("step-")));
        for (size_t at = 5; at < 10; at++)
            CHECK_NOT_NULL(strchr("bcdfghjklmnpqrstvwxz2456789", object_name(o).p[at]));
        object_unref(o);
    }
    return 0;
}

TEST(generated_names_are_in_lower_case_and_end_in_five_safe_characters)
{
    struct world w;

    world_open(&w);
    act_ok(&w, generate);
    world_close(&w);
}

/* The first names that are drawn are all the same. */
struct dice {
    int same, drawn;
};

static void throw(void *arg, void *to, size_t n)
{
    struct dice *d = arg;

    memset(to, 0, n);
    if (n == sizeof "bbbbb" - 1 && d->drawn++ >= d->same)
        memset(to, 1, n);
}

static int
generate_one(struct world *w, struct turn *t, struct err *e)
{
    struct object *o = NULL;

    if (create(w, t, &kind_pod, "{\"metadata\":{\"generateName\":\"a-\"}}", &o, e) < 0)
        return e->code;
    buf_printf(&w->rig.story, "%.*s ", STR_ARG(object_name(o)));
    object_unref(o);
    return 0;
}

TEST(a_generated_name_that_is_taken_is_drawn_anew_some_times)
{
    struct dice dice = {.same = 8};
    struct err e = ERR_INIT;
    struct world w;

    rig_open_as(&w.rig, &(struct core_options){.random = throw, .random_arg = &dice});
    boot(&w);
    act_ok(&w, generate_one); /* the first one */
    act_ok(&w, generate_one); /* seven times the same, then another */
    CHECK_CONTAINS(buf_cstring(&w.rig.story), "a-bbbbb ");
    CHECK_CONTAINS(buf_cstring(&w.rig.story), "a-ccccc ");
    CHECK_INT(dice.drawn, 9);
    dice = (struct dice){.same = 100};
    CHECK_INT(act(&w, generate_one, &e), ERR_EXISTS);
    CHECK_INT(dice.drawn, 8);
    world_close(&w);
}

/* Deleting. */

static int
delete_a(struct world *w, struct turn *t, struct err *e)
{
    return objects_delete(w->os, t, &kind_pod, STR("ns"), STR("a"), NULL, NULL, e);
}

static int
check_deleting(struct world *w, struct turn *t, struct err *e)
{
    cleanup_object struct object *o = find(w, t, &kind_pod, "a");

    (void)e;
    CHECK_NOT_NULL(o);
    CHECK_VIEW(json_str(object_at(o, "metadata.deletionTimestamp")), "2023-11-14T22:13:50Z");
    CHECK_TRUE(object_is_deleting(o));
    return 0;
}

static int
remove_a(struct world *w, struct turn *t, struct err *e)
{
    cleanup_object struct object *o = find(w, t, &kind_pod, "a");

    return objects_remove(w->os, t, object_uid(o), e);
}

TEST(a_pod_goes_when_its_controller_says_so)
{
    struct world w;
    struct err e = ERR_INIT;

    world_open(&w);
    act_ok(&w, make_a);
    act_ok(&w, delete_a);
    act_ok(&w, check_deleting);
    buf_clear(&w.rig.story);
    act_ok(&w, delete_a); /* again changes nothing */
    CHECK_STR(buf_cstring(&w.rig.story), "");
    act_ok(&w, remove_a);
    CHECK_STR(buf_cstring(&w.rig.story), "DELETED a@3; ");
    CHECK_INT(act(&w, delete_a, &e), ERR_NOTFOUND);
    act_ok(&w, check_nothing);
    restart(&w);
    act_ok(&w, check_nothing);
    world_close(&w);
}

static int
make_held(struct world *w, struct turn *t, struct err *e)
{
    return create(w, t, &kind_config_map,
                  "{\"metadata\":{\"name\":\"m\",\"finalizers\":[\"x.io/hold\"]}}", NULL, e);
}

static int
delete_m(struct world *w, struct turn *t, struct err *e)
{
    return objects_delete(w->os, t, &kind_config_map, STR("ns"), STR("m"), NULL, NULL, e);
}

static int
release_m(struct world *w, struct turn *t, struct err *e)
{
    return update(w, t, &kind_config_map, "{\"metadata\":{\"name\":\"m\"}}", OBJECTS_SPEC, NULL, e);
}

TEST(a_finalizer_holds_an_object_until_it_is_taken_off)
{
    struct world w;
    struct err e = ERR_INIT;

    world_open(&w);
    act_ok(&w, make_held);
    act_ok(&w, delete_m);
    CHECK_STR(buf_cstring(&w.rig.story), "ADDED m@1; MODIFIED m@2; ");
    act_ok(&w, release_m);
    CHECK_STR(buf_cstring(&w.rig.story), "ADDED m@1; MODIFIED m@2; DELETED m@3; ");
    CHECK_INT(act(&w, release_m, &e), ERR_NOTFOUND);
    world_close(&w);
}

static int
replace_in_one_turn(struct world *w, struct turn *t, struct err *e)
{
    struct objects_delete how = {.grace_seconds = 0};

    CHECK_INT(objects_delete(w->os, t, &kind_pod, STR("ns"), STR("a"), &how, NULL, e), 0);
    CHECK_NULL(find(w, t, &kind_pod, "a"));
    return create(w, t, &kind_pod, A_POD, NULL, e);
}

static int
replace_and_fail(struct world *w, struct turn *t, struct err *e)
{
    CHECK_INT(replace_in_one_turn(w, t, e), 0);
    return err_set(e, ERR_INVALID, "after all");
}

static int
come_and_go(struct world *w, struct turn *t, struct err *e)
{
    struct objects_delete how = {.grace_seconds = 0};
    object_vec list = VEC_INIT;
    struct objects_query q = {.kind = &kind_pod};

    CHECK_INT(create(w, t, &kind_pod, "{\"metadata\":{\"name\":\"brief\"}}", NULL, e), 0);
    CHECK_INT(objects_list(w->os, t, &q, &list, NULL, e), 0);
    object_vec_done(&list);
    return objects_delete(w->os, t, &kind_pod, STR("ns"), STR("brief"), &how, NULL, e);
}

TEST(a_name_may_be_taken_again_in_the_turn_in_which_it_became_free)
{
    struct world w;
    struct err e = ERR_INIT;

    world_open(&w);
    act_ok(&w, make_a);
    CHECK_INT(act(&w, replace_and_fail, &e), ERR_INVALID);
    act_ok(&w, check_a);
    buf_clear(&w.rig.story);
    act_ok(&w, replace_in_one_turn);
    CHECK_CONTAINS(buf_cstring(&w.rig.story), "DELETED a@");
    CHECK_CONTAINS(buf_cstring(&w.rig.story), "; ADDED a@");
    buf_clear(&w.rig.story);
    act_ok(&w, come_and_go);
    CHECK_STR(buf_cstring(&w.rig.story), "");
    restart(&w);
    world_close(&w);
}

/* Owners. */

static int
make_family(struct world *w, struct turn *t, struct err *e)
{
    cleanup_object struct object *owner = NULL;
    struct object *o = NULL;

    if (create(w, t, &kind_workflow, "{\"metadata\":{\"name\":\"w\"}}", &o, e) < 0)
        return e->code;
    owner = o;
    for (int i = 0; i < 250; i++) {
        cleanup_free char *text =
            xasprintf("{\"metadata\":{\"name\":\"c%d\",\"ownerReferences\":[{\"apiVersion\":\"v\","
                      "\"kind\":\"Workflow\",\"name\":\"w\",\"uid\":\"%.*s\"}]}}",
                      i, STR_ARG(object_uid(owner)));

        if (create(w, t, &kind_config_map, text, NULL, e) < 0)
            return e->code;
    }
    return 0;
}

static int
owned(struct world *w, struct turn *t, struct str uid)
{
    struct objects_query q = {.kind = &kind_config_map, .owner_uid = uid, .limit = 1000};
    cleanup_objects object_vec list = VEC_INIT;
    struct err e = ERR_INIT;

    CHECK_INT(objects_list(w->os, t, &q, &list, NULL, &e), 0);
    return (int)list.n;
}

static int
check_family(struct world *w, struct turn *t, struct err *e)
{
    cleanup_object struct object *owner = find(w, t, &kind_workflow, "w");

    (void)e;
    CHECK_INT(owned(w, t, object_uid(owner)), 250);
    return 0;
}

static int
delete_w(struct world *w, struct turn *t, struct err *e)
{
    return objects_delete(w->os, t, &kind_workflow, STR("ns"), STR("w"), NULL, NULL, e);
}

static int
orphan_w(struct world *w, struct turn *t, struct err *e)
{
    struct objects_delete how = {.orphan = true};

    return objects_delete(w->os, t, &kind_workflow, STR("ns"), STR("w"), &how, NULL, e);
}

static int
count_maps(struct world *w)
{
    struct err e = ERR_INIT;
    int64_t n = -1;

    CHECK_INT(stmt_get_int(db_stmt(store_db(w->rig.store), "SELECT count(*) FROM objects WHERE"
                                                           " resource = 'configmaps'"),
                           0, &n, &e),
              0);
    return (int)n;
}

TEST(what_an_object_owned_goes_after_it)
{
    struct world w;

    world_open(&w);
    act_ok(&w, make_family);
    act_ok(&w, check_family);
    act_ok(&w, delete_w);
    CHECK_INT(count_maps(&w), 0);
    CHECK_INT(controllers_busy(w.cs), 0);
    world_close(&w);
}

TEST(orphans_stay_without_their_reference)
{
    struct world w;
    struct err e = ERR_INIT;
    int64_t n = -1;

    world_open(&w);
    act_ok(&w, make_family);
    act_ok(&w, orphan_w);
    CHECK_INT(count_maps(&w), 250);
    CHECK_INT(
        stmt_get_int(db_stmt(store_db(w.rig.store), "SELECT count(*) FROM owners"), 0, &n, &e), 0);
    CHECK_INT(n, 0);
    CHECK_INT(act(&w, delete_w, &e), ERR_NOTFOUND);
    world_close(&w);
}

static int
make_stray(struct world *w, struct turn *t, struct err *e)
{
    return create(w, t, &kind_config_map,
                  "{\"metadata\":{\"name\":\"stray\",\"ownerReferences\":[{\"apiVersion\":\"v\","
                  "\"kind\":\"Workflow\",\"name\":\"w\",\"uid\":\"never-was\"}]}}",
                  NULL, e);
}

TEST(an_object_whose_owner_never_was_is_collected)
{
    struct world w;

    world_open(&w);
    act_ok(&w, make_stray);
    CHECK_INT(count_maps(&w), 0);
    world_close(&w);
}

/* Lists and memory. */

static int
make_many(struct world *w, struct turn *t, struct err *e)
{
    for (int i = 0; i < 10; i++) {
        cleanup_free char *text =
            xasprintf("{\"metadata\":{\"name\":\"p%d\",\"labels\":{\"odd\":\"%d\"}},"
                      "\"status\":{\"phase\":\"%s\"}}",
                      i, i % 2, i < 5 ? "Running" : "Succeeded");
        cleanup_free char *secret = xasprintf("{\"metadata\":{\"name\":\"s%d\"},\"type\":\"%s\"}",
                                              i, i < 5 ? "Opaque" : "other");

        if (create(w, t, &kind_pod, text, NULL, e) < 0 ||
            create(w, t, &kind_secret, secret, NULL, e) < 0)
            return e->code;
    }
    return 0;
}

static int
check_lists(struct world *w, struct turn *t, struct err *e)
{
    cleanup_objects object_vec odd = VEC_INIT, labelled = VEC_INIT, opaque = VEC_INIT,
                               page = VEC_INIT, elsewhere = VEC_INIT;
    struct objects_query q = {
        .kind = &kind_pod, .ns = STR("ns"), .label_key = "odd", .label_value = "1"};
    bool more = false;

    CHECK_INT(objects_list(w->os, t, &q, &odd, NULL, e), 0);
    CHECK_INT(odd.n, 5);
    CHECK_VIEW(object_name(odd.at[0]), "p1");
    q.label_value = NULL;
    q.ns = STR_NULL;
    CHECK_INT(objects_list(w->os, t, &q, &labelled, NULL, e), 0);
    CHECK_INT(labelled.n, 10);
    q = (struct objects_query){.kind = &kind_secret, .field_path = "type", .field_value = "Opaque"};
    CHECK_INT(objects_list(w->os, t, &q, &opaque, NULL, e), 0);
    CHECK_INT(opaque.n, 5);
    q = (struct objects_query){
        .kind = &kind_pod, .ns = STR("ns"), .after_name = STR("p3"), .limit = 4};
    CHECK_INT(objects_list(w->os, t, &q, &page, &more, e), 0);
    CHECK_INT(page.n, 4);
    CHECK_TRUE(more);
    CHECK_VIEW(object_name(page.at[0]), "p4");
    q = (struct objects_query){.kind = &kind_pod, .ns = STR("other")};
    CHECK_INT(objects_list(w->os, t, &q, &elsewhere, &more, e), 0);
    CHECK_INT(elsewhere.n, 0);
    CHECK_FALSE(more);
    return 0;
}

static int
make_many_and_list(struct world *w, struct turn *t, struct err *e)
{
    return make_many(w, t, e) < 0 ? e->code : check_lists(w, t, e);
}

TEST(lists_find_objects_by_label_field_and_page_even_in_the_turn_that_made_them)
{
    struct world w;

    world_open(&w);
    act_ok(&w, make_many_and_list);
    act_ok(&w, check_lists);
    objects_set_cache_limit(w.os, 0);
    restart(&w);
    act_ok(&w, check_lists);
    world_close(&w);
}

static int
touch_finished(struct world *w, struct turn *t, struct err *e)
{
    cleanup_object struct object *o = find(w, t, &kind_pod, "p7");

    (void)e;
    CHECK_NOT_NULL(o);
    CHECK_TRUE(object_is_finished(o));
    return 0;
}

TEST(finished_objects_leave_the_memory_and_come_back_when_asked_for)
{
    struct world w;
    cleanup_buf struct buf text = BUF_INIT;

    world_open(&w);
    objects_set_cache_limit(w.os, 0);
    act_ok(&w, make_many);
    core_dump(w.rig.core, &text);
    CHECK_CONTAINS(buf_cstring(&text), "[objects]\n5 in memory, finished ones hold 0 of 0 bytes");
    act_ok(&w, touch_finished);
    world_close(&w);
}

static int
make_when_short(struct world *w, struct turn *t, struct err *e)
{
    return create(w, t, &kind_pod, "{\"metadata\":{\"name\":\"b\"}}", NULL, e);
}

static int
delete_a_now(struct world *w, struct turn *t, struct err *e)
{
    struct objects_delete how = {.grace_seconds = 0};

    return objects_delete(w->os, t, &kind_pod, STR("ns"), STR("a"), &how, NULL, e);
}

TEST(when_the_disk_is_full_only_deletions_are_accepted)
{
    struct world w;
    struct err e = ERR_INIT;

    world_open(&w);
    act_ok(&w, make_a);
    store_disk_full(w.rig.store);
    CHECK_INT(act(&w, make_when_short, &e), ERR_FULL);
    CHECK_CONTAINS(e.msg, "the disk is full");
    act_ok(&w, delete_a_now);
    clock_manual_advance(&w.rig.clock, 10 * CLOCK_SECOND);
    core_run(w.rig.core, 10); /* the reserve can be had again */
    act_ok(&w, make_when_short);
    world_close(&w);
}

TESTS_MAIN(T_(a_new_object_gets_what_the_server_sets), T_(an_object_survives_a_restart),
           T_(what_a_failing_message_created_never_was),
           T_(several_changes_in_a_turn_are_one_version),
           T_(a_change_that_changes_nothing_makes_no_version),
           T_(a_stale_version_and_a_foreign_uid_are_conflicts),
           T_(problems_of_metadata_are_reported_together),
           T_(generated_names_are_in_lower_case_and_end_in_five_safe_characters),
           T_(a_generated_name_that_is_taken_is_drawn_anew_some_times),
           T_(a_pod_goes_when_its_controller_says_so),
           T_(a_finalizer_holds_an_object_until_it_is_taken_off),
           T_(a_name_may_be_taken_again_in_the_turn_in_which_it_became_free),
           T_(what_an_object_owned_goes_after_it), T_(orphans_stay_without_their_reference),
           T_(an_object_whose_owner_never_was_is_collected),
           T_(lists_find_objects_by_label_field_and_page_even_in_the_turn_that_made_them),
           T_(finished_objects_leave_the_memory_and_come_back_when_asked_for),
           T_(when_the_disk_is_full_only_deletions_are_accepted))
