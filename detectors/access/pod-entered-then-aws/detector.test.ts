import { describe, expect, it } from "vitest";
import { users } from "../../../test/support/events.ts";
import { ledgerFlow } from "../../../test/support/ledger.ts";
import { audit, podBound, podCall, podCreated, podCredentials } from "../../../test/support/trails.ts";
import { detector } from "./detector.ts";

const NODE = "i-0a1b2c3d4e5f60001";
const KEY = "ASIAEXAMPLEPOD000001";
const NEXT = "ASIAEXAMPLEPOD000002";
const POD = { uid: "d019d9d9-c299-4af8-b68c-c24d2e910b1c", name: "orders-7d9f", node: NODE };

const into = (at: string, subresource: string, fields: object = {}, uri = `/${subresource}?command=sh`): string =>
  audit(at, {
    user: users.human("mallory", "Developer"),
    verb: "get",
    requestURI: `/api/v1/namespaces/shop/pods/${POD.name}${uri}`,
    objectRef: { resource: "pods", namespace: "shop", name: POD.name, subresource, apiVersion: "v1" },
    responseStatus: { metadata: {}, code: 101 },
    ...fields,
  });
const exec = (at: string, fields: object = {}): string => into(at, "exec", fields);
const kubelet = (at: string, path: string): string =>
  audit(at, {
    verb: "get",
    requestURI: `/api/v1/nodes/${NODE}/proxy${path}`,
    objectRef: { resource: "nodes", name: NODE, subresource: "proxy", apiVersion: "v1" },
    responseStatus: { metadata: {}, code: 101 },
  });

const born = [podCreated("07:59", POD), podBound("07:59", POD), ...podCredentials("08:00", POD, NODE, { key: KEY })];
const OTHER = { uid: "d019d9d9-c299-4af8-b68c-c24d2e910b1d", name: "orders-8c1d", node: NODE };
const THIRD = { uid: "d019d9d9-c299-4af8-b68c-c24d2e910b1e", name: "orders-9b2e", node: NODE };
/** A pod of the role, its credentials, and what it calls. */
const peer = (pod: typeof POD, key: string, at: string, ...apis: readonly string[]): string[] => [
  ...podCredentials(at, pod, NODE, { key }),
  ...apis.map((api) => podCall(at, api, key)),
];
/** What the application does all day, and did yesterday. */
const today = ["08:05", "08:40", "09:40", "10:10"].map((at) => podCall(at, "sqs:ReceiveMessage", KEY));
const yesterday = peer(POD, "ASIAEXAMPLEPOD000007", "2026-11-21T09:00:00", "sqs:ReceiveMessage");
const usual = [...yesterday, ...today];
/** A pod of today, of a role that had others yesterday. */
const young = [...born, ...today, ...peer(OTHER, "ASIAEXAMPLEPOD000003", "2026-11-21T09:00:00", "sqs:ReceiveMessage")];
const peers = (...apis: readonly string[]): string[] => [
  ...peer(OTHER, "ASIAEXAMPLEPOD000004", "09:30", "sqs:ReceiveMessage", ...apis),
  ...peer(THIRD, "ASIAEXAMPLEPOD000005", "09:31", "sqs:ReceiveMessage", ...apis),
];
const stolen = podCall("10:08", "s3:ListBuckets", KEY);

const findings = async (lines: readonly string[], config: object = {}) =>
  (await ledgerFlow(lines, { detectors: [detector], config: { version: 1, ...config } })).findings;
const refused = { errorCode: "AccessDenied" };

describe("finds", () => {
  it("an API that the pod's key had not called, after an exec", async () => {
    const [finding, ...more] = await findings([...born, ...usual, exec("10:05"), stolen]);
    expect(more).toEqual([]);
    expect(finding).toMatchObject({
      ...{ severity: "high", cluster: "demo", target: POD.name, sourceIP: "198.51.100.20" },
      actor: { accessKeyId: KEY },
    });
    expect(finding?.title).toBe(
      `mallory (role Developer) entered pod shop/orders-7d9f by exec, and then its key ${KEY} called s3:ListBuckets, which it had not before`,
    );
  });

  it.each([
    ["attach", into("10:05", "attach", {}, "/attach?container=app")],
    ["port-forward", into("10:05", "portforward", {}, "/portforward?ports=80")],
    ["an ephemeral container", into("10:05", "ephemeralcontainers", { verb: "patch", responseStatus: { code: 200 } })],
    ["exec through nodes/proxy", kubelet("10:05", `/exec/shop/${POD.name}/app?command=sh`)],
    ["run through nodes/proxy", kubelet("10:05", `/run/shop/${POD.name}/app?cmd=sh`)],
  ])("entry by %s", async (how, entry) => {
    const [finding] = await findings([...born, ...usual, entry, stolen]);
    expect(finding?.title).toContain(` by ${how}, and then`);
  });

  it("a pod whose creation was not seen, by the tags of its session", async () => {
    const session = podCredentials("08:00", POD, NODE, { key: KEY });
    expect((await findings([...session, ...usual, exec("10:05"), stolen])).length).toBe(1);
  });

  it("a refusal, however young the pod's credentials are", async () => {
    const given = podCredentials("10:00", POD, NODE, { key: KEY });
    const [finding] = await findings([
      ...given,
      exec("10:05"),
      podCall("10:06", "iam:ListUsers", KEY, "198.51.100.20", refused),
    ]);
    expect(finding).toMatchObject({ severity: "high" });
    expect(finding?.title).toContain("was refused iam:ListUsers");
  });

  const denied = (at: string, api: string): string => podCall(at, api, KEY, "198.51.100.20", refused);
  it.each([
    ["low, of what it usually calls: an application is refused now and then by itself", "low", ["sqs:ReceiveMessage"]],
    ["medium, of two APIs that it usually calls", "medium", ["sqs:ReceiveMessage", "sns:Publish"]],
    ["medium, of a secret, though it usually reads one", "medium", ["secretsmanager:GetSecretValue"]],
  ])("a refusal, at %s", async (_, severity, apis) => {
    const before = apis.map((api) => podCall("09:20", api, KEY));
    const after = apis.map((api) => denied("10:20", api));
    const found = await findings([...born, ...usual, ...before, exec("10:05"), ...after]);
    expect(found.map((finding) => [finding.severity, finding.count])).toEqual([[severity, apis.length]]);
  });

  it("a key that the pod is given after the entry", async () => {
    const before = [
      ...podCredentials("2026-11-21T08:00:00", POD, NODE, { key: KEY }),
      podCall("2026-11-21T09:00:00", "sqs:ReceiveMessage", KEY),
    ];
    const next = podCredentials("10:07", POD, NODE, { key: NEXT });
    const [finding] = await findings([...before, exec("10:05"), ...next, podCall("10:10", "s3:ListBuckets", NEXT)]);
    expect(finding?.actor.accessKeyId).toBe(NEXT);
  });

  it.each([
    [
      "what nobody of its role calls, at medium",
      "medium",
      [...young, ...peers(), podCall("10:08", "s3:PutObject", KEY)],
    ],
    ["what looks around, at medium", "medium", [...young, stolen]],
    [
      "what its two peers call that were entered, too",
      "medium",
      [
        ...[...young, ...peers("s3:ListBuckets"), stolen],
        ...[OTHER, THIRD].map(({ name }) => exec("10:05").replaceAll(POD.name, name)),
      ],
    ],
    ["another API, and has no peers to compare with, at low", "low", [...young, podCall("10:08", "s3:PutObject", KEY)]],
    ["another API, and whose role is of today, at low", "low", [...born, ...today, ...peers(), stolen]],
  ])("a pod of today that calls %s", async (_, severity, lines) => {
    const own = (await findings([...lines, exec("10:05")])).filter(({ actor }) => actor.accessKeyId === KEY);
    expect(own.map((finding) => finding.severity)).toEqual([severity]);
    expect(own[0]?.confidence).toBe("low");
  });

  it.each([
    ["is allowed an API that is new, at low", "low", [stolen]],
    ["is refused what it usually calls, at low", "low", [denied("10:08", "sqs:ReceiveMessage")]],
    [
      "is refused a secret that it usually reads, at low",
      "low",
      [podCall("09:20", "secretsmanager:GetSecretValue", KEY), denied("10:08", "secretsmanager:GetSecretValue")],
    ],
    ["is refused one API that is new, at low", "low", [denied("10:08", "kms:Decrypt")]],
    [
      "is refused one that is new and one that is not, at low",
      "low",
      [denied("10:08", "kms:Decrypt"), denied("10:09", "sqs:ReceiveMessage")],
    ],
    ["is refused two that are new, at high", "high", [denied("10:08", "kms:Decrypt"), denied("10:09", "s3:PutObject")]],
    ["is refused one that looks around, at high", "high", [denied("10:08", "iam:ListUsers")]],
  ])("a port-forward, after which the key %s", async (_, severity, uses) => {
    const found = await findings([...born, ...usual, into("10:05", "portforward"), ...uses]);
    expect(found.map((finding) => finding.severity)).toEqual([severity]);
  });

  it("one finding a key, in any order, however often", async () => {
    const lines = [
      ...born,
      ...usual,
      exec("10:05"),
      stolen,
      podCall("10:12", "iam:ListRoles", KEY, "203.0.113.9", refused),
    ];
    const forwards = await findings(lines);
    expect(forwards.map(({ count, reasons }) => [count, reasons.length])).toEqual([[2, 2]]);
    const plain = (all: typeof forwards) => all.map(({ events: _, evidence: __, ...rest }) => rest);
    expect(plain(await findings([...lines.toReversed(), ...lines]))).toEqual(plain(forwards));
  });

  it("an operator's own entries at low", async () => {
    const entry = exec("10:05", { user: users.serviceAccount("db", "operator") });
    const lines = [...born, ...usual, entry, stolen];
    const config = {
      detectors: { "access/pod-entered-then-aws": { params: { operators: ["service account db/operator"] } } },
    };
    expect((await findings(lines)).map(({ severity }) => severity)).toEqual(["high"]);
    expect((await findings(lines, config)).map(({ severity }) => severity)).toEqual(["low"]);
  });
});

describe("stays quiet on", () => {
  it.each([
    ["what a release calls on all of its pods", [...young, ...peers("s3:ListBuckets"), exec("10:05"), stolen]],
    [
      "what others of its role called on an earlier day",
      [
        ...[...young, ...peer(THIRD, "ASIAEXAMPLEPOD000006", "2026-11-20T09:00:00", "s3:ListBuckets")],
        ...[exec("10:05"), stolen],
      ],
    ],
    ["an entry after which the pod does what it always did", [...born, ...usual, exec("10:05")]],
    ["a new API before anybody entered", [...born, ...usual, stolen, exec("10:31")]],
    ["a new API an hour after the entry", [...born, ...usual, exec("09:05"), stolen]],
    ["an entry that was refused", [...born, ...usual, exec("10:05", { responseStatus: { code: 403 } }), stolen]],
    ["an entry into another pod", [...born, ...usual, exec("10:05").replaceAll("orders-7d9f", "billing-5c2a"), stolen]],
    [
      "the first calls of young credentials",
      [...podCredentials("10:00", POD, NODE, { key: KEY }), exec("10:05"), stolen],
    ],
    [
      "a look at a pod's ephemeral containers",
      [...born, ...usual, into("10:05", "ephemeralcontainers", { responseStatus: { code: 200 } }), stolen],
    ],
    ["metrics of a kubelet", [...born, ...usual, kubelet("10:05", "/metrics"), stolen]],
    [
      "what was refused before the entry too",
      [
        ...born,
        ...["09:00", "10:08"].map((at) => podCall(at, "ec2:DescribeTags", KEY, "198.51.100.20", refused)),
        exec("10:05"),
      ],
    ],
    [
      "what the pod called with an earlier key on another day",
      [
        ...podCredentials("2026-11-21T08:00:00", POD, NODE, { key: KEY }),
        podCall("2026-11-21T09:00:00", "s3:ListBuckets", KEY),
        ...podCredentials("08:00", POD, NODE, { key: NEXT }),
        podCall("08:10", "sqs:ReceiveMessage", NEXT),
        exec("10:05"),
        podCall("10:08", "s3:ListBuckets", NEXT),
      ],
    ],
  ])("%s", async (_, lines) => {
    expect((await findings(lines)).map(({ title }) => title)).toEqual([]);
    expect(await findings(lines.toReversed())).toEqual([]);
  });
});
