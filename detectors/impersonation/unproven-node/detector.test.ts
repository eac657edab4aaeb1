import { describe, expect, it } from "vitest";
import type { AuditEvent, AuditUser } from "../../../schemas/events/k8s-audit/wire.ts";
import { auditEvent, hitOf, users } from "../../../test/support/events.ts";
import { detector } from "./detector.ts";

const NODE = "system:node:i-0a1b2c3d4e5f60002";
const bare: AuditUser = { username: NODE, groups: ["system:nodes", "system:authenticated"] };
const certificate: AuditUser = {
  ...bare,
  extra: { "authentication.kubernetes.io/credential-id": ["X509SHA256=00"] },
};
const asked = (user: AuditUser, more: Partial<AuditEvent> = {}) => auditEvent({ user, ...more });

describe("impersonation/unproven-node finds", () => {
  it("a node with neither uid nor session", () => {
    const hit = hitOf(detector, asked(bare));
    expect(hit).toMatchObject({ severity: "medium", on: "node i-0a1b2c3d4e5f60002", reasons: [] });
    expect(hit?.sentence).toBe("A client was node i-0a1b2c3d4e5f60002 without a trace of IAM");
  });

  it("a node by a certificate, and says so", () => {
    const hit = hitOf(detector, asked(certificate));
    expect(hit?.sentence).toContain("by a certificate");
    expect(hit?.reasons).toHaveLength(1);
    expect(hit?.evidence).toContainEqual({ field: "user.extra.credential-id", value: "X509SHA256=00" });
  });

  it("a refused request: low, in the same finding", () => {
    const hit = hitOf(detector, asked(bare, { responseStatus: { code: 403 } }));
    expect(hit).toMatchObject({ severity: "low", on: "node i-0a1b2c3d4e5f60002" });
    expect(hit?.sentence).toContain("was refused");
  });

  it("is never sure: an authenticator of another kind may leave less", () => {
    expect(detector.meta.confidence).toBe("low");
  });
});

describe("impersonation/unproven-node stays quiet on", () => {
  it.each([
    ["a node of Auto Mode", users.node()],
    ["a node whose record has lost its extra", { ...bare, uid: "aws-iam-authenticator:111122223333:AROAEXAMPLE" }],
    ["a node whose record has lost its uid", { ...bare, extra: users.node().extra ?? {} }],
    ["a node named by its address", { ...bare, username: "system:node:ip-10-0-0-1.eu-central-1.compute.internal" }],
    ["a node that runs elsewhere", { ...bare, username: "system:node:mi-0a1b2c3d4e5f60002" }],
    ["the group alone", { ...bare, username: "viewer-1" }],
  ])("%s", (_, user) => {
    expect(hitOf(detector, asked(user))).toBeUndefined();
  });
});
