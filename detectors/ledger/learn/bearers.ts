import type { AwsCall } from "../../../schemas/events/cloudtrail/facets.ts";
import type { K8sRequest } from "../../../schemas/events/k8s-audit/facets.ts";
import { text } from "../../../schemas/json.ts";
import {
  credentialDayId,
  credentialHourId,
  type Holder,
  holderOf,
  iamNameDayId,
  outlivedDays,
  uniqueIdOf,
} from "../credentials.ts";
import type { ValueOf } from "../entities.ts";
import { type Fact, idOf } from "../facts.ts";
import { type AuditLearner, about, type CallLearner, keyId, timeOf } from "../learner.ts";
import { tenMinutesIn } from "./identities.ts";

/** Who bore a name at `time` (ms): on that day, and as the past of the next two. */
function tellBearer(holder: Holder, id: string, time: number, event: { readonly id: string; readonly time: number }) {
  const [today = time, ...ahead] = outlivedDays(time);
  return [
    about("iamNameDay", iamNameDayId(holder, today), event)("bears", { time: timeOf({ time }), id }),
    ...ahead.map((day) => about("iamNameDay", iamNameDayId(holder, day), event)("bore", { id })),
  ];
}

/** IAM's roles and users in the audit log: by which id they came, and that they were let in (eks-auto-mode.md §1.3, seen). Nodes are not looked at: a node role is
 * deleted while its last nodes still speak. */
export const bearersInAudit: AuditLearner = {
  trail: "k8s-audit",
  trigger: ({ username, users }) => !username.startsWith("system:node:") && /rincipalId":\["A(?:ROA|IDA)/.test(users),
  same: (peeked, { account, region, cluster }) =>
    `bearer ${peeked.users} ${account}/${region}/${cluster} ${tenMinutesIn(peeked)} ${letIn(peeked.tail, peeked.status)}`,
  learn(request) {
    const { actor, scope, time, decision, code } = request;
    const id = uniqueIdOf(actor.principalId);
    const arn = actor.roleArn ?? actor.arn;
    const holder = holderOf(arn);
    if (id === undefined || holder === undefined || actor.kind === "node") return [];
    const borne = tellBearer(holder, id, time, request);
    if (decision !== "allow" || code === 403) return borne;
    // The name without the session, which its user chooses.
    const principal = `arn:${arn?.split(":")[1]}:iam::${holder.account}:${holder.type}/${holder.name}`;
    const { account, region, cluster } = scope;
    const spoke = { time: timeOf(request), id, account, region, cluster, principal };
    const { accessKeyId: key = "" } = actor;
    const used = (credential: string): Fact[] => {
      const [day, hour] = [credentialDayId(credential, time), credentialHourId(credential, time)];
      const tell = about("credentialHour", hour, request);
      return [
        about("credentialDay", day, request)("hour", { id: hour }),
        tell("of", { id: day }),
        tell("used", { ...spoke, issued: "" }),
      ];
    };
    return [
      ...borne,
      ...used(id),
      ...(key.startsWith("AKIA") ? used(key) : []),
      ...(key.startsWith("ASIA") ? letInWith(key, spoke, request) : []),
    ];
  },
};

/** The key leads to that, and tells when it was issued. */
function letInWith(key: string, spoke: ValueOf<"issuance", "spoke">, request: K8sRequest): readonly Fact[] {
  const id = idOf("issuance", [key]);
  return [
    about("key", keyId(key, request), request)("issuance", { id }),
    about("issuance", id, request)("spoke", spoke),
  ];
}

/** Whatever of an event's text decides over that. */
const letIn = (tail: string, status: string): string =>
  `${/"authorization\.k8s\.io\/decision":"allow"/.test(tail)} ${/"code":403\b/.test(status)}`;

/** The same in CloudTrail: whoever calls, since when its session has been there, and whom STS gives sessions of a role (eks-auto-mode.md §3, seen). */
export const bearersCalling: CallLearner = {
  trail: "cloudtrail",
  trigger: '"principalId":"A(?:ROA|IDA)|"AssumeRole[A-Za-z]*"|"Get(?:Session|Federation)Token"',
  learn: (call) => [...calling(call), ...opened(call)],
};

function calling(call: AwsCall): readonly Fact[] {
  const { actor } = call;
  const [id, holder] = [uniqueIdOf(actor.principalId), holderOf(actor.arn)];
  if (id === undefined || holder === undefined || actor.kind === "node") return [];
  const created = Date.parse(text(call.record, "userIdentity", "sessionContext", "attributes", "creationDate") ?? "");
  const { accessKeyId: key = "" } = actor;
  if (Number.isNaN(created)) return tellBearer(holder, id, call.time, call);
  return [...tellBearer(holder, id, created, call), ...(key.startsWith("ASIA") ? began(key, created, call) : [])];
}

function opened(call: AwsCall): readonly Fact[] {
  const { stsIssue } = call.facets;
  if (stsIssue === undefined || call.outcome !== "success" || stsIssue.invokedBy === "ec2.amazonaws.com") return [];
  const [id, holder] = [uniqueIdOf(stsIssue.issuedPrincipal), holderOf(stsIssue.roleArn)];
  return [
    ...(id === undefined || holder === undefined ? [] : tellBearer(holder, id, call.time, call)),
    ...(stsIssue.issuedKey === undefined ? [] : began(stsIssue.issuedKey, call.time, call)),
  ];
}

const began = (key: string, time: number, call: AwsCall): readonly Fact[] => [
  about("key", keyId(key, call), call)("began", { time: timeOf({ time }) }),
];
