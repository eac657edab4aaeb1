import type { AwsCall } from "./aws-call.ts";

/** A batch of which the service is given a part; what is left out fails inside an answer that is 200. */
export interface Part {
  /** What is passed on. Nothing where no entry is left, which services refuse. */
  readonly body?: Buffer;
  /** The service's answer, or an empty one, and in it the entries that were left out. */
  readonly complete: (answer: Buffer | undefined) => Answered;
}

export interface Answered {
  readonly status: number;
  readonly headers: { readonly "content-type": string };
  readonly body: Buffer;
}

type Json = Readonly<Record<string, unknown>>;
type Splitter = (body: Buffer) => Part | undefined;

/** Every second entry, the first one to begin with. */
const isLeftOut = (_: unknown, index: number): boolean => index % 2 === 0;
const isPassed = (entry: unknown, index: number): boolean => !isLeftOut(entry, index);

/** Undefined for a call that is no batch, and for one of DynamoDB with a single entry, which fails as a whole (API reference, BatchGetItem and BatchWriteItem). */
export const partOf = ({ service, operation }: AwsCall, body: Buffer): Part | undefined =>
  SPLITTERS[`${service}:${operation}`]?.(body);

const SPLITTERS: Readonly<Record<string, Splitter>> = {
  "sqs:SendMessageBatch": queueBatch,
  "sqs:DeleteMessageBatch": queueBatch,
  "sqs:ChangeMessageVisibilityBatch": queueBatch,
  "sns:PublishBatch": topicBatch,
  "dynamodb:BatchWriteItem": tableBatch("UnprocessedItems", (table) => ({
    entries: table as readonly unknown[],
    of: (some) => some,
  })),
  "dynamodb:BatchGetItem": tableBatch("UnprocessedKeys", (table) => {
    const { Keys, ...rest } = table as Json;
    return { entries: Keys as readonly unknown[], of: (some) => ({ ...rest, Keys: some }) };
  }),
};

const CODE = "InternalError";
const MESSAGE = "By plan.";

function queueBatch(body: Buffer): Part {
  const { Entries, ...rest } = parse(body) as { readonly Entries: readonly { readonly Id: string }[] };
  const passed = Entries.filter(isPassed);
  const left = Entries.filter(isLeftOut).map(({ Id }) => ({ Id, SenderFault: false, Code: CODE, Message: MESSAGE }));
  return {
    ...(passed.length > 0 && { body: bytes({ ...rest, Entries: passed }) }),
    complete(answer) {
      const { Successful = [], Failed = [] } = parse(answer) as { Successful?: unknown[]; Failed?: unknown[] };
      return json({ Successful, Failed: [...Failed, ...left] });
    },
  };
}

/** A form, whose entries bear numbers: `PublishBatchRequestEntries.member.1.Id`. */
function topicBatch(body: Buffer): Part {
  const fields = [...new URLSearchParams(body.toString())].map(([name, value]) => {
    const [, number, rest] = /^PublishBatchRequestEntries\.member\.(\d+)\.(.+)$/.exec(name) ?? [];
    return { name, value, entry: number === undefined ? undefined : Number(number) - 1, rest };
  });
  const passed = fields.flatMap(({ name, value, entry, rest }): [string, string][] => {
    if (entry === undefined) return [[name, value]];
    return isPassed(name, entry) ? [[`PublishBatchRequestEntries.member.${(entry + 1) / 2}.${rest}`, value]] : [];
  });
  const left = fields.filter(({ name, entry, rest }) => rest === "Id" && entry !== undefined && isLeftOut(name, entry));
  const failed = left.map(
    ({ value }) =>
      `<member><Id>${value}</Id><Code>${CODE}</Code><Message>${MESSAGE}</Message><SenderFault>false</SenderFault></member>`,
  );
  const goesOn = fields.some(({ name, entry }) => entry !== undefined && isPassed(name, entry));
  return {
    ...(goesOn && { body: Buffer.from(new URLSearchParams(passed).toString()) }),
    complete(answer) {
      const [, result = ""] = /<PublishBatchResult>(.*)<\/PublishBatchResult>/s.exec(answer?.toString() ?? "") ?? [];
      const [, successful = ""] = /<Successful>(.*)<\/Successful>/s.exec(result) ?? [];
      const [, others = ""] = /<Failed>(.*)<\/Failed>/s.exec(result) ?? [];
      const lists = `<Successful>${successful}</Successful><Failed>${others}${failed.join("")}</Failed>`;
      return answered(
        "text/xml",
        `<PublishBatchResponse xmlns="http://sns.amazonaws.com/doc/2010-03-31/"><PublishBatchResult>${lists}</PublishBatchResult></PublishBatchResponse>`,
      );
    },
  };
}

/** What of a table's part of the request is a list of entries, and such a part of others. */
interface OfTable {
  readonly entries: readonly unknown[];
  readonly of: (some: readonly unknown[]) => unknown;
}

/** Batches here are of one table. */
function tableBatch(unprocessed: string, read: (table: unknown) => OfTable): Splitter {
  return (body) => {
    const { RequestItems, ...rest } = parse(body) as { readonly RequestItems: Json };
    const [[table, asked] = ["", undefined], ...more] = Object.entries(RequestItems);
    if (more.length > 0) throw new Error("The proxy parts batches of one table only.");
    const { entries, of } = read(asked);
    if (entries.length < 2) return undefined;
    return {
      body: bytes({ ...rest, RequestItems: { [table]: of(entries.filter(isPassed)) } }),
      complete: (answer) => json({ ...parse(answer), [unprocessed]: { [table]: of(entries.filter(isLeftOut)) } }),
    };
  };
}

const parse = (body: Buffer | undefined): Json => (body === undefined ? {} : JSON.parse(body.toString()));
const bytes = (value: unknown): Buffer => Buffer.from(JSON.stringify(value));
const answered = (type: string, body: string): Answered => ({
  ...{ status: 200, headers: { "content-type": type }, body: Buffer.from(body) },
});
const json = (value: unknown): Answered => answered("application/x-amz-json-1.0", JSON.stringify(value));
