import { describe, expect, it } from "vitest";
import type { AuditEvent, AuditUser } from "../../../schemas/events/k8s-audit/wire.ts";
import { auditEvent, hitOf, users } from "../../../test/support/events.ts";
import { detector } from "./detector.ts";

const NAME = "eks-auto:coredns";
const bare: AuditUser = { username: NAME, groups: ["system:authenticated"] };
const certificate: AuditUser = {
  ...bare,
  extra: { "authentication.kubernetes.io/credential-id": ["X509SHA256=00"] },
};
const iam: AuditUser = { ...users.human(), username: NAME };
const uidOnly: AuditUser = { ...bare, uid: "aws-iam-authenticator:111122223333:AROAEXAMPLE" };

const asked = (user: AuditUser, more: Partial<AuditEvent> = {}) =>
  auditEvent({ user, requestURI: "/api/v1/services", objectRef: { resource: "services" }, ...more });

describe("impersonation/claimed-component finds", () => {
  it.each([
    ["a certificate", certificate, "critical", "with a client certificate"],
    ["neither certificate nor IAM", bare, "critical", "whose record shows neither"],
    ["neither, with a uid of its own", { ...bare, uid: "x" }, "critical", "whose record shows neither"],
    ["an IAM identity by ARN", iam, "high", "with an IAM identity"],
    ["an IAM identity by uid", uidOnly, "high", "with an IAM identity"],
  ])("a name by %s", (_, user, severity, means) => {
    const hit = hitOf(detector, asked(user));
    expect(hit).toMatchObject({ severity, on: "the name eks-auto:coredns" });
    expect(hit?.sentence).toContain(`${means}`);
    expect(hit?.sentence).toContain("logged in as eks-auto:coredns and was answered list services");
  });

  it.each(["eks-runtime:ebs-csi-driver", "eks-managed:node-monitoring-agent", "EKS-Auto:CoreDNS", "eks-auto:"])(
    "every prefix, in any case: %s",
    (username) => {
      expect(hitOf(detector, asked({ ...bare, username }))).toBeDefined();
    },
  );

  it("a refused request: a step lower, in the same finding, as the name was had all the same", () => {
    const denied = { responseStatus: { code: 403 } };
    const hit = hitOf(detector, asked(certificate, denied));
    expect(hit).toMatchObject({ severity: "high", on: "the name eks-auto:coredns" });
    expect(hit?.sentence).toContain("asked to list services (403)");
    expect(hitOf(detector, asked(iam, denied))).toMatchObject({ severity: "medium" });
  });

  it("an unlimited group beside it", () => {
    const hit = hitOf(detector, asked({ ...bare, groups: ["system:masters"] }));
    expect(hit?.reasons).toEqual(["in the group system:masters"]);
    expect(hitOf(detector, asked(bare))?.reasons).toEqual([]);
  });

  it("what identifies the credentials", () => {
    expect(hitOf(detector, asked(certificate))?.evidence).toContainEqual({
      field: "user.extra.credential-id",
      value: "X509SHA256=00",
    });
  });
});

describe("impersonation/claimed-component stays quiet on", () => {
  it.each([
    ["a node that impersonates its component", { ...users.node() }],
    ["a session that is only called so", users.human("eks-auto:coredns", "Developer")],
    ["EKS's controllers by their linked role", users.serviceLinkedRole()],
    ["AWS's own users", users.component("eks:node-manager")],
    ["a name that begins almost so", users.component("eks-autopilot:x")],
  ])("%s", (_, user) => {
    const more = user.username?.startsWith("system:node:") ? { impersonatedUser: bare } : {};
    expect(hitOf(detector, asked(user, more))).toBeUndefined();
  });
});
