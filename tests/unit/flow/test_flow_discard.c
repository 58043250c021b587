/* What a deleted workflow leaves, and that it goes. */
#include "flow/flow_discard.h"

#include <fcntl.h>
#include <unistd.h>

#include "io/file.h"
#include "store/blobs.h"
#include "store/db.h"
#include "tests/unit/flow/story.h"

#define WORKFLOW \
    "metadata: {name: wf}\n" \
    "spec:\n" \
    "  entrypoint: make\n" \
    "  archiveLogs: true\n" \
    "  templates:\n" \
    "  - name: make\n" \
    "    container: {image: i, command: [keep, art, late, fixed]}\n" \
    "    outputs: {artifacts: [{name: art, path: /a}, {name: late, path: /b},\n" \
    "      {name: fixed, path: /c, s3: {key: models/latest.tgz}}]}\n"

#define MANY \
    "metadata: {name: wf}\n" \
    "spec:\n" \
    "  entrypoint: main\n" \
    "  templates:\n" \
    "  - name: main\n" \
    "    steps: [[{name: a, template: ok, withSequence: {count: '450'}}]]\n" \
    "  - name: ok\n    container: {image: i, command: [%s]}\n"

static int
count(struct story *s, const char *sql)
{
    struct err e = ERR_INIT;
    int64_t n = -1;

    stmt_get_int(db_stmt(store_db(s->r.store), sql), 0, &n, &e);
    return (int)n;
}

#define ROWS(s, table) count((s), "SELECT count(*) FROM " table)

/* Stores some bytes under a key; their id. */
static void
store_blob(struct story *s, const char *key, struct blob_id *id)
{
    struct blobs *b = store_blobs(s->r.store);
    struct blob row = {
        .key = str_of(key), .kind = BLOB_FILE, .size = 1, .created_us = s->r.clock.wall};
    cleanup_free char *path = NULL;
    struct err e = ERR_INIT;

    if (blobs_temp(b, id, &path, &e) < 0 || file_write(AT_FDCWD, path, STR("x"), 0600, &e) < 0 ||
        blobs_publish(b, id, &e) < 0)
        fail_msg("%s", e.msg);
    row.id = *id;
    if (blobs_put(b, &row, &e) < 0)
        fail_msg("%s", e.msg);
}

static bool
is_stored(struct story *s, const struct blob_id *id)
{
    cleanup_free char *path = xasprintf("%s/blobs/%s", s->r.dir.path, id->text);

    return access(path, F_OK) == 0;
}

static bool
delete_workflow(struct rig *r, struct turn *t)
{
    struct err e = ERR_INIT;

    return objects_delete(r->objects, t, &kind_workflow, STR("default"), STR("wf"), NULL, NULL,
                          &e) == 0;
}

TEST(artifacts_that_name_a_deleted_workflow_go_and_others_stay)
{
    struct story s;
    struct blob_id art, late, fixed, log;

    story_open_with_key(&s, "all/{{workflow.name}}");
    store_blob(&s, "mlpipeline/all/wf/art.tgz", &art);
    store_blob(&s, "mlpipeline/models/latest.tgz", &fixed);
    store_blob(&s, "mlpipeline/all/wf/main.log", &log);
    story_run(&s, WORKFLOW);
    story_is(&s, "Succeeded", NULL);
    clock_manual_advance(&s.r.clock, CLOCK_SECOND);
    store_blob(&s, "mlpipeline/all/wf/late.tgz", &late); /* another one of that name made it */
    CHECK_INT(ROWS(&s, "nodes"), 1);
    story_turn(&s, delete_workflow);
    rig_finish(&s.r);
    CHECK_INT(ROWS(&s, "runs"), 0);
    CHECK_INT(ROWS(&s, "nodes"), 0);
    CHECK_INT(ROWS(&s, "blobs"), 2);
    CHECK_FALSE(is_stored(&s, &art));
    CHECK_FALSE(is_stored(&s, &log));
    CHECK_TRUE(is_stored(&s, &late));
    CHECK_TRUE(is_stored(&s, &fixed));
    story_close(&s);
}

STORY(nodes_of_a_deleted_workflow_go_in_pieces_whatever_happens)
{
    cleanup_free char *yaml = xasprintf(MANY, "ok");

    story_run(s, yaml);
    story_is(s, "Succeeded", NULL);
    CHECK_INT(ROWS(s, "nodes"), 453);
    story_turn(s, delete_workflow);
    rig_shut(&s->r);
    rig_reopen(&s->r);
    CHECK_INT(ROWS(s, "nodes"), 453);
    clock_manual_advance(&s->r.clock, CLOCK_SECOND);
    core_run_turn(s->r.core);
    CHECK_INT(ROWS(s, "nodes"), 453 - FLOW_DISCARD_NODES);
    rig_shut(&s->r);
    rig_reopen(&s->r);
    rig_finish(&s->r);
    CHECK_INT(ROWS(s, "nodes"), 0);
    CHECK_INT(ROWS(s, "runs"), 0);
}

STORY(a_workflow_that_is_deleted_while_it_runs_leaves_nothing)
{
    cleanup_free char *yaml = xasprintf(MANY, "hang");

    rig_create(&s->r, &kind_workflow, yaml);
    CHECK_TRUE(ROWS(s, "nodes") > 200);
    story_turn(s, delete_workflow);
    rig_finish(&s->r);
    CHECK_INT(ROWS(s, "nodes"), 0);
    CHECK_INT(ROWS(s, "runs"), 0);
}

TESTS_MAIN(T_(artifacts_that_name_a_deleted_workflow_go_and_others_stay),
           T_(nodes_of_a_deleted_workflow_go_in_pieces_whatever_happens),
           T_(a_workflow_that_is_deleted_while_it_runs_leaves_nothing))
