import { describe, expect, it } from "vitest";
import type { AuditEvent } from "../../../schemas/events/k8s-audit/wire.ts";
import { auditEvent, hitOf, users } from "../../../test/support/events.ts";
import { detector } from "./detector.ts";

const NODE = "i-0a1b2c3d4e5f60001";

function proxied(path: string, code: number, more: Partial<AuditEvent> = {}, name = NODE) {
  return auditEvent({
    verb: "get",
    user: users.serviceAccount("monitoring", "scraper"),
    requestURI: `/api/v1/nodes/${name}/proxy/${path}`,
    objectRef: { resource: "nodes", name, subresource: "proxy", apiVersion: "v1" },
    responseStatus: { code },
    ...more,
  });
}

describe("managed-instances/kubelet-exec finds", () => {
  it("a command by WebSocket: high, begun and not proven", () => {
    const hit = hitOf(detector, proxied("exec/shop/web-0/app?command=cat&command=/etc/passwd&output=1", 101));
    expect(hit).toMatchObject({
      severity: "high",
      on: "kubelet/shop/web-0",
      sentence: `service account monitoring/scraper began to run a command in shop/web-0 through the kubelet of ${NODE} (101 does not prove that it ran)`,
      reasons: ["no exec event is logged for it", "the right to get nodes/proxy is all it took"],
    });
    expect(hit?.evidence).toContainEqual({ field: "requestURI.command", value: "cat /etc/passwd" });
    expect(hit?.evidence).toContainEqual({ field: "requestURI.container", value: "app" });
  });

  it("a command by POST that the kubelet answered", () => {
    const hit = hitOf(detector, proxied("run/shop/web-0/app?cmd=id", 200, { verb: "create" }));
    expect(hit).toMatchObject({ severity: "high", reasons: ["no exec event is logged for it"] });
    expect(hit?.sentence).toContain("was allowed to run a command in shop/web-0");
  });

  it.each<[string, string, number, string]>([
    ["a terminal attached", "attach/shop/web-0/app?input=1&output=1", 101, "high"],
    ["ports forwarded", "portForward/shop/web-0", 101, "medium"],
    ["logs past the right to read them", "containerLogs/shop/web-0/app", 200, "medium"],
    ["a refused command", "exec/shop/web-0/app?command=id", 403, "medium"],
    ["a command that the kubelet refused", "exec/shop/web-0/app?command=id", 400, "medium"],
    ["refused logs", "containerLogs/shop/web-0/app", 403, "low"],
    ["somebody without credentials", "exec/shop/web-0/app?command=id", 401, "low"],
    ["the path hidden behind dots", "metrics/..//exec/shop/web-0/app?command=id", 101, "high"],
    ["the path escaped", "metrics/%2e%2e/%65xec/shop/web-0/app?command=id", 101, "high"],
    ["an escape in it that is no text", "metrics/%2e%2e/exec/shop/web-0/%ff/app?command=id", 101, "high"],
    [
      "a uid that looks like another path to whoever decodes twice",
      "exec/shop/web-0/%252e%252e%252f%252e%252e%252f%252e%252e%252f%252e%252e%252fmetrics/app?command=id",
      101,
      "high",
    ],
  ])("%s", (_, path, code, severity) => {
    expect(hitOf(detector, proxied(path, code))).toMatchObject({ severity, on: "kubelet/shop/web-0" });
  });

  it("says what was tried", () => {
    expect(hitOf(detector, proxied("attach/shop/web-0/app", 403))?.sentence).toBe(
      `service account monitoring/scraper tried to attach to shop/web-0 through the kubelet of ${NODE} (403)`,
    );
    const silent = proxied("exec/shop/web-0/app", 200, { responseStatus: {} });
    expect(hitOf(detector, silent)?.sentence).toContain("asked to run a command in");
  });

  it("that it was interactive", () => {
    const hit = hitOf(detector, proxied("exec/shop/web-0/app?command=sh&tty=1&input=1", 101));
    expect(hit?.reasons).toContain("interactive: what was typed is not in the log");
  });

  it("a node named with scheme and port, as the same pod", () => {
    const hit = hitOf(detector, proxied("exec/shop/web-0/app?command=id", 101, {}, `https:${NODE}:10250`));
    expect(hit).toMatchObject({ severity: "high", on: "kubelet/shop/web-0" });
    expect(hit?.reasons).toContain("port 10250 of the node was named");
  });

  it("a path that names no pod", () => {
    expect(hitOf(detector, proxied("exec", 404))).toMatchObject({ severity: "medium", on: "kubelet/a pod" });
  });

  it("EKS's own names and those who are listed as well: nobody runs commands this way", () => {
    const user = users.component("eks:k8s-metrics");
    expect(hitOf(detector, proxied("exec/shop/web-0/app?command=id", 101, { user }))).toMatchObject({
      severity: "high",
    });
  });
});

describe("managed-instances/kubelet-exec stays quiet on", () => {
  it.each([
    ["metrics", "metrics"],
    ["metrics of containers", "metrics/cadvisor"],
    ["a summary", "stats/summary"],
    ["health", "healthz"],
    ["pods, which is kubelet-api", "pods"],
    ["a file of logs that is called exec", "logs/exec/shop/web-0/app"],
    ["another case, which the kubelet does not serve", "Exec/shop/web-0/app"],
  ])("%s", (_, path) => {
    expect(hitOf(detector, proxied(path, 200))).toBeUndefined();
  });

  it("an exec that is one, which leaves its own event", () => {
    const objectRef = { resource: "pods", namespace: "shop", name: "web-0", subresource: "exec" };
    const requestURI = "/api/v1/namespaces/shop/pods/web-0/exec?command=id";
    expect(hitOf(detector, auditEvent({ verb: "get", requestURI, objectRef }))).toBeUndefined();
  });
});
