import { describe, expect, it } from "vitest";
import type { Relay } from "./carry.ts";
import { entities, type Kind } from "./entities.ts";
import { attributeOf, type State } from "./facts.ts";
import { depthOf, kinds, relayed, relayOrder, relays, wrongLinks } from "./relays.ts";

const relay = (from: Kind, fact: string, over: string, to: Kind, as: string): Relay => ({
  ...{ from, fact, over, to, as },
  give: (_value, _from, link) => ({ id: link.id ?? "", value: "" }),
});

describe("relays", () => {
  it("form no cycle and are at most three deep", () => {
    expect(depthOf(relays)).toBeLessThanOrEqual(3);
  });

  it("carry what there is, over links that lead where they say, to sets that there are", () => {
    expect(wrongLinks(relays)).toEqual([]);
    for (const { from, fact, over, to, as } of relays) {
      expect(() => attributeOf(from, fact)).not.toThrow();
      expect(() => attributeOf(from, over)).not.toThrow();
      expect(() => attributeOf(to, as)).not.toThrow();
    }
  });

  it("never lead towards the many: of a role, a cluster or a node there is no end of what is linked", () => {
    const many: readonly Kind[] = ["role", "trail", "grant", "principal"];
    // Their own days are no others.
    expect(relays.filter(({ from, to }) => many.includes(from) && to !== "roleDay")).toEqual([]);
  });

  it("give values of their target's own shape", () => {
    const parts = (kind: Kind, attribute: string): Record<string, string> =>
      Object.fromEntries(
        attributeOf(kind, attribute).fields.map((field) => [field, field === "time" ? "2026-11-22T10:00:00Z" : field]),
      );
    for (const { from, fact, over, to, as, give } of relays) {
      const whole = parts(from, fact);
      const told = { ...whole, trail: "CloudTrail" };
      const given = [whole, told, { ...told, time: "2026-11-23" }, { ...told, time: "2026-12-23" }]
        .map((value) => give(value, "own/id", parts(from, over), { fact: "2026-11-22T10:02:00Z", link: "" }))
        .find((one) => one !== undefined);
      expect(given, `${from}.${fact} -> ${to}.${as}`).toBeDefined();
      expect(given?.id).not.toBe("");
      expect(given?.value.split("\t")).toHaveLength(attributeOf(to, as).fields.length);
    }
  });
});

describe("links", () => {
  it("lead to kinds that there are", () => {
    for (const kind of kinds)
      for (const [name, { link, fields }] of Object.entries(
        entities[kind].attributes as Readonly<Record<string, ReturnType<typeof attributeOf>>>,
      ))
        if (link !== undefined) {
          expect(kinds, `${kind}.${name}`).toContain(link);
          expect(fields, `${kind}.${name}`).toContain("id");
        }
  });
});

describe("the depth", () => {
  it("of one relay is one, and of a chain its length", () => {
    expect(depthOf([])).toBe(0);
    expect(depthOf([relay("podName", "entered", "pod", "pod", "entered")])).toBe(1);
    expect(
      depthOf([
        relay("podName", "entered", "pod", "pod", "entered"),
        relay("pod", "entered", "key", "key", "podEntered"),
        relay("key", "podEntered", "cluster", "place", "used"),
      ]),
    ).toBe(3);
  });

  it("counts what arrives as a link as well as what arrives as a fact", () => {
    expect(depthOf([relay("use", "pod", "key", "key", "pod"), relay("key", "podNode", "pod", "pod", "node")])).toBe(2);
  });

  it("of a cycle is endless, over facts and over links, also of one that leads to itself", () => {
    const there = relay("pod", "node", "key", "key", "podNode");
    expect(depthOf([there, relay("key", "podNode", "pod", "pod", "node")])).toBe(Number.POSITIVE_INFINITY);
    expect(depthOf([there, relay("key", "pod", "podNode", "pod", "key")])).toBe(Number.POSITIVE_INFINITY);
    expect(depthOf([relay("pod", "node", "node", "pod", "node")])).toBe(Number.POSITIVE_INFINITY);
  });
});

describe("a wrong link", () => {
  it("is one to another kind than the relay says", () => {
    expect(wrongLinks([relay("pod", "node", "token", "key", "podNode")])).toEqual(["pod.token is no link to key"]);
    expect(wrongLinks([relay("pod", "node", "key", "key", "podNode")])).toEqual([]);
  });

  it("is none to an epoch of the entity that it leads to, and one to an epoch of another", () => {
    expect(wrongLinks([relay("pod", "host", "node", "nodeHour", "hostPod")])).toEqual([]);
    expect(wrongLinks([relay("pod", "host", "node", "use", "used")])).toEqual(["pod.node is no link to use"]);
  });
});

describe("an entity", () => {
  const pod = (sets: Record<string, string[]>): State => ({
    kind: "pod",
    id: "a/b/c/uid",
    sets: new Map(Object.entries(sets).map(([name, all]) => [name, new Map(all.map((value) => [value, "event"]))])),
  });
  const toKeys = (state: State, ...changed: [attribute: string, value: string][]): string[] =>
    relayed(state, changed.length === 0 ? undefined : changed.map(([attribute, value]) => ({ attribute, value })))
      .filter(({ kind }) => kind === "key")
      .map(({ id, attribute, value }) => `${id} ${attribute} ${value}`)
      .sort();

  it("passes on every fact over every link, with the event that told the fact", () => {
    const state = pod({ node: ["n1", "n2"], key: ["k1", "k2"] });
    expect(toKeys(state)).toEqual(["k1 podNode n1", "k1 podNode n2", "k2 podNode n1", "k2 podNode n2"]);
    expect(new Set(relayed(state).map(({ source }) => source))).toEqual(new Set(["event"]));
  });

  it("passes on nothing of which it has only one half", () => {
    expect(toKeys(pod({ node: ["n1"] }))).toEqual([]);
    expect(toKeys(pod({ key: ["k1"] }))).toEqual([]);
  });

  it("passes it on whichever half was written last, and not when neither was", () => {
    const state = pod({ node: ["n1"], key: ["k1"], ip: ["10.0.0.1"] });
    expect(toKeys(state, ["node", "n1"])).toEqual(["k1 podNode n1"]);
    expect(toKeys(state, ["key", "k1"])).toEqual(["k1 podNode n1"]);
    expect(toKeys(state, ["ip", "10.0.0.1"])).toEqual([]);
  });

  it("passes on each pair once: not the old ones with every new one", () => {
    const state = pod({ node: ["n1", "n2"], key: ["k1", "k2"] });
    expect(toKeys(state, ["node", "n2"])).toEqual(["k1 podNode n2", "k2 podNode n2"]);
    expect(toKeys(state, ["key", "k2"])).toEqual(["k2 podNode n1", "k2 podNode n2"]);
    expect(toKeys(state, ["key", "k2"], ["node", "n2"])).toEqual(["k1 podNode n2", "k2 podNode n1", "k2 podNode n2"]);
    expect(toKeys(state, ["key", "k3"])).toEqual([]);
  });
});

describe("a pod's end", () => {
  const passed = (kind: Kind, sets: Record<string, string[]>): string[] => {
    const all = Object.entries(sets).map(
      ([name, some]) => [name, new Map(some.map((value) => [value, "event"]))] as const,
    );
    return relayed({ kind, id: "ASIAEXAMPLE", sets: new Map(all) })
      .filter(({ attribute }) => attribute === "podGone")
      .map(({ id }) => id);
  };

  it("is told to keys that may outlive it, and to none that had ended", () => {
    const key = ["k1\t2026-11-22T10:00:00.000Z", "k2\t2026-11-22T09:59:59.000Z", "k3\t2026-11-22T11:00:00.000Z", "k4"];
    expect(passed("pod", { deleted: ["2026-11-22T10:00:00.000Z"], key })).toEqual(["k1", "k3", "k4"]);
  });

  it("is told to the hours of a key that hold anything after it", () => {
    const hour = ["03", "06", "09", "12"].map((start) => `ASIAEXAMPLE/2026-11-22T${start}`);
    const told = (podGone: string): string[] =>
      passed("key", { podGone: [podGone], hour }).map((id) => id.slice("ASIAEXAMPLE/2026-11-22T".length));
    expect(told("2026-11-22T08:57:00.000Z")).toEqual(["06", "09", "12"]);
    // Whatever it did in the two minutes that were left, it was finishing.
    expect(told("2026-11-22T08:58:00.000Z")).toEqual(["09", "12"]);
  });
});

it("what is carried is known since the later of the fact and the link", () => {
  const [fact, link] = ["2026-11-22T10:00:00.000Z a", "2026-11-22T12:00:00.000Z b"];
  const state = (of: string, over: string): State => ({
    ...{ kind: "pod", id: "111122223333/eu-central-1/demo/uid" },
    sets: new Map([
      ["node", new Map([["i-1", of]])],
      ["key", new Map([["ASIAEXAMPLE00000001", over]])],
    ]),
  });
  for (const one of [state(fact, link), state(link, fact)])
    expect(relayed(one).map(({ attribute, source }) => [attribute, source])).toEqual([["podNode", link]]);
});

describe("the order of merging", () => {
  it("has every kind once", () => {
    expect([...relayOrder].sort()).toEqual([...kinds].sort());
  });

  it("puts a kind before the one that it passes most on to: a pod before its keys and tokens, a token before where it came from", () => {
    const at = (kind: (typeof kinds)[number]): number => relayOrder.indexOf(kind);
    expect(at("podName")).toBeLessThan(at("pod"));
    expect(at("pod")).toBeLessThan(at("key"));
    expect(at("pod")).toBeLessThan(at("token"));
    expect(at("token")).toBeLessThan(at("origin"));
    expect(at("key")).toBeLessThan(at("place"));
  });
});
