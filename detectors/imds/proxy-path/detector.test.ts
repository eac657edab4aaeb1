import { describe, expect, it } from "vitest";
import { auditEvent, hitOf } from "../../../test/support/events.ts";
import { detector } from "./detector.ts";

function request(path: string, code = 200) {
  return auditEvent({
    verb: "get",
    requestURI: `/api/v1/${path}`,
    objectRef: { resource: path.includes("services") ? "services" : "nodes", name: "meta:80", subresource: "proxy" },
    responseStatus: { code },
  });
}

describe("imds/proxy-path finds", () => {
  it("a path of the metadata service that something answers: high", () => {
    const hit = hitOf(detector, request("namespaces/shop/services/meta:80/proxy/latest/meta-data/iam/"));
    expect(hit).toMatchObject({
      severity: "high",
      on: "services/shop/meta",
      sentence:
        "alice (role ClusterAdmin) asked services/shop/meta for /latest/meta-data/iam through the API server, and something answered (200)",
    });
    expect(hit?.evidence).toContainEqual({ field: "responseStatus.code", value: "200" });
  });

  it.each([400, 403, 404, 503])("an attempt, one step lower, in the same finding: %s", (code) => {
    const hit = hitOf(detector, request("namespaces/shop/services/meta:80/proxy/latest/api/token", code));
    expect(hit).toMatchObject({ severity: "medium", on: "services/shop/meta" });
    expect(hit?.sentence).toContain(`and got ${code}`);
  });

  it.each([
    [
      "by the query of what fetches for others",
      "namespaces/shop/services/fetch:80/proxy/?url=http%3A%2F%2F0xa9fea9fe%2F",
      "services/shop/fetch",
    ],
    ["through a node", "nodes/http:imds-node:80/proxy/latest/meta-data/", "nodes/imds-node"],
    ["through a pod", "namespaces/shop/pods/p:8080/proxy/latest/user-data", "pods/shop/p"],
    ["escaped", "namespaces/shop/services/meta:80/proxy/latest%2Fmeta-data/", "services/shop/meta"],
    ["with dots", "namespaces/shop/services/meta:80/proxy/x/../latest/meta-data/", "services/shop/meta"],
    ["by the address as a name", "nodes/169.254.169.254:80/proxy/", "nodes/169.254.169.254"],
  ])("it %s", (_, path, on) => {
    expect(hitOf(detector, request(path))).toMatchObject({ severity: "high", on });
  });

  it("a name that may be a node's: low", () => {
    expect(hitOf(detector, request("nodes/instance-data/proxy/metrics"))).toMatchObject({ severity: "low" });
  });
});

describe("imds/proxy-path stays quiet on", () => {
  it.each([
    ["metrics of a kubelet", "nodes/i-0a1b2c3d4e5f60001/proxy/metrics"],
    [
      "a kubelet's exec, which is imds/exec-endpoint's",
      "nodes/i-0a1b2c3d4e5f60001/proxy/exec/shop/p/app?command=curl&command=169.254.169.254",
    ],
    ["a dashboard", "namespaces/monitoring/services/grafana:80/proxy/latest/dashboard"],
    ["a path that merely begins the same", "namespaces/shop/services/web:80/proxy/latest/meta-database"],
  ])("%s", (_, path) => {
    expect(hitOf(detector, request(path))).toBeUndefined();
  });
});
