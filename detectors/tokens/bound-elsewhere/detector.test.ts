import { describe, expect, it } from "vitest";
import { ledgerFlow } from "../../../test/support/ledger.ts";
import { podBound, podCreated, podReported, tokenMinted } from "../../../test/support/trails.ts";
import { detector } from "./detector.ts";

const HOME = "i-0a1b2c3d4e5f60001";
const THIEF = "i-0a1b2c3d4e5f60002";
const JTI = "b7d2f9a4-2c95-47b8-af3f-58994a3ce6f6";
const pod = { uid: "11111111-0000-4000-8000-000000000001", name: "orders-1", node: HOME };
const findings = async (...lines: string[]) => (await ledgerFlow(lines, { detectors: [detector] })).findings;
const edited = (line: string, edit: (event: Record<string, unknown>) => void): string => {
  const event = JSON.parse(line);
  edit(event);
  return JSON.stringify(event);
};

describe("tokens/bound-elsewhere finds", () => {
  it("a kubelet's token for a pod that the scheduler bound to another node", async () => {
    const [finding] = await findings(podBound("10:00", pod), tokenMinted("10:05", pod, THIEF, JTI));
    expect(finding).toMatchObject({
      ...{ severity: "critical", target: "shop/orders", cluster: "demo" },
      actor: { instanceId: THIEF },
      firstSeen: "2026-11-22T07:32:11.153Z",
      reasons: ["the token is for pods.eks.amazonaws.com"],
    });
    expect(finding?.title).toBe(
      `The kubelet of node ${THIEF} minted a token of service account shop/orders for a pod that runs on node ${HOME}`,
    );
  });

  it("the same by the other node's own report of the pod", async () => {
    expect(await findings(podReported("10:00", pod), tokenMinted("10:05", pod, THIEF, JTI))).toHaveLength(1);
  });

  it("one thing, whichever comes first and however often", async () => {
    const lines = [
      podCreated("09:59", pod),
      podBound("10:00", pod),
      podReported("10:01", pod),
      tokenMinted("10:05", pod, THIEF, JTI),
    ];
    const [first, ...rest] = await findings(...lines);
    expect(rest).toEqual([]);
    const late = await findings(...[...lines, ...lines].reverse());
    expect(late.map(({ id, severity, count, title }) => [id, severity, count, title])).toEqual([
      [first?.id, "critical", 1, first?.title],
    ]);
  });

  it("the tokens of one day as one thing, and those of another node as another", async () => {
    const second = tokenMinted("10:06", pod, THIEF, "b7d2f9a4-2c95-47b8-af3f-58994a3ce6f7");
    const third = tokenMinted("10:07", pod, "i-0a1b2c3d4e5f60003", "b7d2f9a4-2c95-47b8-af3f-58994a3ce6f8");
    const lines = [podBound("10:00", pod), tokenMinted("10:05", pod, THIEF, JTI), second];
    expect((await findings(...lines)).map(({ count }) => count)).toEqual([1]);
    expect(await findings(...lines, third)).toHaveLength(2);
  });
});

describe("tokens/bound-elsewhere stays quiet on", () => {
  it("a kubelet minting for a pod that it runs, before and after its binding is known", async () => {
    const lines = [podBound("10:00", pod), tokenMinted("10:00", pod, HOME, JTI), podReported("10:01", pod)];
    expect(await findings(...lines)).toEqual([]);
    expect(await findings(...lines.reverse())).toEqual([]);
  });

  it("a pod of the same name that runs elsewhere by now", async () => {
    const later = { ...pod, uid: "11111111-0000-4000-8000-000000000002", node: THIEF };
    expect(
      await findings(podBound("10:00", pod), podBound("10:10", later), tokenMinted("10:11", later, THIEF, JTI)),
    ).toEqual([]);
  });

  it("a binding that the server refused, since the pod had its node already", async () => {
    const refused = edited(podBound("10:01", { ...pod, node: THIEF }), (event) => {
      event.responseStatus = { metadata: {}, status: "Failure", code: 409 };
    });
    expect(await findings(podBound("10:00", pod), refused, tokenMinted("10:05", pod, HOME, JTI))).toEqual([]);
  });

  it("a mint that was refused, of which there is no token", async () => {
    const refused = edited(tokenMinted("10:05", pod, THIEF, JTI), (event) => {
      event.responseStatus = { metadata: {}, code: 403 };
      event.annotations = { "authorization.k8s.io/decision": "allow" };
    });
    expect(await findings(podBound("10:00", pod), refused)).toEqual([]);
  });

  it("a pod whose node is not known, and a mint whose body was not logged", async () => {
    expect(await findings(tokenMinted("10:05", pod, THIEF, JTI))).toEqual([]);
    const bare = edited(tokenMinted("10:05", pod, THIEF, JTI), (event) => {
      event.level = "Metadata";
      event.requestObject = undefined;
    });
    expect(await findings(podBound("10:00", pod), bare)).toEqual([]);
  });
});
