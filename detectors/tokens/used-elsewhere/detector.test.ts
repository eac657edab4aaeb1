import { describe, expect, it } from "vitest";
import { tokenUsed } from "../../../test/support/at-work.ts";
import { users } from "../../../test/support/events.ts";
import { ledgerFlow } from "../../../test/support/ledger.ts";
import { launched, nodeAtWork, podBound, podReported, tokenMinted } from "../../../test/support/trails.ts";
import { detector } from "./detector.ts";

const THIEF = "203.0.113.9";
const NAT = "198.51.100.7";
const nodeOf = (index: number): string => `i-0a1b2c3d4e5f6000${index}`;
const jtiOf = (index: number): string => `b7d2f9a4-2c95-47b8-af3f-00000000000${index}`;
const ipOf = (index: number): string => `10.0.7.${index}`;
const hostOf = (index: number): string => `10.0.1.${index}`;
const podOf = (index: number, node = nodeOf(index)) => ({
  ...{ uid: `11111111-0000-4000-8000-00000000000${index}`, name: `orders-${index}`, node },
});

/** Pod and node of this number, with a token, as the log tells of them; `from`: where the kubelet speaks from. */
function running(index = 1, from = hostOf(index)): string[] {
  const pod = podOf(index);
  const report = JSON.parse(podReported("10:01", pod, ipOf(index)));
  report.requestObject.status.hostIPs = [{ ip: hostOf(index) }];
  const mint = JSON.parse(tokenMinted("10:02", pod, pod.node, jtiOf(index)));
  return [podBound("10:00", pod), ...[report, mint].map((event) => JSON.stringify({ ...event, sourceIPs: [from] }))];
}
const used = (ip: string, at = "10:30", index = 1): string => tokenUsed(at, podOf(index), jtiOf(index), ip);
const spoke = (index: number, ip: string, at = "10:05"): string =>
  nodeAtWork(at, nodeOf(index), "ASIAEXAMPLENODE00001", ip);
const having = (text: string, fields: object): string => JSON.stringify({ ...JSON.parse(text), ...fields });
/** A pod of several addresses on a node of several, as the kubelet reports them. */
function reported(podIPs: readonly string[], hostIPs: readonly string[]): string[] {
  const report = JSON.parse(podReported("10:01", podOf(1)));
  const status = { podIPs: podIPs.map((ip) => ({ ip })), hostIPs: hostIPs.map((ip) => ({ ip })) };
  const [bound = "", , mint = ""] = running();
  return [
    bound,
    having(JSON.stringify(report), { requestObject: { ...report.requestObject, status }, sourceIPs: [hostOf(1)] }),
    mint,
  ];
}
/** EC2 telling an instance's addresses as it launches it. */
function launchedAt(index: number, ip: string): string {
  const launch = JSON.parse(launched("09:50", nodeOf(index)));
  const item = { instanceId: nodeOf(index), networkInterfaceSet: { items: [{ privateIpAddress: ip }] } };
  return JSON.stringify({ ...launch, responseElements: { instancesSet: { items: [item] } } });
}
const findings = async (lines: readonly string[], site: Readonly<Record<string, unknown>> = {}) =>
  (await ledgerFlow(lines, { detectors: [detector], config: { version: 1, ...site } })).findings;
const severities = async (lines: readonly string[]) =>
  (await findings(lines)).map(({ severity, confidence }) => [severity, confidence]);

describe("tokens/used-elsewhere finds", () => {
  it("a token of an idle pod, used from the internet", async () => {
    const [finding] = await findings([...running(), used(THIEF)]);
    expect(finding).toMatchObject({
      ...{ severity: "high", confidence: "medium", sourceIP: THIEF, cluster: "demo" },
      actor: { name: "system:serviceaccount:shop:orders", credentialId: `JTI=${jtiOf(1)}` },
    });
    expect(finding?.title).toBe(
      `A token of service account shop/orders was used from ${THIEF}, while its pod is at 10.0.7.1 on node ${nodeOf(1)}`,
    );
  });

  it("a token that its pod uses as well: sure, wherever the other address is", async () => {
    for (const ip of [THIEF, "10.0.9.9"]) {
      const [finding] = await findings([...running(), used(ipOf(1), "10:20"), used(ip)]);
      expect(finding).toMatchObject({ severity: "high", confidence: "high", sourceIP: ip });
      expect(finding?.reasons).toEqual(["it was used from 10.0.7.1 as well, where it belongs"]);
    }
  });

  it("a token used in another pod", async () => {
    const [finding] = await findings([...running(), ...running(2), used(ipOf(2), "10:10", 2), used(ipOf(2))]);
    expect(finding).toMatchObject({ severity: "high", confidence: "high", sourceIP: "10.0.7.2" });
    expect(finding?.reasons).toEqual(["10.0.7.2 is the address of another pod"]);
  });

  it("a private address that nothing else explains: low", async () => {
    expect(await severities([...running(), used("10.0.9.9")])).toEqual([["low", "low"]]);
  });

  it("several tokens of one thief, whose pods use them: each is one", async () => {
    const tokens = [1, 2, 3].flatMap((index) => [
      ...running(index),
      used(ipOf(index), "10:10", index),
      used(THIEF, "10:30", index),
    ]);
    expect(await severities(tokens)).toEqual([1, 2, 3].map(() => ["high", "high"]));
  });

  it("a thief who took the node's identity as well and speaks with it from the same address", async () => {
    expect(await findings([...running(), spoke(1, hostOf(1)), spoke(1, THIEF), used(THIEF)])).toHaveLength(1);
  });

  it("an address that one other node speaks from: not enough to be the cluster's", async () => {
    expect(await findings([...running(), spoke(2, THIEF), used(THIEF)])).toHaveLength(1);
  });

  it("a token of an IPv6 pod, at another address of that family", async () => {
    const pod = reported(["2001:db8:1::7"], ["2001:db8:1::1"]);
    const [finding] = await findings([...pod, used("2001:db8:1::7", "10:10"), used("2001:db8:9::9")]);
    expect(finding).toMatchObject({ severity: "high", confidence: "high", sourceIP: "2001:db8:9::9" });
    expect(await severities([...pod, used("2001:db8:9::9")])).toEqual([["high", "medium"]]);
    expect(await severities([...pod, used("fd00:9::9")])).toEqual([["low", "low"]]);
  });

  it("a token that the node's stolen identity had issued where it is used: a kubelet's word is not taken for a home", async () => {
    const [bound = "", report = "", mint = ""] = running();
    const found = await findings([
      bound,
      report,
      spoke(1, hostOf(1)),
      having(mint, { sourceIPs: [THIEF] }),
      used(THIEF),
    ]);
    expect(found.map(({ sourceIP }) => sourceIP)).toEqual([THIEF]);
  });

  it("a token that somebody else had issued, elsewhere than it is used", async () => {
    const [bound = "", report = "", mint = ""] = running();
    const issued = having(mint, { user: users.human("alice"), sourceIPs: [NAT] });
    expect(await findings([bound, report, issued, used(THIEF)])).toHaveLength(1);
  });

  it("an address that pods of one other node come from: no way out of the cluster's", async () => {
    const lines = [1, 2].flatMap((index) => [...running(index), used(NAT, "10:30", index)]);
    expect(await findings(lines)).toHaveLength(2);
  });

  it("an address that other tokens of its own node come from", async () => {
    const second = { ...podOf(2), node: nodeOf(1) };
    const lines = [1, 2].flatMap((index) => {
      const pod = index === 1 ? podOf(1) : second;
      const report = having(podReported("10:01", pod, ipOf(index)), { sourceIPs: [hostOf(1)] });
      const mint = having(tokenMinted("10:02", pod, nodeOf(1), jtiOf(index)), { sourceIPs: [hostOf(1)] });
      return [podBound("10:00", pod), report, mint, tokenUsed("10:30", pod, jtiOf(index), NAT)];
    });
    expect(await findings(lines)).toHaveLength(2);
  });

  it("another address of the node that EC2 did not tell, while the node speaks from its own", async () => {
    expect(await severities([...running(), spoke(1, hostOf(1)), spoke(1, "10.0.2.1"), used("10.0.2.1")])).toEqual([
      ["low", "low"],
    ]);
  });

  it("another address of the node that EC2 told, but from which the node does not speak", async () => {
    const lines = [...running(), launchedAt(1, "10.0.2.1"), spoke(1, hostOf(1)), used("10.0.2.1")];
    expect(await severities(lines)).toEqual([["low", "low"]]);
  });

  it("the way out of the cluster on another day", async () => {
    const yesterday = [2, 3].map((index) => spoke(index, NAT, "2026-11-21T23:59:00"));
    expect(await findings([...running(), ...yesterday, used(ipOf(1), "10:10"), used(NAT)])).toHaveLength(1);
  });

  it("one thing a token and address, in whatever order and however often", async () => {
    const lines = [...running(), used(THIEF), used(THIEF, "10:31"), used(THIEF, "11:30"), used(ipOf(1), "12:00")];
    const [first, ...rest] = await findings(lines);
    expect(rest).toEqual([]);
    expect(first?.count).toBe(2);
    const late = await findings([...lines, ...lines].reverse());
    expect(late.map(({ id, severity, count, title }) => [id, severity, count, title])).toEqual([
      [first?.id, "high", 2, first?.title],
    ]);
  });
});

describe("tokens/used-elsewhere stays quiet on", () => {
  it.each<[string, string[]]>([
    ["a pod that uses its token", [...running(), used(ipOf(1))]],
    ["a pod on its node's network, or one whose traffic bears the node's address", [...running(), used(hostOf(1))]],
    [
      "the public address of the pod's node, from which that always speaks",
      [...running(1, NAT), spoke(1, NAT), used(NAT)],
    ],
    [
      "the way out that the cluster's nodes share",
      [...running(), spoke(2, NAT), spoke(3, NAT), used(ipOf(1), "10:10"), used(NAT)],
    ],
    [
      "a way out that pods of several nodes have for themselves",
      [1, 2, 3].flatMap((index) => [...running(index), used(NAT, "10:30", index)]),
    ],
    [
      "a pod of two families, at its second address",
      [...reported(["10.0.7.1", "2001:db8:1::7"], [hostOf(1)]), used(ipOf(1), "10:10"), used("2001:db8:1::7")],
    ],
    ["an IPv6 pod at home", [...reported(["2001:db8:1::7"], ["2001:db8:1::1"]), used("2001:db8:1::7")]],
    [
      "an IPv6 pod whose traffic bears the node's address",
      [...reported(["2001:db8:1::7"], ["2001:db8:1::1"]), used("2001:db8:1::1")],
    ],
    [
      "a pod with a second interface that its status names",
      [...reported(["10.0.7.1", "10.0.9.9"], [hostOf(1)]), used(ipOf(1), "10:10"), used("10.0.9.9")],
    ],
    [
      "traffic that bears another address of the node, which EC2 told and the node speaks from as well",
      [...running(), launchedAt(1, "10.0.2.1"), spoke(1, hostOf(1)), spoke(1, "10.0.2.1"), used("10.0.2.1")],
    ],
    [
      "a NAT that two other nodes speak from, for a pod that is also at home",
      [...running(), spoke(1, hostOf(1)), spoke(2, NAT), spoke(3, NAT), used(ipOf(1), "10:10"), used(NAT)],
    ],
    [
      "a NAT of IPv4 that an IPv6 pod leaves by, as two other nodes do",
      [...reported(["2001:db8:1::7"], ["2001:db8:1::1"]), spoke(2, NAT), spoke(3, NAT), used(NAT)],
    ],
    [
      "a pod whose address is not known",
      [podBound("10:00", podOf(1)), tokenMinted("10:02", podOf(1), nodeOf(1), jtiOf(1)), used(THIEF)],
    ],
    ["a token whose issue was not seen", [podReported("10:01", podOf(1)), used(THIEF)]],
    ["a token that is bound to no pod", [tokenUsed("10:30", { uid: "", name: "ci" }, jtiOf(1), THIEF)]],
    [
      "whoever had the token issued, using it at home",
      [
        podReported("10:01", podOf(1), ipOf(1)),
        JSON.stringify({
          ...JSON.parse(tokenMinted("10:02", podOf(1), nodeOf(1), jtiOf(1))),
          ...{ user: users.human("alice"), sourceIPs: [NAT] },
        }),
        used(NAT),
      ],
    ],
  ])("%s", async (_, lines) => {
    expect(await findings(lines)).toEqual([]);
    expect(await findings([...lines].reverse())).toEqual([]);
  });

  it("what the site declares", async () => {
    const lines = [...running(), used(ipOf(1), "10:10"), used(THIEF)];
    expect(await findings(lines, { egress: ["203.0.113.0/24"] })).toEqual([]);
    expect(await findings(lines, { proxies: ["203.0.113.9"] })).toEqual([]);
  });
});
