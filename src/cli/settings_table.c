#include "cli/settings_table.h"

#include <assert.h>
#include <ctype.h>
#include <string.h>

#include "cli/option.h"

#define NAME_(id, name) name,
static const char *const isolations[] = {SETTINGS_ISOLATIONS(NAME_) NULL};
static const char *const levels[] = {LOG_LEVELS(NAME_) NULL};
static const char *const data_words[] = {"auto", NULL};
static const char *const file_words[] = {"none", NULL};
static const char *const pip_words[] = {"auto", "none", NULL};

#define ROW(field, kind) \
    .name = #field, .type = SETTING_##kind, .offset = offsetof(struct settings, field)
#define MI (INT64_C(1) << 20)
#define GI (INT64_C(1) << 30)

static const struct setting rows[] = {
    {ROW(data, PATH), .standard = "auto", .choices = data_words, .argument = "DIR",
     .help = "directory of everything that is kept (auto: /var/lib/sluice for root, else "
             "~/.local/share/sluice)"},
    {ROW(isolation, CHOICE), .standard = "auto", .choices = isolations, .argument = "LEVEL",
     .help = "how steps are kept apart: auto takes the best that 'sluice doctor' finds; full, user "
             "and none ask for one and fail where it is not to be had"},
    {ROW(log_level, CHOICE), .standard = "warn", .choices = levels, .argument = "LEVEL",
     .help = "least weight of the lines that sluice itself logs to stderr"},
    {ROW(log_limit, BYTES), .standard = "64Mi", .min = 64 * 1024, .max = 64 * GI,
     .argument = "SIZE",
     .help = "what is kept of one container's log: its head, and as much of its tail"},
    {ROW(max_pods, NUMBER), .standard = "0", .min = 0, .max = 10000, .argument = "COUNT",
     .help =
         "pods that run at the same time, if their requests allow; the others queue (0: 110, as "
         "kubelet has it)"},
    {ROW(strict_requests, SWITCH), .standard = "false",
     .help = "a pod that requests more than the machine has stays Unschedulable; otherwise it gets "
             "all there is, and a warning (a device that is not there is waited for in any case)"},
    {ROW(images, IMAGES), .standard = "", .argument = "PATTERN=TARGET",
     .help = "what stands in for an image: host (this machine's programs), a directory, or "
             "python:VERSION; * stands for any text, the first rule that matches counts",
     .example = "  - {image: \"example/tool:*\", host: true}\n"
                "  - {image: \"example/model:2\", directory: /srv/images/model-2}\n"
                "  - {image: \"tensorflow/tensorflow:*\", python: \"3.11\"}\n"},
    {ROW(host_paths, PATHS), .standard = "", .argument = "DIR",
     .help = "directories that hostPath volumes may name, with everything below them",
     .example = "  - /srv/data\n"},
    {ROW(shared, PATHS), .standard = "", .argument = "DIR",
     .help = "directories of this machine that every step sees at the same path, read-only",
     .example = "  - /usr/local/cuda\n"},
    {ROW(loopback_ports, NUMBERS), .standard = "", .min = 1, .max = 65535, .argument = "PORT",
     .help = "ports of this machine's 127.0.0.1 that steps reach at their localhost (a proxy or "
             "package index there that Python pods are told of is reached anyway)",
     .example = "  - 3128\n"},
    {ROW(reserve, BYTES), .standard = "1Gi", .min = 16 * MI, .max = 1024 * GI * 16,
     .argument = "SIZE",
     .help =
         "free space to keep on the data directory's disk: below it the pod that wrote most (its "
         "log counts) is evicted, and pods start one at a time"},
    {ROW(artifact_key, TEXT), .standard = "{{workflow.name}}/{{pod.name}}", .argument = "TEMPLATE",
     .help = "where output artifacts and logs go that name no key: a folder of the artifact store, "
             "with names of the workflow, the pod and its inputs"},
    {ROW(workflow_defaults, PATH), .standard = "none", .choices = file_words, .argument = "FILE",
     .help = "a Workflow as YAML or JSON: what of its labels, annotations and spec a workflow does "
             "not say itself counts for it (Argo's workflowDefaults)"},
    {ROW(history_workflows, NUMBER), .standard = "10000", .min = 0, .max = 1000000000,
     .argument = "COUNT",
     .help = "finished workflows that are kept; the oldest go, with their pods, logs and artifacts "
             "(0: all)"},
    {ROW(history_days, NUMBER), .standard = "90", .min = 0, .max = 36500, .argument = "DAYS",
     .help = "days that finished workflows are kept (0: for ever)"},
    {ROW(history_bytes, BYTES), .standard = "20Gi", .min = 0, .max = 1024 * GI * 1024,
     .argument = "SIZE",
     .help =
         "what finished workflows may take on the disk, with logs, artifacts and rows; beyond it "
         "the oldest go (0: all there is)"},
    {ROW(history_pods, NUMBER), .standard = "12500", .min = 0, .max = 1000000000,
     .argument = "COUNT", .help = "finished pods that are kept; the oldest go, with their logs"},
    {ROW(server, TEXT), .standard = "", .argument = "URL",
     .help =
         "the server that commands talk to, http://HOST:PORT or https://HOST:PORT (empty: the one "
         "that used the data directory last)"},
    {ROW(server_token, TEXT), .standard = "", .argument = "TOKEN",
     .help = "the token with which commands log in (empty: the data directory's own)"},
    {ROW(server_ca, TEXT), .standard = "", .argument = "FILE",
     .help = "the certificates that an https server's must come from (empty: the data directory's "
             "authority)"},
    {ROW(environment, TEXTS),
     .standard = "PIP_*,SSL_CERT_FILE,SSL_CERT_DIR,REQUESTS_CA_BUNDLE,CURL_CA_BUNDLE,http_proxy,"
                 "https_proxy,no_proxy,HTTP_PROXY,HTTPS_PROXY,NO_PROXY",
     .argument = "NAME",
     .help = "variables of sluice's own environment that Python pods get (a final * stands for any "
             "text; those that say where pip writes are left out)"},
    {ROW(pip, PAIRS), .standard = "", .argument = "NAME=VALUE",
     .help = "options of pip, by their long names, for Python pods",
     .example = "  timeout: 60\n  no-cache-dir: true\n"},
    {ROW(pip_config, PATH), .standard = "auto", .choices = pip_words, .argument = "FILE",
     .help = "pip's configuration file for Python pods (auto: those that pip finds for the user "
             "who runs sluice, none: no file)"},
    {ROW(listen, TEXT), .standard = "127.0.0.1:8080", .argument = "ADDR:PORT",
     .help = "where 'sluice up' serves HTTP without encryption (port 0: a free one); the user who "
             "runs it needs no login there"},
    {ROW(tls_listen, TEXT), .standard = "127.0.0.1:6443", .argument = "ADDR:PORT",
     .help = "where 'sluice up' serves with TLS, under a certificate authority of its own (port 0: "
             "a free one); everybody needs a token there"},
    {ROW(token_auth_file, PATH), .standard = "none", .choices = file_words, .argument = "FILE",
     .help = "users of 'sluice up' and their tokens, in kube-apiserver's format: lines of "
             "token,user,uid,\"group,group\" (none: only the server's own token)"},
};

static_assert(ARRAY_LEN(rows) <= SETTINGS_MAX, "struct settings.origins has room for each");

const struct setting *
settings_table(size_t *n)
{
    *n = ARRAY_LEN(rows);
    return rows;
}

const struct setting *
setting_find(struct str name)
{
    for (size_t i = 0; i < ARRAY_LEN(rows); i++)
        if (str_is(name, rows[i].name))
            return &rows[i];
    return NULL;
}

void
setting_variable(const struct setting *row, char *to, size_t size)
{
    size_t n = (size_t)snprintf(to, size, "SLUICE_%s", row->name);

    for (size_t i = 0; i < n && i < size; i++)
        to[i] = (char)toupper((unsigned char)to[i]);
}

void
setting_flag(const struct setting *row, char *to, size_t size)
{
    snprintf(to, size, "--%s", row->name);
    for (char *at = to; (at = strchr(at, '_')) != NULL;)
        *at = '-';
}

/* Built on the first call: a table of constants cannot be made of another by the compiler. */
const struct option *
settings_options(void)
{
    static struct option options[ARRAY_LEN(rows) + 2];

    if (options[0].name == NULL) {
        for (size_t i = 0; i < ARRAY_LEN(rows); i++)
            options[i + 1] = (struct option){
                .name = rows[i].name,
                .argument = rows[i].argument,
                .help = rows[i].help,
                .choices = rows[i].choices,
                .repeats = rows[i].type >= SETTING_TEXTS,
            };
        options[0] = (struct option){
            .name = "config", .argument = "FILE", .help = "the sluice.yaml to read"};
    }
    return options;
}
