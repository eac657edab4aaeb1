import { describe, expect, it } from "vitest";
import { users } from "../../../test/support/events.ts";
import { ledgerFlow } from "../../../test/support/ledger.ts";
import { audit, podBound, podCall, podCreated, podCredentials } from "../../../test/support/trails.ts";
import { detector } from "./detector.ts";

const NODE = "i-0a1b2c3d4e5f60001";
const KEY = "ASIAEXAMPLEPOD000001";
const POD = { uid: "d019d9d9-c299-4af8-b68c-c24d2e910b1c", name: "orders-7d9f", node: NODE };

const secrets = (at: string, fields: object = {}): string =>
  audit(at, {
    user: users.serviceAccount("shop", "orders", POD.name),
    verb: "list",
    requestURI: "/api/v1/namespaces/shop/secrets",
    objectRef: { resource: "secrets", namespace: "shop", apiVersion: "v1" },
    level: "Metadata",
    ...fields,
  });
const calls = (...apis: readonly (readonly [string, string])[]): string[] =>
  apis.map(([at, api]) => podCall(at, api, KEY));

const born = [podCreated("07:59", POD), podBound("07:59", POD), ...podCredentials("08:00", POD, NODE, { key: KEY })];
const usual = calls(["08:05", "sqs:ReceiveMessage"], ["09:30", "sqs:ReceiveMessage"]);
const looking = calls(["10:10", "sts:GetCallerIdentity"], ["10:12", "iam:ListRoles"], ["10:20", "s3:ListBuckets"]);

const findings = async (lines: readonly string[], params: Readonly<Record<string, unknown>> = {}) => {
  const config = { version: 1 as const, detectors: { "access/secrets-then-aws": { params } } };
  return (await ledgerFlow(lines, { detectors: [detector], config })).findings;
};

describe("finds", () => {
  it("a pod that reads secrets and then looks around in the account", async () => {
    const [finding, ...more] = await findings([...born, ...usual, secrets("10:05"), ...looking]);
    expect(more).toEqual([]);
    expect(finding).toMatchObject({
      severity: "critical",
      cluster: "demo",
      target: POD.name,
      actor: { accessKeyId: KEY },
    });
    expect(finding?.title).toBe(
      `Pod shop/orders-7d9f (service account shop/orders) read secrets of shop, and then its AWS key ${KEY} called sts:GetCallerIdentity, iam:ListRoles, s3:ListBuckets`,
    );
  });

  it("secrets of AWS being read, and calls that are refused", async () => {
    const refused = { errorCode: "AccessDenied" };
    const more = [
      podCall("10:10", "secretsmanager:GetSecretValue", KEY, "198.51.100.20", refused),
      podCall("10:11", "ssm:GetParametersByPath", KEY, "198.51.100.20", refused),
      podCall("10:12", "sts:AssumeRole", KEY, "198.51.100.20", refused),
    ];
    expect((await findings([...born, ...usual, secrets("10:05"), ...more])).length).toBe(1);
  });

  it("what one other pod of its role calls, too: the pod itself counts for nothing", async () => {
    const other = { ...POD, uid: "d019d9d9-c299-4af8-b68c-c24d2e910b1d", name: "orders-8c1d" };
    const others = [
      ...podCredentials("09:00", other, NODE, { key: "ASIAEXAMPLEPOD000002" }),
      ...looking.map((line) => line.replaceAll(KEY, "ASIAEXAMPLEPOD000002")),
    ];
    const lines = [...born, ...usual, ...others, secrets("10:05"), ...looking];
    expect((await findings(lines)).map(({ actor }) => actor.accessKeyId)).toEqual([KEY]);
  });

  it("a pod that is only starting, at medium", async () => {
    const young = podCredentials("10:00", POD, NODE, { key: KEY });
    expect(await findings([...young, secrets("10:05"), ...looking])).toMatchObject([
      { severity: "medium", confidence: "low", reasons: ["the pod was only starting"] },
    ]);
  });

  it("one finding a key, in any order, however often", async () => {
    const lines = [...born, ...usual, secrets("10:05"), secrets("09:55"), ...looking];
    const forwards = await findings(lines);
    expect(forwards.map(({ count }) => count)).toEqual([2]);
    const plain = (all: typeof forwards) => all.map(({ events: _, evidence: __, ...rest }) => rest);
    expect(plain(await findings([...lines.toReversed(), ...lines]))).toEqual(plain(forwards));
  });

  it("an operator that looks into what is not its business", async () => {
    const params = { operators: [{ account: "shop/orders", services: ["s3"] }] };
    const lines = [...born, ...usual, secrets("10:05"), ...looking];
    expect(await findings(lines, params)).toEqual([]);
    expect((await findings([...lines, ...calls(["10:30", "iam:ListUsers"])], params)).length).toBe(1);
  });
});

describe("stays quiet on", () => {
  it.each([
    ["secrets being read alone", [...born, ...usual, secrets("10:05")]],
    ["a pod that looks around and reads no secrets", [...born, ...usual, ...looking]],
    ["two kinds of calls", [...born, ...usual, secrets("10:05"), ...looking.slice(1)]],
    [
      "one kind of call again and again",
      [
        ...born,
        ...usual,
        secrets("10:05"),
        ...calls(["10:06", "s3:ListBuckets"], ["10:07", "s3:ListBuckets"], ["10:08", "s3:ListBuckets"]),
      ],
    ],
    ["calls before the secrets", [...born, ...usual, ...looking, secrets("10:30")]],
    ["calls hours later", [...born, ...usual, secrets("09:00"), ...looking]],
    [
      "calls that tell nothing",
      [
        ...born,
        ...usual,
        secrets("10:05"),
        ...calls(["10:06", "sqs:SendMessage"], ["10:07", "kms:Decrypt"], ["10:08", "dynamodb:GetItem"]),
      ],
    ],
    [
      "secrets that the cluster refuses",
      [...born, ...usual, secrets("10:05", { responseStatus: { code: 403 } }), ...looking],
    ],
    ["config maps", [...born, ...usual, secrets("10:05").replaceAll('"secrets"', '"configmaps"'), ...looking]],
    ["another pod's secrets", [...born, ...usual, secrets("10:05").replace("d019d9d9", "e019d9d9"), ...looking]],
    [
      "what the key called before too",
      [...born, ...calls(["09:10", "sts:GetCallerIdentity"]), ...usual, secrets("10:05"), ...looking],
    ],
    [
      "external-secrets at its work",
      [
        podCredentials("08:00", { ...POD, namespace: "external-secrets", serviceAccount: "external-secrets" }, NODE, {
          key: KEY,
        }),
        secrets("10:05"),
        calls(
          ["10:06", "secretsmanager:GetSecretValue"],
          ["10:07", "secretsmanager:ListSecrets"],
          ["10:08", "ssm:GetParameter"],
        ),
      ].flat(),
    ],
  ])("%s", async (_, lines) => {
    expect((await findings(lines)).map(({ title }) => title)).toEqual([]);
    expect(await findings(lines.toReversed())).toEqual([]);
  });
});
