import { SendMessageBatchCommand, type SQSClient } from "@aws-sdk/client-sqs";
import { from, lastValueFrom, mergeMap, toArray } from "rxjs";
import { CrosstrailError } from "../../../schemas/errors.ts";
import { severityRank } from "../../../schemas/findings/finding.ts";
import type { Letter } from "../../../schemas/findings/letter.ts";
import type { Outbox } from "../../findings/desk.ts";
import { reasonOf } from "../sinks/reason.ts";

/** URLs. Each sink has queues of its own, so that neither repeats nor delays the other; what is urgent for Security Hub waits behind nothing else. A sink that
 * is switched off has none. */
export interface Queues {
  readonly hubUrgent?: string;
  readonly hub?: string;
  readonly notify?: string;
}

/** Of one SendMessageBatch. */
const ENTRIES = 10;
const PARALLEL = 4;

const isUrgent = ({ severity }: Letter): boolean => severityRank(severity) >= severityRank("high");

/** An outbox of queues. Rejects with E_OUTBOX when one of them does not take all; then all of the batch comes again. */
export function createSqsOutbox(client: SQSClient, queues: Queues): Outbox {
  async function sendTo(url: string | undefined, letters: readonly Letter[]): Promise<void> {
    if (url === undefined) return;
    const batches = Array.from({ length: Math.ceil(letters.length / ENTRIES) }, (_, index) =>
      letters.slice(index * ENTRIES, (index + 1) * ENTRIES),
    );
    await lastValueFrom(
      from(batches).pipe(
        mergeMap((batch) => sendBatch(url, batch), PARALLEL),
        toArray(),
      ),
    );
  }

  async function sendBatch(url: string, letters: readonly Letter[]): Promise<void> {
    const Entries = letters.map((letter, index) => ({ Id: String(index), MessageBody: JSON.stringify(letter) }));
    const { Failed = [] } = await client
      .send(new SendMessageBatchCommand({ QueueUrl: url, Entries }))
      .catch((cause: unknown) => {
        throw new CrosstrailError("E_OUTBOX", reasonOf(cause), { cause });
      });
    const [first] = Failed;
    if (first === undefined) return;
    const what = `${Failed.length} not taken: ${first.Message ?? first.Code}`;
    throw new CrosstrailError("E_OUTBOX", what, { cause: first });
  }

  return async (letters) => {
    // People first: they wait for nothing else.
    await sendTo(
      queues.notify,
      letters.filter(({ notify }) => notify),
    );
    // One of the two alone serves all.
    await sendTo(queues.hubUrgent ?? queues.hub, letters.filter(isUrgent));
    await sendTo(
      queues.hub ?? queues.hubUrgent,
      letters.filter((letter) => !isUrgent(letter)),
    );
  };
}
