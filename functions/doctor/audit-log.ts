import { type CloudWatchLogsClient, DescribeLogStreamsCommand, type LogStream } from "@aws-sdk/client-cloudwatch-logs";
import { AUDIT_STREAMS } from "../pipeline/decode/log-group.ts";
import { switchOn } from "./cluster.ts";
import type { Command } from "./command.ts";
import { check, missing, ok, pages, type Result, unlessAbsent, type Verdict } from "./result.ts";
import { momentOf, spanOf } from "./when.ts";

/** The times of a stream are told late: "typically in less than an hour, but in rare situations" later (API reference, LogStream). */
const LATE_MS = 3 * 3_600_000;

/** Whether the audit log of a cluster comes in. */
export function checkAuditLog(
  logs: Pick<CloudWatchLogsClient, "send">,
  name: string,
  { command, now }: { readonly command: Command; readonly now: number },
): Promise<Result> {
  const group = auditGroup(name);
  return check(`cluster ${name}`, "audit events", async (ask) => {
    const streams = await ask(
      { of: `log group ${group}`, action: "logs:DescribeLogStreams" },
      unlessAbsent(streamsOf(logs, group), /^ResourceNotFoundException$/),
    );
    return auditLogVerdict(streams, name, { command, now });
  });
}

export const auditGroup = (cluster: string): string => `/aws/eks/${cluster}/cluster`;

/** All of them: by prefix they come in the order of their names, and every instance of an API server that there ever was has its own. */
const streamsOf = (logs: Pick<CloudWatchLogsClient, "send">, group: string): Promise<readonly LogStream[]> =>
  pages(async (nextToken) => {
    const { logStreams: items, nextToken: next } = await logs.send(
      new DescribeLogStreamsCommand({
        ...{ logGroupName: group, logStreamNamePrefix: AUDIT_STREAMS },
        ...(nextToken && { nextToken }),
      }),
    );
    return { items, next };
  });

/** `streams`: undefined where there is no group. `now`: ms. */
export function auditLogVerdict(
  streams: readonly Pick<LogStream, "lastIngestionTime" | "lastEventTimestamp">[] | undefined,
  name: string,
  { command, now }: { readonly command: Command; readonly now: number },
): Verdict {
  const group = auditGroup(name);
  if (streams === undefined)
    return missing(`There is no log group ${group}: no log of the cluster was ever on.`, switchOn(name, command));
  const look = command("eks", "describe-cluster", "--name", name, "--query", "cluster.logging");
  const times = streams.flatMap(({ lastIngestionTime = 0, lastEventTimestamp = 0 }) => [
    lastIngestionTime,
    lastEventTimestamp,
  ]);
  const newest = times.reduce((a, b) => Math.max(a, b), 0);
  if (newest === 0)
    return missing(`${group} holds no audit event: the first come some minutes after the log was switched on.`, look);
  const said = `the newest audit event in ${group} is of ${momentOf(newest)}, ${spanOf(now - newest)} ago`;
  if (now - newest > LATE_MS) return missing(`Nothing comes in: ${said}.`, look);
  return ok(`They come in: ${said} (told up to an hour late).`);
}
