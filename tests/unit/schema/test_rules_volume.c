#include "tests/unit/schema/rulesrig.h"

#define CHECK_SPEC(spec, want) CHECK_WRONG(POD "  {" spec "}\n", want)
/* With one container. */
#define CHECK_POD(spec, want) \
    CHECK_WRONG(POD "  {" spec ", containers: [{name: a, image: b}]}\n", want)

TEST(rules_check_volumes)
{
    CHECK_POD("volumes: [{name: a, hostPath: {path: /a/../b, type: Pipe}},"
              " {name: b, hostPath: {path: ''}}, {name: c, emptyDir:"
              " {sizeLimit: -1}}]",
              "Invalid spec.volumes[0].hostPath.path: Invalid value:"
              " \"/a/../b\": must not contain '..'\n"
              "NotSupported spec.volumes[0].hostPath.type: Unsupported value:"
              " \"Pipe\": supported values: \"\", \"BlockDevice\","
              " \"CharDevice\", \"Directory\", \"DirectoryOrCreate\","
              " \"File\", \"FileOrCreate\", \"Socket\"\n"
              "Required spec.volumes[1].hostPath.path: Required value\n"
              "Forbidden spec.volumes[2].emptyDir.sizeLimit: Forbidden:"
              " SizeLimit field must be a valid resource quantity\n");
    CHECK_POD("volumes: [{name: a, configMap: {name: '', defaultMode: 512,"
              " items: [{key: '', path: /a}, {key: b, path: ..c, mode: -1}]}}]",
              "Required spec.volumes[0].configMap.name: Required value\n"
              "Invalid spec.volumes[0].configMap.defaultMode: Invalid value:"
              " 512: must be a number between 0 and 0777 (octal), both"
              " inclusive\n"
              "Required spec.volumes[0].configMap.items[0].key: Required"
              " value\n"
              "Invalid spec.volumes[0].configMap.items[0].path: Invalid value:"
              " \"/a\": must be a relative path\n"
              "Invalid spec.volumes[0].configMap.items[1].path: Invalid value:"
              " \"..c\": must not start with '..'\n"
              "Invalid spec.volumes[0].configMap.items[1].mode: Invalid value:"
              " -1: must be a number between 0 and 0777 (octal), both"
              " inclusive\n");
    CHECK_POD("volumes: [{name: a, secret: {}}, {name: b,"
              " persistentVolumeClaim: {claimName: ''}}, {name: c, nfs:"
              " {server: '', path: a}}]",
              "Required spec.volumes[0].secret.secretName: Required value\n"
              "Required spec.volumes[1].persistentVolumeClaim.claimName:"
              " Required value\n"
              "Required spec.volumes[2].nfs.server: Required value\n"
              "Invalid spec.volumes[2].nfs.path: Invalid value: \"a\": must be"
              " an absolute path\n");
    CHECK_POD("volumes: [{name: a, downwardAPI: {items: [{path: b}, {path: c,"
              " fieldRef: {fieldPath: spec.nodeName}}, {path: d,"
              " resourceFieldRef: {resource: limits.cpu}}]}}]",
              "Required spec.volumes[0].downwardAPI: Required value: one of"
              " fieldRef and resourceFieldRef is required\n"
              "NotSupported spec.volumes[0].downwardAPI.fieldRef.fieldPath:"
              " Unsupported value: \"spec.nodeName\": supported values:"
              " \"metadata.annotations\", \"metadata.labels\","
              " \"metadata.name\", \"metadata.namespace\", \"metadata.uid\"\n"
              "Required"
              " spec.volumes[0].downwardAPI.resourceFieldRef.containerName:"
              " Required value\n");
    CHECK_POD("volumes: [{name: a, projected: {sources: [{secret: {name: s,"
              " items: [{key: k, path: p}]}}, {configMap: {name: c, items:"
              " [{key: k, path: p}]}}, {serviceAccountToken: {path: /t,"
              " expirationSeconds: 5}}, {secret: {name: s}, configMap: {name:"
              " c}}]}}], serviceAccountName: s",
              "Invalid spec.volumes[0].projected: Invalid value: \"c\":"
              " conflicting duplicate paths\n"
              "Invalid"
              " spec.volumes[0].projected.sources[2].serviceAccountToken.expirationSeconds:"
              " Invalid value: 5: may not specify a duration less than 10"
              " minutes\n"
              "Invalid spec.volumes[0].projected.path: Invalid value: \"/t\":"
              " must be a relative path\n"
              "Forbidden spec.volumes[0].projected.sources[3]: Forbidden: may"
              " not specify more than 1 volume type per source\n");
    CHECK_POD("volumes: [{name: a, projected: {sources: [{serviceAccountToken:"
              " {path: t}}]}}]",
              "Forbidden"
              " spec.volumes[0].projected.sources[0].serviceAccountToken:"
              " Forbidden: must not be specified when serviceAccountName is"
              " not set\n");
    CHECK_POD("volumes: [{name: a, ephemeral: {}}, {name: b, csi: {driver:"
              " ''}}, {name: c, image: {pullPolicy: Now}}, {name: d, gitRepo:"
              " {repository: ''}}, {name: e, fc: {}}, {name: f, cephfs:"
              " {monitors: []}}, {name: g, azureFile: {secretName: '',"
              " shareName: ''}}]",
              "Required spec.volumes[0].ephemeral.volumeClaimTemplate:"
              " Required value\n"
              "Required spec.volumes[1].csi.driver: Required value\n"
              "Invalid spec.volumes[1].csi.driver: Invalid value: \"\": a"
              " lowercase RFC 1123 subdomain must consist of lower case"
              " alphanumeric characters, '-' or '.', and must start and end"
              " with an alphanumeric character (e.g. 'example.com', regex used"
              " for validation is"
              " '[a-z0-9]([-a-z0-9]*[a-z0-9])?(\\.[a-z0-9]([-a-z0-9]*[a-z0-9])?)*')\n"
              "Required spec.volumes[2].image.reference: Required value\n"
              "NotSupported spec.volumes[2].image.pullPolicy: Unsupported"
              " value: \"Now\": supported values: \"Always\","
              " \"IfNotPresent\", \"Never\"\n"
              "Required spec.volumes[3].gitRepo.repository: Required value\n"
              "Required spec.volumes[4].fc.targetWWNs: Required value: must"
              " specify either targetWWNs or wwids, but not both\n"
              "Required spec.volumes[5].cephfs.monitors: Required value\n"
              "Required spec.volumes[6].azureFile.secretName: Required value\n"
              "Required spec.volumes[6].azureFile.shareName: Required value\n");
    CHECK_POD("volumes: [{name: a, ephemeral: {volumeClaimTemplate: {metadata:"
              " {name: z}, spec: {accessModes: [Some]}}}}, {name: b,"
              " persistentVolumeClaim: {claimName: x-b}}, {name: b, emptyDir:"
              " {}, nfs: {server: s, path: /}}]",
              "Forbidden"
              " spec.volumes[0].ephemeral.volumeClaimTemplate.metadata.name:"
              " Forbidden: cannot be set\n"
              "NotSupported"
              " spec.volumes[0].ephemeral.volumeClaimTemplate.spec.accessModes:"
              " Unsupported value: \"Some\": supported values:"
              " \"ReadOnlyMany\", \"ReadWriteMany\", \"ReadWriteOnce\","
              " \"ReadWriteOncePod\"\n"
              "Required"
              " spec.volumes[0].ephemeral.volumeClaimTemplate.spec.resources[storage]:"
              " Required value\n"
              "Forbidden spec.volumes[2].nfs: Forbidden: may not specify more"
              " than 1 volume type\n"
              "Duplicate spec.volumes[2].name: Duplicate value: \"b\"\n");
}

TEST(rules_check_mounts)
{
    CHECK_SPEC("volumes: [{name: v, emptyDir: {}}, {name: c,"
               " persistentVolumeClaim: {claimName: c}}], containers: [{name:"
               " a, image: b, volumeMounts: [{name: v, mountPath: /a, subPath:"
               " /x, subPathExpr: ../y}, {name: c, mountPath: /a,"
               " mountPropagation: Bidirectional}, {name: v, mountPath: /c,"
               " recursiveReadOnly: Enabled}, {name: v, mountPath: /d,"
               " mountPropagation: Up, recursiveReadOnly: Odd}], volumeDevices:"
               " [{name: v, devicePath: /b/../c}, {name: c, devicePath: /a},"
               " {name: z, devicePath: ''}]}]",
               "Invalid spec.containers[0].volumeMounts[0].name: Invalid value:"
               " \"v\": must not already exist in volumeDevices\n"
               "Invalid spec.containers[0].volumeMounts[0].mountPath: Invalid"
               " value: \"/a\": must not already exist as a path in"
               " volumeDevices\n"
               "Invalid spec.containers[0].volumeMounts[0].subPathExpr: Invalid"
               " value: \"../y\": subPathExpr and subPath are mutually"
               " exclusive\n"
               "Invalid spec.containers[0].volumeMounts.subPath: Invalid value:"
               " \"/x\": must be a relative path\n"
               "Invalid spec.containers[0].volumeMounts.subPathExpr: Invalid"
               " value: \"../y\": must not contain '..'\n"
               "Invalid spec.containers[0].volumeMounts[1].mountPath: Invalid"
               " value: \"/a\": must be unique\n"
               "Invalid spec.containers[0].volumeMounts[1].name: Invalid value:"
               " \"c\": must not already exist in volumeDevices\n"
               "Invalid spec.containers[0].volumeMounts[1].mountPath: Invalid"
               " value: \"/a\": must not already exist as a path in"
               " volumeDevices\n"
               "Forbidden spec.containers[0].volumeMounts.mountPropagation:"
               " Forbidden: Bidirectional mount propagation is available only"
               " to privileged containers\n"
               "Invalid spec.containers[0].volumeMounts[2].name: Invalid value:"
               " \"v\": must not already exist in volumeDevices\n"
               "Forbidden spec.containers[0].volumeMounts.recursiveReadOnly:"
               " Forbidden: may only be specified when readOnly is true\n"
               "Invalid spec.containers[0].volumeMounts[3].name: Invalid value:"
               " \"v\": must not already exist in volumeDevices\n"
               "NotSupported spec.containers[0].volumeMounts.mountPropagation:"
               " Unsupported value: \"Up\": supported values:"
               " \"Bidirectional\", \"HostToContainer\", \"None\"\n"
               "NotSupported spec.containers[0].volumeMounts.recursiveReadOnly:"
               " Unsupported value: \"Odd\": supported values: \"Disabled\","
               " \"Enabled\", \"IfPossible\"\n"
               "Invalid spec.containers[0].volumeDevices[0].name: Invalid"
               " value: \"v\": can only use volume source type of"
               " PersistentVolumeClaim or Ephemeral for block mode\n"
               "Invalid spec.containers[0].volumeDevices[0].devicePath: Invalid"
               " value: \"/b/../c\": can not contain backsteps ('..')\n"
               "Invalid spec.containers[0].volumeDevices[0].name: Invalid"
               " value: \"v\": must not already exist in volumeMounts\n"
               "Invalid spec.containers[0].volumeDevices[1].name: Invalid"
               " value: \"c\": must not already exist in volumeMounts\n"
               "Invalid spec.containers[0].volumeDevices[1].devicePath: Invalid"
               " value: \"/a\": must not already exist as a path in"
               " volumeMounts\n"
               "NotFound spec.containers[0].volumeDevices[2].name: Not found:"
               " \"z\"\n"
               "Required spec.containers[0].volumeDevices[2].devicePath:"
               " Required value\n");
}

TEST(rules_check_projections_of_certificates)
{
#define SOURCE "spec.volumes[0].projected.sources[0]."
#define CHECK_PROJECTION(source, want) \
    CHECK_POD("volumes: [{name: a, projected: {sources: [" source "]}}]", want)
    CHECK_PROJECTION("{clusterTrustBundle: {name: 'example.com:signer:any', path: ca.crt}}", "");
    CHECK_PROJECTION("{clusterTrustBundle: {signerName: example.com/signer, path: ca.crt,"
                     " labelSelector: {matchLabels: {a: b}}}}",
                     "");
    CHECK_PROJECTION("{clusterTrustBundle: {path: ../ca.crt}}",
                     "Required " SOURCE "clusterTrustBundle: Required value: either name or"
                     " signerName must be specified\n"
                     "Invalid spec.volumes[0].projected.path: Invalid value: \"../ca.crt\": must"
                     " not contain '..'\n");
    CHECK_PROJECTION("{clusterTrustBundle: {name: A, labelSelector: {}, path: p}}",
                     "Invalid " SOURCE "clusterTrustBundle.name: Invalid value: \"A\": not a valid"
                     " clustertrustbundlename: a lowercase RFC 1123 subdomain must consist of lower"
                     " case alphanumeric characters, '-' or '.', and must start and end with an"
                     " alphanumeric character (e.g. 'example.com', regex used for validation is"
                     " '[a-z0-9]([-a-z0-9]*[a-z0-9])?(\\.[a-z0-9]([-a-z0-9]*[a-z0-9])?)*')\n"
                     "Invalid " SOURCE "clusterTrustBundle.labelSelector: Invalid value: {}:"
                     " labelSelector must be unset if name is specified\n");
    CHECK_PROJECTION("{podCertificate: {signerName: example/signer, keyType: RSA2048}}",
                     "Invalid " SOURCE "podCertificate.signerName: Invalid value: \"example\":"
                     " should be a domain with at least two segments separated by dots\n"
                     "NotSupported " SOURCE
                     "podCertificate.keyType: Unsupported value: \"RSA2048\":"
                     " supported values: \"ECDSAP256\", \"ECDSAP384\", \"ECDSAP521\", \"ED25519\","
                     " \"RSA3072\", \"RSA4096\"\n"
                     "Required " SOURCE "podCertificate: Required value: specify at least one of"
                     " credentialBundlePath, keyPath, and certificateChainPath\n");
    CHECK_PROJECTION("{podCertificate: {signerName: nobody, keyType: ED25519, keyPath: ..key,"
                     " maxExpirationSeconds: 60}}",
                     "Invalid " SOURCE
                     "podCertificate.signerName: Invalid value: \"nobody\": must be"
                     " a fully qualified domain and path of the form 'example.com/signer-name'\n"
                     "Invalid " SOURCE "podCertificate.maxExpirationSeconds: Invalid value: 60: if"
                     " provided, maxExpirationSeconds must be >= 3600\n"
                     "Invalid " SOURCE "podCertificate.keyPath: Invalid value: \"..key\": must not"
                     " start with '..'\n");
    CHECK_PROJECTION("{podCertificate: {signerName: a.b/c, keyType: ED25519, keyPath: key,"
                     " certificateChainPath: crt}}",
                     "");
#undef CHECK_PROJECTION
#undef SOURCE
}

TESTS_MAIN(T_(rules_check_volumes), T_(rules_check_projections_of_certificates),
           T_(rules_check_mounts))
