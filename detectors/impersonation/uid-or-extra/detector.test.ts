import { describe, expect, it } from "vitest";
import type { AuditEvent, AuditUser } from "../../../schemas/events/k8s-audit/wire.ts";
import { auditEvent, hitOf, users } from "../../../test/support/events.ts";
import { detector } from "./detector.ts";

const alice = users.human();
const proxy = users.serviceAccount("auth-proxy", "proxy");

const acted = (as: Partial<AuditUser>, user = alice, more: Partial<AuditEvent> = {}) =>
  auditEvent({ user, impersonatedUser: { username: "anyone", groups: ["system:authenticated"], ...as }, ...more });
const keys = (...names: string[]) => ({ extra: Object.fromEntries(names.map((name) => [name, ["x"]])) });
const canI = {
  verb: "create",
  requestURI: "/apis/authorization.k8s.io/v1/selfsubjectaccessreviews",
  objectRef: { resource: "selfsubjectaccessreviews", apiGroup: "authorization.k8s.io", apiVersion: "v1" },
};

describe("impersonation/uid-or-extra finds", () => {
  it.each([
    "accesskeyid",
    "accessKeyId",
    "arn",
    "canonicalArn",
    "sessionName",
    "principalId",
    "access%4Bey%49d",
    "sigs.k8s.io/aws-iam-authenticator/principalId",
    "sigs.k8s.io/aws-iam-authenticator/principalid",
    "authentication.kubernetes.io/credential-id",
    "authentication.kubernetes.io/pod-name",
    "authentication.kubernetes.io/node-name",
  ])("a key that says who one is, in any spelling: %s", (key) => {
    const hit = hitOf(detector, acted(keys(key)));
    expect(hit).toMatchObject({ severity: "high", on: "uid or extra of anyone" });
    expect(hit?.reasons).toContain(`says who one is: ${key}`);
  });

  it("the uid of an IAM identity", () => {
    expect(hitOf(detector, acted({ uid: "aws-iam-authenticator:111122223333:AROAEXAMPLE" }))).toMatchObject({
      severity: "high",
    });
  });

  it("such a key by a workload too", () => {
    expect(hitOf(detector, acted(keys("authentication.kubernetes.io/pod-uid"), proxy))).toMatchObject({
      severity: "high",
      notExempted: [],
    });
  });

  it("capital letters that were made to survive", () => {
    expect(hitOf(detector, acted(keys("accessKeyId")))?.reasons).toContain(
      "spelled so that the capital letters survive",
    );
    expect(hitOf(detector, acted(keys("accesskeyid")))?.reasons).toHaveLength(1);
  });

  it.each([
    ["a uid", { uid: "92071f2f-ad51-43b2-a1ea-0aa95be274e6" }],
    ["a key of somebody else's", keys("example.com/tenant")],
  ])("%s: medium by a person, low by a workload, as proxies do it", (_, as) => {
    expect(hitOf(detector, acted(as))).toMatchObject({ severity: "medium" });
    const hit = hitOf(detector, acted(as, proxy));
    expect(hit).toMatchObject({ severity: "low" });
    expect(hit?.notExempted).toEqual(["authenticating proxies set keys of their own"]);
  });

  it("a cluster manager's own principalid: low, by a workload and in small letters only", () => {
    const manager = keys("principalid", "username");
    expect(hitOf(detector, acted(manager, proxy))).toMatchObject({ severity: "low" });
    expect(hitOf(detector, acted(manager, alice))).toMatchObject({ severity: "high" });
    expect(hitOf(detector, acted(keys("principalId"), proxy))).toMatchObject({ severity: "high" });
    expect(hitOf(detector, acted(keys("principalid", "arn"), proxy))).toMatchObject({ severity: "high" });
  });

  it("a listed proxy that says who one is: low", () => {
    const params = { proxies: ["system:serviceaccount:auth-proxy:proxy"] };
    const hit = hitOf(detector, acted(keys("authentication.kubernetes.io/pod-name"), proxy), { params });
    expect(hit).toMatchObject({ severity: "low" });
    expect(hit?.notExempted?.[0]).toContain("a listed proxy");
  });

  it("a question about rights: low; a refused request: a step lower", () => {
    expect(hitOf(detector, acted(keys("arn"), alice, canI))).toMatchObject({ severity: "low" });
    expect(hitOf(detector, acted(keys("arn"), alice, { responseStatus: { code: 403 } }))).toMatchObject({
      severity: "medium",
      on: "uid or extra of anyone",
    });
  });

  it("what was set", () => {
    expect(hitOf(detector, acted({ uid: "u", ...keys("arn") }))?.sentence).toBe(
      "alice (role ClusterAdmin) acted as anyone with a uid, arn and listed pods in shop",
    );
  });
});

describe("impersonation/uid-or-extra stays quiet on", () => {
  it("an impersonation of a name and groups alone", () => {
    expect(hitOf(detector, acted({}))).toBeUndefined();
  });

  it("a listed proxy that sets keys of its own, and a uid", () => {
    const params = { proxies: ["system:serviceaccount:auth-proxy:proxy"] };
    expect(hitOf(detector, acted({ uid: "u", ...keys("example.com/tenant") }, proxy), { params })).toBeUndefined();
  });

  it("the extra keys of the real user, which nobody can forge", () => {
    expect(hitOf(detector, auditEvent({ user: alice }))).toBeUndefined();
  });

  it("an impersonation that was refused", () => {
    const message =
      'userextras.authentication.k8s.io "x" is forbidden: User "y" cannot impersonate resource "userextras/arn" in API group "authentication.k8s.io"';
    expect(hitOf(detector, auditEvent({ responseStatus: { code: 403, message }, annotations: {} }))).toBeUndefined();
    const uid = message.replaceAll("userextras", "uids").replace("/arn", "");
    expect(
      hitOf(detector, auditEvent({ responseStatus: { code: 403, message: uid }, annotations: {} })),
    ).toBeUndefined();
  });
});
