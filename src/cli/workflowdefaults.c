#include "cli/workflowdefaults.h"

#include <fcntl.h>
#include <string.h>

#include "base/buf.h"
#include "base/err.h"
#include "cli/settings.h"
#include "data/json.h"
#include "data/yaml.h"
#include "io/file.h"
#include "schema/check.h"
#include "schema/problem.h"
#include "schema/schema.h"

enum { MAX_BYTES = 1024 * 1024 };

static int
check(const struct json_doc *doc, struct err *e)
{
    const struct schema *workflow = schema_lookup(STR("argoproj.io/v1alpha1"), STR("Workflow"));
    cleanup_problems struct problems ps = PROBLEMS_INIT;

    check_value(workflow, doc, json_root(doc), CHECK_IGNORE_REQUIRED, &ps);
    if (ps.n == 0)
        return 0;
    return err_set(e, ERR_INVALID, "line %d, column %d: %s", ps.at[0].line, ps.at[0].col,
                   ps.at[0].text);
}

int
workflowdefaults_load(const struct settings *s, struct json_doc **ret, struct err *e)
{
    cleanup_buf struct buf text = BUF_INIT;
    cleanup_json struct json_doc *doc = NULL;

    *ret = NULL;
    if (strcmp(s->workflow_defaults, "none") == 0)
        return 0;
    if (file_read(AT_FDCWD, s->workflow_defaults, MAX_BYTES, &text, e) < 0)
        return err_wrap(e, "workflow_defaults");
    if (yaml_parse_one(buf_view(&text), NULL, &doc, e) < 0 || check(doc, e) < 0)
        return err_wrap(e, "workflow_defaults: %s", s->workflow_defaults);
    *ret = TAKE(doc);
    return 0;
}
