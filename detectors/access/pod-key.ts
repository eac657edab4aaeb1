import type { LedgerHit } from "../ledger/contracts.ts";

/** What the ledger knows of a pod's AWS key. */
interface PodKey {
  readonly id: string;
  readonly podName: readonly { readonly namespace: string; readonly name: string }[];
  readonly issued: readonly { readonly to: string; readonly whom: string }[];
  readonly cluster: readonly { readonly account: string; readonly region: string; readonly cluster: string }[];
}

/** How a finding names a pod's key, its pod and its cluster: by the audit log, or by the tags of its session where that has not told of the pod. */
export function podKey({ id, podName, issued, cluster }: PodKey): {
  readonly pod: string;
  readonly shown: Pick<LedgerHit, "actor" | "target" | "scope">;
} {
  const [named] = podName;
  const pod =
    named === undefined ? (issued.find(({ to }) => to === "pod")?.whom ?? id) : `${named.namespace}/${named.name}`;
  const [scope] = cluster;
  return {
    pod,
    shown: {
      actor: { kind: "pod", name: `pod ${pod}`, groups: [], accessKeyId: id },
      target: pod.replace(/^.*\//, ""),
      ...(scope && { scope: { account: scope.account, region: scope.region, cluster: scope.cluster } }),
    },
  };
}
