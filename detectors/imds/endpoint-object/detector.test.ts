import { describe, expect, it } from "vitest";
import type { AuditEvent } from "../../../schemas/events/k8s-audit/wire.ts";
import { auditEvent, hitOf, users } from "../../../test/support/events.ts";
import { detector } from "./detector.ts";

const invalid = { responseStatus: { code: 422 }, annotations: { "authorization.k8s.io/decision": "allow" } };

/** A write of `resource` shop/meta by a person. */
function write(resource: string, requestObject: unknown, more: Partial<AuditEvent> = {}) {
  return auditEvent({
    level: "RequestResponse",
    verb: "create",
    requestURI: `/api/v1/namespaces/shop/${resource}`,
    objectRef: { resource, namespace: "shop", name: "meta", apiVersion: "v1" },
    responseStatus: { code: 201 },
    requestObject,
    ...more,
  });
}

const external = (name: string) => ({ spec: { type: "ExternalName", externalName: name } });
const endpoints = (ip: string) => ({ subsets: [{ addresses: [{ ip }] }] });

describe("imds/endpoint-object finds", () => {
  it("a Service that is another name of the metadata service: medium", () => {
    const hit = hitOf(detector, write("services", external("instance-data.ec2.internal")));
    expect(hit).toMatchObject({
      severity: "medium",
      on: "services/shop/meta",
      sentence:
        "alice (role ClusterAdmin) wrote services shop meta, which points at the instance metadata service (instance-data.ec2.internal)",
    });
    expect(hit?.evidence).toEqual([{ field: "spec.externalName", value: "instance-data.ec2.internal" }]);
  });

  it("a Service that answers in its place: high", () => {
    const hit = hitOf(
      detector,
      write("services", { spec: { selector: { app: "x" }, externalIPs: ["169.254.170.23"] } }),
    );
    expect(hit).toMatchObject({ severity: "high" });
    expect(hit?.sentence).toContain("which answers in place of the Pod Identity agent (169.254.170.23)");
  });

  it("a node's address", () => {
    const objectRef = { resource: "nodes", name: "imds-node", subresource: "status" };
    const status = { status: { addresses: [{ type: "InternalIP", address: "169.254.169.254" }] } };
    const hit = hitOf(detector, write("nodes", status, { verb: "patch", objectRef, responseStatus: { code: 200 } }));
    expect(hit).toMatchObject({ severity: "medium", on: "nodes/imds-node" });
  });

  it("the surest of several addresses, and the worst of several uses", () => {
    const objectRef = { resource: "nodes", name: "n", subresource: "status" };
    const status = { status: { addresses: [{ address: "instance-data" }, { address: "169.254.169.254" }] } };
    const node = hitOf(detector, write("nodes", status, { objectRef }));
    expect(node).toMatchObject({ severity: "medium", confidence: "high" });
    expect(node?.evidence).toHaveLength(2);
    const body = { spec: { externalName: "instance-data.ec2.internal", externalIPs: ["169.254.169.254"] } };
    expect(hitOf(detector, write("services", body))).toMatchObject({ severity: "high" });
  });

  it("Endpoints that the server refused: an attempt, low, in the same finding", () => {
    const hit = hitOf(detector, write("endpoints", endpoints("169.254.169.254"), invalid));
    expect(hit).toMatchObject({ severity: "low", on: "endpoints/shop/meta", confidence: "high" });
    expect(hit?.sentence).toContain("tried to create endpoints shop meta (422)");
    expect(hitOf(detector, write("endpoints", endpoints("169.254.169.254")))).toMatchObject({
      severity: "medium",
      on: "endpoints/shop/meta",
    });
  });

  it("an EndpointSlice without a body, by what the server said of it", () => {
    const message = 'EndpointSlice is invalid: endpoints[0].addresses[0]: Invalid value: "169.254.169.254"';
    const hit = hitOf(detector, write("endpointslices", null, { ...invalid, responseStatus: { code: 422, message } }));
    expect(hit).toMatchObject({ severity: "low", confidence: "high" });
    expect(hit?.evidence).toEqual([{ field: "responseStatus.message", value: "169.254.169.254" }]);
  });

  it("an EndpointSlice by a person, of which the log does not show where it points: low", () => {
    const hit = hitOf(detector, write("endpointslices", null, { level: "Metadata" }));
    expect(hit).toMatchObject({ severity: "low", confidence: "low" });
    expect(hit?.sentence).toContain("where it points is not in the log");
  });

  it("EndpointSlices of a workload: low, one finding a namespace whatever its tokens", () => {
    const event = write("endpointslices", null, { level: "Metadata", user: users.serviceAccount("mesh", "mirror") });
    expect(hitOf(detector, event)).toMatchObject({
      severity: "low",
      confidence: "low",
      by: "principal/system:serviceaccount:mesh:mirror",
      on: "endpointslices/shop",
    });
  });

  it.each<[string, string, unknown, string]>([
    ["an external name", "services", { path: "/spec/externalName", value: "169.254.169.254.nip.io" }, "medium"],
    ["an external address", "services", { path: "/spec/externalIPs/-", value: "169.254.169.254" }, "high"],
    ["an endpoint", "endpoints", { path: "/subsets", value: [{ addresses: [{ ip: "fd00:ec2::254" }] }] }, "medium"],
  ])("a JSON patch that brings in %s", (_, resource, step, severity) => {
    const patch = [{ op: "add", ...(step as object) }];
    const event = write(resource, patch, { verb: "patch", responseStatus: { code: 200 } });
    expect(hitOf(detector, event)).toMatchObject({ severity, on: `${resource}/shop/meta` });
  });

  it("a JSON patch that takes the name from an annotation, by the answer", () => {
    const patch = [{ op: "copy", from: "/metadata/annotations/x", path: "/spec/externalName" }];
    const answered = { verb: "patch", responseObject: external("169.254.169.254.nip.io") };
    expect(hitOf(detector, write("services", patch, answered))).toMatchObject({ severity: "medium" });
  });

  it("a Service without selector by a person: low, as its slices are not in the log", () => {
    const hit = hitOf(detector, write("services", { spec: { ports: [{ port: 80 }] } }));
    expect(hit).toMatchObject({ severity: "low", confidence: "low" });
  });

  it("a dry run: one step lower", () => {
    const requestURI = "/api/v1/namespaces/shop/services?dryRun=All";
    const body = { spec: { externalIPs: ["169.254.169.254"] } };
    expect(hitOf(detector, write("services", body, { requestURI }))).toMatchObject({ severity: "medium" });
  });
});

describe("imds/endpoint-object stays quiet on", () => {
  const slices = users.serviceAccount("kube-system", "endpointslice-controller");
  it.each([
    ["an ordinary Service", write("services", { spec: { selector: { app: "web" }, ports: [{ port: 80 }] } })],
    ["another name elsewhere", write("services", external("db.example.com"))],
    ["Endpoints of pods", write("endpoints", endpoints("10.0.1.23"))],
    ["an address that merely begins the same", write("endpoints", endpoints("169.254.169.25"))],
    ["an EndpointSlice by its controller", write("endpointslices", null, { level: "Metadata", user: slices })],
    ["a Service without selector by an operator", write("services", { spec: {} }, { user: slices })],
    ["a Service of which the log has no body", write("services", null, { level: "Metadata" })],
    [
      "a change of a Service that leaves the selector alone",
      write("services", { spec: { ports: [] } }, { verb: "patch" }),
    ],
    ["a Service without selector that was refused", write("services", { spec: {} }, invalid)],
  ])("%s", (_, event) => {
    expect(hitOf(detector, event)).toBeUndefined();
  });
});
