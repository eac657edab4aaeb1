import { describe, expect, it } from "vitest";
import type { AuditEvent, AuditUser } from "../../../schemas/events/k8s-audit/wire.ts";
import { auditEvent, hitOf, users } from "../../../test/support/events.ts";
import { detector } from "./detector.ts";

const PODS = "pods.eks.amazonaws.com";
const STS = "sts.amazonaws.com";
const ONTO_POD = { kind: "Pod", apiVersion: "v1", name: "checkout-0", uid: "d019d9d9-c299-4af8-b68c-c24d2e910b1c" };

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
    ...(spec && { requestObject: { kind: "TokenRequest", spec: { boundObjectRef: null, ...spec } } }),
    ...more,
  });
}
const refusedByAdmission = (code: number): Partial<AuditEvent> => ({
  responseStatus: { code, message: "refused" },
  annotations: { "authorization.k8s.io/decision": "allow" },
});
const eso = users.serviceAccount("external-secrets", "external-secrets");
const provider = users.serviceAccount("kube-system", "secrets-store-csi-driver-provider-aws");

describe("pod-identity/token-for-aws finds", () => {
  it("a Pod Identity token minted by a person: critical, with who, whom, audience and binding", () => {
    const hit = hitOf(detector, mint(users.human(), "shop/checkout", { audiences: [PODS], expirationSeconds: 86_400 }));
    expect(hit).toMatchObject({
      severity: "critical",
      on: "serviceaccounts/shop/checkout for Pod Identity",
      sentence: `alice (role ClusterAdmin) minted a token of service account shop/checkout for ${PODS}`,
      reasons: ["bound to no object: outlives every pod"],
    });
    expect(hit?.evidence).toContainEqual({ field: "requestObject.spec.boundObjectRef", value: "none" });
  });

  it("with every field that says so, and none that the record lacks", () => {
    const spec = { audiences: [PODS], expirationSeconds: 86_400, boundObjectRef: ONTO_POD };
    const issued = "authentication.kubernetes.io/issued-credential-id";
    const more = {
      annotations: { "authorization.k8s.io/decision": "allow", [issued]: "JTI=00000000-1111-4222-8333-444444444444" },
      impersonatedUser: { username: "bob", groups: [] },
    };
    expect(hitOf(detector, mint(users.human(), "shop/checkout", spec, more))?.evidence).toEqual([
      { field: "user.username", value: users.human().username },
      { field: "impersonatedUser.username", value: "bob" },
      { field: "objectRef", value: "shop/checkout" },
      { field: "requestObject.spec.audiences", value: PODS },
      { field: "requestObject.spec.expirationSeconds", value: "86400" },
      { field: "requestObject.spec.boundObjectRef", value: "Pod/checkout-0" },
      { field: `annotations.${issued}`, value: "JTI=00000000-1111-4222-8333-444444444444" },
    ]);
  });

  it("the same bound to a pod, which is what a thief of one pod's role asks for", () => {
    const hit = hitOf(detector, mint(users.human(), "shop/checkout", { audiences: [PODS], boundObjectRef: ONTO_POD }));
    expect(hit).toMatchObject({ severity: "critical", reasons: [] });
  });

  it("the same refused by the server: high, and the same finding", () => {
    const hit = hitOf(detector, mint(users.human(), "shop/checkout", { audiences: [PODS] }, refusedByAdmission(400)));
    expect(hit).toMatchObject({ severity: "high", on: "serviceaccounts/shop/checkout for Pod Identity" });
    expect(hit?.sentence).toContain("was refused a token");
  });

  it("an IRSA token minted by a person: high, a refused one medium", () => {
    const hit = hitOf(detector, mint(users.human(), "shop/checkout", { audiences: [STS] }));
    expect(hit).toMatchObject({ severity: "high", on: "serviceaccounts/shop/checkout for IRSA" });
    const tried = hitOf(detector, mint(users.human(), "shop/checkout", { audiences: [STS] }, refusedByAdmission(422)));
    expect(tried).toMatchObject({ severity: "medium" });
  });

  it("an IRSA token in the partition of China", () => {
    expect(hitOf(detector, mint(users.human(), "shop/checkout", { audiences: [`${STS}.cn`] }))).toMatchObject({
      severity: "high",
    });
  });

  it("AWS among other audiences, for ever", () => {
    const spec = { audiences: ["https://elsewhere.example.com", PODS, STS], expirationSeconds: 999_999_999 };
    expect(hitOf(detector, mint(users.human(), "shop/checkout", spec))).toMatchObject({
      severity: "critical",
      reasons: ["bound to no object: outlives every pod", "asked to live 999999999 s"],
    });
  });

  it.each([
    ["another namespace", "shop/checkout", "high"],
    ["its own namespace", "ci/deployer", "medium"],
    ["itself", "ci/runner", "medium"],
  ])("an IRSA token minted by a service account that is not listed, for %s", (_, of, severity) => {
    expect(hitOf(detector, mint(users.serviceAccount("ci", "runner"), of, { audiences: [STS] }))).toMatchObject({
      severity,
      notExempted: [],
    });
  });

  it("a listed secret store that mints for Pod Identity: nothing but the provider does", () => {
    const hit = hitOf(detector, mint(eso, "shop/checkout", { audiences: [PODS] }));
    expect(hit).toMatchObject({ severity: "critical" });
    expect(hit?.notExempted?.[0]).toContain("listed for sts.amazonaws.com");
  });

  it("the provider of the CSI driver without a pod binding", () => {
    expect(hitOf(detector, mint(provider, "shop/checkout", { audiences: [PODS] }))).toMatchObject({
      severity: "critical",
    });
  });

  it("a secret store that mints for an audience it is listed for, and one it is not", () => {
    expect(hitOf(detector, mint(eso, "shop/checkout", { audiences: [STS, PODS] }))).toMatchObject({
      severity: "critical",
    });
  });

  it("a namesake of a listed secret store in another namespace: low for IRSA, unsure, and said so", () => {
    const namesake = users.serviceAccount("secrets", "external-secrets");
    const hit = hitOf(detector, mint(namesake, "payments/api", { audiences: [STS] }));
    expect(hit).toMatchObject({ severity: "low", confidence: "low" });
    expect(hit?.notExempted?.[0]).toContain("named like a listed minter");
    expect(hitOf(detector, mint(namesake, "kube-system/external-dns", { audiences: [STS] }))).toMatchObject({
      severity: "high",
    });
  });

  it("a namesake of the CSI provider that mints for Pod Identity, bound to a pod: critical all the same", () => {
    const namesake = users.serviceAccount("shop", "secrets-store-csi-driver-provider-aws");
    const spec = { audiences: [PODS], boundObjectRef: ONTO_POD };
    expect(hitOf(detector, mint(namesake, "shop/checkout", spec))).toMatchObject({ severity: "critical" });
  });

  it("a secret store that mints for IRSA in a privileged namespace", () => {
    expect(hitOf(detector, mint(eso, "kube-system/external-dns", { audiences: [STS] }))).toMatchObject({
      severity: "high",
    });
  });

  it("a person who impersonates the listed secret store", () => {
    const impersonatedUser = { username: "system:serviceaccount:external-secrets:external-secrets", groups: [] };
    const hit = hitOf(detector, mint(users.human(), "shop/checkout", { audiences: [STS] }, { impersonatedUser }));
    expect(hit).toMatchObject({ severity: "high", notExempted: [] });
    expect(hit?.sentence).toContain("alice (role ClusterAdmin), as service account external-secrets/external-secrets,");
  });

  it("a person who impersonates a node, and a node that impersonates somebody", () => {
    const asNode = { impersonatedUser: { username: "system:node:i-0a1b2c3d4e5f60001", groups: ["system:nodes"] } };
    const spec = { audiences: [PODS], boundObjectRef: ONTO_POD };
    expect(hitOf(detector, mint(users.human(), "shop/checkout", spec, asNode))).toMatchObject({ severity: "critical" });
    const asOther = { impersonatedUser: { username: "eks-auto:ipamd", groups: ["system:authenticated"] } };
    expect(hitOf(detector, mint(users.node(), "shop/checkout", spec, asOther))).toMatchObject({ severity: "critical" });
  });
});

describe("pod-identity/token-for-aws stays quiet on", () => {
  it("the kubelet of any node, Auto's or a managed node group's", () => {
    const spec = { audiences: [PODS], expirationSeconds: 86_400, boundObjectRef: ONTO_POD };
    expect(hitOf(detector, mint(users.node(), "shop/checkout", spec))).toBeUndefined();
    const managed = { username: "system:node:ip-10-0-1-7.ec2.internal", groups: ["system:nodes"] };
    expect(hitOf(detector, mint(managed, "shop/checkout", spec))).toBeUndefined();
  });

  it("secret stores that mint for IRSA by design", () => {
    expect(hitOf(detector, mint(eso, "payments/api", { audiences: [STS] }))).toBeUndefined();
    const certManager = users.serviceAccount("cert-manager", "cert-manager");
    expect(hitOf(detector, mint(certManager, "cert-manager/cert-manager", { audiences: [STS] }))).toBeUndefined();
    const driver = users.serviceAccount("kube-system", "secrets-store-csi-driver");
    expect(hitOf(detector, mint(driver, "shop/checkout", { audiences: [STS] }))).toBeUndefined();
  });

  it("Flux, for objects with a service account of their own", () => {
    const flux = users.serviceAccount("flux-system", "source-controller");
    expect(hitOf(detector, mint(flux, "shop/checkout", { audiences: [STS] }))).toBeUndefined();
    expect(hitOf(detector, mint(flux, "shop/checkout", { audiences: [PODS] }))).toMatchObject({ severity: "critical" });
  });

  it.each([
    ["kube-system", "secrets-store-csi-driver-provider-aws"],
    ["kube-system", "csi-secrets-store-provider-aws"],
    ["aws-secrets-manager", "aws-secrets-store-csi-driver-provider"],
  ])(
    "%s/%s, which binds its Pod Identity tokens to the pod by its name alone, in kube-system too",
    (namespace, name) => {
      const spec = { audiences: [PODS], boundObjectRef: { kind: "Pod", name: "checkout-0" } };
      const minter = users.serviceAccount(namespace, name);
      expect(hitOf(detector, mint(minter, "shop/checkout", spec))).toBeUndefined();
      expect(hitOf(detector, mint(minter, "kube-system/external-dns", spec))).toBeUndefined();
    },
  );

  it("a minter that the site lists", () => {
    const minters = [{ serviceAccount: "vault-prod/agent", audiences: [STS], bound: false }];
    const agent = users.serviceAccount("vault-prod", "agent");
    const event = mint(agent, "shop/checkout", { audiences: [STS] });
    expect(hitOf(detector, event, { params: { minters } })).toBeUndefined();
    expect(hitOf(detector, event)).toMatchObject({ severity: "high" });
  });

  it("audiences that are none of AWS', and such that only look like it", () => {
    for (const audience of ["https://vault.example.com", "sts.amazonaws.com.example.com", "xpods.eks.amazonaws.com"])
      expect(hitOf(detector, mint(users.human(), "shop/checkout", { audiences: [audience] }))).toBeUndefined();
  });

  it("a mint without a body: the audience is unknown, not AWS", () => {
    expect(hitOf(detector, mint(users.human(), "shop/checkout", null))).toBeUndefined();
  });
});
