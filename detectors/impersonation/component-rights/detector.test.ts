import { describe, expect, it } from "vitest";
import type { AuditEvent, AuditUser } from "../../../schemas/events/k8s-audit/wire.ts";
import { auditEvent, hitOf, users } from "../../../test/support/events.ts";
import { detector } from "./detector.ts";

const carol = users.human("carol", "PlatformAdmin");
const argo = users.serviceAccount("argocd", "argocd-application-controller");
const forged: AuditUser = {
  ...users.component("eks:addon-manager"),
  extra: { "authentication.kubernetes.io/credential-id": ["X509SHA256=00"] },
};
const refused = { responseStatus: { code: 403 }, annotations: { "authorization.k8s.io/decision": "allow" } };

interface Written {
  readonly resource: string;
  readonly body?: unknown;
  readonly user?: AuditUser;
  readonly more?: Partial<AuditEvent>;
}

const write = ({ resource, body, user = carol, more = {} }: Written) =>
  auditEvent({
    level: "RequestResponse",
    verb: "create",
    user,
    requestURI: `/apis/rbac.authorization.k8s.io/v1/${resource}`,
    objectRef: { resource, name: "extra", apiGroup: "rbac.authorization.k8s.io", apiVersion: "v1" },
    responseStatus: { code: 201 },
    requestObject: body,
    ...more,
  });

const binding = (kind: string, name: string, role = "view", written: Partial<Written> = {}) =>
  write({
    resource: "clusterrolebindings",
    body: { subjects: [{ kind, name }], roleRef: { kind: "ClusterRole", name: role } },
    ...written,
  });

const ruled = (rule: object, written: Partial<Written> = {}) =>
  write({ resource: "clusterroles", body: { rules: [{ apiGroups: [""], ...rule }] }, ...written });

const may = (resources: string[], resourceNames: string[] = [], verbs = ["impersonate"]) => ({
  verbs,
  resources,
  resourceNames,
});

describe("impersonation/component-rights finds rights for", () => {
  it.each([
    ["a component", "User", "eks-auto:coredns", "view", "high"],
    ["a component in another case", "User", "EKS-Auto:CoreDNS", "view", "high"],
    ["a component's name as a group", "Group", "eks-runtime:ebs-csi-driver", "view", "high"],
    ["EKS's managed controllers", "Group", "eks:managed", "view", "high"],
    [
      "what EKS's own role is called",
      "User",
      "arn:aws:sts::111122223333:assumed-role/AWSServiceRoleForAmazonEKS/x",
      "view",
      "high",
    ],
    ["all nodes", "Group", "system:nodes", "view", "medium"],
    ["one node", "User", "system:node:i-0a1b2c3d4e5f60001", "view", "medium"],
    ["all nodes, as administrators", "Group", "system:nodes", "cluster-admin", "high"],
    ["a user of AWS, as EKS binds them", "User", "eks:support-engineer", "cluster-admin", "low"],
  ])("%s", (_, kind, name, to, severity) => {
    expect(hitOf(detector, binding(kind, name, to))).toMatchObject({ severity });
  });

  it("whom, and what they may", () => {
    const hit = hitOf(detector, binding("User", "eks-auto:coredns", "cluster-admin"));
    expect(hit?.sentence).toBe(
      "carol (role PlatformAdmin) let user eks-auto:coredns do what cluster-admin allows by clusterrolebindings extra",
    );
    expect(hit).toMatchObject({ on: "clusterrolebindings//extra", reasons: ["eks-auto:coredns belongs to Auto Mode"] });
    expect(hit?.evidence).toContainEqual({ field: "roleRef.name", value: "cluster-admin" });
  });

  it("the worst of several subjects, with the others as reasons", () => {
    const subjects = [
      { kind: "User", name: "viewer-1" },
      { kind: "Group", name: "system:nodes" },
      { kind: "Group", name: "eks:managed" },
    ];
    const hit = hitOf(detector, write({ resource: "rolebindings", body: { subjects } }));
    expect(hit).toMatchObject({ severity: "high" });
    expect(hit?.reasons).toEqual(["eks:managed belongs to Auto Mode", "system:nodes belongs to nodes"]);
  });
});

describe("impersonation/component-rights finds a role that lets one act as", () => {
  it.each([
    ["a component", may(["users"], ["viewer-1", "eks-auto:coredns"]), "high", "act as eks-auto:coredns"],
    [
      "a component, by a constrained verb",
      may(["users"], ["eks-auto:coredns"], ["impersonate:user-info"]),
      "high",
      "eks-auto:coredns",
    ],
    ["a privileged group", may(["groups"], ["system:masters"]), "high", "act as system:masters"],
    ["the managed controllers", may(["groups"], ["eks:managed"]), "high", "act as eks:managed"],
    ["the control plane", may(["users"], ["system:kube-controller-manager"]), "high", "system:kube-controller-manager"],
    ["anybody", may(["users", "groups", "serviceaccounts"]), "medium", "act as any user or group or serviceaccount"],
    ["any group", may(["groups"]), "medium", "act as any group"],
    ["anybody, by all verbs on users", may(["users"], [], ["*"]), "medium", "act as any user"],
    ["any identity, for named actions", may(["*"], [], ["impersonate:user-info"]), "low", "act as any identity"],
    ["any node, for named actions", may(["nodes"], [], ["impersonate:arbitrary-node"]), "low", "act as any node"],
    [
      "one node",
      may(["nodes"], ["i-0c0ffee0000000001"], ["impersonate:arbitrary-node"]),
      "medium",
      "act as node i-0c0",
    ],
    ["its own node", may(["nodes"], [], ["impersonate:associated-node"]), "low", "act as any node"],
    ["any service account", may(["serviceaccounts"]), "low", "act as any serviceaccount"],
    ["any extra key", may(["userextras/scopes"]), "low", "act as any userextras/scope"],
    ["somebody who may do everything", may(["*"], [], ["impersonate-on:user-info:list"]), "low", "reach everything"],
    ["somebody who may read secrets", may(["secrets"], [], ["impersonate-on:user-info:list"]), "low", "reach secrets"],
  ])("%s", (_, rule, severity, told) => {
    const hit = hitOf(detector, ruled(rule));
    expect(hit).toMatchObject({ severity });
    expect(hit?.sentence).toContain(told);
  });

  it("anybody, by a constrained verb (1.36): medium once everything, or secrets, may be reached so", () => {
    const both = (resources: string[]) =>
      write({
        resource: "clusterroles",
        body: {
          rules: [
            { ...may(["users"], [], ["impersonate:user-info"]), apiGroups: ["authentication.k8s.io"] },
            { ...may(resources, [], ["impersonate-on:user-info:list"]), apiGroups: ["*"] },
          ],
        },
      });
    expect(hitOf(detector, both(["*"]))).toMatchObject({ severity: "medium" });
    expect(hitOf(detector, both(["secrets"]))).toMatchObject({ severity: "medium" });
    expect(hitOf(detector, both(["pods"]))).toMatchObject({ severity: "low" });
  });

  it("somebody of a namespace: low, as users and groups have none", () => {
    expect(hitOf(detector, ruled(may(["users"]), { resource: "roles" }))).toMatchObject({ severity: "low" });
    expect(hitOf(detector, ruled(may(["users"], ["eks-auto:x"]), { resource: "roles" }))).toMatchObject({
      severity: "low",
    });
  });
});

describe("impersonation/component-rights weighs", () => {
  it.each([
    ["refused by the server", refused],
    ["a dry run", { requestURI: "/apis/rbac.authorization.k8s.io/v1/clusterrolebindings?dryRun=All" }],
  ])("an attempt a step lower, in the same finding: %s", (_, more) => {
    const hit = hitOf(detector, binding("Group", "eks:managed", "view", { more }));
    expect(hit).toMatchObject({ severity: "medium", on: "clusterrolebindings//extra" });
    expect(hit?.sentence).toContain("tried to let");
  });

  it("a certificate in the name of EKS: low, and said", () => {
    const hit = hitOf(detector, binding("User", "eks-auto:coredns", "view", { user: forged }));
    expect(hit).toMatchObject({ severity: "low" });
    expect(hit?.notExempted).toHaveLength(1);
  });

  it("GitOps: an impersonating proxy's role low, rights for a component as by anybody", () => {
    expect(hitOf(detector, ruled(may(["users", "groups"]), { user: argo }))).toMatchObject({ severity: "low" });
    expect(hitOf(detector, ruled(may(["users"], ["eks-auto:x"]), { user: argo }))).toMatchObject({ severity: "high" });
    expect(hitOf(detector, binding("User", "eks-auto:x", "view", { user: argo }))).toMatchObject({ severity: "high" });
  });

  it("a JSON patch that was refused, by its steps", () => {
    const requestObject = [{ op: "add", path: "/subjects/-", value: { kind: "User", name: "eks-auto:coredns" } }];
    const more = { verb: "patch", ...refused, requestObject, responseObject: { kind: "Status" } };
    const hit = hitOf(detector, binding("User", "x", "view", { more }));
    expect(hit).toMatchObject({ severity: "medium" });
    expect(hit?.sentence).toContain("tried to let user eks-auto:coredns");
  });

  it("a patch by what it asks for, and shows what stands then", () => {
    const responseObject = { subjects: [{ kind: "Group", name: "eks:managed" }], roleRef: { name: "edit" } };
    const patch = (requestObject: unknown) =>
      binding("User", "x", "view", {
        more: { verb: "patch", responseStatus: { code: 200 }, requestObject, responseObject },
      });
    const add = [{ op: "add", path: "/subjects/-", value: { kind: "Group", name: "eks:managed" } }];
    expect(hitOf(detector, patch({ subjects: [{ kind: "Group", name: "eks:managed" }] }))).toMatchObject({
      severity: "high",
    });
    expect(hitOf(detector, patch(add))).toMatchObject({ severity: "high" });
    expect(hitOf(detector, patch([{ op: "replace", path: "", value: responseObject }]))).toBeDefined();
    expect(hitOf(detector, patch({ metadata: { labels: { subjects: "x" } } }))).toBeUndefined();
    expect(hitOf(detector, patch([{ op: "add", path: "/metadata/labels/subjects", value: "x" }]))).toBeUndefined();
  });
});

describe("impersonation/component-rights stays quiet on", () => {
  const bootstrap = (user: AuditUser, more = {}) => binding("Group", "system:nodes", "system:node", { user, more });
  const controller = users.serviceAccount("kube-system", "clusterrole-aggregation-controller");
  it.each([
    ["a plain user", binding("User", "viewer-1")],
    ["people in a role session called so", binding("User", "arn:aws:sts::111122223333:assumed-role/Dev/eks-auto")],
    ["a service account", binding("ServiceAccount", "eks-auto:coredns")],
    ["the groups that everybody is in", binding("Group", "system:authenticated")],
    ["support staff who may act as named users", ruled(may(["users"], ["viewer-1", "viewer-2"]))],
    ["a GitOps tool that may act as a named account", ruled(may(["serviceaccounts"], ["deployer"]))],
    ["another API's users", ruled({ ...may(["users"], [], ["*"]), apiGroups: ["iam.example.com"] })],
    ["an administrator's role", ruled({ verbs: ["*"], resources: ["*"], apiGroups: ["*"] })],
    ["an ordinary rule on users", ruled({ verbs: ["get"], resources: ["users"] })],
    ["what may be done under impersonation, named", ruled(may(["pods"], [], ["impersonate-on:user-info:list"]))],
    ["the server's own roles", bootstrap(users.component("system:apiserver"))],
    ["EKS's add-on manager", bootstrap(users.component("eks:addon-manager"))],
    ["EKS at the cluster's start", bootstrap(users.component("eks:cluster-bootstrap"))],
    ["the controller that gathers roles", ruled(may(["users"]), { user: controller, more: { verb: "patch" } })],
    ["rights taken away", bootstrap(carol, { verb: "delete" })],
    ["a write whose body is not in the log", binding("Group", "eks:managed", "view", { body: undefined })],
  ])("%s", (_, event) => {
    expect(hitOf(detector, event)).toBeUndefined();
  });

  it("but not on what that controller does elsewhere, nor on a certificate in the server's name", () => {
    expect(hitOf(detector, bootstrap(controller))).toBeDefined();
    expect(hitOf(detector, bootstrap(users.component("system:kube-scheduler")))).toMatchObject({ severity: "medium" });
    expect(hitOf(detector, bootstrap({ ...carol, username: "eks:addon-manager" }))).toMatchObject({
      severity: "medium",
    });
    expect(hitOf(detector, bootstrap({ ...forged, username: "system:apiserver" }))).toMatchObject({
      severity: "medium",
    });
  });
});
