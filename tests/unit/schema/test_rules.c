#include "schema/rules.h"

#include "schema/prepare.h"
#include "tests/unit/schema/rulesrig.h"

#define CONFIG_MAP "apiVersion: v1\nkind: ConfigMap\n"
#define LABEL_TEXT \
    "a lowercase RFC 1123 label must consist of lower case alphanumeric characters or '-', and " \
    "must start and end with an alphanumeric character (e.g. 'my-name',  or '123-abc', regex " \
    "used " \
    "for validation is '[a-z0-9]([-a-z0-9]*[a-z0-9])?')"

TEST(rules_know_what_metadata_may_be)
{
    CHECK_WRONG(CONFIG_MAP META, "");
    CHECK_WRONG(CONFIG_MAP "metadata: {namespace: ns}\n",
                "Required metadata.name: Required value: name or generateName is required\n");
    CHECK_WRONG(
        CONFIG_MAP "metadata: {name: Bad_Name, namespace: ns}\n",
        "Invalid metadata.name: Invalid value: \"Bad_Name\": a lowercase RFC 1123 subdomain "
        "must consist of lower case alphanumeric characters, '-' or '.', and must start "
        "and end with an alphanumeric character (e.g. 'example.com', regex used for "
        "validation is '[a-z0-9]([-a-z0-9]*[a-z0-9])?(\\.[a-z0-9]([-a-z0-9]*[a-z0-9])?)*')\n");
    CHECK_WRONG(CONFIG_MAP
                "metadata: {name: x, namespace: ns, generateName: a-, finalizers: [yy],\n"
                "  ownerReferences: [{apiVersion: v1, kind: Pod, name: p}]}\n",
                "Invalid metadata.ownerReferences.uid: Invalid value: \"\": must not be empty\n"
                "Invalid metadata.finalizers[0]: Invalid value: \"yy\": name is neither a "
                "standard finalizer name nor is it fully qualified\n");
    CHECK_WRONG("apiVersion: v1\nkind: Namespace\nmetadata: {name: a.b}\n",
                "Invalid metadata.name: Invalid value: \"a.b\": must not contain dots\n");
}

TEST(rules_know_labels_in_the_words_of_the_api)
{
    cleanup_free char *got =
        wrong(NULL, CONFIG_MAP "metadata: {name: x, namespace: ns, labels: {a b: c d}}\n");

    CHECK_CONTAINS(got, "metadata.labels: Invalid value: \"a b\": name part must consist of "
                        "alphanumeric characters, '-', '_' or '.', and must start and end with an "
                        "alphanumeric character (e.g. 'MyName',  or 'my.name',  or '123-abc', "
                        "regex used for validation is '([A-Za-z0-9][-A-Za-z0-9_.]*)?[A-Za-z0-9]')");
    CHECK_CONTAINS(got, "metadata.labels: Invalid value: \"c d\": a valid label must be an empty "
                        "string or consist of alphanumeric characters, '-', '_' or '.', and must "
                        "start and end with an alphanumeric character (e.g. 'MyValue',  or "
                        "'my_value',  or '12345', regex used for validation is "
                        "'(([A-Za-z0-9][-A-Za-z0-9_.]*)?[A-Za-z0-9])?')");
}

TEST(rules_know_what_must_not_change)
{
    CHECK_CHANGE(CONFIG_MAP META "immutable: true\ndata: {a: '1'}\n",
                 CONFIG_MAP META "immutable: true\ndata: {a: '9'}\n",
                 "Forbidden data: Forbidden: field is immutable when `immutable` is set\n");
    CHECK_CHANGE("apiVersion: v1\nkind: Secret\n" META,
                 "apiVersion: v1\nkind: Secret\ntype: other\n" META,
                 "Invalid type: Invalid value: \"other\": field is immutable\n");
    CHECK_CHANGE(CONFIG_MAP "metadata: {name: x, namespace: ns, finalizers: [x.io/a],\n"
                            "  deletionTimestamp: '2026-01-01T00:00:00Z'}\n",
                 CONFIG_MAP "metadata: {name: x, namespace: ns, finalizers: [x.io/a, x.io/b],\n"
                            "  deletionTimestamp: '2026-01-01T00:00:00Z'}\n",
                 "Forbidden metadata.finalizers: Forbidden: no new finalizers can be added if the "
                 "object is being deleted, found new finalizers []string{\"x.io/b\"}\n"
                 "Forbidden metadata.finalizers: Forbidden: no new finalizers can be added if the "
                 "object is being deleted, found new finalizers []string{\"x.io/b\"}\n");
}

TEST(rules_find_everything_that_is_wrong_with_a_pod)
{
    CHECK_WRONG(POD "  {containers: [], restartPolicy: Sometimes}\n",
                "Required spec.containers: Required value\n"
                "NotSupported spec.restartPolicy: Unsupported value: \"Sometimes\": supported "
                "values: \"Always\", \"OnFailure\", \"Never\"\n");
    CHECK_WRONG(
        POD "  containers:\n"
            "  - {name: A, ports: [{containerPort: 70000, name: http}, {name: http,\n"
            "     containerPort: 1}], env: [{name: 'a=b'}, {name: c, value: d, valueFrom: "
            "{}}],\n"
            "     volumeMounts: [{name: v, mountPath: /a}, {name: w, mountPath: /a}],\n"
            "     resources: {limits: {cpu: 1}, requests: {cpu: 2}}}\n"
            "  volumes: [{name: v, secret: {}}, {name: w, emptyDir: {}, hostPath: {path: "
            "/}}]\n",
        "Required spec.volumes[0].secret.secretName: Required value\n"
        "Forbidden spec.volumes[1].hostPath: Forbidden: may not specify more than 1 volume "
        "type\n"
        "Invalid spec.containers[0].name: Invalid value: \"A\": " LABEL_TEXT "\n"
        "Required spec.containers[0].image: Required value\n"
        "Invalid spec.containers[0].ports[0].containerPort: Invalid value: 70000: must be "
        "between 1 and 65535, inclusive\n"
        "Duplicate spec.containers[0].ports[1].name: Duplicate value: \"http\"\n"
        "Invalid spec.containers[0].env[0].name: Invalid value: \"a=b\": a valid "
        "environment variable name must consist only of printable ASCII characters other "
        "than '='\n"
        "Invalid spec.containers[0].env[1].valueFrom: Invalid value: \"\": must specify one "
        "of: `fieldRef`, `resourceFieldRef`, `configMapKeyRef` or `secretKeyRef`\n"
        "NotFound spec.containers[0].volumeMounts[0].name: Not found: \"v\"\n"
        "NotFound spec.containers[0].volumeMounts[1].name: Not found: \"w\"\n"
        "Invalid spec.containers[0].volumeMounts[1].mountPath: Invalid value: \"/a\": must "
        "be unique\n"
        "Invalid spec.containers[0].resources.requests: Invalid value: \"2\": must be less "
        "than or equal to cpu limit of 1\n");
}

TEST(rules_let_a_pod_change_its_images_only)
{
    static const char old[] =
        POD "  {restartPolicy: Always, containers: [{name: a, image: b:1}]}\n";

    CHECK_CHANGE(old, POD "  {restartPolicy: Always, containers: [{name: a, image: b:2}]}\n", "");
    {
        cleanup_free char *got =
            wrong(old, POD "  {restartPolicy: Never, containers: [{name: a, image: b:1}]}\n");

        CHECK_CONTAINS(got, "Forbidden spec: Forbidden: pod updates may not change fields other "
                            "than `spec.containers[*].image`,`spec.initContainers[*].image`,"
                            "`spec.activeDeadlineSeconds`,`spec.tolerations` (only additions to "
                            "existing tolerations),`spec.terminationGracePeriodSeconds` (allow it "
                            "to be set to 1 if it was previously negative)\n"
                            "@@ -35,7 +35,7 @@\n"
                            "   }\n"
                            "  ],\n"
                            "  \"EphemeralContainers\": null,\n"
                            "- \"RestartPolicy\": \"Always\",\n"
                            "+ \"RestartPolicy\": \"Never\",\n"
                            "  \"TerminationGracePeriodSeconds\": 30,\n"
                            "  \"ActiveDeadlineSeconds\": null,\n"
                            "  \"DNSPolicy\": \"ClusterFirst\",\n");
    }
    CHECK_CHANGE(old, POD "  {containers: [{name: a, image: b:1}, {name: c, image: d:1}]}\n",
                 "Forbidden spec.containers: Forbidden: pod updates may not add or remove "
                 "containers\n");
}

TEST(rules_show_every_place_where_a_claim_was_changed)
{
    static const char old[] =
        "apiVersion: v1\nkind: PersistentVolumeClaim\n" META
        "spec: {accessModes: [ReadWriteOnce], resources: {requests: {storage: "
        "1Gi}}}\n";

    CHECK_CHANGE(
        old,
        "apiVersion: v1\nkind: PersistentVolumeClaim\n" META
        "spec: {accessModes: [ReadWriteOnce], storageClassName: late, resources: {requests: "
        "{storage: 1Gi}}}\n",
        "");
    CHECK_CHANGE(old,
                 "apiVersion: v1\nkind: PersistentVolumeClaim\n" META
                 "spec: {accessModes: [ReadWriteMany], resources: {requests: {storage: 1Gi}},\n"
                 "  volumeMode: Block}\n",
                 "Forbidden spec: Forbidden: spec is immutable after creation except "
                 "resources.requests and volumeAttributesClassName for bound claims\n"
                 "@@ -1,6 +1,6 @@\n"
                 " {\n"
                 "  \"AccessModes\": [\n"
                 "-  \"ReadWriteOnce\"\n"
                 "+  \"ReadWriteMany\"\n"
                 "  ],\n"
                 "  \"Selector\": null,\n"
                 "  \"Resources\": {\n"
                 "@@ -11,7 +11,7 @@\n"
                 "  },\n"
                 "  \"VolumeName\": \"\",\n"
                 "  \"StorageClassName\": null,\n"
                 "- \"VolumeMode\": \"Filesystem\",\n"
                 "+ \"VolumeMode\": \"Block\",\n"
                 "  \"DataSource\": null,\n"
                 "  \"DataSourceRef\": null,\n"
                 "  \"VolumeAttributesClassName\": null\n"
                 "\n"
                 "Invalid volumeMode: Invalid value: \"Block\": field is immutable\n");
}

TEST(rules_check_services_and_claims)
{
    CHECK_WRONG("apiVersion: v1\nkind: Service\nmetadata: {name: 1x, namespace: ns}\nspec: {}\n",
                "Invalid metadata.name: Invalid value: \"1x\": a DNS-1035 label must consist of "
                "lower case alphanumeric characters or '-', start with an alphabetic character, "
                "and end with an alphanumeric character (e.g. 'my-name',  or 'abc-123', regex used "
                "for validation is '[a-z]([-a-z0-9]*[a-z0-9])?')\n"
                "Required spec.ports: Required value\n");
    CHECK_WRONG("apiVersion: v1\nkind: PersistentVolumeClaim\n" META
                "spec: {accessModes: [ReadWriteTwice], resources: {requests: {storage: 0}}}\n",
                "NotSupported spec.accessModes: Unsupported value: \"ReadWriteTwice\": supported "
                "values: \"ReadOnlyMany\", \"ReadWriteMany\", \"ReadWriteOnce\", "
                "\"ReadWriteOncePod\"\n"
                "Invalid spec.resources[storage]: Invalid value: \"0\": must be greater than "
                "zero\n");
}

TEST(rules_check_what_is_written_to_a_status)
{
    static const char pod[] = POD "  {restartPolicy: %s, containers: [{name: a, image: b}]}\n";
    cleanup_free char *never = xasprintf(pod, "Never"), *always = xasprintf(pod, "Always");
    const char *ended = "status: {qosClass: BestEffort, podIPs: [{ip: old}], containerStatuses: "
                        "[{name: a, state: {terminated: {exitCode: 1}}}]}\n";
    const char *runs = "status: {containerStatuses: [{name: a, state: {running: {}}}]}\n";
    cleanup_free char *was = xasprintf("%s%s", never, ended), *is = xasprintf("%s%s", never, runs),
                      *was_always = xasprintf("%s%s", always, ended),
                      *is_always = xasprintf("%s%s", always, runs);
    cleanup_free char *odd = xasprintf(
        "%sstatus: {qosClass: Guaranteed, podIPs: [{ip: old}, {ip: new}], nominatedNodeName: A.,\n"
        "  conditions: [{type: Ready, status: 'True'}, {type: -, status: 'True'}]}\n",
        never);
    cleanup_free char *got = wrong_status(was, odd);
    static const char ns[] = "apiVersion: v1\nkind: Namespace\nmetadata: {name: x}\n";

    CHECK_STATUS(was, is,
                 "Forbidden status.containerStatuses[0].state: Forbidden: may not be transitioned "
                 "to non-terminated state\n");
    CHECK_STATUS(was_always, is_always, "");
    CHECK_CONTAINS(got, "Invalid status.conditions[1].Type: Invalid value: \"-\": name part");
    CHECK_CONTAINS(got, "Invalid status.nominatedNodeName: Invalid value: \"A.\": a lowercase");
    CHECK_CONTAINS(got, "Invalid status.qosClass: Invalid value: \"Guaranteed\": field is "
                        "immutable\nInvalid status.podIPs[1]: Invalid value: \"new\": must be a "
                        "valid IP address, (e.g. 10.9.8.7 or 2001:db8::ffff)\n");
    CHECK_STATUS(ns, "apiVersion: v1\nkind: Namespace\nmetadata: {name: x}\nstatus: {phase: Odd}\n",
                 "Invalid status.Phase: Invalid value: \"Odd\": may only be 'Active' if "
                 "`deletionTimestamp` is empty\n");
}

/* What a new object or an update becomes, a part of it with ' for ". */
static char *
prepared(const char *old_yaml, const char *yaml, bool status, const char *path)
{
    cleanup_json struct json_doc *old = old_yaml != NULL ? object(old_yaml) : NULL,
                                 *next = object(yaml), *result = NULL;
    struct buf text = BUF_INIT;
    struct str version = json_str(json_get(json_root(next), "apiVersion"));
    struct str kind = json_str(json_get(json_root(next), "kind"));

    result = old != NULL
                 ? prepare_update(version, kind, json_root(old), json_root(next), status)
                 : prepare_create(schema_lookup(version, kind), version, kind, json_root(next));
    json_write_sorted(&text, json_at_path(json_root(result), path));
    for (size_t i = 0; i < text.n; i++)
        text.p[i] = text.p[i] == '"' ? '\'' : text.p[i];
    return buf_take(&text);
}

#define CHECK_PREPARED(old, yaml, status, path, want) \
    do { \
        cleanup_free char *got_ = prepared(old, yaml, status, path); \
        CHECK_STR(got_, want); \
    } while (0)

TEST(prepare_begins_a_status_and_keeps_it_from_writers_of_the_object)
{
    static const char running[] =
        POD "  {containers: [], nodeName: nn}\nstatus: {phase: Running}\n";

    CHECK_PREPARED(NULL, running, false, "status", "{'phase':'Pending','qosClass':'BestEffort'}");
    CHECK_PREPARED(running, POD "  {containers: []}\nstatus: {phase: Failed}\n", false, "status",
                   "{'phase':'Running'}");
    CHECK_PREPARED(running, POD "  {containers: []}\nstatus: {phase: Failed}\n", true, "status",
                   "{'phase':'Failed'}");
    CHECK_PREPARED(running, POD "  {containers: [], nodeName: other}\n", true, "spec.nodeName",
                   "'nn'");
}

TEST(prepare_adds_what_admission_adds)
{
    CHECK_PREPARED(NULL,
                   POD "  {containers: [{name: a, resources: {limits: {cpu: 1, memory: 1}}}]}\n",
                   false, "status.qosClass", "'Guaranteed'");
    CHECK_PREPARED(NULL,
                   POD "  {resources: {limits: {cpu: 2, memory: 1Gi}}, containers: [{name: a}]}\n",
                   false, "status.qosClass", "'Guaranteed'");
    CHECK_PREPARED(NULL, POD "  {resources: {requests: {cpu: 1}}, containers: [{name: a}]}\n",
                   false, "status.qosClass", "'Burstable'");
    CHECK_PREPARED(NULL,
                   POD "  {resources: {limits: {cpu: 2, memory: 1Gi}}, containers: [{name: a,\n"
                       "   resources: {requests: {cpu: 100m}}}, {name: b, resources: {limits: "
                       "{cpu: 1}}}],\n"
                       "   initContainers: [{name: c, restartPolicy: Always, resources: {requests: "
                       "{cpu: 50m}}},\n"
                       "   {name: d, resources: {requests: {cpu: 1200m}}}]}\n",
                   false, "spec.resources.requests", "{'cpu':'1250m','memory':'1Gi'}");
    CHECK_PREPARED(NULL, POD "  {containers: [], tolerations: [{operator: Exists}]}\n", false,
                   "spec.tolerations", "[{'operator':'Exists'}]");
    CHECK_PREPARED(
        NULL, POD "  {containers: []}\n", false, "spec.tolerations",
        "[{'effect':'NoExecute','key':'node.kubernetes.io/not-ready','operator':"
        "'Exists','tolerationSeconds':300},{'effect':'NoExecute','key':"
        "'node.kubernetes.io/unreachable','operator':'Exists','tolerationSeconds':300}]");
    CHECK_PREPARED(NULL, "apiVersion: v1\nkind: Namespace\nmetadata: {name: t}\n", false, "spec",
                   "{'finalizers':['kubernetes']}");
    CHECK_PREPARED(NULL, "apiVersion: v1\nkind: PersistentVolumeClaim\n" META, false,
                   "metadata.finalizers", "['kubernetes.io/pvc-protection']");
}

TEST(problems_are_listed_once_in_a_message)
{
    cleanup_problems struct problems ps = PROBLEMS_INIT;
    cleanup_buf struct buf text = BUF_INIT;

    problems_add_field(&ps, "FieldValueRequired", "a", "Required value");
    problems_message(&ps, &text);
    CHECK_STR(buf_cstring(&text), "a: Required value");
    problems_add_field(&ps, "FieldValueRequired", "a", "Required value");
    problems_add_field(&ps, "FieldValueRequired", "b", "Required value");
    buf_clear(&text);
    problems_message(&ps, &text);
    CHECK_STR(buf_cstring(&text), "[a: Required value, b: Required value]");
    CHECK_STR(ps.at[2].text + ps.at[2].detail, "Required value");
}

/* A ConfigMap with an annotation of so many bytes. */
static char *
annotated(const char *key, size_t n, char with)
{
    cleanup_free char *value = xcalloc(n + 1, 1);

    memset(value, with, n);
    return xasprintf(CONFIG_MAP "metadata: {name: x, namespace: ns, annotations: {%s: %s}}\n", key,
                     value);
}

#define TOO_LONG "TooLong metadata.annotations: Too long: may not be more than 262144 bytes\n"

TEST(rules_limit_annotations_but_what_the_platform_has_written)
{
    cleanup_free char *users = annotated("a.io/b", 300 * 1024, 'a'),
                      *ours = annotated("sluice.dev/outputs", 300 * 1024, 'a'),
                      *changed = annotated("sluice.dev/outputs", 300 * 1024, 'b');
    cleanup_json struct json_doc *theirs = object(users), *result = object(ours);
    cleanup_problems struct problems refused = PROBLEMS_INIT, none = PROBLEMS_INIT;
    const struct rules_kind k = kind_of(json_root(result));
    cleanup_free char *text = NULL;

    CHECK_WRONG(users, TOO_LONG);
    CHECK_WRONG(ours, TOO_LONG);
    CHECK_CHANGE(CONFIG_MAP META, ours, TOO_LONG TOO_LONG TOO_LONG);
    CHECK_CHANGE(ours, changed, TOO_LONG TOO_LONG TOO_LONG);
    CHECK_CHANGE(ours, ours, "");
    rules_metadata(&k, json_root(result), &none);
    CHECK_INT(none.n, 0);
    rules_metadata(&k, json_root(theirs), &refused);
    text = problems_text(&refused);
    CHECK_STR(text, TOO_LONG);
}

TESTS_MAIN(T_(rules_know_what_metadata_may_be), T_(rules_know_labels_in_the_words_of_the_api),
           T_(rules_know_what_must_not_change), T_(rules_find_everything_that_is_wrong_with_a_pod),
           T_(rules_let_a_pod_change_its_images_only),
           T_(rules_show_every_place_where_a_claim_was_changed),
           T_(rules_check_services_and_claims), T_(rules_check_what_is_written_to_a_status),
           T_(prepare_begins_a_status_and_keeps_it_from_writers_of_the_object),
           T_(prepare_adds_what_admission_adds), T_(problems_are_listed_once_in_a_message),
           T_(rules_limit_annotations_but_what_the_platform_has_written))
