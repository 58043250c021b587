#include "schema/godump_int.h"

#include <string.h>

#include "base/mem.h"

/* By name.  Facts: the order of the fields of kube-apiserver's internal types. */
static const struct row {
    const char *type, *fields;
} rows[] = {
    {"AWSElasticBlockStoreVolumeSource", "VolumeID FSType=fsType Partition ReadOnly"},
    {"Affinity", "NodeAffinity PodAffinity PodAntiAffinity"},
    {"AppArmorProfile", "Type LocalhostProfile"},
    {"AzureDiskVolumeSource",
     "DiskName DataDiskURI=diskURI CachingMode FSType=fsType ReadOnly Kind"},
    {"AzureFileVolumeSource", "SecretName ShareName ReadOnly"},
    {"CSIVolumeSource", "Driver ReadOnly FSType=fsType VolumeAttributes NodePublishSecretRef"},
    {"Capabilities", "Add Drop"},
    {"CephFSVolumeSource", "Monitors Path User SecretFile SecretRef ReadOnly"},
    {"CinderVolumeSource", "VolumeID FSType=fsType ReadOnly SecretRef"},
    {"ClusterTrustBundleProjection", "Name SignerName LabelSelector Optional Path"},
    {"ConfigMapEnvSource", "Name Optional"},
    {"ConfigMapKeySelector", "Name Key Optional"},
    {"ConfigMapProjection", "Name Items Optional"},
    {"ConfigMapVolumeSource", "Name Items DefaultMode Optional"},
    {"Container",
     "Name Image Command Args WorkingDir Ports EnvFrom Env Resources ResizePolicy "
     "RestartPolicy RestartPolicyRules VolumeMounts VolumeDevices LivenessProbe "
     "ReadinessProbe StartupProbe Lifecycle TerminationMessagePath "
     "TerminationMessagePolicy ImagePullPolicy SecurityContext Stdin StdinOnce TTY=tty"},
    {"ContainerPort", "Name HostPort ContainerPort Protocol HostIP"},
    {"ContainerResizePolicy", "ResourceName RestartPolicy"},
    {"ContainerRestartRule", "Action ExitCodes"},
    {"ContainerRestartRuleOnExitCodes", "Operator Values"},
    {"DownwardAPIProjection", "Items"},
    {"DownwardAPIVolumeFile", "Path FieldRef ResourceFieldRef Mode"},
    {"DownwardAPIVolumeSource", "Items DefaultMode"},
    {"EmptyDirVolumeSource", "Medium SizeLimit"},
    {"EnvFromSource", "Prefix ConfigMapRef SecretRef"},
    {"EnvVar", "Name Value ValueFrom"},
    {"EnvVarSource", "FieldRef ResourceFieldRef ConfigMapKeyRef SecretKeyRef FileKeyRef"},
    {"EphemeralContainer",
     "Name Image Command Args WorkingDir Ports EnvFrom Env Resources ResizePolicy "
     "RestartPolicy RestartPolicyRules VolumeMounts VolumeDevices LivenessProbe "
     "ReadinessProbe StartupProbe Lifecycle TerminationMessagePath "
     "TerminationMessagePolicy ImagePullPolicy SecurityContext Stdin StdinOnce TTY=tty "
     "TargetContainerName"},
    {"EphemeralVolumeSource", "VolumeClaimTemplate"},
    {"ExecAction", "Command"},
    {"FCVolumeSource", "TargetWWNs Lun FSType=fsType ReadOnly WWIDs=wwids"},
    {"FieldsV1", "Raw=-"},
    {"FileKeySelector", "VolumeName Path Key Optional"},
    {"FlexVolumeSource", "Driver FSType=fsType SecretRef ReadOnly Options"},
    {"FlockerVolumeSource", "DatasetName DatasetUUID"},
    {"GCEPersistentDiskVolumeSource", "PDName=pdName FSType=fsType Partition ReadOnly"},
    {"GRPCAction", "Port Service"},
    {"GitRepoVolumeSource", "Repository Revision Directory"},
    {"GlusterfsVolumeSource", "EndpointsName=endpoints Path ReadOnly"},
    {"HTTPGetAction", "Path Port Host Scheme HTTPHeaders=httpHeaders"},
    {"HTTPHeader", "Name Value"},
    {"HostAlias", "IP=ip Hostnames"},
    {"HostPathVolumeSource", "Path Type"},
    {"ISCSIVolumeSource",
     "TargetPortal IQN=iqn Lun ISCSIInterface=iscsiInterface FSType=fsType ReadOnly "
     "Portals DiscoveryCHAPAuth=chapAuthDiscovery SessionCHAPAuth=chapAuthSession "
     "SecretRef InitiatorName"},
    {"ImageVolumeSource", "Reference PullPolicy"},
    {"KeyToPath", "Key Path Mode"},
    {"LabelSelector", "MatchLabels MatchExpressions"},
    {"LabelSelectorRequirement", "Key Operator Values"},
    {"Lifecycle", "PostStart PreStop StopSignal"},
    {"LifecycleHandler", "Exec HTTPGet=httpGet TCPSocket=tcpSocket Sleep"},
    {"LocalObjectReference", "Name"},
    {"ManagedFieldsEntry",
     "Manager Operation APIVersion=apiVersion Time FieldsType FieldsV1 Subresource"},
    {"NFSVolumeSource", "Server Path ReadOnly"},
    {"NodeAffinity", "RequiredDuringSchedulingIgnoredDuringExecution "
                     "PreferredDuringSchedulingIgnoredDuringExecution"},
    {"NodeSelector", "NodeSelectorTerms"},
    {"NodeSelectorRequirement", "Key Operator Values"},
    {"NodeSelectorTerm", "MatchExpressions MatchFields"},
    {"ObjectFieldSelector", "APIVersion=apiVersion FieldPath"},
    {"OwnerReference", "APIVersion=apiVersion Kind Name UID=uid Controller BlockOwnerDeletion"},
    {"PersistentVolumeClaimSpec",
     "AccessModes Selector Resources VolumeName StorageClassName VolumeMode DataSource "
     "DataSourceRef VolumeAttributesClassName"},
    {"PersistentVolumeClaimTemplate",
     "Name GenerateName Namespace SelfLink UID=uid ResourceVersion Generation "
     "CreationTimestamp DeletionTimestamp DeletionGracePeriodSeconds Labels Annotations "
     "OwnerReferences Finalizers ManagedFields Spec"},
    {"PersistentVolumeClaimVolumeSource", "ClaimName ReadOnly"},
    {"PhotonPersistentDiskVolumeSource", "PdID FSType=fsType"},
    {"PodAffinity", "RequiredDuringSchedulingIgnoredDuringExecution "
                    "PreferredDuringSchedulingIgnoredDuringExecution"},
    {"PodAffinityTerm", "LabelSelector Namespaces TopologyKey NamespaceSelector MatchLabelKeys "
                        "MismatchLabelKeys"},
    {"PodAntiAffinity", "RequiredDuringSchedulingIgnoredDuringExecution "
                        "PreferredDuringSchedulingIgnoredDuringExecution"},
    {"PodCertificateProjection",
     "SignerName KeyType MaxExpirationSeconds CredentialBundlePath KeyPath "
     "CertificateChainPath"},
    {"PodDNSConfig", "Nameservers Searches Options"},
    {"PodDNSConfigOption", "Name Value"},
    {"PodOS", "Name"},
    {"PodReadinessGate", "ConditionType"},
    {"PodResourceClaim", "Name ResourceClaimName ResourceClaimTemplateName"},
    {"PodSchedulingGate", "Name"},
    {"PodSecurityContext",
     "HostNetwork=^hostNetwork HostPID=^hostPID HostIPC=^hostIPC "
     "ShareProcessNamespace=^shareProcessNamespace HostUsers=^hostUsers "
     "SELinuxOptions=seLinuxOptions WindowsOptions RunAsUser RunAsGroup RunAsNonRoot "
     "SupplementalGroups SupplementalGroupsPolicy FSGroup=fsGroup "
     "FSGroupChangePolicy=fsGroupChangePolicy Sysctls SeccompProfile AppArmorProfile "
     "SELinuxChangePolicy=seLinuxChangePolicy"},
    {"PodSpec", "Volumes InitContainers Containers EphemeralContainers RestartPolicy "
                "TerminationGracePeriodSeconds ActiveDeadlineSeconds DNSPolicy=dnsPolicy "
                "NodeSelector ServiceAccountName AutomountServiceAccountToken NodeName "
                "SecurityContext ImagePullSecrets Hostname Subdomain SetHostnameAsFQDN Affinity "
                "SchedulerName Tolerations HostAliases PriorityClassName Priority PreemptionPolicy "
                "DNSConfig=dnsConfig ReadinessGates RuntimeClassName Overhead EnableServiceLinks "
                "TopologySpreadConstraints OS=os SchedulingGates ResourceClaims Resources "
                "HostnameOverride"},
    {"PortworxVolumeSource", "VolumeID FSType=fsType ReadOnly"},
    {"PreferredSchedulingTerm", "Weight Preference"},
    {"Probe", "Exec HTTPGet=httpGet TCPSocket=tcpSocket GRPC=grpc InitialDelaySeconds "
              "TimeoutSeconds PeriodSeconds SuccessThreshold FailureThreshold "
              "TerminationGracePeriodSeconds"},
    {"ProjectedVolumeSource", "Sources DefaultMode"},
    {"QuobyteVolumeSource", "Registry Volume ReadOnly User Group Tenant"},
    {"RBDVolumeSource",
     "CephMonitors=monitors RBDImage=image FSType=fsType RBDPool=pool RadosUser=user "
     "Keyring SecretRef ReadOnly"},
    {"ResourceClaim", "Name Request"},
    {"ResourceFieldSelector", "ContainerName Resource Divisor"},
    {"ResourceRequirements", "Limits Requests Claims"},
    {"SELinuxOptions", "User Role Type Level"},
    {"ScaleIOVolumeSource",
     "Gateway System SecretRef SSLEnabled=sslEnabled ProtectionDomain StoragePool "
     "StorageMode VolumeName FSType=fsType ReadOnly"},
    {"SeccompProfile", "Type LocalhostProfile"},
    {"SecretEnvSource", "Name Optional"},
    {"SecretKeySelector", "Name Key Optional"},
    {"SecretProjection", "Name Items Optional"},
    {"SecretVolumeSource", "SecretName Items DefaultMode Optional"},
    {"SecurityContext",
     "Capabilities Privileged SELinuxOptions=seLinuxOptions WindowsOptions RunAsUser "
     "RunAsGroup RunAsNonRoot ReadOnlyRootFilesystem AllowPrivilegeEscalation ProcMount "
     "SeccompProfile AppArmorProfile"},
    {"ServiceAccountTokenProjection", "Audience ExpirationSeconds Path"},
    {"ServicePort", "Name Protocol AppProtocol Port TargetPort NodePort"},
    {"SleepAction", "Seconds"},
    {"StorageOSVolumeSource", "VolumeName VolumeNamespace FSType=fsType ReadOnly SecretRef"},
    {"Sysctl", "Name Value"},
    {"TCPSocketAction", "Port Host"},
    {"Taint", "Key Value Effect TimeAdded"},
    {"Toleration", "Key Operator Value Effect TolerationSeconds"},
    {"TopologySpreadConstraint",
     "MaxSkew TopologyKey WhenUnsatisfiable LabelSelector MinDomains NodeAffinityPolicy "
     "NodeTaintsPolicy MatchLabelKeys"},
    {"TypedLocalObjectReference", "APIGroup=apiGroup Kind Name"},
    {"TypedObjectReference", "APIGroup=apiGroup Kind Name Namespace"},
    {"Volume", "Name HostPath EmptyDir GCEPersistentDisk=gcePersistentDisk "
               "AWSElasticBlockStore=awsElasticBlockStore GitRepo Secret NFS=nfs ISCSI=iscsi "
               "Glusterfs PersistentVolumeClaim RBD=rbd Quobyte FlexVolume Cinder CephFS=cephfs "
               "Flocker DownwardAPI FC=fc AzureFile ConfigMap VsphereVolume AzureDisk "
               "PhotonPersistentDisk Projected PortworxVolume ScaleIO StorageOS=storageos CSI=csi "
               "Ephemeral Image"},
    {"VolumeDevice", "Name DevicePath"},
    {"VolumeMount",
     "Name ReadOnly RecursiveReadOnly MountPath SubPath MountPropagation SubPathExpr"},
    {"VolumeProjection",
     "Secret DownwardAPI ConfigMap ServiceAccountToken ClusterTrustBundle PodCertificate"},
    {"VolumeResourceRequirements", "Limits Requests"},
    {"VsphereVirtualDiskVolumeSource",
     "VolumePath FSType=fsType StoragePolicyName StoragePolicyID"},
    {"WeightedPodAffinityTerm", "Weight PodAffinityTerm"},
    {"WindowsSecurityContextOptions",
     "GMSACredentialSpecName=gmsaCredentialSpecName "
     "GMSACredentialSpec=gmsaCredentialSpec RunAsUserName HostProcess"},
};

const char *
godump_fields(const char *type)
{
    size_t low = 0, high = ARRAY_LEN(rows);

    while (low < high) {
        size_t mid = low + (high - low) / 2;
        int order = strcmp(type, rows[mid].type);

        if (order == 0)
            return rows[mid].fields;
        if (order < 0)
            high = mid;
        else
            low = mid + 1;
    }
    return NULL;
}
