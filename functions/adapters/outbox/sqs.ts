import { SendMessageBatchCommand, type SQSClient } from "@aws-sdk/client-sqs";
import { from, lastValueFrom, mergeMap, toArray } from "rxjs";
import { CrosstrailError } from "../../../schemas/errors.ts";
import { severityRank } from "../../../schemas/findings/finding.ts";
import type { Notice, Outbox } from "../../runtime/outbox.ts";
import { reasonOf } from "../sinks/reason.ts";

/** URLs. Each sink has queues of its own, so that neither repeats nor delays the other; what is urgent for Security Hub waits behind nothing else. */
export interface Queues {
  readonly hubUrgent: string;
  readonly hub: string;
  readonly notify: string;
}

/** Of one SendMessageBatch. */
const ENTRIES = 10;
const PARALLEL = 4;

/** An outbox of queues. Rejects with E_OUTBOX when one of them does not take all; then all of the batch comes again. */
export function createSqsOutbox(client: SQSClient, queues: Queues): Outbox {
  async function sendTo(url: string, notices: readonly Notice[]): Promise<void> {
    const batches = Array.from({ length: Math.ceil(notices.length / ENTRIES) }, (_, index) =>
      notices.slice(index * ENTRIES, (index + 1) * ENTRIES),
    );
    await lastValueFrom(from(batches).pipe(mergeMap((batch) => sendBatch(url, batch), PARALLEL), toArray()));
  }

  async function sendBatch(url: string, notices: readonly Notice[]): Promise<void> {
    const command = new SendMessageBatchCommand({
      QueueUrl: url,
      Entries: notices.map((notice, index) => ({ Id: String(index), MessageBody: JSON.stringify(notice) })),
    });
    let failed: readonly { readonly Message?: string | undefined; readonly Code?: string | undefined }[];
    try {
      failed = (await client.send(command)).Failed ?? [];
    } catch (cause) {
      throw new CrosstrailError("E_OUTBOX", reasonOf(cause), { cause });
    }
    const [first] = failed;
    if (first !== undefined)
      throw new CrosstrailError("E_OUTBOX", `${failed.length} not taken: ${first.Message ?? first.Code}`, {
        cause: first,
      });
  }

  return {
    async send(notices) {
      const urgent = (notice: Notice): boolean => severityRank(notice.severity) >= severityRank("high");
      // People first: they wait longer for nothing than Security Hub does.
      await sendTo(queues.notify, notices.filter(({ notify }) => notify));
      await sendTo(queues.hubUrgent, notices.filter(urgent));
      await sendTo(queues.hub, notices.filter((notice) => !urgent(notice)));
    },
  };
}
