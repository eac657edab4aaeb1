import Type from "typebox";
import { isPublic } from "../../../schemas/address.ts";
import { INSTANCE_ID } from "../../../schemas/events/event.ts";
import type { Severity } from "../../../schemas/findings/finding.ts";
import { CLIENTS } from "../../core/agent-client.ts";
import { autoNodeRole } from "../../core/site.ts";
import { attempted, lowered } from "../../core/weight.ts";
import { joinHalf, type LedgerHit, type Match, settledHalf } from "../../ledger/contracts.ts";

export const params = Type.Object({
  hybridRoles: Type.Array(Type.String({ minLength: 1 }), {
    default: [],
    description: "Names of roles under which hybrid nodes, which are no EC2 instances, run the agent.",
  }),
});

const HOUR_MS = 3_600_000;
const DAY = "2026-11-22".length;

type Asked = Match<"workforce", readonly ["asked"]>[0];

/** B-08 by the ledger, what there is: a session of the role that the cluster's instances work under, which EC2 did not hand out. */
export const assumed = joinHalf({
  watch: "workforce",
  match: ["role", "asked"],
  params,
  detect([{ role, instances }, asked], { id, params: { hybridRoles } }) {
    if (instances !== "yes" || role !== asked.role || asked.delivery !== "" || hybridRoles.includes(role))
      return undefined;
    return hitOf(asked, id, "critical", [
      `a session of ${role}, the role of the cluster's nodes, that EC2 did not hand out`,
    ]);
  },
});

/** … and what there is not. Whoever works in the cluster as a node is one in EKS's eyes: only an instance that EC2 gave the role to, or a role that is let in as
 * nodes', can show itself so, and node-identity/ghost judges those. The caller's role or instance among those at work in the cluster, his address among its nodes'. */
export const stranger = settledHalf({
  watch: "workforce",
  anchor: "asked",
  // Times are those of shifts of four hours: an hour after the end of one.
  settleMs: 5 * HOUR_MS,
  coldness: { warm: { trail: "k8s-audit", ms: 24 * HOUR_MS } },
  params,
  detect(entity, { id, site, params: { hybridRoles } }) {
    const all = entity.all("asked");
    const roles = new Set(entity.all("role").map(({ role }) => role));
    const nodes = new Set(entity.all("node").map(({ node }) => node));
    if (roles.size === 0 || nodes.size === 0) return undefined;
    const foreign = ({ role }: Asked): boolean => !roles.has(role) && autoNodeRole(site, role) === undefined;
    const idle = ({ delivery, session }: Asked): boolean =>
      delivery !== "" && INSTANCE_ID.test(session) && !nodes.has(session) && !entity.overflowed("node");
    const astray = (asked: Asked): boolean => !entity.overflowed("asked") && strayed(asked, all);
    return (asked) => {
      const { role, session, ip } = asked;
      const odd = asked.client !== "agent";
      if (hybridRoles.includes(role)) return [];
      if (foreign(asked)) {
        const who = role === "" ? "the caller has no role" : `no node of the cluster works under role ${role}`;
        return [hitOf(asked, id, odd || asked.delivery !== "" ? "critical" : "high", [who])];
      }
      if (idle(asked))
        return [hitOf(asked, id, odd ? "critical" : "high", [`${session} was not seen at work in the cluster`])];
      if (!astray(asked)) return [];
      const where = `${ip} is no address of other nodes, and ${session} asked from others, too`;
      return [hitOf(asked, id, odd ? "high" : "medium", [where])];
    };
  },
});

/** From an address that only this node asked from, while it asked from another, too, that it shares: nodes behind a NAT have no address of their own, and those with one have no
 * other. Through an endpoint of the VPC the address is the node's. */
function strayed({ session, ip }: Asked, all: readonly Asked[]): boolean {
  const outside = (asked: Asked): boolean => asked.endpoint === "" && isPublic(asked.ip) && !asked.ip.includes(":");
  if (!INSTANCE_ID.test(session)) return false;
  const whose = (address: string): number =>
    new Set(all.filter((other) => outside(other) && other.ip === address).map((other) => other.session)).size;
  const own = all.filter((other) => other.session === session && other.ip !== ip && outside(other));
  return whose(ip) === 1 && own.some((other) => whose(other.ip) > 1);
}

function hitOf(asked: Asked, id: string, severity: Severity, why: readonly string[]): LedgerHit {
  const [account = "", region = "", ...rest] = id.split("/");
  const cluster = rest.join("/").slice(0, -DAY - 1);
  const { time, role, session, key, ip, client, outcome, kind, delivery, source } = asked;
  const arn = asked.by || `arn:aws:sts::${account}:assumed-role/${role}/${session}`;
  const failed = attempted({ outcome: outcome as "success" });
  const who = session === "" ? arn : `${session} (role ${role})`;
  return {
    sentence: `${who} ${failed ? "tried to exchange" : "exchanged"} a Pod Identity token of cluster ${cluster}: ${why.join(", ")}`,
    ...{ by: key.startsWith("ASIA") ? `key/${key}` : `principal/${key || arn}`, bounded: key.startsWith("ASIA") },
    ...{ on: `pod-identity/${cluster}`, at: time, target: cluster, scope: { account, region, cluster } },
    actor: {
      ...{ kind, name: arn, groups: [], ...(arn.startsWith("arn:") && { arn }), ...(role !== "" && { role }) },
      ...(session !== "" && { session }),
      ...(key !== "" && { accessKeyId: key }),
      ...(INSTANCE_ID.test(session) && { instanceId: session }),
    },
    action: "eks-auth:AssumeRoleForPodIdentity",
    ...(ip !== "" && { sourceIP: ip }),
    outcome: failed ? "attempt" : "success",
    severity: lowered(severity, failed ? 1 : 0),
    confidence: "high",
    evidence: [
      { field: "userIdentity.arn", value: arn, event: source },
      { field: "userIdentity.sessionContext.ec2RoleDelivery", value: delivery || "absent", event: source },
      { field: "sourceIPAddress", value: `${ip || "none"} since ${time}`, event: source },
    ],
    reasons: [...why, ...(CLIENTS[client] ?? [])],
  };
}
