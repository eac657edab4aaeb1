import { describe, expect, it } from "vitest";
import type { AuditEvent, AuditUser } from "../../../schemas/events/k8s-audit/wire.ts";
import { auditEvent, hitOf, users } from "../../../test/support/events.ts";
import { detector } from "./detector.ts";

/** A TokenRequest as the server logs it at level Request; `spec` null: no body. */
function mint(user: AuditUser, of: string, spec: object | null, more: Partial<AuditEvent> = {}) {
  const [namespace = "", name = ""] = of.split("/");
  return auditEvent({
    level: "Request",
    verb: "create",
    user,
    requestURI: `/api/v1/namespaces/${namespace}/serviceaccounts/${name}/token`,
    objectRef: { resource: "serviceaccounts", namespace, name, apiVersion: "v1", subresource: "token" },
    responseStatus: { code: 201 },
    ...(spec && {
      requestObject: { kind: "TokenRequest", spec: { audiences: null, boundObjectRef: null, ...spec } },
    }),
    ...more,
  });
}
const hourly = { expirationSeconds: 3_600 };
const denied: Partial<AuditEvent> = { responseStatus: { code: 403, message: "serviceaccounts is forbidden" } };
const as = (username: string): Partial<AuditEvent> => ({ impersonatedUser: { username, groups: [] } });
const eso = users.serviceAccount("external-secrets", "external-secrets");
const kcm = users.component("system:kube-controller-manager");

describe("pod-identity/token-request finds", () => {
  it("a person's token of an ordinary service account: low", () => {
    const event = mint(users.human(), "shop/checkout", { expirationSeconds: 600 });
    expect(hitOf(detector, event)).toMatchObject({
      severity: "low",
      on: "serviceaccounts/shop/checkout",
      sentence: "alice (role ClusterAdmin) minted a token of service account shop/checkout",
      reasons: [],
    });
  });

  it.each([
    ["of a privileged namespace", "kube-system/cluster-tools", hourly, {}, "medium"],
    ["of a GitOps tool", "argocd/argocd-application-controller", hourly, {}, "medium"],
    ["for a day", "shop/checkout", { expirationSeconds: 86_400 }, {}, "medium"],
    ["for a day, privileged", "kube-system/cluster-tools", { expirationSeconds: 86_400 }, {}, "high"],
    ["under impersonation", "shop/checkout", hourly, as("bob"), "medium"],
    [
      "under impersonation of the account itself, for a day",
      "kube-system/cluster-tools",
      { expirationSeconds: 86_400 },
      as("system:serviceaccount:kube-system:cluster-tools"),
      "high",
    ],
    ["refused", "shop/checkout", null, denied, "low"],
    ["refused, privileged", "kube-system/cluster-tools", null, denied, "low"],
    ["refused, privileged, for a day", "kube-system/cluster-tools", { expirationSeconds: 86_400 }, denied, "medium"],
  ])("a person's token %s", (_, of, spec, more, severity) => {
    expect(hitOf(detector, mint(users.human(), of, spec, more))).toMatchObject({ severity });
  });

  it("the refusal as such, in the same finding as the success", () => {
    const hit = hitOf(detector, mint(users.human(), "shop/checkout", null, denied));
    expect(hit?.sentence).toContain("was refused a token of service account shop/checkout");
    expect(hit?.on).toBe("serviceaccounts/shop/checkout");
    // No body, so nothing is said of a binding.
    expect(hit?.evidence.map(({ field }) => field)).not.toContain("requestObject.spec.boundObjectRef");
  });

  it.each([
    ["another namespace's", "kube-system/cluster-tools", {}, "high"],
    ["another namespace's, refused", "kube-system/cluster-tools", denied, "medium"],
    ["its neighbour's", "shop/checkout", {}, "medium"],
    ["its neighbour's, refused", "shop/checkout", denied, "low"],
    ["its own successor", "shop/orders", {}, "medium"],
  ])("a service account that mints %s", (_, of, more, severity) => {
    expect(hitOf(detector, mint(users.serviceAccount(), of, hourly, more))).toMatchObject({ severity });
  });

  it("a workload with whose token it is", () => {
    const reasonsOf = (of: string) => hitOf(detector, mint(users.serviceAccount(), of, hourly))?.reasons;
    expect(reasonsOf("shop/checkout")).toEqual(["a neighbour in its own namespace"]);
    expect(reasonsOf("shop/orders")).toEqual(["its own successor: life past the rotation"]);
  });

  it("a listed secret store that mints a privileged service account's token for the API server", () => {
    const hit = hitOf(detector, mint(eso, "kube-system/cluster-tools", { expirationSeconds: 86_400 }));
    expect(hit).toMatchObject({ severity: "high", reasons: ["a service account of another namespace"] });
    expect(hit?.notExempted?.[0]).toContain("listed for");
  });

  it("a listed minter's short token for the API server: high for a privileged namespace, low for itself in one", () => {
    expect(hitOf(detector, mint(eso, "kube-system/cluster-tools", hourly))).toMatchObject({ severity: "high" });
    const driver = users.serviceAccount("kube-system", "secrets-store-csi-driver");
    expect(hitOf(detector, mint(driver, "kube-system/secrets-store-csi-driver", hourly))).toMatchObject({
      severity: "low",
    });
    expect(hitOf(detector, mint(driver, "kube-system/cluster-tools", hourly))).toMatchObject({ severity: "medium" });
  });

  it("a listed secret store whose token for the API server is to live a day", () => {
    expect(hitOf(detector, mint(eso, "shop/checkout", { expirationSeconds: 86_400 }))).toMatchObject({
      severity: "high",
    });
    expect(
      hitOf(detector, mint(eso, "external-secrets/external-secrets", { expirationSeconds: 86_400 })),
    ).toMatchObject({ severity: "medium" });
  });

  it("a listed secret store with a short token for the API server, or with an unknown audience: low, unsure", () => {
    for (const spec of [{ expirationSeconds: 600 }, null])
      expect(hitOf(detector, mint(eso, "shop/checkout", spec))).toMatchObject({ severity: "low", confidence: "low" });
  });

  it("a namesake of a listed minter in another namespace: low, unsure", () => {
    const namesake = users.serviceAccount("secrets", "external-secrets");
    expect(hitOf(detector, mint(namesake, "payments/api", { audiences: ["vault"] }))).toMatchObject({
      severity: "low",
      confidence: "low",
    });
    expect(hitOf(detector, mint(namesake, "payments/api", hourly))).toMatchObject({ severity: "high" });
  });

  it("a workload's token for an audience outside of cluster and account: one step lower, its own a note", () => {
    const outside = { audiences: ["https://idp.example.com"] };
    const by = (of: string, spec: object | null = outside) => hitOf(detector, mint(users.serviceAccount(), of, spec));
    expect(by("payments/api")).toMatchObject({ severity: "medium" });
    expect(by("shop/checkout")).toMatchObject({ severity: "low" });
    expect(by("shop/orders")).toMatchObject({ severity: "low", confidence: "low" });
    const both = { audiences: ["https://idp.example.com", "https://kubernetes.default.svc"] };
    expect(by("shop/orders", both)).toMatchObject({ severity: "medium" });
    expect(by("shop/orders", { audiences: ["https://oidc-eks.eu-central-1.api.aws/id/EXAMPLE"] })).toMatchObject({
      severity: "medium",
    });
  });

  it("a workload's own token of unknown audience, as unknown", () => {
    expect(hitOf(detector, mint(users.serviceAccount(), "shop/orders", null))).toMatchObject({
      severity: "medium",
      reasons: ["its own token, for an unknown audience"],
    });
  });

  it("an anonymous client: high when it got one, low when it was refused", () => {
    expect(hitOf(detector, mint(users.anonymous(), "shop/checkout", hourly))).toMatchObject({ severity: "high" });
    expect(hitOf(detector, mint(users.anonymous(), "shop/checkout", null, denied))).toMatchObject({ severity: "low" });
  });

  it("the controller manager for an audience", () => {
    const spec = { ...hourly, audiences: ["https://idp.example.com"] };
    expect(hitOf(detector, mint(kcm, "kube-system/job-controller", spec))).toMatchObject({ severity: "medium" });
  });

  it("the controller manager outside kube-system, or for longer than an hour", () => {
    expect(hitOf(detector, mint(kcm, "shop/checkout", hourly))).toMatchObject({ severity: "medium" });
    expect(hitOf(detector, mint(kcm, "shop/checkout", null, denied))).toMatchObject({ severity: "low" });
    expect(hitOf(detector, mint(kcm, "kube-system/job-controller", { expirationSeconds: 86_400 }))).toMatchObject({
      severity: "medium",
    });
  });

  it("somebody who impersonates the controller manager", () => {
    const event = mint(users.human(), "kube-system/job-controller", hourly, as("system:kube-controller-manager"));
    expect(hitOf(detector, event)).toMatchObject({ severity: "high" });
  });

  it("AWS' own components, as a note", () => {
    for (const user of [users.component("eks:addon-manager"), users.serviceLinkedRole()])
      expect(hitOf(detector, mint(user, "kube-system/coredns", hourly))).toMatchObject({
        severity: "low",
        confidence: "low",
      });
  });

  it("a person whose role is named like the service-linked one, as a person", () => {
    const user = users.human("mallory", "AWSServiceRoleForAmazonEKS");
    expect(hitOf(detector, mint(user, "kube-system/coredns", hourly))).toMatchObject({ severity: "medium" });
  });

  it("other components of the control plane, which mint nothing", () => {
    const event = mint(users.component("system:kube-scheduler"), "kube-system/coredns", hourly);
    expect(hitOf(detector, event)).toMatchObject({ severity: "medium" });
  });

  it("a node that mints as somebody else: high; low when it was refused to act so", () => {
    const event = mint(users.node(), "shop/checkout", hourly, as("eks-auto:ipamd"));
    expect(hitOf(detector, event)).toMatchObject({ severity: "high" });
    const message = `users "eks-auto:ipamd" is forbidden: User "${users.node().username}" cannot impersonate resource "users" in API group "" at the cluster scope`;
    const refused = mint(users.node(), "shop/checkout", null, {
      responseStatus: { code: 403, message },
      annotations: {},
    });
    expect(hitOf(detector, refused)).toMatchObject({ severity: "low", reasons: ["by a node's identity"] });
  });
});

describe("pod-identity/token-request stays quiet on", () => {
  it("kubelets, which mint for their pods", () => {
    const boundObjectRef = { kind: "Pod", apiVersion: "v1", name: "checkout-0", uid: "u" };
    const event = mint(users.node(), "shop/checkout", { expirationSeconds: 3_607, boundObjectRef });
    expect(hitOf(detector, event)).toBeUndefined();
  });

  it("the controller manager, which mints for its own controllers", () => {
    expect(hitOf(detector, mint(kcm, "kube-system/horizontal-pod-autoscaler", hourly))).toBeUndefined();
    expect(hitOf(detector, mint(kcm, "kube-system/job-controller", null))).toBeUndefined();
  });

  it("a secret store's own token for somebody else than AWS and the API server", () => {
    const certManager = users.serviceAccount("cert-manager", "cert-manager");
    const event = mint(certManager, "cert-manager/cert-manager", { audiences: ["https://vault.example.com"] });
    expect(hitOf(detector, event)).toBeUndefined();
  });

  it("a secret store's token of an ordinary service account for an audience that it is listed for", () => {
    expect(hitOf(detector, mint(eso, "payments/api", { audiences: ["vault"] }))).toBeUndefined();
    const certManager = users.serviceAccount("cert-manager", "cert-manager");
    const issuer = { audiences: ["vault://shop/issuer"] };
    expect(hitOf(detector, mint(certManager, "shop/vault-issuer", issuer))).toBeUndefined();
    expect(hitOf(detector, mint(certManager, "shop/vault-issuer", { audiences: ["other"] }))).toMatchObject({
      severity: "low",
    });
  });

  it("tokens for AWS, which token-for-aws judges", () => {
    for (const audience of ["sts.amazonaws.com", "pods.eks.amazonaws.com"])
      expect(hitOf(detector, mint(users.human(), "shop/checkout", { audiences: [audience] }))).toBeUndefined();
  });

  it("a 401, which names nobody", () => {
    const event = mint({}, "shop/checkout", null, { responseStatus: { code: 401 }, stage: "ResponseStarted" });
    expect(hitOf(detector, event)).toBeUndefined();
  });

  it("reading a service account, and other subresources", () => {
    const event = mint(users.human(), "shop/checkout", null, { verb: "get" });
    expect(hitOf(detector, event)).toBeUndefined();
  });
});
