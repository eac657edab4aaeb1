import {
  type AccountPolicy,
  type CloudWatchLogsClient,
  DescribeAccountPoliciesCommand,
  DescribeSubscriptionFiltersCommand,
  type SubscriptionFilter,
  TestMetricFilterCommand,
} from "@aws-sdk/client-cloudwatch-logs";
import { text } from "../../schemas/json.ts";
import type { Command } from "./command.ts";
import {
  type Ask,
  check,
  missing,
  notApplicable,
  ok,
  once,
  pages,
  type Result,
  unlessAbsent,
  type Verdict,
} from "./result.ts";
import type { Sample } from "./samples.ts";
import { listOf } from "./when.ts";

type Client = Pick<CloudWatchLogsClient, "send">;

export interface SubscriptionContext {
  /** `cluster prod`, `CloudTrail`. */
  readonly of: string;
  readonly group: string;
  /** ARNs of the stack's stream, its destination, and the role that may write to the stream; undefined without a stack. Rejects where the stack cannot be read. */
  readonly ours: (ask: Ask) => Promise<readonly string[] | undefined>;
  /** Events that a pattern must let through, and one that lets them through. */
  readonly samples: readonly Sample[];
  readonly pattern: string;
  readonly command: Command;
}

/** What of a log group reaches the stream. */
export interface Subscribed {
  /** Undefined where there is no group. */
  readonly filters: readonly SubscriptionFilter[] | undefined;
  readonly policies: readonly AccountPolicy[];
}

/** A log group takes two filters; a policy of the account counts apart (API reference, PutSubscriptionFilter and PutAccountPolicy). */
const PLACES = 2;

export function checkSubscription(logs: Client, context: SubscriptionContext): readonly Promise<Result>[] {
  const { of, group, samples, pattern, command } = context;
  const about = { of: `log group ${group}`, action: "logs:DescribeSubscriptionFilters" };
  const filters = once(() => unlessAbsent(filtersOf(logs, group), /^ResourceNotFoundException$/));
  const policies = once(() => policiesOf(logs));
  const subscribed = async (ask: Ask, ours: readonly string[] | undefined): Promise<Subscribed> => {
    const found = await ask(about, filters());
    // Whoever finds the filter needs no right to look for a policy.
    if (ours === undefined || found === undefined || found.some((filter) => isOurs(filter, ours)))
      return { filters: found, policies: [] };
    const question = { of: "the account's subscription policy", action: "logs:DescribeAccountPolicies" };
    return { filters: found, policies: await ask(question, policies()) };
  };
  return [
    check(of, "subscription filter", async (ask) => {
      const ours = await context.ours(ask);
      return subscriptionVerdict(await subscribed(ask, ours), { group, ours, pattern, command });
    }),
    check(of, "filter pattern", async (ask) => {
      const ours = await context.ours(ask);
      if (ours === undefined) return notApplicable("Without --stack no filter is known to be crosstrail's.");
      const filter = filterOf(await subscribed(ask, ours), group, ours);
      if (filter === undefined) return notApplicable("There is no filter of the stack's on it.");
      if (filter.pattern.trim() === "") return patternVerdict(filter, { lost: [], group, fine: pattern, command });
      // Its syntax is that of metric filters, and AWS alone knows all of it (API reference, PutSubscriptionFilter and TestMetricFilter).
      const question = { of: "the filter pattern", action: "logs:TestMetricFilter" };
      const tested = new TestMetricFilterCommand({
        filterPattern: filter.pattern,
        logEventMessages: samples.map(({ message }) => message),
      });
      const { matches = [] } = await ask(question, logs.send(tested));
      const kept = new Set(matches.map(({ eventMessage }) => eventMessage));
      const lost = samples.filter(({ message }) => !kept.has(message)).map(({ name }) => name);
      return patternVerdict(filter, { lost, group, fine: pattern, command });
    }),
  ];
}

const filtersOf = (logs: Client, logGroupName: string): Promise<readonly SubscriptionFilter[]> =>
  pages(async (nextToken) => {
    const command = new DescribeSubscriptionFiltersCommand({ logGroupName, ...(nextToken && { nextToken }) });
    const { subscriptionFilters: items, nextToken: next } = await logs.send(command);
    return { items, next };
  });

const policiesOf = (logs: Client): Promise<readonly AccountPolicy[]> =>
  pages(async (nextToken) => {
    const command = new DescribeAccountPoliciesCommand({
      ...{ policyType: "SUBSCRIPTION_FILTER_POLICY", ...(nextToken && { nextToken }) },
    });
    const { accountPolicies: items, nextToken: next } = await logs.send(command);
    return { items, next };
  });

const isOurs = ({ destinationArn = "" }: SubscriptionFilter, ours: readonly string[]): boolean =>
  ours.includes(destinationArn);

/** A filter of ours, or the policy of the account that stands for one. */
export interface OurFilter {
  readonly name: string;
  readonly pattern: string;
  readonly destination: string;
  readonly role?: string;
  readonly policy: boolean;
  /** It sends what a transformer of the log group has made of the events. */
  readonly transformed?: boolean;
}

export function filterOf(
  { filters = [], policies }: Subscribed,
  group: string,
  ours: readonly string[],
): OurFilter | undefined {
  const filter = filters.find((one) => isOurs(one, ours));
  if (filter !== undefined) {
    const { filterName: name = "", filterPattern: pattern = "", destinationArn: destination = "" } = filter;
    const { roleArn: role, applyOnTransformedLogs: transformed = false } = filter;
    return { name, pattern, destination, ...(role && { role }), policy: false, transformed };
  }
  const found = policies.map(policyOf).find(({ destination, but }) => ours.includes(destination) && !but(group));
  return found;
}

/** `policyDocument` is JSON; the only selection is `LogGroupName NOT IN ["a", "b"]` (API reference, PutAccountPolicy). */
function policyOf({ policyName: name = "", policyDocument = "", selectionCriteria = "" }: AccountPolicy) {
  const document = parsed(policyDocument);
  return {
    ...{ name, pattern: text(document, "FilterPattern") ?? "", destination: text(document, "DestinationArn") ?? "" },
    policy: true,
    but: (group: string): boolean => selectionCriteria.includes(`"${group}"`),
  };
}

function parsed(json: string): unknown {
  try {
    return JSON.parse(json);
  } catch {
    return undefined;
  }
}

interface Subscription {
  readonly group: string;
  readonly pattern: string;
  readonly ours: readonly string[] | undefined;
  readonly command: Command;
}

export function subscriptionVerdict(subscribed: Subscribed, context: Subscription): Verdict {
  const { group, ours, command } = context;
  const { filters } = subscribed;
  if (filters === undefined) return missing(`There is no log group ${group}.`);
  const places = filters.map(
    ({ filterName = "", destinationArn = "" }) => `${filterName} to ${destinationArn.split(":").slice(5).join(":")}`,
  );
  // Which of them may go is not for us to say.
  const look = command("logs", "describe-subscription-filters", "--log-group-name", group);
  if (ours === undefined) {
    if (filters.length < PLACES)
      return ok(`There is room: ${filters.length} of ${PLACES} filters${filters.length > 0 ? `, ${places[0]}` : ""}.`);
    const taken = `Both places for filters are taken: ${listOf(places)}. If neither is crosstrail's, one has to go.`;
    return missing(taken, look);
  }
  const found = filterOf(subscribed, group, ours);
  if (found !== undefined)
    return ok(`${found.policy ? "The account's policy" : "Filter"} ${found.name} sends it to ${found.destination}.`);
  if (filters.length >= PLACES)
    return missing(`Nothing is sent to the stack, and both places are taken: ${listOf(places)}. One has to go.`, look);
  return missing("Nothing is sent to the stack.", put(ours, context));
}

/** A logical destination needs no role of the sender (API reference, PutSubscriptionFilter). */
function put(ours: readonly string[], { group, pattern, command }: Subscription): string {
  const roleArn = ours.find((arn) => /:role\//.test(arn)) ?? "ROLE_ARN";
  const destination =
    ours.find((arn) => /:destination:/.test(arn)) ?? ours.find((arn) => arn !== roleArn) ?? "DESTINATION_ARN";
  const role = /:destination:/.test(destination) ? [] : ["--role-arn", roleArn];
  return command(
    ...["logs", "put-subscription-filter", "--log-group-name", group, "--filter-name", "crosstrail"],
    ...["--filter-pattern", pattern, "--destination-arn", destination, ...role],
  );
}

interface Tested {
  /** Names of samples that the pattern does not match. */
  readonly lost: readonly string[];
  readonly group: string;
  /** A pattern that drops nothing. */
  readonly fine: string;
  readonly command: Command;
}

export function patternVerdict(filter: OurFilter, { lost, group, fine, command }: Tested): Verdict {
  const { name, pattern, destination, role, policy, transformed } = filter;
  if (lost.length === 0 && transformed !== true)
    return ok(pattern.trim() === "" ? "Everything passes." : `Pattern ${pattern} lets every kind of event through.`);
  const why = transformed
    ? "It sends transformed events, which are not read"
    : `Pattern ${pattern} drops ${listOf(lost)}`;
  const policies = command("logs", "describe-account-policies", "--policy-type", "SUBSCRIPTION_FILTER_POLICY");
  if (policy) return missing(`${why}: give policy ${name} an empty FilterPattern.`, policies);
  return missing(
    `${why}.`,
    command(
      ...["logs", "put-subscription-filter", "--log-group-name", group, "--filter-name", name],
      ...["--filter-pattern", fine, "--destination-arn", destination],
      ...(role === undefined ? [] : ["--role-arn", role]),
    ),
  );
}
