import type { K8sRequest } from "../../schemas/events/k8s-audit/facets.ts";
import type { Severity } from "../../schemas/findings/finding.ts";
import { keys, list, text } from "../../schemas/json.ts";
import type { Evidence, Hit } from "../core/contracts.ts";
import { autoClusterRole, type Site } from "../core/site.ts";
import { attempted, lowered } from "../core/weight.ts";

/** A write to an object of Auto Mode, whichever facet it was found by. */
export type AutoWrite = Pick<
  K8sRequest,
  "actor" | "actingAs" | "code" | "dryRun" | "message" | "object" | "outcome" | "requestBody" | "verb"
>;

/** Who writes. `platform`: EKS itself, by its own names and its service-linked role (eks-auto-mode.md §2.2, §2.3). `certificate`: one of EKS's
 * names by a certificate, which says whatever its signer let it say. `collector`: what the cluster clears away after others. */
export type Writer = "platform" | "certificate" | "collector" | "cluster-role" | "git-ops" | "support" | "other";

/** They delete what lost its owner or its namespace, and do nothing else to these objects. */
const COLLECTORS: ReadonlySet<string> = new Set([
  "system:serviceaccount:kube-system:generic-garbage-collector",
  "system:serviceaccount:kube-system:namespace-controller",
  "system:kube-controller-manager",
]);

export function writerOf(write: AutoWrite, site: Site): Writer {
  const { actor, actingAs } = write;
  const aws = actor.name.startsWith("eks:") || actor.roleName === "AWSServiceRoleForAmazonEKS";
  if (aws && actor.kind === "control-plane" && actingAs === undefined)
    return actor.credentialId?.startsWith("X509") ? "certificate" : "platform";
  if (removes(write) && COLLECTORS.has(actor.name)) return "collector";
  if (autoClusterRole(site, actor.roleArn ?? actor.roleName) !== undefined) return "cluster-role";
  if (site.gitOps.has(actor.name)) return "git-ops";
  return isSupport(write, site) ? "support" : "other";
}

/** Listed by username, by session or by role. */
export const isSupport = ({ actor }: Pick<AutoWrite, "actor">, site: Site): boolean =>
  [actor.name, actor.arn, actor.roleArn].some((name) => name !== undefined && site.support.has(name));

/** EKS at its work, what is cleared away, and GitOps controllers that ask what an apply would change, as they do every few minutes. */
export const isOrdinary = (write: AutoWrite, writer: Writer): boolean =>
  writer === "platform" || writer === "collector" || (writer === "git-ops" && write.dryRun);

/** Severity of a write that would be worth `base` of somebody who is not known to have a right to it, and what spoke for and against it. */
export function weigh(
  write: AutoWrite,
  writer: Writer,
  site: Site,
  base: Severity,
): Required<Pick<Hit, "severity" | "reasons" | "notExempted">> {
  const tried = attempted(write) || write.dryRun ? 1 : 0;
  const low = (why: string) => ({ severity: "low" as const, reasons: [], notExempted: [why] });
  const high = (why: string) => ({ severity: lowered("high", tried), reasons: [why], notExempted: [] });
  const { actor } = write;
  if (writer === "git-ops") return low(`${actor.name} applies what is in a repository`);
  if (writer === "support") return low(`${actor.name} is listed in support`);
  if (writer === "platform") return low(`${actor.name} is EKS itself`);
  if (writer === "certificate") return low(`${actor.name} is a name of EKS, shown by a client certificate`);
  // Auto Mode's controllers come as the service-linked role: the cluster role is not theirs to use here (audit-recorded.md, corrections).
  if (writer === "cluster-role")
    return high(`${actor.roleName} is the cluster role of Auto Mode, which has no business in Kubernetes`);
  if (actor.kind === "node") return high("nodes have no such work");
  // Who maintains these by right has been said, and this is somebody else.
  const outsider = base === "low" && site.support.size > 0;
  const reasons = outsider ? [`${actor.name} is not among those listed in support`] : [];
  return { severity: lowered(outsider ? "medium" : base, tried), reasons, notExempted: [] };
}

export const removes = ({ verb }: Pick<AutoWrite, "verb">): boolean => verb === "delete" || verb === "deletecollection";

/** Server-side apply creates with a patch (audit-recorded.md 19). */
export const creates = ({ verb, code }: Pick<AutoWrite, "verb" | "code">): boolean => verb === "create" || code === 201;

const DID: Readonly<Record<string, string>> = {
  create: "created",
  update: "updated",
  patch: "patched",
  delete: "deleted",
  deletecollection: "deleted",
};

/** The middle of a sentence: "patched NodeClass default", "tried to delete all nodepools (403)", "deleted (dry run) NodePool x". */
export function wrote(write: AutoWrite, kind: string): string {
  const { verb, object, code, dryRun } = write;
  const one = object.name === "" ? `a ${kind}` : `${kind} ${object.name}`;
  const what = verb === "deletecollection" ? `all ${object.resource}` : one;
  const mode = dryRun ? " (dry run)" : "";
  if (attempted(write))
    return `tried to ${verb === "deletecollection" ? "delete" : verb}${mode} ${what} (${code ?? "?"})`;
  return `${creates(write) ? "created" : (DID[verb] ?? verb)}${mode} ${what}`;
}

/** What follows from a write, unless nothing came of it. */
export const soThat = (write: AutoWrite, consequence: string): string =>
  attempted(write) || write.dryRun ? "" : consequence;

/** The object of a write, as the second half of a finding's subject. */
export const writtenOn = ({ object }: AutoWrite): string => `${object.resource}/${object.name || "*"}`;

export function writeEvidence(write: AutoWrite): Evidence[] {
  const { actor, actingAs, verb, object, code, message, requestBody } = write;
  const steps = list(requestBody).flatMap((step) => text(step, "path") ?? []);
  const parts = [...keys(requestBody, "spec").map((key) => `spec.${key}`), ...steps];
  return [
    { field: "user.username", value: actor.name },
    { field: "impersonatedUser.username", value: actingAs?.name ?? "" },
    { field: "verb", value: verb },
    { field: "objectRef", value: [object.group, object.resource, object.name].filter(Boolean).join(" ") },
    { field: "requestObject", value: parts.join(", ") },
    { field: "responseStatus.code", value: `${code ?? ""}` },
    { field: "responseStatus.message", value: attempted(write) ? message : "" },
  ].filter(({ value }) => value !== "");
}

/** What every finding on a custom resource has to say (eks-auto-mode.md §1.2). */
export const unread = (write: AutoWrite): string[] =>
  write.requestBody === undefined && !removes(write) && !attempted(write)
    ? ["custom resources are logged at Metadata: what it says now is not in the log"]
    : [];
