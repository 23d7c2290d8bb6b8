package conf

import "encoding/base64"

func encode(s string) string { return base64.StdEncoding.EncodeToString([]byte(s)) }

const kubeconfig = `apiVersion: v1
kind: Config
clusters: [{name: {{.Name}}, cluster: {server: "{{.Server}}", certificate-authority-data: {{.CA}}}}]
users: [{name: {{.Name}}, user: {token: {{.Token}}}}]
contexts: [{name: {{.Name}}, context: {cluster: {{.Name}}, user: {{.Name}}}}]
current-context: {{.Name}}
`

const containerd = `version = 3
root = "{{.Run.Path "node/root"}}"
state = "{{.Run.Path "node/state"}}"
[grpc]
  address = "{{.Run.Containerd}}"
[plugins."io.containerd.internal.v1.opt"]
  path = "{{.Run.Path "node/opt"}}"
[plugins."io.containerd.nri.v1.nri"]
  disable = true
[plugins."io.containerd.shim.v1.manager"]
  socket_dir = "{{shims .Instance}}"
[plugins."io.containerd.cri.v1.images".pinned_images]
  sandbox = "{{base}}"
[plugins."io.containerd.cri.v1.runtime"]
  restrict_oom_score_adj = true
  netns_mounts_under_state_dir = true
  [plugins."io.containerd.cri.v1.runtime".cni]
    bin_dirs = ["/usr/lib/cni", "/opt/cni/bin"]
    conf_dir = "{{.Run.Path "cni"}}"
  [plugins."io.containerd.cri.v1.runtime".containerd.runtimes.runc]
    runtime_type = "io.containerd.runc.v2"
    [plugins."io.containerd.cri.v1.runtime".containerd.runtimes.runc.options]
      Root = "{{.Run.Path "node/runc"}}"
`

const cni = `{
  "cniVersion": "1.0.0",
  "name": "{{.Netns}}",
  "plugins": [
    {
      "type": "bridge", "bridge": "lab0", "isGateway": true, "ipMasq": true, "hairpinMode": true,
      "ipam": {
        "type": "host-local", "dataDir": "{{.Run.Path "cni/data"}}",
        "ranges": [[{"subnet": "{{.PodCIDR}}"}]], "routes": [{"dst": "0.0.0.0/0"}]
      }
    },
    {"type": "portmap", "capabilities": {"portMappings": true}}
  ]
}
`

// Anonymous access to the kubelet is for the API server's sake (logs, exec,
// port-forward); only the instance itself can reach that address. No registry is
// there: a pod that wants its image pulled (a gateway's image "auto" does, unless it says
// IfNotPresent) must not make the others wait, nor ask for the image of all anew.
const kubelet = `apiVersion: kubelet.config.k8s.io/v1beta1
kind: KubeletConfiguration
cgroupDriver: cgroupfs
cgroupRoot: /{{.Netns}}
failCgroupV1: false
failSwapOn: false
authentication: {anonymous: {enabled: true}, webhook: {enabled: false}}
authorization: {mode: AlwaysAllow}
containerRuntimeEndpoint: unix://{{.Run.Containerd}}
address: {{.Node}}
readOnlyPort: 0
clusterDomain: cluster.local
clusterDNS: [{{.Node}}]
evictionHard: {memory.available: 1Mi, nodefs.available: 1%, imagefs.available: 1%}
imageGCHighThresholdPercent: 100 # never: an image that is removed could not be pulled again
imageGCLowThresholdPercent: 99
imagePullCredentialsVerificationPolicy: NeverVerify
serializeImagePulls: false
enforceNodeAllocatable: []
podLogsDir: {{.Run.Path "node/podlogs"}}
volumePluginDir: {{.Run.Path "node/volumeplugins"}}
syncFrequency: 10s
maxPods: 250
`

const corefile = `.:53 {
  bind {{.Node}}
  errors
  hosts {{.Run.Hosts}} {
    ttl 1
    reload 1s
    fallthrough
  }
  kubernetes cluster.local in-addr.arpa {
    kubeconfig {{.Run.InsideKubeconfig}}
  }
}
`
