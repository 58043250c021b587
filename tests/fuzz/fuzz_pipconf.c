/*
 * fuzz_pipconf - a pip.conf of any bytes gives options whose names are names, and none twice.
 */
#include <stdio.h>
#include <string.h>

#include "base/err.h"
#include "base/log.h"
#include "base/mem.h"
#include "cli/pipconf.h"
#include "tests/fuzz/scratch.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

int
LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    cleanup_free char *path = xasprintf("%s/pip.conf", scratch_path());
    cleanup_pipconf struct pipconf p = {.options = VEC_INIT};
    struct err e = ERR_INIT;

    scratch_write("pip.conf", data, size);
    if (pipconf_load(path, NULL, &p, &e) < 0) {
        CHECK(e.msg[0] != '\0');
        return 0;
    }
    for (size_t i = 0; i < p.options.n; i++) {
        const char *name = p.options.at[i].name;

        CHECK(name[0] != '\0' && name[strspn(name, "abcdefghijklmnopqrstuvwxyz0123456789-")] == 0);
        CHECK(!pipconf_is_place(str_of(name)) && p.options.at[i].value[0] != '\0');
        for (size_t k = 0; k < i; k++)
            CHECK(strcmp(name, p.options.at[k].name) != 0);
    }
    return 0;
}
