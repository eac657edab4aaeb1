import { describe, expect, it } from "vitest";
import type { AuditEvent } from "../../../schemas/events/k8s-audit/wire.ts";
import { auditEvent, hitOf, users } from "../../../test/support/events.ts";
import { detector } from "./detector.ts";

const TOKEN = ["cat", "/var/run/secrets/kubernetes.io/serviceaccount/token"];

/** exec by WebSocket, as kubectl has done since 1.31. */
function exec(argv: readonly string[], more: Partial<AuditEvent> = {}, namespace = "shop") {
  const query = argv.map((word) => `command=${encodeURIComponent(word)}`).join("&");
  return auditEvent({
    level: "Request",
    stage: "ResponseStarted",
    verb: "get",
    user: users.human("mallory", "Developer"),
    requestURI: `/api/v1/namespaces/${namespace}/pods/shell-0/exec?${query}&container=app`,
    objectRef: { resource: "pods", namespace, name: "shell-0", apiVersion: "v1", subresource: "exec" },
    responseStatus: { code: 101 },
    ...more,
  });
}

describe("pod-identity/exec-credential-read finds", () => {
  it("the service account's token: medium, started and not proven, with the whole command", () => {
    const hit = hitOf(detector, exec(TOKEN));
    expect(hit).toMatchObject({
      severity: "medium",
      confidence: "high",
      on: "pods/shop/shell-0 service-account-token",
      sentence: `mallory (role Developer) started a command in shop/shell-0 that reads the service account token (${TOKEN[1]})`,
    });
    expect(hit?.evidence[0]).toEqual({ field: "requestURI", value: TOKEN.join(" ") });
  });

  it.each([
    ["the IRSA token", ["cat", "/var/run/secrets/eks.amazonaws.com/serviceaccount/token"], "medium"],
    ["AWS credentials", ["cat", "/root/.aws/credentials"], "medium"],
    ["password hashes", ["cat", "/etc/shadow"], "medium"],
    ["another process' environment", ["cat", "/proc/1/environ"], "medium"],
    ["the kubelet's certificate", ["cat", "/host/var/lib/kubelet/pki/kubelet-client-current.pem"], "high"],
    ["an administrator's kubeconfig", ["cat", "/root/.kube/config"], "high"],
    ["the environment, searched for AWS", ["sh", "-c", "env | grep AWS_"], "low"],
    ["whose credentials these are", ["aws", "sts", "get-caller-identity"], "low"],
  ])("%s", (_, argv, severity) => {
    expect(hitOf(detector, exec(argv))).toMatchObject({ severity });
  });

  it("several at once as the worst of them, with every one as evidence", () => {
    const hit = hitOf(detector, exec(["sh", "-c", `env | grep AWS; cat /root/.kube/config ${TOKEN[1]}`]));
    expect(hit).toMatchObject({ severity: "high", on: "pods/shop/shell-0 kubelet-credentials" });
    expect(hit?.evidence.map(({ field }) => field)).toContain("requestURI.command (service-account-token)");
  });

  it("the worse of two in either order: medium before the environment, which is searched", () => {
    for (const script of [`cat ${TOKEN[1]}; env | grep AWS_`, `env | grep AWS_; cat ${TOKEN[1]}`])
      expect(hitOf(detector, exec(["sh", "-c", script]))).toMatchObject({
        severity: "medium",
        on: "pods/shop/shell-0 service-account-token",
      });
  });

  it("the node's credentials in a privileged namespace: high, which is the most", () => {
    const argv = ["cat", "/host/var/lib/kubelet/kubeconfig"];
    expect(hitOf(detector, exec(argv, {}, "kube-system"))).toMatchObject({ severity: "high" });
  });

  it("a token in a privileged namespace one step higher, weak words no higher", () => {
    expect(hitOf(detector, exec(TOKEN, {}, "kube-system"))).toMatchObject({ severity: "high" });
    const weak = exec(["aws", "sts", "get-caller-identity"], {}, "kube-system");
    expect(hitOf(detector, weak)).toMatchObject({ severity: "low", reasons: [] });
  });

  it("an attempt one step lower, in the same finding", () => {
    const hit = hitOf(detector, exec(TOKEN, { responseStatus: { code: 403 } }));
    expect(hit).toMatchObject({ severity: "low", on: "pods/shop/shell-0 service-account-token" });
    expect(hit?.sentence).toContain("tried to run");
    expect(hit?.evidence).toContainEqual({ field: "responseStatus.code", value: "403" });
  });

  it("the same through the kubelet, which leaves no exec event", () => {
    const requestURI = `/api/v1/nodes/i-0a1b2c3d4e5f60001/proxy/run/shop/shell-0/app?cmd=${encodeURIComponent(TOKEN.join(" "))}`;
    const objectRef = { resource: "nodes", name: "i-0a1b2c3d4e5f60001", apiVersion: "v1", subresource: "proxy" };
    expect(hitOf(detector, exec([], { requestURI, objectRef, verb: "create" }))).toMatchObject({
      severity: "medium",
      on: "pods/shop/shell-0 service-account-token",
      reasons: ["through nodes/proxy, which leaves no exec event"],
    });
  });

  it("a title of one line, though the words come from several arguments", () => {
    expect(hitOf(detector, exec(["aws", "sts", "get-caller-identity"]))?.sentence).toContain(
      "(sts get-caller-identity)",
    );
  });
});

describe("pod-identity/exec-credential-read stays quiet on", () => {
  it.each([
    ["the Pod Identity token, which exec-endpoint reports", ["cat", "/run/secrets/pods.eks.amazonaws.com/x"]],
    [
      "the certificate beside the token, which is public",
      ["cat", "/var/run/secrets/kubernetes.io/serviceaccount/ca.crt"],
    ],
    ["a developer's look at the environment", ["env"]],
    ["a copy of a configuration file", ["tar", "cf", "-", "/etc/nginx/nginx.conf"]],
    ["a shell, of which nothing that is typed is logged", ["/bin/sh"]],
  ])("%s", (_, argv) => {
    expect(hitOf(detector, exec(argv))).toBeUndefined();
  });
});
