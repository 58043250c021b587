/*
 * Bodies: from bytes of some media type to the object that a verb takes.
 */
#include "api/apicall_int.h"

#include <stdio.h>
#include <string.h>

#include "base/err.h"
#include "data/json.h"
#include "data/yaml.h"
#include "http/fields.h"
#include "schema/fielderror.h"
#include "schema/managed.h"
#include "schema/protobody.h"
#include "schema/schema.h"
#include "schema/typed.h"

enum {
    MAX_MANAGER = 128,
    SHOWN_BODY = 1024, /* of a body in a message */
};

enum form { FORM_JSON, FORM_YAML, FORM_PROTOBUF, FORM_UNKNOWN };

static struct str
media_type(const struct apicall *c)
{
    struct str field = c->rq.content_type;

    return str_trim(str_cut(&field, ';'));
}

static enum form
form_of(const struct apicall *c)
{
    struct str type = media_type(c);

    if (type.n == 0 || fields_name_is(type, "application/json"))
        return FORM_JSON;
    if (fields_name_is(type, "application/yaml"))
        return FORM_YAML;
    return fields_name_is(type, "application/vnd.kubernetes.protobuf") ? FORM_PROTOBUF
                                                                       : FORM_UNKNOWN;
}

static int
unknown_form(struct apicall *c)
{
    failure_status(&c->failure, 415, "UnsupportedMediaType", false,
                   "the body of the request was in an unknown format - accepted media types "
                   "include: application/json, application/yaml, "
                   "application/vnd.kubernetes.protobuf");
    return ERR_BADREQUEST;
}

/* Go's reader says this of a text that ends too early; of others our own words say more. */
static const char *
parse_error(struct str body, const struct err *e)
{
    struct str rest = str_trim(body);

    return rest.n == 0 || strstr(e->msg, "the end of the text") != NULL
               ? "unexpected end of JSON input"
               : e->msg;
}

static int
unrecognized(struct apicall *c, const char *kind, const struct err *e)
{
    struct str body = c->rq.body;

    return failure_set(&c->failure, ERR_BADREQUEST,
                       "the object provided is unrecognized (must be of type %s): couldn't get "
                       "version/kind; json parse error: %s (%.*s)",
                       kind, parse_error(body, e),
                       body.n == 0 ? 7 : (int)str_slice(body, 0, SHOWN_BODY).n,
                       body.n == 0 ? "<empty>" : body.p);
}

static int
parse(struct apicall *c, enum form form, struct json_doc **ret, struct problems *ps, struct err *e)
{
    struct json_limits json = {.bytes = APICALL_MAX_BODY, .depth = JSON_MAX_DEPTH};
    struct yaml_limits yaml = yaml_limits_default;

    switch (form) {
    case FORM_PROTOBUF:
        return protobody_decode(c->rq.body, ret, ps, e);
    case FORM_YAML:
        yaml.bytes = APICALL_MAX_BODY;
        yaml.allow_duplicates = true;
        return yaml_parse_one(c->rq.body, &yaml, ret, e);
    case FORM_JSON:
    case FORM_UNKNOWN:
        break;
    }
    return json_parse(c->rq.body, &json, ret, e);
}

/* A body of a lawful length whose values pass a limit (of nesting, of aliases) is malformed, as
 * upstream has it; 413 speaks of lengths. */
static int
code_of(const struct err *e)
{
    return e->code == ERR_TOOLARGE ? ERR_BADREQUEST : e->code;
}

int
apicall_read_json(struct apicall *c, bool yaml, struct json_doc **ret)
{
    cleanup_problems struct problems ps = PROBLEMS_INIT;
    enum form form = yaml ? FORM_YAML : form_of(c);
    struct err e = ERR_INIT;

    *ret = NULL;
    if (form == FORM_UNKNOWN)
        return unknown_form(c);
    if (str_trim(c->rq.body).n == 0)
        return 0;
    if (parse(c, form, ret, &ps, &e) < 0)
        return failure_set(&c->failure, code_of(&e), "%s", parse_error(c->rq.body, &e));
    return 0;
}

int
apicall_read_patch(struct apicall *c, bool yaml, struct json_doc **ret)
{
    cleanup_problems struct problems ps = PROBLEMS_INIT;
    struct err e = ERR_INIT;

    if (parse(c, yaml ? FORM_YAML : FORM_JSON, ret, &ps, &e) >= 0)
        return 0;
    return failure_set(&c->failure, code_of(&e), "error decoding %s: %s", yaml ? "YAML" : "patch",
                       e.code == ERR_TOOLARGE ? e.msg : parse_error(c->rq.body, &e));
}

int
apicall_take_problems(struct apicall *c, struct problems *ps, const char *version, const char *kind)
{
    cleanup_buf struct buf text = BUF_INIT;

    if (ps->n == 0 || c->validation == APICALL_IGNORE)
        return 0;
    if (c->validation == APICALL_STRICT) {
        typed_strict_message(ps, &text);
        return failure_set(&c->failure, ERR_BADREQUEST,
                           "%s in version \"%s\" cannot be handled as a %s: %s", kind, version,
                           kind, buf_cstring(&text));
    }
    problems_done(&c->warnings);
    c->warnings = *ps;
    *ps = PROBLEMS_INIT;
    return 0;
}

bool
apicall_is_kind(const struct apicall *c, const struct json *root, const char *version,
                const char *kind, struct buf *why)
{
    struct str its_version = json_str(json_get(root, "apiVersion"));
    struct str its_kind = json_str(json_get(root, "kind"));

    if ((its_version.n == 0 || str_is(its_version, version)) &&
        (its_kind.n == 0 || str_is(its_kind, kind)))
        return true;
    if (its_version.n == 0)
        its_version = str_of(version);
    if (its_kind.n == 0)
        its_kind = str_of(kind);
    if (schema_lookup(its_version, its_kind) != NULL)
        buf_printf(why, "converting (%.*s.%.*s) to (%s.%s): unknown conversion",
                   STR_ARG(its_version), STR_ARG(its_kind),
                   c->kind->group[0] != '\0' ? c->kind->group : "core", kind);
    else
        buf_printf(why,
                   "no kind \"%.*s\" is registered for version \"%.*s\" in scheme "
                   "\"pkg/runtime/scheme.go:110\"",
                   STR_ARG(its_kind), STR_ARG(its_version));
    return false;
}

static int
check_kind(struct apicall *c, const char *version, const char *kind)
{
    const struct json *root = json_root(c->body);
    cleanup_buf struct buf why = BUF_INIT;

    if (apicall_is_kind(c, root, version, kind, &why))
        return 0;
    return failure_set(
        &c->failure, ERR_BADREQUEST, "%s in version \"%s\" cannot be handled as a %s: %s",
        json_cstr_or(json_get(root, "kind"), kind),
        json_cstr_or(json_get(root, "apiVersion"), version), kind, buf_cstring(&why));
}

/* Values as the server understands them. */
static int
decode(struct apicall *c, const char *version, const char *kind, struct problems *ps)
{
    const struct schema *s = schema_lookup(str_of(version), str_of(kind));
    struct json_doc *typed = NULL;
    struct err e = ERR_INIT;

    if (s == NULL)
        return failure_set(&c->failure, ERR_UNSUPPORTED, "%s in version \"%s\" has no schema", kind,
                           version);
    if (typed_decode(s, c->body, &typed, ps, &e) < 0)
        return failure_set(&c->failure, e.code,
                           "%s in version \"%s\" cannot be handled as a %s: %s", kind, version,
                           kind, e.msg);
    json_doc_unref(c->body);
    c->body = typed;
    return apicall_take_problems(c, ps, version, kind);
}

int
apicall_read_object(struct apicall *c, const char *group, const char *version, const char *kind)
{
    cleanup_problems struct problems ps = PROBLEMS_INIT;
    const char *api_version =
        arena_printf(&c->arena, "%s%s%s", group, group[0] != '\0' ? "/" : "", version);
    enum form form = form_of(c);
    struct err e = ERR_INIT;

    if (form == FORM_UNKNOWN)
        return unknown_form(c);
    if (parse(c, form, &c->body, &ps, &e) < 0)
        return e.code == ERR_TOOLARGE || form == FORM_PROTOBUF
                   ? failure_set(&c->failure, code_of(&e), "%s", e.msg)
                   : unrecognized(c, kind, &e);
    if (json_type(json_root(c->body)) != JSON_OBJECT)
        return failure_set(&c->failure, ERR_BADREQUEST,
                           "the object provided is unrecognized (must be of type %s): couldn't "
                           "get version/kind; json parse error: json: cannot unmarshal %s into Go "
                           "value of type struct",
                           kind, json_type_name(json_type(json_root(c->body))));
    if (check_kind(c, api_version, kind) < 0)
        return ERR_BADREQUEST;
    return decode(c, api_version, kind, &ps);
}

/* Options in the query. */

static void
check_dry_run(struct apicall *c, struct problems *ps)
{
    static const char *const supported[] = {"All", NULL};
    size_t at = 0;
    struct str value;

    while ((value = apiparam_each(&c->param, "dryRun", &at)).p != NULL) {
        if (value.n == 0)
            continue;
        if (str_is(value, "All"))
            c->dry_run = true;
        else
            fielderror_unsupported(ps, "dryRun", value, supported);
    }
}

static void
check_validation(struct apicall *c, struct problems *ps)
{
    static const char *const supported[] = {"", "Ignore", "Strict", "Warn", NULL};
    struct str value = apiparam_text(&c->param, "fieldValidation");

    if (str_is(value, "Strict"))
        c->validation = APICALL_STRICT;
    else if (str_is(value, "Ignore"))
        c->validation = APICALL_IGNORE;
    else if (value.n > 0 && !str_is(value, "Warn"))
        fielderror_unsupported(ps, "fieldValidation", value, supported);
}

static void
check_manager(struct apicall *c, struct problems *ps)
{
    struct str value = apiparam_text(&c->param, "fieldManager");

    if (value.n > MAX_MANAGER)
        fielderror_too_long(ps, "fieldManager", MAX_MANAGER);
    for (size_t i = 0; i < value.n; i++) {
        if ((unsigned char)value.p[i] < ' ' || value.p[i] == 0x7f) {
            fielderror_invalid_str(ps, "fieldManager", value,
                                   "should only contain printable characters");
            break;
        }
    }
    c->manager = value.n > 0 ? value : managed_agent(c->rq.user_agent);
}

int
apicall_read_options(struct apicall *c, const char *options)
{
    cleanup_problems struct problems ps = PROBLEMS_INIT;

    check_dry_run(c, &ps);
    check_manager(c, &ps);
    check_validation(c, &ps);
    if (ps.n == 0)
        return 0;
    failure_invalid(&c->failure, "meta.k8s.io", options, STR_NULL, &ps);
    return ERR_INVALID;
}

int
apicall_select(struct apicall *c, struct apiselect *ret)
{
    struct err e = ERR_INIT;

    if (apiselect_read(c->kind, apiparam_text(&c->param, "labelSelector"),
                       apiparam_text(&c->param, "fieldSelector"), ret, &e) < 0)
        return failure_set(&c->failure, e.code, "%s", e.msg);
    return 0;
}
