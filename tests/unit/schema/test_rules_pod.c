#include "tests/unit/schema/rulesrig.h"

/* With one container. */
#define CHECK_POD(spec, want) \
    CHECK_WRONG(POD "  {" spec ", containers: [{name: a, image: b}]}\n", want)

TEST(rules_check_affinities)
{
    CHECK_POD("affinity: {nodeAffinity:"
              " {requiredDuringSchedulingIgnoredDuringExecution: {}}}",
              "Required"
              " spec.affinity.nodeAffinity.requiredDuringSchedulingIgnoredDuringExecution."
              "nodeSelectorTerms:"
              " Required value: must have at least one node selector term\n");
    CHECK_POD("affinity: {nodeAffinity:"
              " {requiredDuringSchedulingIgnoredDuringExecution:"
              " {nodeSelectorTerms: [{matchExpressions: [{key: a, operator:"
              " In}, {key: a, operator: Exists, values: [b]}, {key: a,"
              " operator: Gt, values: ['1', '2']}, {key: a, operator: Near}],"
              " matchFields: [{key: metadata.name, operator: In, values: [a,"
              " b]}, {key: spec.x, operator: Exists}]}]}}}",
              "Required"
              " spec.affinity.nodeAffinity.requiredDuringSchedulingIgnoredDuringExecution."
              "nodeSelectorTerms[0].matchExpressions[0].values:"
              " Required value: must be specified when `operator` is 'In' or"
              " 'NotIn'\n"
              "Forbidden"
              " spec.affinity.nodeAffinity.requiredDuringSchedulingIgnoredDuringExecution."
              "nodeSelectorTerms[0].matchExpressions[1].values:"
              " Forbidden: may not be specified when `operator` is 'Exists' or"
              " 'DoesNotExist'\n"
              "Required"
              " spec.affinity.nodeAffinity.requiredDuringSchedulingIgnoredDuringExecution."
              "nodeSelectorTerms[0].matchExpressions[2].values:"
              " Required value: must be specified single value when `operator`"
              " is 'Lt' or 'Gt'\n"
              "Invalid"
              " spec.affinity.nodeAffinity.requiredDuringSchedulingIgnoredDuringExecution."
              "nodeSelectorTerms[0].matchExpressions[3].operator:"
              " Invalid value: \"Near\": not a valid selector operator\n"
              "Required"
              " spec.affinity.nodeAffinity.requiredDuringSchedulingIgnoredDuringExecution."
              "nodeSelectorTerms[0].matchFields[0].values:"
              " Required value: must be only one value when `operator` is 'In'"
              " or 'NotIn' for node field selector\n"
              "Invalid"
              " spec.affinity.nodeAffinity.requiredDuringSchedulingIgnoredDuringExecution."
              "nodeSelectorTerms[0].matchFields[1].operator:"
              " Invalid value: \"Exists\": not a valid selector operator\n"
              "Invalid"
              " spec.affinity.nodeAffinity.requiredDuringSchedulingIgnoredDuringExecution."
              "nodeSelectorTerms[0].matchFields[1].key:"
              " Invalid value: \"spec.x\": not a valid field selector key\n");
    CHECK_POD(
        "affinity: {nodeAffinity:"
        " {preferredDuringSchedulingIgnoredDuringExecution: [{weight:"
        " 101, preference: {}}]}}",
        "Invalid"
        " spec.affinity.nodeAffinity.preferredDuringSchedulingIgnoredDuringExecution[0].weight:"
        " Invalid value: 101: must be in the range 1-100\n");
    CHECK_POD(
        "affinity: {podAffinity:"
        " {requiredDuringSchedulingIgnoredDuringExecution:"
        " [{topologyKey: '', matchLabelKeys: [a]}]}}",
        "Forbidden"
        " spec.affinity.podAffinity.requiredDuringSchedulingIgnoredDuringExecution[0]."
        "matchLabelKeys:"
        " Forbidden: must not be specified when labelSelector is not"
        " set\n"
        "Required"
        " spec.affinity.podAffinity.requiredDuringSchedulingIgnoredDuringExecution[0].topologyKey:"
        " Required value: can not be empty\n"
        "Invalid"
        " spec.affinity.podAffinity.requiredDuringSchedulingIgnoredDuringExecution[0].topologyKey:"
        " Invalid value: \"\": name part must be non-empty\n"
        "Invalid"
        " spec.affinity.podAffinity.requiredDuringSchedulingIgnoredDuringExecution[0].topologyKey:"
        " Invalid value: \"\": name part must consist of alphanumeric"
        " characters, '-', '_' or '.', and must start and end with an"
        " alphanumeric character (e.g. 'MyName',  or 'my.name',  or"
        " '123-abc', regex used for validation is"
        " '([A-Za-z0-9][-A-Za-z0-9_.]*)?[A-Za-z0-9]')\n");
    CHECK_POD(
        "affinity: {podAntiAffinity:"
        " {preferredDuringSchedulingIgnoredDuringExecution: [{weight: 0,"
        " podAffinityTerm: {topologyKey: a, labelSelector: {matchLabels:"
        " {b: c}, matchExpressions: [{key: b, operator: Like}]},"
        " matchLabelKeys: [b], mismatchLabelKeys: [b]}}]}}",
        "Invalid"
        " spec.affinity.podAntiAffinity.preferredDuringSchedulingIgnoredDuringExecution[0].weight:"
        " Invalid value: 0: must be in the range 1-100\n"
        "Invalid"
        " spec.affinity.podAntiAffinity.preferredDuringSchedulingIgnoredDuringExecution[0]."
        "podAffinityTerm.labelSelector.matchExpressions[0].operator:"
        " Invalid value: \"Like\": not a valid selector operator\n"
        "Invalid"
        " spec.affinity.podAntiAffinity.preferredDuringSchedulingIgnoredDuringExecution[0]."
        "podAffinityTerm[0]:"
        " Invalid value: \"b\": exists in both matchLabelKeys and"
        " labelSelector\n"
        "Invalid"
        " spec.affinity.podAntiAffinity.preferredDuringSchedulingIgnoredDuringExecution[0]."
        "podAffinityTerm.matchLabelKeys[0]:"
        " Invalid value: \"b\": exists in both matchLabelKeys and"
        " mismatchLabelKeys\n");
}

TEST(rules_check_spreading_and_tolerations)
{
    CHECK_POD("topologySpreadConstraints: [{maxSkew: 0, topologyKey: '',"
              " whenUnsatisfiable: Sometimes, minDomains: 1, nodeTaintsPolicy:"
              " Maybe}]",
              "Invalid spec.topologySpreadConstraints[0].maxSkew: Invalid"
              " value: 0: must be greater than zero\n"
              "Required spec.topologySpreadConstraints[0].topologyKey:"
              " Required value: can not be empty\n"
              "NotSupported"
              " spec.topologySpreadConstraints[0].whenUnsatisfiable:"
              " Unsupported value: \"Sometimes\": supported values:"
              " \"DoNotSchedule\", \"ScheduleAnyway\"\n"
              "Invalid spec.topologySpreadConstraints[0].minDomains: Invalid"
              " value: 1: can only use minDomains if"
              " whenUnsatisfiable=DoNotSchedule, not Sometimes\n"
              "NotSupported"
              " spec.topologySpreadConstraints[0].nodeTaintsPolicy:"
              " Unsupported value: \"Maybe\": supported values: \"Honor\","
              " \"Ignore\"\n");
    CHECK_POD("topologySpreadConstraints: [{maxSkew: 1, topologyKey: a,"
              " whenUnsatisfiable: DoNotSchedule, minDomains: -1}, {maxSkew:"
              " 2, topologyKey: a, whenUnsatisfiable: DoNotSchedule}]",
              "Duplicate spec.topologySpreadConstraints[0].{topologyKey,"
              " whenUnsatisfiable}: Duplicate value: \"{a, DoNotSchedule}\"\n"
              "Invalid spec.topologySpreadConstraints[0].minDomains: Invalid"
              " value: -1: must be greater than zero\n");
    CHECK_POD("tolerations: [{operator: Equal}, {key: a, operator: Exists,"
              " value: b}, {key: a, operator: Like}, {key: a, effect: Push},"
              " {key: a, tolerationSeconds: 1}]",
              "Invalid spec.tolerations[0].operator: Invalid value: \"Equal\":"
              " operator must be Exists when `key` is empty, which means"
              " \"match all values and all keys\"\n"
              "Invalid spec.tolerations[1].operator: Invalid value: \"b\":"
              " value must be empty when `operator` is 'Exists'\n"
              "NotSupported spec.tolerations[2].operator: Unsupported value:"
              " \"Like\": supported values: \"Equal\", \"Exists\"\n"
              "NotSupported spec.tolerations[3].effect: Unsupported value:"
              " \"Push\": supported values: \"NoSchedule\","
              " \"PreferNoSchedule\", \"NoExecute\"\n"
              "Invalid spec.tolerations[4].effect: Invalid value: \"\": effect"
              " must be 'NoExecute' when `tolerationSeconds` is set\n");
    CHECK_POD("schedulingGates: [{name: a}, {name: a}], nodeName: node",
              "Duplicate spec.schedulingGates[1]: Duplicate value: \"a\"\n"
              "Forbidden spec.nodeName: Forbidden: cannot be set until all"
              " schedulingGates have been cleared\n");
}

TEST(rules_check_identities_of_pods)
{
    CHECK_POD("securityContext: {runAsUser: -1, runAsGroup: 2147483648,"
              " fsGroup: -2, supplementalGroups: [1, -3], fsGroupChangePolicy:"
              " Never, supplementalGroupsPolicy: Loose, seLinuxChangePolicy:"
              " None}",
              "Invalid spec.securityContext.fsGroup: Invalid value: -2: must"
              " be between 0 and 2147483647, inclusive\n"
              "Invalid spec.securityContext.runAsUser: Invalid value: -1: must"
              " be between 0 and 2147483647, inclusive\n"
              "Invalid spec.securityContext.runAsGroup: Invalid value:"
              " 2147483648: must be between 0 and 2147483647, inclusive\n"
              "Invalid spec.securityContext.supplementalGroups[1]: Invalid"
              " value: -3: must be between 0 and 2147483647, inclusive\n"
              "NotSupported spec.securityContext.fsGroupChangePolicy:"
              " Unsupported value: \"Never\": supported values: \"Always\","
              " \"OnRootMismatch\"\n"
              "NotSupported spec.securityContext.supplementalGroupsPolicy:"
              " Unsupported value: \"Loose\": supported values: \"Merge\","
              " \"Strict\"\n"
              "NotSupported spec.securityContext.seLinuxChangePolicy:"
              " Unsupported value: \"None\": supported values: \"Recursive\"\n");
    CHECK_POD("hostPID: true, shareProcessNamespace: true",
              "Invalid spec.securityContext.shareProcessNamespace: Invalid"
              " value: true: ShareProcessNamespace and HostPID cannot both be"
              " enabled\n");
    CHECK_POD("hostNetwork: true, hostIPC: true, securityContext: {sysctls:"
              " [{name: net.core.x, value: '1'}, {name: kernel/sem, value:"
              " '1'}, {name: A, value: ''}, {name: vm.a, value: ''}, {name:"
              " vm.a, value: ''}, {name: '', value: ''}]}",
              "Invalid spec.securityContext.sysctls[0].name: Invalid value:"
              " \"net.core.x\": may not be specified when 'hostNetwork' is"
              " true\n"
              "Invalid spec.securityContext.sysctls[1].name: Invalid value:"
              " \"kernel/sem\": may not be specified when 'hostIPC' is true\n"
              "Invalid spec.securityContext.sysctls[2].name: Invalid value:"
              " \"A\": must have at most 253 characters and match regex"
              " ^([a-z0-9]([-_a-z0-9]*[a-z0-9])?[\\./])*[a-z0-9]([-_a-z0-9]*[a-z0-9])?$\n"
              "Duplicate spec.securityContext.sysctls[4].name: Duplicate"
              " value: \"vm.a\"\n"
              "Required spec.securityContext.sysctls[5].name: Required value\n");
    CHECK_POD("securityContext: {seccompProfile: {type: Localhost}}",
              "Required spec.securityContext.seccompProfile.localhostProfile:"
              " Required value: must be set when seccomp type is Localhost\n");
    CHECK_POD("securityContext: {seccompProfile: {type: Unconfined,"
              " localhostProfile: a}}",
              "Invalid spec.securityContext.seccompProfile.localhostProfile:"
              " Invalid value:"
              " {\"Type\":\"Unconfined\",\"LocalhostProfile\":\"a\"}: can only"
              " be set when seccomp type is Localhost\n");
    CHECK_POD("securityContext: {seccompProfile: {type: Localhost,"
              " localhostProfile: /../a}}",
              "Invalid spec.securityContext.seccompProfile.localhostProfile:"
              " Invalid value: \"/../a\": must be a relative path\n"
              "Invalid spec.securityContext.seccompProfile.localhostProfile:"
              " Invalid value: \"/../a\": must not contain '..'\n");
    CHECK_POD("securityContext: {seccompProfile: {type: Odd}, appArmorProfile:"
              " {type: Localhost, localhostProfile: ' a'}}",
              "NotSupported spec.securityContext.seccompProfile.type:"
              " Unsupported value: \"Odd\": supported values: \"Localhost\","
              " \"RuntimeDefault\", \"Unconfined\"\n"
              "Invalid spec.securityContext.appArmorProfile.localhostProfile:"
              " Invalid value: \" a\": must not be padded with whitespace\n");
    CHECK_POD("hostUsers: false, hostNetwork: true, hostPID: true",
              "Forbidden spec.hostNetwork: Forbidden: when `hostUsers` is"
              " false\n"
              "Forbidden spec.HostPID: Forbidden: when `hostUsers` is false\n");
    CHECK_POD("os: {name: plan9}", "NotSupported spec.os: Unsupported value: \"plan9\": supported"
                                   " values: \"linux\", \"windows\"\n");
    CHECK_POD("os: {name: windows}, hostPID: true, securityContext:"
              " {runAsUser: 1}",
              "Forbidden spec.hostPID: Forbidden: cannot be set for a windows"
              " pod\n"
              "Forbidden spec.securityContext.runAsUser: Forbidden: cannot be"
              " set for a windows pod\n");
}

TEST(rules_check_names_and_resolvers)
{
    CHECK_POD("dnsPolicy: None", "Required spec.dnsConfig: Required value: must provide"
                                 " `dnsConfig` when `dnsPolicy` is None\n");
    CHECK_POD("dnsPolicy: None, dnsConfig: {searches: [a]}",
              "Required spec.dnsConfig.nameservers: Required value: must"
              " provide at least one DNS nameserver when `dnsPolicy` is None\n");
    CHECK_POD("dnsConfig: {nameservers: [1.2.3.4, 1.2.3.5, '::1', nine],"
              " options: [{value: a}]}",
              "Invalid spec.dnsConfig.nameservers: Invalid value:"
              " [\"1.2.3.4\",\"1.2.3.5\",\"::1\",\"nine\"]: must not have more"
              " than 3 nameservers\n"
              "Invalid spec.dnsConfig.nameservers[3]: Invalid value: \"nine\":"
              " must be a valid IP address, (e.g. 10.9.8.7 or"
              " 2001:db8::ffff)\n"
              "Required spec.dnsConfig.options[0]: Required value: must not be"
              " empty\n");
    CHECK_POD("dnsConfig: {searches: ['.', _x.a., a_b.c]}", "");
    CHECK_POD("hostAliases: [{ip: 1.2.3, hostnames: [a]}]",
              "Invalid spec.hostAliases[0].ip: Invalid value: \"1.2.3\": must"
              " be a valid IP address, (e.g. 10.9.8.7 or 2001:db8::ffff)\n");
    CHECK_POD("setHostnameAsFQDN: true, hostNetwork: true, hostnameOverride: a",
              "Forbidden spec.hostnameOverride: Forbidden: may not be"
              " specified when setHostnameAsFQDN is true\n"
              "Forbidden spec.hostnameOverride: Forbidden: may not be"
              " specified when hostNetwork is true\n");
    CHECK_POD("imagePullSecrets: [{name: a}], preemptionPolicy: Later",
              "NotSupported spec.preemptionPolicy: Unsupported value:"
              " \"Later\": supported values: \"PreemptLowerPriority\","
              " \"Never\"\n");
}

TESTS_MAIN(T_(rules_check_affinities), T_(rules_check_spreading_and_tolerations),
           T_(rules_check_identities_of_pods), T_(rules_check_names_and_resolvers))
