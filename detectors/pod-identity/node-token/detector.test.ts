import { describe, expect, it } from "vitest";
import type { AuditEvent } from "../../../schemas/events/k8s-audit/wire.ts";
import { auditEvent, hitOf, users } from "../../../test/support/events.ts";
import { detector } from "./detector.ts";

const POD = { kind: "Pod", apiVersion: "v1", name: "checkout-0", uid: "d019d9d9-c299-4af8-b68c-c24d2e910b1c" };
const SPEC = { audiences: null, expirationSeconds: 3_607, boundObjectRef: POD };

/** A TokenRequest of shop/checkout by a node; `spec` null: no body. */
function mint(spec: object | null, more: Partial<AuditEvent> = {}) {
  return auditEvent({
    level: "Request",
    verb: "create",
    user: users.node(),
    requestURI: "/api/v1/namespaces/shop/serviceaccounts/checkout/token",
    objectRef: {
      resource: "serviceaccounts",
      namespace: "shop",
      name: "checkout",
      apiVersion: "v1",
      subresource: "token",
    },
    responseStatus: { code: 201 },
    ...(spec && { requestObject: { kind: "TokenRequest", spec } }),
    ...more,
  });
}
/** Refused by admission or validation, with the server's words. */
const refused = (code: number, message: string): Partial<AuditEvent> => ({
  responseStatus: { code, message },
  annotations: { "authorization.k8s.io/decision": "allow" },
});
const forbidden = (why: string) => refused(403, `serviceaccounts "checkout" is forbidden: ${why}`);

describe("pod-identity/node-token finds", () => {
  it("a token bound to no pod: critical, NodeRestriction never lets it pass", () => {
    const hit = hitOf(detector, mint({ ...SPEC, boundObjectRef: null }));
    expect(hit).toMatchObject({ severity: "critical", on: "serviceaccounts/shop/checkout" });
    expect(hit?.sentence).toBe(
      "node i-0a1b2c3d4e5f60001 minted a token of service account shop/checkout: bound to no pod: NodeRestriction is off or was passed",
    );
  });

  it("a token bound to something else than a pod", () => {
    const hit = hitOf(detector, mint({ ...SPEC, boundObjectRef: { ...POD, kind: "Secret" } }));
    expect(hit).toMatchObject({ severity: "critical", reasons: ["bound to a Secret"] });
  });

  it("a token for longer than any pod of the cluster projects: medium, the pod may have asked for it", () => {
    expect(hitOf(detector, mint({ ...SPEC, expirationSeconds: 604_800 }))).toMatchObject({ severity: "medium" });
    expect(
      hitOf(detector, mint({ ...SPEC, expirationSeconds: 604_800 }), { params: { maxSeconds: 604_800 } }),
    ).toBeUndefined();
  });

  it("an audience that the pod does not project, refused: medium", () => {
    const why = 'audience "pods.eks.amazonaws.com" not found in pod spec volume';
    const hit = hitOf(detector, mint({ ...SPEC, audiences: ["pods.eks.amazonaws.com"] }, forbidden(why)));
    expect(hit).toMatchObject({ severity: "medium", reasons: ["the pod does not project this audience"] });
    expect(hit?.sentence).toContain("was refused a token");
  });

  it("an audience that is none of AWS' nor the API server's, refused: low, an image credential provider asks so", () => {
    const why = 'audience "registry.example.com" not found in pod spec volume';
    expect(hitOf(detector, mint({ ...SPEC, audiences: ["registry.example.com"] }, forbidden(why)))).toMatchObject({
      severity: "low",
    });
    // The same without a body: the message names the audience.
    expect(hitOf(detector, mint(null, forbidden(why)))).toMatchObject({ severity: "low" });
    expect(hitOf(detector, mint(null, forbidden('audience "sts.amazonaws.com" not found')))).toMatchObject({
      severity: "medium",
    });
  });

  it("a token for the API server of a pod that projects none, refused: medium", () => {
    const why = 'audience "" not found in pod spec volume';
    expect(hitOf(detector, mint(SPEC, forbidden(why)))).toMatchObject({ severity: "medium" });
  });

  it.each([
    [403, 'serviceaccounts "checkout" is forbidden: node requested token not bound to a pod'],
    [403, 'serviceaccounts "checkout" is forbidden: node requested token with a pod binding without a uid'],
    [403, 'serviceaccounts "checkout" is forbidden: node may only request 0 or 1 audiences'],
    [400, 'cannot bind token for serviceaccount "checkout" to pod running with different serviceaccount name.'],
    [422, 'TokenRequest.authentication.k8s.io "" is invalid: spec.expirationSeconds: Invalid value: 10'],
  ])("a shape that no kubelet sends, refused with %i: high: %s", (code, message) => {
    expect(hitOf(detector, mint({ ...SPEC, boundObjectRef: null }, refused(code, message)))).toMatchObject({
      severity: "high",
      reasons: ["the request has a shape that no kubelet sends"],
    });
  });

  it("several audiences at once, let through by an older server", () => {
    const spec = { ...SPEC, audiences: ["pods.eks.amazonaws.com", "sts.amazonaws.com"] };
    expect(hitOf(detector, mint(spec))).toMatchObject({ severity: "high" });
  });

  it("an audience whose text imitates a race: no race", () => {
    const why = 'audience "the UID in the bound object reference" not found in pod spec volume';
    expect(hitOf(detector, mint(SPEC, forbidden(why)))).toMatchObject({
      reasons: ["the pod does not project this audience"],
    });
  });

  it.each([
    "the UID in the bound object reference (a) does not match the UID in record (b).",
    "node requested token bound to a pod scheduled on a different node",
    'error validating audience "x": csidriver.storage.k8s.io "csi.example.com" not found',
    "denied by a webhook of the cluster",
  ])("what may happen to an honest kubelet, refused: low, unsure: %s", (why) => {
    expect(hitOf(detector, mint(SPEC, forbidden(why)))).toMatchObject({ severity: "low", confidence: "low" });
  });

  it("a service account that none of the node's pods uses: low, the authorizer lags behind the kubelet too", () => {
    const hit = hitOf(detector, mint(null, { responseStatus: { code: 403, message: "no relationship found" } }));
    expect(hit).toMatchObject({ severity: "low", confidence: "low", on: "serviceaccounts/shop/checkout" });
  });
});

describe("pod-identity/node-token stays quiet on", () => {
  it("what kubelets mint: an hour and seven seconds for the API server, a day for AWS", () => {
    expect(hitOf(detector, mint(SPEC))).toBeUndefined();
    const forAws = { ...SPEC, audiences: ["pods.eks.amazonaws.com"], expirationSeconds: 86_400 };
    expect(hitOf(detector, mint(forAws))).toBeUndefined();
  });

  it.each([
    [404, 'pod "checkout-0" not found'],
    [409, "the UID in the bound object reference does not match the UID in record"],
    [500, "etcdserver: request timed out"],
    [429, "too many requests"],
  ])("a kubelet's race or the server's trouble: %i", (code, message) => {
    expect(hitOf(detector, mint(SPEC, refused(code, message)))).toBeUndefined();
    expect(hitOf(detector, mint({ ...SPEC, expirationSeconds: 604_800 }, refused(code, message)))).toBeUndefined();
  });

  it("a namespace that is being deleted around the pod", () => {
    const why = "unable to create new content in namespace shop because it is being terminated";
    expect(hitOf(detector, mint(SPEC, forbidden(why)))).toBeUndefined();
  });

  it("the kubelet of a node that is not named by an instance", () => {
    const managed = { username: "system:node:ip-10-0-1-7.ec2.internal", groups: ["system:nodes"] };
    expect(hitOf(detector, mint(SPEC, { user: managed }))).toBeUndefined();
    expect(hitOf(detector, mint({ ...SPEC, boundObjectRef: null }, { user: managed }))).toMatchObject({
      severity: "critical",
    });
  });

  it("a mint without a body: an unseen binding is not a missing one", () => {
    expect(hitOf(detector, mint(null))).toBeUndefined();
  });

  it("a node that was refused to act as somebody else, which the other detectors judge too", () => {
    const message = `users "eks-auto:ipamd" is forbidden: User "${users.node().username}" cannot impersonate resource "users" in API group "" at the cluster scope`;
    expect(hitOf(detector, mint(null, { responseStatus: { code: 403, message }, annotations: {} }))).toBeUndefined();
  });

  it("people and workloads, and a node that acts as somebody else, which the other detectors judge", () => {
    const unbound = { ...SPEC, boundObjectRef: null };
    expect(hitOf(detector, mint(unbound, { user: users.human() }))).toBeUndefined();
    expect(hitOf(detector, mint(unbound, { user: users.serviceAccount() }))).toBeUndefined();
    const impersonatedUser = { username: "eks-auto:ipamd", groups: ["system:authenticated"] };
    expect(hitOf(detector, mint(unbound, { impersonatedUser }))).toBeUndefined();
  });
});
