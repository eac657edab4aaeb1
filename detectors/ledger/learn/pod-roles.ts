import { type Fact, idOf } from "../facts.ts";
import { about, type CallLearner, timeOf } from "../learner.ts";

/** Roles that pods get: by the associations being made (shape from the API model, eks-auto-mode.md §7), and by the sessions that EKS opens for pods (§3.2,
 * seen), as most associations are older than the ledger. */
export const podRoles: CallLearner = {
  trail: "cloudtrail",
  trigger: '"pods\\.eks\\.amazonaws\\.com"|PodIdentityAssociation',
  learn(call) {
    if (call.outcome !== "success") return [];
    const { podIdentityAssociation: association, stsIssue } = call.facets;
    const told = (arn: string, cluster: string, pods: string, through = ""): Fact[] => {
      const fact = { time: timeOf(call), cluster, account: pods, through };
      return arn === "" ? [] : [about("role", idOf("role", [arn]), call)("podRole", fact)];
    };
    if (association !== undefined && !call.action.startsWith("Delete")) {
      const { roleArn, targetRoleArn, cluster, namespace, serviceAccount } = association;
      const account = `${namespace}/${serviceAccount}`;
      return [...told(roleArn, cluster, account), ...told(targetRoleArn, cluster, account, roleArn)];
    }
    if (stsIssue?.invokedBy !== "pods.eks.amazonaws.com") return [];
    const tags = new Map(stsIssue.tags.map((tag) => [tag.key, tag.value]));
    const account = `${tags.get("kubernetes-namespace") ?? "?"}/${tags.get("kubernetes-service-account") ?? "?"}`;
    return told(stsIssue.roleArn, tags.get("eks-cluster-name") ?? "?", account);
  },
};
