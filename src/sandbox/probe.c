#include "sandbox/probe.h"

#include <stdio.h>

#include "base/err.h"
#include "base/str.h"

#define PROBE_NAME_(id, name) name,
static const char *const names[] = {PROBES(PROBE_NAME_)};

const char *
probe_name(enum probe_id id)
{
    return names[id];
}

static int
deny_one(struct probe *p, struct str word, struct err *e)
{
    for (int i = 0; i < PROBE_COUNT; i++) {
        if (str_is(word, names[i])) {
            p->denied[i] = true;
            return 0;
        }
    }
    return err_set(e, ERR_INVALID, "SLUICE_DENY: '%.*s' is no ability that can be taken away",
                   STR_ARG(word));
}

int
probe_deny(struct probe *p, const char *list, struct err *e)
{
    struct str rest = str_of(list);

    while (rest.p != NULL) {
        struct str word = str_trim(str_cut(&rest, ','));

        if (word.n != 0 && deny_one(p, word, e) < 0)
            return e->code;
    }
    return 0;
}

enum level
probe_best(const struct probe *p, char why[PROBE_TEXT])
{
    static const enum probe_id needed[] = {PROBE_USERNS, PROBE_MOUNTAPI, PROBE_PROC};

    why[0] = '\0';
    for (size_t i = 0; i < sizeof needed / sizeof needed[0]; i++) {
        if (!p->have[needed[i]]) {
            snprintf(why, PROBE_TEXT, "no level above none: %s", p->text[needed[i]]);
            return LEVEL_NONE;
        }
    }
    if (!p->root)
        snprintf(why, PROBE_TEXT, "level full needs root");
    else if (!p->have[PROBE_IDMAP])
        snprintf(why, PROBE_TEXT, "no level full: %s", p->text[PROBE_IDMAP]);
    else if (!p->have[PROBE_OVERLAY])
        snprintf(why, PROBE_TEXT, "no level full: %s", p->text[PROBE_OVERLAY]);
    else
        return LEVEL_FULL;
    return LEVEL_USER;
}
