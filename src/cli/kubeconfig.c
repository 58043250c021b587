/*
 * `sluice kubeconfig`: a file with which kubectl finds the server of a data directory.
 *
 * It holds the server's own token, so it is as secret as the data directory that it lies in.
 */
#include <fcntl.h>
#include <stdlib.h>

#include "auth/auth.h"
#include "base/buf.h"
#include "base/err.h"
#include "cli/cli.h"
#include "cli/serverfile.h"
#include "cli/settings.h"
#include "data/base64.h"
#include "data/json.h"
#include "data/yaml.h"
#include "io/file.h"

enum { MAX_BYTES = 256 * 1024 };

#define NAME "sluice"

/* One entry of a list of named things; its object stays open. */
static void
begin_entry(struct json_build *b, const char *list, const char *what)
{
    json_add_array(b, list);
    json_add_object(b, NULL);
    json_add_cstr(b, "name", NAME);
    json_add_object(b, what);
}

static void
end_entry(struct json_build *b)
{
    json_end(b);
    json_end(b);
    json_end(b);
}

static struct json_doc *
compose(const struct serverfile *s, struct str ca, struct str token)
{
    cleanup_buf struct buf encoded = BUF_INIT;
    struct json_build b = JSON_BUILD_INIT;

    json_add_object(&b, NULL);
    json_add_cstr(&b, "apiVersion", "v1");
    json_add_cstr(&b, "kind", "Config");
    begin_entry(&b, "clusters", "cluster");
    json_add_cstr(&b, "server", s->tls_url != NULL ? s->tls_url : s->url);
    if (ca.n > 0) {
        base64_encode(ca, BASE64_STANDARD, &encoded);
        json_add_str(&b, "certificate-authority-data", buf_view(&encoded));
    }
    end_entry(&b);
    begin_entry(&b, "contexts", "context");
    json_add_cstr(&b, "cluster", NAME);
    json_add_cstr(&b, "namespace", "default");
    json_add_cstr(&b, "user", NAME);
    end_entry(&b);
    json_add_cstr(&b, "current-context", NAME);
    begin_entry(&b, "users", "user");
    json_add_str(&b, "token", token);
    end_entry(&b);
    json_end(&b);
    return json_build_done(&b);
}

static int
write_file(const char *data_dir, const char *path, struct err *e)
{
    cleanup_serverfile struct serverfile server = {.url = NULL};
    cleanup_free char *token_path = auth_token_path(data_dir);
    cleanup_free char *ca_path = xasprintf("%s/auth/ca.crt", data_dir);
    cleanup_buf struct buf token = BUF_INIT, ca = BUF_INIT, text = BUF_INIT;
    cleanup_json struct json_doc *doc = NULL;

    if (serverfile_read(data_dir, &server, e) < 0 ||
        file_read(AT_FDCWD, token_path, MAX_BYTES, &token, e) < 0 ||
        (server.tls_url != NULL && file_read(AT_FDCWD, ca_path, MAX_BYTES, &ca, e) < 0))
        return e->code;
    doc = compose(&server, buf_view(&ca), str_trim(buf_view(&token)));
    yaml_write(&text, json_root(doc));
    return file_replace(AT_FDCWD, path, buf_view(&text), 0600, false, e);
}

static int
kubeconfig_run(struct cli *c)
{
    cleanup_free char *path = xasprintf("%s/kubeconfig", c->settings->data);
    struct err e = ERR_INIT;

    if (write_file(c->settings->data, path, &e) < 0)
        return cli_fail(c, &e);
    fprintf(c->out, "%s\n", path);
    return CLI_OK;
}

const struct cli_command kubeconfig_command = {
    .name = "kubeconfig",
    .help = "write a kubeconfig for the server and print its path",
    .details = "    export KUBECONFIG=$(sluice kubeconfig)\n"
               "\n"
               "The file lies in the data directory and holds a token that may do everything.",
    .settings = true,
    .run = kubeconfig_run,
};
