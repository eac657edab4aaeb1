import Type from "typebox";
import { roleOf } from "../../../schemas/arn.ts";
import { autoNodeRole, type Site } from "../../core/site.ts";
import { defineSettledDetector } from "../../ledger/contracts.ts";

const MINUTE_MS = 60_000;
const HOUR_MS = 60 * MINUTE_MS;
const DAY_MS = 24 * HOUR_MS;
/** So many nodes of one role are a habit. */
const CREW = 3;

/** B-34, in the audit log: every node of a cluster has one role, and one comes with another, which nobody was seen to let in. */
export const detector = defineSettledDetector({
  meta: {
    id: "node-identity/another-role",
    version: 1,
    title: "Node with another role than all others, and nothing seen that allows it",
    description:
      "The nodes of this cluster come with one IAM role. A node came with another for the first time, and no access entry, access policy or cluster configuration was seen that makes this role a node's: an entry that was made out of sight, or an identity that should not be one of a node.",
    severity: "high",
    confidence: "medium",
    status: "stable",
    attack: [
      { tactic: "TA0004", technique: "T1078.004" },
      { tactic: "TA0005", technique: "T1036" },
    ],
    reads: [
      "user.username",
      "user.extra.canonicalArn",
      "requestParameters.principalArn",
      "requestParameters.type",
      "requestParameters.computeConfig.nodeRoleArn",
    ],
    auditLevel: { needs: "Metadata" },
    references: [
      "https://docs.aws.amazon.com/eks/latest/userguide/auto-create-node-role.html",
      "https://docs.aws.amazon.com/eks/latest/userguide/access-entries.html",
    ],
    gaps: [
      "An access entry that is older than the ledger explains a role, and cannot be seen: low, unless the cluster's creation was seen, or the site declares its node roles.",
      "Needs three nodes of one role, and three times as many as of the other; a cluster with more roles than two is not judged.",
      "Judged on the first day of a role. One that comes back after a week without nodes is new again: declare it in auto.nodeRoles.",
      "Which role a NodeClass asks for is in no log, and roles that aws-auth lets in are not read.",
      "Nodes that are not named after an instance are not Auto Mode's, and are not judged.",
    ],
    triage: [
      {
        do: "See which access entry lets the role in, who made it, and when.",
        cli: "aws eks describe-access-entry --cluster-name '{cluster}' --region '{region}' --principal-arn '{target}'",
      },
      {
        do: "See which NodeClass asks for the role. None does: delete the entry and the node.",
        cli: "kubectl get nodeclasses -o custom-columns=NAME:.metadata.name,ROLE:.spec.role,PROFILE:.spec.instanceProfile",
      },
      {
        do: "See what was done in that node's name.",
        audit:
          'fields requestReceivedTimestamp, user.username, verb, requestURI, responseStatus.code, sourceIPs.0 | filter user.username like /^system:node:/ and user.extra.canonicalArn.0 = "{target}" | sort requestReceivedTimestamp asc',
      },
    ],
  },
  watch: "staffWeek",
  anchor: "came",
  settleMs: HOUR_MS + 30 * MINUTE_MS,
  coldness: { warm: { trail: "k8s-audit", ms: DAY_MS } },
  params: Type.Object({}),
  detect(staff, { id, site }) {
    const [account = "", region = "", cluster = "", week = ""] = id.split("/");
    const nodes = Map.groupBy(staff.all("member"), ({ role }) => role);
    // Roles that one might change to and fro tell nothing of one that is new. By the hours that each was seen in: of a large cluster's nodes not all are known.
    const roles = new Set([...staff.all("came").map(({ role }) => role), ...nodes.keys()]);
    if (roles.size !== 2) return undefined;
    const entitled = new Set(staff.all("entitled").map(({ role }) => role));
    const born = staff.all("born").length > 0;
    const came = staff.all("came").map(({ time, role }) => ({ role, ms: Date.parse(time) }));
    const isUsual = (role: string, ms: number): boolean =>
      came.some((other) => other.role === role && other.ms <= ms - DAY_MS);
    return ({ time, role, source }) => {
      // What was told ahead, of the week before, is that week's to judge.
      if (time < week || entitled.has(role) || autoNodeRole(site, role) === "declared") return [];
      const own = nodes.get(role) ?? [];
      const [[usual, crew] = ["", []]] = [...nodes].filter(([other]) => other !== role);
      if (isUsual(role, Date.parse(time)) || crew.length < CREW * Math.max(1, own.length)) return [];
      const name = nameIn(role);
      const { reasons, ...weight } = worthOf(role, account, born, site);
      return [
        {
          sentence: `${own.map(({ node }) => node).join(", ") || "Somebody"} came to cluster ${cluster} as a node with role ${name}, and ${crew.length} others have role ${nameIn(usual)}; nothing was seen that lets ${name} be a node's`,
          by: `cluster/${account}/${region}/${cluster}`,
          on: `node role ${role}`,
          at: time,
          actor: {
            ...{ kind: "node" as const, name: `system:node:${own[0]?.node ?? "?"}`, groups: ["system:nodes"], role },
            ...(own[0] !== undefined && { instanceId: own[0].node }),
          },
          action: "requests of a node",
          target: role,
          scope: { account, region, cluster },
          ...weight,
          evidence: [
            { field: "staff.came", value: `${role} in the hour of ${time}`, event: source },
            ...own.map((told) => ({ field: "staff.member", value: `${told.node} has ${role}`, event: told.source })),
          ],
          reasons: [`${crew.length} nodes have another role`, ...reasons],
        },
      ];
    };
  },
});

const nameIn = (role: string): string => roleOf(role)?.name ?? role;

/** An entry may be older than the ledger: what is missing proves something of a cluster that is not, or of a role that cannot have one. */
function worthOf(role: string, account: string, born: boolean, site: Site) {
  const owner = roleOf(role)?.account ?? account;
  const proof = [
    ...(born ? ["the cluster was seen being created, and no entry for this role since"] : []),
    ...(owner === account ? [] : [`the role is of account ${owner}: nodes have roles of their cluster's account`]),
  ];
  const high = { severity: "high", confidence: "medium" } as const;
  if (proof.length > 0) return { ...high, reasons: proof };
  const reasons = ["it is not among the roles in auto.nodeRoles"];
  return site.nodeRoles.size > 0
    ? ({ severity: "medium", confidence: "low", reasons } as const)
    : ({ severity: "low", confidence: "low", reasons: [] } as const);
}
