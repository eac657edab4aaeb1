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
const act = (node: string, at = "12:00", name = "log-shipper"): string =>
  componentAct(at, node, name, ["list", "pods"]);
const find = (lines: readonly string[], params: Readonly<Record<string, unknown>> = {}) =>
  eitherWay(lines, {
    detectors: [detector],
    config: { version: 1, detectors: { "impersonation/eks-auto-component": { params } } },
  });
const raised = async (lines: readonly string[], params: Readonly<Record<string, unknown>> = {}) =>
  (await find(lines, params)).filter(({ severity }) => severity !== "low");

describe("impersonation/eks-auto-component, by the ledger", () => {
  it("raises an unlisted name that one node alone uses, in the finding that the request made", async () => {
    const alone = await find([act(NODE)]);
    expect(alone).toMatchObject([{ severity: "low" }]);
    const [finding, ...rest] = await find([...atWork, act(NODE)]);
    expect(rest).toEqual([]);
    expect(finding).toMatchObject({
      ...{ id: alone[0]?.id, severity: "medium", confidence: "medium", cluster: "demo", sourceIP: "10.0.1.10" },
      actor: { kind: "node", instanceId: NODE },
    });
    expect(finding?.title).toBe(
      `node ${NODE} acted as eks-auto:log-shipper, a component that none of 3 other nodes has`,
    );
  });

  it("raises it also when others use other names", async () => {
    const lines = [...atWork, act(NODE), act(SECOND, "12:00", "log-keeper")];
    expect((await raised(lines)).map(({ severity }) => severity)).toEqual(["medium", "medium"]);
  });

  it("raises it when others follow after more than a day", async () => {
    expect(await raised([...atWork, act(NODE), act(SECOND, "2026-11-23T18:00:00")])).toHaveLength(1);
  });

  it.each<[string, readonly string[]]>([
    ["another node that uses it, too, as after an update", [...atWork, act(NODE), act(SECOND, "23:00")]],
    ["another that follows within a day, on the next", [...atWork, act(NODE), act(SECOND, "2026-11-23T09:00:00")]],
    ["too few other nodes to tell", [warm, ...atWork.slice(1, 4), act(NODE)]],
    ["an audit log that is new", [...atWork.slice(1), act(NODE)]],
    ["a listed name", [...atWork, act(NODE, "12:00", "coredns")]],
  ])("leaves it at %s", async (_, lines) => {
    expect(await raised(lines)).toEqual([]);
  });

  it("leaves it at a name that the site lists", async () => {
    expect(await find([...atWork, act(NODE)], { components: ["log-shipper"] })).toEqual([]);
  });
});
