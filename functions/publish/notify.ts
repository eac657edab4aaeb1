import type { Context, SQSBatchResponse, SQSEvent, SQSRecord } from "aws-lambda";
import type { Logger } from "pino";
import { reasonOf } from "../adapters/sinks/reason.ts";
import type { FindingStore, Kept, Told } from "../findings/ports.ts";
import { type Asked, again, readLetters } from "./letters.ts";
import { type Format, type Message, messageOf } from "./message.ts";
import { type PostponeParts, postpone } from "./postpone.ts";
import { type RefusalParts, refusal } from "./refusal.ts";

/** Of the messages given, which the topic did not take: `passing` when trying again may help. Rejects when the call as a whole fails. */
export type Topic = (
  messages: readonly Message[],
) => Promise<
  readonly { readonly id: string; readonly code: string; readonly message: string; readonly passing: boolean }[]
>;

export interface NotifyParts extends RefusalParts, PostponeParts {
  readonly store: Pick<FindingStore, "read"> & Told;
  readonly topic: Topic;
  readonly format: Format;
  readonly log: Logger;
}

interface Telling extends Asked {
  readonly kept: Kept;
  readonly step: string;
}

/** The handler of the queue for people: a finding that is new or raised is told once at each severity. */
export function createNotifier(parts: NotifyParts) {
  const { store, topic, format, meter } = parts;
  return async ({ Records }: SQSEvent, context: Pick<Context, "awsRequestId">): Promise<SQSBatchResponse> => {
    const log = parts.log.child({ requestId: context.awsRequestId });
    const left: SQSRecord[] = [];
    const refuse = refusal("topic", parts, log, left);

    async function tell(all: readonly Telling[]): Promise<void> {
      const refused = new Map(
        (await topic(all.map(({ kept }) => messageOf(kept.draft.finding, format)))).map((one) => [one.id, one]),
      );
      for (const { id, records, step } of all) {
        const rejection = refused.get(id);
        if (rejection?.passing === true) left.push(...records);
        else if (rejection !== undefined) await refuse(id, records, rejection.code, rejection.message);
        else {
          meter.count("Notified", 1);
          // Told, and not known to be: it is told once more.
          await store
            .told(id, step)
            .catch((error: unknown) => log.warn({ id, reason: reasonOf(error) }, "not marked as told"));
        }
      }
    }

    const { asked, odd } = readLetters(Records);
    for (const record of odd) await refuse(undefined, [record], "E_LETTER", "not a message of the outbox");
    try {
      const kept = await store.read(asked.map(({ id }) => id));
      const telling: Telling[] = [];
      for (const [index, one] of asked.entries()) {
        const there = kept[index];
        if (there === undefined) await refuse(one.id, one.records, "E_GONE", "the finding is kept no more");
        else {
          const step = `told ${there.draft.finding.severity}`;
          if (!there.steps.has(step)) telling.push({ ...one, kept: there, step });
        }
      }
      if (telling.length > 0) await tell(telling);
    } catch (error) {
      log.error({ reason: reasonOf(error) }, "people could not be told");
      meter.count("NotifyFailed", 1);
      left.push(...asked.flatMap(({ records }) => records));
    }
    await postpone("topic", left, parts, log);
    meter.flush();
    return again([...new Set(left)]);
  };
}
