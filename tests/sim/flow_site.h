/*
 * flow_site - a workflow under simulation: a client who asks for it, everything that runs it, and
 * what its end looks like.
 *
 * The workflow is called wf.  It runs once undisturbed; its end (phases, outputs, edges of every
 * node, without times, and all objects that are there) is what every other run must come to.
 */
#ifndef TESTS_SIM_FLOW_SITE_H
#define TESTS_SIM_FLOW_SITE_H

#include "core/message.h"
#include "tests/sim/fake_runtime.h"
#include "tests/sim/sim.h"
#include "tests/sim/sim_vfs.h"
#include "tests/unit/flow/fake_requester.h"
#include "tests/unit/test.h"

struct site {
    struct sim *sim;
    struct controllers *cs;
    struct objects *os;
    struct flow *flow;
    struct argo_cron *cron;
    struct fake_runtime *runtime;
    struct fake_requester requester;
    struct message m; /* of the client, who asks until somebody has said yes */
    struct json_doc *wanted;
    bool posted, told;
    bool retries;          /* what is posted is a retry, no creation */
    size_t started_before; /* attempts, when the retry was first asked for */
    int losses;
};

/* The client asks for what the YAML text says, as soon as the simulation runs. */
struct site *site_new(uint64_t seed, const char *yaml);
void site_free(struct site *s);
/* sim_after()'s: the client asks, again and again until somebody has said yes. */
void site_post(struct sim *sim, void *arg);

/* Everything that must be the same in every history.  The caller frees. */
char *site_end(struct site *s);
/* No attempt twice; without a loss of power, one for each pod. */
void site_check_starts(struct site *s);
/* That it ended so, having started nothing twice, and nothing is left to do. */
void site_check_end(struct site *s, const char *want);

/* Crash points, and those of them that lie before an effect. */
struct site_passed {
    int64_t points, effects;
};
/* The end of a run without a crash, and what it passed (may be NULL).  The caller frees. */
char *site_undisturbed(uint64_t seed, const char *yaml, struct site_passed *passed);
/* A crash at each of those points, and each time the same end.  More than `least` of them lie
 * before an effect. */
void site_crash_everywhere(uint64_t seed, const char *yaml, enum sim_crash how, int64_t least);

#endif
