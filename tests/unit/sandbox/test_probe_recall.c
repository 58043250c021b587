#include "sandbox/probe_recall.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "base/mem.h"
#include "sandbox/oscall.h"
#include "sandbox/probe.h"
#include "tests/unit/test.h"

enum { BASE = 1 << 20 };

struct ground {
    char dir[64];
    char *file;
};

static void
ground_init(struct ground *g)
{
    snprintf(g->dir, sizeof g->dir, "/tmp/test-probe-recall-XXXXXX");
    CHECK_TRUE(mkdtemp(g->dir) != NULL);
    g->file = xasprintf("%s/a/b/isolation", g->dir);
}

static void
ground_done(struct ground *g)
{
    cleanup_free char *b = xasprintf("%s/a/b", g->dir), *a = xasprintf("%s/a", g->dir);

    probe_forget(g->file);
    rmdir(b);
    rmdir(a);
    rmdir(g->dir);
    free(g->file);
}

static struct probe
everything(void)
{
    struct probe p = {.root = true};

    for (int i = 0; i < PROBE_COUNT; i++)
        p.have[i] = true;
    return p;
}

static bool
recalls(const struct ground *g, uint32_t base)
{
    struct probe p = {.root = true};

    return probe_recall(&p, g->file, g->dir, base) && p.have[PROBE_OVERLAY] && p.have[PROBE_IDMAP];
}

/* Nothing is remembered below a filter, as in a container. */
static bool
is_filtered(void)
{
    char text[16 * 1024];

    return oscall_read_file(-1, "/proc/self/status", text, sizeof text) <= 0 ||
           strstr(text, "Seccomp:\t0") == NULL;
}

TEST(probe_recall_believes_what_was_found_under_the_same_circumstances)
{
    struct probe p = everything();
    struct ground g;

    ground_init(&g);
    CHECK_TRUE(!recalls(&g, BASE));
    probe_remember(&p, g.file, g.dir, BASE);
    CHECK_INT(recalls(&g, BASE), !is_filtered());
    CHECK_TRUE(!recalls(&g, BASE + 1));
    probe_forget(g.file);
    CHECK_TRUE(!recalls(&g, BASE));
    ground_done(&g);
}

TEST(probe_recall_believes_nothing_that_was_changed)
{
    struct probe p = everything();
    struct ground g;
    FILE *f;

    ground_init(&g);
    probe_remember(&p, g.file, g.dir, BASE);
    f = fopen(g.file, "a");
    if (f != NULL) {
        fputs("more\n", f);
        fclose(f);
        CHECK_TRUE(!recalls(&g, BASE));
    }
    ground_done(&g);
}

TEST(probe_recall_keeps_no_refusals_and_nothing_that_was_denied)
{
    struct probe refused = everything(), denied = everything();
    struct ground g;

    ground_init(&g);
    refused.have[PROBE_OVERLAY] = false;
    probe_remember(&refused, g.file, g.dir, BASE);
    CHECK_TRUE(access(g.file, F_OK) < 0);
    denied.denied[PROBE_WAITKILL] = true;
    probe_remember(&denied, g.file, g.dir, BASE);
    CHECK_TRUE(access(g.file, F_OK) < 0);
    denied = everything();
    probe_remember(&denied, g.file, g.dir, BASE);
    denied.denied[PROBE_WAITKILL] = true;
    CHECK_TRUE(!probe_recall(&denied, g.file, g.dir, BASE));
    ground_done(&g);
}

TESTS_MAIN(T_(probe_recall_believes_what_was_found_under_the_same_circumstances),
           T_(probe_recall_believes_nothing_that_was_changed),
           T_(probe_recall_keeps_no_refusals_and_nothing_that_was_denied))
