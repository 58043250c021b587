/* Projections of certificates: bundles that are trusted, and a pod's own. */

#include "base/mem.h"
#include "data/json.h"
#include "schema/rules_int.h"

enum { HOUR_SECONDS = 3600, LIFE_SECONDS_MAX = 91 * 24 * HOUR_SECONDS };

/* Names of signers: "example.com/signer-name". */

static void
check_labels(struct rules *r, struct str segment, enum names_rule rule)
{
    struct str rest = segment;

    while (rest.p != NULL) {
        struct str label = str_cut(&rest, '.');
        struct names_wrong w = names_wrong(rule, label);

        for (size_t i = 0; i < w.n; i++) {
            cleanup_free char *text =
                xasprintf("validating label \"%.*s\": %s", STR_ARG(label), w.at[i]);

            rules_invalid_str(r, "signerName", segment, text);
        }
        if (w.n > 0)
            return; /* the others would say the same */
    }
}

static void
check_signer(struct rules *r, struct str name)
{
    struct str path = name, domain = str_cut(&path, '/');

    if (name.n == 0) {
        rules_required(r, "signerName", "");
        return;
    }
    if (path.p == NULL || str_find_char(path, '/', 0) >= 0) {
        rules_invalid_str(r, "signerName", name,
                          "must be a fully qualified domain and path of the form "
                          "'example.com/signer-name'");
        return;
    }
    check_labels(r, domain, NAMES_LABEL);
    if (str_find_char(domain, '.', 0) < 0)
        rules_invalid_str(r, "signerName", domain,
                          "should be a domain with at least two segments separated by dots");
    check_labels(r, path, NAMES_SUBDOMAIN);
}

/* Bundles. */

/* Those of a signer are "example.com:signer-name:any". */
static void
check_bundle_name(struct rules *r, struct str name)
{
    struct str last = name, part;
    const char *wrong;

    if (name.n == 0)
        rules_required(r, "name", "must be a valid object name");
    do
        part = str_cut(&last, ':');
    while (last.p != NULL);
    wrong = names_check(NAMES_SUBDOMAIN, part);
    if (wrong != NULL) {
        cleanup_free char *text = xasprintf("not a valid clustertrustbundlename: %s", wrong);

        rules_invalid_str(r, "name", name, text);
    }
}

static void
check_which(struct rules *r, const struct json *source, const struct json *bundle)
{
    const struct json *name = json_get(bundle, "name"), *signer = json_get(bundle, "signerName");

    if (!json_is_null(name) && !json_is_null(signer)) {
        rules_invalid_type(r, NULL, "VolumeProjection", source,
                           "only one of name and signerName may be used");
    } else if (!json_is_null(name)) {
        check_bundle_name(r, json_str(name));
        if (!json_is_null(json_get(bundle, "labelSelector")))
            rules_invalid(r, "labelSelector", json_get(bundle, "labelSelector"),
                          "labelSelector must be unset if name is specified");
    } else if (!json_is_null(signer)) {
        check_signer(r, json_str(signer));
        rules_label_selector(r, bundle, "labelSelector");
    } else {
        rules_required(r, NULL, "either name or signerName must be specified");
    }
}

void
rules_trust_bundle(struct rules *r, const struct json *source)
{
    size_t before = rules_enter(r, "clusterTrustBundle");

    check_which(r, source, json_get(source, "clusterTrustBundle"));
    rules_leave(r, before);
}

/* Certificates. */

void
rules_pod_certificate(struct rules *r, const struct json *source)
{
    static const char *const types[] = {"ECDSAP256", "ECDSAP384", "ECDSAP521", "ED25519",
                                        "RSA3072",   "RSA4096",   NULL};
    static const char *const paths[] = {"credentialBundlePath", "keyPath", "certificateChainPath"};
    const struct json *wanted = json_get(source, "podCertificate");
    size_t before = rules_enter(r, "podCertificate"), n = 0;

    check_signer(r, json_str(json_get(wanted, "signerName")));
    rules_must_be_one_of(r, wanted, "keyType", types);
    rules_in_range(r, wanted, "maxExpirationSeconds", HOUR_SECONDS, INT64_MAX,
                   "if provided, maxExpirationSeconds must be >= 3600");
    rules_in_range(r, wanted, "maxExpirationSeconds", INT64_MIN, LIFE_SECONDS_MAX,
                   "if provided, maxExpirationSeconds must be <= 7862400");
    for (size_t i = 0; i < ARRAY_LEN(paths); i++) {
        struct str path = json_str(json_get(wanted, paths[i]));

        n += path.n > 0;
        if (path.n > 0)
            rules_file_path(r, paths[i], path);
    }
    if (n == 0)
        rules_required(r, NULL,
                       "specify at least one of credentialBundlePath, keyPath, and "
                       "certificateChainPath");
    rules_leave(r, before);
}
