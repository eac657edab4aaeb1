import { type BatchResultErrorEntry, SendMessageBatchCommand, type SQSClient } from "@aws-sdk/client-sqs";
import { from, lastValueFrom, mergeMap, toArray } from "rxjs";
import { CrosstrailError } from "../../../schemas/errors.ts";
import { severityRank } from "../../../schemas/findings/finding.ts";
import type { Letter } from "../../../schemas/findings/letter.ts";
import type { Outbox } from "../../findings/desk.ts";
import { awsFailure } from "../aws-failure.ts";

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

const nameOf = (url: string): string => url.split("/").at(-1) ?? "";

/** Of one message of a call: the sender's fault is that message's, but for the rate. */
const isFinal = ({ SenderFault, Code = "" }: BatchResultErrorEntry): boolean =>
  SenderFault === true && !/Throttl/.test(Code);

const isUrgent = ({ severity }: Letter): boolean => severityRank(severity) >= severityRank("high");

/** An outbox of queues. Rejects with E_OUTBOX when one of them does not take all: then all of the batch comes again. With E_OUTBOX_REFUSED when it would not
 * then either: its records are kept aside, and the stream goes on. */
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
        const { kind, message } = awsFailure(cause, { of: `queue ${nameOf(url)}`, action: "sqs:SendMessage" });
        throw new CrosstrailError(kind === "refused" ? "E_OUTBOX_REFUSED" : "E_OUTBOX", message, { cause });
      });
    // What may pass comes first: what is refused then comes again with it, and alone the next time.
    const [first] = Failed.toSorted((a, b) => Number(isFinal(a)) - Number(isFinal(b)));
    if (first === undefined) return;
    const what = `queue ${nameOf(url)}: ${Failed.length} not taken: ${first.Message ?? first.Code}`;
    throw new CrosstrailError(isFinal(first) ? "E_OUTBOX_REFUSED" : "E_OUTBOX", what, { cause: first });
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
