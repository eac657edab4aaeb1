import { describe, expect, it } from "vitest";
import { peek } from "../../../schemas/events/k8s-audit/peek.ts";
import { auditEvent, users } from "../../../test/support/events.ts";
import { type Asked, nodeAsks, nodeOf } from "../../../test/support/node-work.ts";
import { decode } from "../facts.ts";
import { actsOfNodes, deedsOfNodes, nodesAtWork } from "./acts.ts";

const NODE = nodeOf(1);
const asked = (fields: Asked, at = "10:00"): string => nodeAsks(at, NODE, fields);
const learned = (text: string) =>
  deedsOfNodes.learn(auditEvent(JSON.parse(text))).map(({ kind, id, attribute, value }) => ({
    entity: `${kind} ${id}`,
    set: attribute,
    ...decode(kind, attribute, value),
  }));
const triggers = (text: string): boolean[] => {
  const peeked = peek(text);
  return [actsOfNodes, deedsOfNodes].map(({ trigger }) => peeked !== undefined && trigger(peeked));
};
const REVIEW: Asked = { verb: "create", resource: "authorization.k8s.io/selfsubjectrulesreviews", code: 201 };

describe("acts of nodes", () => {
  it("are known to the quarter of a day, in their epoch and the next", () => {
    const facts = learned(asked(REVIEW, "10:31"));
    expect(facts.filter(({ set }) => set === "did")).toEqual(
      ["2026-11-12", "2026-12-03"].map((epoch) => ({
        ...{
          entity: `act 111122223333/eu-central-1/demo/create authorization.k8s.io/selfsubjectrulesreviews/${epoch}`,
        },
        ...{ set: "did", time: "2026-11-22T06:00:00.000Z", node: NODE, deed: "", outcome: "done" },
      })),
    );
    const links = facts.filter(({ set }) => set === "act");
    expect([...new Set(links.map(({ entity }) => entity))]).toEqual([
      "roster 111122223333/eu-central-1/demo/2026-11-22",
      `node ${NODE}`,
    ]);
  });

  it("are told to the last epoch, too, while its verdicts are open", () => {
    const epochs = (at: string): string[] =>
      learned(asked(REVIEW, at)).flatMap((fact) => ("epoch" in fact ? [`${fact.epoch}`] : []));
    expect(epochs("2026-12-03T11:00:00")).toEqual(["2026-12-03", "2026-12-24", "2026-11-12"]);
    expect(epochs("2026-12-03T13:00:00")).toEqual(["2026-12-03", "2026-12-24"]);
  });

  it.each<[string, Asked, string]>([
    ["refused", { ...REVIEW, code: 403 }, "refused"],
    ["allowed", REVIEW, "done"],
  ])("that were %s say so", (_, fields, outcome) => {
    expect(learned(asked(fields))).toContainEqual(expect.objectContaining({ set: "did", outcome }));
  });

  it("that are deeds are told apart from the same verb of an ordinary kind", () => {
    const facts = learned(asked({ verb: "list", resource: "pods", code: 403 }));
    expect(facts).toContainEqual(expect.objectContaining({ set: "of", act: "list pods (list)" }));
  });

  it("are nobody's who is acted as", () => {
    expect(learned(asked({ ...REVIEW, more: { impersonatedUser: { username: "eks-auto:ipamd" } } }))).toEqual([]);
  });

  it.each<[string, Asked, boolean[]]>([
    ["what no rule looks at", REVIEW, [true, false]],
    ["a deed", { verb: "list", resource: "pods", code: 403 }, [false, true]],
    ["a kubelet's work", { verb: "get", resource: "secrets", namespace: "shop", name: "db" }, [false, false]],
    ["a component's", { ...REVIEW, more: { impersonatedUser: { username: "eks-auto:ipamd" } } }, [false, false]],
    ["a person's", { ...REVIEW, user: users.human() }, [false, false]],
    ["a service account's", { ...REVIEW, user: users.serviceAccount() }, [false, false]],
  ])("are told by the text: %s", (_, fields, expected) => {
    expect(triggers(asked(fields))).toEqual(expected);
  });

  it("need not be parsed again within the hour, but with another answer", () => {
    const same = (fields: Asked, at?: string): string | undefined => {
      const peeked = peek(asked(fields, at));
      const scope = { account: "111122223333", region: "eu-central-1", cluster: "demo" };
      return peeked && actsOfNodes.same?.(peeked, scope);
    };
    expect(same(REVIEW, "10:59")).toBe(same(REVIEW));
    expect(same(REVIEW, "11:00")).not.toBe(same(REVIEW));
    expect(same({ ...REVIEW, code: 403 })).not.toBe(same(REVIEW));
    expect(same({ ...REVIEW, verb: "delete" })).not.toBe(same(REVIEW));
  });
});

it("nodes at work are told once a day", () => {
  const text = asked(REVIEW, "10:31");
  const facts = nodesAtWork.learn(auditEvent(JSON.parse(text)));
  expect(facts.map(({ id, attribute, value }) => [id, attribute, value])).toEqual([
    ["111122223333/eu-central-1/demo/2026-11-22", "atWork", `2026-11-22T00:00:00.000Z\t${NODE}`],
  ]);
  expect(nodesAtWork.learn(auditEvent({ user: users.human() }))).toEqual([]);
});
