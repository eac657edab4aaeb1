import {
  ACCOUNT_ID,
  CLUSTER_NAME,
  EMAIL,
  LOG_GROUP,
  LOG_RETENTION_DAYS,
  MAX_HUB_ROLES,
  parameters,
  ROLE_ARN,
} from "../parameters.ts";
import type { CrosstrailProps } from "./props.ts";

/** Where a stack goes, as far as it is known at synthesis. */
export interface Place {
  readonly account: string | undefined;
  readonly region: string | undefined;
}

const CLUSTER_ARN = /^arn:[^:]+:eks:([^:]*):([^:]*):cluster\/(.+)$/;
const whole = (pattern: string): RegExp => new RegExp(`^${pattern}$`);

/** The names of clusters given by name or ARN. What is wrong is told to `problem`. */
function clusterNames(clusters: readonly string[], place: Place, problem: (text: string) => void): readonly string[] {
  return clusters.map((cluster) => {
    if (whole(CLUSTER_NAME).test(cluster)) return cluster;
    const [, region = "", account = "", name = ""] = CLUSTER_ARN.exec(cluster) ?? [];
    if (!whole(CLUSTER_NAME).test(name)) {
      problem(
        `clusters: "${cluster}" is neither the name of an EKS cluster nor its ARN. Give it as "prod" or as "arn:aws:eks:eu-central-1:111122223333:cluster/prod".`,
      );
      return cluster;
    }
    if (place.region === undefined || place.account === undefined)
      problem(
        `clusters: "${cluster}" names an account and a Region, and the stack does not. Give the stack its env: { account, region }, or the cluster by its name.`,
      );
    else if (region !== place.region)
      problem(
        `clusters: "${cluster}" is in ${region} and the stack in ${place.region}. A subscription filter cannot leave its Region: deploy a stack in ${region}, too.`,
      );
    else if (account !== place.account)
      problem(
        `clusters: "${cluster}" is in account ${account} and the stack in ${place.account}. Name the account in sourceAccounts, and subscribe the cluster's log group there to the destination of this stack.`,
      );
    return name;
  });
}

/** Holds what a deployment chose against what is possible. Throws one Error with a sentence for each thing that is wrong and how to mend it; gives the clusters' names. */
export function validate(props: CrosstrailProps, place: Place): readonly string[] {
  const problems: string[] = [];
  const problem = (text: string): void => void problems.push(text);
  const names = clusterNames(props.clusters ?? [], place, problem);

  for (const name of new Set(names.filter((one, index) => names.indexOf(one) !== index)))
    problem(
      `clusters: "${name}" stands there twice. A log group takes two subscription filters; leave one of them out.`,
    );
  if (names.length === 0 && (props.sourceAccounts ?? []).length === 0)
    problem("Nothing to watch: name a cluster in clusters, or accounts that send theirs in sourceAccounts.");
  if (props.trailLogGroup === undefined && props.trailEvents !== true)
    problem(
      "Both ways for CloudTrail are off, and crosstrail reads both trails: name the trail's log group in trailLogGroup, or set trailEvents for EventBridge.",
    );
  if (props.trailLogGroup !== undefined && !whole(LOG_GROUP).test(props.trailLogGroup))
    problem(`trailLogGroup: "${props.trailLogGroup}" is not the name of a log group. Give the name, not the ARN.`);
  for (const account of misfits(props.sourceAccounts, ACCOUNT_ID))
    problem(`sourceAccounts: "${account}" is not the id of an account, which has twelve digits.`);
  roles(props, problem);
  for (const email of misfits(props.emails, EMAIL))
    problem(`emails: "${email}" is not an address. Give each as "user@example.com".`);
  range("StreamShards", props.streamShards, problem);
  range("StreamRetentionHours", props.streamRetentionHours, problem);
  range("QuarantineDays", props.quarantineDays, problem);
  const days = props.logRetentionDays;
  if (days !== undefined && !LOG_RETENTION_DAYS.includes(days))
    problem(`logRetentionDays: CloudWatch Logs does not know ${days} days. It knows ${LOG_RETENTION_DAYS.join(", ")}.`);
  if (props.keyHasGrants === true && props.key === undefined)
    problem("keyHasGrants says something about a key, and there is none: give the key, or leave it out.");

  if (problems.length > 0) throw new Error(`crosstrail cannot be deployed so:\n${problems.join("\n")}`);
  return names;
}

const misfits = (values: readonly string[] = [], pattern: string): readonly string[] =>
  values.filter((value) => !whole(pattern).test(value));

function roles({ hubRoles = [], securityHub = true }: CrosstrailProps, problem: (text: string) => void): void {
  const unfit = misfits(hubRoles, ROLE_ARN);
  for (const role of unfit)
    problem(
      `hubRoles: "${role}" is not the ARN of a role. Give each as "arn:aws:iam::444455556666:role/crosstrail-findings".`,
    );
  const accounts = hubRoles.map((role) => role.split(":")[4]);
  for (const account of new Set(accounts.filter((one, index) => accounts.indexOf(one) !== index)))
    problem(`hubRoles: two are of account ${account}, and its findings can go there once. Leave one of them out.`);
  if (hubRoles.length > MAX_HUB_ROLES)
    problem(`hubRoles: ${hubRoles.length} are more than a function can be told, which are ${MAX_HUB_ROLES}.`);
  if (hubRoles.length > 0 && !securityHub)
    problem("hubRoles says where findings go in Security Hub, and securityHub is off: turn it on, or leave them out.");
}

type Ranged = "StreamShards" | "StreamRetentionHours" | "QuarantineDays";

function range(name: Ranged, value: number | undefined, problem: (text: string) => void): void {
  const { prop, min, max } = parameters[name];
  if (value === undefined || (Number.isInteger(value) && value >= min && value <= max)) return;
  problem(`${prop}: ${value} is not a whole number from ${min} to ${max}.`);
}
