import { describe, expect, it } from "vitest";
import { normaliseCall } from "../../../schemas/events/cloudtrail/normalise.ts";
import { peek } from "../../../schemas/events/k8s-audit/peek.ts";
import { auditEvent, users } from "../../../test/support/events.ts";
import { poolWritten, terminated } from "../../../test/support/node-work.ts";
import { launched } from "../../../test/support/trails.ts";
import { decode } from "../facts.ts";
import { nodesOfPools, poolsWritten } from "./pools.ts";

const NODE = "i-0a1b2c3d4e5f60001";
const callOf = (text: string) =>
  normaliseCall(JSON.parse(text), { origin: { from: "test" }, loggedAt: 0, salvaged: false });
const pooled = (text: string) =>
  nodesOfPools.learn(callOf(text)).map((fact) => ({ id: fact.id, ...decode(fact.kind, fact.attribute, fact.value) }));
const written = (text: string) =>
  poolsWritten
    .learn(auditEvent(JSON.parse(text)))
    .filter(({ attribute }) => attribute === "written")
    .map(({ kind, id, attribute, value }) => ({ id, ...decode(kind, attribute, value) }));

it("a node is of the pool that EKS launched it for", () => {
  expect(pooled(launched("10:00", NODE))).toEqual([
    {
      ...{ id: NODE, time: "2026-11-22T10:00:00.000Z", pool: "general-purpose" },
      ...{ account: "111122223333", region: "eu-central-1", cluster: "demo" },
    },
  ]);
  expect(pooled(launched("10:00", NODE, ""))).toEqual([]);
  expect(pooled(terminated("10:00", NODE))).toEqual([]);
});

describe("a NodePool's change", () => {
  it("is told to its epoch and the next, by the day", () => {
    expect(written(poolWritten("10:31", "batch"))).toEqual(
      ["2026-11-12", "2026-12-03"].map((epoch) => ({
        ...{
          id: `111122223333/eu-central-1/demo/${epoch}`,
          time: "2026-11-22T00:00:00.000Z",
          pool: "batch",
          verb: "patch",
        },
        ...{ by: "mallory (role ClusterAdmin)", kind: "human", name: users.human("mallory").username },
      })),
    );
  });

  it("by server-side apply may make it", () => {
    const text = poolWritten("10:31", "batch", undefined, { responseStatus: { metadata: {}, code: 201 } });
    expect(written(text)).toMatchObject([{ verb: "create" }, { verb: "create" }]);
  });

  it.each<[string, string]>([
    ["EKS", poolWritten("10:00", "batch", users.serviceLinkedRole())],
    ["somebody who was refused", poolWritten("10:00", "batch", undefined, { responseStatus: { code: 403 } })],
    [
      "a dry run",
      poolWritten("10:00", "batch", undefined, { requestURI: "/apis/karpenter.sh/v1/nodepools/batch?dryRun=All" }),
    ],
    [
      "its status",
      poolWritten("10:00", "batch", undefined, {
        objectRef: { resource: "nodepools", subresource: "status", name: "batch", apiGroup: "karpenter.sh" },
      }),
    ],
    ["a reader", poolWritten("10:00", "batch", undefined, { verb: "get" })],
    [
      "another group's",
      poolWritten("10:00", "batch", undefined, {
        objectRef: { resource: "nodepools", name: "batch", apiGroup: "azure.com" },
      }),
    ],
  ])("is not told by %s", (_, text) => {
    const peeked = peek(text);
    expect(peeked !== undefined && poolsWritten.trigger(peeked) && written(text).length > 0).toBe(false);
  });

  it("is triggered by what it learns from, once a day", () => {
    const scope = { account: "111122223333", region: "eu-central-1", cluster: "demo" };
    const [first, again, other] = ["10:00", "18:00", "2026-11-23T10:00:00"].map((at) => peek(poolWritten(at, "batch")));
    if (first === undefined || again === undefined || other === undefined) throw new Error("not Go's spelling");
    expect(poolsWritten.trigger(first)).toBe(true);
    expect(poolsWritten.same?.(again, scope)).toBe(poolsWritten.same?.(first, scope));
    expect(poolsWritten.same?.(other, scope)).not.toBe(poolsWritten.same?.(first, scope));
    expect(poolsWritten.same?.(first, { ...scope, cluster: "prod" })).not.toBe(poolsWritten.same?.(first, scope));
  });
});
