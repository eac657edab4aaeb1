import {
  type CloudTrailClient,
  DescribeTrailsCommand,
  GetEventSelectorsCommand,
  type GetEventSelectorsResponse,
  GetTrailStatusCommand,
  type GetTrailStatusResponse,
  type Trail,
} from "@aws-sdk/client-cloudtrail";
import type { Command } from "./command.ts";
import { type Ask, check, missing, notApplicable, ok, once, type Result, type Verdict } from "./result.ts";
import { calls, nameOf } from "./samples.ts";
import { keepingAll, keeps } from "./selectors.ts";
import { listOf } from "./when.ts";

export interface TrailContext {
  /** The log group that the trails come in by; undefined: whichever trail there is, as EventBridge takes any. Rejects where the stack cannot be read. */
  readonly group: (ask: Ask) => Promise<string | undefined>;
  readonly command: Command;
}

/** A trail that records. */
interface Logging {
  readonly trail: Trail;
  readonly status: GetTrailStatusResponse;
}

const OF = "CloudTrail";
type ClientOf = (region: string | undefined) => Pick<CloudTrailClient, "send">;

/** What the trails record, and that they do. `clientOf`: of a trail's home Region, where its selectors are told. */
export function checkTrails(clientOf: ClientOf, { group, command }: TrailContext): readonly Promise<Result>[] {
  const described = once(() => clientOf(undefined).send(new DescribeTrailsCommand({})));
  const statuses = new Map<string, () => Promise<GetTrailStatusResponse>>();
  const selections = new Map<string, () => Promise<GetEventSelectorsResponse>>();

  async function candidates(ask: Ask): Promise<readonly Trail[]> {
    const wanted = await group(ask);
    const { trailList = [] } = await ask(
      { of: "the list of trails", action: "cloudtrail:DescribeTrails" },
      described(),
    );
    return wanted === undefined ? trailList : trailList.filter((trail) => sendsTo(trail, wanted));
  }

  /** Those that record; what could not be asked counts only where no other trail does. */
  async function logging(ask: Ask): Promise<readonly Logging[]> {
    const all = await candidates(ask);
    return firstOf(
      all.map(async (trail) => {
        const status = await ask(aboutOf(trail, "cloudtrail:GetTrailStatus"), statusOf(trail)());
        return { trail, status };
      }),
      ({ status }) => status.IsLogging === true,
    );
  }

  const statusOf = (trail: Trail) =>
    kept(statuses, trail, (Name) => clientOf(trail.HomeRegion).send(new GetTrailStatusCommand({ Name })));
  const selectorsOf = (trail: Trail) =>
    kept(selections, trail, (TrailName) =>
      clientOf(trail.HomeRegion).send(new GetEventSelectorsCommand({ TrailName })),
    );

  return [
    check(OF, "trail", async (ask) => {
      const [all, active] = [await candidates(ask), await logging(ask)];
      return trailVerdict(all, active, { group: await group(ask), command });
    }),
    check(OF, "events kept", async (ask) => {
      const active = await logging(ask);
      const asked = active.map(async ({ trail }) => {
        const selectors = await ask(aboutOf(trail, "cloudtrail:GetEventSelectors"), selectorsOf(trail)());
        return { trail, selectors };
      });
      return keptVerdict(
        await firstOf(
          asked,
          () => true,
          (some) => lostOf(some).length === 0,
        ),
        command,
      );
    }),
    check(OF, "all Regions", async (ask) => regionsVerdict(await logging(ask), command)),
    check(OF, "log group", async (ask) => {
      const wanted = await group(ask);
      if (wanted === undefined) return notApplicable("No log group of a trail was named.");
      return groupVerdict(await logging(ask), wanted);
    }),
  ];
}

function kept<T>(known: Map<string, () => Promise<T>>, { TrailARN = "" }: Trail, work: (arn: string) => Promise<T>) {
  const asked = known.get(TrailARN) ?? once(() => work(TrailARN));
  known.set(TrailARN, asked);
  return asked;
}

/** The answers that are wanted. Rejects as the first that was refused does, unless `enough` are there without it. */
async function firstOf<T>(
  answers: readonly Promise<T>[],
  wanted: (answer: T) => boolean,
  enough: (some: readonly T[]) => boolean = (some) => some.length > 0,
): Promise<readonly T[]> {
  const settled = await Promise.allSettled(answers);
  const found = settled.flatMap((one) => (one.status === "fulfilled" && wanted(one.value) ? [one.value] : []));
  const refused = settled.find((one) => one.status === "rejected");
  if (refused !== undefined && !enough(found)) throw refused.reason;
  return found;
}

const aboutOf = ({ Name = "" }: Trail, action: string) => ({ of: `trail ${Name}`, action });

export const sendsTo = ({ CloudWatchLogsLogGroupArn = "" }: Trail, group: string): boolean =>
  groupName(CloudWatchLogsLogGroupArn) === groupName(group);

/** Of a name, or of an ARN: `arn:aws:logs:REGION:ACCOUNT:log-group:NAME`, also with `:*`. */
export const groupName = (group: string): string =>
  /^arn:[^:]*:logs:[^:]*:[^:]*:log-group:([^:]+)/.exec(group)?.[1] ?? group;

const named = ({ Name = "", TrailARN = "" }: Trail): string => Name || TrailARN;
const trails = (some: readonly Trail[]): string =>
  `${some.length === 1 ? "Trail" : "Trails"} ${listOf(some.map(named))}`;
/** What a command needs to know of a trail: another account's may bear the same name, and only its home Region changes it. */
const at = (trail: Trail): readonly string[] => [
  trail.TrailARN ?? named(trail),
  ...(trail.HomeRegion === undefined ? [] : ["--region", trail.HomeRegion]),
];

export function trailVerdict(
  all: readonly Trail[],
  active: readonly Logging[],
  { group, command }: { readonly group: string | undefined; readonly command: Command },
): Verdict {
  const [first] = all;
  if (first === undefined)
    return missing(
      group === undefined ? "There is no trail." : `No trail sends to log group ${group}.`,
      command("cloudtrail", "describe-trails"),
    );
  if (active.length === 0)
    return missing(
      `${trails(all)} ${all.length === 1 ? "is" : "are"} not recording.`,
      command("cloudtrail", "start-logging", "--name", ...at(first)),
    );
  return ok(`${trails(active.map(({ trail }) => trail))} ${active.length === 1 ? "is" : "are"} recording.`);
}

interface Selected {
  readonly trail: Trail;
  readonly selectors: GetEventSelectorsResponse;
}

/** Calls that none of the trails keeps. */
const lostOf = (selected: readonly Selected[]): readonly string[] =>
  calls.filter((call) => !selected.some(({ selectors }) => keeps(selectors, call))).map(nameOf);

export function keptVerdict(selected: readonly Selected[], command: Command): Verdict {
  const [first] = selected;
  if (first === undefined) return notApplicable("No trail is recording.");
  const lost = lostOf(selected);
  if (lost.length === 0) return ok("Management events of all services are kept, those that only read included.");
  const { trail, selectors } = first;
  return missing(
    `${trails(selected.map((one) => one.trail))} would not keep ${listOf(lost)}.`,
    command(...["cloudtrail", "put-event-selectors", "--trail-name", ...at(trail)], ...keepingAll(selectors)),
  );
}

export function regionsVerdict(active: readonly Logging[], command: Command): Verdict {
  const [first] = active;
  if (first === undefined) return notApplicable("No trail is recording.");
  const whole = active.find(({ trail }) => trail.IsMultiRegionTrail && trail.IncludeGlobalServiceEvents);
  if (whole !== undefined) return ok(`${trails([whole.trail])} records all Regions, and IAM's events.`);
  return missing(
    `${trails([first.trail])} records one Region only, or not the events of global services: IAM's are missing.`,
    command(
      ...["cloudtrail", "update-trail", "--name", ...at(first.trail)],
      ...["--is-multi-region-trail", "--include-global-service-events"],
    ),
  );
}

/** `active`: trails that send to the group. */
export function groupVerdict(active: readonly Logging[], group: string): Verdict {
  if (active.length === 0) return notApplicable("No trail is recording into it.");
  const failing = active.flatMap(({ trail, status: { LatestCloudWatchLogsDeliveryError: error } }) =>
    error ? [`${named(trail)}: ${error}`] : [],
  );
  if (failing.length === active.length)
    return missing(
      `CloudTrail cannot write to ${group}: ${listOf(failing)}. Its role needs logs:CreateLogStream and logs:PutLogEvents there.`,
    );
  return ok(`CloudTrail writes to ${group}.`);
}
