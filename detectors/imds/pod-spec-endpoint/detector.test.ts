import { describe, expect, it } from "vitest";
import type { AuditEvent } from "../../../schemas/events/k8s-audit/wire.ts";
import { auditEvent, hitOf, users } from "../../../test/support/events.ts";
import { detector } from "./detector.ts";

const CURL = { command: ["sh", "-c", "curl http://169.254.169.254/latest/meta-data/"] };
const AGENT = { command: ["curl", "http://169.254.170.23/v1/credentials"] };
const env = (name: string, value: string) => ({ env: [{ name, value }] });

const podOf = (container: object, spec: object = {}) => ({
  kind: "Pod",
  metadata: { name: "meta", namespace: "shop" },
  spec: { containers: [{ name: "app", image: "nginx", ...container }], ...spec },
});

/** A pod created by a developer in shop. */
function pod(container: object, spec: object = {}, more: Partial<AuditEvent> = {}) {
  return auditEvent({
    level: "RequestResponse",
    verb: "create",
    user: users.human("dave", "AppEditor"),
    requestURI: "/api/v1/namespaces/shop/pods",
    objectRef: { resource: "pods", namespace: "shop", name: "meta", apiVersion: "v1" },
    responseStatus: { code: 201 },
    requestObject: podOf(container, spec),
    ...more,
  });
}

/** A patch of a deployment; the answer shows the whole of it. */
function patch(requestObject: unknown, more: Partial<AuditEvent> = {}) {
  return pod(
    {},
    {},
    {
      verb: "patch",
      requestURI: "/apis/apps/v1/namespaces/shop/deployments/web",
      objectRef: { resource: "deployments", namespace: "shop", name: "web", apiGroup: "apps", apiVersion: "v1" },
      responseStatus: { code: 200 },
      requestObject,
      responseObject: { kind: "Deployment", spec: { template: podOf(CURL) } },
      ...more,
    },
  );
}

describe("imds/pod-spec-endpoint finds", () => {
  it("a command that asks the metadata service: medium, as most pods do not reach it", () => {
    const hit = hitOf(detector, pod(CURL));
    expect(hit).toMatchObject({
      severity: "medium",
      on: "pods/shop/meta",
      sentence:
        "dave (role AppEditor) created pods shop/meta, whose containers[0].command names the instance metadata service (169.254.169.254)",
    });
    expect(hit?.evidence).toContainEqual({ field: "spec.containers[0].command", value: "169.254.169.254" });
  });

  it("the same on the node's network: high, and why", () => {
    const hit = hitOf(detector, pod(CURL, { hostNetwork: true }));
    expect(hit).toMatchObject({ severity: "high" });
    expect(hit?.reasons).toEqual(["hostNetwork: the pod reaches the metadata service"]);
  });

  it.each([
    [
      "a probe, which the kubelet makes from the node's network",
      { livenessProbe: { httpGet: { host: "169.254.169.254" } } },
    ],
    ["a hook", { lifecycle: { postStart: { exec: { command: ["curl", "http://[fd00:ec2::254]/"] } } } }],
  ])("%s: high", (_, container) => {
    expect(hitOf(detector, pod(container))).toMatchObject({ severity: "high" });
  });

  it("a command that asks the Pod Identity agent", () => {
    const hit = hitOf(detector, pod(AGENT));
    expect(hit).toMatchObject({ severity: "medium" });
    expect(hit?.sentence).toContain("the Pod Identity agent (169.254.170.23)");
  });

  it("init containers, and the ephemeral container that is added", () => {
    const init = { initContainers: [{ name: "init", ...CURL }] };
    expect(hitOf(detector, pod({}, init))?.sentence).toContain("initContainers[0].command");
    const added = pod(
      {},
      { ephemeralContainers: [{ name: "debug", ...CURL }] },
      {
        verb: "patch",
        objectRef: { resource: "pods", namespace: "shop", name: "meta", subresource: "ephemeralcontainers" },
        responseStatus: { code: 200 },
      },
    );
    expect(hitOf(detector, added)?.sentence).toContain("patched pods shop/meta, whose ephemeralContainers[0].command");
  });

  it.each([
    ["Kubernetes", { command: ["curl", "http://$(A)$(B)/"] }, "low", "medium"],
    ["a shell", { command: ["sh", "-c", "curl http://$A$B/"] }, "low", "medium"],
    [
      "a hook's shell",
      { lifecycle: { preStop: { exec: { command: ["sh", "-c", "curl http://$A$B/"] } } } },
      "medium",
      "medium",
    ],
    ["variables alone", { env: [{ name: "URL", value: "http://$(A)$(B)/" }] }, "low", "low"],
  ])("an address in pieces that are put together by %s", (_, container, elsewhere, onNode) => {
    const pieces = [
      { name: "A", value: "169.254." },
      { name: "B", value: "169.254" },
    ];
    const split = { ...container, env: [...pieces, ...("env" in container ? container.env : [])] };
    expect(hitOf(detector, pod(split))).toMatchObject({ severity: elsewhere, on: "pods/shop/meta" });
    expect(hitOf(detector, pod(split, { hostNetwork: true }))).toMatchObject({ severity: onNode });
  });

  it("a host alias for the metadata service", () => {
    const hit = hitOf(detector, pod({}, { hostNetwork: true, hostAliases: [{ ip: "169.254.169.254" }] }));
    expect(hit).toMatchObject({ severity: "high" });
    expect(hit?.sentence).toContain("whose hostAliases names the instance metadata service");
  });

  it.each([
    ["a variable with the address", env("METADATA_URL", "http://169.254.169.254/latest")],
    [
      "a variable of the webhook that leads elsewhere",
      env("AWS_CONTAINER_CREDENTIALS_FULL_URI", "http://10.0.0.9/v1/credentials"),
    ],
    [
      "a variable of the webhook, with the path of another file",
      env("AWS_CONTAINER_AUTHORIZATION_TOKEN_FILE", "/tmp/token"),
    ],
  ])("%s: low, as it is set and not run", (_, container) => {
    expect(hitOf(detector, pod(container))).toMatchObject({ severity: "low" });
  });

  it.each([
    [
      "refused by PodSecurity",
      { responseStatus: { code: 403 }, annotations: { "authorization.k8s.io/decision": "allow" } },
    ],
    ["a dry run", { requestURI: "/api/v1/namespaces/shop/pods?dryRun=All" }],
  ])("an attempt, one step lower, in the same finding: %s", (_, more) => {
    expect(hitOf(detector, pod(CURL, { hostNetwork: true }, more))).toMatchObject({
      severity: "medium",
      on: "pods/shop/meta",
    });
  });

  it("says whether it was tried or only rehearsed", () => {
    const refused = { responseStatus: { code: 403 }, annotations: { "authorization.k8s.io/decision": "allow" } };
    expect(hitOf(detector, pod(CURL, {}, refused))?.sentence).toContain("tried to create pods shop/meta (403)");
    const rehearsed = { requestURI: "/api/v1/namespaces/shop/pods?dryRun=All" };
    expect(hitOf(detector, pod(CURL, {}, rehearsed))?.sentence).toContain("created (dry run) pods shop/meta");
  });

  it("a GitOps controller that applies it: one step lower, and said so", () => {
    const user = users.serviceAccount("argocd", "argocd-application-controller");
    const hit = hitOf(detector, pod(CURL, { hostNetwork: true }, { user }));
    expect(hit).toMatchObject({ severity: "medium" });
    expect(hit?.notExempted).toHaveLength(1);
  });

  it("the worst of what it names: a plain variable before a vague command", () => {
    const vague = { command: ["sh", "-c", "curl instance-data"], ...env("METADATA_URL", "http://169.254.169.254/") };
    const hit = hitOf(detector, pod(vague, { hostNetwork: true }));
    expect(hit).toMatchObject({ severity: "medium" });
    expect(hit?.sentence).toContain("containers[0].env.METADATA_URL");
  });

  it("a command that sets what the webhook would inject: nobody needs to", () => {
    const variable = "AWS_CONTAINER_CREDENTIALS_FULL_URI=http://169.254.170.23/v1/credentials";
    expect(hitOf(detector, pod({ command: [variable] }))).toMatchObject({ severity: "medium" });
    expect(hitOf(detector, pod({ command: ["env", variable, "aws", "s3", "ls"] }))).toMatchObject({
      severity: "medium",
    });
  });

  it("a patch that brings it in", () => {
    expect(hitOf(detector, patch({ spec: { template: podOf(CURL) } }))).toMatchObject({ severity: "medium" });
    const json = [{ op: "replace", path: "/spec/template/spec/containers/0/command/2", value: CURL.command[2] }];
    expect(hitOf(detector, patch(json))).toMatchObject({ severity: "medium" });
  });

  it("a patch that copies its value from elsewhere, or whose body is not in the log", () => {
    const path = "/spec/template/spec/containers/0/command/2";
    for (const op of ["copy", "move"]) {
      const steps = [
        { op: "test", path, value: "" },
        { op, from: "/metadata/annotations/x", path },
      ];
      expect(hitOf(detector, patch(steps))).toMatchObject({ severity: "medium" });
    }
    expect(hitOf(detector, patch([{ op: "remove", path: "/spec/paused" }]))).toBeUndefined();
    expect(hitOf(detector, patch(null))).toMatchObject({ severity: "medium" });
  });
});

describe("imds/pod-spec-endpoint stays quiet on", () => {
  it("pieces that nothing puts together, and a restart of what was put together before", () => {
    const pieces = [
      { name: "A", value: "169.254." },
      { name: "B", value: "169.254" },
    ];
    expect(hitOf(detector, pod({ command: ["serve"], env: pieces }))).toBeUndefined();
    const split = { command: ["curl", "http://$(A)$(B)/"], env: pieces };
    const restart = { spec: { template: { metadata: { annotations: { restartedAt: "2026-11-22T10:00:00Z" } } } } };
    const responseObject = { kind: "Deployment", spec: { template: podOf(split) } };
    expect(hitOf(detector, patch(restart, { responseObject }))).toBeUndefined();
    const short = {
      command: ["curl", "http://169.254.$(A).254/"],
      env: [
        { name: "A", value: "169" },
        { name: "B", value: "1" },
      ],
    };
    const labelled = { responseObject: { kind: "Deployment", spec: { template: podOf(short) } } };
    expect(hitOf(detector, patch({ metadata: { labels: { tier: "1" } } }, labelled))).toBeUndefined();
    expect(hitOf(detector, patch({ env: [{ name: "A", value: "169" }] }, labelled))).toBeDefined();
  });

  it.each([
    ["what the webhook injects", env("AWS_CONTAINER_CREDENTIALS_FULL_URI", "http://169.254.170.23/v1/credentials")],
    ["the same on IPv6", env("AWS_CONTAINER_CREDENTIALS_FULL_URI", "http://[fd00:ec2::23]/v1/credentials")],
    [
      "the token's path, injected",
      env(
        "AWS_CONTAINER_AUTHORIZATION_TOKEN_FILE",
        "/var/run/secrets/pods.eks.amazonaws.com/serviceaccount/eks-pod-identity-token",
      ),
    ],
    ["regional endpoints, injected", env("AWS_STS_REGIONAL_ENDPOINTS", "regional")],
    ["a list of what no proxy is asked for", env("no_proxy", "169.254.169.254,.svc,10.0.0.0/8")],
    ["an application", { command: ["nginx", "-g", "daemon off;"], livenessProbe: { httpGet: { path: "/healthz" } } }],
  ])("%s", (_, container) => {
    expect(hitOf(detector, pod(container))).toBeUndefined();
  });

  it("a controller that copies the template", () => {
    const user = users.serviceAccount("kube-system", "replicaset-controller");
    const owned = { ...podOf(CURL), metadata: { name: "meta", ownerReferences: [{ kind: "ReplicaSet" }] } };
    expect(hitOf(detector, pod(CURL, {}, { user, requestObject: owned }))).toBeUndefined();
  });

  it("a restart of a deployment that names it already", () => {
    const restart = {
      spec: { template: { metadata: { annotations: { "kubectl.kubernetes.io/restartedAt": "now" } } } },
    };
    expect(hitOf(detector, patch(restart))).toBeUndefined();
  });

  it("a label on a pod that names it already", () => {
    const label = pod(
      {},
      {},
      {
        verb: "patch",
        responseStatus: { code: 200 },
        requestObject: { metadata: { labels: { team: "web" } } },
        responseObject: podOf(CURL),
      },
    );
    expect(hitOf(detector, label)).toBeUndefined();
  });

  it("an ephemeral container beside one that names it", () => {
    const spec = { ephemeralContainers: [{ name: "debug", command: ["sh"] }] };
    const added = pod(CURL, spec, {
      verb: "patch",
      objectRef: { resource: "pods", namespace: "shop", name: "meta", subresource: "ephemeralcontainers" },
      responseStatus: { code: 200 },
    });
    expect(hitOf(detector, added)).toBeUndefined();
  });
});
