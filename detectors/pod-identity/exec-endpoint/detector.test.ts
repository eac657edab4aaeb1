import { describe, expect, it } from "vitest";
import type { AuditEvent } from "../../../schemas/events/k8s-audit/wire.ts";
import { auditEvent, hitOf, users } from "../../../test/support/events.ts";
import { detector } from "./detector.ts";

const CREDENTIALS = ["curl", "-s", "http://169.254.170.23/v1/credentials"];
const TOKEN = ["cat", "/var/run/secrets/pods.eks.amazonaws.com/serviceaccount/eks-pod-identity-token"];

/** exec by WebSocket into shop/shell-0, as kubectl has done since 1.31. */
function exec(argv: readonly string[], more: Partial<AuditEvent> = {}) {
  const query = argv.map((word) => `command=${encodeURIComponent(word)}`).join("&");
  return auditEvent({
    level: "Request",
    stage: "ResponseStarted",
    verb: "get",
    user: users.human("mallory", "Developer"),
    requestURI: `/api/v1/namespaces/shop/pods/shell-0/exec?${query}&container=app`,
    objectRef: { resource: "pods", namespace: "shop", name: "shell-0", apiVersion: "v1", subresource: "exec" },
    responseStatus: { code: 101 },
    ...more,
  });
}

describe("pod-identity/exec-endpoint finds", () => {
  it("the agent's address: high, started and not proven, with the whole command", () => {
    const hit = hitOf(detector, exec(CREDENTIALS));
    expect(hit).toMatchObject({
      severity: "high",
      confidence: "high",
      on: "pods/shop/shell-0",
      sentence:
        "mallory (role Developer) started a command in shop/shell-0 that reaches for the pod's AWS identity (169.254.170.23)",
    });
    expect(hit?.evidence[0]).toEqual({ field: "requestURI", value: CREDENTIALS.join(" ") });
    expect(hit?.evidence).toContainEqual({ field: "requestURI.command", value: "/v1/credentials" });
  });

  it.each([
    ["its IPv6 address", ["curl", "-g", "http://[fd00:ec2::23]/v1/credentials"], "high"],
    ["its address as a number", ["curl", "http://2852039191/v1/credentials"], "high"],
    ["the token's path", TOKEN, "high"],
    ["the variable that holds the address", ["sh", "-c", "curl $AWS_CONTAINER_CREDENTIALS_FULL_URI"], "medium"],
    ["the variable that names the token", ["sh", "-c", "cat $AWS_CONTAINER_AUTHORIZATION_TOKEN_FILE"], "medium"],
  ])("%s", (_, argv, severity) => {
    expect(hitOf(detector, exec(argv))).toMatchObject({ severity });
  });

  it.each([
    ["forbidden", { responseStatus: { code: 403 } }],
    ["no such pod", { responseStatus: { code: 404 } }],
  ])("an attempt, one step lower, in the same finding: %s", (_, more) => {
    const hit = hitOf(detector, exec(CREDENTIALS, more));
    expect(hit).toMatchObject({ severity: "medium", on: "pods/shop/shell-0" });
    expect(hit?.sentence).toContain("tried to run");
    expect(hit?.evidence).toContainEqual({ field: "responseStatus.code", value: `${more.responseStatus.code}` });
  });

  it("the surest of several words in the title, and every one as evidence", () => {
    const hit = hitOf(detector, exec(["sh", "-c", `echo $AWS_CONTAINER_AUTHORIZATION_TOKEN_FILE; cat ${TOKEN[1]}`]));
    expect(hit).toMatchObject({ severity: "high", confidence: "high" });
    expect(hit?.sentence).toContain(`(${TOKEN[1]})`);
    expect(hit?.evidence.map(({ value }) => value)).toContain("AWS_CONTAINER_AUTHORIZATION_TOKEN_FILE");
  });

  it("an address that shows only after decoding: medium, one that is put together of pieces: low", () => {
    const encoded = Buffer.from("curl 169.254.170.23").toString("base64");
    expect(hitOf(detector, exec(["sh", "-c", `echo ${encoded} | base64 -d | sh`]))).toMatchObject({
      severity: "medium",
      confidence: "medium",
    });
    expect(hitOf(detector, exec(["sh", "-c", "ping $(printf '%d.' 0xa9 0xfe 0xaa 0x17)"]))).toMatchObject({
      severity: "low",
      confidence: "low",
    });
  });

  it("the same through the kubelet, which leaves no exec event", () => {
    const requestURI = `/api/v1/nodes/i-0a1b2c3d4e5f60001/proxy/exec/shop/shell-0/app?command=cat&command=${TOKEN[1]}`;
    const objectRef = { resource: "nodes", name: "i-0a1b2c3d4e5f60001", apiVersion: "v1", subresource: "proxy" };
    expect(hitOf(detector, exec([], { requestURI, objectRef }))).toMatchObject({
      severity: "high",
      on: "pods/shop/shell-0",
      reasons: ["through nodes/proxy, which leaves no exec event"],
    });
  });

  it("somebody of a group that debugs identities: medium at most, and said so", () => {
    const user = { ...users.human(), groups: ["sre", "system:authenticated"] };
    const hit = hitOf(detector, exec(CREDENTIALS, { user }), { params: { debuggers: ["sre"] } });
    expect(hit).toMatchObject({ severity: "medium" });
    expect(hit?.notExempted?.[0]).toContain("member of sre");
    const weak = exec(["sh", "-c", "cat $AWS_CONTAINER_AUTHORIZATION_TOKEN_FILE"], {
      user,
      responseStatus: { code: 403 },
    });
    expect(hitOf(detector, weak, { params: { debuggers: ["sre"] } })).toMatchObject({ severity: "low" });
  });
});

describe("pod-identity/exec-endpoint stays quiet on", () => {
  it.each([
    ["the instance metadata service, which another detector watches", ["curl", "http://169.254.169.254/latest/"]],
    ["a path that only looks like the agent's", ["curl", "http://localhost:8080/v1/credentials"]],
    ["the service account's own token", ["cat", "/var/run/secrets/kubernetes.io/serviceaccount/token"]],
    ["ordinary work", ["sh", "-c", "curl -sSf https://artifacts.example.com/app.tgz | tar xz"]],
    ["an address that merely begins the same", ["ping", "169.254.170.231"]],
  ])("%s", (_, argv) => {
    expect(hitOf(detector, exec(argv))).toBeUndefined();
  });

  it("a shell, of which nothing that is typed is logged", () => {
    expect(hitOf(detector, exec(["/bin/sh"]))).toBeUndefined();
  });
});
