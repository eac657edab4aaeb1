import { describe, expect, it } from "vitest";
import type { AuditEvent } from "../../../schemas/events/k8s-audit/wire.ts";
import { hitOf, users } from "../../../test/support/events.ts";
import { actingAs, denied, discovery, on, selfReview } from "../../../test/support/impersonation.ts";
import { detector } from "./detector.ts";

const node = users.node();
const as = (component: string, more: Partial<AuditEvent> = {}, groups?: string[]) =>
  actingAs(node, `eks-auto:${component}`, more, groups);

describe("impersonation/component-envelope finds", () => {
  it("a component that asks for more than it is known to need: low and not sure, once a node", () => {
    expect(hitOf(detector, as("coredns", on("list", "configmaps")))).toMatchObject({
      severity: "low",
      confidence: "low",
      by: "instance/i-0a1b2c3d4e5f60001",
      on: "eks-auto:coredns outside of its envelope",
      sentence:
        "node i-0a1b2c3d4e5f60001 acted as eks-auto:coredns and listed configmaps in shop, which that component is not known to do",
      reasons: ["coredns is not known to list configmaps", "from the public address 198.51.100.7"],
      notExempted: ["the envelope of coredns is inferred, not confirmed"],
    });
  });

  it("everything that it asks for in one finding, and what no component needs in another", () => {
    const subjects = [
      on("list", "configmaps"),
      on("get", "deployments", "", "apps"),
      on("list", "secrets"),
      { ...on("get", "pods", "exec"), responseStatus: { code: 101 } },
    ].map((more) => hitOf(detector, as("coredns", more))?.on);
    expect(subjects).toEqual([
      "eks-auto:coredns outside of its envelope",
      "eks-auto:coredns outside of its envelope",
      "eks-auto:coredns beyond any component",
      "eks-auto:coredns beyond any component",
    ]);
  });

  it.each([
    ["secrets", on("list", "secrets"), "beyond any component"],
    ["RBAC", on("create", "rolebindings", "", "rbac.authorization.k8s.io"), "beyond any component"],
    ["a token", on("create", "serviceaccounts", "token"), "beyond any component"],
    ["the kubelet", on("get", "nodes", "proxy"), "beyond any component"],
    ["a pod of its own", on("create", "pods"), "beyond any component"],
    ["somebody's deployment", on("patch", "deployments", "", "apps"), "beyond any component"],
    ["a job", on("create", "cronjobs", "", "batch"), "beyond any component"],
    ["a read of deployments", on("get", "deployments", "", "apps"), "outside of its envelope"],
    ["a secret of another kind of API", on("list", "secrets", "", "vault.example"), "outside of its envelope"],
    ["a write of what it may read", on("patch", "services"), "outside of its envelope"],
    ["a path of the server", { verb: "get", requestURI: "/metrics", objectRef: null }, "outside of its envelope"],
    ["what it may do, which a program has no need to ask", selfReview, "outside of its envelope"],
  ])("asked for %s", (_, more, subject) => {
    const unsure = hitOf(detector, as("kube-proxy", more));
    expect(unsure).toMatchObject({ severity: "low", on: `eks-auto:kube-proxy ${subject}` });
  });

  it.each([
    ["secrets were read", on("list", "secrets"), "high"],
    ["secrets were denied", { ...on("list", "secrets"), ...denied }, "medium"],
    ["something else was read", on("list", "configmaps"), "medium"],
    ["something else was denied", { ...on("list", "configmaps"), ...denied }, "low"],
    ["it asked what it may do", selfReview, "low"],
  ])("an alarm once the component is confirmed: %s", (_, more, severity) => {
    const hit = hitOf(detector, as("coredns", more), { params: { confirmed: ["coredns"] } });
    expect(hit).toMatchObject({ severity, confidence: "high", notExempted: [] });
  });

  it("the same subject whether it was denied or not", () => {
    const [one, other] = [{}, denied].map((more) =>
      hitOf(detector, as("ipamd", { ...on("list", "secrets"), ...more })),
    );
    expect(one?.on).toBe(other?.on);
    expect(other?.sentence).toContain("but was denied list secrets");
  });

  it("an envelope of the site's own", () => {
    const params = { envelopes: [{ component: "coredns", verbs: ["list"], resources: ["pods"] }] };
    expect(hitOf(detector, as("coredns"), { params })).toMatchObject({ severity: "low" });
    expect(hitOf(detector, as("coredns", on("list", "pods")), { params })).toBeUndefined();
  });
});

describe("impersonation/component-envelope stays quiet on", () => {
  it.each([
    ["kube-proxy", on("watch", "endpointslices", "", "discovery.k8s.io")],
    ["ipamd", on("patch", "cninodes", "", "vpcresources.k8s.aws")],
    ["aws-network-policy-agent", on("patch", "policyendpoints", "status", "networking.k8s.aws")],
    ["coredns", on("list", "namespaces")],
    ["ebs-csi-driver", on("patch", "nodes")],
    ["neuron", on("update", "pods")],
    ["neuron-device-plugin", on("patch", "nodes", "status")],
    ["node-monitoring-agent", on("patch", "nodediagnostics", "status", "eks.amazonaws.com")],
    ["node-monitoring-agent", on("create", "events", "", "events.k8s.io")],
    ["coredns", discovery],
  ])("%s at its own work", (component, more) => {
    expect(hitOf(detector, as(component, more))).toBeUndefined();
    expect(hitOf(detector, as(component, { ...more, ...denied }))).toBeUndefined();
  });

  it("a component without an envelope: impersonation/eks-auto-component tells of its name", () => {
    expect(hitOf(detector, as("new-thing", on("list", "secrets")))).toBeUndefined();
  });

  it("a shape that no component has, and anybody who is no node: impersonation/eks-auto-component's", () => {
    expect(hitOf(detector, as("coredns", on("list", "secrets"), ["system:masters"]))).toBeUndefined();
    expect(hitOf(detector, actingAs(users.human(), "eks-auto:coredns", on("list", "secrets")))).toBeUndefined();
    const unproven = { username: "system:node:i-0a1b2c3d4e5f60001", groups: ["system:nodes"] };
    expect(hitOf(detector, actingAs(unproven, "eks-auto:coredns", on("list", "secrets")))).toBeUndefined();
  });

  it("a node under its own name, or in any other", () => {
    expect(hitOf(detector, actingAs(node, "coredns", on("list", "secrets")))).toBeUndefined();
  });
});
