#include "runner/env.h"

#include "base/arena.h"
#include "base/buf.h"
#include "base/err.h"
#include "data/json.h"
#include "runner/podspec.h"
#include "runner/runtime.h"
#include "runner/source.h"

void
env_set(env_vars *vars, struct str name, struct str value)
{
    for (size_t i = 0; i < vars->n; i++)
        if (str_eq(vars->at[i].name, name)) {
            vars->at[i].value = value;
            return;
        }
    vec_push(vars, ((struct env_var){name, value}));
}

static bool
find(const env_vars *vars, struct str name, struct str *ret)
{
    for (size_t i = 0; i < vars->n; i++)
        if (str_eq(vars->at[i].name, name)) {
            *ret = vars->at[i].value;
            return true;
        }
    return false;
}

const char *
env_expand(const env_vars *vars, struct str text, struct arena *a)
{
    cleanup_buf struct buf b = BUF_INIT;

    for (size_t i = 0; i < text.n; i++) {
        struct str value;
        ptrdiff_t end;

        if (text.p[i] != '$' || i + 1 >= text.n) {
            buf_char(&b, text.p[i]);
        } else if (text.p[i + 1] == '$') {
            buf_char(&b, '$');
            i++;
        } else if (text.p[i + 1] == '(' && (end = str_find_char(text, ')', i + 2)) >= 0) {
            if (find(vars, str_slice(text, i + 2, (size_t)end), &value))
                buf_str(&b, value);
            else
                buf_str(&b, str_slice(text, i, (size_t)end + 1));
            i = (size_t)end;
        } else {
            buf_char(&b, '$');
        }
    }
    return arena_strdup(a, buf_cstring(&b));
}

const char **
env_expand_list(const env_vars *vars, const struct json *list, struct arena *a, size_t *ret_n)
{
    size_t n = json_count(list);
    const char **texts = ARENA_ARRAY(a, const char *, n + 1);

    JSON_EACH (it, list) {
        texts[it.index] = env_expand(vars, json_str(it.value), a);
    }
    *ret_n = n;
    return texts;
}

const char **
env_block(const env_vars *vars, struct arena *a)
{
    const char **block = ARENA_ARRAY(a, const char *, vars->n + 1);

    for (size_t i = 0; i < vars->n; i++)
        block[i] =
            arena_printf(a, "%.*s=%.*s", STR_ARG(vars->at[i].name), STR_ARG(vars->at[i].value));
    return block;
}

/* What else than a value is no environment variable: no name, "=" or NUL within. */
static bool
name_ok(struct str name)
{
    return name.n > 0 && memchr(name.p, '=', name.n) == NULL &&
           memchr(name.p, '\0', name.n) == NULL;
}

struct from {
    struct arena *arena;
    env_vars *vars;
    struct str prefix;
};

static int
add_from(void *arg, struct str key, struct str value, struct err *e)
{
    struct from *f = arg;
    struct str name = str_of(arena_printf(f->arena, "%.*s%.*s", STR_ARG(f->prefix), STR_ARG(key)));

    (void)e;
    /* Keys that cannot be variables are left out, as kubelet does. */
    if (name_ok(name) && memchr(value.p != NULL ? value.p : "", '\0', value.n) == NULL)
        env_set(f->vars, name, str_of(str_dup_arena(f->arena, value)));
    return 0;
}

static int
build_env_from(const struct plan *p, const struct podspec_container *c, struct arena *a,
               env_vars *vars, struct err *e)
{
    JSON_EACH (it, json_get(c->root, "envFrom")) {
        const struct json *secret = json_get(it.value, "secretRef");
        const struct json *ref = secret != NULL ? secret : json_get(it.value, "configMapRef");
        struct from f = {a, vars, json_str(json_get(it.value, "prefix"))};
        const struct json *object;

        if (ref == NULL)
            continue;
        if (source_require(p, secret != NULL ? "Secret" : "ConfigMap",
                           json_str(json_get(ref, "name")),
                           json_bool_or(json_get(ref, "optional"), false), &object, e) < 0 ||
            source_each(object, add_from, &f, e) < 0)
            return e->code;
    }
    return 0;
}

/* 1: a value, 0: an optional one that is not there. */
static int
key_ref(const struct plan *p, const char *kind, const struct json *ref, struct buf *to,
        struct err *e)
{
    struct str name = json_str(json_get(ref, "name")), key = json_str(json_get(ref, "key"));
    bool optional = json_bool_or(json_get(ref, "optional"), false);
    const struct json *object;
    int rc;

    if (source_require(p, kind, name, optional, &object, e) < 0)
        return e->code;
    rc = object != NULL ? source_key(object, key, to, e) : 0;
    if (rc == 0 && !optional)
        return err_set(e, ERR_NOTFOUND, "couldn't find key %.*s in %s %s/%.*s", STR_ARG(key), kind,
                       p->namespace, STR_ARG(name));
    return rc;
}

static int
value_from(const struct plan *p, const struct podspec *s, const struct podspec_container *c,
           const struct source_machine *m, const struct json *from, struct buf *to, struct err *e)
{
    const struct json *ref;

    if ((ref = json_get(from, "configMapKeyRef")) != NULL)
        return key_ref(p, "ConfigMap", ref, to, e);
    if ((ref = json_get(from, "secretKeyRef")) != NULL)
        return key_ref(p, "Secret", ref, to, e);
    if ((ref = json_get(from, "fieldRef")) != NULL)
        return source_field(s, m, json_str(json_get(ref, "fieldPath")), false, to, e) < 0 ? e->code
                                                                                          : 1;
    if ((ref = json_get(from, "resourceFieldRef")) != NULL)
        return source_resource(s, c, m, ref, to, e) < 0 ? e->code : 1;
    return err_set(e, ERR_INVALID,
                   "valueFrom: none of configMapKeyRef, secretKeyRef, fieldRef and "
                   "resourceFieldRef is given");
}

static int
build_env(const struct plan *p, const struct podspec *s, const struct podspec_container *c,
          const struct source_machine *m, struct arena *a, env_vars *vars, struct err *e)
{
    JSON_EACH (it, json_get(c->root, "env")) {
        struct str name = json_str(json_get(it.value, "name"));
        const struct json *from = json_get(it.value, "valueFrom");
        cleanup_buf struct buf value = BUF_INIT;
        int rc = 1;

        if (!name_ok(name))
            return err_set(e, ERR_INVALID, "env[%zu].name: '%.*s' is no name of a variable",
                           it.index, STR_ARG(name));
        if (!json_is_null(from))
            rc = value_from(p, s, c, m, from, &value, e);
        else
            buf_cstr(&value, env_expand(vars, json_scalar_text(json_get(it.value, "value")), a));
        if (rc < 0)
            return e->code;
        if (rc > 0)
            env_set(vars, name, str_of(str_dup_arena(a, buf_view(&value))));
    }
    return 0;
}

int
env_build(const struct plan *p, const struct podspec *s, const struct podspec_container *c,
          const struct source_machine *m, struct arena *a, env_vars *vars, struct err *e)
{
    if (build_env_from(p, c, a, vars, e) < 0)
        return e->code;
    return build_env(p, s, c, m, a, vars, e);
}
