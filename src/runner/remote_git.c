/* Repositories, by the machine's own git. */
#include <fcntl.h>
#include <stdarg.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "base/buf.h"
#include "base/err.h"
#include "base/mem.h"
#include "base/vec.h"
#include "data/base64.h"
#include "data/json.h"
#include "io/file.h"
#include "io/process.h"
#include "runner/remote.h"
#include "runner/remote_int.h"

enum { GIT_TIMEOUT_MS = 15 * 60 * 1000, GIT_OUTPUT_MAX = 64 * 1024, GIT_TOLD_MAX = 400 };

typedef VEC(char *) texts;

static void
texts_done(texts *v)
{
    for (size_t i = 0; i < v->n; i++)
        free(v->at[i]);
    vec_done(v);
}

#define cleanup_texts __attribute__((cleanup(texts_done)))

struct cloning {
    const struct plan *plan;
    const struct json *git;
    const char *program, *to;
    texts env;
    int config; /* entries of GIT_CONFIG_* so far */
};

static const char *
find_git(void)
{
    static const char *const places[] = {"/usr/bin/git", "/usr/local/bin/git", "/bin/git"};

    for (size_t i = 0; i < ARRAY_LEN(places); i++) {
        if (access(places[i], X_OK) == 0)
            return places[i];
    }
    return NULL;
}

__attribute__((format(printf, 2, 3))) static void
add(texts *v, const char *fmt, ...)
{
    va_list ap;

    va_start(ap, fmt);
    vec_push(v, xvasprintf(fmt, ap));
    va_end(ap);
}

static void
configure(struct cloning *c, const char *key, struct str value)
{
    add(&c->env, "GIT_CONFIG_KEY_%d=%s", c->config, key);
    add(&c->env, "GIT_CONFIG_VALUE_%d=%.*s", c->config, STR_ARG(value));
    c->config++;
}

/* Name and password as a header, so that they stand in no command line and no file. */
static int
add_password(struct cloning *c, struct err *e)
{
    const struct json *user = json_get(c->git, "usernameSecret");
    const struct json *password = json_get(c->git, "passwordSecret");
    cleanup_buf struct buf plain = BUF_INIT, header = BUF_INIT;

    if (json_is_null(user) && json_is_null(password))
        return 0;
    if (!json_is_null(user) && remote_secret(c->plan, user, &plain, e) < 0)
        return err_wrap(e, "git.usernameSecret");
    buf_char(&plain, ':');
    if (!json_is_null(password) && remote_secret(c->plan, password, &plain, e) < 0)
        return err_wrap(e, "git.passwordSecret");
    buf_cstr(&header, "Authorization: Basic ");
    base64_encode(buf_view(&plain), BASE64_STANDARD, &header);
    configure(c, "http.extraHeader", buf_view(&header));
    return 0;
}

/* The key's file is named by a variable, since git gives the command to a shell. */
static int
add_key(struct cloning *c, struct err *e)
{
    const struct json *key = json_get(c->git, "sshPrivateKeySecret");
    bool any_host = json_bool_or(json_get(c->git, "insecureIgnoreHostKey"), false);
    cleanup_buf struct buf text = BUF_INIT;
    cleanup_free char *path = xasprintf("%s.key", c->to);

    if (!json_is_null(key)) {
        if (remote_secret(c->plan, key, &text, e) < 0)
            return err_wrap(e, "git.sshPrivateKeySecret");
        if (text.n > 0 && text.p[text.n - 1] != '\n')
            buf_char(&text, '\n');
        if (file_write(AT_FDCWD, path, buf_view(&text), 0600, e) < 0)
            return e->code;
        add(&c->env, "SLUICE_GIT_KEY=%s", path);
    }
    add(&c->env, "GIT_SSH_COMMAND=ssh -o BatchMode=yes%s%s",
        json_is_null(key) ? "" : " -o IdentitiesOnly=yes -i \"$SLUICE_GIT_KEY\"",
        any_host ? " -o StrictHostKeyChecking=no -o UserKnownHostsFile=/dev/null" : "");
    return 0;
}

static int
make_environment(struct cloning *c, struct err *e)
{
    static const char *const kept[] = {"PATH",        "HOME",     "http_proxy", "https_proxy",
                                       "HTTPS_PROXY", "no_proxy", "NO_PROXY",   "SSL_CERT_FILE"};

    for (size_t i = 0; i < ARRAY_LEN(kept); i++) {
        const char *value = getenv(kept[i]);

        if (value != NULL)
            add(&c->env, "%s=%s", kept[i], value);
    }
    add(&c->env, "GIT_TERMINAL_PROMPT=0");
    add(&c->env, "GIT_CONFIG_NOSYSTEM=1");
    add(&c->env, "GIT_CONFIG_GLOBAL=/dev/null");
    add(&c->env, "GIT_ALLOW_PROTOCOL=https:http:ssh:git");
    configure(c, "core.hooksPath", STR("/dev/null"));
    /* http/transfer.h says why. */
    configure(c, "http.extraHeader", STR("Via: 1.1 sluice"));
    if (add_password(c, e) < 0 || add_key(c, e) < 0)
        return e->code;
    add(&c->env, "GIT_CONFIG_COUNT=%d", c->config);
    vec_push(&c->env, NULL);
    return 0;
}

/* The end of what git said, in one line. */
static void
one_line(struct buf *output)
{
    struct str text = str_trim(buf_view(output));
    size_t skip = text.n > GIT_TOLD_MAX ? text.n - GIT_TOLD_MAX : 0;
    cleanup_buf struct buf last = BUF_INIT;

    for (size_t i = skip; i < text.n; i++)
        buf_char(&last, text.p[i] == '\n' || text.p[i] == '\r' ? ' ' : text.p[i]);
    buf_clear(output);
    buf_str(output, buf_view(&last));
}

static int
run(struct cloning *c, const char *verb, texts *argv, struct err *e)
{
    cleanup_buf struct buf output = BUF_INIT;
    struct process_spec spec = {.path = c->program, .env = (const char *const *)c->env.at};
    int code;

    output.max = GIT_OUTPUT_MAX;
    vec_push(argv, NULL);
    spec.argv = (const char *const *)argv->at;
    code = process_run(&spec, GIT_TIMEOUT_MS, &output, e);
    if (code < 0)
        return err_wrap(e, "git");
    if (code == 0)
        return 0;
    one_line(&output);
    return err_set(e, ERR_UNAVAILABLE, "git %s: exit code %d: %s", verb, code,
                   buf_cstring(&output));
}

/* git within the clone. */
static void
begin(const struct cloning *c, texts *argv, const char *verb)
{
    add(argv, "git");
    add(argv, "-C");
    add(argv, "%s", c->to);
    add(argv, "%s", verb);
    add(argv, "--quiet");
}

/* A word of a workflow's that must not be taken for an option. */
static int
check_word(const char *field, struct str word, struct err *e)
{
    if ((word.n == 0 || word.p[0] != '-') && (word.p == NULL || memchr(word.p, 0, word.n) == NULL))
        return 0;
    return err_set(e, ERR_INVALID, "git.%s: '%.*s' cannot be used", field,
                   STR_ARG(str_slice(word, 0, word.n < 100 ? word.n : 100)));
}

static int
clone(struct cloning *c, struct err *e)
{
    cleanup_texts texts argv = VEC_INIT;
    struct str repo = json_str(json_get(c->git, "repo"));
    struct str branch = json_str(json_get(c->git, "branch"));
    int64_t depth = 0;

    if (repo.n == 0)
        return err_set(e, ERR_INVALID, "git.repo is empty");
    if (check_word("repo", repo, e) < 0 || check_word("branch", branch, e) < 0)
        return e->code;
    add(&argv, "git");
    add(&argv, "clone");
    add(&argv, "--quiet");
    if (branch.n != 0)
        add(&argv, "--branch=%.*s", STR_ARG(branch));
    if (json_bool_or(json_get(c->git, "singleBranch"), false))
        add(&argv, "--single-branch");
    if (json_int(json_get(c->git, "depth"), &depth) && depth > 0)
        add(&argv, "--depth=%lld", (long long)depth);
    add(&argv, "--");
    add(&argv, "%.*s", STR_ARG(repo));
    add(&argv, "%s", c->to);
    return run(c, "clone", &argv, e);
}

static int
fetch_more(struct cloning *c, struct err *e)
{
    JSON_EACH (it, json_get(c->git, "fetch")) {
        cleanup_texts texts argv = VEC_INIT;

        if (check_word("fetch", json_str(it.value), e) < 0)
            return e->code;
        begin(c, &argv, "fetch");
        add(&argv, "origin");
        add(&argv, "%.*s", STR_ARG(json_str(it.value)));
        if (run(c, "fetch", &argv, e) < 0)
            return e->code;
    }
    return 0;
}

static int
check_out(struct cloning *c, struct err *e)
{
    cleanup_texts texts argv = VEC_INIT;
    struct str revision = json_str(json_get(c->git, "revision"));

    if (revision.n == 0)
        return 0;
    if (check_word("revision", revision, e) < 0)
        return e->code;
    begin(c, &argv, "checkout");
    add(&argv, "%.*s", STR_ARG(revision));
    add(&argv, "--");
    return run(c, "checkout", &argv, e);
}

static int
add_submodules(struct cloning *c, struct err *e)
{
    cleanup_texts texts argv = VEC_INIT;
    cleanup_free char *list = xasprintf("%s/.gitmodules", c->to);
    struct stat st;

    if (json_bool_or(json_get(c->git, "disableSubmodules"), false) || lstat(list, &st) < 0)
        return 0;
    begin(c, &argv, "submodule");
    add(&argv, "update");
    add(&argv, "--init");
    add(&argv, "--recursive");
    return run(c, "submodule", &argv, e);
}

int
remote_clone(const struct plan *p, const struct json *git, const char *to, struct err *e)
{
    struct cloning c = {.plan = p, .git = git, .program = find_git(), .to = to, .env = VEC_INIT};
    cleanup_free char *key = xasprintf("%s.key", to);
    int rc;

    if (c.program == NULL)
        return err_set(e, ERR_UNSUPPORTED,
                       "git artifacts need git, which is not on this machine; install the package "
                       "git");
    rc = make_environment(&c, e);
    if (rc >= 0 && ((rc = clone(&c, e)) >= 0) && ((rc = fetch_more(&c, e)) >= 0) &&
        ((rc = check_out(&c, e)) >= 0))
        rc = add_submodules(&c, e);
    (void)unlink(key);
    texts_done(&c.env);
    return rc;
}
