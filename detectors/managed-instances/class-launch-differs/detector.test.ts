import { describe, expect, it } from "vitest";
import { classWritten, type LaunchLooks, launchedBy, nodeOf } from "../../../test/support/associations.ts";
import { users } from "../../../test/support/events.ts";
import { ledgerFlow } from "../../../test/support/ledger.ts";
import { detector } from "./detector.ts";

const instance = (index: number): string => `i-0a1b2c3d4e5f6000${index}`;
const before = [1, 2, 3].map((index) => launchedBy(`0${index}:00`, instance(index)));
const written = classWritten("09:00");
const later = (looks: LaunchLooks = {}, at = "10:00"): string => launchedBy(at, instance(9), looks);
const OWN_KEY = "arn:aws:kms:eu-central-1:111122223333:key/1";
const THEIR_KEY = "arn:aws:kms:eu-central-1:444455556666:key/2";
const findings = async (lines: readonly string[], config: object = {}) =>
  (await ledgerFlow(lines, { detectors: [detector], config: { version: 1, ...config } })).findings;

describe("managed-instances/class-launch-differs finds", () => {
  it.each<[string, LaunchLooks, string, string]>([
    ["a public address", { public: true }, "critical", "a public address"],
    ["another profile of a role that is not known", { profile: "admin" }, "high", "another instance profile: admin"],
    ["a foreign key", { key: THEIR_KEY }, "critical", `another encryption key: ${THEIR_KEY}, of another account`],
    ["another key of one's own", { key: OWN_KEY }, "high", `another encryption key: ${OWN_KEY}`],
    [
      "another security group",
      { group: "sg-0eeeeeeeeeeee0001" },
      "high",
      "another security group: sg-0eeeeeeeeeeee0001",
    ],
    ["another subnet", { subnet: "subnet-0eeeeeeeeeee0001" }, "medium", "another subnet: subnet-0eeeeeeeeeee0001"],
    ["another image alone", { image: "ami-0eeeeeeeeeeee0001" }, "low", "another image: ami-0eeeeeeeeeeee0001"],
  ])("%s", async (_, looks, severity, what) => {
    const lines = [...before, written, later(looks)];
    const [finding, ...rest] = await findings(lines);
    expect(rest).toEqual([]);
    expect(finding).toMatchObject({ severity, cluster: "demo", target: "default", reasons: [what] });
    expect(finding?.description).toContain(
      `mallory (role Developer) wrote NodeClass default of cluster demo, and what it launched afterwards has ${what}`,
    );
    expect(finding?.firstSeen).toBe("2026-11-22T09:00:00.000Z");
    const others = await findings([...lines, ...lines].reverse());
    expect(others.map(({ id, severity: its, count }) => [id, its, count])).toEqual([[finding?.id, severity, 1]]);
  });

  it("another role, by the node that comes with it", async () => {
    const lines = [...before, ...[1, 2, 3].map((index) => nodeOf(`0${index}:02`, instance(index))), written, later()];
    expect(await findings([...lines, nodeOf("10:02", instance(9), "Admin")])).toMatchObject([
      { severity: "critical", reasons: ["another role: Admin"] },
    ]);
    expect(await findings([...lines, nodeOf("10:02", instance(9))])).toEqual([]);
    // Of nodes that came earlier no role is known, or of the one that came now.
    expect(await findings([...before, written, later(), nodeOf("10:02", instance(9), "Admin")])).toEqual([]);
    expect(await findings([...lines.slice(0, -1), later({ profile: "admin" })])).toMatchObject([{ severity: "high" }]);
    // The next launch is as it should be: one launch of two is told of.
    const next = [launchedBy("11:00", instance(8)), nodeOf("11:02", instance(8))];
    expect(await findings([...lines, nodeOf("10:02", instance(9), "Admin"), ...next])).toMatchObject([{ count: 1 }]);
    // A profile of another name holds the same role.
    const renamed = [...lines.slice(0, -1), later({ profile: "eks-eu-central-1-demo-2" })];
    expect(await findings([...renamed, nodeOf("10:02", instance(9))])).toEqual([]);
    expect(await findings([...renamed, nodeOf("10:02", instance(9), "Admin")])).toMatchObject([
      { severity: "critical", reasons: ["another instance profile: eks-eu-central-1-demo-2", "another role: Admin"] },
    ]);
  });

  it("a launch after midnight, and one in the week after", async () => {
    expect(
      await findings([...before, classWritten("20:00"), later({ public: true }, "2026-11-23T08:00:00")]),
    ).toHaveLength(1);
    // The week ends between the 25th and the 26th.
    const early = [1, 2, 3].map((index) => launchedBy(`2026-11-24T0${index}:00:00`, instance(index)));
    const late = later({ public: true }, "2026-11-26T08:00:00");
    expect(await findings([...early, classWritten("2026-11-25T20:00:00"), late])).toHaveLength(1);
  });

  it("all differences at once, the worst first in weight", async () => {
    const looks = { public: true, group: "sg-0eeeeeeeeeeee0001" };
    expect(await findings([...before, written, later(looks)])).toMatchObject([{ severity: "critical" }]);
  });

  it("a robot that the site trusts with it, as low, and as medium what nobody means", async () => {
    const user = users.serviceAccount("argocd", "argocd-application-controller", "argocd-0");
    const byRobot = classWritten("09:00", { user });
    expect(await findings([...before, byRobot, later({ group: "sg-0eeeeeeeeeeee0001" })])).toMatchObject([
      {
        severity: "low",
        notExempted: ["service account argocd/argocd-application-controller is listed in gitOps or support"],
      },
    ]);
    expect(await findings([...before, byRobot, later({ public: true })])).toMatchObject([{ severity: "medium" }]);
    const support = { support: ["arn:aws:iam::111122223333:role/Developer"] };
    expect(await findings([...before, written, later({ public: true })], support)).toMatchObject([
      { severity: "medium" },
    ]);
  });

  it("what fleets and templates show, each by itself", async () => {
    const fleet = (line: string, api: string): string =>
      line.replace('"eventName":"RunInstances"', `"eventName":"${api}"`);
    for (const api of ["CreateFleet", "CreateLaunchTemplate"]) {
      const lines = [...before.map((line) => fleet(line, api)), written, fleet(later({ public: true }), api)];
      expect(await findings(lines)).toHaveLength(1);
    }
    expect(await findings([...before, written, fleet(later({ public: true }), "CreateFleet")])).toEqual([]);
  });
});

describe("managed-instances/class-launch-differs stays quiet on", () => {
  const rogue = { public: true };
  it.each<[string, string[]]>([
    ["a launch that looks as those before", [...before, written, later()]],
    ["another look that nobody's write explains", [...before, later(rogue)]],
    ["a write of after the launch", [...before, later(rogue, "08:00"), written]],
    ["a write of more than a day before", [...before, classWritten("05:00"), later(rogue, "2026-11-23T06:00:00")]],
    ["a write of minutes after the launch", [...before, later(rogue, "08:51"), classWritten("08:57")]],
    [
      "a look of the week before",
      [
        later(rogue, "2026-11-18T10:00:00"),
        launchedBy("2026-11-24T10:00:00", instance(1)),
        classWritten("2026-11-25T20:00:00"),
        later(rogue, "2026-11-25T21:00:00"),
      ],
    ],
    ["the first launch of a class", [written, later(rogue)]],
    ["another class", [...before, classWritten("09:00", {}, "gpu"), later(rogue)]],
    ["EKS's own write", [...before, classWritten("09:00", { user: users.serviceLinkedRole() }), later(rogue)]],
    [
      "a report of the class's state",
      [
        ...before,
        written
          .replace("nodeclasses/default", "nodeclasses/default/status")
          .replace('"name":"default"', '"name":"default","subresource":"status"'),
        later(rogue),
      ],
    ],
    [
      "a write that was refused",
      [...before, classWritten("09:00", { responseStatus: { metadata: {}, code: 403 } }), later(rogue)],
    ],
    [
      "a trial run",
      [...before, written.replace("nodeclasses/default", "nodeclasses/default?dryRun=All"), later(rogue)],
    ],
    [
      "a launch by somebody else with EKS's tags",
      [
        ...before,
        written,
        later(rogue).replaceAll("ec2fleet.amazonaws.com", "198.51.100.7").replace(',"invokedBy":"198.51.100.7"', ""),
      ],
    ],
    [
      "a launch that failed",
      [
        ...before,
        written,
        launchedBy("10:00", instance(9), rogue, { errorCode: "Client.InsufficientInstanceCapacity" }),
      ],
    ],
    [
      "another zone's subnet, of a class that was launched twice only",
      [...before.slice(0, 2), written, later({ subnet: "subnet-0eeeeeeeeeee0001" })],
    ],
    ["another look that was there before", [...before, later(rogue, "07:00"), written, later(rogue)]],
    [
      "a profile that such calls did not show before",
      [
        ...before.map((line) => line.replace(/"iamInstanceProfile":\{[^}]*\}/, '"other":{}')),
        written,
        later({ profile: "admin" }),
      ],
    ],
  ])("%s", async (_, lines) => {
    expect(await findings(lines)).toEqual([]);
    expect(await findings([...lines].reverse())).toEqual([]);
  });
});
