import fc from "fast-check";
import { describe, expect, it } from "vitest";
import { eitherWay, ledgerFlow } from "../../../test/support/ledger.ts";
import { audit, call } from "../../../test/support/trails.ts";
import { detector } from "./detector.ts";

const OLD = "AROAEXAMPLEGUESTOLD01";
const NEW = "AROAEXAMPLEGUESTNEW01";
const USER = "AIDAEXAMPLEBOB0000001";
const KEY = "AKIAEXAMPLEBOB000001";
const SESSION = "ASIAEXAMPLEGUEST0001";
const ACCOUNT = "111122223333";

const caller = (
  id = "AROAEXAMPLEADMIN00001",
  role = "SecurityAdmin",
  key = "ASIAEXAMPLEADMIN0001",
  created = "08:00",
) => ({
  type: "AssumedRole",
  principalId: `${id}:alice`,
  arn: `arn:aws:sts::${ACCOUNT}:assumed-role/${role}/alice`,
  accountId: ACCOUNT,
  accessKeyId: key,
  sessionContext: {
    sessionIssuer: {
      ...{ type: "Role", principalId: id, accountId: ACCOUNT, userName: role },
      arn: `arn:aws:iam::${ACCOUNT}:role/${role}`,
    },
    attributes: { creationDate: `2026-11-22T${created}:00Z`, mfaAuthenticated: "false" },
  },
});
const iam = (at: string, action: string, requestParameters: object, userIdentity: object = caller()): string =>
  call(at, `iam:${action}`, { awsRegion: "us-east-1", userIdentity, requestParameters });
const roleGone = (at: string, roleName = "Guest"): string => iam(at, "DeleteRole", { roleName });
const keyGone = (at: string): string => iam(at, "DeleteAccessKey", { userName: "bob", accessKeyId: KEY });
const keyStatus = (at: string, status: string, by?: object): string =>
  iam(at, "UpdateAccessKey", { userName: "bob", accessKeyId: KEY, status }, by);
const denial = (time: string, effect = "Deny", operator = "DateLessThan") =>
  JSON.stringify({
    Version: "2012-10-17",
    Statement: [
      { Effect: effect, Action: ["*"], Resource: ["*"], Condition: { [operator]: { "aws:TokenIssueTime": time } } },
    ],
  });
const sessionsRevoked = (at: string, policyDocument = denial(`2026-11-22T${at}:00.000Z`), more: object = {}): string =>
  iam(at, "PutRolePolicy", { roleName: "Guest", policyName: "AWSRevokeOlderSessions", policyDocument, ...more });
const policyGone = (at: string, by?: object, policyName = "AWSRevokeOlderSessions"): string =>
  iam(at, "DeleteRolePolicy", { roleName: "Guest", policyName }, by);
/** STS opening a session of the role. */
const opened = (at: string, id = OLD, key = SESSION): string =>
  call(at, "sts:AssumeRole", {
    userIdentity: caller(),
    requestParameters: { roleArn: `arn:aws:iam::${ACCOUNT}:role/staff/Guest`, roleSessionName: "mallory" },
    responseElements: { credentials: { accessKeyId: key }, assumedRoleUser: { assumedRoleId: `${id}:mallory` } },
  });

const asked = (at: string, extra: Readonly<Record<string, string>>, code: number, username: string): string =>
  audit(at, {
    user: {
      username,
      groups: ["system:authenticated"],
      extra: Object.fromEntries(Object.entries(extra).map(([name, value]) => [name, [value]])),
    },
    verb: "list",
    requestURI: "/api/v1/namespaces/shop/pods",
    objectRef: { resource: "pods", namespace: "shop", apiVersion: "v1" },
    responseStatus: { metadata: {}, code },
    annotations: { "authorization.k8s.io/decision": code === 403 ? "forbid" : "allow" },
    level: "Metadata",
  });
const used = (at: string, { id = OLD, key = SESSION, code = 200, node = false } = {}): string => {
  const arn = `arn:aws:sts::${ACCOUNT}:assumed-role/Guest/mallory`;
  const canonicalArn = `arn:aws:iam::${ACCOUNT}:role/Guest`;
  const extra = { accessKeyId: key, arn, canonicalArn, principalId: id, sessionName: "mallory" };
  return asked(at, extra, code, node ? "system:node:i-0a1b2c3d4e5f60001" : arn);
};
const bob = (at: string, code = 200, id = USER, key = KEY): string => {
  const arn = `arn:aws:iam::${ACCOUNT}:user/bob`;
  return asked(at, { accessKeyId: key, arn, canonicalArn: arn, principalId: id }, code, arn);
};
const findings = (...lines: string[]) => eitherWay(lines, { detectors: [detector] });

describe("finds", () => {
  it("sessions of a deleted role half an hour later, the role known by what STS opened", async () => {
    const [finding, ...more] = await findings(opened("09:00"), roleGone("10:00"), used("10:35"));
    expect(more).toEqual([]);
    expect(finding).toMatchObject({
      severity: "high",
      target: `arn:aws:iam::${ACCOUNT}:role/Guest`,
      region: "eu-central-1",
      cluster: "demo",
      actor: { principalId: OLD },
      reasons: ["DeleteRole at 2026-11-22T10:00:00.000Z"],
    });
    expect(finding?.title).toBe("alice (role SecurityAdmin) deleted role Guest, and cluster demo still lets it in");
  });

  it.each<[string, string, string[]]>([
    ["a role known by the audit log", "deleted role Guest", [used("09:00"), roleGone("10:00"), used("10:35")]],
    ["a role known for a minute", "deleted role Guest", [used("10:01"), roleGone("10:02"), used("10:35")]],
    [
      "a role known by a call whose session is older than the deletion",
      "deleted role Guest",
      [
        roleGone("10:00"),
        call("10:20", "s3:ListBuckets", { userIdentity: caller(OLD, "Guest", SESSION, "09:00") }),
        used("10:35"),
      ],
    ],
    [
      "a role of the day before",
      "deleted role Guest",
      [opened("2026-11-21T20:00:00"), roleGone("00:05"), used("00:40")],
    ],
    [
      "a role that is used after midnight",
      "deleted role Guest",
      [opened("20:00"), roleGone("23:40"), used("2026-11-23T00:20:00")],
    ],
    [
      "a deleted user",
      "deleted user bob",
      [bob("09:00"), iam("10:00", "DeleteUser", { userName: "bob" }), bob("10:35")],
    ],
    ["a deleted key", `deleted key ${KEY} of user bob`, [keyGone("10:00"), bob("10:35")]],
    [
      "a key without rights to what it asked first",
      `deleted key ${KEY} of user bob`,
      [keyGone("10:00"), bob("10:35", 403), bob("10:36")],
    ],
    ["an inactive key", `deactivated key ${KEY} of user bob`, [keyStatus("10:00", "Inactive"), bob("10:35")]],
    [
      "a key that was reactivated afterwards",
      `deactivated key ${KEY} of user bob`,
      [keyStatus("10:00", "Inactive"), bob("10:35"), keyStatus("10:50", "Active")],
    ],
    [
      "a key that was reactivated before",
      `deactivated key ${KEY} of user bob`,
      [keyStatus("09:00", "Active"), keyStatus("10:00", "Inactive"), bob("10:35")],
    ],
    [
      "a key that its user reactivated, whom somebody else had locked out",
      `deactivated key ${KEY} of user bob`,
      [
        keyStatus("10:00", "Inactive"),
        keyStatus("10:10", "Active", {
          ...{ type: "IAMUser", principalId: USER, accountId: ACCOUNT, userName: "bob" },
          arn: `arn:aws:iam::${ACCOUNT}:user/bob`,
        }),
        bob("10:35"),
      ],
    ],
    [
      "a deleted key that was reactivated before it was deleted",
      `deleted key ${KEY} of user bob`,
      [keyStatus("09:30", "Inactive"), keyStatus("09:40", "Active"), keyGone("10:00"), bob("10:35")],
    ],
    [
      "revoked sessions",
      "revoked the older sessions of role Guest",
      [opened("09:00"), sessionsRevoked("10:00"), used("10:35")],
    ],
    [
      "revoked sessions whose issue a call shows, hours later",
      "revoked the older sessions of role Guest",
      [
        used("09:10"),
        sessionsRevoked("10:00"),
        used("10:35"),
        call("14:00", "s3:ListBuckets", { userIdentity: caller(OLD, "Guest", SESSION, "09:00") }),
      ],
    ],
    [
      "sessions revoked by a policy of another name",
      "revoked the older sessions of role Guest",
      [opened("09:00"), sessionsRevoked("10:00", undefined, { policyName: "lockout" }), used("10:35")],
    ],
    [
      "sessions revoked by a policy whose document is not there",
      "revoked the older sessions of role Guest",
      [opened("09:00"), sessionsRevoked("10:00", "…"), used("10:35")],
    ],
    [
      "revoked sessions while another policy is deleted",
      "revoked the older sessions of role Guest",
      [opened("09:00"), sessionsRevoked("10:00"), policyGone("10:10", undefined, "S3Read"), used("10:35")],
    ],
    [
      "revoked sessions, one of which deletes the policy",
      "revoked the older sessions of role Guest",
      [
        opened("09:00"),
        sessionsRevoked("10:00"),
        policyGone("10:10", caller(OLD, "Guest", SESSION, "09:00")),
        used("10:35"),
      ],
    ],
  ])("%s", async (_, deed, lines) => {
    expect((await findings(...lines)).map(({ title }) => title)).toEqual([
      `alice (role SecurityAdmin) ${deed}, and cluster demo still lets it in`,
    ]);
  });

  it("one finding a credential and day, however often", async () => {
    const lines = [opened("09:00"), roleGone("10:00"), used("10:35"), used("10:37"), used("10:55"), used("12:10")];
    expect((await findings(...lines, ...lines)).map(({ count }) => count)).toEqual([3]);
  });
});

describe("whatever the order", () => {
  it("in which they come, and however often, the answer is the same", async () => {
    const hits = [
      used("08:50"),
      opened("09:00"),
      sessionsRevoked("10:00"),
      roleGone("11:00"),
      used("10:35"),
      used("11:40"),
    ];
    const none = [used("08:50"), opened("09:00"), sessionsRevoked("10:00"), policyGone("10:20"), used("10:35")];
    for (const [lines, titles] of [
      [
        hits,
        [
          "alice (role SecurityAdmin) deleted role Guest, and cluster demo still lets it in",
          "alice (role SecurityAdmin) revoked the older sessions of role Guest, and cluster demo still lets it in",
        ],
      ],
      [none, []],
    ] as const)
      await fc.assert(
        fc.asyncProperty(fc.shuffledSubarray([...lines, ...lines], { minLength: lines.length * 2 }), async (some) => {
          const { findings: found } = await ledgerFlow(some, { detectors: [detector] });
          expect(found.map(({ title }) => title).sort()).toEqual(titles);
        }),
        { numRuns: 30 },
      );
  });

  it("opening sessions by the thousand hides none", async () => {
    const many = Array.from({ length: 1_500 }, (_, index) => {
      const minute = String(index % 60).padStart(2, "0");
      const key = `ASIAEXAMPLE${String(index).padStart(9, "0")}`;
      return [opened(`09:${minute}`, OLD, key), used(`10:${minute}`, { key })];
    }).flat();
    const lines = [...many, opened("09:00"), sessionsRevoked("09:40"), used("10:55")];
    const { findings: found } = await ledgerFlow([lines.join("\n")], { detectors: [detector] });
    // Sessions of 09:10 to 09:30 came in at 10:10, 10:20 and 10:30; later ones are too young, and 10:00 is within the life of a token. And the one at 10:50.
    expect(found.map(({ count }) => count)).toEqual([4]);
  });
});

describe("stays quiet on", () => {
  it.each<[string, string[]]>([
    ["requests within the life of a token", [opened("09:00"), roleGone("10:00"), used("10:19")]],
    ["requests before the deletion", [opened("09:00"), used("09:50"), roleGone("10:00")]],
    ["requests that are refused", [opened("09:00"), roleGone("10:00"), used("10:35", { code: 403 })]],
    ["another role", [opened("09:00"), roleGone("10:00", "Intern"), used("10:35")]],
    [
      "a role of another account",
      [
        opened("09:00"),
        roleGone("10:00").replace(/"recipientAccountId":"\d+"/, '"recipientAccountId":"444455556666"'),
        used("10:35"),
      ],
    ],
    [
      "a deletion that IAM refused",
      [
        opened("09:00"),
        roleGone("10:00").replace('"eventName"', '"errorCode":"DeleteConflictException","eventName"'),
        used("10:35"),
      ],
    ],
    [
      "a role that was made again under the name",
      [opened("09:00"), roleGone("10:00"), opened("10:05", NEW), used("10:35", { id: NEW })],
    ],
    ["whoever was not seen before the deletion", [roleGone("10:00"), used("10:35")]],
    ["nodes", [opened("09:00"), roleGone("10:00"), used("10:35", { node: true })]],
    ["a key within the life of a token", [keyGone("10:00"), bob("10:19")]],
    ["another key of the same user", [keyGone("10:00"), bob("10:35", 200, USER, "AKIAEXAMPLEBOB000002")]],
    ["an active key", [keyStatus("10:00", "Active"), bob("10:35")]],
    ["a key that was reactivated", [keyStatus("10:00", "Inactive"), keyStatus("10:20", "Active"), bob("10:35")]],
    [
      "a key that its own user deactivated and reactivated",
      ((self: object) => [keyStatus("10:00", "Inactive", self), keyStatus("10:20", "Active", self), bob("10:35")])({
        ...{ type: "IAMUser", principalId: USER, accountId: ACCOUNT, userName: "bob" },
        arn: `arn:aws:iam::${ACCOUNT}:user/bob`,
      }),
    ],
    [
      "a session opened after the others were revoked",
      [opened("09:00", OLD, "ASIAEXAMPLEGUEST0002"), sessionsRevoked("10:00"), opened("10:05"), used("10:35")],
    ],
    ["a session of which nobody knows when it was opened", [used("09:00"), sessionsRevoked("10:00"), used("10:35")]],
    [
      "a session opened after the time that the policy names",
      [
        opened("08:00", OLD, "ASIAEXAMPLEGUEST0002"),
        opened("09:00"),
        sessionsRevoked("10:00", denial("2026-11-22T08:30:00Z")),
        used("10:35"),
      ],
    ],
    [
      "a session opened after a policy that reaches into the future",
      [used("09:00"), sessionsRevoked("10:00", denial("2030-01-01T00:00:00Z")), opened("10:05"), used("10:35")],
    ],
    [
      "a policy that was deleted again",
      [opened("09:00"), sessionsRevoked("10:00"), policyGone("10:20"), used("10:35")],
    ],
    [
      "a policy that was overwritten",
      [opened("09:00"), sessionsRevoked("10:00"), sessionsRevoked("10:20", '{"Statement":[]}'), used("10:35")],
    ],
    [
      "a policy that allows what is old",
      [opened("09:00"), sessionsRevoked("10:00", denial("2026-11-22T10:00:00Z", "Allow")), used("10:35")],
    ],
    [
      "a policy that denies what is new",
      [
        opened("09:00"),
        sessionsRevoked("10:00", denial("2026-11-22T10:00:00Z", "Deny", "DateGreaterThan")),
        used("10:35"),
      ],
    ],
    [
      "a policy that denies one thing",
      [
        opened("09:00"),
        sessionsRevoked("10:00", denial("2026-11-22T10:00:00Z").replace('["*"]', '["s3:*"]')),
        used("10:35"),
      ],
    ],
    [
      "a password that was deleted",
      [bob("09:00"), iam("10:00", "DeleteLoginProfile", { userName: "bob" }), bob("10:35")],
    ],
  ])("%s", async (_, lines) => {
    expect((await findings(...lines)).map(({ title }) => title)).toEqual([]);
  });
});
