import Type from "typebox";
import { FALLBACK_APIS, NODE_APIS } from "../../core/node-apis.ts";
import { autoNodeRole } from "../../core/site.ts";
import { attempted, lowered } from "../../core/weight.ts";
import { type LedgerHit, type Match, settledHalf } from "../../ledger/contracts.ts";

export const params = Type.Object({
  apis: Type.Array(Type.String({ pattern: "^[a-z0-9-]+:[A-Za-z0-9*]+$" }), {
    default: [...NODE_APIS],
    description: "APIs that nodes call by right, as service:Action; `service:*` for a whole service.",
  }),
  fallbackApis: Type.Array(Type.String({ pattern: "^[a-z0-9-]+:[A-Za-z0-9]+$" }), {
    default: [...FALLBACK_APIS],
    description: "APIs that agents in hostNetwork pods try with the node's role: low while they are denied.",
  }),
});

const HOUR_MS = 3_600_000;
/** As many nodes are a fleet, of which something can be usual. */
const FLEET = 3;
/** Part of the nodes from which on a call is what all of them make. */
const MOST = 0.8;

type Called = Match<"roleFleet", readonly ["called"]>[0];
type Purpose = Match<"roleFleet", readonly ["purpose"]>[0];

/** B-26 by the ledger: the role of a cluster's nodes is known from their work in it. What most of them call is an agent's or a policy's doing, and worth an exception; what
 * few call is not. */
export const learned = settledHalf({
  watch: "roleFleet",
  anchor: "called",
  // Times are those of shifts of four hours: an hour after the end of one.
  settleMs: 5 * HOUR_MS,
  params,
  detect(entity, { params: { apis, fallbackApis }, site, id }) {
    const [purpose] = entity.all("purpose");
    const day = id.slice(-"2026-11-22".length);
    if (purpose === undefined) return undefined;
    const running = new Set(entity.all("running").map(({ node }) => node));
    const called = entity.all("called");
    // Whoever may assume the role can call a session after any node; only EC2 hands out what is delivered.
    const ofNode = ({ node, delivery }: Called): boolean => delivery !== "" && running.has(node);
    return (call): readonly LedgerHit[] => {
      const { api, time } = call;
      // What was told of the day before is known here, and judged there.
      if (apis.includes(api) || apis.includes(`${api.split(":")[0]}:*`) || !time.startsWith(day)) return [];
      const nodes = new Set(called.filter((other) => other.api === api && ofNode(other)).map(({ node }) => node));
      const shared = sharedBy(call, purpose, id, `${nodes.size} of the ${running.size} nodes that work under it`);
      if (ofNode(call) && nodes.size >= FLEET && nodes.size >= MOST * running.size) return [usual(call, shared)];
      // Of a role that the site declares, or that has the proposed name, every call is told by itself.
      return autoNodeRole(site, shared.target) === undefined ? [odd(call, shared, fallbackApis)] : [];
    };
  },
});

type Shared = ReturnType<typeof sharedBy>;

function sharedBy(
  { account, region, api, node, by, key, ip, time, outcome, source }: Called,
  purpose: Purpose,
  id: string,
  share: string,
) {
  const [owner = "", role = ""] = id.split("/");
  return {
    ...{ at: time, action: api, target: role, cluster: purpose.cluster, scope: { account, region } },
    ...(ip !== "" && { sourceIP: ip }),
    actor: {
      ...{ kind: "node", name: by, groups: [], ...(by.startsWith("arn:") && { arn: by }) },
      ...{ role: `arn:aws:iam::${owner}:role/${role}`, session: node, instanceId: node },
      ...(key !== "" && { accessKeyId: key }),
    },
    evidence: [
      { field: "role.purpose", value: `${role} of ${purpose.cluster}: ${purpose.how}`, event: purpose.source },
      { field: "role.called", value: `${time} ${node} ${api} (${outcome})`, event: source },
    ],
    reasons: [`${api} by ${share}`],
  };
}

const usual = ({ api }: Called, { cluster, target, ...hit }: Shared): LedgerHit => ({
  ...{ ...hit, target, by: `role/${target}`, on: `${api} on most nodes`, severity: "low", confidence: "low" },
  sentence: `The nodes of ${cluster} call ${api} with role ${target}: list it in apis if that is an agent's`,
});

function odd(
  { api, node, key, by, outcome }: Called,
  { cluster, target, ...hit }: Shared,
  fallbackApis: readonly string[],
): LedgerHit {
  const tried = attempted({ outcome: outcome as "success" });
  const temporary = key.startsWith("ASIA");
  // An agent that falls back tries for the life of its node.
  const fallback = fallbackApis.includes(api);
  const subject = fallback
    ? { by: `instance/${node}`, bounded: true, on: `role/${target} ${api}` }
    : { by: temporary ? `key/${key}` : `principal/${key || by}`, bounded: temporary, on: `role/${target}` };
  return {
    ...{ ...hit, ...subject, target, outcome: tried ? "attempt" : "success" },
    sentence: `node ${node} ${tried ? "tried" : "called"} ${api} with role ${target} of ${cluster}, which no Auto Mode node calls`,
    severity: fallback && tried ? "low" : lowered("high", tried ? 1 : 0),
  };
}
