import { type IKey, Key } from "aws-cdk-lib/aws-kms";
import { type ITopic, Topic } from "aws-cdk-lib/aws-sns";
import type { Construct } from "constructs";
import fc from "fast-check";
import type { CrosstrailProps } from "../../infra/cdk/props.ts";
import { LOG_RETENTION_DAYS, MAX_CLUSTERS, MAX_EMAILS, type ParameterName } from "../../infra/parameters.ts";
import { compact } from "../../schemas/json.ts";

/** What somebody deploys: one value for the construct and for the template. What is not chosen is left out of both, so that defaults are compared, too. */
export type Choice = Omit<CrosstrailProps, "key" | "alarmTopic" | "keyHasGrants" | "bundles"> & {
  /** ARNs of what is there already. */
  readonly key?: string;
  readonly alarmTopic?: string;
};

/** As properties of the construct in `scope`. */
export function propsOf({ key, alarmTopic, ...rest }: Choice, scope: Construct): CrosstrailProps {
  const given = (arn: string): IKey => Key.fromKeyArn(scope, "GivenKey", arn);
  const told = (arn: string): ITopic => Topic.fromTopicArn(scope, "GivenTopic", arn);
  return {
    ...rest,
    ...(key === undefined ? {} : { key: given(key), keyHasGrants: true }),
    ...(alarmTopic === undefined ? {} : { alarmTopic: told(alarmTopic) }),
  };
}

const onOff = (value: boolean | undefined): string | undefined => {
  if (value === undefined) return;
  return value ? "on" : "off";
};

/** As parameters of the template. */
export function parametersOf(choice: Choice): Readonly<Partial<Record<ParameterName, string | number>>> {
  return compact({
    ...{ Clusters: choice.clusters?.join(","), SourceAccounts: choice.sourceAccounts?.join(",") },
    ...{ TrailLogGroup: choice.trailLogGroup, TrailEvents: onOff(choice.trailEvents) },
    ...{ StreamShards: choice.streamShards, StreamRetentionHours: choice.streamRetentionHours },
    ...{ SecurityHub: onOff(choice.securityHub), Emails: choice.emails?.join(","), NotifyFormat: choice.notifyFormat },
    HubRoles: choice.hubRoles?.join(","),
    ...{ KeyArn: choice.key, KeyHasGrants: choice.key === undefined ? undefined : "yes" },
    ...{ LogRetentionDays: choice.logRetentionDays, QuarantineDays: choice.quarantineDays },
    ...{ AlarmTopicArn: choice.alarmTopic, Shadow: onOff(choice.shadow) },
  });
}

const roleIn = (of: string, called = "crosstrail-findings"): string => `arn:aws:iam::${of}:role/${called}`;
const trails: Choice = { clusters: ["prod"], trailLogGroup: "trail" };
const all: Choice = {
  ...{ clusters: ["prod", "stage"], sourceAccounts: ["444455556666", "777788889999"] },
  ...{ trailLogGroup: "aws/trail", trailEvents: true, emails: ["user@example.com", "soc@example.com"] },
  hubRoles: [roleIn("444455556666"), roleIn("777788889999", "security/findings")],
};
const KEY = "arn:aws:kms:eu-central-1:111122223333:key/1234abcd-12ab-34cd-56ef-1234567890ab";
const PAGER = "arn:aws:sns:eu-central-1:111122223333:pager";

/** Choices with names: each turns over something that the others leave. */
export const choices: Readonly<Record<string, Choice>> = {
  "one cluster and a trail's log group": trails,
  "everything that can be watched": all,
  "other accounts alone": { sourceAccounts: ["444455556666"], trailEvents: true },
  "no Security Hub": { ...all, securityHub: false, hubRoles: [] },
  "a key from elsewhere": { ...all, key: KEY },
  shards: { ...trails, streamShards: 4, streamRetentionHours: 168 },
  "a topic of alarms from elsewhere": { ...all, alarmTopic: PAGER },
  "on trial": { ...trails, shadow: true, notifyFormat: "chat" },
  days: { ...trails, logRetentionDays: 365, quarantineDays: 7 },
  "as many clusters and addresses as there are places": {
    ...{ ...trails, clusters: Array.from({ length: MAX_CLUSTERS }, (_, index) => `cluster-${index}`) },
    emails: Array.from({ length: MAX_EMAILS }, (_, index) => `user${index}@example.com`),
  },
};

const name = fc.stringMatching(/^[0-9A-Za-z][0-9A-Za-z_-]{0,20}$/);
const account = fc.stringMatching(/^[0-9]{12}$/);
const maybe = <T>(value: fc.Arbitrary<T>) => fc.option(value, { nil: undefined });

/** Any choice that can be deployed. */
export const anyChoice: fc.Arbitrary<Choice> = fc
  .record({
    clusters: maybe(fc.uniqueArray(name, { maxLength: MAX_CLUSTERS })),
    sourceAccounts: maybe(fc.array(account, { maxLength: 4 })),
    trailLogGroup: maybe(fc.stringMatching(/^[A-Za-z0-9_/.#-]{1,30}$/)),
    trailEvents: maybe(fc.boolean()),
    streamShards: maybe(fc.nat({ max: 5 })),
    streamRetentionHours: maybe(fc.integer({ min: 24, max: 8_760 })),
    securityHub: maybe(fc.boolean()),
    hubRoles: maybe(fc.uniqueArray(account, { maxLength: 4 }).map((accounts) => accounts.map((one) => roleIn(one)))),
    emails: maybe(
      fc.array(
        name.map((local) => `${local}@example.com`),
        { maxLength: MAX_EMAILS },
      ),
    ),
    notifyFormat: maybe(fc.constantFrom("text" as const, "chat" as const)),
    key: maybe(fc.constant(KEY)),
    logRetentionDays: maybe(fc.constantFrom(...LOG_RETENTION_DAYS)),
    quarantineDays: maybe(fc.integer({ min: 1, max: 3_650 })),
    alarmTopic: maybe(fc.constant(PAGER)),
    shadow: maybe(fc.boolean()),
  })
  .map((choice): Choice => compact(choice))
  .filter(({ clusters = [], sourceAccounts = [] }) => clusters.length + sourceAccounts.length > 0)
  .filter(({ hubRoles = [], securityHub }) => hubRoles.length === 0 || securityHub !== false)
  .filter(({ trailLogGroup, trailEvents }) => trailLogGroup !== undefined || trailEvents === true);
