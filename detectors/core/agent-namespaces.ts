import Type from "typebox";

/** Parameter: where agents that need their node's network and rights are at home. */
export const agentNamespaces = Type.Array(Type.String({ minLength: 1 }), {
  default: [
    ...["kube-system", "amazon-cloudwatch", "amazon-guardduty", "calico-system", "cilium", "datadog"],
    ...["falco", "kube-flannel", "logging", "metallb-system", "monitoring", "observability", "tigera-operator"],
  ],
  description: "Namespaces where network, storage and monitoring agents of the nodes live.",
});
