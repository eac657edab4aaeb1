import { expect, it } from "vitest";
import { auditEvent, users } from "../../../test/support/events.ts";
import { decode } from "../facts.ts";
import { entries } from "./entries.ts";

const pod = (subresource: string, fields: object = {}) =>
  auditEvent({
    verb: "get",
    requestURI: `/api/v1/namespaces/shop/pods/orders/${subresource}?command=sh`,
    objectRef: { resource: "pods", namespace: "shop", name: "orders", subresource },
    responseStatus: { code: 101 },
    ...fields,
  });
const kubelet = (path: string) =>
  auditEvent({
    requestURI: `/api/v1/nodes/i-0a1b2c3d4e5f60001/proxy${path}`,
    objectRef: { resource: "nodes", name: "i-0a1b2c3d4e5f60001", subresource: "proxy" },
  });
const learned = (event: ReturnType<typeof auditEvent>) =>
  entries.learn(event).map((fact) => ({ id: fact.id, ...decode(fact.kind, fact.attribute, fact.value) }));

const id = "111122223333/eu-central-1/demo/shop/orders";
const known = { time: "2026-11-22T10:00:00.000Z", by: "alice (role ClusterAdmin)" };

it.each([
  ["exec", pod("exec"), "exec"],
  ["exec by SPDY", pod("exec", { verb: "create", responseStatus: { code: 200 } }), "exec"],
  ["attach", pod("attach"), "attach"],
  ["port-forward", pod("portforward"), "port-forward"],
  [
    "a debug container",
    pod("ephemeralcontainers", { verb: "patch", responseStatus: { code: 200 } }),
    "an ephemeral container",
  ],
  ["a kubelet's exec", kubelet("/exec/shop/orders/app?command=sh"), "exec through nodes/proxy"],
  ["a kubelet's port-forward", kubelet("/portForward/shop/orders"), "portForward through nodes/proxy"],
])("learns of %s, to ten minutes", (_, event, how) => {
  expect(learned(event)).toEqual([
    { id, ...known, how },
    { id: `${id}/2026-11-22`, ...known, how },
  ]);
});

it("names whoever acts as somebody else", () => {
  const acting = pod("exec", { impersonatedUser: users.serviceAccount() });
  const by = "alice (role ClusterAdmin) as service account shop/orders";
  expect(learned(acting)).toMatchObject([{ by }, { by }]);
});

it.each([
  ["a refusal", pod("exec", { responseStatus: { code: 403 } })],
  ["a dead kubelet", pod("exec", { verb: "create", responseStatus: { code: 500 } })],
  [
    "a dry run",
    pod("ephemeralcontainers", { verb: "patch", requestURI: "/x?dryRun=All", responseStatus: { code: 200 } }),
  ],
  ["the list of ephemeral containers", pod("ephemeralcontainers", { responseStatus: { code: 200 } })],
  ["a kubelet's logs", kubelet("/containerLogs/shop/orders/app")],
  ["a kubelet's metrics", kubelet("/metrics")],
  ["a pod's log", pod("log", { responseStatus: { code: 200 } })],
])("learns nothing from %s", (_, event) => {
  expect(entries.learn(event)).toEqual([]);
});
