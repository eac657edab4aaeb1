import {
  type CloudWatchLogsClient,
  DescribeLogGroupsCommand,
  type FilteredLogEvent,
  FilterLogEventsCommand,
} from "@aws-sdk/client-cloudwatch-logs";
import pThrottle from "p-throttle";
import { CrosstrailError } from "../../../schemas/errors.ts";
import { compact } from "../../../schemas/json.ts";
import type { Chunk } from "../../pipeline/records.ts";
import { awsFailure } from "../aws-failure.ts";

export interface LogGroup {
  /** What FilterLogEvents is asked for: a name, or an ARN (which another account's has to be). */
  readonly identifier: string;
  readonly name: string;
  /** Absent where it could not be asked for. */
  readonly account?: string;
}

/** What was logged from `start` (ms) on; to before `end` (ms), or to the present. */
export interface LogWindow {
  readonly start: number;
  readonly end?: number;
  /** Of the names of the streams. */
  readonly prefix?: string;
}

export interface LogReader {
  /** Finds the group's account. Rejects with E_AWS_REFUSED when there is no such group; without logs:DescribeLogGroups the account stays unknown. */
  readonly find: (nameOrArn: string) => Promise<LogGroup>;
  /** Page by page, oldest first as far as the service sorts; a page may be empty. Rejects with E_AWS or E_AWS_REFUSED. */
  readonly pages: (group: LogGroup, window: LogWindow) => AsyncGenerator<readonly FilteredLogEvent[]>;
}

/** FilterLogEvents: 5 requests a second, account and Region, which cannot be raised (repost.aws/knowledge-center/cloudwatch-logs-throttling), and 1 MB or
 * 10,000 events a page, some of them empty (API reference). Some Regions grant more; whoever else reads logs there needs the rest. */
const REQUESTS_A_SECOND = 5;

export function createLogReader(client: Pick<CloudWatchLogsClient, "send">): LogReader {
  const throttled = pThrottle({ limit: REQUESTS_A_SECOND, interval: 1_000, strict: true });
  const ask = throttled((command: FilterLogEventsCommand) => client.send(command));

  return {
    async find(nameOrArn) {
      const identifier = nameOrArn.replace(/:\*$/, "");
      const [, owner, told] = ARN.exec(identifier) ?? [];
      if (told !== undefined) return compact({ identifier, name: told, account: owner });
      const found = await describe(client, identifier);
      if (found === "unknown") return { identifier, name: identifier };
      return compact({ identifier, name: identifier, account: ARN.exec(found)?.[1] });
    },
    async *pages({ identifier, name }, { start, end, prefix }) {
      let token: string | undefined;
      do {
        const { nextToken, events = [] } = await ask(
          new FilterLogEventsCommand({
            // The end is part of what is asked for (API reference).
            ...compact({
              endTime: end === undefined ? undefined : end - 1,
              nextToken: token,
              logStreamNamePrefix: prefix,
            }),
            // One of the two (API reference); a name by its own member, which emulators know, too.
            ...(ARN.test(identifier) ? { logGroupIdentifier: identifier } : { logGroupName: identifier }),
            startTime: start,
          }),
        ).catch((cause: unknown) => {
          throw awsFailure(cause, { of: `log group ${name}`, action: "logs:FilterLogEvents" });
        });
        yield events;
        if (nextToken !== undefined && nextToken === token)
          throw new CrosstrailError("E_AWS", `log group ${name}: the same page twice`, { cause: undefined });
        token = nextToken;
      } while (token !== undefined);
    },
  };
}

/** `arn:aws:logs:REGION:ACCOUNT:log-group:NAME`. */
const ARN = /^arn:[a-z-]+:logs:[a-z0-9-]+:(\d{12}):log-group:([^:]+)/;

/** The ARN of a log group, or `unknown` where asking is not allowed. */
async function describe(client: Pick<CloudWatchLogsClient, "send">, name: string): Promise<string> {
  try {
    const { logGroups = [] } = await client.send(new DescribeLogGroupsCommand({ logGroupNamePrefix: name }));
    const group = logGroups.find(({ logGroupName }) => logGroupName === name);
    if (group !== undefined) return group.arn ?? "unknown";
    const near = logGroups.map(({ logGroupName }) => logGroupName).slice(0, 3);
    const hint = near.length > 0 ? `; did you mean ${near.join(", ")}?` : ": check its name, --region and --profile";
    throw new CrosstrailError("E_AWS_REFUSED", `there is no log group ${name}${hint}`, { cause: undefined });
  } catch (cause) {
    const failure = awsFailure(cause, { of: "the list of log groups", action: "logs:DescribeLogGroups" });
    if (cause instanceof Error && /^AccessDenied/.test(cause.name)) return "unknown";
    throw failure;
  }
}

/** Events of a log group as the pipeline takes them: in the envelope in which a subscription would send them, which tells of the account and the cluster. */
export function chunkOf({ name, account }: LogGroup, events: readonly FilteredLogEvent[]): Chunk {
  const streams = Map.groupBy(events, ({ logStreamName }) => logStreamName ?? "");
  return {
    frames: [...streams].map(([logStream, all]) => ({
      text: JSON.stringify({
        ...{ messageType: "DATA_MESSAGE", owner: account ?? "", logGroup: name, logStream },
        logEvents: all.map(({ eventId, timestamp, message }) => ({ id: eventId, timestamp, message })),
      }),
      origin: { from: `${name} ${logStream}`.trim() },
    })),
    bytes: events.reduce((sum, { message = "" }) => sum + message.length, 0),
  };
}
