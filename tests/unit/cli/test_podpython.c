#include "cli/podpython.h"

#include <fcntl.h>
#include <unistd.h>

#include "base/buf.h"
#include "base/err.h"
#include "base/log.h"
#include "cli/pipconf.h"
#include "io/file.h"
#include "tests/unit/store/scratch.h"
#include "tests/unit/test.h"

/* A home directory with files of pip's in it. */
struct home {
    struct scratch dir;
    char *variable; /* HOME=... */
    const char *environment[8];
    struct settings settings;
    struct podpython got;
    struct buf text;
};

static void
home_open(struct home *h)
{
    *h = (struct home){.text = BUF_INIT};
    log_set_level(LOG_ERROR + 1);
    h->dir = scratch_new();
    h->variable = xasprintf("HOME=%s", h->dir.path);
    h->environment[0] = h->variable;
    h->environment[1] = "XDG_CONFIG_DIRS=/nonexistent";
    h->settings.pip_config = xstrdup("auto");
    h->settings.data = xasprintf("%s/data", h->dir.path);
    vec_push(&h->settings.environment, xstrdup("PIP_*"));
    vec_push(&h->settings.environment, xstrdup("SSL_CERT_FILE"));
}

static void
home_close(struct home *h)
{
    podpython_done(&h->got);
    settings_list_done(&h->settings.environment);
    for (size_t i = 0; i < h->settings.pip.n; i++) {
        free(h->settings.pip.at[i].name);
        free(h->settings.pip.at[i].value);
    }
    vec_done(&h->settings.pip);
    free(h->settings.pip_config);
    free(h->settings.data);
    free(h->variable);
    buf_done(&h->text);
    scratch_free(&h->dir);
}

static void
home_write(struct home *h, const char *name, const char *text)
{
    cleanup_free char *path = xasprintf("%s/%s", h->dir.path, name);
    struct err e = ERR_INIT;

    if (file_mkparents(AT_FDCWD, path, 0755, &e) < 0 ||
        file_write(AT_FDCWD, path, str_of(text), 0644, &e) < 0)
        fail_msg("%s", e.msg);
}

/* "NAME=value; NAME=value; /file; ", or the error; with ~ for the home. */
static const char *
home_load(struct home *h)
{
    struct err e = ERR_INIT;
    const char *at;

    podpython_done(&h->got);
    buf_clear(&h->text);
    if (podpython_load(&h->settings, h->environment, &h->got, &e) < 0)
        buf_cstr(&h->text, e.msg);
    for (size_t i = 0; i + 1 < h->got.variables.n; i++)
        buf_printf(&h->text, "%s; ", h->got.variables.at[i]);
    for (size_t i = 0; i + 1 < h->got.files.n; i++)
        buf_printf(&h->text, "%s; ", h->got.files.at[i]);
    while ((at = strstr(buf_cstring(&h->text), h->dir.path)) != NULL) {
        cleanup_free char *before = xstrndup(h->text.p, (size_t)(at - h->text.p));
        cleanup_free char *rest = xstrdup(at + strlen(h->dir.path));

        buf_clear(&h->text);
        buf_printf(&h->text, "%s~%s", before, rest);
    }
    return buf_cstring(&h->text);
}

static void
home_choose(struct home *h, const char *pip_config)
{
    free(h->settings.pip_config);
    h->settings.pip_config =
        pip_config[0] == '~' ? xasprintf("%s%s", h->dir.path, pip_config + 1) : xstrdup(pip_config);
}

TEST(a_configuration_file_becomes_variables)
{
    struct home h;

    home_open(&h);
    home_choose(&h, "~/my.conf");
    home_write(&h, "my.conf",
               "# of the team\n"
               "[global]\n"
               "index-url = https://index.example/simple  \n"
               "timeout: 60\n"
               "Trusted_Host =\n"
               "    a.example\n"
               "    # not this\n"
               "    b.example\n"
               "empty =\n"
               "user = yes\n"
               "cache-dir = /var/cache/pip\n"
               "\n"
               "[install]\n"
               "; more for one command\n"
               "timeout = 90\n"
               "no-compile = true\n"
               "[download]\n"
               "retries = 3\n");
    CHECK_STR(home_load(&h), "PIP_INDEX_URL=https://index.example/simple; PIP_TIMEOUT=90; "
                             "PIP_TRUSTED_HOST=a.example b.example; PIP_NO_COMPILE=true; ");
    home_close(&h);
}

TEST(variables_count_more_than_files_and_the_setting_more_than_both)
{
    struct home h;

    home_open(&h);
    home_choose(&h, "~/my.conf");
    home_write(&h, "my.conf", "[global]\nindex-url = file\ntimeout = 1\nretries = 1\n");
    h.environment[2] = "PIP_TIMEOUT=2";
    h.environment[3] = "PIP_RETRIES=2";
    h.environment[4] = "PIP_TARGET=/srv";
    h.environment[5] = "PIPELINE=x";
    h.environment[6] = "SSL_CERT_FILES=x";
    vec_push(&h.settings.pip,
             ((struct settings_pair){.name = xstrdup("retries"), .value = xstrdup("3")}));
    CHECK_STR(home_load(&h), "PIP_INDEX_URL=file; PIP_TIMEOUT=2; PIP_RETRIES=3; ");
    home_close(&h);
}

TEST(files_are_found_where_pip_finds_them)
{
    struct home h;
    cleanup_free char *own = NULL;

    home_open(&h);
    own = xasprintf("PIP_CONFIG_FILE=%s/own.conf", h.dir.path);
    home_write(&h, ".pip/pip.conf", "[global]\nsrc = x\nproxy = old\nprogress-bar = ascii\n");
    home_write(&h, ".config/pip/pip.conf", "[global]\nproxy = new\n");
    CHECK_CONTAINS(home_load(&h), "PIP_PROXY=new; ");
    CHECK_CONTAINS(home_load(&h), "PIP_PROGRESS_BAR=ascii; ");
    CHECK_NULL(strstr(home_load(&h), "PIP_SRC"));
    home_write(&h, "own.conf", "[global]\nprogress-bar = raw\n");
    h.environment[2] = own;
    CHECK_CONTAINS(home_load(&h), "PIP_PROGRESS_BAR=raw; ");
    CHECK_NULL(strstr(home_load(&h), "PIP_PROXY"));
    CHECK_NULL(strstr(home_load(&h), "PIP_CONFIG_FILE"));
    h.environment[2] = "PIP_CONFIG_FILE=/dev/null";
    CHECK_STR(home_load(&h), "");
    h.environment[2] = NULL;
    home_choose(&h, "none");
    CHECK_STR(home_load(&h), "");
    home_close(&h);
}

TEST(a_file_that_is_named_must_be_there_and_well_formed)
{
    struct home h;

    home_open(&h);
    home_choose(&h, "~/my.conf");
    CHECK_CONTAINS(home_load(&h), "pip_config: ");
    CHECK_CONTAINS(home_load(&h), "~/my.conf");
    home_write(&h, "my.conf", "[global]\nindex-url = x\nnonsense\n");
    CHECK_STR(home_load(&h), "pip_config: ~/my.conf:3: expected 'option = value'");
    home_write(&h, "my.conf", "index-url = x\n");
    CHECK_STR(home_load(&h), "pip_config: ~/my.conf:1: expected a section such as [global] first");
    home_write(&h, "my.conf", "[global\n");
    CHECK_STR(home_load(&h), "pip_config: ~/my.conf:1: expected ']' after the section's name");
    home_write(&h, "my.conf", "[global]\nin dex = 1\n");
    CHECK_STR(home_load(&h), "pip_config: ~/my.conf:2: 'in dex' is no name of an option");
    home_choose(&h, "auto"); /* of one that is found the rest of the world knows nothing */
    home_write(&h, ".config/pip/pip.conf", "[global]\nproxy = x\nnonsense\n");
    CHECK_NULL(strstr(home_load(&h), "nonsense"));
    home_close(&h);
}

TEST(files_that_a_variable_names_are_shown_but_never_a_whole_home)
{
    struct home h;

    home_open(&h);
    home_choose(&h, "~/my.conf");
    home_write(&h, "ca.pem", "x");
    home_write(&h, "data/x", "x");
    home_write(&h, "wheels/x.whl", "x");
    home_write(&h, "my.conf",
               "[global]\ncert = ~/ca.pem\n"
               "find-links = ~/wheels/ ~/absent ~ /usr/share /../etc\n   ~/data https://h/x\n"
               "index-url = file:///tmp/../etc\n");
    h.environment[2] = "SSL_CERT_FILE=relative";
    CHECK_STR(home_load(&h),
              "PIP_CERT=~/ca.pem; PIP_FIND_LINKS=~/wheels/ ~/absent ~ /usr/share /../etc ~/data "
              "https://h/x; PIP_INDEX_URL=file:///tmp/../etc; SSL_CERT_FILE=relative; ~/ca.pem; "
              "~/wheels; ");
    home_close(&h);
}

TEST(passwords_are_not_shown)
{
    cleanup_buf struct buf text = BUF_INIT;

    podpython_show("PIP_EXTRA_INDEX_URL=https://me:pa@ss@h.example/simple http://h/a@b", &text);
    CHECK_STR(buf_cstring(&text), "PIP_EXTRA_INDEX_URL=https://***@h.example/simple http://h/a@b");
}

TESTS_MAIN(T_(a_configuration_file_becomes_variables),
           T_(variables_count_more_than_files_and_the_setting_more_than_both),
           T_(files_are_found_where_pip_finds_them),
           T_(a_file_that_is_named_must_be_there_and_well_formed),
           T_(files_that_a_variable_names_are_shown_but_never_a_whole_home),
           T_(passwords_are_not_shown))
