/* The small pure parts: images, environment, admission, back-off, logs, UTF-8. */
#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>

#include "base/arena.h"
#include "base/buf.h"
#include "base/err.h"
#include "base/mem.h"
#include "base/utf8.h"
#include "data/json.h"
#include "io/file.h"
#include "runner/admission.h"
#include "runner/backoff.h"
#include "runner/env.h"
#include "runner/images.h"
#include "runner/logs.h"
#include "runner/podio.h"
#include "runner/podspec.h"
#include "runner/runtime.h"
#include "runner/source.h"
#include "tests/unit/data/parsed.h"
#include "tests/unit/test.h"

TEST(images_are_matched_by_the_first_rule_that_covers_them)
{
    static const struct image_rule rules[] = {
        {"quay.io/argoproj/argosay:*", IMAGE_DIRECTORY, "/srv/argosay"},
        {"python:3.9*", IMAGE_PYTHON, "/opt/py39"},
    };
    struct image_rules set = {rules, ARRAY_LEN(rules)};
    cleanup_arena struct arena a = ARENA_INIT;
    struct image image;
    struct err e = ERR_INIT;

    CHECK_INT(images_resolve(&set, STR("quay.io/argoproj/argosay:v2"), &a, &image, &e), 0);
    CHECK_INT(image.kind, IMAGE_DIRECTORY);
    CHECK_INT(images_resolve(&set, STR("docker.io/library/alpine:3.18"), &a, &image, &e), 0);
    CHECK_INT(image.kind, IMAGE_HOST);
    CHECK_INT(images_resolve(&set, STR("python:3.9-slim"), &a, &image, &e), 0);
    CHECK_STR(image.target, "/opt/py39");
    CHECK_INT(images_resolve(&set, STR("python:3.11.4-alpine"), &a, &image, &e), 0);
    CHECK_STR(image.target, "3.11.4");
    CHECK_INT(images_resolve(&set, STR("python"), &a, &image, &e), 0);
    CHECK_NULL(image.target);
    CHECK_INT(images_resolve(&set, STR("localhost:5000/python:3"), &a, &image, &e), ERR_NOTFOUND);
    CHECK_CONTAINS(e.msg, "sluice image alias localhost:5000/python:3 TARGET");
}

TEST(names_in_parentheses_stand_for_variables_and_two_dollars_for_one)
{
    cleanup_arena struct arena a = ARENA_INIT;
    env_vars vars = VEC_INIT;

    env_set(&vars, STR("A"), STR("1"));
    CHECK_STR(env_expand(&vars, STR("x$(A)y"), &a), "x1y");
    CHECK_STR(env_expand(&vars, STR("$$(A) $(B) $A $"), &a), "$(A) $(B) $A $");
    CHECK_STR(env_expand(&vars, STR("$(A"), &a), "$(A");
    CHECK_STR(env_expand(&vars, STR("$$$(A)"), &a), "$1");
    vec_done(&vars);
}

static const char pod[] =
    "{\"metadata\":{\"name\":\"p\",\"namespace\":\"ns\",\"uid\":\"u\",\"labels\":{\"a/b\":\"x\"}},"
    "\"spec\":{\"containers\":[{\"name\":\"main\",\"image\":\"i\",\"resources\":{\"limits\":{"
    "\"memory\":\"64Mi\",\"cpu\":\"1500m\"}},\"envFrom\":[{\"prefix\":\"C_\",\"configMapRef\":{"
    "\"name\":\"cm\"}},{\"secretRef\":{\"name\":\"gone\",\"optional\":true}}],\"env\":["
    "{\"name\":\"ONE\",\"value\":\"1\"},{\"name\":\"TWO\",\"value\":\"$(ONE)2\"},"
    "{\"name\":\"L\",\"valueFrom\":{\"fieldRef\":{\"fieldPath\":\"metadata.labels['a/b']\"}}},"
    "{\"name\":\"M\",\"valueFrom\":{\"resourceFieldRef\":{\"resource\":\"limits.memory\","
    "\"divisor\":\"1Mi\"}}},{\"name\":\"U\",\"valueFrom\":{\"resourceFieldRef\":{\"resource\":"
    "\"limits.cpu\"}}},{\"name\":\"S\",\"valueFrom\":{\"secretKeyRef\":{\"name\":\"s\",\"key\":"
    "\"k\"}}},{\"name\":\"N\",\"valueFrom\":{\"secretKeyRef\":{\"name\":\"s\",\"key\":\"nope\","
    "\"optional\":true}}}]}]}}";

static int
build_env(const char *secret_key, env_vars *vars, struct arena *a, struct err *e)
{
    static const struct source_machine machine = {2000, 1 << 30, "n", "127.0.0.1", "127.0.0.1"};
    cleanup_buf struct buf secret = BUF_INIT;
    cleanup_plan struct plan *p = plan_new();
    struct podspec *spec;

    buf_printf(&secret, "{\"kind\":\"Secret\",\"data\":{\"%s\":\"aGk=\"}}", secret_key);
    p->namespace = xstrdup("ns");
    p->pod = parsed(pod);
    p->sources = NEW_ARRAY(struct plan_source, 2);
    p->sources[p->sources_n++] =
        (struct plan_source){xstrdup("ConfigMap"), xstrdup("cm"),
                             parsed("{\"kind\":\"ConfigMap\",\"data\":{\"x\":\"cx\"}}")};
    p->sources[p->sources_n++] =
        (struct plan_source){xstrdup("Secret"), xstrdup("s"), parsed(buf_cstring(&secret))};
    CHECK_INT(podspec_parse(json_root(p->pod), a, &spec, e), 0);
    /* The arena outlives the document's texts: copy what is compared. */
    int rc = env_build(p, spec, &spec->containers[0], &machine, a, vars, e);

    for (size_t i = 0; i < vars->n; i++)
        vars->at[i].name = str_of(str_dup_arena(a, vars->at[i].name));
    return rc;
}

/* The value, or STR_NULL. */
static struct str
value_of(const env_vars *vars, const char *name)
{
    for (size_t i = 0; i < vars->n; i++)
        if (str_is(vars->at[i].name, name))
            return vars->at[i].value;
    return STR_NULL;
}

TEST(the_environment_comes_from_config_maps_secrets_fields_and_resources)
{
    cleanup_arena struct arena a = ARENA_INIT;
    env_vars vars = VEC_INIT;
    struct err e = ERR_INIT;

    CHECK_INT(build_env("k", &vars, &a, &e), 0);
    CHECK_VIEW(value_of(&vars, "C_x"), "cx");
    CHECK_VIEW(value_of(&vars, "TWO"), "12");
    CHECK_VIEW(value_of(&vars, "L"), "x");
    CHECK_VIEW(value_of(&vars, "M"), "64");
    CHECK_VIEW(value_of(&vars, "U"), "2");
    CHECK_VIEW(value_of(&vars, "S"), "hi");
    CHECK_NULL(value_of(&vars, "N").p);
    vec_done(&vars);
}

TEST(a_missing_key_is_named_as_kubelet_names_it)
{
    cleanup_arena struct arena a = ARENA_INIT;
    env_vars vars = VEC_INIT;
    struct err e = ERR_INIT;

    CHECK_INT(build_env("other", &vars, &a, &e), ERR_NOTFOUND);
    CHECK_STR(e.msg, "couldn't find key k in Secret ns/s");
    vec_done(&vars);
}

TEST(a_spec_that_cannot_run_here_is_refused_with_the_fields_path)
{
    static const struct {
        const char *spec, *message;
    } bad[] = {
        {"{}", "spec.containers: Required value"},
        {"{\"containers\":[{\"name\":\"a\"}]}", "spec.containers[0].image: Required value"},
        {"{\"containers\":[{\"name\":\"../x\",\"image\":\"i\"}]}",
         "spec.containers[0].name: must be a DNS label of at most 63 characters"},
        {"{\"restartPolicy\":\"Sometimes\",\"containers\":[]}",
         "spec.restartPolicy: Unsupported value: \"Sometimes\": supported values: \"Always\", "
         "\"OnFailure\", \"Never\""},
        {"{\"containers\":[{\"name\":\"a\",\"image\":\"i\",\"livenessProbe\":{\"httpGet\":{}}}]}",
         "spec.containers[0].livenessProbe.httpGet.port: Required value"},
        {"{\"containers\":[{\"name\":\"a\",\"image\":\"i\",\"volumeMounts\":[{\"name\":\"v\","
         "\"mountPath\":\"/v\"}]}]}",
         "container a: volumeMounts[0].name: Not found: \"v\""},
        {"{\"containers\":[{\"name\":\"a\",\"image\":\"i\",\"command\":\"ls\"}]}",
         "spec.containers[0].command: must be a list"},
    };

    for (size_t i = 0; i < ARRAY_LEN(bad); i++) {
        cleanup_arena struct arena a = ARENA_INIT;
        cleanup_buf struct buf text = BUF_INIT;
        struct podspec *spec;
        struct err e = ERR_INIT;

        buf_printf(&text, "{\"metadata\":{\"name\":\"p\"},\"spec\":%s}", bad[i].spec);

        cleanup_json struct json_doc *d = parsed(buf_cstring(&text));

        CHECK_INT(podspec_parse(json_root(d), &a, &spec, &e), ERR_INVALID);
        CHECK_STR(e.msg, bad[i].message);
    }
}

static char admitted[64];

static void
on_admit(struct admission_pod *p)
{
    strncat(admitted, p->name, sizeof admitted - strlen(admitted) - 1);
}

TEST(pods_are_admitted_in_order_as_starts_and_processors_allow)
{
    struct admission a;
    struct admission_pod p[4];
    cleanup_buf struct buf why = BUF_INIT;

    admitted[0] = '\0';
    admission_init(&a, 2, 0, 2000, 1 << 30, on_admit);
    CHECK_FALSE(admission_queue(&a, &p[0], "ns", "a", 1500, 0));
    CHECK_TRUE(admission_queue(&a, &p[1], "ns", "b", 9000, 0)); /* cut to the machine */
    CHECK_FALSE(admission_queue(&a, &p[2], "ns", "c", 0, 0));
    CHECK_FALSE(admission_queue(&a, &p[3], "ns", "d", 0, 0));
    admission_run(&a);
    CHECK_STR(admitted, "");
    admission_reason(&a, &p[0], &why);
    CHECK_STR(buf_cstring(&why), "waiting until the pods of an earlier process are known");
    buf_clear(&why);
    admission_open(&a);
    CHECK_STR(admitted, "ac"); /* b does not fit; the third may pass it; two starts at most */
    admission_reason(&a, &p[3], &why);
    CHECK_STR(buf_cstring(&why), "waiting for 2 other starts");
    buf_clear(&why);
    admission_reason(&a, &p[1], &why);
    CHECK_STR(buf_cstring(&why), "waiting for cpu: 1.6 of 2 in use by a, c");
    admission_started(&a, &p[0]);
    admission_run(&a);
    CHECK_STR(admitted, "acd");
    admission_leave(&a, &p[0]);
    admission_leave(&a, &p[2]);
    admission_run(&a);
    CHECK_STR(admitted, "acd");
    admission_leave(&a, &p[3]);
    admission_run(&a);
    CHECK_STR(admitted, "acdb");
    admission_leave(&a, &p[1]);
    CHECK_INT(a.pods, 0);
    CHECK_INT(a.cpu_used, 0);
}

TEST(on_a_disk_that_is_low_pods_are_admitted_one_at_a_time)
{
    struct admission a;
    struct admission_pod p[3];
    cleanup_buf struct buf why = BUF_INIT;

    admitted[0] = '\0';
    admission_init(&a, 2, 0, 2000, 1 << 30, on_admit);
    admission_open(&a);
    admission_alone(&a, true);
    for (int i = 0; i < 3; i++)
        admission_queue(&a, &p[i], "ns", (const char *[]){"a", "b", "c"}[i], 0, 0);
    admission_run(&a);
    CHECK_STR(admitted, "a");
    admission_reason(&a, &p[1], &why);
    CHECK_STR(buf_cstring(&why), "waiting for room on the disk: less than the reserve is free");
    admission_leave(&a, &p[0]);
    admission_run(&a);
    CHECK_STR(admitted, "ab");
    admission_alone(&a, false);
    CHECK_STR(admitted, "abc");
}

TEST(a_port_of_the_machine_is_one_pods_and_those_that_wait_for_it_hold_nobody_up)
{
    static const struct admission_port web = {8080, false}, name = {8080, true};
    struct admission a;
    struct admission_pod p[3 + ADMISSION_PASSES];
    cleanup_buf struct buf why = BUF_INIT;

    admission_init(&a, ARRAY_LEN(p), 0, 64000, 1 << 30, on_admit);
    admission_open(&a);
    admission_adopt(&a, &p[0], "ns", "holder", 0, 0);
    admission_claim(&a, &p[0], &web, 1);
    admission_queue(&a, &p[1], "ns", "waits", 0, 0);
    admission_claim(&a, &p[1], &web, 1);
    for (size_t i = 2; i < ARRAY_LEN(p); i++)
        admission_queue(&a, &p[i], "ns", "passes", 0, 0);
    admission_claim(&a, &p[2], &name, 1);
    admission_run(&a);
    for (size_t i = 2; i < ARRAY_LEN(p); i++)
        CHECK_INT(p[i].state, ADMISSION_STARTING);
    CHECK_INT(p[1].state, ADMISSION_QUEUED);
    admission_reason(&a, &p[1], &why);
    CHECK_STR(buf_cstring(&why),
              "waiting for port 8080/TCP of the machine, which pod ns/holder holds");
    admission_leave(&a, &p[0]);
    admission_run(&a);
    CHECK_INT(p[1].state, ADMISSION_STARTING);
    admission_leave(&a, &p[1]);
    admission_done(&a);
}

TEST(pauses_double_up_to_five_minutes_and_a_steady_run_forgives)
{
    struct backoff b = {0};
    static const int64_t seconds[] = {0, 10, 20, 40, 80, 160, 300, 300};

    for (size_t i = 0; i < ARRAY_LEN(seconds); i++)
        CHECK_INT(backoff_pause(&b, 1), seconds[i] * 1000000);
    CHECK_INT(backoff_pause(&b, BACKOFF_FORGIVEN_US), 0);
    CHECK_INT(backoff_pause(&b, 1), BACKOFF_FIRST_US);
}

TEST(log_records_are_cut_whole_and_decoded)
{
    struct str rest = STR("2026-01-01T00:00:00.1Z stdout F hello world\n"
                          "2026-01-01T00:00:00.2Z stderr P part\ntorn line\nhalf");
    struct logs_record r;

    CHECK_TRUE(logs_cut(&rest, &r));
    CHECK_VIEW(r.text, "hello world");
    CHECK_VIEW(r.stream, "stdout");
    CHECK_FALSE(r.partial);
    CHECK_TRUE(logs_cut(&rest, &r));
    CHECK_TRUE(r.partial);
    CHECK_VIEW(r.stream, "stderr");
    CHECK_TRUE(logs_cut(&rest, &r));
    CHECK_VIEW(r.text, "torn line");
    CHECK_FALSE(logs_cut(&rest, &r));
    CHECK_VIEW(rest, "half");
}

TEST(a_log_is_shortened_to_whole_records_and_says_why)
{
    static const char log[] = "1Z stdout F one\n2Z stderr F two\n3Z stdout F three\n";
    static const char rest[] = "1Z stdout F one\n2Z stderr F two\n2Z stderr F [sluice: because]\n";
    char dir[] = "/tmp/test_logs.XXXXXX";
    cleanup_buf struct buf text = BUF_INIT;
    cleanup_close int fd = -1;
    struct err e = ERR_INIT;

    CHECK_NOT_NULL(mkdtemp(dir));
    fd = file_open_dir(AT_FDCWD, dir, &e);
    CHECK_INT(logs_shorten(fd, "log", 40, "because", &e), 0); /* there is none */
    CHECK_INT(file_write(fd, "log", str_of(log), 0600, &e), 0);
    CHECK_INT(logs_shorten(fd, "log", sizeof log - 1, "because", &e), 0); /* it is short enough */
    CHECK_INT(file_read(fd, "log", 1000, &text, &e), 0);
    CHECK_STR(buf_cstring(&text), log);
    buf_clear(&text);
    CHECK_INT(logs_shorten(fd, "log", 40, "because", &e), 0);
    CHECK_INT(file_read(fd, "log", 1000, &text, &e), 0);
    CHECK_STR(buf_cstring(&text), rest);
    CHECK_INT(file_remove_tree(AT_FDCWD, dir, &e), 0);
}

static void
end_is(int dir, const char *log, const char *want)
{
    cleanup_buf struct buf text = BUF_INIT;
    struct err e = ERR_INIT;

    CHECK_INT(file_write(dir, "log", str_of(log), 0600, &e), 0);
    CHECK_INT(logs_end(dir, "log", &text, &e), 0);
    CHECK_STR(buf_cstring(&text), want);
}

TEST(the_end_of_a_log_is_its_last_lines_up_to_2048_bytes)
{
    char dir[] = "/tmp/test_logs.XXXXXX";
    cleanup_buf struct buf log = BUF_INIT, want = BUF_INIT;
    cleanup_close int fd = -1;
    struct err e = ERR_INIT;

    CHECK_NOT_NULL(mkdtemp(dir));
    fd = file_open_dir(AT_FDCWD, dir, &e);
    CHECK_TRUE(logs_end(fd, "log", &log, &e) < 0); /* there is none */
    end_is(fd, "", "");
    end_is(fd, "1Z stdout F one\n2Z stderr P t\n2Z stderr F wo\n", "one\ntwo\n");
    for (int i = 0; i < 100; i++) {
        buf_printf(&log, "1Z stdout F %d\n", i);
        if (i >= 100 - LOGS_END_LINES)
            buf_printf(&want, "%d\n", i);
    }
    end_is(fd, buf_cstring(&log), buf_cstring(&want));
    for (int i = 0; i < 200; i++) /* longer than what is read of it */
        buf_printf(&log, "1Z stdout F %0999d\n", i);
    buf_clear(&want);
    buf_printf(&want, "%047d\n%0999d\n%0999d\n", 197, 198, 199);
    end_is(fd, buf_cstring(&log), buf_cstring(&want));
    CHECK_INT(file_remove_tree(AT_FDCWD, dir, &e), 0);
}

TEST(bytes_that_are_no_text_become_replacement_characters)
{
    cleanup_buf struct buf b = BUF_INIT;

    utf8_clean(STR("a\xff\xc3\xa9\xed\xa0\x80z\xe2\x82"), &b);
    CHECK_STR(buf_cstring(&b), "a\xef\xbf\xbd\xc3\xa9\xef\xbf\xbd\xef\xbf\xbd\xef\xbf\xbdz"
                               "\xef\xbf\xbd\xef\xbf\xbd");
}

TESTS_MAIN(T_(images_are_matched_by_the_first_rule_that_covers_them),
           T_(names_in_parentheses_stand_for_variables_and_two_dollars_for_one),
           T_(the_environment_comes_from_config_maps_secrets_fields_and_resources),
           T_(a_missing_key_is_named_as_kubelet_names_it),
           T_(a_spec_that_cannot_run_here_is_refused_with_the_fields_path),
           T_(pods_are_admitted_in_order_as_starts_and_processors_allow),
           T_(a_port_of_the_machine_is_one_pods_and_those_that_wait_for_it_hold_nobody_up),
           T_(pauses_double_up_to_five_minutes_and_a_steady_run_forgives),
           T_(on_a_disk_that_is_low_pods_are_admitted_one_at_a_time),
           T_(log_records_are_cut_whole_and_decoded),
           T_(a_log_is_shortened_to_whole_records_and_says_why),
           T_(the_end_of_a_log_is_its_last_lines_up_to_2048_bytes),
           T_(bytes_that_are_no_text_become_replacement_characters))
