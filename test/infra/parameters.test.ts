import { join } from "node:path";
import { type App, Stack } from "aws-cdk-lib";
import { Key } from "aws-cdk-lib/aws-kms";
import fc from "fast-check";
import { beforeAll, describe, expect, it } from "vitest";
import { Crosstrail } from "../../infra/cdk/crosstrail.ts";
import type { CrosstrailProps } from "../../infra/cdk/props.ts";
import { parameterGroups, parameters } from "../../infra/parameters.ts";
import { keyGrants } from "../../infra/rights.ts";
import { samTemplate, synthesise } from "../support/both-stacks.ts";
import { emptyBundles } from "../support/bundles.ts";
import { type Choice, choices, parametersOf, propsOf } from "../support/choices.ts";
import { type Given, refusals } from "../support/template/refusals.ts";
import type { Template } from "../support/template/template.ts";
import { attempt } from "../tools/command.ts";
import { root } from "../tools/folders.ts";

let sam: Template;
beforeAll(async () => {
  sam = await samTemplate();
}, 900_000);

const HERE = { account: "111122223333", region: "eu-central-1" };
const good = { clusters: ["prod"], trailLogGroup: "trail" } satisfies Choice;
const goodGiven = { Clusters: "prod", TrailLogGroup: "trail" };
const cluster = (region: string, account: string): string => `arn:aws:eks:${region}:${account}:cluster/prod`;

/** What synthesis says of a choice. */
function said(
  props: CrosstrailProps | ((scope: Stack) => CrosstrailProps),
  env: typeof HERE | undefined = HERE,
): string {
  try {
    synthesise((scope) => (typeof props === "function" ? props(scope) : props), env);
    return "";
  } catch (error) {
    return error instanceof Error ? error.message : String(error);
  }
}

const HUB_ROLE = "arn:aws:iam::444455556666:role/crosstrail-findings";
const MANY_ROLES = Array.from({ length: 41 }, (_, n) => HUB_ROLE.replace("444455556666", String(444455556666 + n)));
const NO_ARNS = /^Clusters: names of EKS clusters .*no ARNs.* 10 at most/;
type Row = readonly [what: string, props: CrosstrailProps, cdk: RegExp, given: Given, sam: RegExp];

describe("both refuse, with a sentence that says how to mend it,", () => {
  it.each<Row>([
    [
      "a cluster that is neither a name nor an ARN",
      { ...good, clusters: ["prod cluster"] },
      /"prod cluster" is neither the name of an EKS cluster nor its ARN\. Give it as "prod"/,
      ...([{ ...goodGiven, Clusters: "prod cluster" }, NO_ARNS] as const),
    ],
    [
      "a cluster of another Region",
      { ...good, clusters: [cluster("us-east-1", HERE.account)] },
      /is in us-east-1 and the stack in eu-central-1\..* deploy a stack in us-east-1, too/,
      ...([{ ...goodGiven, Clusters: cluster("us-east-1", HERE.account) }, NO_ARNS] as const),
    ],
    [
      "a cluster of another account",
      { ...good, clusters: [cluster(HERE.region, "444455556666")] },
      /is in account 444455556666 and the stack in 111122223333\. Name the account in sourceAccounts/,
      ...([{ ...goodGiven, Clusters: cluster(HERE.region, "444455556666") }, NO_ARNS] as const),
    ],
    [
      "a cluster given twice",
      { ...good, clusters: ["prod", "stage", "prod"] },
      /"prod" stands there twice\..* leave one of them out/,
      ...([{ ...goodGiven, Clusters: "prod,stage,prod" }, /each once/] as const),
    ],
    [
      "a cluster given twice, once by its ARN",
      { ...good, clusters: ["prod", cluster(HERE.region, HERE.account)] },
      /"prod" stands there twice/,
      ...([{ ...goodGiven, Clusters: `prod,${cluster(HERE.region, HERE.account)}` }, NO_ARNS] as const),
    ],
    [
      "nothing to watch",
      { trailEvents: true },
      /Nothing to watch: name a cluster in clusters, or accounts that send theirs in sourceAccounts/,
      ...([
        { TrailEvents: "on" },
        /^Nothing to watch: name a cluster in Clusters, or accounts .* in SourceAccounts/,
      ] as const),
    ],
    [
      "no way for CloudTrail",
      { clusters: ["prod"] },
      /Both ways for CloudTrail are off.* trailLogGroup, or set trailEvents/,
      ...([
        { Clusters: "prod" },
        /^Both ways for CloudTrail are off.* TrailLogGroup, or set TrailEvents to on/,
      ] as const),
    ],
    [
      "a log group by its ARN",
      { ...good, trailLogGroup: "arn:aws:logs:eu-central-1:111122223333:log-group:trail" },
      /is not the name of a log group\. Give the name, not the ARN/,
      { ...goodGiven, TrailLogGroup: "arn:aws:logs:eu-central-1:111122223333:log-group:trail" },
      /^TrailLogGroup: the name of a log group, not an ARN/,
    ],
    [
      "an account that is none",
      { ...good, sourceAccounts: ["444455556666", "4444"] },
      /sourceAccounts: "4444" is not the id of an account, which has twelve digits/,
      ...([
        { ...goodGiven, SourceAccounts: "444455556666,4444" },
        /^SourceAccounts: ids of accounts, of twelve digits/,
      ] as const),
    ],
    [
      "a role for Security Hub by its name",
      { ...good, hubRoles: [HUB_ROLE, "crosstrail-findings"] },
      /hubRoles: "crosstrail-findings" is not the ARN of a role\. Give each as "arn:aws:iam::444455556666:role/,
      ...([
        { ...goodGiven, HubRoles: `${HUB_ROLE},crosstrail-findings` },
        /^HubRoles: ARNs of roles, 40 at most and one of each account/,
      ] as const),
    ],
    [
      "two roles for Security Hub of one account",
      { ...good, hubRoles: [HUB_ROLE, `${HUB_ROLE}-2`] },
      /hubRoles: two are of account 444455556666, and its findings can go there once/,
      ...([{ ...goodGiven, HubRoles: `${HUB_ROLE},${HUB_ROLE}-2` }, /^HubRoles: .* one of each account/] as const),
    ],
    [
      "roles for Security Hub where it is off",
      { ...good, hubRoles: [HUB_ROLE], securityHub: false },
      /hubRoles says where findings go in Security Hub, and securityHub is off: turn it on, or leave them out/,
      ...([
        { ...goodGiven, HubRoles: HUB_ROLE, SecurityHub: "off" },
        /^HubRoles says where findings go in Security Hub, and SecurityHub is off/,
      ] as const),
    ],
    [
      "more roles for Security Hub than a function can be told",
      { ...good, hubRoles: MANY_ROLES },
      /hubRoles: 41 are more than a function can be told, which are 40/,
      ...([{ ...goodGiven, HubRoles: MANY_ROLES.join(",") }, /^HubRoles: ARNs of roles, 40 at most/] as const),
    ],
    [
      "an address that is none",
      { ...good, emails: ["user@example.com", "user"] },
      /emails: "user" is not an address\. Give each as "user@example\.com"/,
      ...([{ ...goodGiven, Emails: "user@example.com,user" }, /^Emails: addresses, 5 at most, with commas/] as const),
    ],
    [
      "records kept for less than a day",
      { ...good, streamRetentionHours: 23 },
      /streamRetentionHours: 23 is not a whole number from 24 to 8760/,
      ...([{ ...goodGiven, StreamRetentionHours: 23 }, /^StreamRetentionHours: "23" is not allowed/] as const),
    ],
    [
      "more shards than there are",
      { ...good, streamShards: 10_001 },
      /streamShards: 10001 is not a whole number from 0 to 10000/,
      ...([{ ...goodGiven, StreamShards: 10_001 }, /^StreamShards: "10001" is not allowed/] as const),
    ],
    [
      "a quarantine that keeps nothing",
      { ...good, quarantineDays: 0 },
      /quarantineDays: 0 is not a whole number from 1 to 3650/,
      ...([{ ...goodGiven, QuarantineDays: 0 }, /^QuarantineDays: "0" is not allowed/] as const),
    ],
    [
      "days that CloudWatch Logs does not know",
      { ...good, logRetentionDays: 100 as 90 },
      /logRetentionDays: CloudWatch Logs does not know 100 days\. It knows 1, 3, 5/,
      ...([{ ...goodGiven, LogRetentionDays: 100 }, /^LogRetentionDays: "100" is not allowed/] as const),
    ],
    [
      "grants of a key that is not there",
      { ...good, keyHasGrants: true },
      /keyHasGrants says something about a key, and there is none: give the key, or leave it out/,
      ...([
        { ...goodGiven, KeyHasGrants: "yes" },
        /^KeyHasGrants says something about a key, and there is none/,
      ] as const),
    ],
  ])("%s", (_, props, cdk, given, template) => {
    expect(said(props)).toMatch(cdk);
    // Of SAM one sentence: nothing else is wrong with it.
    expect(refusals(sam, given)).toEqual([expect.stringMatching(template)]);
  });

  it("a key from elsewhere that nobody says has the statements: CDK's message has them", () => {
    const arn = "arn:aws:kms:eu-central-1:111122223333:key/1234abcd";
    const message = said((scope) => ({ ...good, key: Key.fromKeyArn(scope, "Given", arn) }));
    const statements = JSON.parse(message.slice(message.indexOf("["), message.lastIndexOf("]") + 1));
    expect(statements.map(({ Sid, Action }: { Sid: string; Action: unknown }) => [Sid, Action])).toEqual(
      keyGrants.map(({ sid, actions }) => [sid, actions]),
    );
    expect(message).toMatch(/Put these statements into it, then set keyHasGrants: true/);
    expect(refusals(sam, { ...goodGiven, KeyArn: arn })).toEqual([
      expect.stringMatching(/^The policy of the key in KeyArn cannot be changed.* then set KeyHasGrants to yes/),
    ]);
  });
});

describe("CDK", () => {
  it("takes a cluster by its ARN, of the account and Region of the stack", () => {
    expect(said({ ...good, clusters: [cluster(HERE.region, HERE.account)] })).toBe("");
  });

  it("asks for an account and a Region where a cluster names one and the stack does not", () => {
    const { template: made } = synthesise(() => good);
    expect(Object.keys(made.Resources).length).toBeGreaterThan(0);
    expect(() => synthesise(() => ({ ...good, clusters: [cluster(HERE.region, HERE.account)] }))).toThrow(
      /names an account and a Region, and the stack does not\. Give the stack its env/,
    );
  });

  it("takes one construct in a stack, as names are made of the stack's, and a second in another", () => {
    const twice = (apart: boolean) =>
      synthesise((stack) => {
        const app = stack.node.root as App;
        new Crosstrail(apart ? new Stack(app, "other") : stack, "Other", {
          ...good,
          bundles: emptyBundles(app.outdir),
        });
        return good;
      });
    expect(() => twice(false)).toThrow(/A stack takes one Crosstrail.* Give the other a stack of its own/);
    expect(Object.keys(twice(true).template.Resources).length).toBeGreaterThan(0);
  });

  it("says it in sentences where its own CLI runs the app, and not where it was thrown", async () => {
    const { code, stderr } = await attempt(process.execPath, [join(root, "infra", "cdk", "app.ts")]);
    expect([code, stderr.split("\n").slice(0, 2)]).toEqual([
      1,
      ["crosstrail cannot be deployed so:", expect.stringMatching(/^Nothing to watch: name a cluster/)],
    ]);
    expect(stderr).not.toContain("    at ");
  });

  it("says everything that is wrong at once", () => {
    const message = said({ clusters: [], sourceAccounts: ["1"], emails: ["x"] });
    expect(message.split("\n").slice(1)).toHaveLength(3);
  });
});

describe("the SAM template", () => {
  it("takes ten clusters and refuses an eleventh, which has no place", () => {
    const clusters = (many: number) => Array.from({ length: many }, (_, index) => `cluster-${index}`).join(",");
    expect(refusals(sam, { ...goodGiven, Clusters: clusters(10) })).toEqual([]);
    expect(refusals(sam, { ...goodGiven, Clusters: clusters(11) })).toEqual([expect.stringMatching(NO_ARNS)]);
  });

  it("takes five addresses and refuses a sixth", () => {
    const addresses = (many: number) => Array.from({ length: many }, (_, index) => `u${index}@example.com`).join(",");
    expect(refusals(sam, { ...goodGiven, Emails: addresses(5) })).toEqual([]);
    expect(refusals(sam, { ...goodGiven, Emails: addresses(6) })).toHaveLength(1);
  });

  it("sees a cluster twice wherever it stands, and never where names only begin or end alike", () => {
    const name = fc.constantFrom("a", "b", "ab", "ba", "aa", "a-b", "prod", "prod-2");
    fc.assert(
      fc.property(fc.array(name, { minLength: 1, maxLength: 10 }), (names) => {
        const refused = refusals(sam, { ...goodGiven, Clusters: names.join(",") }).length > 0;
        expect(refused).toBe(new Set(names).size < names.length);
      }),
      { numRuns: 500 },
    );
  });

  it.each(["prod,", ",prod", "prod,,stage", "prod, stage", " "])("refuses the list %j", (Clusters) => {
    expect(refusals(sam, { ...goodGiven, Clusters })).toHaveLength(1);
  });

  it.each(["arn:aws:kms:eu-central-1:111122223333:alias/mine", "1234abcd"])("refuses the key %s", (KeyArn) => {
    expect(refusals(sam, { ...goodGiven, KeyArn, KeyHasGrants: "yes" })).toEqual([
      expect.stringMatching(/^KeyArn: the ARN of a KMS key, not of an alias/),
    ]);
  });

  it("asks for every parameter in one group, with a label", () => {
    expect(parameterGroups.flatMap(({ names }) => names).toSorted()).toEqual(Object.keys(parameters).toSorted());
  });
});

it.each(Object.entries(choices))("neither refuses %s", (_, choice) => {
  expect(refusals(sam, parametersOf(choice))).toEqual([]);
  expect(said((scope) => propsOf(choice, scope))).toBe("");
});

it("no rule is idle: each is broken by some choice", () => {
  const wrong: readonly Given[] = [
    ...[{ TrailEvents: "on" }, { Clusters: "prod" }, { ...goodGiven, KeyHasGrants: "yes" }],
    { ...goodGiven, KeyArn: "arn:aws:kms:eu-central-1:111122223333:key/1" },
    { ...goodGiven, HubRoles: HUB_ROLE, SecurityHub: "off" },
  ];
  const broken = new Set(wrong.flatMap((given) => refusals(sam, given)));
  expect(broken.size).toBe(Object.keys(sam.Rules ?? {}).length);
});
