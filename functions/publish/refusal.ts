import type { SQSRecord } from "aws-lambda";
import type { Logger } from "pino";
import { compact } from "../../schemas/json.ts";
import { reasonOf } from "../adapters/sinks/reason.ts";
import type { Meter } from "../runtime/meter.ts";
import type { Park, Parked, Report } from "./letters.ts";

export interface RefusalParts {
  readonly park: Park;
  readonly report: Report;
  readonly meter: Meter;
}

/** What becomes of a finding that its sink will never take: its messages go when it is parked, and stay (`left`) while it cannot be. */
export const refusal =
  (sink: Parked["sink"], { park, report, meter }: RefusalParts, log: Logger, left: SQSRecord[]) =>
  async (id: string | undefined, records: readonly SQSRecord[], code: string, message: string): Promise<void> => {
    log.error({ id, sink, code, reason: message }, "refused");
    meter.count("FindingsRefused", 1, { sink });
    const parked = compact({ id, sink, code, message, body: records[0]?.body ?? "" });
    try {
      await park(parked);
      await report(parked);
    } catch (error) {
      log.error({ id, sink, reason: reasonOf(error) }, "what was refused could not be parked");
      left.push(...records);
    }
  };
