import { type CloudTrailClient, LookupEventsCommand } from "@aws-sdk/client-cloudtrail";
import pThrottle from "p-throttle";
import { compact } from "../../../schemas/json.ts";
import type { Chunk } from "../../pipeline/records.ts";
import { awsFailure } from "../aws-failure.ts";

/** How far back LookupEvents goes (API reference). */
export const LOOKUP_DAYS = 90;
/** Two requests a second, account and Region; 50 events a page, which is the default as well as the most (API reference). */
const REQUESTS_A_SECOND = 2;

/** CloudTrail's event history of a Region, from `start` to before `end` (ms), page by page. The newest comes first, so that a window has to be read
 * to its end. One pass, without an attribute: it gives management events that only read (AssumeRole is one) with those that write. Data events are not in it,
 * and since 2021-11-22 those of IAM, STS' global endpoint and sign-in are in that of us-east-1 only (CloudTrail's announcement of that day).
 * Rejects with E_AWS or E_AWS_REFUSED. */
export function createLookup(
  client: Pick<CloudTrailClient, "send">,
  region: string,
): (start: number, end: number) => AsyncGenerator<Chunk> {
  const throttled = pThrottle({ limit: REQUESTS_A_SECOND, interval: 1_000, strict: true });
  const ask = throttled((command: LookupEventsCommand) => client.send(command));
  const of = `CloudTrail's event history in ${region}`;
  return async function* (start, end) {
    let token: string | undefined;
    do {
      const { NextToken, Events = [] } = await ask(
        new LookupEventsCommand({
          // The end is part of what is asked for (API reference).
          ...{ StartTime: new Date(start), EndTime: new Date(end - 1), MaxResults: 50 },
          ...compact({ NextToken: token }),
        }),
      ).catch((cause: unknown) => {
        throw awsFailure(cause, { of, action: "cloudtrail:LookupEvents" });
      });
      const frames = Events.map((event) => ({
        text: event.CloudTrailEvent ?? JSON.stringify(event),
        origin: { from: of },
      }));
      yield { frames, bytes: frames.reduce((sum, { text }) => sum + text.length, 0) };
      token = NextToken;
    } while (token !== undefined);
  };
}
