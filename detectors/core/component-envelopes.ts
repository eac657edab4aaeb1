import Type, { type Static } from "typebox";

export const Envelope = Type.Object(
  {
    component: Type.String({ minLength: 1 }),
    verbs: Type.Array(Type.String({ minLength: 1 })),
    resources: Type.Array(Type.String({ minLength: 1 }), { description: "`resource` or `resource/subresource`." }),
  },
  { additionalProperties: false },
);

/** Names after `eks-auto:` (and its kin) that nodes are known to use: all inferred, none was seen in a public log (eks-auto-mode.md §2.1). */
export const COMPONENTS: readonly string[] = [
  "kube-proxy",
  "ipamd",
  "coredns",
  "ebs-csi-driver",
  "neuron",
  "neuron-device-plugin",
  "node-monitoring-agent",
  "aws-network-policy-agent",
];

const READ = ["get", "list", "watch"];
const of = (component: string, verbs: string[], resources: string[]): Static<typeof Envelope> => ({
  component,
  verbs,
  resources,
});

/** Drafts of the components' roles, before general availability (eks-auto-mode.md §2.1), with what the open-source originals of the same
 * components add to them (network interfaces and policies of the VPC CNI). */
export const ENVELOPES: Static<typeof Envelope>[] = [
  of("kube-proxy", READ, ["services", "endpoints", "endpointslices", "nodes", "servicecidrs"]),
  ...["ipamd", "aws-network-policy-agent"].flatMap((component) => [
    of(component, READ, ["namespaces", "pods", "nodes", "cninodes", "eniconfigs", "policyendpoints"]),
    of(component, ["update", "patch"], ["cninodes", "policyendpoints", "policyendpoints/status"]),
  ]),
  of("aws-network-policy-agent", READ, ["clusterpolicyendpoints"]),
  of("coredns", READ, ["endpoints", "services", "pods", "namespaces", "endpointslices", "nodes"]),
  of("ebs-csi-driver", READ, ["nodes", "volumeattachments", "csinodes"]),
  of("ebs-csi-driver", ["patch"], ["nodes"]),
  ...["neuron", "neuron-device-plugin"].flatMap((component) => [
    of(component, READ, ["pods", "nodes"]),
    of(component, ["update", "patch"], ["pods", "nodes", "nodes/status"]),
  ]),
  of("node-monitoring-agent", READ, ["nodes", "nodediagnostics"]),
  of("node-monitoring-agent", ["update", "patch"], ["nodes/status", "nodediagnostics/status"]),
  // Events of the core group are not logged at all; those of events.k8s.io are (audit-recorded.md 17).
  ...["kube-proxy", "ipamd", "aws-network-policy-agent", "node-monitoring-agent"].map((component) =>
    of(component, ["create", "update", "patch"], ["events"]),
  ),
];
