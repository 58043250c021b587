#include "cli/settings.h"

#include <fcntl.h>
#include <stdlib.h>

#include "base/buf.h"
#include "base/err.h"
#include "base/mem.h"
#include "cli/option.h"
#include "io/file.h"

#include "tests/unit/test.h"

/* A home directory of the test's own, and what is read from it. */
struct home {
    char path[64];
    char variable[80];
    const char *environment[8];
    struct options *flags;
    struct err e;
};

static void
home_init(struct home *h)
{
    *h = (struct home){.path = "/tmp/sluice-unit-XXXXXX", .e = ERR_INIT};
    CHECK_NOT_NULL(mkdtemp(h->path));
    snprintf(h->variable, sizeof h->variable, "HOME=%s", h->path);
    h->environment[0] = h->variable;
}

static void
home_done(struct home *h)
{
    CHECK_INT(file_remove_tree(AT_FDCWD, h->path, &h->e), 0);
    options_free(h->flags);
}

static void
home_write(struct home *h, const char *text)
{
    cleanup_free char *path = xasprintf("%s/.config/sluice/sluice.yaml", h->path);

    CHECK_INT(file_mkparents(AT_FDCWD, path, 0755, &h->e), 0);
    CHECK_INT(file_write(AT_FDCWD, path, str_of(text), 0644, &h->e), 0);
}

/* The settings, or NULL with the message in h->e. */
static struct settings *
home_load(struct home *h)
{
    struct settings *s = NULL;
    struct settings_input in = {
        .flags = h->flags, .environment = h->environment, .system_directory = h->path};

    h->e = ERR_INIT;
    return settings_load(&in, &s, &h->e) == 0 ? s : NULL;
}

static void
home_flags(struct home *h, int argc, char *const *argv)
{
    CHECK_INT(options_parse(settings_options(), NULL, argc, argv, 0, &h->flags, &h->e), 0);
}

TEST(a_flag_counts_before_a_variable_before_the_file_before_the_default)
{
    struct home h;
    char *argv[] = {(char[]){"--max-pods=4"}};
    struct settings *s;

    home_init(&h);
    home_write(&h, "max_pods: 2\nlog_limit: 1Mi\nreserve: 2Gi\n");
    h.environment[1] = "SLUICE_MAX_PODS=3";
    h.environment[2] = "SLUICE_LOG_LIMIT=2Mi";
    home_flags(&h, 1, argv);
    s = home_load(&h);
    CHECK_NOT_NULL(s);
    CHECK_INT(s->max_pods, 4);
    CHECK_INT(settings_origin(s, "max_pods"), SETTINGS_FLAG);
    CHECK_INT(s->log_limit, 2 << 20);
    CHECK_INT(settings_origin(s, "log_limit"), SETTINGS_ENVIRONMENT);
    CHECK_INT(s->reserve, INT64_C(2) << 30);
    CHECK_INT(settings_origin(s, "reserve"), SETTINGS_FILE);
    CHECK_INT(s->history_pods, 12500);
    CHECK_INT(settings_origin(s, "history_pods"), SETTINGS_DEFAULT);
    CHECK_CONTAINS(s->file, "/.config/sluice/sluice.yaml");
    settings_free(s);
    home_done(&h);
}

TEST(every_type_is_read_from_the_file)
{
    struct home h;
    struct settings *s;

    home_init(&h);
    home_write(&h, "isolation: user\n"
                   "strict_requests: yes\n"
                   "data: ~/here/\n"
                   "images:\n"
                   "  - {image: a, host: true}\n"
                   "  - image: \"b:*\"\n"
                   "    python: 3.10\n"
                   "  - {image: c, directory: /srv/c}\n"
                   "host_paths: [/srv, ~/data]\n"
                   "environment:\n"
                   "pip: {timeout: 60, no-cache-dir: true}\n");
    s = home_load(&h);
    CHECK_STR(h.e.msg, "");
    CHECK_NOT_NULL(s);
    CHECK_INT(s->isolation, SETTINGS_USER);
    CHECK_TRUE(s->strict_requests);
    CHECK_CONTAINS(s->data, h.path);
    CHECK_STR(s->data + strlen(h.path), "/here");
    CHECK_INT(s->images.n, 3);
    CHECK_STR(s->images.at[1].pattern, "b:*");
    CHECK_INT(s->images.at[1].kind, SETTINGS_IMAGE_PYTHON);
    CHECK_STR(s->images.at[1].target, "3.10");
    CHECK_INT(s->images.at[1].line, 6);
    CHECK_STR(s->images.at[2].target, "/srv/c");
    CHECK_INT(s->host_paths.n, 2);
    CHECK_CONTAINS(s->host_paths.at[1], "/data");
    CHECK_INT(s->environment.n, 0);
    CHECK_INT(s->pip.n, 2);
    CHECK_STR(s->pip.at[1].value, "true");
    settings_free(s);
    home_done(&h);
}

TEST(a_wrong_file_is_named_with_line_column_and_what_was_expected)
{
    static const struct {
        const char *text, *message;
    } cases[] = {
        {"log_levle: info\n", "sluice.yaml:1:12: unknown setting 'log_levle'; did you mean "
                              "'log_level'?"},
        {"a: 1\n", "sluice.yaml:1:4: unknown setting 'a'"},
        {"\nlog_level: loud\n",
         "sluice.yaml:2:12: log_level: 'loud' is none of debug, info, warn, error"},
        {"log_limit: 1Q\n", "sluice.yaml:1:12: log_limit: '1Q' is no size: expected bytes or a "
                            "number with Ki, Mi, Gi, k, M or G"},
        {"log_limit: 1k\n", "sluice.yaml:1:12: log_limit: 1k is not between 64Ki and 64Gi"},
        {"max_pods: -1\n", "sluice.yaml:1:11: max_pods: -1 is not between 0 and 10000"},
        {"max_pods: [1]\n", "sluice.yaml:1:11: max_pods: expected COUNT, not an array"},
        {"shared: data\n", "sluice.yaml:1:9: shared: expected a list, not a string"},
        {"shared:\n  - data\n", "sluice.yaml:2:5: shared: 'data' is no absolute path"},
        {"images:\n  - {image: a}\n", "sluice.yaml:2:5: images: expected {image: PATTERN} with"},
        {"images:\n  - {image: a, host: false}\n", "sluice.yaml:2:22: images: host: must be true"},
        {"- 1\n", "sluice.yaml:1:1: expected settings as NAME: VALUE, not an array"},
        {"max_pods: 1\n---\nmax_pods: 2\n", "a second document; expected one"},
        {"max_pods: 1\nmax_pods: 2\n", "sluice.yaml:2:1: "},
        {"max_pods: {\n", "sluice.yaml:"},
    };

    for (size_t i = 0; i < ARRAY_LEN(cases); i++) {
        struct home h;

        home_init(&h);
        home_write(&h, cases[i].text);
        CHECK_NULL(home_load(&h));
        CHECK_CONTAINS(h.e.msg, cases[i].message);
        home_done(&h);
    }
}

TEST(wrong_variables_and_flags_are_named)
{
    struct home h;
    char *argv[] = {(char[]){"--images"}, (char[]){"alpine"}};

    home_init(&h);
    h.environment[1] = "SLUICE_LOG_LEVL=info";
    CHECK_NULL(home_load(&h));
    CHECK_STR(h.e.msg, "variable SLUICE_LOG_LEVL: no such setting; did you mean SLUICE_LOG_LEVEL?");
    h.environment[1] = "SLUICE_ISOLATION=best";
    CHECK_NULL(home_load(&h));
    CHECK_STR(h.e.msg, "variable SLUICE_ISOLATION: 'best' is none of auto, full, user, none");
    h.environment[1] = NULL;
    home_flags(&h, 2, argv);
    CHECK_NULL(home_load(&h));
    CHECK_STR(h.e.msg, "flag --images: 'alpine' is no rule: expected PATTERN=TARGET");
    home_done(&h);
}

TEST(a_file_that_is_named_must_exist)
{
    struct home h;

    home_init(&h);
    h.environment[1] = "SLUICE_CONFIG=/does/not/exist.yaml";
    CHECK_NULL(home_load(&h));
    CHECK_CONTAINS(h.e.msg, "/does/not/exist.yaml");
    home_done(&h);
}

TEST(repeated_flags_make_a_list_in_place_of_the_files)
{
    struct home h;
    char *argv[] = {(char[]){"--images=a=host"}, (char[]){"--images=b=python:3.11"},
                    (char[]){"--images"}, (char[]){"c=/srv/c"}};
    struct settings *s;

    home_init(&h);
    home_write(&h, "images: [{image: z, host: true}]\n");
    home_flags(&h, 4, argv);
    s = home_load(&h);
    CHECK_NOT_NULL(s);
    CHECK_INT(s->images.n, 3);
    CHECK_STR(s->images.at[1].target, "3.11");
    CHECK_INT(s->images.at[2].kind, SETTINGS_IMAGE_DIRECTORY);
    settings_free(s);
    home_done(&h);
}

TEST(commas_separate_in_a_variable_and_belong_to_the_value_in_a_flag)
{
    struct home h;
    char *argv[] = {(char[]){"--pip=trusted-host=a,b"}};
    struct settings *s;

    home_init(&h);
    h.environment[1] = "SLUICE_ENVIRONMENT=A, B_*,,C";
    home_flags(&h, 1, argv);
    s = home_load(&h);
    CHECK_NOT_NULL(s);
    CHECK_INT(s->environment.n, 3);
    CHECK_STR(s->environment.at[1], "B_*");
    CHECK_INT(s->pip.n, 1);
    CHECK_STR(s->pip.at[0].value, "a,b");
    settings_free(s);
    home_done(&h);
}

TEST(what_config_prints_can_be_read_again)
{
    struct home h;
    struct settings *s, *again;
    cleanup_buf struct buf text = BUF_INIT, second = BUF_INIT;

    home_init(&h);
    home_write(&h, "images: [{image: \"a:*\", python: \"3.11\"}, {image: b, host: true}]\n"
                   "pip: {index-url: \"http://localhost/simple\"}\n"
                   "artifact_key: \"{{workflow.name}}\"\nlog_limit: 1000000\nmax_pods: 7\n");
    s = home_load(&h);
    CHECK_NOT_NULL(s);
    settings_print_yaml(&text, s);
    home_write(&h, buf_cstring(&text));
    again = home_load(&h);
    CHECK_STR(h.e.msg, "");
    CHECK_NOT_NULL(again);
    settings_print_yaml(&second, again);
    CHECK_STR(buf_cstring(&second), buf_cstring(&text));
    CHECK_CONTAINS(buf_cstring(&text), "\nmax_pods: 7\n");
    CHECK_CONTAINS(buf_cstring(&text), "\n#history_pods: 12500\n");
    settings_free(s);
    settings_free(again);
    home_done(&h);
}

TESTS_MAIN(T_(a_flag_counts_before_a_variable_before_the_file_before_the_default),
           T_(every_type_is_read_from_the_file),
           T_(a_wrong_file_is_named_with_line_column_and_what_was_expected),
           T_(wrong_variables_and_flags_are_named), T_(a_file_that_is_named_must_exist),
           T_(repeated_flags_make_a_list_in_place_of_the_files),
           T_(commas_separate_in_a_variable_and_belong_to_the_value_in_a_flag),
           T_(what_config_prints_can_be_read_again))
