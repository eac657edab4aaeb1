import type { RbacWrite, Subject } from "../../../schemas/events/k8s-audit/facets/writes.ts";
import { type Severity, severityRank } from "../../../schemas/findings/finding.ts";
import { at, text } from "../../../schemas/json.ts";
import type { EventOn } from "../../core/contracts.ts";
import { meaningOf, type Standing, standingOf } from "../standing.ts";

export type RightsWrite = EventOn<"rbacWrite">;
type Rule = RbacWrite["rules"][number];

export interface Grant {
  readonly severity: Severity;
  readonly whom: string;
  readonly may: string;
  readonly why: string;
  readonly field: string;
  readonly value: string;
  /** No name is left out: what authenticating proxies ask for. */
  readonly wide?: boolean;
}

/** What a write gives that concerns names of Auto Mode, of AWS or of nodes; the worst first. */
export function grantsOf({ verb, requestBody, object, facets }: RightsWrite): Grant[] {
  const { subjects, rules, roleRef } = facets.rbacWrite;
  const part = object.resource.endsWith("bindings") ? "subjects" : "rules";
  // A patch that does not speak of them leaves them as they were; the answer shows them all the same.
  if (verb === "patch" && requestBody !== undefined && !speaksOf(part, requestBody)) return [];
  const reach = rules.flatMap(widens);
  const context = { namespaced: object.resource === "roles", unlimited: reach.length > 0 };
  const found = [
    ...subjects.flatMap((subject) => bound(subject, roleRef)),
    ...rules.flatMap((rule) => takes(rule, context)),
    ...reach,
  ];
  return found.sort((a, b) => severityRank(b.severity) - severityRank(a.severity));
}

/** Of a merge patch, or of a JSON patch, whose steps name their place; the empty path is the whole object. */
const speaksOf = (part: string, patch: unknown): boolean =>
  Array.isArray(patch)
    ? patch.some((step) => [undefined, part].includes((text(step, "path") ?? "").split("/")[1]))
    : at(patch, part) !== undefined;

/** Roles that give most of the cluster. */
const ADMIN = /^(?:cluster-admin|admin|edit)$/;

function bound({ kind, name }: Subject, role: string): Grant[] {
  if (kind !== "User" && kind !== "Group") return [];
  const standing = standingOf(kind === "User" ? "user" : "group", name);
  const severity = weightOf(standing, name, role);
  if (severity === undefined) return [];
  return [
    {
      severity,
      whom: `${kind.toLowerCase()} ${name}`,
      may: `do what ${role || "a role"} allows`,
      why: meaningOf(name, standing),
      field: "subjects",
      value: `${kind} ${name}`,
    },
  ];
}

function weightOf(standing: Standing, name: string, role: string): Severity | undefined {
  if (standing === "component") return "high";
  // EKS binds these itself; a migration that applies them again is not told from somebody who hides among them.
  if (standing === "aws") return name.startsWith("eks:") ? "low" : "high";
  if (standing === "node") return ADMIN.test(role) ? "high" : "medium";
  return undefined;
}

const CORE: ReadonlySet<string> = new Set(["", "*", "authentication.k8s.io"]);

/** Verbs of a rule that let somebody take another identity: `impersonate`, and since 1.36 `impersonate:MODE`. All verbs on users or groups
 * of the server's own are the same right; on another API's users they are not. */
function taking({ verbs, resources, apiGroups }: Rule): string[] {
  const named = resources.includes("users") || resources.includes("groups");
  const all = verbs.includes("*") && named && apiGroups.some((group) => CORE.has(group));
  return [...verbs.filter((verb) => /^impersonate(?::|$)/.test(verb)), ...(all ? ["*"] : [])];
}

interface Context {
  /** Of a Role. Users, groups and nodes have no namespace: it cannot give them. */
  readonly namespaced: boolean;
  /** 1.36: the same role lets one reach everything, or secrets, under impersonation. */
  readonly unlimited: boolean;
}

/** Which kinds of identity a rule is about. */
interface Reach {
  readonly users: boolean;
  readonly groups: boolean;
  /** Any node; its own alone is what agents on every node are given (1.36). */
  readonly nodes: boolean;
}

function takes(rule: Rule, { namespaced, unlimited }: Context): Grant[] {
  const verbs = taking(rule);
  if (verbs.length === 0) return [];
  const { resources, resourceNames } = rule;
  const has = (resource: string): boolean => resources.includes(resource) || resources.includes("*");
  const ownNode = verbs.every((verb) => verb === "impersonate:associated-node");
  const reach = { users: has("users"), groups: has("groups"), nodes: has("nodes") && !ownNode };
  const value = `${verbs.join(", ")} on ${resources.join(", ")}${resourceNames.map((name) => ` ${name}`).join("")}`;
  const grant = { whom: "whoever holds it", field: "rules", value };
  if (resourceNames.length > 0) {
    return resourceNames.flatMap((name) => {
      const taken = takenBy(name, reach);
      return taken === undefined ? [] : [{ ...grant, ...taken, severity: namespaced ? "low" : taken.severity }];
    });
  }
  const anybody = !namespaced && (reach.users || reach.groups || reach.nodes);
  // A constrained verb gives no more than the actions that are named for it.
  const free = anybody && (unlimited || verbs.some((verb) => !verb.includes(":")));
  const any = resources.includes("*") ? "identity" : resources.map((name) => name.replace(/s$/, "")).join(" or ");
  const why = free ? "names are not limited: it includes system:masters and every component" : "names are not limited";
  return [{ ...grant, severity: free ? "medium" : "low", may: `act as any ${any}`, why, wide: true }];
}

function takenBy(name: string, { users, groups, nodes }: Reach): Pick<Grant, "severity" | "may" | "why"> | undefined {
  const standings: Standing[] = [
    users ? standingOf("user", name) : "plain",
    groups ? standingOf("group", name) : "plain",
  ];
  const standing = standings.find((kind) => kind !== "plain" && kind !== "service-account");
  if (standing !== undefined) return { severity: "high", may: `act as ${name}`, why: meaningOf(name, standing) };
  return nodes ? { severity: "medium", may: `act as node ${name}`, why: meaningOf(name, "node") } : undefined;
}

/** 1.36: `impersonate-on:MODE:VERB` says what may be done under impersonation. It gives nothing without the other half. */
function widens({ verbs, resources }: Rule): Grant[] {
  const on = verbs.filter((verb) => verb.startsWith("impersonate-on:"));
  if (on.length === 0 || !(resources.includes("*") || resources.includes("secrets"))) return [];
  const what = resources.includes("*") ? "everything" : "secrets";
  return [
    {
      severity: "low",
      whom: "whoever holds it",
      may: `reach ${what} under impersonation`,
      why: `what may be done under impersonation includes ${what}`,
      field: "rules",
      value: `${on.join(", ")} on ${resources.join(", ")}`,
      wide: true,
    },
  ];
}
