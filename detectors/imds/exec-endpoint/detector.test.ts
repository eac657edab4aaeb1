import { describe, expect, it } from "vitest";
import type { AuditEvent } from "../../../schemas/events/k8s-audit/wire.ts";
import { auditEvent, hitOf, users } from "../../../test/support/events.ts";
import { detector } from "./detector.ts";

const CREDENTIALS = ["curl", "-s", "http://169.254.169.254/latest/meta-data/iam/security-credentials/"];

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

describe("imds/exec-endpoint finds", () => {
  it("the address: high, started and not proven, with the whole command", () => {
    const hit = hitOf(detector, exec(CREDENTIALS));
    expect(hit).toMatchObject({
      severity: "high",
      confidence: "high",
      on: "pods/shop/shell-0",
      sentence:
        "mallory (role Developer) started a command in shop/shell-0 that reaches for the instance metadata service (169.254.169.254)",
      reasons: [],
    });
    expect(hit?.evidence[0]).toEqual({ field: "requestURI", value: CREDENTIALS.join(" ") });
    expect(hit?.evidence).toContainEqual({ field: "responseStatus.code", value: "101" });
  });

  it.each([
    ["its IPv6 address", ["curl", "-g", "http://[fd00:ec2::254]/latest/"], "high"],
    ["its address as a number", ["curl", "http://2852039166/"], "high"],
    ["its name", ["curl", "http://instance-data.ec2.internal/"], "high"],
    ["only its path", ["curl", "http://127.0.0.1:8080/latest/meta-data/"], "medium"],
  ])("%s", (_, argv, severity) => {
    expect(hitOf(detector, exec(argv))).toMatchObject({ severity });
  });

  it("a hidden address, and says that it was hidden", () => {
    const hit = hitOf(detector, exec(["sh", "-c", `echo ${btoa("curl http://169.254.169.254/")} | base64 -d | sh`]));
    expect(hit).toMatchObject({ severity: "medium", reasons: ["the address is hidden (encoded)"] });
  });

  it("a command whose middle is not read, as it is padded on both sides: low for that alone", () => {
    const padding = "#".repeat(40_000);
    const hit = hitOf(detector, exec(["sh", "-c", `${padding}\ncurl 169.254.169.254\n${padding}`]));
    expect(hit).toMatchObject({ severity: "low", confidence: "low", on: "pods/shop/shell-0" });
    expect(hit?.sentence).toContain("too long to be read in full");
    expect(hitOf(detector, exec(["sh", "-c", padding]))).toBeUndefined();
  });

  it.each([
    ["forbidden", 403],
    ["no such pod", 404],
    ["no such container", 400],
    ["no kubelet", 500],
  ])("an attempt, one step lower, in the same finding: %s", (_, code) => {
    const hit = hitOf(detector, exec(CREDENTIALS, { responseStatus: { code } }));
    expect(hit).toMatchObject({ severity: "medium", on: "pods/shop/shell-0" });
    expect(hit?.sentence).toMatch(new RegExp(`tried to run .*: ${code}$`));
  });

  it("the same through the kubelet, which leaves no exec event", () => {
    const requestURI = `/api/v1/nodes/i-0a1b2c3d4e5f60001/proxy/exec/shop/shell-0/app?command=curl&command=${CREDENTIALS[2]}`;
    const objectRef = { resource: "nodes", name: "i-0a1b2c3d4e5f60001", apiVersion: "v1", subresource: "proxy" };
    expect(hitOf(detector, exec([], { requestURI, objectRef }))).toMatchObject({
      severity: "high",
      on: "pods/shop/shell-0",
      reasons: ["through nodes/proxy, which leaves no exec event"],
    });
  });
});

describe("imds/exec-endpoint stays quiet on", () => {
  it.each([
    ["the Pod Identity agent, which another detector watches", ["curl", "http://169.254.170.23/v1/credentials"]],
    ["a shell, of which nothing that is typed is logged", ["/bin/sh"]],
    ["an address that merely begins the same", ["ping", "169.254.169.25"]],
    ["an address that merely ends the same", ["ping", "10.254.169.254"]],
    ["ordinary work", ["sh", "-c", "curl -sSf http://localhost:8080/healthz"]],
  ])("%s", (_, argv) => {
    expect(hitOf(detector, exec(argv))).toBeUndefined();
  });
});
