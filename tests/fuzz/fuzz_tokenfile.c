/*
 * fuzz_tokenfile - a file of tokens: every token that stands in a file that was read is found, and
 * its owner has a name.
 */
#include "auth/tokenfile.h"
#include "base/err.h"
#include "base/log.h"
#include "edge/caller.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

int
LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    struct str text = str_make((const char *)data, size);
    cleanup_tokenfile struct tokenfile *f = NULL;
    struct caller who;
    struct err e = ERR_INIT;

    if (tokenfile_parse(text, &f, &e) < 0) {
        CHECK(e.code == ERR_INVALID);
        return 0;
    }
    for (struct str line = str_cut(&text, '\n'); line.p != NULL; line = str_cut(&text, '\n')) {
        struct str token = str_trim(str_cut(&line, ','));

        if (tokenfile_find(f, token, &who))
            CHECK(who.name.n > 0);
    }
    CHECK(!tokenfile_find(f, STR(""), &who));
    return 0;
}
