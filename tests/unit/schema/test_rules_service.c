#include "tests/unit/schema/rulesrig.h"

#define SERVICE "apiVersion: v1\nkind: Service\n" META
#define ENDPOINTS "apiVersion: v1\nkind: Endpoints\n" META
#define NODE "apiVersion: v1\nkind: Node\nmetadata: {name: x}\n"
#define LEASE "apiVersion: coordination.k8s.io/v1\nkind: Lease\n" META
#define CLAIM "apiVersion: v1\nkind: PersistentVolumeClaim\n" META
#define GATED "apiVersion: v1\nkind: Pod\n" META

TEST(rules_check_ports_of_services)
{
    CHECK_WRONG(SERVICE "spec: {ports: [{port: 0, name: A}, {port: 80, protocol: ICMP,"
                        " targetPort: A}, {port: 80, name: c, nodePort: 30000}, {port:"
                        " 80, name: c}]}\n",
                "Invalid spec.ports[0].name: Invalid value: \"A\": a lowercase"
                " RFC 1123 label must consist of lower case alphanumeric"
                " characters or '-', and must start and end with an"
                " alphanumeric character (e.g. 'my-name',  or '123-abc', regex"
                " used for validation is '[a-z0-9]([-a-z0-9]*[a-z0-9])?')\n"
                "Invalid spec.ports[0].port: Invalid value: 0: must be between"
                " 1 and 65535, inclusive\n"
                "Invalid spec.ports[0].targetPort: Invalid value: 0: must be"
                " between 1 and 65535, inclusive\n"
                "Required spec.ports[1].name: Required value\n"
                "NotSupported spec.ports[1].protocol: Unsupported value:"
                " \"ICMP\": supported values: \"SCTP\", \"TCP\", \"UDP\"\n"
                "Invalid spec.ports[1].targetPort: Invalid value: \"A\": must"
                " contain only alpha-numeric characters (a-z, 0-9), and"
                " hyphens (-)\n"
                "Invalid spec.ports[1].targetPort: Invalid value: \"A\": must"
                " contain at least one letter (a-z)\n"
                "Forbidden spec.ports[2].nodePort: Forbidden: may not be used"
                " when `type` is 'ClusterIP'\n"
                "Duplicate spec.ports[3].name: Duplicate value: \"c\"\n"
                "Duplicate spec.ports[3]: Duplicate value:"
                " {\"Name\":\"\",\"Protocol\":\"TCP\",\"AppProtocol\":null,\"Port\":80,"
                "\"TargetPort\":0,\"NodePort\":0}\n");
    CHECK_WRONG(SERVICE "spec: {type: Other, ports: [{port: 80}], sessionAffinity:"
                        " Never}\n",
                "NotSupported spec.sessionAffinity: Unsupported value:"
                " \"Never\": supported values: \"ClientIP\", \"None\"\n"
                "NotSupported spec.type: Unsupported value: \"Other\":"
                " supported values: \"ClusterIP\", \"ExternalName\","
                " \"LoadBalancer\", \"NodePort\"\n");
}

TEST(rules_check_types_of_services)
{
    CHECK_WRONG(SERVICE "spec: {type: ExternalName}\n",
                "Required spec.externalName: Required value\n");
    CHECK_WRONG(SERVICE "spec: {type: ExternalName, externalName: a.b., clusterIP:"
                        " 10.0.0.1, clusterIPs: [10.0.0.1]}\n",
                "Forbidden spec.clusterIPs: Forbidden: may not be set for"
                " ExternalName services\n");
    CHECK_WRONG(SERVICE "spec: {type: NodePort, clusterIP: None, clusterIPs: [None],"
                        " ports: [{port: 80}]}\n",
                "Invalid spec.clusterIPs[0]: Invalid value: \"None\": may not"
                " be set to 'None' for NodePort services\n");
    CHECK_WRONG(SERVICE "spec: {type: NodePort, externalTrafficPolicy: Far,"
                        " internalTrafficPolicy: Near, trafficDistribution: Odd,"
                        " healthCheckNodePort: 5, ports: [{port: 80}]}\n",
                "NotSupported spec.externalTrafficPolicy: Unsupported value:"
                " \"Far\": supported values: \"Cluster\", \"Local\"\n"
                "Invalid spec.healthCheckNodePort: Invalid value: 5: may only"
                " be set when `type` is 'LoadBalancer' and"
                " `externalTrafficPolicy` is 'Local'\n"
                "NotSupported spec.internalTrafficPolicy: Unsupported value:"
                " \"Near\": supported values: \"Cluster\", \"Local\"\n"
                "NotSupported spec.trafficDistribution: Unsupported value:"
                " \"Odd\": supported values: \"PreferClose\","
                " \"PreferSameZone\", \"PreferSameNode\"\n");
    CHECK_WRONG(SERVICE "spec: {allocateLoadBalancerNodePorts: true,"
                        " loadBalancerClass: a, externalTrafficPolicy: Local,"
                        " loadBalancerSourceRanges: [10.0.0.0/8], ports: [{port:"
                        " 80}]}\n",
                "Forbidden spec.LoadBalancerSourceRanges: Forbidden: may only"
                " be used when `type` is 'LoadBalancer'\n"
                "Forbidden spec.allocateLoadBalancerNodePorts: Forbidden: may"
                " only be used when `type` is 'LoadBalancer'\n"
                "Forbidden spec.loadBalancerClass: Forbidden: may only be used"
                " when `type` is 'LoadBalancer'\n"
                "Invalid spec.externalTrafficPolicy: Invalid value: \"Local\":"
                " may only be set for externally-accessible services\n");
    CHECK_WRONG(SERVICE "spec: {type: LoadBalancer, externalTrafficPolicy: Local,"
                        " ports: [{port: 80}]}\n",
                "Required spec.healthCheckNodePort: Required value\n");
    CHECK_WRONG(SERVICE "spec: {sessionAffinity: ClientIP, sessionAffinityConfig:"
                        " {clientIP: {timeoutSeconds: 90000}}, externalIPs: [1.2.3,"
                        " 0.0.0.0, 169.254.1.1], ports: [{port: 80}]}\n",
                "Invalid spec.sessionAffinityConfig.clientIP.timeoutSeconds:"
                " Invalid value: 90000: must be greater than 0 and less than"
                " 86400\n"
                "Invalid spec.externalIPs[0]: Invalid value: \"1.2.3\": must"
                " be a valid IP address, (e.g. 10.9.8.7 or 2001:db8::ffff)\n"
                "Invalid spec.externalIPs[1]: Invalid value: \"0.0.0.0\": may"
                " not be unspecified (0.0.0.0)\n"
                "Invalid spec.externalIPs[2]: Invalid value: \"169.254.1.1\":"
                " may not be in the link-local range (169.254.0.0/16,"
                " fe80::/10)\n");
}

TEST(rules_check_addresses_of_services)
{
    CHECK_WRONG(SERVICE "spec: {clusterIP: 1.2.3, clusterIPs: [1.2.3], ipFamilies:"
                        " [IPv4, IPv4, IPv5], ipFamilyPolicy: Some, ports: [{port:"
                        " 80}]}\n",
                "Duplicate spec.ipFamilies[1]: Duplicate value: \"IPv4\"\n"
                "NotSupported spec.ipFamilies[2]: Unsupported value: \"IPv5\":"
                " supported values: \"IPv4\", \"IPv6\"\n"
                "NotSupported spec.ipFamilyPolicy: Unsupported value:"
                " \"Some\": supported values: \"PreferDualStack\","
                " \"RequireDualStack\", \"SingleStack\"\n"
                "Invalid spec.clusterIPs[0]: Invalid value: \"1.2.3\": must be"
                " a valid IP address, (e.g. 10.9.8.7 or 2001:db8::ffff)\n");
    CHECK_WRONG(SERVICE "spec: {clusterIP: 10.0.0.1, clusterIPs: [10.0.0.2], ports:"
                        " [{port: 80}]}\n",
                "Invalid spec.clusterIPs: Invalid value: [\"10.0.0.2\"]: first"
                " value must match `clusterIP`\n");
    CHECK_WRONG(SERVICE "spec: {clusterIPs: [10.0.0.2], ports: [{port: 80}]}\n",
                "Invalid spec.clusterIPs: Invalid value: [\"10.0.0.2\"]: must"
                " be empty when `clusterIP` is not specified\n");
    CHECK_WRONG(SERVICE "spec: {clusterIP: 10.0.0.1, clusterIPs: [10.0.0.1, 10.0.0.2],"
                        " ipFamilies: [IPv6], ports: [{port: 80}]}\n",
                "Invalid spec.clusterIPs: Invalid value:"
                " [\"10.0.0.1\",\"10.0.0.2\"]: may specify no more than one IP"
                " for each IP family\n"
                "Invalid spec.clusterIPs[0]: Invalid value: \"10.0.0.1\":"
                " expected an IPv6 value as indicated by `ipFamilies[0]`\n");
    CHECK_CHANGE(SERVICE "spec: {clusterIP: 10.0.0.1, clusterIPs: [10.0.0.1],"
                         " ipFamilies: [IPv4], ipFamilyPolicy: SingleStack, ports:"
                         " [{port: 80}]}\n",
                 SERVICE "spec: {clusterIP: 10.0.0.2, clusterIPs: [10.0.0.2],"
                         " ipFamilies: [IPv4], ipFamilyPolicy: SingleStack, ports:"
                         " [{port: 80}]}\n",
                 "Invalid spec.clusterIPs[0]: Invalid value: [\"10.0.0.2\"]:"
                 " may not change once set\n");
    CHECK_CHANGE(SERVICE "spec: {clusterIP: 10.0.0.1, clusterIPs: [10.0.0.1],"
                         " ipFamilies: [IPv4], ipFamilyPolicy: SingleStack, ports:"
                         " [{port: 80}]}\n",
                 SERVICE "spec: {ports: [{port: 80}]}\n",
                 "Invalid spec.clusterIPs[0]: Invalid value: null: primary"
                 " clusterIP can not be unset\n"
                 "Invalid spec.ipFamilies[0]: Invalid value: null: primary"
                 " ipFamily can not be unset\n");
    CHECK_CHANGE(SERVICE "spec: {clusterIP: 10.0.0.1, clusterIPs: [10.0.0.1, \"::1\"],"
                         " ipFamilies: [IPv4, IPv6], ports: [{port: 80}]}\n",
                 SERVICE "spec: {clusterIP: 10.0.0.1, clusterIPs: [10.0.0.1],"
                         " ipFamilies: [IPv4], ports: [{port: 80}]}\n",
                 "Invalid spec.ipFamilyPolicy: Invalid value: null: must be set"
                 " to 'SingleStack' when releasing the secondary clusterIP\n"
                 "Invalid spec.ipFamilyPolicy: Invalid value: null: must be set"
                 " to 'SingleStack' when releasing the secondary ipFamily\n");
    CHECK_CHANGE(SERVICE "spec: {clusterIP: 10.0.0.1, clusterIPs: [10.0.0.1],"
                         " ipFamilies: [IPv4], ipFamilyPolicy: SingleStack, ports:"
                         " [{port: 80}]}\n",
                 SERVICE "spec: {type: ExternalName, externalName: a}\n", "");
}

TEST(rules_check_endpoints)
{
    CHECK_WRONG(ENDPOINTS "subsets: [{ports: [{port: 0, protocol: ICMP}, {port: 1, name:"
                          " a}]}, {addresses: [{ip: 1.2.3}, {ip: 224.0.0.1, nodeName:"
                          " ''}]}]\n",
                "Required subsets[0]: Required value: must specify `addresses`"
                " or `notReadyAddresses`\n"
                "Required subsets[0].ports[0].name: Required value\n"
                "Invalid subsets[0].ports[0].port: Invalid value: 0: must be"
                " between 1 and 65535, inclusive\n"
                "NotSupported subsets[0].ports[0].protocol: Unsupported value:"
                " \"ICMP\": supported values: \"SCTP\", \"TCP\", \"UDP\"\n"
                "Invalid subsets[1].addresses[0].ip: Invalid value: \"1.2.3\":"
                " must be a valid IP address, (e.g. 10.9.8.7 or"
                " 2001:db8::ffff)\n"
                "Invalid subsets[1].addresses[0].ip: Invalid value: \"1.2.3\":"
                " must be a valid IP address\n"
                "Invalid subsets[1].addresses[1].ip: Invalid value:"
                " \"224.0.0.1\": may not be in the link-local multicast range"
                " (224.0.0.0/24, ff02::/10)\n"
                "Invalid subsets[1].addresses[1].nodeName: Invalid value:"
                " \"\": a lowercase RFC 1123 subdomain must consist of lower"
                " case alphanumeric characters, '-' or '.', and must start and"
                " end with an alphanumeric character (e.g. 'example.com',"
                " regex used for validation is"
                " '[a-z0-9]([-a-z0-9]*[a-z0-9])?(\\.[a-z0-9]([-a-z0-9]*[a-z0-9])?)*')\n");
}

TEST(rules_check_nodes)
{
    CHECK_WRONG(NODE "spec: {taints: [{key: a, effect: Odd}, {key: a, effect:"
                     " NoSchedule}, {key: a, effect: NoSchedule}, {key:"
                     " b}]}\nstatus: {capacity: {cpu: -1, pods: 1500m}}\n",
                "NotSupported metadata.taints[0].effect: Unsupported value:"
                " \"Odd\": supported values: \"NoSchedule\","
                " \"PreferNoSchedule\", \"NoExecute\"\n"
                "Duplicate metadata.taints[2]: Duplicate value:"
                " {\"Key\":\"a\",\"Value\":\"\",\"Effect\":\"NoSchedule\",\"TimeAdded\":null}:"
                " taints must be unique by key and effect pair\n"
                "Required metadata.taints[3].effect: Required value\n"
                "Invalid status.capacity.cpu: Invalid value: \"-1\": must be"
                " greater than or equal to 0\n"
                "Invalid status.capacity.pods: Invalid value: \"1500m\": must"
                " be an integer\n"
                "Invalid status.allocatable.cpu: Invalid value: \"-1\": must"
                " be greater than or equal to 0\n"
                "Invalid status.allocatable.pods: Invalid value: \"1500m\":"
                " must be an integer\n");
    CHECK_CHANGE(NODE "spec: {providerID: a, podCIDRs: [10.0.0.0/8]}\n",
                 NODE "spec: {providerID: b}\n",
                 "Forbidden spec.podCIDRs: Forbidden: node updates may not"
                 " change podCIDR except from \"\" to valid\n"
                 "Forbidden spec.providerID: Forbidden: node updates may not"
                 " change providerID except from \"\" to valid\n");
}

TEST(rules_check_leases)
{
    CHECK_WRONG(LEASE "spec: {leaseDurationSeconds: 0, leaseTransitions: -1,"
                      " preferredHolder: a}\n",
                "Invalid spec.leaseDurationSeconds: Invalid value: 0: must be"
                " greater than 0\n"
                "Invalid spec.leaseTransitions: Invalid value: -1: must be"
                " greater than or equal to 0\n"
                "Forbidden spec.preferredHolder: Forbidden: may only be"
                " specified if `strategy` is defined\n");
    CHECK_WRONG(LEASE "spec: {strategy: Some}\n",
                "NotSupported spec.strategy.strategy: Unsupported value:"
                " \"Some\": supported values: \"OldestEmulationVersion\"\n");
}

TEST(rules_check_sources_of_claims)
{
    CHECK_WRONG(CLAIM "spec: {accessModes: [ReadWriteOncePod, ReadOnlyMany],"
                      " resources: {requests: {storage: 1}}, dataSource: {kind: Pod,"
                      " name: ''}, volumeMode: Raw, selector: {matchExpressions:"
                      " [{key: a, operator: Odd}]}}\n",
                "Forbidden spec.accessModes: Forbidden: may not use"
                " ReadWriteOncePod with other access modes\n"
                "Invalid spec.selector.matchExpressions[0].operator: Invalid"
                " value: \"Odd\": not a valid selector operator\n"
                "NotSupported spec.volumeMode: Unsupported value: \"Raw\":"
                " supported values: \"Block\", \"Filesystem\"\n"
                "Required spec.dataSource.name: Required value\n"
                "Invalid spec.dataSource: Invalid value: \"Pod\": must be"
                " 'PersistentVolumeClaim' when referencing the default"
                " apiGroup\n");
    CHECK_WRONG(CLAIM "spec: {accessModes: [ReadOnlyMany], resources: {requests:"
                      " {storage: 1}}, dataSource: {kind: PersistentVolumeClaim,"
                      " name: a}, dataSourceRef: {kind: PersistentVolumeClaim, name:"
                      " b}}\n",
                "Invalid spec: Invalid value: {}: must match dataSourceRef\n");
    CHECK_WRONG(CLAIM "spec: {accessModes: [ReadOnlyMany]}\n",
                "Required spec.resources[storage]: Required value\n");
}

TEST(rules_check_what_may_change_in_a_gated_pod)
{
    CHECK_CHANGE(GATED "spec: {schedulingGates: [{name: a}], nodeSelector: {a: b},"
                       " affinity: {nodeAffinity:"
                       " {requiredDuringSchedulingIgnoredDuringExecution:"
                       " {nodeSelectorTerms: [{matchExpressions: [{key: a, operator:"
                       " Exists}]}]}}}, containers: [{name: a, image: b}]}\n",
                 GATED "spec: {schedulingGates: [{name: a}], nodeSelector: {a: c},"
                       " affinity: {nodeAffinity:"
                       " {requiredDuringSchedulingIgnoredDuringExecution:"
                       " {nodeSelectorTerms: [{matchExpressions: [{key: a, operator:"
                       " Exists}]}]}}}, containers: [{name: a, image: b}]}\n",
                 "Invalid spec.nodeSelector: Invalid value: {\"a\":\"c\"}: only"
                 " additions to spec.nodeSelector are allowed (no mutations or"
                 " deletions)\n");
    CHECK_CHANGE(GATED "spec: {schedulingGates: [{name: a}], nodeSelector: {a: b},"
                       " affinity: {nodeAffinity:"
                       " {requiredDuringSchedulingIgnoredDuringExecution:"
                       " {nodeSelectorTerms: [{matchExpressions: [{key: a, operator:"
                       " Exists}]}]}}}, containers: [{name: a, image: b}]}\n",
                 GATED "spec: {schedulingGates: [{name: c}], nodeSelector: {a: b},"
                       " affinity: {nodeAffinity:"
                       " {requiredDuringSchedulingIgnoredDuringExecution:"
                       " {nodeSelectorTerms: [{matchExpressions: [{key: a, operator:"
                       " Exists}]}]}}}, containers: [{name: a, image: b}]}\n",
                 "Forbidden spec.schedulingGates[0].name: Forbidden: only"
                 " deletion is allowed, but found new scheduling gate 'c'\n");
    CHECK_CHANGE(GATED "spec: {schedulingGates: [{name: a}], nodeSelector: {a: b},"
                       " affinity: {nodeAffinity:"
                       " {requiredDuringSchedulingIgnoredDuringExecution:"
                       " {nodeSelectorTerms: [{matchExpressions: [{key: a, operator:"
                       " Exists}]}]}}}, containers: [{name: a, image: b}]}\n",
                 GATED "spec: {nodeSelector: {a: b, c: d}, affinity: {nodeAffinity:"
                       " {requiredDuringSchedulingIgnoredDuringExecution:"
                       " {nodeSelectorTerms: [{matchExpressions: [{key: a, operator:"
                       " Exists}, {key: b, operator: Exists}]}]}}}, containers:"
                       " [{name: a, image: b}]}\n",
                 "");
    CHECK_CHANGE(GATED "spec: {schedulingGates: [{name: a}], nodeSelector: {a: b},"
                       " affinity: {nodeAffinity:"
                       " {requiredDuringSchedulingIgnoredDuringExecution:"
                       " {nodeSelectorTerms: [{matchExpressions: [{key: a, operator:"
                       " Exists}]}]}}}, containers: [{name: a, image: b}]}\n",
                 GATED "spec: {schedulingGates: [{name: a}], nodeSelector: {a: b},"
                       " affinity: {nodeAffinity:"
                       " {requiredDuringSchedulingIgnoredDuringExecution:"
                       " {nodeSelectorTerms: [{matchExpressions: [{key: z, operator:"
                       " Exists}]}]}}}, containers: [{name: a, image: b}]}\n",
                 "Invalid"
                 " spec.affinity.nodeAffinity.requiredDuringSchedulingIgnoredDuringExecution."
                 "nodeSelectorTerms[0]:"
                 " Invalid value:"
                 " {\"MatchExpressions\":[{\"Key\":\"z\",\"Operator\":\"Exists\",\"Values\":null}],"
                 "\"MatchFields\":null}:"
                 " only additions are allowed (no mutations or deletions)\n");
    CHECK_CHANGE(GATED "spec: {schedulingGates: [{name: a}], nodeSelector: {a: b},"
                       " affinity: {nodeAffinity:"
                       " {requiredDuringSchedulingIgnoredDuringExecution:"
                       " {nodeSelectorTerms: [{matchExpressions: [{key: a, operator:"
                       " Exists}]}]}}}, containers: [{name: a, image: b}]}\n",
                 GATED "spec: {schedulingGates: [{name: a}], nodeSelector: {a: b},"
                       " affinity: {nodeAffinity:"
                       " {requiredDuringSchedulingIgnoredDuringExecution:"
                       " {nodeSelectorTerms: [{matchExpressions: [{key: a, operator:"
                       " Exists}]}]}}}, containers: [{name: a, image: ' c'}]}\n",
                 "Invalid spec.containers[0].image: Invalid value: \" c\": must"
                 " not have leading or trailing whitespace\n"
                 "Invalid spec.containers[0].image: Invalid value: \" c\": must"
                 " not have leading or trailing whitespace\n"
                 "Forbidden spec: Forbidden: pod updates may not change fields"
                 " other than"
                 " `spec.containers[*].image`,`spec.initContainers[*].image`,`spec."
                 "activeDeadlineSeconds`,`spec.tolerations`"
                 " (only additions to existing"
                 " tolerations),`spec.terminationGracePeriodSeconds` (allow it"
                 " to be set to 1 if it was previously negative)\n@@ -27,7"
                 " +27,7 @@\n    \"Lifecycle\": null,\n   "
                 " \"TerminationMessagePath\": \"/dev/termination-log\",\n   "
                 " \"TerminationMessagePolicy\": \"File\",\n-  "
                 " \"ImagePullPolicy\": \"Always\",\n+   \"ImagePullPolicy\":"
                 " \"IfNotPresent\",\n    \"SecurityContext\": null,\n   "
                 " \"Stdin\": false,\n    \"StdinOnce\": false,\n\n");
}

enum { MANY = 20000 };

/* Checks a manifest: `head`, a list of many {name: nI, FIELD: WITHi}, `tail`. */
static void
check_long(const char *head, const char *field, const char *with, const char *tail,
           const char *want)
{
    cleanup_buf struct buf text = BUF_INIT;

    buf_cstr(&text, head);
    for (int i = 1; i <= MANY; i++)
        buf_printf(&text, "%s{name: n%d, %s: %s%d}%s", i > 1 ? ", " : "", i, field, with, i,
                   i % 10 == 0 ? "\n " : "");
    buf_cstr(&text, tail);
    CHECK_WRONG(buf_cstring(&text), want);
}

/* Comparing each with each would take minutes to hours, in which a server does nothing else. */
TEST(rules_look_at_each_item_of_a_long_list_once)
{
    check_long(SERVICE "spec: {ports: [", "port", "", "]}\n", "");
    check_long(SERVICE "spec: {ports: [", "port", "", ", {name: n7, port: 7}]}\n",
               "Duplicate spec.ports[20000].name: Duplicate value: \"n7\"\n"
               "Duplicate spec.ports[20000]: Duplicate value: "
               "{\"Name\":\"\",\"Protocol\":\"TCP\",\"AppProtocol\":null,\"Port\":7,"
               "\"TargetPort\":0,\"NodePort\":0}\n");
    check_long(POD "  containers: [{name: a, image: b, ports: [", "containerPort", "", "]}]\n", "");
    check_long(POD "  containers: [{name: a, image: b, ports: [", "containerPort: 1, hostPort", "",
               ", {name: n7, containerPort: 1, hostPort: 7}]}]\n",
               "Duplicate spec.containers[0].ports[20000].name: Duplicate value: \"n7\"\n"
               "Duplicate spec.containers[0].ports[20000].hostPort: Duplicate value: "
               "\"TCP//7\"\n");
    check_long(POD "  containers: [", "image", "i", "]\n", "");
    check_long(POD "  containers: [{name: a, image: b}]\n  volumes: [", "hostPath: {path: /a}, x",
               "", "]\n", "");
}

TEST(rules_look_at_each_item_of_a_long_list_once_in_updates)
{
    cleanup_buf struct buf text = BUF_INIT;

    buf_cstr(&text, POD "  containers: [{name: a, image: b}]\n  tolerations: [");
    for (int i = 1; i <= MANY; i++)
        buf_printf(&text, "%s{key: k%d, operator: Exists}%s", i > 1 ? ", " : "", i,
                   i % 10 == 0 ? "\n " : "");
    buf_cstr(&text, "]\n");
    CHECK_CHANGE(buf_cstring(&text), buf_cstring(&text), "");
}

TESTS_MAIN(T_(rules_check_ports_of_services), T_(rules_check_types_of_services),
           T_(rules_check_addresses_of_services), T_(rules_check_endpoints), T_(rules_check_nodes),
           T_(rules_check_leases), T_(rules_check_sources_of_claims),
           T_(rules_check_what_may_change_in_a_gated_pod),
           T_(rules_look_at_each_item_of_a_long_list_once),
           T_(rules_look_at_each_item_of_a_long_list_once_in_updates))
