import { describe, expect, it } from "vitest";
import type { AuditEvent } from "../../../schemas/events/k8s-audit/wire.ts";
import { auditEvent, hitOf, users } from "../../../test/support/events.ts";
import { detector } from "./detector.ts";

const NODE = "i-0a1b2c3d4e5f60001";

function proxied(path: string, more: Partial<AuditEvent> = {}, name = NODE) {
  return auditEvent({
    verb: "get",
    requestURI: `/api/v1/nodes/${name}/proxy/${path}`,
    objectRef: { resource: "nodes", name, subresource: "proxy", apiVersion: "v1" },
    ...more,
  });
}
const code = (value: number) => ({ responseStatus: { code: value } });

describe("managed-instances/kubelet-api finds", () => {
  it("a bundle of logs fetched: medium", () => {
    expect(hitOf(detector, proxied(`logs/support/${NODE}-logs.tar.gz`))).toMatchObject({
      severity: "medium",
      on: `nodes/${NODE}/logs/support`,
      sentence: `alice (role ClusterAdmin) asked the kubelet of node ${NODE} for /logs/support/${NODE}-logs.tar.gz and something answered (200)`,
      reasons: ["the bundle of logs that a NodeDiagnostic lays out"],
    });
  });

  it.each<[string, string, Partial<AuditEvent>, string, string]>([
    ["log files", "logs/", {}, "low", "kubelets/logs"],
    ["pods", "pods", {}, "low", "kubelets/pods"],
    ["running pods", "runningpods/", {}, "low", "kubelets/runningpods"],
    ["settings", "configz", {}, "low", "kubelets/configz"],
    ["profiles", "debug/pprof/heap", {}, "low", "kubelets/debug"],
    ["a container's memory", "checkpoint/shop/web-0/app", { verb: "create" }, "medium", "kubelets/checkpoint"],
    ["whatever is unknown", "something", code(404), "low", "kubelets/something"],
    ["the root", "", code(404), "low", "kubelets/"],
    ["a refused read", "pods", code(403), "low", "kubelets/pods"],
    ["a refused bundle", "logs/support/x.tar.gz", code(403), "low", `nodes/${NODE}/logs/support`],
    ["metrics by another verb", "metrics", { verb: "delete" }, "low", "kubelets/metrics"],
    ["metrics that hide an escape", "metrics/%252e%252e/exec/shop/web-0/app", code(404), "low", "kubelets/metrics"],
    ["logs behind metrics", "metrics/../logs/support/x", {}, "medium", `nodes/${NODE}/logs/support`],
  ])("%s", (_, path, more, severity, on) => {
    expect(hitOf(detector, proxied(path, more))).toMatchObject({ severity, on });
  });

  it.each<[string, string, string, number, string]>([
    ["a port that refuses the connection: the API server tried", `${NODE}:22`, "", 503, "medium"],
    ["a port that answers", `http:${NODE}:8080`, "admin", 200, "medium"],
    ["a port, refused by the API server itself", `${NODE}:22`, "", 403, "low"],
    ["metrics of something else on the node", `http:${NODE}:9100`, "metrics", 200, "low"],
    [
      "the kubelet's port in another spelling, which goes around its certificate",
      `https:${NODE}:010250`,
      "pods",
      401,
      "low",
    ],
  ])("%s", (_, name, path, status, severity) => {
    expect(hitOf(detector, proxied(path, code(status), name))).toMatchObject({ severity });
  });

  it("each port of a node by itself", () => {
    expect(hitOf(detector, proxied("", code(503), `${NODE}:22`))).toMatchObject({
      on: `nodes/${NODE}:22`,
      sentence: `alice (role ClusterAdmin) asked port 22 of node ${NODE} for / and got 503`,
    });
  });

  it("a kubelet on a port of the site's own", () => {
    const event = proxied("metrics", {}, `${NODE}:4194`);
    expect(hitOf(detector, event)).toMatchObject({ severity: "low" });
    expect(hitOf(detector, event, { params: { kubeletPorts: ["4194"] } })).toBeUndefined();
  });

  it("a bundle fetched by those who are listed in support: low", () => {
    const site = { support: ["arn:aws:iam::111122223333:role/ClusterAdmin"] };
    const hit = hitOf(detector, proxied("logs/support/x.tar.gz"), { site });
    expect(hit).toMatchObject({ severity: "low" });
    expect(hit?.notExempted?.[0]).toContain("support");
    expect(hitOf(detector, proxied("", {}, `${NODE}:22`), { site })).toMatchObject({ severity: "medium" });
  });
});

describe("managed-instances/kubelet-api stays quiet on", () => {
  it.each([
    ["metrics", "metrics"],
    ["metrics of containers", "metrics/cadvisor"],
    ["metrics of probes", "metrics/probes"],
    ["a summary", "stats/summary"],
    ["health", "healthz"],
    ["a command, which is kubelet-exec", "exec/shop/web-0/app?command=id"],
    ["a container's logs, which are kubelet-exec", "containerLogs/shop/web-0/app"],
  ])("%s", (_, path) => {
    expect(hitOf(detector, proxied(path))).toBeUndefined();
  });

  it("metrics that a scraper may not read", () => {
    const user = users.serviceAccount("monitoring", "scraper");
    expect(hitOf(detector, proxied("metrics", { user, ...code(403) }))).toBeUndefined();
  });

  it("metrics by the kubelet's port and scheme", () => {
    expect(hitOf(detector, proxied("metrics", {}, `https:${NODE}:10250`))).toBeUndefined();
    expect(hitOf(detector, proxied("metrics", {}, `https:${NODE}:`))).toBeUndefined();
  });

  it("a proxy to a pod or a service", () => {
    const requestURI = "/api/v1/namespaces/shop/services/web:80/proxy/logs/support/x";
    const objectRef = { resource: "services", namespace: "shop", name: "web:80", subresource: "proxy" };
    expect(hitOf(detector, auditEvent({ verb: "get", requestURI, objectRef }))).toBeUndefined();
  });
});
