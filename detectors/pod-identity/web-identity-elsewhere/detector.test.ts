import { expect, it } from "vitest";
import { ledgerFlow } from "../../../test/support/ledger.ts";
import { call, podCall, session } from "../../../test/support/trails.ts";
import { detector } from "./detector.ts";

const ISSUER = "oidc.eks.eu-central-1.amazonaws.com/id/0A1B2C3D4E5F60718293A4B5C6D7E8F9";
const PROVIDER = `arn:aws:iam::111122223333:oidc-provider/${ISSUER}`;
const HOME = "198.51.100.20";
const AWAY = "203.0.113.9";
const DAY = "2026-11-23T";
const role = (name: string): string => `arn:aws:iam::111122223333:role/${name}`;
const key = (name: string): string => `ASIAEXAMPLE${name.toUpperCase().padEnd(9, "0")}`;

/** A token's session being opened, and used. */
const opened = (at: string, name: string, ip = HOME, fields: object = {}): string =>
  call(at, "sts:AssumeRoleWithWebIdentity", {
    userIdentity: {
      type: "WebIdentityUser",
      principalId: `${PROVIDER}:sts.amazonaws.com:system:serviceaccount:shop:${name}`,
      userName: `system:serviceaccount:shop:${name}`,
      identityProvider: PROVIDER,
    },
    sourceIPAddress: ip,
    requestParameters: { roleArn: role(name), roleSessionName: "botocore-session-1763884800" },
    responseElements: { credentials: { accessKeyId: key(name) } },
    ...fields,
  });
const used = (at: string, name: string, ip = HOME, api = "s3:ListBuckets", fields: object = {}): string => {
  const caller = session(name, "botocore-session-1763884800", key(name)) as { sessionContext: object };
  const federated = { webIdFederationData: { federatedProvider: PROVIDER, attributes: {} } };
  return call(at, api, {
    userIdentity: { ...caller, sessionContext: { ...caller.sessionContext, ...federated } },
    sourceIPAddress: ip,
    ...fields,
  });
};
/** A pod's role at work (Pod Identity). */
const podRole = (at: string, name: string, ip: string): string =>
  podCall(at, "s3:GetObject", "ASIAEXAMPLEPOD000001", ip).replaceAll("role/orders", `role/${name}`);
/** A day before, so that the ledger is warm, and what comes from the cluster's own address then and on the day. */
const home = ["08:00", `${DAY}08:00:00`].flatMap((at) => [
  ...[opened(at, "orders"), used(at, "orders"), opened(at, "mailer")],
]);
const findings = async (lines: readonly string[], config: object = {}) =>
  (await ledgerFlow(lines, { detectors: [detector], config: { version: 1, ...config } })).findings;

it("finds a token that opens a session from an address that nothing else comes from", async () => {
  const [finding, ...more] = await findings([...home, opened(`${DAY}10:34:00`, "orders", AWAY)]);
  expect(more).toEqual([]);
  expect(finding).toMatchObject({
    ...{ severity: "high", confidence: "medium", sourceIP: AWAY, account: "111122223333", region: "eu-central-1" },
    actor: { kind: "web-identity", name: "shop/orders", role: "orders" },
    firstSeen: "2026-11-23T10:34:00.000Z",
    reasons: [`${ISSUER} works from ${HOME}`],
  });
  expect(finding?.title).toBe(
    `A token of service account shop/orders opened a session of role orders from ${AWAY}, from where nothing else of its cluster comes`,
  );
});

it("finds the session's key used there, though it was opened at home, also over IPv6 and where it is denied", async () => {
  for (const ip of [AWAY, "2001:db8:77::1234"]) {
    const denied = used(`${DAY}10:34:00`, "orders", ip, "iam:ListRoles", { errorCode: "AccessDenied" });
    const [finding] = await findings([...home, denied]);
    expect(finding?.title).toBe(
      `A session of role orders, a service account's, was used from ${ip}, from where nothing else of its cluster comes`,
    );
    expect(finding).toMatchObject({ severity: "high", sourceIP: ip });
  }
});

it("finds it in the partition of China, and where the issuer has the host of dual-stack clusters", async () => {
  for (const host of ["oidc.eks.cn-north-1.amazonaws.com.cn", "oidc-eks.eu-central-1.api.aws"]) {
    const lines = [...home, opened(`${DAY}10:34:00`, "orders", AWAY)];
    const moved = lines.map((line) => line.replaceAll("oidc.eks.eu-central-1.amazonaws.com", host));
    expect((await findings(moved)).map(({ severity }) => severity)).toEqual(["high"]);
  }
});

it("is one finding an address and day, whichever record comes first and however often", async () => {
  const lines = [...home, opened(`${DAY}10:34:00`, "orders", AWAY), used(`${DAY}10:40:00`, "orders", AWAY)];
  const [finding] = await findings(lines);
  expect(finding?.count).toBe(2);
  const others = await findings([...[...lines].reverse(), ...lines]);
  expect(others.map(({ id, count, severity }) => [id, count, severity])).toEqual([[finding?.id, 2, "high"]]);
});

it.each([
  [
    "low",
    "came from half a day before already",
    [used("21:00", "orders", AWAY), used(`${DAY}10:34:00`, "orders", AWAY)],
  ],
  [
    "low",
    "the role of a pod comes from",
    [podRole(`${DAY}10:00:00`, "web", AWAY), opened(`${DAY}10:34:00`, "orders", AWAY)],
  ],
  [
    "medium",
    "another token's role comes from",
    [opened(`${DAY}10:33:00`, "mailer", AWAY), opened(`${DAY}10:34:00`, "orders", AWAY)],
  ],
])("is %s for an address that it, or %s", async (severity, _, lines) => {
  expect((await findings([...home, ...lines])).map((finding) => finding.severity)).toEqual([severity]);
});

it.each([
  ["the cluster's own address", [used(`${DAY}10:34:00`, "orders")]],
  [
    "a new way out, once two others come from it",
    [
      ...[
        used(`${DAY}10:34:00`, "orders", AWAY),
        podRole(`${DAY}10:40:00`, "web", AWAY),
        podRole(`${DAY}10:50:00`, "logs", AWAY),
      ],
    ],
  ],
  [
    "a zone's own address, from which the role and one other came the day before",
    [podRole("21:00", "web", AWAY), used("21:00", "orders", AWAY), used(`${DAY}10:34:00`, "orders", AWAY)],
  ],
  ["an address within the VPC", [used(`${DAY}10:34:00`, "orders", "10.0.7.7")]],
  [
    "a call through an endpoint",
    [used(`${DAY}10:34:00`, "orders", AWAY, "s3:GetObject", { vpcEndpointId: "vpce-0a1b2c3d" })],
  ],
  ["a service that goes on with the work", [used(`${DAY}10:34:00`, "orders", "athena.amazonaws.com")]],
  [
    "a token that opens nothing",
    [opened(`${DAY}10:34:00`, "orders", AWAY, { errorCode: "ExpiredTokenException", responseElements: null })],
  ],
  [
    "another provider's tokens",
    [opened(`${DAY}10:34:00`, "orders", AWAY).replaceAll(ISSUER, "token.actions.githubusercontent.com")],
  ],
])("stays quiet on %s", async (_, lines) => {
  expect(await findings([...home, ...lines])).toEqual([]);
});

it("stays quiet while it does not know from where the cluster comes", async () => {
  const own = ["08:00", `${DAY}08:00:00`].map((at) => opened(at, "orders"));
  const away = opened(`${DAY}10:34:00`, "orders", AWAY);
  expect(await findings([...own, away])).toEqual([]);
  expect(await findings([...home.filter((line) => !line.includes("2026-11-22")), away])).toEqual([]);
  // One role of a pod beside it makes the address the cluster's.
  const beside = podRole("08:10", "web", HOME);
  expect((await findings([...own, beside, away])).map(({ severity }) => severity)).toEqual(["high"]);
});

it("goes by the site's own addresses", async () => {
  const own = ["08:00", `${DAY}08:00:00`].map((at) => opened(at, "orders"));
  const lines = [...own, opened(`${DAY}10:34:00`, "orders", AWAY)];
  expect((await findings(lines, { egress: [HOME] })).map(({ severity }) => severity)).toEqual(["high"]);
  expect(await findings(lines, { egress: [HOME, "203.0.113.0/28"] })).toEqual([]);
});
