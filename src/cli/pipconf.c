#include "cli/pipconf.h"

#include <fcntl.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "base/buf.h"
#include "base/err.h"
#include "base/log.h"
#include "io/file.h"

enum { MAX_FILE = 256 * 1024, MAX_NAME = 64 };

/* Pairs. */

static void
set(settings_pairs *pairs, struct str name, struct str value)
{
    for (size_t i = 0; i < pairs->n; i++) {
        if (!str_is(name, pairs->at[i].name))
            continue;
        free(pairs->at[i].value);
        pairs->at[i].value = str_dup(value);
        return;
    }
    vec_push(pairs, ((struct settings_pair){.name = str_dup(name), .value = str_dup(value)}));
}

static void
pairs_done(settings_pairs *pairs)
{
    for (size_t i = 0; i < pairs->n; i++) {
        free(pairs->at[i].name);
        free(pairs->at[i].value);
    }
    vec_done(pairs);
}

/* The format. */

struct parse {
    const char *where;
    int line;
    settings_pairs *global, *install, *section; /* section NULL: one that is not ours */
    bool in_section;
    char name[MAX_NAME]; /* of the option whose value may go on; "": none */
    size_t indent;       /* of its line */
    struct buf value;
};

static void
end_option(struct parse *p)
{
    if (p->name[0] != '\0' && p->section != NULL)
        set(p->section, str_of(p->name), str_trim(buf_view(&p->value)));
    p->name[0] = '\0';
}

static int
begin_section(struct parse *p, struct str line, struct err *e)
{
    ptrdiff_t end = str_find_char(line, ']', 0);
    struct str name;

    if (end < 0)
        return err_set(e, ERR_INVALID, "%s:%d: expected ']' after the section's name", p->where,
                       p->line);
    name = str_slice(line, 1, (size_t)end);
    p->in_section = true;
    p->section = str_is(name, "global") ? p->global : str_is(name, "install") ? p->install : NULL;
    return 0;
}

static int
refuse_name(const struct parse *p, struct str name, struct err *e)
{
    name = str_slice(name, 0, MAX_NAME);
    return err_set(e, ERR_INVALID, "%s:%d: '%.*s' is no name of an option", p->where, p->line,
                   STR_ARG(name));
}

/* As pip does: lower case, - for _, without the dashes of the command line. */
static int
take_name(struct parse *p, struct str name, struct err *e)
{
    if (str_starts(name, STR("--")))
        name = str_slice(name, 2, name.n);
    if (name.n == 0 || name.n >= MAX_NAME)
        return refuse_name(p, name, e);
    for (size_t i = 0; i < name.n; i++) {
        char c = name.p[i] == '_' ? '-' : name.p[i];

        if (c >= 'A' && c <= 'Z')
            c = (char)(c - 'A' + 'a');
        if (c != '-' && (c < 'a' || c > 'z') && (c < '0' || c > '9'))
            return refuse_name(p, name, e);
        p->name[i] = c;
    }
    p->name[name.n] = '\0';
    return 0;
}

static int
begin_option(struct parse *p, struct str line, struct err *e)
{
    size_t at = 0;

    while (at < line.n && line.p[at] != '=' && line.p[at] != ':')
        at++;
    if (at == line.n)
        return err_set(e, ERR_INVALID, "%s:%d: expected 'option = value'", p->where, p->line);
    if (!p->in_section)
        return err_set(e, ERR_INVALID, "%s:%d: expected a section such as [global] first", p->where,
                       p->line);
    if (take_name(p, str_trim(str_slice(line, 0, at)), e) < 0)
        return e->code;
    buf_clear(&p->value);
    buf_str(&p->value, str_trim(str_slice(line, at + 1, line.n)));
    return 0;
}

static int
take_line(struct parse *p, struct str raw, struct err *e)
{
    struct str line = str_trim(raw);
    size_t indent = 0;

    if (line.n == 0 || line.p[0] == '#' || line.p[0] == ';')
        return 0;
    while (indent < raw.n && (raw.p[indent] == ' ' || raw.p[indent] == '\t'))
        indent++;
    if (p->name[0] != '\0' && indent > p->indent) {
        buf_char(&p->value, ' ');
        buf_str(&p->value, line);
        return 0;
    }
    end_option(p);
    p->indent = indent;
    return line.p[0] == '[' ? begin_section(p, line, e) : begin_option(p, line, e);
}

static int
parse(struct str text, const char *where, settings_pairs *global, settings_pairs *install,
      struct err *e)
{
    struct parse p = {.where = where, .global = global, .install = install, .value = BUF_INIT};
    int rc = 0;

    if (text.n > 0 && memchr(text.p, '\0', text.n) != NULL)
        return err_set(e, ERR_INVALID, "%s: expected text, found a NUL byte", where);
    while (rc >= 0 && text.p != NULL) {
        p.line++;
        rc = take_line(&p, str_cut(&text, '\n'), e);
    }
    if (rc >= 0)
        end_option(&p);
    buf_done(&p.value);
    return rc;
}

bool
pipconf_is_place(struct str option)
{
    static const char *const places[] = {"user", "target",    "prefix", "root",  "src",
                                         "log",  "cache-dir", "python", "build", "report"};

    for (size_t i = 0; i < ARRAY_LEN(places); i++) {
        if (str_is(option, places[i]))
            return true;
    }
    return false;
}

/* Which files. */

static const char *
variable(const char *const *environment, const char *name)
{
    size_t n = strlen(name);

    for (; environment != NULL && *environment != NULL; environment++) {
        if (strncmp(*environment, name, n) == 0 && (*environment)[n] == '=' &&
            (*environment)[n + 1] != '\0')
            return *environment + n + 1;
    }
    return NULL;
}

/* As pip has them, those that count less first. */
static void
find_files(const char *const *environment, settings_list *to)
{
    const char *own = variable(environment, "PIP_CONFIG_FILE");
    const char *home = variable(environment, "HOME");
    const char *config = variable(environment, "XDG_CONFIG_HOME");
    const char *dirs = variable(environment, "XDG_CONFIG_DIRS");
    struct str rest = str_of(dirs != NULL ? dirs : "/etc/xdg");

    if (own != NULL && strcmp(own, "/dev/null") == 0)
        return;
    if (own != NULL)
        vec_push(to, xstrdup(own));
    while (rest.p != NULL) {
        struct str dir = str_cut(&rest, ':');

        if (dir.n > 0)
            vec_push(to, xasprintf("%.*s/pip/pip.conf", STR_ARG(dir)));
    }
    vec_push(to, xstrdup("/etc/pip.conf"));
    if (own != NULL && access(own, F_OK) == 0)
        return;
    if (home != NULL)
        vec_push(to, xasprintf("%s/.pip/pip.conf", home));
    if (config != NULL)
        vec_push(to, xasprintf("%s/pip/pip.conf", config));
    else if (home != NULL)
        vec_push(to, xasprintf("%s/.config/pip/pip.conf", home));
}

static void
merge(settings_pairs *to, const settings_pairs *from)
{
    for (size_t i = 0; i < from->n; i++) {
        struct str name = str_of(from->at[i].name);

        if (!pipconf_is_place(name) && from->at[i].value[0] != '\0')
            set(to, name, str_of(from->at[i].value));
    }
}

static int
read_one(const char *path, settings_pairs *global, settings_pairs *install, struct err *e)
{
    cleanup_buf struct buf text = BUF_INIT;

    if (file_read(AT_FDCWD, path, MAX_FILE, &text, e) < 0)
        return e->code;
    return parse(buf_view(&text), path, global, install, e);
}

int
pipconf_load(const char *choice, const char *const *environment, struct pipconf *ret, struct err *e)
{
    bool automatic = strcmp(choice, "auto") == 0;
    settings_list files = VEC_INIT;
    settings_pairs global = VEC_INIT, install = VEC_INIT;
    int rc = 0;

    *ret = (struct pipconf){.options = VEC_INIT};
    if (automatic)
        find_files(environment, &files);
    else if (strcmp(choice, "none") != 0)
        vec_push(&files, xstrdup(choice));
    for (size_t i = 0; i < files.n && rc >= 0; i++) {
        struct err why = ERR_INIT;

        if (read_one(files.at[i], &global, &install, &why) >= 0)
            vec_push(&ret->files, xstrdup(files.at[i]));
        else if (!automatic)
            rc = err_set(e, why.code, "pip_config: %s", why.msg);
        else if (why.code != ERR_NOTFOUND)
            log_warn("pip", "%s", why.msg);
    }
    merge(&ret->options, &global);
    merge(&ret->options, &install);
    pairs_done(&global);
    pairs_done(&install);
    settings_list_done(&files);
    return rc;
}

void
pipconf_done(struct pipconf *p)
{
    pairs_done(&p->options);
    settings_list_done(&p->files);
}
