import type { SQSBatchResponse, SQSRecord } from "aws-lambda";
import type { Letter } from "../../schemas/findings/letter.ts";
import { isLetter } from "../../schemas/validators.generated.js";
import type { Sink } from "../runtime/meter.ts";

/** A finding that a sink will never take: where whoever looks after the pipeline finds it, with the reason. */
export interface Parked {
  /** Of the finding; absent where the message names none. */
  readonly id?: string;
  readonly sink: Sink;
  readonly code: string;
  readonly message: string;
  /** The message as it came. */
  readonly body: string;
}

/** Where what is refused is kept. Rejects while it cannot take any: then the message stays where it is. */
export type Park = (parked: Parked) => Promise<void>;

/** Tells of a finding that was refused, as a finding. Never rejects: what is parked is not lost. */
export type Report = (parked: Parked) => Promise<void>;

/** Lets a message come again after so many seconds. */
export type Delay = (records: readonly SQSRecord[], seconds: number) => Promise<void>;

/** A finding that is to be published, with the messages that ask for it. */
export interface Asked {
  readonly id: string;
  readonly letter: Letter;
  readonly records: readonly SQSRecord[];
}

const MAX_DELAY_S = 900;
const FIRST_DELAY_S = 15;

/** What an invocation asks for, each finding once: a message says that there is something to tell, and the finding tells what. `odd`: what is no message of ours. */
export function readLetters(records: readonly SQSRecord[]): { asked: readonly Asked[]; odd: readonly SQSRecord[] } {
  const odd: SQSRecord[] = [];
  const byId = new Map<string, { letter: Letter; records: SQSRecord[] }>();
  for (const record of records) {
    const letter = letterOf(record.body);
    if (letter === undefined) {
      odd.push(record);
      continue;
    }
    const known = byId.get(letter.id);
    if (known === undefined) byId.set(letter.id, { letter, records: [record] });
    else known.records.push(record);
  }
  return { asked: [...byId].map(([id, rest]) => ({ id, ...rest })), odd };
}

function letterOf(body: string): Letter | undefined {
  try {
    const value: unknown = JSON.parse(body);
    return isLetter(value) ? value : undefined;
  } catch {
    return undefined;
  }
}

/** Twice as long with every time that a message has come, up to a quarter of an hour: a sink that is down for a day is asked a hundred times, not a hundred
 * thousand. */
export const delayOf = (record: SQSRecord): number =>
  Math.min(
    MAX_DELAY_S,
    FIRST_DELAY_S * 2 ** Math.min(10, Math.max(0, Number(record.attributes.ApproximateReceiveCount) - 1)),
  );

/** The answer that leaves these messages in their queue. */
export const again = (records: readonly SQSRecord[]): SQSBatchResponse => ({
  batchItemFailures: records.map(({ messageId }) => ({ itemIdentifier: messageId })),
});
