import { describe, expect, it } from "vitest";
import { awsCall, callers, hitOf } from "../../../test/support/events.ts";
import { detector } from "./detector.ts";

const update = (requestParameters: object, more: object = {}) =>
  awsCall({
    ...{ eventSource: "eks.amazonaws.com", eventName: "UpdateClusterConfig" },
    ...{ requestParameters: { name: "demo", ...requestParameters }, ...more },
  });
const network = (resourcesVpcConfig: object, more: object = {}) => update({ resourcesVpcConfig }, more);
const OFFICE = "198.51.100.0/24";
const known = { params: { networks: [OFFICE] } };

describe("access/cluster-opened finds", () => {
  it.each<[string, object, string]>([
    ["all addresses", { publicAccessCidrs: ["0.0.0.0/0"] }, "to every address"],
    ["all of IPv6", { endpointPublicAccess: true, publicAccessCidrs: ["::/0"] }, "to every address"],
    ["all addresses in halves", { publicAccessCidrs: ["0.0.0.0/1", "128.0.0.0/1"] }, "to every address"],
    ["no list, which is every address at first", { endpointPublicAccess: true }, "to the internet"],
    ["the same as text, as CloudTrail may write it", { endpointPublicAccess: "true" }, "to the internet"],
  ])("a cluster opened to %s: high", (_, config, where) => {
    const hit = hitOf(detector, network(config), known);
    expect(hit).toMatchObject({ severity: "high", on: "cluster/demo", reasons: [] });
    expect(hit?.sentence).toBe(`alice (role Developer) opened the API of cluster demo ${where}`);
  });

  it("a network that nobody declared: medium, named without those that are", () => {
    const hit = hitOf(detector, network({ publicAccessCidrs: [OFFICE, "203.0.113.9/32"] }), known);
    expect(hit?.severity).toBe("medium");
    expect(hit?.sentence).toBe("alice (role Developer) opened the API of cluster demo to 203.0.113.9/32");
  });

  it("aws-auth that counts again, and a cluster that may be deleted: medium, the rest of a call as reasons", () => {
    const hit = hitOf(detector, update({ accessConfig: { authenticationMode: "CONFIG_MAP" } }));
    expect(hit?.severity).toBe("medium");
    expect(hit?.sentence).toBe("alice (role Developer) let aws-auth say who is who in cluster demo");
    const both = hitOf(
      detector,
      update({ deletionProtection: false, resourcesVpcConfig: { endpointPublicAccess: true } }),
    );
    expect(both).toMatchObject({
      severity: "high",
      reasons: ["took the protection from it against deletion, too"],
    });
    expect(both?.evidence).toContainEqual({ field: "requestParameters.deletionProtection", value: "false" });
  });

  it("an attempt, and what is no person, a step lower each", () => {
    const denied = { errorCode: "AccessDenied", responseElements: { message: "not authorized" } };
    const tried = hitOf(detector, network({ endpointPublicAccess: true }, denied));
    expect(tried?.severity).toBe("medium");
    expect(tried?.sentence).toBe(
      "alice (role Developer) tried to open the API of cluster demo to the internet (AccessDenied)",
    );
    const robot = { userIdentity: callers.node() };
    expect(hitOf(detector, network({ endpointPublicAccess: true }, robot))).toMatchObject({
      ...{ severity: "medium", reasons: ["by no person: a pipeline may set it"] },
    });
    expect(hitOf(detector, network({ endpointPublicAccess: true }, { ...robot, ...denied }))?.severity).toBe("low");
  });
});

describe("access/cluster-opened stays quiet on", () => {
  it.each<[string, object]>([
    [
      "the internet shut out, whatever list is left",
      { resourcesVpcConfig: { endpointPublicAccess: false, publicAccessCidrs: ["0.0.0.0/0"] } },
    ],
    ["networks that are declared", { resourcesVpcConfig: { endpointPublicAccess: true, publicAccessCidrs: [OFFICE] } }],
    ["access within the VPC", { resourcesVpcConfig: { endpointPrivateAccess: true } }],
    ["access entries alone", { accessConfig: { authenticationMode: "API" } }],
    ["protection against deletion", { deletionProtection: true }],
    ["logs", { logging: { clusterLogging: [{ types: ["audit"], enabled: true }] } }],
  ])("%s", (_, params) => {
    expect(hitOf(detector, update(params), known)).toBeUndefined();
  });

  it("a cluster that is made so", () => {
    const made = network({ endpointPublicAccess: true }, { eventName: "CreateCluster" });
    expect(hitOf(detector, made)).toBeUndefined();
  });
});
