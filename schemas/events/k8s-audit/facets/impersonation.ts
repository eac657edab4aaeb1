import { compact } from "../../../json.ts";
import type { Actor } from "../../event.ts";
import type { K8sBase, K8sFacetRule } from "../request.ts";

/** What kind of identity somebody wants to be. `component`: a name that only an Auto Mode node component has. */
export type TargetClass = "component" | "aws" | "node" | "control-plane" | "service-account" | "user" | "unnamed";

export interface Impersonation {
  /** The impersonation itself; what became of the request is its outcome. */
  readonly granted: boolean;
  /** Undefined when the refusal does not name it (1.36, audit-recorded.md 2). */
  readonly target?: string;
  readonly targetClass: TargetClass;
  readonly groups: readonly string[];
  readonly uid?: string;
  readonly extra: readonly string[];
  /** Which part was refused: users, groups, uids, userextras, serviceaccounts, nodes; `unnamed` when only the wanted action is told. */
  readonly refusedPart?: string;
  readonly identity?: Actor;
}

/** Names that Auto Mode's node components take; every component name is inferred (eks-auto-mode.md §2.1, audit-recorded.md corrections). */
const COMPONENT = /^(?:eks-auto|eks-runtime|eks-managed):/i;

export function targetClassOf(username: string): TargetClass {
  if (COMPONENT.test(username)) return "component";
  if (/^(?:eks|eks-event-service):/i.test(username) || username.includes(":assumed-role/AWSServiceRole")) return "aws";
  if (/^system:node:/i.test(username)) return "node";
  if (/^system:serviceaccount:/i.test(username)) return "service-account";
  if (/^(?:system:(?!anonymous$)|kubernetes-admin$|masters$)/i.test(username)) return "control-plane";
  return "user";
}

/** `users "x" is forbidden: User "y" cannot impersonate resource "users" …`; 1.36 appends `:MODE` or `-on:MODE:VERB` (seen), and has a mode in
 * which nodes are resources of their own. */
const REFUSED =
  /^(users|groups|serviceaccounts|uids|userextras|nodes)[\w./-]* "((?:[^"\\]|\\.)*)" is forbidden: User ".*" cannot impersonate(?!-on:)/s;
/** Whatever else is refused in these words names what was to be done, not as whom. */
const REFUSED_UNNAMED = /is forbidden: User ".*" cannot impersonate[-: ]/s;
/** `requested [{Group  system:masters    }] without impersonating a user`, code 400 (seen on 1.35 and 1.36). */
const INCOMPLETE = /^requested \[\{(\w+)\s+(.*?)\s*\}.*\] without impersonating a user$/s;

export const impersonation: K8sFacetRule<Impersonation> = {
  trigger: ({ users, status }) => users.includes('"impersonatedUser":{') || status.includes("impersonat"),
  find(request: K8sBase): Impersonation | undefined {
    const { actingAs } = request;
    if (actingAs !== undefined) return grantedTo(request, actingAs);
    // A refused impersonation carries no annotations (audit-recorded.md 2): other messages may quote the client's text.
    if (request.decision !== "" || (request.code !== 403 && request.code !== 400)) return undefined;
    return refusedBy(request.message, request.object.namespace);
  },
};

function grantedTo(request: K8sBase, identity: Actor): Impersonation {
  return compact({
    granted: true,
    target: identity.name,
    targetClass: targetClassOf(identity.name),
    groups: identity.groups,
    uid: identity.uid,
    extra: request.impersonatedExtra,
    identity,
  });
}

function refusedBy(message: string, namespace: string): Impersonation | undefined {
  const refused = REFUSED.exec(message);
  if (refused) return named(refused[1] as string, unquote(refused[2] as string), inNamespace(message) ?? namespace);
  const incomplete = INCOMPLETE.exec(message);
  if (incomplete) return named(`${(incomplete[1] as string).toLowerCase()}s`, incomplete[2] as string, "");
  if (!REFUSED_UNNAMED.test(message)) return undefined;
  return { granted: false, targetClass: "unnamed", groups: [], extra: [], refusedPart: "unnamed" };
}

function named(part: string, name: string, namespace: string): Impersonation {
  const common = { granted: false, extra: [], refusedPart: part };
  if (part === "users") return { ...common, target: name, targetClass: targetClassOf(name), groups: [] };
  if (part === "nodes") return { ...common, target: `system:node:${name}`, targetClass: "node", groups: [] };
  if (part === "serviceaccounts") {
    return {
      ...common,
      target: `system:serviceaccount:${namespace}:${name}`,
      targetClass: "service-account",
      groups: [],
    };
  }
  return {
    ...common,
    targetClass: "unnamed",
    groups: part === "groups" ? [name] : [],
    ...(part === "uids" && { uid: name }),
  };
}

const inNamespace = (message: string): string | undefined => / in the namespace "([^"]*)"/.exec(message)?.[1];

function unquote(quoted: string): string {
  return quoted.replace(/\\(.)/g, "$1");
}
