import { expect, it } from "vitest";
import { ledgerFlow } from "../../../test/support/ledger.ts";
import { call, podCredentials, session } from "../../../test/support/trails.ts";
import { detector } from "./detector.ts";

const NODE = "i-0a1b2c3d4e5f60001";
const ROLE = "arn:aws:iam::111122223333:role/orders";
const POD = { uid: "5a0b8f5e-6d1f-4c7c-9b55-0f0a3c1d2e04", name: "orders-7d9f-x2kq" };
const association = (at = "10:00", fields: object = {}, api = "CreatePodIdentityAssociation"): string =>
  call(at, `eks:${api}`, {
    userIdentity: session("Platform", "alice", "ASIAEXAMPLEALICE0001"),
    requestParameters: { name: "demo", namespace: "shop", serviceAccount: "orders", roleArn: ROLE, ...fields },
  });
const served = podCredentials("10:10", POD, NODE, { key: "ASIAEXAMPLEORDERS001" });
const person = session("Developer", "mallory", "ASIAEXAMPLEMALLORY01");
const assumed = (at = "11:30", userIdentity: object = person, roleArn = ROLE, fields: object = {}): string =>
  call(at, "sts:AssumeRole", {
    ...{ userIdentity, requestParameters: { roleArn, roleSessionName: "test" } },
    responseElements: {
      credentials: { accessKeyId: "ASIAEXAMPLEASSUMED01" },
      assumedRoleUser: { assumedRoleId: "AROAEXAMPLEORDERS:test" },
    },
    ...fields,
  });
const irsa = (userName = "system:serviceaccount:shop:orders"): string =>
  call("11:30", "sts:AssumeRoleWithWebIdentity", {
    userIdentity: {
      type: "WebIdentityUser",
      principalId: `arn:aws:iam::111122223333:oidc-provider/x:${userName}`,
      userName,
    },
    requestParameters: { roleArn: ROLE, roleSessionName: "botocore-session-1" },
    responseElements: { credentials: { accessKeyId: "ASIAEXAMPLEIRSA00001" } },
  });
const pod = (role = "orders", account = "111122223333"): object =>
  JSON.parse(
    JSON.stringify(
      session(role, "eks-demo-orders-7d9f-00000000-0000-4000-8000-000000000001", "ASIAEXAMPLEORDERS001"),
    ).replaceAll("111122223333", account),
  );
const findings = async (lines: readonly string[], params: object = {}) =>
  (
    await ledgerFlow(lines, {
      detectors: [detector],
      config: { version: 1, detectors: { [detector.meta.id]: { params: { ...params } } } },
    })
  ).findings;

it("finds a person who assumes the role of an association", async () => {
  const [finding] = await findings([association(), assumed()]);
  expect(finding).toMatchObject({
    ...{ severity: "high", account: "111122223333", target: "orders" },
    actor: { name: "arn:aws:sts::111122223333:assumed-role/Developer/mallory" },
  });
  expect(finding?.title).toBe(
    "mallory (role Developer) assumed role orders as test, which EKS gives to pods of shop/orders in cluster demo",
  );
});

it("knows the role by the sessions that EKS opens, when its association is older than the ledger", async () => {
  expect(await findings([...served, assumed()])).toHaveLength(1);
});

it("is one finding when two clusters share the role", async () => {
  expect(await findings([association(), association("10:01", { name: "green" }), assumed()])).toHaveLength(1);
});

it("is one finding a caller, whichever record comes first and however often", async () => {
  const lines = [association(), ...served, assumed()];
  const [finding] = await findings(lines);
  expect(finding?.count).toBe(1);
  const others = await findings([...[...lines].reverse(), ...lines]);
  expect(others.map(({ id, count }) => [id, count])).toEqual([[finding?.id, 1]]);
  const two = await findings([...lines, assumed("11:40", session("Developer", "eve", "ASIAEXAMPLEEVE000001"))]);
  expect(two).toHaveLength(2);
});

it.each([
  [
    "high",
    "a user",
    {
      type: "IAMUser",
      arn: "arn:aws:iam::111122223333:user/bob",
      accessKeyId: "AKIAEXAMPLEBOB000001",
      userName: "bob",
    },
  ],
  ["high", "a node", session("AmazonEKSAutoNodeRole", NODE, "ASIAEXAMPLENODE00001", "2.0")],
  ["medium", "a pod that has another role", pod("billing")],
  ["low", "the role itself", pod("orders")],
] as const)("is %s for %s", async (severity, _, identity) => {
  expect((await findings([association(), assumed("11:30", identity)])).map((finding) => finding.severity)).toEqual([
    severity,
  ]);
});

it("is low for a service account on its way from IRSA, and high for another provider's identity", async () => {
  expect((await findings([association(), irsa()]))[0]).toMatchObject({ severity: "low", confidence: "low" });
  expect((await findings([association(), irsa("repo:example/app")]))[0]?.severity).toBe("high");
});

it("is medium for a service that has the role, too", async () => {
  const lambda = {
    userIdentity: { type: "AWSService", invokedBy: "lambda.amazonaws.com" },
    sourceIPAddress: "lambda.amazonaws.com",
  };
  expect((await findings([association(), assumed("11:30", person, ROLE, lambda)]))[0]?.severity).toBe("medium");
});

it("says when the caller is of another account", async () => {
  const [finding] = await findings([association(), assumed("11:30", pod("orders", "444455556666"))]);
  expect(finding?.severity).toBe("medium");
  const away = JSON.parse(JSON.stringify(person).replaceAll("111122223333", "444455556666"));
  expect((await findings([association(), assumed("11:30", away)]))[0]?.reasons).toEqual([
    "the caller is of another account, 444455556666",
  ]);
});

const TARGET = "arn:aws:iam::444455556666:role/team/orders-data";
const chained = association("10:00", { targetRoleArn: TARGET });

it("finds a person at the target of a chained association", async () => {
  expect((await findings([chained, assumed("11:30", person, TARGET)]))[0]?.target).toBe("orders-data");
});

it.each([
  ["EKS, who gives the role to its pods", [association(), ...served]],
  ["a role that no pods have", [association(), assumed("11:30", person, "arn:aws:iam::111122223333:role/ci")]],
  ["what was done days before the role became one of pods", [association(), assumed("2026-11-20T11:30:00")]],
  [
    "an attempt that was refused",
    [association(), assumed("11:30", person, ROLE, { errorCode: "AccessDenied", responseElements: null })],
  ],
  [
    "an association that was refused",
    [association().replace('"readOnly"', '"errorCode":"AccessDenied","readOnly"'), assumed()],
  ],
  ["an association that is removed", [association("10:00", {}, "DeletePodIdentityAssociation"), assumed()]],
  ["EKS going on from an association's role to its target", [chained, assumed("11:30", pod("orders"), TARGET)]],
])("stays quiet on %s", async (_, lines) => {
  expect(await findings(lines)).toEqual([]);
});

it.each([
  ["role and caller by name", { role: "orders", by: "Developer" }],
  ["role and caller by ARN", { role: ROLE, by: "arn:aws:iam::111122223333:role/Developer" }],
])("stays quiet on a caller that may, %s", async (_, entry) => {
  expect(await findings([association(), assumed()], { callers: [entry] })).toEqual([]);
});

it.each([
  ["another role", { role: "billing", by: "Developer" }, person],
  ["another caller", { role: "orders", by: "ci" }, person],
  [
    "a role of that name in another account",
    { role: "orders", by: "Developer" },
    JSON.parse(JSON.stringify(person).replaceAll("111122223333", "444455556666")),
  ],
])("is not appeased by leave for %s", async (_, entry, identity) => {
  expect(await findings([association(), assumed("11:30", identity)], { callers: [entry] })).toHaveLength(1);
});

it("takes a user by name, and a service", async () => {
  const bob = {
    type: "IAMUser",
    arn: "arn:aws:iam::111122223333:user/ops/bob",
    accessKeyId: "AKIAEXAMPLEBOB000001",
    userName: "bob",
  };
  expect(await findings([association(), assumed("11:30", bob)], { callers: [{ role: "orders", by: "bob" }] })).toEqual(
    [],
  );
});
