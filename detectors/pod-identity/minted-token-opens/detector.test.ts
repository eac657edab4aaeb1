import { describe, expect, it } from "vitest";
import { association } from "../../../test/support/associations.ts";
import { users } from "../../../test/support/events.ts";
import { ledgerFlow } from "../../../test/support/ledger.ts";
import { call, podCredentials, tokenMinted } from "../../../test/support/trails.ts";
import { detector } from "./detector.ts";
import { wayOf } from "./opening.ts";

const NODE = "i-0a1b2c3d4e5f60001";
const POD = { uid: "5a0b8f5e-6d1f-4c7c-9b55-0f0a3c1d2e01", name: "orders-7d9f-x2kq", node: NODE };
const PODS = "pods.eks.amazonaws.com";
const STS = "sts.amazonaws.com";
const MALLORY = users.human("mallory", "Developer");
/** A token of shop/orders, bound to its pod unless it is said otherwise. */
const minted = (
  at: string,
  {
    audience = PODS,
    user = MALLORY,
    ip = "198.51.100.66",
    bound = true,
    jti = "stolen",
  }: Readonly<{
    audience?: string;
    user?: object;
    ip?: string;
    bound?: boolean;
    jti?: string;
  }> = {},
): string => {
  const event = JSON.parse(tokenMinted(at, POD, NODE, jti, audience));
  if (!bound) event.requestObject.spec.boundObjectRef = undefined;
  return JSON.stringify({ ...event, user, sourceIPs: [ip] });
};
const served = (at: string, pod = POD): string[] => podCredentials(at, pod, NODE, { key: "ASIAEXAMPLEORDERS001" });
const irsa = (at: string, ip = "198.51.100.66", account = "shop:orders", fields: object = {}): string =>
  call(at, "sts:AssumeRoleWithWebIdentity", {
    userIdentity: {
      type: "WebIdentityUser",
      principalId: `arn:aws:iam::111122223333:oidc-provider/x:${STS}:system:serviceaccount:${account}`,
      userName: `system:serviceaccount:${account}`,
    },
    sourceIPAddress: ip,
    requestParameters: { roleArn: "arn:aws:iam::111122223333:role/orders", roleSessionName: "botocore-session-1" },
    responseElements: { credentials: { accessKeyId: "ASIAEXAMPLEIRSA00001" } },
    ...fields,
  });
const provider = users.serviceAccount("kube-system", "csi-secrets-store-provider-aws", "provider-1");
const findings = async (lines: readonly string[]) => (await ledgerFlow(lines, { detectors: [detector] })).findings;

describe("pod-identity/minted-token-opens finds", () => {
  it.each<[string, string[], string, string]>([
    [
      "a token for Pod Identity of a service account that has an association",
      [association("2026-11-10T08:00:00", "orders"), minted("10:00")],
      "high",
      "mallory (role Developer) minted a token of service account shop/orders for pods.eks.amazonaws.com, which opens role orders, as an association of the service account says",
    ],
    [
      "the pod that a token is bound to being given credentials right after",
      [minted("10:00"), ...served("10:04")],
      "critical",
      "mallory (role Developer) minted a token of service account shop/orders for pods.eks.amazonaws.com, and the pod that it is bound to was given AWS credentials within minutes",
    ],
    [
      "a web identity from where the minter is",
      [minted("10:00", { audience: STS }), irsa("11:00")],
      "critical",
      "mallory (role Developer) minted a token of service account shop/orders for sts.amazonaws.com, and from the same address a session of role orders was opened for that service account",
    ],
    [
      "a web identity after midnight",
      [minted("23:30", { audience: STS }), irsa("2026-11-23T08:00:00")],
      "critical",
      "mallory (role Developer) minted a token of service account shop/orders for sts.amazonaws.com, and from the same address a session of role orders was opened for that service account",
    ],
    [
      "a workload that is not known to mint for IRSA, as medium",
      [minted("10:00", { audience: STS, user: users.serviceAccount("tools", "store", "store-1") }), irsa("11:00")],
      "medium",
      "service account tools/store minted a token of service account shop/orders for sts.amazonaws.com, and from the same address a session of role orders was opened for that service account",
    ],
  ])("%s", async (_, lines, severity, title) => {
    const [finding, ...rest] = await findings(lines);
    expect(rest).toEqual([]);
    expect(finding).toMatchObject({ severity, cluster: "demo", target: "shop/orders", sourceIP: "198.51.100.66" });
    expect(finding?.title).toBe(title.slice(0, 256));
    const others = await findings([...lines, ...lines].reverse());
    expect(others.map(({ id, count }) => [id, count])).toEqual([[finding?.id, finding?.count]]);
  });

  it("a listed minter that leaves the token unbound", async () => {
    const lines = [association("08:00", "orders"), minted("10:00", { user: provider, bound: false })];
    expect(await findings(lines)).toHaveLength(1);
  });

  it("a listed minter's name, taken by impersonation", async () => {
    const event = JSON.parse(minted("10:00"));
    const lines = [
      association("08:00", "orders"),
      JSON.stringify({ ...event, impersonatedUser: { username: provider.username, groups: provider.groups } }),
    ];
    expect(await findings(lines)).toHaveLength(1);
  });
});

it("a listed minter that acts as somebody else", async () => {
  const event = JSON.parse(minted("10:00", { user: provider }));
  const as = { ...event, impersonatedUser: { username: "alice", groups: ["system:authenticated"] } };
  expect(await findings([association("08:00", "orders"), JSON.stringify(as)])).toHaveLength(1);
});

it("a secret store that mints for a namespace with rights over the whole cluster", async () => {
  const store = users.serviceAccount("external-secrets", "external-secrets", "es-1");
  const lines = [minted("10:00", { audience: STS, user: store, bound: false }), irsa("11:00")];
  expect(await findings(lines)).toEqual([]);
  const inSystem = [
    (lines[0] ?? "").replaceAll('"shop"', '"kube-system"'),
    irsa("11:00", "198.51.100.66", "kube-system:orders"),
  ];
  expect(await findings(inSystem)).toMatchObject([{ severity: "medium", target: "kube-system/orders" }]);
});

it("does not take an association of another cluster for that of the token's", () => {
  const token = { time: "2026-11-22T10:00:00.000Z", minter: "", ip: "", audiences: PODS, pod: "", cluster: "demo" };
  const opens = { time: "2026-11-22T08:00:00.000Z", how: "CreatePodIdentityAssociation", ip: "", pod: "", role: "r" };
  expect(wayOf(token, { ...opens, cluster: "demo" }, true)?.on).toBe("association");
  expect(wayOf(token, { ...opens, cluster: "green" }, true)).toBeUndefined();
});

describe("pod-identity/minted-token-opens stays quiet on", () => {
  const associated = association("08:00", "orders");
  it.each<[string, string[]]>([
    ["a kubelet's token", [associated, minted("10:00", { user: users.node(NODE) }), ...served("10:01")]],
    ["a token for nobody in AWS", [associated, minted("10:00", { audience: "vault" }), ...served("10:01")]],
    ["a token for IRSA, where the association is for Pod Identity", [associated, minted("10:00", { audience: STS })]],
    [
      "the driver that mints for pods, bound to them",
      [associated, minted("10:00", { user: provider, ip: "10.0.1.10" }), ...served("10:01")],
    ],
    [
      "a secret store that mints for IRSA",
      [
        minted("10:00", { audience: STS, user: users.serviceAccount("external-secrets", "external-secrets", "es-1") }),
        irsa("10:01"),
      ],
    ],
    ["a service account of which no association was seen", [minted("10:00")]],
    ["an association of another cluster", [association("08:00", "orders", { cluster: "green" }), minted("10:00")]],
    ["an association that was only taken away", [association("08:00", "orders", { api: "Delete" }), minted("10:00")]],
    [
      "an association of later than the token can live",
      [minted("10:00"), association("2026-11-23T10:30:00", "orders")],
    ],
    ["the pod's usual credentials, hours later", [minted("10:00"), ...served("13:00")]],
    ["the pod's credentials of before", [minted("10:00"), ...served("09:58")]],
    ["another pod's credentials", [minted("10:00"), ...served("10:04", { ...POD, uid: "another" })]],
    [
      "another pod's credentials, which a driver minted for",
      [
        minted("10:00"),
        minted("10:01", { user: provider, jti: "driver" }).replaceAll(POD.uid, "another"),
        ...served("10:04", { ...POD, uid: "another" }),
      ],
    ],
    ["a web identity from elsewhere", [minted("10:00", { audience: STS }), irsa("11:00", "198.51.100.20")]],
    ["a web identity of before", [minted("10:00", { audience: STS }), irsa("09:50")]],
    [
      "a web identity of another service account",
      [minted("10:00", { audience: STS }), irsa("11:00", "198.51.100.66", "shop:payments")],
    ],
    [
      "a web identity that was refused",
      [
        minted("10:00", { audience: STS }),
        irsa("11:00", "198.51.100.66", "shop:orders", { errorCode: "AccessDenied" }),
      ],
    ],
  ])("%s", async (_, lines) => {
    expect(await findings(lines)).toEqual([]);
    expect(await findings([...lines].reverse())).toEqual([]);
  });
});
