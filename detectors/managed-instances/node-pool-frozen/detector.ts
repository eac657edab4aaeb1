import Type from "typebox";
import { ROTATION_MS } from "../../core/settle-times.ts";
import { lowered } from "../../core/weight.ts";
import { defineSettledDetector } from "../../ledger/contracts.ts";
import { verdictOn } from "./frozen.ts";

/** B-43 by its consequence: what a NodePool says is not in the log, but that its nodes grow old is. */
export const detector = defineSettledDetector({
  meta: {
    id: "managed-instances/node-pool-frozen",
    version: 1,
    title: "NodePool changed, and its nodes are no longer replaced",
    description:
      "Auto Mode replaces nodes when a new image comes, about every week. Somebody other than EKS changed this NodePool, and since then its nodes are more than two weeks old while those of other pools are replaced as before: its settings keep unpatched nodes alive, and whoever is on them.",
    severity: "high",
    confidence: "medium",
    status: "stable",
    attack: [{ tactic: "TA0005", technique: "T1562.001" }],
    reads: [
      "user",
      "verb",
      "objectRef",
      "user.username",
      "requestParameters.tagSpecificationSet",
      "responseElements.instancesSet.items.instanceId",
      "requestParameters.instancesSet",
    ],
    auditLevel: { needs: "Metadata" },
    references: [
      "https://docs.aws.amazon.com/eks/latest/userguide/create-node-pool.html",
      "https://karpenter.sh/docs/concepts/disruption/",
    ],
    gaps: [
      "Nodes whose launch was not seen have no age. Changes by GitOps tools are in a repository, and are not judged.",
      "A pool that is the cluster's only one is compared with itself: nodes that were replaced before the change.",
      "Budgets of the workloads, or the annotation karpenter.sh/do-not-disrupt, keep nodes as well: managed-instances/eviction-blockade. At 21 days EKS ends them all the same.",
    ],
    triage: [
      {
        do: "Read the pool: expireAfter, disruption.budgets, consolidateAfter, terminationGracePeriod, and who set them.",
        cli: "kubectl get nodepool '{target}' -o yaml --show-managed-fields",
      },
      {
        do: "See what its nodes are, how old, and why they are not disrupted (events of the NodeClaims say so).",
        cli: "kubectl get nodeclaims -l karpenter.sh/nodepool='{target}' -o wide --sort-by=.metadata.creationTimestamp",
      },
      {
        do: "Ask its author: a freeze of a release or a long job ends with a date. Else set the pool back and replace its nodes.",
        audit:
          'fields requestReceivedTimestamp, user.username, verb, responseStatus.code, sourceIPs.0, userAgent | filter objectRef.resource = "nodepools" and objectRef.name = "{target}" and not (objectRef.subresource = "status") | sort requestReceivedTimestamp desc',
      },
    ],
    syntheticShape: true,
  },
  watch: "rotation",
  anchor: "old",
  settleMs: ROTATION_MS,
  coldness: { birth: "ended" },
  params: Type.Object({}),
  detect(rotation, { site }) {
    const [of] = rotation.all("of");
    const told = { written: rotation.all("written"), ended: rotation.all("ended"), old: rotation.all("old") };
    return (old) => {
      const verdict = verdictOn(old, told, site.gitOps);
      if (verdict === undefined) return [];
      const { change, severity, reason } = verdict;
      const supports = site.support.has(change.name);
      return [
        {
          sentence: `${change.by} ${change.verb === "create" ? "created" : "changed"} NodePool ${old.pool}, whose nodes have since grown older than two weeks while others are replaced`,
          by: `pool/${old.pool}`,
          on: "frozen",
          // The change, which does not move with every day that its nodes grow older.
          at: change.time,
          actor: {
            ...{ kind: change.kind, name: change.name, groups: [] },
            ...(change.name.startsWith("arn:") && { arn: change.name }),
          },
          action: `${change.verb} nodepools.karpenter.sh`,
          target: old.pool,
          scope: { cluster: of?.cluster ?? "" },
          severity: supports ? lowered(severity, 3) : severity,
          evidence: [
            { field: "rotation.old", value: `${old.node} at work since ${old.launched}`, event: old.source },
            { field: "rotation.written", value: `${change.time} ${change.by}`, event: change.source },
          ],
          reasons: [reason],
          notExempted: supports ? [`${change.name} is listed in support`] : [],
        },
      ];
    };
  },
});
