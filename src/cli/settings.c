#include "cli/settings.h"

#include <errno.h>
#include <fcntl.h>
#include <limits.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "base/buf.h"
#include "base/err.h"
#include "cli/option.h"
#include "cli/settings_file.h"
#include "cli/settings_table.h"

static const char *
variable(const struct settings_input *in, const char *name)
{
    size_t n = strlen(name);

    for (size_t i = 0; in->environment != NULL && in->environment[i] != NULL; i++)
        if (strncmp(in->environment[i], name, n) == 0 && in->environment[i][n] == '=')
            return in->environment[i] + n + 1;
    return NULL;
}

static const char *
set_variable(const struct settings_input *in, const char *name)
{
    const char *value = variable(in, name);

    return value != NULL && value[0] != '\0' ? value : NULL;
}

static void
set_origin(struct settings *s, const struct setting *row, enum settings_origin origin)
{
    size_t n;

    s->origins[row - settings_table(&n)] = (uint8_t)origin;
}

enum settings_origin
settings_origin(const struct settings *s, const char *name)
{
    size_t n;
    const struct setting *row = setting_find(str_of(name));

    CHECK(row != NULL);
    return (enum settings_origin)s->origins[row - settings_table(&n)];
}

void
settings_free(struct settings *s)
{
    size_t n;
    const struct setting *rows = settings_table(&n);

    if (s == NULL)
        return;
    for (size_t i = 0; i < n; i++)
        setting_clear(s, &rows[i]);
    free(s->file);
    free(s);
}

/* The data directory, unless it is said. */
static char *
standard_data(const struct settings_input *in)
{
    const char *home = set_variable(in, "HOME"), *data = set_variable(in, "XDG_DATA_HOME");

    if (geteuid() == 0 || (data == NULL && home == NULL))
        return xstrdup("/var/lib/sluice");
    return data != NULL && data[0] == '/' ? xasprintf("%s/sluice", data)
                                          : xasprintf("%s/.local/share/sluice", home);
}

static void
set_defaults(struct settings *s, const struct setting_place *place)
{
    size_t n;
    const struct setting *rows = settings_table(&n);

    for (size_t i = 0; i < n; i++) {
        struct err e = ERR_INIT;
        struct str standard = str_of(rows[i].standard);

        /* A switch's default is text too, so that every consumer of the table reads one field. */
        CHECK(setting_from_text(s, &rows[i], standard, place, &e) == 0);
    }
}

/* Relative paths on the command line and in variables start where sluice was called. */
static int
working_directory(char *to, size_t size, struct err *e)
{
    if (getcwd(to, size) == NULL)
        return err_errno(e, "find the working directory");
    return 0;
}

static int
unknown_variable(const char *given, size_t n, struct err *e)
{
    static const char *const others[] = {"SLUICE_CONFIG", "SLUICE_DENY", "SLUICE_BUILD"};
    char known[SETTINGS_MAX][64];
    const char *names[SETTINGS_MAX];
    size_t count;
    const struct setting *rows = settings_table(&count);
    cleanup_free char *name = xstrndup(given, n);
    const char *nearest;

    for (size_t i = 0; i < ARRAY_LEN(others); i++)
        if (strcmp(name, others[i]) == 0)
            return 0;
    for (size_t i = 0; i < count; i++) {
        setting_variable(&rows[i], known[i], sizeof known[i]);
        names[i] = known[i];
    }
    nearest = option_nearest(name, names, count);
    if (nearest == NULL) {
        /* Not even similar: somebody else's, such as a wrapper script's. */
        log_warn(NULL, "variable %s is no setting and is ignored", name);
        return 0;
    }
    return err_set(e, ERR_INVALID, "variable %s: no such setting; did you mean %s?", name, nearest);
}

static int
read_variable(struct settings *s, const char *entry, const struct setting_place *place,
              struct err *e)
{
    size_t count, n = strcspn(entry, "=");
    const struct setting *rows = settings_table(&count);

    if (entry[n] != '=' || entry[n + 1] == '\0')
        return 0; /* an empty one counts as not set */
    for (size_t i = 0; i < count; i++) {
        char name[64];

        setting_variable(&rows[i], name, sizeof name);
        if (strlen(name) != n || memcmp(name, entry, n) != 0)
            continue;
        if (setting_from_text(s, &rows[i], str_of(entry + n + 1), place, e) < 0)
            return err_wrap(e, "variable %s", name);
        set_origin(s, &rows[i], SETTINGS_ENVIRONMENT);
        return 0;
    }
    return unknown_variable(entry, n, e);
}

static int
read_environment(struct settings *s, const struct settings_input *in,
                 const struct setting_place *place, struct err *e)
{
    for (size_t i = 0; in->environment != NULL && in->environment[i] != NULL; i++)
        if (strncmp(in->environment[i], "SLUICE_", strlen("SLUICE_")) == 0 &&
            read_variable(s, in->environment[i], place, e) < 0)
            return e->code;
    return 0;
}

static int
read_flag(struct settings *s, const struct settings_input *in, const struct setting *row,
          const struct setting_place *place, struct err *e)
{
    const char *value = option_value(in->flags, row->name);
    size_t at = 0;

    set_origin(s, row, SETTINGS_FLAG);
    if (row->type == SETTING_SWITCH)
        value = option_switch(in->flags, row->name, false) ? "true" : "false";
    if (row->type < SETTING_TEXTS)
        return setting_from_text(s, row, str_of(value), place, e);
    setting_clear(s, row);
    while ((value = option_next(in->flags, row->name, &at)) != NULL)
        if (setting_add_item(s, row, str_of(value), place, e) < 0)
            return e->code;
    return 0;
}

static int
read_flags(struct settings *s, const struct settings_input *in, const struct setting_place *place,
           struct err *e)
{
    size_t n;
    const struct setting *rows = settings_table(&n);

    for (size_t i = 0; in->flags != NULL && i < n; i++) {
        char flag[64];

        setting_flag(&rows[i], flag, sizeof flag);
        if (option_given(in->flags, rows[i].name) && read_flag(s, in, &rows[i], place, e) < 0)
            return err_wrap(e, "flag %s", flag);
    }
    return 0;
}

/* The data directory as far as flags and variables say it, which is where a file is looked for. */
static char *
data_before_file(const struct settings_input *in)
{
    const char *flag = in->flags != NULL ? option_value(in->flags, "data") : NULL;
    const char *value = flag != NULL ? flag : set_variable(in, "SLUICE_DATA");

    return value != NULL && strcmp(value, "auto") != 0 ? xstrdup(value) : standard_data(in);
}

settings_list
settings_search_path(const struct settings_input *in)
{
    const char *named = in->flags != NULL ? option_value(in->flags, "config") : NULL;
    const char *home = set_variable(in, "HOME"), *config = set_variable(in, "XDG_CONFIG_HOME");
    const char *system = in->system_directory != NULL ? in->system_directory : "/etc/sluice";
    cleanup_free char *data = data_before_file(in);
    settings_list list = VEC_INIT;

    if (named == NULL)
        named = set_variable(in, "SLUICE_CONFIG");
    if (named != NULL) {
        vec_push(&list, xstrdup(named));
        return list;
    }
    vec_push(&list, xasprintf("%s/sluice.yaml", data));
    if (config != NULL)
        vec_push(&list, xasprintf("%s/sluice/sluice.yaml", config));
    else if (home != NULL)
        vec_push(&list, xasprintf("%s/.config/sluice/sluice.yaml", home));
    vec_push(&list, xasprintf("%s/sluice.yaml", system));
    return list;
}

/* One that is named must exist; of the others the first that exists counts. */
static int
read_file(struct settings *s, const struct settings_input *in, const struct setting_place *place,
          struct err *e)
{
    bool named = set_variable(in, "SLUICE_CONFIG") != NULL ||
                 (in->flags != NULL && option_given(in->flags, "config"));
    settings_list list = settings_search_path(in);
    int code = 0;

    for (size_t i = 0; i < list.n && s->file == NULL && code == 0; i++) {
        code = settings_file_read(s, list.at[i], place, e);
        if (code == 0)
            s->file = xstrdup(list.at[i]);
        else if (code == ERR_NOTFOUND && !named) {
            *e = ERR_INIT;
            code = 0;
        }
    }
    settings_list_done(&list);
    return code;
}

int
settings_load(const struct settings_input *in, struct settings **ret, struct err *e)
{
    cleanup_settings struct settings *s = NEW(struct settings);
    char directory[PATH_MAX];
    struct setting_place place = {.home = set_variable(in, "HOME")};

    set_defaults(s, &place);
    if (read_file(s, in, &place, e) < 0)
        return e->code;
    if (working_directory(directory, sizeof directory, e) < 0)
        return e->code;
    place.directory = directory;
    if (read_environment(s, in, &place, e) < 0 || read_flags(s, in, &place, e) < 0)
        return e->code;
    if (strcmp(s->data, "auto") == 0) {
        free(s->data);
        s->data = standard_data(in);
    }
    *ret = TAKE(s);
    return 0;
}
