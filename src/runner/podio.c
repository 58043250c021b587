#include "runner/podio.h"

#include "base/arena.h"
#include "base/err.h"
#include "data/json.h"

#define WHERE "metadata.annotations[sluice.dev/io]"

static int
text_field(const struct json *v, const char *at, const char *key, bool required, struct str *ret,
           struct err *e)
{
    const struct json *field = json_get(v, key);

    *ret = json_str(field);
    if (ret->p == NULL && (required || !json_is_null(field)))
        return err_set(e, ERR_INVALID, WHERE ": %s.%s: must be text", at, key);
    if (ret->p != NULL && memchr(ret->p, '\0', ret->n) != NULL && strcmp(key, "raw") != 0)
        return err_set(e, ERR_INVALID, WHERE ": %s.%s: must not contain NUL", at, key);
    return 0;
}

static int
path_field(const struct json *v, const char *at, struct str *ret, struct err *e)
{
    if (text_field(v, at, "path", true, ret, e) < 0)
        return e->code;
    if (ret->n < 2 || ret->p[0] != '/')
        return err_set(e, ERR_INVALID, WHERE ": %s.path: '%.*s' is not an absolute path", at,
                       STR_ARG(*ret));
    return 0;
}

static int
archive_field(const struct json *v, const char *at, enum podio_archive otherwise,
              enum podio_archive *ret, struct err *e)
{
    static const char *const names[] = {"auto", "none", "tar", "zip"};
    struct str text;

    *ret = otherwise;
    if (text_field(v, at, "archive", false, &text, e) < 0)
        return e->code;
    if (text.p == NULL)
        return 0;
    for (size_t i = 0; i < ARRAY_LEN(names); i++)
        if (str_is(text, names[i])) {
            *ret = (enum podio_archive)i;
            return 0;
        }
    return err_set(e, ERR_INVALID, WHERE ": %s.archive: unknown value '%.*s'", at, STR_ARG(text));
}

static int
parse_input(const struct json *v, struct podio_input *in, struct err *e)
{
    *in = (struct podio_input){.mode = -1,
                               .optional = json_bool_or(json_get(v, "optional"), false),
                               .anywhere = json_bool_or(json_get(v, "anywhere"), false)};
    if (text_field(v, "inputs", "name", true, &in->name, e) < 0 ||
        path_field(v, "inputs", &in->path, e) < 0 ||
        text_field(v, "inputs", "blob", false, &in->blob, e) < 0 ||
        text_field(v, "inputs", "raw", false, &in->raw, e) < 0 ||
        text_field(v, "inputs", "subPath", false, &in->sub_path, e) < 0 ||
        archive_field(v, "inputs", PODIO_AUTO, &in->archive, e) < 0)
        return e->code;
    json_int(json_get(v, "mode"), &in->mode);
    in->http = json_get(v, "http");
    in->git = json_get(v, "git");
    if ((in->blob.p != NULL) + (in->raw.p != NULL) + (in->http != NULL) + (in->git != NULL) != 1)
        return err_set(e, ERR_INVALID, WHERE ": input %.*s: needs one of blob, raw, http and git",
                       STR_ARG(in->name));
    return 0;
}

static int
parse_artifact(const struct json *v, struct podio_artifact *out, struct err *e)
{
    int64_t level = -1;

    *out = (struct podio_artifact){.optional = json_bool_or(json_get(v, "optional"), false)};
    if (text_field(v, "outputs.artifacts", "name", true, &out->name, e) < 0 ||
        path_field(v, "outputs.artifacts", &out->path, e) < 0 ||
        text_field(v, "outputs.artifacts", "key", true, &out->key, e) < 0 ||
        archive_field(v, "outputs.artifacts", PODIO_TAR, &out->archive, e) < 0)
        return e->code;
    out->http = json_get(v, "http");
    json_int(json_get(v, "level"), &level);
    if (level < -1 || level > 9)
        return err_set(e, ERR_INVALID, WHERE ": artifact %.*s: level must be between -1 and 9",
                       STR_ARG(out->name));
    out->level = (int)level;
    if (out->archive == PODIO_AUTO)
        out->archive = PODIO_TAR;
    return 0;
}

static int
parse_parameter(const struct json *v, struct podio_parameter *out, struct err *e)
{
    if (text_field(v, "outputs.parameters", "name", true, &out->name, e) < 0 ||
        path_field(v, "outputs.parameters", &out->path, e) < 0)
        return e->code;
    out->otherwise = json_scalar_text(json_get(v, "default"));
    return 0;
}

static int
parse_lists(const struct json *root, struct arena *a, struct podio *io, struct err *e)
{
    const struct json *inputs = json_get(root, "inputs"), *outputs = json_get(root, "outputs");
    const struct json *parameters = json_get(outputs, "parameters");
    const struct json *artifacts = json_get(outputs, "artifacts");

    io->inputs = ARENA_ARRAY(a, struct podio_input, json_count(inputs) + 1);
    JSON_EACH (it, inputs) {
        if (parse_input(it.value, &io->inputs[io->inputs_n++], e) < 0)
            return e->code;
    }
    io->parameters = ARENA_ARRAY(a, struct podio_parameter, json_count(parameters) + 1);
    JSON_EACH (it, parameters) {
        if (parse_parameter(it.value, &io->parameters[io->parameters_n++], e) < 0)
            return e->code;
    }
    io->artifacts = ARENA_ARRAY(a, struct podio_artifact, json_count(artifacts) + 1);
    JSON_EACH (it, artifacts) {
        if (parse_artifact(it.value, &io->artifacts[io->artifacts_n++], e) < 0)
            return e->code;
    }
    return 0;
}

static int
progress_field(const struct json *root, struct str *ret, struct err *e)
{
    if (text_field(root, "", "progress", false, ret, e) < 0)
        return e->code;
    if (ret->p != NULL && (ret->n < 2 || ret->p[0] != '/'))
        return err_set(e, ERR_INVALID, WHERE ": progress: '%.*s' is not an absolute path",
                       STR_ARG(*ret));
    return 0;
}

int
podio_parse(const struct json *pod, struct arena *a, struct podio **ret, struct err *e)
{
    struct podio *io = ARENA_NEW(a, struct podio);
    const struct json *annotations = json_at_path(pod, "metadata.annotations");
    struct str text = json_str(json_get(annotations, "sluice.dev/io"));
    const struct json *root;

    *ret = io;
    if (text.p == NULL)
        return 0;
    if (json_parse(text, &json_limits_default, &io->doc, e) < 0)
        return err_wrap(e, WHERE);
    root = json_root(io->doc);
    io->main = json_get(root, "main");
    io->sidecars = json_get(root, "sidecars");
    io->after = json_get(root, "after");
    (void)json_int(json_get(root, "retries"), &io->retries);
    (void)json_int(json_get(root, "retryPauseUs"), &io->retry_pause_us);
    io->result = json_bool_or(json_get(root, "result"), false);
    if (text_field(root, "", "archiveLogs", false, &io->archive_logs, e) < 0 ||
        progress_field(root, &io->progress, e) < 0 || parse_lists(root, a, io, e) < 0) {
        json_doc_unref(TAKE(io->doc));
        return e->code;
    }
    return 0;
}

bool
podio_has_outputs(const struct podio *io)
{
    return io->result || io->parameters_n > 0 || io->artifacts_n > 0 || io->archive_logs.p != NULL;
}
