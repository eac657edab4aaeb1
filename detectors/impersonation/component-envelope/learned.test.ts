import { describe, expect, it } from "vitest";
import { componentAct, nodeOf } from "../../../test/support/auto.ts";
import { eitherWay } from "../../../test/support/ledger.ts";
import { audit } from "../../../test/support/trails.ts";
import { detector } from "./detector.ts";

const ROLE = "AmazonEKSAutoNodeRole";
const NODES = [1, 2, 3, 4].map((index) => `i-0a1b2c3d4e5f6000${index}`);
const [NODE = "", SECOND = ""] = NODES;
/** The audit log was read for a day before. */
const warm = audit("2026-11-20T09:00:00", { verb: "list", requestURI: "/api/v1/pods" });
const atWork = [warm, ...NODES.map((node) => nodeOf("09:00", node, ROLE))];
const act = (node: string, what: readonly [string, string] = ["list", "configmaps"], at = "12:00"): string =>
  componentAct(at, node, "coredns", what);
const find = (lines: readonly string[], params: Readonly<Record<string, unknown>> = {}) =>
  eitherWay(lines, {
    detectors: [detector],
    config: { version: 1, detectors: { "impersonation/component-envelope": { params } } },
  });
const raised = async (lines: readonly string[], params: Readonly<Record<string, unknown>> = {}) =>
  (await find(lines, params)).filter(({ severity }) => severity !== "low");

describe("impersonation/component-envelope, by the ledger", () => {
  it.each<[readonly [string, string], string]>([
    [["list", "configmaps"], "outside of its envelope"],
    [["list", "secrets"], "beyond any component"],
  ])("raises %s by one node's component alone, in the finding that the request made", async (what, on) => {
    const alone = await find([act(NODE, what)]);
    expect(alone).toMatchObject([{ severity: "low" }]);
    const [finding, ...rest] = await find([...atWork, act(NODE, what)]);
    expect(rest).toEqual([]);
    expect(finding).toMatchObject({ id: alone[0]?.id, severity: "medium", confidence: "medium" });
    expect(finding?.subject).toContain(on);
    expect(finding?.title).toBe(
      `node ${NODE} acted as eks-auto:coredns to ${what.join(" ")}, which none of 3 other nodes did`,
    );
  });

  it("raises it also when others ask for other things, or do other things with it", async () => {
    const lines = [...atWork, act(NODE), act(SECOND, ["list", "cronjobs"]), act(SECOND, ["delete", "configmaps"])];
    expect((await raised(lines)).map(({ severity }) => severity)).toEqual(["medium", "medium"]);
  });

  it.each<[string, readonly string[]]>([
    ["what another node's does, too, as after an update", [...atWork, act(NODE), act(SECOND)]],
    ["what another's does within a day", [...atWork, act(NODE), act(SECOND, undefined, "2026-11-23T09:00:00")]],
    ["too few other nodes to tell", [warm, ...atWork.slice(1, 4), act(NODE)]],
    ["an audit log that is new", [...atWork.slice(1), act(NODE)]],
    ["its own work", [...atWork, act(NODE, ["list", "services"])]],
  ])("leaves it at %s", async (_, lines) => {
    expect(await raised(lines)).toEqual([]);
  });

  it("leaves it at what the site lists, and what is confirmed to the request itself", async () => {
    const envelopes = [{ component: "coredns", verbs: ["list"], resources: ["configmaps"] }];
    expect(await find([...atWork, act(NODE)], { envelopes })).toEqual([]);
    expect(await find([...atWork, act(NODE)], { confirmed: ["coredns"] })).toMatchObject([
      { severity: "medium", confidence: "high", count: 1 },
    ]);
  });
});
