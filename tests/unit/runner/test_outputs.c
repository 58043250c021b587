/* What a step said of its progress, from the end of its progress file to the outputs of its pod. */
#include "base/buf.h"
#include "base/err.h"
#include "base/mem.h"
#include "data/json.h"
#include "runner/outputs.h"
#include "runner/podio.h"
#include "sandbox/boxrecord.h"
#include "tests/unit/test.h"

/* The field `progress` for what the file's end says; NULL: there is none. */
static char *
progress_of(const char *said)
{
    static const struct podio none = {.doc = NULL};
    struct outputs_work w = {.io = &none, .dir = -1};
    struct box_exit x = {.progress = said};
    struct json_build b = JSON_BUILD_INIT;
    struct json_doc *doc;
    const char *text;
    char *ret;

    outputs_take(&w, &x);
    json_add_object(&b, NULL);
    outputs_write(&w, &b);
    json_end(&b);
    doc = json_build_done(&b);
    text = json_cstr_or(json_get(json_root(doc), "progress"), NULL);
    ret = text != NULL ? xstrdup(text) : NULL;
    json_doc_unref(doc);
    outputs_done(&w);
    return ret;
}

static void
says(const char *said, const char *progress)
{
    cleanup_free char *got = progress_of(said);

    if (progress == NULL)
        CHECK_NULL(got);
    else
        CHECK_STR(got, progress);
}

TEST(the_last_line_with_something_in_it_counts)
{
    says("1/10\n2/10\n", "2/10");
    says("3/4", "3/4");
    says("99/100\r\n\n  \n", "99/100");
    says("0/1", "0/1");
}

TEST(what_is_no_progress_is_none)
{
    says(NULL, NULL);
    says("", NULL);
    says("half", NULL);
    says("3/0", NULL);
    says("0/0", NULL);
    says("5/4", NULL);
    says("-1/4", NULL);
    says("1/2/3", NULL);
    says("1/10\nnothing more\n", NULL);
    says("1/99999999999999999999", NULL);
}

TESTS_MAIN(T_(the_last_line_with_something_in_it_counts), T_(what_is_no_progress_is_none))
