#include "control/podexec.h"

#include <fcntl.h>
#include <stdio.h>
#include <string.h>
#include <unistd.h>

#include "api/apipod.h"
#include "base/buf.h"
#include "base/err.h"
#include "base/mem.h"
#include "control/podlog.h"
#include "data/json.h"
#include "edge/call.h"
#include "http/websocket.h"
#include "io/file.h"
#include "io/loop.h"
#include "runner/process/attempt.h"
#include "runner/process/process_runtime.h"

enum channel { STDIN = 0, STDOUT = 1, STDERR = 2, STATUS = 3, RESIZE = 4, CLOSE = 255 };

static const char *const protocols[] = {"v5.channel.k8s.io", "v4.channel.k8s.io", NULL};

struct podexec {
    struct websocket *socket;
    struct attempt_exec *exec; /* NULL once it has ended */
    bool wants[STDERR + 1];
    struct task bury; /* frees it where none of its callbacks is on the stack */
};

static void
on_bury(void *arg)
{
    struct podexec *p = arg;

    attempt_exec_free(p->exec);
    websocket_free(p->socket);
    free(p);
}

/* From the command. */

static bool
send(struct podexec *p, enum channel channel, struct str bytes)
{
    cleanup_buf struct buf message = BUF_INIT;

    buf_char(&message, (char)channel);
    buf_str(&message, bytes);
    return websocket_send(p->socket, buf_view(&message), true);
}

static void
on_output(void *arg, int stream, struct str bytes)
{
    struct podexec *p = arg;

    if (p->wants[stream] && !send(p, (enum channel)stream, bytes))
        attempt_exec_hold(p->exec, true);
}

static void
add_cause(struct json_build *b, const char *reason, int code)
{
    json_add_object(b, "details");
    json_add_array(b, "causes");
    json_add_object(b, NULL);
    json_add_cstr(b, "reason", reason);
    json_add_printf(b, "message", "%d", code);
    json_end(b);
    json_end(b);
    json_end(b);
}

static void
send_status(struct podexec *p, int code, const char *error)
{
    struct json_build b = JSON_BUILD_INIT;
    cleanup_json struct json_doc *doc = NULL;
    cleanup_buf struct buf text = BUF_INIT;

    json_add_object(&b, NULL);
    json_add_object(&b, "metadata");
    json_end(&b);
    json_add_cstr(&b, "status", code == 0 && error == NULL ? "Success" : "Failure");
    if (error != NULL) {
        json_add_printf(&b, "message",
                        "Internal error occurred: error executing command in container: %s", error);
        json_add_cstr(&b, "reason", "InternalError");
        json_add_int(&b, "code", 500);
    } else if (code != 0) {
        json_add_printf(&b, "message", "command terminated with non-zero exit code: exit status %d",
                        code);
        json_add_cstr(&b, "reason", "NonZeroExitCode");
        add_cause(&b, "ExitCode", code);
    }
    json_end(&b);
    doc = json_build_done(&b);
    json_write(&text, json_root(doc));
    (void)send(p, STATUS, buf_view(&text));
}

static void
on_end(void *arg, int code, const char *error)
{
    struct podexec *p = arg;

    send_status(p, code, error);
    attempt_exec_free(TAKE(p->exec));
    websocket_close(p->socket, WEBSOCKET_NORMAL, STR(""));
}

static void
on_input(void *arg)
{
    websocket_read(((struct podexec *)arg)->socket, true);
}

static const struct attempt_exec_handler exec_handler = {on_output, on_end, on_input};

/* From the client. */

static void
resize(struct podexec *p, struct str text)
{
    static const struct json_limits limits = {.bytes = 256, .depth = 2};
    cleanup_json struct json_doc *doc = NULL;
    int64_t rows = 0, cols = 0;
    struct err e = ERR_INIT;

    if (json_parse(str_trim(text), &limits, &doc, &e) < 0 ||
        !json_int(json_get(json_root(doc), "Height"), &rows) ||
        !json_int(json_get(json_root(doc), "Width"), &cols) || rows <= 0 || cols <= 0 ||
        rows > UINT16_MAX || cols > UINT16_MAX)
        return;
    attempt_exec_resize(p->exec, (unsigned)rows, (unsigned)cols);
}

static void
on_message(void *arg, struct str message, bool binary)
{
    struct podexec *p = arg;
    struct str rest = str_slice(message, 1, message.n);

    (void)binary;
    if (message.n == 0 || p->exec == NULL)
        return;
    switch ((unsigned char)message.p[0]) {
    case STDIN:
        if (!attempt_exec_input(p->exec, rest))
            websocket_read(p->socket, false);
        break;
    case RESIZE:
        resize(p, rest);
        break;
    case CLOSE:
        if (rest.n == 1 && rest.p[0] == STDIN)
            attempt_exec_end_input(p->exec);
        break;
    default:
        break; /* a channel of ours: what the client says there means nothing */
    }
}

static void
on_drain(void *arg)
{
    struct podexec *p = arg;

    if (p->exec != NULL)
        attempt_exec_hold(p->exec, false);
}

static void
on_close(void *arg, int code, struct str reason)
{
    struct podexec *p = arg;

    (void)code, (void)reason;
    task_post(&p->bury);
}

static const struct websocket_handler socket_handler = {on_message, on_drain, on_close};

/* Opening. */

/* The directory of the attempt: the log's. */
static int
open_directory(const struct podlog_config *config, const struct apipod_exec *w, struct err *e)
{
    cleanup_free char *relative = process_log_path(w->uid, w->container, w->attempt);
    cleanup_free char *path = xasprintf("%s/%s", config->data, relative);

    *strrchr(path, '/') = '\0';
    return file_open_dir(AT_FDCWD, path, e);
}

int
podexec_open(void *config, struct call *c, const struct apipod_exec *wanted, struct err *e)
{
    struct podexec *p = NEW(struct podexec);
    struct loop *loop = call_loop(c);
    struct attempt_exec_spec spec = {
        .argv = wanted->argv, .input = wanted->input, .tty = wanted->tty};
    cleanup_close int dir = open_directory(config, wanted, e);

    p->wants[STDOUT] = wanted->output;
    p->wants[STDERR] = wanted->error;
    task_init(&p->bury, loop, on_bury, p);
    if (dir < 0) {
        free(p);
        return e->code;
    }
    p->socket = call_websocket(c, protocols, &socket_handler, p, e);
    if (p->socket == NULL) {
        free(p);
        return e->code;
    }
    p->exec = attempt_exec_open(loop, dir, &spec, &exec_handler, p, e);
    if (p->exec == NULL) { /* the call is over: the client hears of it as of a command's end */
        send_status(p, -1, e->msg);
        websocket_close(p->socket, WEBSOCKET_NORMAL, STR(""));
        return 0;
    }
    websocket_read(p->socket, true);
    return 0;
}
