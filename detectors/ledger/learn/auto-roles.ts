import { roleOf } from "../../../schemas/arn.ts";
import type { AwsCall } from "../../../schemas/events/cloudtrail/facets.ts";
import type { K8sRequest } from "../../../schemas/events/k8s-audit/facets.ts";
import { deedOf } from "../../core/deed.ts";
import { digestOf } from "../../core/hash.ts";
import { changeOf } from "../../core/role-changes.ts";
import { type Fact, idOf } from "../facts.ts";
import { type AuditLearner, about, type CallLearner, dayOf, timeOf } from "../learner.ts";
import { isUsual } from "./deeds.ts";
import { nodesInAudit } from "./identities.ts";
import { byOperator, madeFor, TAGS } from "./operator.ts";

const HOUR_MS = 3_600_000;
const DAY_MS = 24 * HOUR_MS;
/** What is told stands for the days before and after: an attack at midnight is one, too. */
const AROUND = [-DAY_MS, 0, DAY_MS];

interface Role {
  readonly account: string;
  readonly name: string;
}

/** IAM does not know two roles of one name in an account, and the authenticator leaves their path out. */
const roleIn = (arn: string | undefined): Role | undefined => {
  const role = roleOf(arn);
  return role === undefined ? undefined : { account: role.account, name: role.name };
};

type Event = Pick<K8sRequest | AwsCall, "id" | "time">;

/** Days of roles begin at hours of their own: what pods do with theirs would be told anew of all of them at midnight. */
const idAt = (kind: "roleUse" | "roleFleet", { account, name }: Role, time: number): string => {
  const begins = kind === "roleUse" ? (digestOf(name).charCodeAt(0) % 24) * HOUR_MS : 0;
  return idOf(kind, [account, name, dayOf({ time: time - begins })]);
};

/** That a role is a cluster's, or its nodes'. Whoever tells it of a role that is not only makes more findings on it. */
const tellPurpose = (
  kind: "roleUse" | "roleFleet",
  arn: string | undefined,
  purpose: { readonly cluster: string; readonly how: string },
  event: Event,
): Fact[] => {
  const role = roleIn(arn);
  if (role === undefined) return [];
  return AROUND.map((shift) => about(kind, idAt(kind, role, event.time + shift), event)("purpose", purpose));
};

/** The roles that a cluster is given when it is made, and nodes when they are let in. Members from the API model (eks-auto-mode.md §7). */
export const rolesDeclared: CallLearner = {
  trail: "cloudtrail",
  trigger: '"(?:CreateCluster|UpdateClusterConfig|CreateAccessEntry)"',
  learn(call) {
    const { clusterConfig, accessEntry } = call.facets;
    if (call.outcome !== "success") return [];
    if (accessEntry?.type === "EC2") {
      const purpose = { cluster: accessEntry.cluster, how: "let in as a role of nodes" };
      return tellPurpose("roleFleet", accessEntry.principalArn, purpose, call);
    }
    if (clusterConfig === undefined) return [];
    const { cluster, nodeRoleArn, roleArn, computeEnabled } = clusterConfig;
    const purpose = { cluster, how: `given to it by ${call.action}` };
    return [
      ...tellPurpose("roleFleet", nodeRoleArn, purpose, call),
      ...(computeEnabled === true ? tellPurpose("roleUse", roleArn, purpose, call) : []),
    ];
  },
};

/** EKS at work with a cluster role: it opens the role's sessions for a cluster, and makes with them what Auto Mode needs (eks-auto-mode.md §4.1). */
export const rolesOperating: CallLearner = {
  trail: "cloudtrail",
  trigger: '"eks\\.amazonaws\\.com"|"ec2fleet\\.amazonaws\\.com"',
  learn(call) {
    const { stsIssue } = call.facets;
    if (call.outcome !== "success") return [];
    if (stsIssue?.invokedBy === "eks.amazonaws.com") {
      const cluster = stsIssue.tags.find(({ key }) => key === "eks:eks-cluster-name")?.value;
      if (cluster === undefined) return [];
      return tellPurpose("roleUse", stsIssue.roleArn, { cluster, how: "EKS opened a session of it" }, call);
    }
    const cluster = byOperator(call) ? madeFor(call) : undefined;
    const { roleArn, invokedBy } = call.actor;
    // Anybody may launch a fleet that has the cluster's tag. The service-linked role is every cluster's, and known by its path.
    const ours = invokedBy === "eks.amazonaws.com" || call.facets.ec2Call?.tags.some(({ key }) => key === TAGS.class);
    if (cluster === undefined || !ours || roleArn?.includes(":role/aws-service-role/")) return [];
    return tellPurpose("roleUse", roleArn, { cluster, how: `EKS called ${call.action} with it` }, call);
  },
};

/** Nodes at work in a cluster, and the role under which EKS let them in. */
export const rolesOfNodes: AuditLearner = {
  ...nodesInAudit,
  same: ({ users, request }) => `role ${users} ${request.slice(0, "2026-11-22".length)}`,
  learn(request) {
    const { actor, scope } = request;
    const role = roleIn(actor.roleArn ?? actor.arn);
    if (actor.kind !== "node" || actor.instanceId === undefined || role === undefined) return [];
    const how = "its nodes work under it";
    const id = idAt("roleFleet", role, request.time);
    return [
      ...tellPurpose("roleFleet", actor.roleArn ?? actor.arn, { cluster: scope.cluster, how }, request),
      about("roleFleet", id, request)("running", { node: actor.instanceId }),
    ];
  },
};

/** What a role's sessions did from an address: no cluster role's does anything (B-49). */
export const rolesUsed: CallLearner = {
  trail: "cloudtrail",
  trigger: '"AssumedRole"|:assumed-role/',
  learn(call) {
    const { actor, viaService, sourceIP, facets } = call;
    const role = roleIn(actor.arn ?? actor.roleArn);
    if (facets.roleSession === undefined || role === undefined || sourceIP === undefined) return [];
    if ((actor.invokedBy ?? viaService) !== undefined) return [];
    return [about("roleUse", idAt("roleUse", role, call.time), call)("used", deedOf(call))];
  },
};

/** Roles being assumed by anybody but the services that have their own for it. */
export const rolesTaken: CallLearner = {
  trail: "cloudtrail",
  trigger: '"AssumeRole[A-Za-z]*"',
  learn(call) {
    const { stsIssue } = call.facets;
    const role = roleIn(stsIssue?.roleArn);
    if (stsIssue === undefined || role === undefined || SERVICES.has(stsIssue.invokedBy ?? "")) return [];
    const { sessionName: name, roleArn: target, issuedKey: issued = "" } = stsIssue;
    const taken = { ...deedOf(call), name, target, issued };
    return [
      about("roleUse", idAt("roleUse", role, call.time), call)("taken", taken),
      about("roleFleet", idAt("roleFleet", role, call.time), call)("taken", taken),
    ];
  },
};

/** Who may be a role, or what it may do, being changed. */
export const rolesChanged: CallLearner = {
  trail: "cloudtrail",
  trigger: '"iam\\.amazonaws\\.com"',
  learn(call) {
    const { iamWrite } = call.facets;
    const byEks = (call.actor.invokedBy ?? call.viaService) === "eks.amazonaws.com";
    // EKS puts a NodeClass's role into an instance profile of its own.
    if (iamWrite === undefined || iamWrite.roleName === "") return [];
    if (call.action === "AddRoleToInstanceProfile" && byEks) return [];
    const write = { ...call, facets: { ...call.facets, iamWrite } };
    const role = { account: call.scope.account, name: iamWrite.roleName };
    return (["roleUse", "roleFleet"] as const).flatMap((kind) => {
      const change = changeOf(write, kind === "roleUse" ? "cluster" : "node");
      return change === undefined
        ? []
        : [about(kind, idAt(kind, role, call.time), call)("changed", { ...deedOf(call), ...change })];
    });
  },
};

const SERVICES: ReadonlySet<string> = new Set(["eks.amazonaws.com", "ec2.amazonaws.com", "pods.eks.amazonaws.com"]);

/** What instances' credentials did beyond the work of a node, on the day and as something known on the next: who else does it decides (B-26). */
export const fleetCalls: CallLearner = {
  trail: "cloudtrail",
  trigger: '"ec2RoleDelivery"|[:/]i-[0-9a-f]{8,17}"',
  learn(call) {
    const { actor, service, action, sourceIP = "", outcome, scope } = call;
    const role = roleIn(actor.roleArn ?? actor.arn);
    if (call.facets.instanceSession === undefined || role === undefined || isUsual(call)) return [];
    const called = {
      ...{ time: timeOf(call), node: actor.sessionName ?? "", api: `${service}:${action}`, outcome, ip: sourceIP },
      ...{ key: actor.accessKeyId ?? "", delivery: actor.ec2RoleDelivery ?? "" },
      ...{ account: scope.account, region: scope.region, by: actor.name },
    };
    return [0, DAY_MS].map((shift) =>
      about("roleFleet", idAt("roleFleet", role, call.time + shift), call)("called", called),
    );
  },
};
