import { describe, expect, it } from "vitest";
import type { AuditEvent, AuditUser } from "../../../schemas/events/k8s-audit/wire.ts";
import { auditEvent, hitOf, users } from "../../../test/support/events.ts";
import { detector } from "./detector.ts";
import { namesOf } from "./names.ts";

const alice = users.human();
const CLIENT = "kubernetes.io/kube-apiserver-client";
const KUBELET = "kubernetes.io/kube-apiserver-client-kubelet";
const SERVING = "kubernetes.io/kubelet-serving";
const NODE = "system:node:i-0a1b2c3d4e5f60001";
const controller = users.serviceAccount("kube-system", "certificate-controller");

/** One attribute of a subject in DER; what follows reads like letters. */
const attribute = (type: string, value: string, tag = "\x0c") =>
  `1\x0f0\r\x06\x03U\x04${type}${tag}${value.length > 127 ? "\x81" : ""}${String.fromCharCode(value.length)}${value}0Y0`;
const cn = (name: string, tag?: string) => attribute("\x03", name, tag);
const organisation = (name: string) => attribute("\n", name);
const wide = (name: string) => [...name].map((letter) => `\0${letter}`).join("");
const pem = (der: string) =>
  btoa(`-----BEGIN CERTIFICATE REQUEST-----\n${btoa(der)}\n-----END CERTIFICATE REQUEST-----\n`);

interface Asked {
  readonly signer?: string;
  readonly user?: AuditUser;
  readonly usages?: string[];
  readonly more?: Partial<AuditEvent>;
}

const request = (der: string, { signer = CLIENT, user = alice, usages = ["client auth"], more = {} }: Asked = {}) =>
  auditEvent({
    level: "RequestResponse",
    verb: "create",
    user,
    requestURI: "/apis/certificates.k8s.io/v1/certificatesigningrequests",
    objectRef: { resource: "certificatesigningrequests", name: "door", apiGroup: "certificates.k8s.io" },
    responseStatus: { code: 201 },
    requestObject: { spec: { request: pem(der), signerName: signer, usages } },
    ...more,
  });

const approval = (der: string, asked: Asked = {}, condition = "Approved") =>
  request(der, {
    ...asked,
    more: {
      verb: "update",
      objectRef: { resource: "certificatesigningrequests", name: "door", subresource: "approval" },
      responseStatus: { code: 200 },
      requestObject: {
        spec: { request: pem(der), signerName: asked.signer ?? CLIENT, usages: ["client auth"] },
        status: { conditions: [{ type: condition }] },
      },
      ...asked.more,
    },
  });

const bodyless = { requestObject: undefined, level: "Metadata" };
const refused = { responseStatus: { code: 403 }, annotations: { "authorization.k8s.io/decision": "allow" } };

describe("impersonation/certificate-request finds", () => {
  it.each([
    ["a component of Auto Mode", cn("eks-auto:coredns") + organisation("ops")],
    ["a component, in a printable string", cn("eks-auto:coredns", "\x13")],
    ["a component, in wide letters", cn(wide("eks-auto:coredns"), "\x1e")],
    ["a component after a long name", organisation("o".repeat(200)) + cn("eks-managed:x")],
    ["a user of AWS", cn("eks:addon-manager")],
    ["the control plane", cn("system:kube-controller-manager")],
    ["a service account", cn("system:serviceaccount:kube-system:tools")],
    ["the group without a limit", cn("alice") + organisation("system:masters")],
    ["the group of the managed controllers", cn("alice") + organisation("eks:managed")],
    ["a node", cn(NODE) + organisation("system:nodes")],
  ])("a request in the name of %s: high", (_, der) => {
    expect(hitOf(detector, request(der))).toMatchObject({ severity: "high" });
    expect(hitOf(detector, approval(der))).toMatchObject({ severity: "high" });
  });

  it("request and approval as one finding, each as what it is", () => {
    const der = cn("eks-auto:coredns") + organisation("ops");
    const [asked, approved] = [request(der), approval(der)].map((event) => hitOf(detector, event));
    expect(asked?.sentence).toBe("alice (role ClusterAdmin) requested a client certificate for eks-auto:coredns, ops");
    expect(approved?.sentence).toContain("approved a client certificate for eks-auto:coredns, ops");
    expect(approved?.on).toBe(asked?.on);
    expect(asked?.on).toBe("certificatesigningrequests/door");
    expect(asked?.evidence).toContainEqual({ field: "subject O", value: "ops" });
    expect(asked?.reasons).toEqual(["eks-auto:coredns belongs to Auto Mode"]);
  });

  it("a request that admission refused: a step lower", () => {
    const hit = hitOf(detector, request(cn("x") + organisation("system:masters"), { more: refused }));
    expect(hit).toMatchObject({ severity: "medium", on: "certificatesigningrequests/door" });
    expect(hit?.sentence).toContain("tried to request");
  });

  it.each([
    ["a person", alice, "low"],
    ["a workload", users.serviceAccount(), "medium"],
    ["a node", users.node(), "medium"],
  ])("a client certificate for a plain name by %s", (_, user, severity) => {
    expect(hitOf(detector, request(cn("alice"), { user }))).toMatchObject({ severity });
  });

  it("a node that asks for another's identity, and for its own, which no node of EKS needs", () => {
    const other = cn("system:node:i-0a1b2c3d4e5f60002") + organisation("system:nodes");
    const own = cn(NODE) + organisation("system:nodes");
    const asked = { signer: KUBELET, user: users.node() };
    expect(hitOf(detector, request(other, asked))).toMatchObject({ severity: "high" });
    expect(hitOf(detector, request(own, asked))).toMatchObject({ severity: "low" });
    expect(hitOf(detector, request(own, { ...asked, signer: CLIENT }))).toMatchObject({ severity: "high" });
    expect(hitOf(detector, request(own + organisation("system:masters"), asked))).toMatchObject({ severity: "high" });
    expect(hitOf(detector, request(own, { signer: KUBELET }))).toMatchObject({ severity: "high" });
  });

  it("a name of the cluster for another product's signer: low", () => {
    expect(hitOf(detector, request(cn("eks-auto:x"), { signer: "issuers.example.com/a" }))).toMatchObject({
      severity: "low",
    });
  });

  it("a serving certificate that would also log in: medium, as its signer refuses it", () => {
    const asked = { signer: SERVING, usages: ["server auth", "client auth"] };
    expect(hitOf(detector, request(cn("x"), asked))).toMatchObject({ severity: "medium" });
  });

  it("a request that cannot be read: medium", () => {
    const hit = hitOf(detector, request("\0\0"));
    expect(hit).toMatchObject({ severity: "medium", reasons: ["no name can be read in the request"] });
  });

  it("one whose body is not in the log: low", () => {
    const hit = hitOf(detector, request("", { more: bodyless }));
    expect(hit).toMatchObject({ severity: "low", reasons: ["what is asked for is not in the record"] });
    const denied = { ...bodyless, responseStatus: { code: 403 } };
    expect(hitOf(detector, request("", { user: users.node(), more: denied }))).toMatchObject({ severity: "low" });
  });

  it("server-side apply, and an approval by patch", () => {
    expect(hitOf(detector, request(cn("eks-auto:x"), { more: { verb: "patch" } }))).toMatchObject({ severity: "high" });
    const patch = {
      verb: "patch",
      requestObject: { status: { conditions: [{ type: "Approved" }] } },
      responseObject: { spec: { request: pem(cn("eks-auto:x")), signerName: CLIENT } },
    };
    expect(hitOf(detector, approval("", { more: patch }))).toMatchObject({ severity: "high" });
  });
});

describe("impersonation/certificate-request stays quiet on", () => {
  const own = cn(NODE) + organisation("system:nodes");
  it.each([
    ["a kubelet's serving certificate", request(own, { signer: SERVING, user: users.node(), usages: ["server auth"] })],
    [
      "a serving certificate of EKS's signer",
      request(own, { signer: "beta.eks.amazonaws.com/app-serving", usages: ["server auth"] }),
    ],
    [
      "EKS that approves kubelets",
      request(own, {
        signer: SERVING,
        user: users.component("eks:certificate-controller"),
        usages: ["server auth"],
        more: {
          verb: "update",
          objectRef: { resource: "certificatesigningrequests", name: "door", subresource: "approval" },
        },
      }),
    ],
    ["a kubelet, where the body is not in the log", request("", { user: users.node(), more: bodyless })],
    [
      "EKS, where the body is not in the log",
      approval("", { user: users.component("eks:certificate-controller"), more: bodyless }),
    ],
    ["the controller that approves kubelets elsewhere", approval(own, { signer: KUBELET, user: controller })],
    ["a request that is turned down", approval(cn("eks-auto:x"), {}, "Denied")],
    [
      "the signer that signs",
      request(cn("eks-auto:x"), {
        user: controller,
        more: {
          verb: "update",
          objectRef: { resource: "certificatesigningrequests", name: "door", subresource: "status" },
        },
      }),
    ],
    ["the cleaner", request(cn("eks-auto:x"), { user: controller, more: { verb: "delete" } })],
    ["another product's signer and name", request(cn("orders.shop.svc"), { signer: "issuers.example.com/a" })],
    [
      "aws-auth, which another detector has",
      auditEvent({ verb: "create", objectRef: { resource: "configmaps", namespace: "kube-system", name: "aws-auth" } }),
    ],
  ])("%s", (_, event) => {
    expect(hitOf(detector, event)).toBeUndefined();
  });

  it("but not on what that controller approves for others", () => {
    expect(hitOf(detector, approval(cn("eks-auto:x"), { user: controller }))).toMatchObject({ severity: "high" });
  });
});

describe("names of a certificate request", () => {
  it("are read by their length, not by what follows", () => {
    expect(namesOf(cn("alice") + organisation("a") + organisation("b"))).toEqual({
      user: ["alice"],
      groups: ["a", "b"],
    });
  });

  it("are common names and organisations only", () => {
    expect(namesOf(attribute("\x06", "DE"))).toEqual({ user: [], groups: [] });
    expect(namesOf("\x06\x03U\x04\x03\x05")).toEqual({ user: [], groups: [] });
    expect(namesOf("")).toEqual({ user: [], groups: [] });
  });
});
