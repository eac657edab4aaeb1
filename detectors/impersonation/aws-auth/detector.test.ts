import { describe, expect, it } from "vitest";
import type { AuditEvent, AuditUser } from "../../../schemas/events/k8s-audit/wire.ts";
import { auditEvent, hitOf, users } from "../../../test/support/events.ts";
import { detector } from "./detector.ts";

const alice = users.human();
const eks = users.component("eks:node-manager");
const NODES = `- rolearn: arn:aws:iam::111122223333:role/workers
  username: system:node:{{EC2PrivateDNSName}}
  groups: [system:bootstrappers, "system:nodes", eks:kube-proxy-windows]
`;
const maps = (username: string, groups = "[viewers]") =>
  `- rolearn: arn:aws:iam::111122223333:role/Developer\n  username: ${username}\n  groups: ${groups}\n`;

const write = (mapRoles: string | undefined, user: AuditUser = alice, more: Partial<AuditEvent> = {}) =>
  auditEvent({
    level: "RequestResponse",
    verb: "update",
    user,
    requestURI: "/api/v1/namespaces/kube-system/configmaps/aws-auth",
    objectRef: { resource: "configmaps", namespace: "kube-system", name: "aws-auth", apiVersion: "v1" },
    requestObject: mapRoles === undefined ? undefined : { data: { mapRoles } },
    ...more,
  });

describe("impersonation/aws-auth finds", () => {
  it.each([
    ["a component of Auto Mode", maps("eks-auto:coredns")],
    ["a component, quoted", maps('"eks-runtime:ebs-csi-driver"')],
    ["a component whose letters are escaped", maps('"\\x65ks-auto:coredns"')],
    ["a component, in wide escapes", maps('"\\u0065ks-auto:coredns"')],
    ["a component whose line is broken", maps('"eks-\\\n    auto:coredns"')],
    ["the group of the managed controllers", maps("x", "[viewers,eks:managed]")],
    ["a user of AWS", maps("eks:node-manager")],
    ["what EKS's own role is called", maps("arn:aws:sts::111122223333:assumed-role/AWSServiceRoleForAmazonEKS/x")],
    ["the control plane", maps("system:kube-controller-manager")],
    ["a service account", maps("system:serviceaccount:kube-system:tools")],
  ])("%s: high", (_, mapRoles) => {
    expect(hitOf(detector, write(mapRoles))).toMatchObject({ severity: "high" });
    expect(hitOf(detector, write(undefined, alice, { requestObject: { data: { mapUsers: mapRoles } } }))).toMatchObject(
      {
        severity: "high",
      },
    );
  });

  it.each([
    ["the group without a limit", maps("admin", "[system:masters]"), "medium"],
    ["nodes, as every aws-auth has them", NODES, "low"],
    ["a plain name", maps("alice"), "low"],
  ])("%s", (_, mapRoles, severity) => {
    expect(hitOf(detector, write(mapRoles))).toMatchObject({ severity });
  });

  it("which names", () => {
    const hit = hitOf(detector, write(NODES + maps("eks-auto:coredns", "[system:masters]")));
    expect(hit?.sentence).toBe(
      "alice (role ClusterAdmin) replaced aws-auth, which names eks-auto:coredns, system:masters",
    );
    expect(hit?.reasons).toContain("eks-auto:coredns belongs to Auto Mode");
    expect(hit?.reasons).toContain("system:nodes belongs to nodes");
    expect(hit?.on).toBe("configmaps/kube-system/aws-auth");
    expect(hit?.evidence.map(({ field }) => field)).toEqual(["data.mapRoles, data.mapUsers"]);
  });

  it("what is hidden: a create at level Metadata, and a delete before it", () => {
    const create = hitOf(detector, write(undefined, alice, { verb: "create", level: "Metadata" }));
    expect(create).toMatchObject({ severity: "low", reasons: ["what it says is not in the log"] });
    const gone = hitOf(detector, write(undefined, alice, { verb: "delete" }));
    expect(gone).toMatchObject({ severity: "low", on: create?.on });
    expect(gone?.reasons?.[0]).toContain("locked out");
  });

  it("whole accounts let in", () => {
    const hit = hitOf(
      detector,
      write(undefined, alice, { requestObject: { data: { mapAccounts: '- "444455556666"' } } }),
    );
    expect(hit?.reasons).toEqual(["lets in every IAM identity of whole accounts"]);
  });

  it("an attempt: a step lower, in the same finding", () => {
    const denied = hitOf(detector, write(undefined, alice, { verb: "patch", responseStatus: { code: 403 } }));
    expect(denied).toMatchObject({ severity: "low", on: "configmaps/kube-system/aws-auth" });
    expect(denied?.sentence).toBe("alice (role ClusterAdmin) tried to change aws-auth");
    const more = { responseStatus: { code: 403 }, annotations: { "authorization.k8s.io/decision": "allow" } };
    expect(hitOf(detector, write(maps("eks-auto:x"), alice, more))).toMatchObject({ severity: "medium" });
  });

  it("a patch by what it asks for, not by what stood there before", () => {
    const answered = { verb: "patch", responseObject: { data: { mapRoles: maps("eks-auto:x") } } };
    const label = { ...answered, requestObject: { metadata: { labels: { a: "b" } } } };
    expect(hitOf(detector, write(undefined, alice, label))).toMatchObject({ severity: "low" });
    const steps = { ...answered, requestObject: [{ op: "add", path: "/data/mapRoles", value: "x" }] };
    expect(hitOf(detector, write(undefined, alice, steps))).toMatchObject({ severity: "high" });
  });

  it("EKS, when it would write what it never does; and a certificate in its name", () => {
    expect(hitOf(detector, write(maps("eks-auto:x"), eks))).toMatchObject({ severity: "high" });
    const forged = { ...eks, extra: { "authentication.kubernetes.io/credential-id": ["X509SHA256=00"] } };
    expect(hitOf(detector, write(maps("x", "[system:masters]"), forged))).toMatchObject({ severity: "low" });
    expect(hitOf(detector, write(maps("eks-auto:x"), forged))).toMatchObject({ severity: "high" });
    const mapped = { ...alice, username: "eks:node-manager" };
    expect(hitOf(detector, write(maps("x", "[system:masters]"), mapped))).toMatchObject({ severity: "medium" });
    const scheduler = users.component("system:kube-scheduler");
    expect(hitOf(detector, write(maps("x", "[system:masters]"), scheduler))).toMatchObject({ severity: "medium" });
  });
});

describe("impersonation/aws-auth stays quiet on", () => {
  it.each([
    ["EKS that maps a managed node group's role", write(NODES, eks)],
    ["EKS that carries over what administrators wrote", write(NODES + maps("a", "[system:masters]"), eks)],
    ["EKS that makes it", write(undefined, eks, { verb: "create", level: "Metadata" })],
    [
      "a certificate request, which another detector has",
      write(undefined, alice, {
        verb: "create",
        objectRef: { resource: "certificatesigningrequests", name: "x", apiGroup: "certificates.k8s.io" },
      }),
    ],
    ["a reader", write(undefined, alice, { verb: "get" })],
    [
      "another ConfigMap",
      write(undefined, alice, { objectRef: { resource: "configmaps", namespace: "kube-system", name: "coredns" } }),
    ],
    [
      "an aws-auth elsewhere",
      write(undefined, alice, { objectRef: { resource: "configmaps", namespace: "shop", name: "aws-auth" } }),
    ],
  ])("%s", (_, event) => {
    expect(hitOf(detector, event)).toBeUndefined();
  });

  it("the words within another word", () => {
    const mapRoles = maps("team-eks:x", "[my-system:masters]");
    expect(hitOf(detector, write(mapRoles))?.sentence).not.toContain("names");
    expect(hitOf(detector, write(mapRoles))).toMatchObject({ severity: "low" });
  });
});
