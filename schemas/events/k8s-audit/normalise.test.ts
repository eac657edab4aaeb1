import { describe, expect, it } from "vitest";
import { auditEvent, users } from "../../../test/support/events.ts";
import type { AuditEvent, AuditUser } from "./wire.ts";

const ref = (resource: string, rest: object = {}) => ({
  objectRef: { resource, namespace: "shop", name: "x", apiVersion: "v1", ...rest },
});
const exec = (subresource = "exec") => ref("pods", { subresource, name: "shell-0" });
const allow = { annotations: { "authorization.k8s.io/decision": "allow" } };

describe("outcome", () => {
  it.each<[string, Partial<AuditEvent>, string]>([
    ["a 200 is a success", {}, "success"],
    ["a 201 of a server-side apply is a success", { verb: "patch", responseStatus: { code: 201 } }, "success"],
    ["101 is started and proves nothing", { verb: "get", ...exec(), responseStatus: { code: 101 } }, "started"],
    [
      "401 exists only as ResponseStarted",
      { stage: "ResponseStarted", user: {}, responseStatus: { code: 401 } },
      "unauthenticated",
    ],
    ["403 with forbid is the authorizer's", { responseStatus: { code: 403 } }, "denied"],
    ["403 with allow is admission's", { verb: "create", responseStatus: { code: 403 }, ...allow }, "refused"],
    [
      "403 of a GET exec with allow is the authorizer's second check",
      { verb: "get", ...exec(), responseStatus: { code: 403 }, ...allow },
      "denied",
    ],
    [
      "403 without any decision is a refused impersonation",
      { responseStatus: { code: 403 }, annotations: {} },
      "denied",
    ],
    [
      "422 of a create is a refusal by a policy",
      { verb: "create", responseStatus: { code: 422 }, ...allow },
      "refused",
    ],
    [
      "400 of an exec is a failure, as when the container is missing",
      { verb: "get", ...exec(), responseStatus: { code: 400 } },
      "failed",
    ],
    ["404 is a failure", { responseStatus: { code: 404 } }, "failed"],
    ["RequestReceived knows no outcome", { stage: "RequestReceived", responseStatus: null }, "unknown"],
    ["an event without status, as cut by the log, has no known outcome", { responseStatus: null }, "unknown"],
    ["a Panic is a failure", { stage: "Panic", responseStatus: { code: 200 } }, "failed"],
  ])("%s", (_, overrides, outcome) => {
    const annotations = overrides.responseStatus?.code === 401 ? {} : undefined;
    expect(auditEvent({ ...(annotations && { annotations }), ...overrides }).outcome).toBe(outcome);
  });
});

describe("who", () => {
  it.each<[string, AuditUser, string]>([
    ["an access entry's role session is human", users.human(), "human"],
    ["an Auto node", users.node(), "node"],
    ["a service account", users.serviceAccount(), "service-account"],
    ["an AWS component has neither uid nor extra", users.component("eks:k8s-metrics"), "control-plane"],
    [
      "an eks: name that comes with somebody's ARN is not AWS",
      { ...users.human(), username: "eks:node-manager" },
      "human",
    ],
    [
      "an eks: name of AWS' operations role is AWS",
      { ...users.human("x", "AWSWesleyClusterManagerLambda-Add"), username: "eks:node-manager" },
      "control-plane",
    ],
    ["the service-linked role by its access entry's group", users.serviceLinkedRole(), "control-plane"],
    [
      "a role of the service-linked role's name without that group is anybody's",
      { ...users.serviceLinkedRole(), groups: ["system:authenticated"] },
      "human",
    ],
    ["the scheduler", users.component("system:kube-scheduler"), "control-plane"],
    ["anonymous", users.anonymous(), "anonymous"],
    ["a 401 has no user at all", {}, "anonymous"],
    [
      "a user mapped by aws-auth without extra is unknown",
      {
        username: "ops-legacy",
        uid: "aws-iam-authenticator:111122223333:AROAEXAMPLE",
        groups: ["system:authenticated"],
      },
      "unknown",
    ],
  ])("%s", (_, user, kind) => {
    expect(auditEvent({ user }).actor.kind).toBe(kind);
  });

  it("reads session, key and principal of an IAM caller", () => {
    const { actor } = auditEvent();
    expect(actor).toMatchObject({
      sessionName: "alice",
      roleName: "ClusterAdmin",
      accessKeyId: "ASIAEXAMPLEHUMAN0001",
      principalId: "AROAEXAMPLEHUMAN0001",
      account: "111122223333",
    });
  });

  it("reads the pod and node that a service account token is bound to", () => {
    const { actor } = auditEvent({ user: users.serviceAccount("shop", "orders", "shell-0") });
    expect(actor).toMatchObject({
      pod: { name: "shell-0" },
      node: "i-0a1b2c3d4e5f60001",
      serviceAccount: { namespace: "shop", name: "orders" },
    });
  });
});

describe("where from", () => {
  it("trusts the last of sourceIPs and keeps the claims before it apart", () => {
    const event = auditEvent({ sourceIPs: ["10.0.1.101", "10.0.0.80", "192.0.2.200"] });
    expect(event.sourceIP).toBe("192.0.2.200");
    expect(event.facets.forwarded).toEqual({ peer: "192.0.2.200", claimed: ["10.0.1.101", "10.0.0.80"] });
  });
});

describe("exec", () => {
  const uri =
    "/api/v1/namespaces/shop/pods/shell-0/exec?command=sh&command=-c&command=curl+-s+http%3A%2F%2Fexample.com&container=app&tty=true";
  it.each(["get", "create"])("by verb %s is one facet, with argv decoded", (verb) => {
    const { facets } = auditEvent({ verb, requestURI: uri, ...exec(), responseStatus: { code: 101 } });
    expect(facets.exec).toEqual({
      via: "exec",
      namespace: "shop",
      pod: "shell-0",
      container: "app",
      argv: ["sh", "-c", "curl -s http://example.com"],
      interactive: true,
    });
  });

  it.each<[string, string, object]>([
    [
      "exec by way of nodes/proxy",
      "/api/v1/nodes/i-0a1b2c3d4e5f60001/proxy/exec/shop/shell-0/app?command=id&output=1",
      { action: "exec", namespace: "shop", pod: "shell-0", container: "app", argv: ["id"] },
    ],
    [
      "run by way of nodes/proxy splits its cmd",
      "/api/v1/nodes/i-0a1b2c3d4e5f60001/proxy/run/shop/shell-0/app?cmd=curl+169.254.169.254",
      { action: "run", argv: ["curl", "169.254.169.254"] },
    ],
    [
      "a node named with scheme and port",
      "/api/v1/nodes/https:i-0a1b2c3d4e5f60001:10250/proxy/attach/shop/shell-0/app",
      { name: "i-0a1b2c3d4e5f60001", port: "10250", action: "attach" },
    ],
    [
      "a path that hides exec behind dot segments and escapes",
      "/api/v1/nodes/n/proxy/metrics/..//%65xec/shop/shell-0/app?command=id",
      { action: "exec", pod: "shell-0" },
    ],
    [
      "exec with the pod's uid in the path",
      "/api/v1/nodes/n/proxy/exec/shop/shell-0/d019d9d9-c299-4af8-b68c-c24d2e910b1c/app?command=id",
      { action: "exec", pod: "shell-0", container: "app" },
    ],
    ["metrics are what monitoring reads", "/api/v1/nodes/n/proxy/metrics/cadvisor", { action: "observe" }],
    ["logs", "/api/v1/nodes/n/proxy/logs/support/x.tar.gz", { action: "logs", path: "/logs/support/x.tar.gz" }],
    [
      "an escape that is no UTF-8 hides nothing of the rest",
      "/api/v1/nodes/n/proxy/metrics/%2e%2e/exec/shop/shell-0/%ff/app?command=id",
      { action: "exec", pod: "shell-0", container: "app" },
    ],
    [
      "a uid escaped twice is not read as dot segments, as no server does",
      "/api/v1/nodes/n/proxy/exec/shop/shell-0/%252e%252e%252f%252e%252e%252f%252e%252e%252f%252e%252e%252fmetrics/app",
      { action: "exec", pod: "shell-0", container: "app" },
    ],
    [
      "a cmd beside the command of exec hides nothing: the kubelet reads it for run alone",
      "/api/v1/nodes/n/proxy/exec/shop/shell-0/app?cmd=ls&command=cat&command=/token",
      { action: "exec", argv: ["cat", "/token"] },
    ],
  ])("%s", (_, requestURI, expected) => {
    const { facets } = auditEvent({
      verb: "get",
      requestURI,
      objectRef: { resource: "nodes", name: "n", subresource: "proxy", apiVersion: "v1" },
    });
    expect(facets.nodesProxy).toMatchObject(expected);
    const into = ["exec", "run", "attach"].includes(facets.nodesProxy?.action ?? "");
    expect(facets.exec?.via).toBe(into ? "nodes-proxy" : undefined);
  });
});

describe("a write to a node", () => {
  it.each<[string, unknown, object]>([
    ["by merge patch", { spec: { taints: null } }, { taints: true, unschedulable: false, annotations: [] }],
    [
      "by JSON patch",
      [
        { op: "add", path: "/spec/taints/-", value: { key: "x" } },
        { op: "add", path: "/metadata/annotations/karpenter.sh~1do-not-disrupt", value: "true" },
      ],
      { taints: true, unschedulable: false, annotations: ["karpenter.sh/do-not-disrupt"] },
    ],
    [
      "by JSON patch of the whole",
      [
        { op: "replace", path: "/spec", value: {} },
        { op: "add", path: "/metadata/annotations", value: { a: "b" } },
      ],
      { taints: true, unschedulable: true, annotations: ["a"] },
    ],
    ["without a body", undefined, { taints: false, unschedulable: false, annotations: [] }],
  ])("%s", (_, requestObject, expected) => {
    const objectRef = { resource: "nodes", name: "n", apiVersion: "v1" };
    expect(auditEvent({ verb: "patch", objectRef, requestObject }).facets.nodeWrite).toMatchObject(expected);
  });
});

describe("impersonation", () => {
  const refused = (message: string, code = 403) =>
    auditEvent({ responseStatus: { code, message }, annotations: {} }).facets.impersonation;

  it("granted: whom, with which groups and extra", () => {
    const { facets } = auditEvent({
      impersonatedUser: {
        username: "EKS-Auto:CoreDNS",
        uid: "u",
        groups: ["system:masters"],
        extra: { accessKeyId: ["ASIAFORGED"] },
      },
    });
    expect(facets.impersonation).toMatchObject({
      granted: true,
      target: "EKS-Auto:CoreDNS",
      targetClass: "component",
      groups: ["system:masters"],
      uid: "u",
      extra: ["accessKeyId"],
    });
  });

  it.each<[string, string, object, number?]>([
    [
      "a user is named",
      'users "system:admin" is forbidden: User "arn:aws:sts::111122223333:assumed-role/Developer/mallory" cannot impersonate resource "users" in API group "" at the cluster scope',
      { target: "system:admin", targetClass: "control-plane" },
    ],
    [
      "a service account with its namespace",
      'serviceaccounts "cluster-tools" is forbidden: User "x" cannot impersonate resource "serviceaccounts" in API group "" in the namespace "kube-system"',
      { target: "system:serviceaccount:kube-system:cluster-tools" },
    ],
    [
      "a group",
      'groups "system:masters" is forbidden: User "x" cannot impersonate resource "groups" in API group "" at the cluster scope',
      { groups: ["system:masters"], targetClass: "unnamed" },
    ],
    [
      "1.36 with a mode",
      'groups.authentication.k8s.io "system:masters" is forbidden: User "x" cannot impersonate:user-info resource "groups" in API group "authentication.k8s.io" at the cluster scope: impersonating the system:masters group is not allowed',
      { groups: ["system:masters"] },
    ],
    [
      "1.36 names nobody",
      'services is forbidden: User "x" cannot impersonate-on:user-info:list resource "services" in API group "" at the cluster scope',
      { targetClass: "unnamed", refusedPart: "unnamed" },
    ],
    [
      "1.36 names what was to be read, not as whom",
      'serviceaccounts "orders" is forbidden: User "x" cannot impersonate-on:user-info:get resource "serviceaccounts" in API group "" in the namespace "shop"',
      { targetClass: "unnamed", refusedPart: "unnamed" },
    ],
    [
      "1.36 in a mode for nodes",
      'nodes.authentication.k8s.io "i-0a1b2c3d4e5f60001" is forbidden: User "x" cannot impersonate:arbitrary-node resource "nodes" in API group "authentication.k8s.io" at the cluster scope',
      { target: "system:node:i-0a1b2c3d4e5f60001", targetClass: "node" },
    ],
    [
      "a kind of identity that is not known yet",
      'robots.authentication.k8s.io "r2" is forbidden: User "x" cannot impersonate:robot resource "robots" in API group "authentication.k8s.io"',
      { targetClass: "unnamed", refusedPart: "unnamed" },
    ],
    [
      "a group without a user",
      "requested [{Group  system:masters    }] without impersonating a user",
      { groups: ["system:masters"] },
      400,
    ],
  ])("refused: %s", (_, message, expected, code) => {
    expect(refused(message, code)).toMatchObject({ granted: false, ...expected });
  });

  it("is not read out of the message of another refusal, which may quote what the client sent", () => {
    const message = 'users "system:admin" is forbidden: User "x" cannot impersonate resource "users"';
    expect(auditEvent({ responseStatus: { code: 403, message } }).facets.impersonation).toBeUndefined();
    expect(refused('secrets is forbidden: User "x" cannot list resource "secrets" in API group ""')).toBeUndefined();
  });
});

describe("pod specs", () => {
  const template = {
    spec: {
      hostNetwork: true,
      containers: [{ name: "a", image: "i", command: ["sh"], args: ["-c", "id"] }],
      initContainers: [{ name: "b", securityContext: { privileged: true } }],
    },
  };

  it.each<[string, string, object]>([
    ["pods", "pods", template],
    ["deployments", "deployments", { spec: { template } }],
    ["cronjobs", "cronjobs", { spec: { jobTemplate: { spec: { template } } } }],
    ["podtemplates", "podtemplates", { template }],
  ])("are gathered from %s", (_, resource, requestObject) => {
    const { facets } = auditEvent({ verb: "create", level: "RequestResponse", ...ref(resource), requestObject });
    expect(facets.podSpec).toMatchObject({
      hostNetwork: true,
      echo: false,
      containers: [
        { kind: "container", words: [{ words: ["sh", "-c", "id"] }] },
        { kind: "init", privileged: true },
      ],
    });
  });

  it("of a patch are read from the answer, and from the request when the answer is a refusal", () => {
    const patch = { verb: "patch", level: "RequestResponse", ...ref("pods", { subresource: "ephemeralcontainers" }) };
    const answer = { kind: "Pod", spec: { containers: [{ name: "a" }], ephemeralContainers: [{ name: "debug" }] } };
    expect(
      auditEvent({
        ...patch,
        requestObject: { spec: { ephemeralContainers: [{ name: "debug" }] } },
        responseObject: answer,
      }).facets.podSpec?.containers.map(({ kind }) => kind),
    ).toEqual(["container", "ephemeral"]);
    const refusal = { kind: "Status", code: 403 };
    expect(
      auditEvent({
        ...patch,
        requestObject: { spec: { ephemeralContainers: [{ name: "debug" }] } },
        responseObject: refusal,
      }).facets.podSpec?.containers.map(({ name }) => name),
    ).toEqual(["debug"]);
  });

  it("are not there without a body, and not in a status write", () => {
    expect(auditEvent({ verb: "create", ...ref("pods") }).facets.podSpec).toBeUndefined();
    expect(
      auditEvent({
        verb: "update",
        ...ref("deployments", { subresource: "status" }),
        requestObject: { spec: { template } },
      }).facets.podSpec,
    ).toBeUndefined();
  });

  it.each<[string, string, string, string, boolean]>([
    ["by the controller whose work it is", "replicaset-controller", "pods", "ReplicaSet", true],
    ["by another controller", "cronjob-controller", "pods", "ReplicaSet", false],
    ["of what it does not make", "replicaset-controller", "deployments", "ReplicaSet", false],
    ["for an owner that it does not serve", "replicaset-controller", "pods", "Widget", false],
    ["by an account that is merely called so", "evil-controller", "pods", "ReplicaSet", false],
  ])("are an echo when copied for their owner by its controller: %s", (_, name, resource, kind, echo) => {
    const user = users.serviceAccount("kube-system", name);
    const body = resource === "pods" ? template : { spec: { template } };
    const requestObject = { ...body, metadata: { ownerReferences: [{ kind }] } };
    expect(auditEvent({ verb: "create", user, ...ref(resource), requestObject }).facets.podSpec?.echo).toBe(echo);
    const orphan = auditEvent({ verb: "create", user, ...ref(resource), requestObject: body });
    expect(orphan.facets.podSpec?.echo).toBe(false);
  });

  it("of a JSON patch that was refused are read from its steps", () => {
    const steps = [{ op: "add", path: "/spec/template/spec/hostNetwork", value: true }];
    const patch = { verb: "patch", ...ref("deployments"), requestObject: steps, responseObject: { kind: "Status" } };
    expect(auditEvent({ ...patch, responseStatus: { code: 403 } }).facets.podSpec).toMatchObject({ hostNetwork: true });
  });
});

describe("the rest of a record", () => {
  it("takes the object from the URI when the reference was cut off", () => {
    const event = auditEvent({
      objectRef: null,
      requestURI: "/apis/apps/v1/namespaces/shop/deployments/web/scale?x=1",
    });
    expect(event.object).toMatchObject({
      group: "apps",
      resource: "deployments",
      namespace: "shop",
      name: "web",
      subresource: "scale",
    });
  });

  it("takes the name of a generated object from the answer", () => {
    expect(
      auditEvent({
        verb: "create",
        objectRef: { resource: "pods", namespace: "shop" },
        responseObject: { metadata: { name: "web-x7k2p" } },
      }).object.name,
    ).toBe("web-x7k2p");
  });

  it("sees a dry run in the URI only", () => {
    expect(auditEvent({ requestURI: "/api/v1/pods?dryRun=All" }).dryRun).toBe(true);
    expect(auditEvent().dryRun).toBe(false);
  });

  it("has no facets at RequestReceived: the answer of the same request follows", () => {
    const token = {
      verb: "create",
      ...ref("serviceaccounts", { subresource: "token" }),
      requestURI: "/api/v1/namespaces/shop/serviceaccounts/x/token",
    };
    expect(auditEvent({ stage: "RequestReceived", ...token, responseStatus: null }).facets).toEqual({});
    expect(auditEvent(token).facets.token).toMatchObject({ namespace: "shop", serviceAccount: "x", body: false });
  });

  it("marks a truncated event by the server's annotation", () => {
    expect(auditEvent({ annotations: { "audit.k8s.io/truncated": "true" } }).truncated).toBe(true);
  });

  it("calls an auditID odd that no server makes", () => {
    expect(auditEvent({ auditID: "hello world; drop" }).facets.oddAuditId?.why).toBe("not a UUID");
    expect(auditEvent({ auditID: "00000000-1111-2222-3333-444444444444" }).facets.oddAuditId?.why).toBe(
      "a UUID of another version",
    );
    expect(auditEvent().facets.oddAuditId).toBeUndefined();
  });

  it("finds a node by an instance's name without any trace of IAM", () => {
    expect(
      auditEvent({ user: { username: "system:node:i-0a1b2c3d4e5f60002", groups: ["system:nodes"] } }).facets
        .unprovenNode,
    ).toEqual({ node: "i-0a1b2c3d4e5f60002" });
    expect(auditEvent({ user: users.node() }).facets.unprovenNode).toBeUndefined();
    expect(
      auditEvent({ user: { username: "system:node:ip-10-0-0-1", groups: ["system:nodes"] } }).facets.unprovenNode,
    ).toBeUndefined();
  });

  it("finds an IAM role's session under whatever username, but no kubelet and none of AWS's own", () => {
    const session = (user: object) => auditEvent({ user }).facets.iamSession;
    expect(session({ ...users.human("alice", "Ops"), username: "ops" })).toEqual({
      roleName: "Ops",
      sessionName: "alice",
      dressedAsEks: false,
    });
    expect(session({ username: "arn:aws:sts::111122223333:assumed-role/Ops/bob", groups: [] })).toMatchObject({
      sessionName: "bob",
    });
    expect(session({ ...users.serviceLinkedRole(), groups: [] })).toMatchObject({ dressedAsEks: true });
    for (const user of [users.serviceLinkedRole(), users.node(), users.serviceAccount(), users.component("eks:x")])
      expect(session(user)).toBeUndefined();
  });
});
