import { expect, it } from "vitest";
import { auditEvent, users } from "../../../test/support/events.ts";
import { decode } from "../facts.ts";
import type { AuditLearner } from "../learner.ts";
import { nodeAddresses, nodesJoining } from "./nodes.ts";

const NODE = "i-0a1b2c3d4e5f60001";
const join = (fields: object = {}) =>
  auditEvent({
    ...{ level: "RequestResponse", verb: "create", requestURI: "/api/v1/nodes", user: users.node(NODE) },
    objectRef: { resource: "nodes", name: NODE, apiVersion: "v1" },
    responseStatus: { code: 201 },
    responseObject: { metadata: { name: NODE } },
    ...fields,
  });
const addresses = [
  { type: "InternalIP", address: "10.0.1.10" },
  { type: "ExternalIP", address: "198.51.100.7" },
  { type: "Hostname", address: NODE },
];
const status = (user = users.component("eks:cloud-controller-manager"), fields: object = {}) =>
  auditEvent({
    ...{ level: "RequestResponse", verb: "patch", requestURI: `/api/v1/nodes/${NODE}/status`, user },
    objectRef: { resource: "nodes", subresource: "status", name: NODE, apiVersion: "v1" },
    requestObject: { status: { addresses } },
    ...fields,
  });
const learned = ({ learn }: AuditLearner, event: ReturnType<typeof auditEvent>) =>
  learn(event).map(({ kind, id, attribute, value }) => ({
    of: `${kind} ${id}`,
    attribute,
    ...decode(kind, attribute, value),
  }));

it("learns which nodes join a cluster on a day, and who registers them", () => {
  const fleet = "111122223333/eu-central-1/demo/2026-11-22";
  const joined = { time: "2026-11-22T10:00:00.000Z", node: NODE, by: `node ${NODE}`, cluster: "demo" };
  expect(learned(nodesJoining, join())).toEqual([
    { of: `node ${NODE}`, attribute: "cluster", cluster: "demo" },
    { of: `node ${NODE}`, attribute: "fleet", id: fleet },
    { of: `fleet ${fleet}`, attribute: "joined", ...joined },
  ]);
});

it("takes the name from the answer where the request has none", () => {
  expect(learned(nodesJoining, join({ objectRef: { resource: "nodes", apiVersion: "v1" } }))).toHaveLength(3);
});

it.each([
  ["a refusal", join({ responseStatus: { code: 403 } })],
  ["a dry run", join({ requestURI: "/api/v1/nodes?dryRun=All" })],
  ["a node of another kind", join({ objectRef: { resource: "nodes", name: "ip-10-0-1-7", apiVersion: "v1" } })],
  ["a look at a node", join({ verb: "get", responseStatus: { code: 200 } })],
  ["a CSINode", join({ objectRef: { resource: "csinodes", name: NODE, apiVersion: "v1" } })],
])("learns no node from %s", (_, event) => {
  expect(learned(nodesJoining, event)).toEqual([]);
});

it("learns a node's addresses from the cloud controller", () => {
  expect(learned(nodeAddresses, status())).toMatchObject([{ ip: "10.0.1.10" }, { ip: "198.51.100.7" }]);
});

it.each([
  ["the node itself", status(users.node(NODE))],
  ["a person", status(users.human())],
  [
    "a controller that somebody acts as",
    status(users.component("system:kube-scheduler"), {
      impersonatedUser: users.component("eks:cloud-controller-manager"),
    }),
  ],
  ["a refused write", status(undefined, { responseStatus: { code: 403 } })],
  ["a write whose body was not logged", status(undefined, { level: "Metadata", requestObject: undefined })],
])("learns no address from %s", (_, event) => {
  expect(learned(nodeAddresses, event)).toEqual([]);
});
