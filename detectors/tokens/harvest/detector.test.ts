import { describe, expect, it } from "vitest";
import { users } from "../../../test/support/events.ts";
import { ledgerFlow } from "../../../test/support/ledger.ts";
import { tokenMinted } from "../../../test/support/trails.ts";
import { detector } from "./detector.ts";

const API = "https://kubernetes.default.svc";
const STORE = users.serviceAccount("external-secrets", "external-secrets");
const mallory = users.human("mallory", "Developer");
let minted = 0;

/** A token of `serviceAccount` issued to `user`; bound to a pod where one is asked for. */
function mint(
  at: string,
  serviceAccount: string,
  user: object = mallory,
  more: { audience?: string; pod?: true } = {},
) {
  minted += 1;
  const jti = `b7d2f9a4-2c95-47b8-af3f-${String(minted).padStart(12, "0")}`;
  const pod = { uid: "11111111-0000-4000-8000-000000000001", name: "x", serviceAccount };
  const event = JSON.parse(tokenMinted(at, pod, "i-0a1b2c3d4e5f60001", jti, more.audience ?? API));
  const spec = { ...event.requestObject.spec, ...(more.pod ? {} : { boundObjectRef: null }) };
  return JSON.stringify({ ...event, user, requestObject: { ...event.requestObject, spec } });
}
const three = (user?: object, more?: { audience?: string; pod?: true }, minutes = [0, 4, 9]) =>
  minutes.map((minute, index) => mint(`10:${String(minute).padStart(2, "0")}`, `sa-${index}`, user, more));
const findings = async (lines: readonly string[], params: Readonly<Record<string, unknown>> = {}) =>
  (
    await ledgerFlow(lines, {
      detectors: [detector],
      config: { version: 1, detectors: { "tokens/harvest": { params } } },
    })
  ).findings;

describe("tokens/harvest finds", () => {
  it("a person who has tokens of three service accounts issued in ten minutes", async () => {
    const [finding, ...rest] = await findings(three());
    expect(rest).toEqual([]);
    expect(finding).toMatchObject({ severity: "high", count: 3, cluster: "demo", actor: { name: mallory.username } });
    expect(finding?.title).toBe(
      `${mallory.username} had tokens of 3 or more service accounts issued within 10 minutes`,
    );
    expect(finding?.reasons).toEqual(["sa-0", "sa-1", "sa-2"].map((name) => `a token of shop/${name} for ${API}`));
  });

  it("a workload, and one account of several namespaces", async () => {
    const other = mint("10:01", "orders", users.serviceAccount()).replaceAll("/shop/", "/other/");
    const moved = other.replaceAll('"namespace":"shop"', '"namespace":"other"');
    const lines = [mint("10:00", "orders", users.serviceAccount()), moved, mint("10:02", "b", users.serviceAccount())];
    expect((await findings(lines)).map(({ severity }) => severity)).toEqual(["high"]);
  });

  it("three within ten minutes to the minute", async () => {
    expect((await findings(three(mallory, {}, [0, 5, 10]))).map(({ count }) => count)).toEqual([3]);
  });

  it("a node that mints as somebody else", async () => {
    const lines = three(users.node()).map((line) =>
      JSON.stringify({ ...JSON.parse(line), impersonatedUser: { username: "admin", groups: ["system:masters"] } }),
    );
    expect(await findings(lines)).toHaveLength(1);
  });

  it("a secret store that is listed, minting what it is not listed for", async () => {
    expect(await findings(three(STORE))).toHaveLength(1);
    const csi = users.serviceAccount("kube-system", "secrets-store-csi-driver-provider-aws");
    expect(await findings(three(csi, { audience: "pods.eks.amazonaws.com" }))).toHaveLength(1);
  });

  it("a harvest among many tokens of a busy minter, late in the day", async () => {
    const robot = users.human("deploy", "CI");
    const usual = Array.from({ length: 300 }, (_, index) => {
      const at = new Date(Date.UTC(2026, 10, 22, 0, index * 2)).toISOString().slice(11, 16);
      return mint(at, "deploy", robot);
    });
    const [finding] = await findings([...usual, ...["a", "b", "c"].map((name) => mint("22:00", name, robot))]);
    expect(finding).toMatchObject({ count: 3 });
  });

  it("one thing, in whatever order and however often", async () => {
    const lines = [...three(), mint("10:30", "sa-9"), mint("09:40", "sa-8")];
    const [first, ...rest] = await findings(lines);
    expect(rest).toEqual([]);
    const late = await findings([...lines, ...lines].reverse());
    expect(late.map(({ id, severity, count, title }) => [id, severity, count, title])).toEqual([
      [first?.id, "high", 3, first?.title],
    ]);
  });
});

describe("tokens/harvest stays quiet on", () => {
  it.each<[string, string[]]>([
    ["two service accounts", three().slice(0, 2)],
    ["three within eleven minutes", three(mallory, {}, [0, 5, 11])],
    ["many tokens of one service account", ["10:00", "10:01", "10:02", "10:03"].map((at) => mint(at, "orders"))],
    ["a kubelet, which mints for its pods", three(users.node(), { pod: true })],
    ["a node of another kind", three({ ...users.node(), username: "system:node:ip-10-0-1-7" }, { pod: true })],
    ["the controller manager", three(users.component("system:kube-controller-manager"))],
    ["a secret store at its work", three(STORE, { audience: "sts.amazonaws.com" })],
    [
      "the AWS provider, whose tokens are bound to pods",
      three(users.serviceAccount("kube-system", "secrets-store-csi-driver-provider-aws"), {
        audience: "pods.eks.amazonaws.com",
        pod: true,
      }),
    ],
    [
      "three people with a token each",
      ["a", "b", "c"].map((name) => mint("10:00", name, users.human(name, "Developer"))),
    ],
  ])("%s", async (_, lines) => {
    expect(await findings(lines)).toEqual([]);
  });

  it("requests that were refused", async () => {
    const refused = three().map((line) =>
      JSON.stringify({ ...JSON.parse(line), annotations: {}, responseStatus: { metadata: {}, code: 403 } }),
    );
    expect(await findings(refused)).toEqual([]);
  });

  it("what the site sets", async () => {
    expect(await findings(three(), { accounts: 4 })).toEqual([]);
    expect(await findings(three(), { windowMinutes: 5 })).toEqual([]);
    const minters = [{ serviceAccount: "shop/orders", audiences: ["https://kubernetes.*"], bound: false }];
    expect(await findings(three(users.serviceAccount()), { minters })).toEqual([]);
  });
});
