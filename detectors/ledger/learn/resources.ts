import { stringsOf, typeOf } from "../../../schemas/events/cloudtrail/facets/ec2.ts";
import { deedOf } from "../../core/deed.ts";
import { readIn } from "../../core/ec2-reads.ts";
import { idOf } from "../facts.ts";
import { type AuditLearner, about, type CallLearner } from "../learner.ts";
import { nodesInAudit } from "./identities.ts";
import { byOperator } from "./operator.ts";
import { onResource } from "./resource-day.ts";

const resource = (id: string): string => idOf("resource", [id]);

/** A node that works in a cluster under an instance's name is Auto Mode's (eks-auto-mode.md §0): of those that were launched before the ledger began, too. Whoever
 * takes a node's name can only make more findings by it. */
export const instancesInAudit: AuditLearner = {
  ...nodesInAudit,
  same: ({ username }, { account, region, cluster }) => `instance ${username} ${account}/${region}/${cluster}`,
  learn(request) {
    const { actor, scope } = request;
    if (actor.kind !== "node" || actor.instanceId === undefined) return [];
    const managed = { how: "a node at work in it", cluster: scope.cluster };
    return [about("resource", resource(actor.instanceId), request)("managed", managed)];
  },
};

/** Somebody reading instances, disks and interfaces from outside, and what he copies: a finding where they are Auto Mode's (B-30). */
export const resourcesRead: CallLearner = {
  trail: "cloudtrail",
  trigger: '"ec2\\.amazonaws\\.com"|"ebs\\.amazonaws\\.com"',
  learn(call) {
    const { ec2Call } = call.facets;
    if (ec2Call === undefined || readIn(call) === undefined || byOperator(call)) return [];
    const instances = ec2Call.resources.filter(({ type }) => type === "instance").length;
    const read = { ...deedOf(call), instances: `${instances}` };
    const made = /^Create(?:Snapshots?|Image)$/.test(call.action) && call.outcome === "success";
    const copies = made ? stringsOf(call.responseElements).filter(isCopy) : [];
    return ec2Call.resources.flatMap(({ id }) => [
      ...onResource(id, call)("read", read),
      ...[...new Set(copies)].map((copy) => about("resource", resource(id), call)("copied", { id: resource(copy) })),
    ]);
  },
};

const isCopy = (value: string): boolean => ["snapshot", "image"].includes(typeOf(value) ?? "");

/** Sessions, commands and keys for instances, and agents on them: a finding where they are Auto Mode's (B-60). */
export const instancesAccessed: CallLearner = {
  trail: "cloudtrail",
  trigger: '"(?:ssm|ec2-instance-connect)\\.amazonaws\\.com"',
  learn(call) {
    const { instanceAccess } = call.facets;
    if (instanceAccess === undefined) return [];
    const { instances, document, commandId, agent } = instanceAccess;
    const accessed = { ...deedOf(call), document, command: agent ? "" : commandId, instances: `${instances.length}` };
    // An agent reports every few minutes for as long as it runs: once a day tells it.
    const day = `${accessed.time.slice(0, 10)}T00:00:00.000Z`;
    const told = agent ? { ...accessed, time: day, event: `agent ${day}` } : accessed;
    return instances.flatMap((id) => onResource(id, call)("accessed", told));
  },
};
