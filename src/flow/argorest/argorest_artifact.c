/*
 * Downloads of artifacts:
 *
 *     GET /artifacts/NS/WORKFLOW/NODE/ARTIFACT                outputs
 *     GET /artifacts-by-uid/UID/NODE/ARTIFACT                 of an archived workflow
 *     GET /input-artifacts/..., /input-artifacts-by-uid/...   inputs
 *     GET /artifact-files/NS/workflows/NAME/NODE/outputs/ARTIFACT[/FILE]       or inputs
 *     GET /artifact-files/NS/archived-workflows/UID/NODE/outputs/ARTIFACT[/FILE]
 *
 * NODE is the id of a node in status.nodes.  The file comes as it is stored: an archive, unless the
 * artifact says otherwise.  A directory that is stored without an archive is many files, which the
 * last form gets one by one.
 */
#include <errno.h>
#include <fcntl.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "api/apiserver.h"
#include "api/apistream.h"
#include "api/objects.h"
#include "base/arena.h"
#include "base/err.h"
#include "data/json.h"
#include "edge/call.h"
#include "flow/argo/argo.h"
#include "flow/argo/argo_key.h"
#include "flow/argorest/argorest_int.h"
#include "store/blobs.h"
#include "store/store.h"

/* The file as a stream. */

struct artifact_stream {
    struct apistream stream;
    int fd;
    struct buf raw; /* of an artifact that is text in the manifest; fd is -1 then */
    size_t taken;
};

static enum feed_state
pull(struct apistream *s, struct buf *to, size_t room)
{
    struct artifact_stream *a = CONTAINER_OF(s, struct artifact_stream, stream);
    ssize_t n;

    if (a->fd < 0)
        return a->raw.n > 0 && apistream_drain(&a->raw, &a->taken, to, room) ? FEED_MORE : FEED_END;
    n = read(a->fd, buf_reserve(to, room), room);
    if (n < 0)
        return errno == EINTR ? FEED_MORE : FEED_BREAK;
    buf_grew(to, (size_t)n);
    return n > 0 ? FEED_MORE : FEED_END;
}

static void
free_stream(struct apistream *s)
{
    struct artifact_stream *a = CONTAINER_OF(s, struct artifact_stream, stream);

    if (a->fd >= 0)
        close(a->fd);
    buf_done(&a->raw);
    free(a);
}

static const struct apistream_ops ops = {.pull = pull, .free = free_stream};

static struct artifact_stream *
stream_new(struct argorest_call *c)
{
    struct artifact_stream *a = NEW(struct artifact_stream);

    a->stream.ops = &ops;
    a->fd = -1;
    c->stream = &a->stream;
    return a;
}

/* How it is called, and what it is. */

static struct str
base_name(struct str path)
{
    for (size_t i = path.n; i > 0; i--) {
        if (path.p[i - 1] == '/')
            return str_slice(path, i, path.n);
    }
    return path;
}

static char *
harmless(struct str name)
{
    char *copy = str_dup(name.n > 0 ? name : STR("artifact"));

    for (char *p = copy; *p != '\0'; p++) {
        if (strchr("abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ0123456789-._", *p) == NULL)
            *p = '_';
    }
    return copy;
}

static const char *
type_of(struct str name)
{
    static const char *const types[][2] = {
        {".tgz", "application/gzip"}, {".gz", "application/gzip"},
        {".zip", "application/zip"},  {".json", "application/json"},
        {".txt", "text/plain"},       {".log", "text/plain"},
        {".csv", "text/csv"},         {".html", "text/html; charset=utf-8"},
        {".png", "image/png"},        {".jpg", "image/jpeg"},
        {".pdf", "application/pdf"},
    };

    for (size_t i = 0; i < ARRAY_LEN(types); i++) {
        if (str_ends(name, str_of(types[i][0])))
            return types[i][1];
    }
    return "application/octet-stream";
}

/* Which artifact. */

static bool
wants_inputs(const struct argorest_call *c)
{
    struct str said = call_param(c->call, "direction");

    return str_is(said.p != NULL ? said : str_of(c->op->verb), "inputs");
}

static int
find_artifact(struct argorest_call *c, const struct object *workflow, const struct json **ret,
              struct err *e)
{
    struct str id = call_param(c->call, "node"), name = call_param(c->call, "artifact");
    const struct json *node = json_get_str(object_at(workflow, "status.nodes"), id);
    const struct json *list =
        json_at_path(node, wants_inputs(c) ? "inputs.artifacts" : "outputs.artifacts");

    if (node == NULL)
        return err_set(e, ERR_NOTFOUND, "workflow \"%.*s\" has no node \"%.*s\"",
                       STR_ARG(object_name(workflow)), STR_ARG(id));
    JSON_EACH (it, list) {
        *ret = it.value;
        if (str_eq(json_str(json_get(it.value, "name")), name))
            return 0;
    }
    return err_set(e, ERR_NOTFOUND, "node \"%.*s\" has no %s artifact \"%.*s\"", STR_ARG(id),
                   wants_inputs(c) ? "input" : "output", STR_ARG(name));
}

/* "bucket/key", and for one of several files "bucket/key/file". */
static int
key_of(struct argorest_call *c, const struct object *workflow, const struct json *artifact,
       struct buf *ret, struct err *e)
{
    static const char bucket_of_repository[] =
        "status.artifactRepositoryRef.artifactRepository.s3.bucket";
    const struct json *location = argo_key_location(artifact);
    struct str key = json_str(json_get(location, "key"));
    struct str file = call_param(c->call, "file");
    const char *bucket = json_cstr_or(object_at(workflow, bucket_of_repository), ARGO_BUCKET);

    if (key.n == 0)
        return err_set(e, ERR_NOTFOUND, "artifact \"%.*s\" is not in the artifact store",
                       STR_ARG(json_str(json_get(artifact, "name"))));
    buf_printf(ret, "%s/%.*s", json_cstr_or(json_get(location, "bucket"), bucket), STR_ARG(key));
    if (file.n == 0)
        return 0;
    file = request_decode(call_arena(c->call), file, false);
    if (file.p == NULL)
        return err_set(e, ERR_BADREQUEST, "the path has a malformed escape");
    buf_printf(ret, "/%.*s", STR_ARG(file));
    return 0;
}

/* What is stored is a directory: says how its files are asked for. */
static int
no_file(struct argorest_call *c, struct str key, struct err *e)
{
    struct arena *a = call_arena(c->call);
    struct err why = *e, ignored = ERR_INIT;
    struct blob *blobs;
    size_t n = 0;
    char *folder = arena_printf(a, "%.*s/", STR_ARG(key));

    if (why.code == ERR_NOTFOUND &&
        blobs_list(store_blobs(c->rest->store), str_of(folder), STR_NULL, 1, a, &blobs, &n,
                   &ignored) >= 0 &&
        n > 0)
        return err_set(e, ERR_NOTFOUND,
                       "the artifact is a directory: ask for one of its files, as in "
                       "/artifact-files/.../%.*s",
                       STR_ARG(str_slice(blobs[0].key, strlen(folder), blobs[0].key.n)));
    return why.code == ERR_NOTFOUND
               ? err_set(e, ERR_NOTFOUND, "the artifact store has no \"%.*s\"", STR_ARG(key))
               : why.code;
}

static int
open_blob(struct argorest_call *c, struct str key, struct err *e)
{
    struct arena *a = call_arena(c->call);
    struct blobs *blobs = store_blobs(c->rest->store);
    cleanup_close int fd = -1;
    struct blob blob;
    struct stat st;

    if (blobs_get(blobs, key, a, &blob, e) < 0)
        return no_file(c, key, e);
    fd = open(blobs_path(blobs, &blob.id, a), O_RDONLY | O_NOFOLLOW | O_CLOEXEC);
    if (fd < 0 || fstat(fd, &st) < 0)
        return err_errno(e, "the artifact \"%.*s\"", STR_ARG(key));
    if (!S_ISREG(st.st_mode))
        return err_set(e, ERR_UNSUPPORTED, "the artifact \"%.*s\" is no file", STR_ARG(key));
    c->length = st.st_size;
    stream_new(c)->fd = TAKE_FD(fd);
    return 0;
}

static int
find_workflow(struct argorest_call *c, struct turn *t, struct object **ret, struct err *e)
{
    struct str name = call_param(c->call, "name"), uid = call_param(c->call, "uid");
    struct str by = call_param(c->call, "discriminator");

    if (str_is(by, "archived-workflows"))
        uid = call_param(c->call, "id");
    else if (str_is(by, "workflows") || str_is(by, "workflow"))
        name = call_param(c->call, "id");
    else if (by.p != NULL)
        return err_set(e, ERR_NOTFOUND, "'%.*s' is neither workflows nor archived-workflows",
                       STR_ARG(by));
    if (uid.p != NULL)
        return argorest_find_uid(c, t, uid, "get", ret, e);
    if (argorest_authorize(c, "get", &kind_workflow, NULL, c->ns, name, e) < 0)
        return e->code;
    return objects_get(argorest_config(c)->objects, t, &kind_workflow, c->ns, name, ret, e);
}

static int
run(struct argorest_call *c, struct turn *t, struct err *e)
{
    cleanup_object struct object *workflow = NULL;
    cleanup_buf struct buf key = BUF_INIT;
    const struct json *artifact = NULL, *raw;
    struct str name;

    if (find_workflow(c, t, &workflow, e) < 0 ||
        objects_compose(argorest_config(c)->objects, t, &workflow, e) < 0 ||
        find_artifact(c, workflow, &artifact, e) < 0)
        return e->code;
    raw = json_at_path(artifact, "raw.data");
    name = json_str(json_get(artifact, "name"));
    if (raw != NULL) {
        buf_str(&stream_new(c)->raw, json_str(raw));
        c->length = (int64_t)json_str(raw).n;
    } else {
        if (key_of(c, workflow, artifact, &key, e) < 0 || open_blob(c, buf_view(&key), e) < 0)
            return e->code;
        name = base_name(buf_view(&key));
    }
    c->file_name = harmless(name);
    c->content_type = type_of(str_of(c->file_name));
    return 0;
}

#define FILES "/artifact-files/{namespace}/{discriminator}/{id}/{node}/{direction}/{artifact}"
#define ARTIFACT(path, direction) \
    { \
        .method = "GET", .pattern = path, .run = run, .verb = direction \
    }

const struct argorest_op argorest_artifact_ops[] = {
    ARTIFACT("/artifacts/{namespace}/{name}/{node}/{artifact}", "outputs"),
    ARTIFACT("/artifacts-by-uid/{uid}/{node}/{artifact}", "outputs"),
    ARTIFACT("/input-artifacts/{namespace}/{name}/{node}/{artifact}", "inputs"),
    ARTIFACT("/input-artifacts-by-uid/{uid}/{node}/{artifact}", "inputs"),
    ARTIFACT(FILES, "outputs"),
    ARTIFACT(FILES "/{file...}", "outputs"),
    {.method = NULL},
};
