#include "tests/unit/schema/rulesrig.h"

#define CHECK_SPEC(spec, want) CHECK_WRONG(POD "  {" spec "}\n", want)
/* With one container. */
#define CHECK_POD(spec, want) \
    CHECK_WRONG(POD "  {" spec ", containers: [{name: a, image: b}]}\n", want)
#define CHECK_CONTAINER(fields, want) \
    CHECK_WRONG(POD "  {containers: [{name: a, image: b, " fields "}]}\n", want)

TEST(rules_check_identities_of_containers)
{
    CHECK_CONTAINER("securityContext: {runAsUser: -1, procMount: Some}",
                    "Invalid spec.containers[0].securityContext.runAsUser:"
                    " Invalid value: -1: must be between 0 and 2147483647,"
                    " inclusive\n"
                    "NotSupported"
                    " spec.containers[0].securityContext.procMount:"
                    " Unsupported value: \"Some\": supported values:"
                    " \"Default\", \"Unmasked\"\n");
    CHECK_CONTAINER("securityContext: {procMount: Unmasked}",
                    "Invalid spec.containers[0].securityContext.procMount:"
                    " Invalid value: \"Unmasked\": `hostUsers` must be false"
                    " to use `Unmasked`\n");
    CHECK_CONTAINER(
        "securityContext: {allowPrivilegeEscalation: false,"
        " capabilities: {add: [CAP_SYS_ADMIN]}}",
        "Invalid spec.containers[0].securityContext: Invalid"
        " value:"
        " {\"Capabilities\":{\"Add\":[\"CAP_SYS_ADMIN\"],\"Drop\":null},\"Privileged\":null,"
        "\"SELinuxOptions\":null,\"WindowsOptions\":null,\"RunAsUser\":null,\"RunAsGroup\":null,"
        "\"RunAsNonRoot\":null,\"ReadOnlyRootFilesystem\":null,\"AllowPrivilegeEscalation\":false,"
        "\"ProcMount\":null,\"SeccompProfile\":null,\"AppArmorProfile\":null}:"
        " cannot set `allowPrivilegeEscalation` to false and"
        " `capabilities.Add` CAP_SYS_ADMIN\n");
    CHECK_CONTAINER("securityContext: {appArmorProfile: {type: ''}}",
                    "Required"
                    " spec.containers[0].securityContext.appArmorProfile.type:"
                    " Required value: type is required when appArmorProfile is"
                    " set\n");
    CHECK_CONTAINER("securityContext: {appArmorProfile: {type: Unconfined,"
                    " localhostProfile: a}}",
                    "Invalid"
                    " spec.containers[0].securityContext.appArmorProfile.localhostProfile:"
                    " Invalid value: \"a\": can only be set when AppArmor type"
                    " is Localhost\n");
}

TEST(rules_check_ports_of_the_host)
{
    CHECK_SPEC("containers: [{name: a, image: b, ports: [{containerPort: 1,"
               " hostPort: 8080}]}, {name: c, image: b, ports: [{containerPort:"
               " 2, hostPort: 8080}]}]",
               "Duplicate spec.containers[1].ports[0].hostPort: Duplicate"
               " value: \"TCP//8080\"\n");
    CHECK_SPEC("hostNetwork: true, containers: [{name: a, image: b, ports:"
               " [{containerPort: 1, hostPort: 2}]}]",
               "Invalid spec.containers[0].ports[0].hostPort: Invalid value: 2:"
               " must match `containerPort` when `hostNetwork` is true\n");
}

TEST(rules_check_probes_and_hooks)
{
    CHECK_CONTAINER("livenessProbe: {}, lifecycle: {preStop: {}}",
                    "Required spec.containers[0].lifecycle.preStop: Required"
                    " value: must specify a handler type\n"
                    "Required spec.containers[0].livenessProbe: Required"
                    " value: must specify a handler type\n");
    CHECK_CONTAINER("livenessProbe: {exec: {command: []}, periodSeconds: -1,"
                    " successThreshold: 2}",
                    "Required spec.containers[0].livenessProbe.exec.command:"
                    " Required value\n"
                    "Invalid spec.containers[0].livenessProbe.periodSeconds:"
                    " Invalid value: -1: must be greater than or equal to 0\n"
                    "Invalid"
                    " spec.containers[0].livenessProbe.successThreshold:"
                    " Invalid value: 2: must be 1\n");
    CHECK_CONTAINER("readinessProbe: {httpGet: {port: 0, scheme: FTP,"
                    " httpHeaders: [{name: 'a b', value: c}]},"
                    " terminationGracePeriodSeconds: 5}",
                    "Invalid spec.containers[0].readinessProbe.httpGet.port:"
                    " Invalid value: 0: must be between 1 and 65535,"
                    " inclusive\n"
                    "NotSupported"
                    " spec.containers[0].readinessProbe.httpGet.scheme:"
                    " Unsupported value: \"FTP\": supported values: \"HTTP\","
                    " \"HTTPS\"\n"
                    "Invalid"
                    " spec.containers[0].readinessProbe.httpGet.httpHeaders:"
                    " Invalid value: \"a b\": a valid HTTP header must consist"
                    " of alphanumeric characters or '-' (e.g. 'X-Header-Name',"
                    " regex used for validation is '[-A-Za-z0-9]+')\n"
                    "Invalid"
                    " spec.containers[0].readinessProbe.terminationGracePeriodSeconds:"
                    " Invalid value: 5: must not be set for readinessProbes\n");
    CHECK_CONTAINER("startupProbe: {tcpSocket: {port: A-}, grpc: {port: 1}}",
                    "Invalid spec.containers[0].startupProbe.tcpSocket.port:"
                    " Invalid value: \"A-\": must contain only alpha-numeric"
                    " characters (a-z, 0-9), and hyphens (-)\n"
                    "Invalid spec.containers[0].startupProbe.tcpSocket.port:"
                    " Invalid value: \"A-\": must contain at least one letter"
                    " (a-z)\n"
                    "Invalid spec.containers[0].startupProbe.tcpSocket.port:"
                    " Invalid value: \"A-\": must not begin or end with a"
                    " hyphen\n"
                    "Forbidden spec.containers[0].startupProbe.grpc:"
                    " Forbidden: may not specify more than 1 handler type\n");
    CHECK_CONTAINER("startupProbe: {grpc: {port: 70000},"
                    " terminationGracePeriodSeconds: 0}",
                    "Invalid spec.containers[0].startupProbe.grpc.port:"
                    " Invalid value: 70000: must be between 1 and 65535,"
                    " inclusive\n"
                    "Invalid"
                    " spec.containers[0].startupProbe.terminationGracePeriodSeconds:"
                    " Invalid value: 0: must be greater than 0\n");
    CHECK_CONTAINER("lifecycle: {preStop: {sleep: {seconds: 31}}, stopSignal:"
                    " SIGTERM}",
                    "Invalid spec.containers[0].lifecycle.preStop.sleep:"
                    " Invalid value: 31: must be non-negative and less than"
                    " terminationGracePeriodSeconds (30)\n"
                    "Forbidden spec.containers[0].lifecycle.stopSignal:"
                    " Forbidden: may not be set for containers with empty"
                    " `spec.os.name`\n");
}

TEST(rules_check_variables)
{
    CHECK_CONTAINER("env: [{name: A, valueFrom: {fieldRef: {fieldPath:"
                    " status.phase}}}, {name: B, valueFrom: {fieldRef:"
                    " {fieldPath: spec.x}}}, {name: C, valueFrom: {fieldRef:"
                    " {fieldPath: 'spec.x[''a'']'}}}, {name: D, valueFrom:"
                    " {fieldRef: {}}}]",
                    "NotSupported"
                    " spec.containers[0].env[0].valueFrom.fieldRef.fieldPath:"
                    " Unsupported value: \"status.phase\": supported values:"
                    " \"metadata.name\", \"metadata.namespace\","
                    " \"metadata.uid\", \"spec.nodeName\","
                    " \"spec.serviceAccountName\", \"status.hostIP\","
                    " \"status.hostIPs\", \"status.podIP\","
                    " \"status.podIPs\"\n"
                    "Invalid"
                    " spec.containers[0].env[1].valueFrom.fieldRef.fieldPath:"
                    " Invalid value: \"spec.x\": error converting fieldPath:"
                    " field label not supported: spec.x\n"
                    "Invalid"
                    " spec.containers[0].env[2].valueFrom.fieldRef.fieldPath:"
                    " Invalid value: \"spec.x['a']\": error converting"
                    " fieldPath: field label does not support subscript:"
                    " spec.x['a']\n"
                    "Required"
                    " spec.containers[0].env[3].valueFrom.fieldRef.fieldPath:"
                    " Required value\n");
    CHECK_CONTAINER("env: [{name: A, valueFrom: {resourceFieldRef: {resource:"
                    " limits.x}}}, {name: B, valueFrom: {resourceFieldRef:"
                    " {resource: limits.cpu, divisor: 2m}}}, {name: C,"
                    " valueFrom: {resourceFieldRef: {resource:"
                    " requests.memory, divisor: 10}}}]",
                    "NotSupported"
                    " spec.containers[0].env[0].valueFrom.resourceFieldRef.resource:"
                    " Unsupported value: \"limits.x\": supported values:"
                    " \"limits.cpu\", \"limits.ephemeral-storage\","
                    " \"limits.memory\", \"requests.cpu\","
                    " \"requests.ephemeral-storage\", \"requests.memory\"\n"
                    "Invalid"
                    " spec.containers[0].env[1].valueFrom.resourceFieldRef.divisor:"
                    " Invalid value: \"limits.cpu\": only divisor's values 1m"
                    " and 1 are supported with the cpu resource\n"
                    "Invalid"
                    " spec.containers[0].env[2].valueFrom.resourceFieldRef.divisor:"
                    " Invalid value: \"requests.memory\": only divisor's"
                    " values 1, 1k, 1M, 1G, 1T, 1P, 1E, 1Ki, 1Mi, 1Gi, 1Ti,"
                    " 1Pi, 1Ei are supported with the memory resource\n");
    CHECK_CONTAINER("env: [{name: A, value: b, valueFrom: {secretKeyRef:"
                    " {name: c, key: ''}}}, {name: '', value: a}]",
                    "Required"
                    " spec.containers[0].env[0].valueFrom.secretKeyRef.key:"
                    " Required value\n"
                    "Invalid spec.containers[0].env[0].valueFrom: Invalid"
                    " value: \"\": may not be specified when `value` is not"
                    " empty\n"
                    "Required spec.containers[0].env[1].name: Required value\n");
    CHECK_CONTAINER("env: [{name: A, valueFrom: {secretKeyRef: {name: c, key:"
                    " d}, configMapKeyRef: {name: c, key: d}}}]",
                    "Invalid spec.containers[0].env[0].valueFrom: Invalid"
                    " value: \"\": may not have more than one field specified"
                    " at a time\n");
    CHECK_CONTAINER("envFrom: [{prefix: 'a=', secretRef: {name: ''}}, {},"
                    " {secretRef: {name: a}, configMapRef: {name: a}}]",
                    "Invalid spec.containers[0].envFrom[0].prefix: Invalid"
                    " value: \"a=\": a valid environment variable name must"
                    " consist only of printable ASCII characters other than"
                    " '='\n"
                    "Required spec.containers[0].envFrom[0].secretRef.name:"
                    " Required value\n"
                    "Invalid spec.containers[0].envFrom: Invalid value: \"\":"
                    " must specify one of: `configMapRef` or `secretRef`\n"
                    "Invalid spec.containers[0].envFrom: Invalid value: \"\":"
                    " may not have more than one field specified at a time\n");
}

TEST(rules_check_resources)
{
    CHECK_CONTAINER("resources: {requests: {cpu: -1, memory: 2Gi}, limits:"
                    " {memory: 1Gi, pods: 1, disk: 1}}",
                    "Invalid spec.containers[0].resources.limits[pods]:"
                    " Invalid value: \"pods\": must be a standard resource for"
                    " containers\n"
                    "Invalid spec.containers[0].resources.limits[disk]:"
                    " Invalid value: \"disk\": must be a standard resource"
                    " type or fully qualified\n"
                    "Invalid spec.containers[0].resources.limits[disk]:"
                    " Invalid value: \"disk\": must be a standard resource for"
                    " containers\n"
                    "Invalid spec.containers[0].resources.requests[cpu]:"
                    " Invalid value: \"-1\": must be greater than or equal to"
                    " 0\n"
                    "Invalid spec.containers[0].resources.requests: Invalid"
                    " value: \"2Gi\": must be less than or equal to memory"
                    " limit of 1Gi\n"
                    "Invalid spec.containers[0].resources.requests[pods]:"
                    " Invalid value: \"pods\": must be a standard resource for"
                    " containers\n"
                    "Invalid spec.containers[0].resources.requests[disk]:"
                    " Invalid value: \"disk\": must be a standard resource"
                    " type or fully qualified\n"
                    "Invalid spec.containers[0].resources.requests[disk]:"
                    " Invalid value: \"disk\": must be a standard resource for"
                    " containers\n");
    CHECK_CONTAINER("resources: {requests: {x.io/gpu: 1}, limits: {x.io/fpga:"
                    " 1500m}}",
                    "Invalid spec.containers[0].resources.limits[x.io/fpga]:"
                    " Invalid value: \"1500m\": must be an integer\n"
                    "Invalid spec.containers[0].resources.requests[x.io/fpga]:"
                    " Invalid value: \"1500m\": must be an integer\n"
                    "Required spec.containers[0].resources.limits: Required"
                    " value: Limit must be set for non overcommitable"
                    " resources\n");
    CHECK_CONTAINER("resources: {limits: {hugepages-2Mi: 3Mi}}",
                    "Invalid"
                    " spec.containers[0].resources.limits[hugepages-2Mi]:"
                    " Invalid value: \"3Mi\": 3Mi is not positive integer"
                    " multiple of hugepages-2Mi\n"
                    "Invalid"
                    " spec.containers[0].resources.requests[hugepages-2Mi]:"
                    " Invalid value: \"3Mi\": 3Mi is not positive integer"
                    " multiple of hugepages-2Mi\n"
                    "Forbidden spec.containers[0].resources: Forbidden:"
                    " HugePages require cpu or memory\n");
    CHECK_CONTAINER("resources: {claims: [{name: a}, {name: ''}]}",
                    "NotFound spec.containers[0].resources.claims[0]: Not"
                    " found: \"a\": must be one of the names in"
                    " pod.spec.resourceClaims which is empty\n"
                    "Required spec.containers[0].resources.claims[1]: Required"
                    " value\n");
    CHECK_CONTAINER("resizePolicy: [{resourceName: cpu, restartPolicy: Maybe},"
                    " {resourceName: cpu, restartPolicy: NotRequired},"
                    " {resourceName: disk, restartPolicy: NotRequired}]",
                    "NotSupported spec.containers[0].resizePolicy: Unsupported"
                    " value: \"Maybe\": supported values: \"NotRequired\","
                    " \"RestartContainer\"\n"
                    "Duplicate spec.containers[0].resizePolicy[1]: Duplicate"
                    " value: \"cpu\"\n"
                    "NotSupported spec.containers[0].resizePolicy: Unsupported"
                    " value: \"disk\": supported values: \"cpu\", \"memory\"\n");
}

TEST(rules_check_resources_of_the_whole_pod)
{
    CHECK_SPEC("resources: {requests: {cpu: 1, disk: 1}, limits: {cpu: 2}},"
               " containers: [{name: a, image: b, resources: {requests: {cpu:"
               " 800m}}}, {name: c, image: b, resources: {limits: {cpu: 3},"
               " requests: {cpu: 300m}}}]",
               "Invalid spec.resources.requests[disk]: Invalid value: \"disk\":"
               " must be a standard resource type or fully qualified\n"
               "Invalid spec.resources.requests[cpu]: Invalid value: \"1\":"
               " must be greater than or equal to aggregate container requests"
               " of 1100m\n"
               "Invalid spec.resources.containers[1][cpu].limits: Invalid"
               " value: \"3\": must be less than or equal to pod limits of 2\n");
    CHECK_POD("resourceClaims: [{name: a}, {name: a, resourceClaimName: b,"
              " resourceClaimTemplateName: c}]",
              "Invalid spec.resourceClaims[0]: Invalid value:"
              " {\"Name\":\"a\",\"ResourceClaimName\":null,\"ResourceClaimTemplateName\":null}:"
              " must specify one of: `resourceClaimName`,"
              " `resourceClaimTemplateName`\n"
              "Duplicate spec.resourceClaims[1].name: Duplicate value: \"a\"\n"
              "Invalid spec.resourceClaims[1]: Invalid value:"
              " {\"Name\":\"a\",\"ResourceClaimName\":\"b\",\"ResourceClaimTemplateName\":\"c\"}:"
              " at most one of `resourceClaimName` or"
              " `resourceClaimTemplateName` may be specified\n");
}

TEST(rules_check_containers_of_other_kinds)
{
    CHECK_POD("initContainers: [{name: a, image: b}, {name: i, image: b,"
              " lifecycle: {}, readinessProbe: {exec: {command: [a]}}}, {name:"
              " j, image: b, restartPolicy: OnFailure}]",
              "Duplicate spec.initContainers[0].name: Duplicate value: \"a\"\n"
              "Forbidden spec.initContainers[1].lifecycle: Forbidden: may not"
              " be set for init containers without restartPolicy=Always\n"
              "Forbidden spec.initContainers[1].readinessProbe: Forbidden: may"
              " not be set for init containers without restartPolicy=Always\n"
              "NotSupported spec.initContainers[2].restartPolicy: Unsupported"
              " value: \"OnFailure\": supported values: \"Always\"\n");
    CHECK_SPEC("containers: [{name: a, image: b, restartPolicy: Always}, {name:"
               " a, image: ' b'}]",
               "Forbidden spec.containers[0].restartPolicy: Forbidden: may not"
               " be set for non-init containers\n"
               "Invalid spec.containers[1].image: Invalid value: \" b\": must"
               " not have leading or trailing whitespace\n"
               "Duplicate spec.containers[1].name: Duplicate value: \"a\"\n");
    CHECK_POD("ephemeralContainers: [{name: a, image: b, targetContainerName:"
              " z, ports: [{containerPort: 1}], resources: {limits: {cpu: 1}},"
              " livenessProbe: {exec: {command: [a]}}}]",
              "Duplicate spec.ephemeralContainers[0].name: Duplicate value:"
              " \"a\"\n"
              "NotFound spec.ephemeralContainers[0].targetContainerName: Not"
              " found: \"z\"\n"
              "Forbidden spec.ephemeralContainers[0].ports: Forbidden: cannot"
              " be set for an Ephemeral Container\n"
              "Forbidden spec.ephemeralContainers[0].resources: Forbidden:"
              " cannot be set for an Ephemeral Container\n"
              "Forbidden spec.ephemeralContainers[0].livenessProbe: Forbidden:"
              " cannot be set for an Ephemeral Container\n"
              "Forbidden spec.ephemeralContainers: Forbidden: cannot be set on"
              " create\n");
}

TEST(a_value_from_a_file_is_not_known)
{
    CHECK_CONTAINER("env: [{name: A, valueFrom: {fileKeyRef: {volumeName: v, path: p, key: k}}}]",
                    "Invalid spec.containers[0].env[0].valueFrom: Invalid value: \"\": must specify"
                    " one of: `fieldRef`, `resourceFieldRef`, `configMapKeyRef` or"
                    " `secretKeyRef`\n");
}

TESTS_MAIN(T_(a_value_from_a_file_is_not_known), T_(rules_check_identities_of_containers),
           T_(rules_check_ports_of_the_host), T_(rules_check_probes_and_hooks),
           T_(rules_check_variables), T_(rules_check_resources),
           T_(rules_check_resources_of_the_whole_pod), T_(rules_check_containers_of_other_kinds))
