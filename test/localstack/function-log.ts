import { FilterLogEventsCommand, ResourceNotFoundException } from "@aws-sdk/client-cloudwatch-logs";
import type { Aws } from "./aws.ts";

/** What a function has written, line by line. */
export async function linesOf(aws: Aws, name: string): Promise<readonly string[]> {
  const lines: string[] = [];
  let nextToken: string | undefined;
  do {
    const asked = new FilterLogEventsCommand({ logGroupName: `/aws/lambda/${name}`, ...(nextToken && { nextToken }) });
    const answer = await aws.logs.send(asked).catch((error: unknown) => {
      // There is none before the first invocation.
      if (error instanceof ResourceNotFoundException) return { events: [], nextToken: undefined };
      throw error;
    });
    for (const { message = "" } of answer.events ?? []) lines.push(message.trimEnd());
    nextToken = answer.nextToken;
  } while (nextToken !== undefined);
  return lines;
}

/** Sums of its metrics: `EventsRead`, and with dimensions `EventsSetAside code=E_JSON`. */
export async function metricsOf(aws: Aws, name: string): Promise<ReadonlyMap<string, number>> {
  const sums = new Map<string, number>();
  for (const line of await linesOf(aws, name)) {
    if (!line.startsWith("{") || !line.includes('"_aws"')) continue;
    const written = JSON.parse(line);
    for (const { Dimensions, Metrics } of written._aws.CloudWatchMetrics)
      for (const { Name } of Metrics) {
        const own = (Dimensions.flat() as string[]).filter((dimension) => dimension !== "service");
        const key = [Name, ...own.map((dimension) => `${dimension}=${written[dimension]}`)].join(" ");
        sums.set(key, (sums.get(key) ?? 0) + Number(written[Name]));
      }
  }
  return sums;
}
