#include "cli/podpython.h"

#include <limits.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "base/buf.h"
#include "base/err.h"
#include "base/log.h"
#include "base/mem.h"
#include "base/str.h"
#include "cli/pipconf.h"

/* Variables. */

/* Takes `variable`; it replaces one of the same name. */
static void
put(struct podpython *p, char *variable)
{
    size_t n = strcspn(variable, "=");

    for (size_t i = 0; i < p->variables.n; i++) {
        char *old = (char *)(uintptr_t)p->variables.at[i];

        if (strncmp(old, variable, n + 1) != 0)
            continue;
        free(old);
        p->variables.at[i] = variable;
        return;
    }
    vec_push(&p->variables, (const char *)variable);
}

/* The variable by which pip knows an option. */
static void
put_option(struct podpython *p, const struct settings_pair *option)
{
    char *text = xasprintf("PIP_%s=%s", option->name, option->value);

    for (char *c = text; *c != '='; c++)
        *c = *c == '-' ? '_' : (char)(*c >= 'a' && *c <= 'z' ? *c - 'a' + 'A' : *c);
    put(p, text);
}

/* PIP_CONFIG_FILE is read here, not there; places of this machine mean nothing in a pod. */
static bool
is_for_here(struct str name)
{
    char option[64];

    if (!str_starts(name, STR("PIP_")) || name.n >= sizeof option)
        return false;
    name = str_slice(name, 4, name.n);
    for (size_t i = 0; i < name.n; i++) {
        char c = name.p[i];

        option[i] = c == '_' ? '-' : (char)(c >= 'A' && c <= 'Z' ? c - 'A' + 'a' : c);
    }
    option[name.n] = '\0';
    return strcmp(option, "config-file") == 0 || pipconf_is_place(str_of(option));
}

/* A name in the list stands for the caller's variable, NAME* for all that begin so. */
static bool
is_listed(const settings_list *names, const char *variable)
{
    struct str name = str_make(variable, strcspn(variable, "="));

    for (size_t i = 0; i < names->n; i++) {
        struct str one = str_of(names->at[i]);
        bool star = one.n > 0 && one.p[one.n - 1] == '*';

        if (star && str_starts(name, str_slice(one, 0, one.n - 1)) && !is_for_here(name))
            return true;
        if (!star && str_eq(one, name))
            return true;
    }
    return false;
}

/* Files that they name. */

static const char *const naming[] = {"PIP_CERT",          "PIP_CLIENT_CERT", "PIP_FIND_LINKS",
                                     "PIP_INDEX_URL",     "PIP_CONSTRAINT",  "SSL_CERT_FILE",
                                     "SSL_CERT_DIR",      "CURL_CA_BUNDLE",  "PIP_EXTRA_INDEX_URL",
                                     "REQUESTS_CA_BUNDLE"};

static bool
names_files(struct str name)
{
    for (size_t i = 0; i < ARRAY_LEN(naming); i++) {
        if (str_is(name, naming[i]))
            return true;
    }
    return false;
}

static bool
is_within(const char *path, const char *directory)
{
    size_t n = strlen(directory);

    return strncmp(path, directory, n) == 0 && (path[n] == '/' || path[n] == '\0');
}

/* Every step sees these (sandbox/hostroot.c, sandbox/skeleton_etc.c). */
static bool
is_seen_anyway(const char *path)
{
    static const char *const seen[] = {"/usr",           "/bin",
                                       "/sbin",          "/lib",
                                       "/lib64",         "/opt",
                                       "/proc",          "/dev",
                                       "/etc/ssl/certs", "/sys",
                                       "/etc/pki/tls",   "/etc/ssl/cert.pem",
                                       "/lib32",         "/etc/pki/ca-trust"};

    for (size_t i = 0; i < ARRAY_LEN(seen); i++) {
        if (is_within(path, seen[i]))
            return true;
    }
    return false;
}

static bool
shows_too_much(const char *path, const char *home, const char *data)
{
    return strcmp(path, "/") == 0 || (home != NULL && is_within(home, path)) ||
           is_within(data, path);
}

static void
add_file(struct podpython *p, const struct settings *s, const char *home, struct str word)
{
    cleanup_free char *path = NULL;

    if (str_starts(word, STR("file://")))
        word = str_slice(word, 7, word.n);
    path = str_dup(word);
    while (word.n > 1 && path[word.n - 1] == '/')
        path[--word.n] = '\0';
    if (path[0] != '/' || word.n >= PATH_MAX || strstr(path, "/../") != NULL ||
        str_ends(word, STR("/..")) || is_seen_anyway(path) || access(path, R_OK) < 0)
        return;
    for (size_t i = 0; i < p->files.n; i++) {
        if (strcmp(p->files.at[i], path) == 0)
            return;
    }
    if (shows_too_much(path, home, s->data))
        log_warn("pip", "%s is not shown to Python pods: it holds more than packages", path);
    else
        vec_push(&p->files, (const char *)TAKE(path));
}

static bool
is_space(char c)
{
    return c == ' ' || c == '\t' || c == '\n' || c == '\r';
}

/* ~/ is the caller's home here and another one in the pod. */
static char *
without_tilde(const char *variable, const char *home)
{
    size_t n = strcspn(variable, "=") + 1;
    cleanup_buf struct buf text = BUF_INIT;

    buf_str(&text, str_make(variable, n));
    for (const char *c = variable + n; *c != '\0'; c++) {
        if (c[0] == '~' && c[1] == '/' && home != NULL && (c == variable + n || is_space(c[-1])))
            buf_cstr(&text, home);
        else
            buf_char(&text, *c);
    }
    return buf_take(&text);
}

static void
find_files(struct podpython *p, const struct settings *s, const char *home)
{
    for (size_t i = 0; i < p->variables.n; i++) {
        struct str value = str_of(p->variables.at[i]), name = str_cut(&value, '=');

        if (!names_files(name))
            continue;
        put(p, without_tilde(p->variables.at[i], home));
        value = str_slice(str_of(p->variables.at[i]), name.n + 1, SIZE_MAX);
        while (value.n > 0) {
            size_t n = 0;

            while (n < value.n && !is_space(value.p[n]))
                n++;
            add_file(p, s, home, str_slice(value, 0, n));
            value = str_slice(value, n + 1, value.n);
        }
    }
}

int
podpython_load(const struct settings *s, const char *const *environment, struct podpython *ret,
               struct err *e)
{
    struct pipconf conf;
    const char *home = NULL;

    *ret = (struct podpython){.read = VEC_INIT};
    if (pipconf_load(s->pip_config, environment, &conf, e) < 0) {
        pipconf_done(&conf);
        return e->code;
    }
    ret->read = conf.files;
    conf.files = (settings_list)VEC_INIT;
    for (size_t i = 0; i < conf.options.n; i++)
        put_option(ret, &conf.options.at[i]);
    for (const char *const *v = environment; v != NULL && *v != NULL; v++) {
        if (strncmp(*v, "HOME=/", 6) == 0 && (*v)[6] != '\0')
            home = *v + 5;
        if (is_listed(&s->environment, *v))
            put(ret, xstrdup(*v));
    }
    for (size_t i = 0; i < s->pip.n; i++)
        put_option(ret, &s->pip.at[i]);
    find_files(ret, s, home);
    vec_push(&ret->variables, NULL);
    vec_push(&ret->files, NULL);
    pipconf_done(&conf);
    return 0;
}

static void
words_done(podpython_words *words)
{
    for (size_t i = 0; i < words->n; i++)
        free((char *)(uintptr_t)words->at[i]);
    vec_done(words);
}

void
podpython_done(struct podpython *p)
{
    words_done(&p->variables);
    words_done(&p->files);
    settings_list_done(&p->read);
}

void
podpython_show(const char *variable, struct buf *to)
{
    const char *at = variable;
    const char *host;

    while ((host = strstr(at, "://")) != NULL) {
        size_t n = strcspn(host + 3, "/ \t\n");
        const char *end = memrchr(host + 3, '@', n);

        buf_str(to, str_make(at, (size_t)(host + 3 - at)));
        if (end != NULL)
            buf_cstr(to, "***");
        at = end != NULL ? end : host + 3;
    }
    buf_cstr(to, at);
}
