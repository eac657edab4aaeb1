import { type MessageAttributeValue, PublishBatchCommand, type SNSClient } from "@aws-sdk/client-sns";
import type { Message } from "../../publish/message.ts";
import type { Topic } from "../../publish/notify.ts";

/** Of one PublishBatch, and bytes of all of it together (aws-plumbing.md §2.5). */
const ENTRIES = 10;
const BYTES = 256 * 1_024 - 4_096;

type Refused = Awaited<ReturnType<Topic>>[number];

/** A topic. What was taken of several batches stays taken when another one fails: people are not told again. */
export function createSnsTopic(client: SNSClient, arn: string): Topic {
  async function send(batch: readonly Message[]): Promise<readonly Refused[]> {
    const entries = batch.map(({ subject, body, attributes }, index) => ({
      ...{ Id: String(index), Subject: subject, Message: body, MessageAttributes: attributesOf(attributes) },
    }));
    try {
      const { Failed = [] } = await client.send(
        new PublishBatchCommand({ TopicArn: arn, PublishBatchRequestEntries: entries }),
      );
      return Failed.map(({ Id, Code: code = "", Message: message = "", SenderFault }) => ({
        ...{ id: batch[Number(Id)]?.id ?? "", code, message },
        passing: SenderFault !== true || PASSING.test(code),
      }));
    } catch (error) {
      const { name: code, message } = error instanceof Error ? error : new Error(String(error));
      if (!OF_A_MESSAGE.test(code)) return batch.map(({ id }) => ({ id, code, message, passing: true }));
      // One of them is at fault: the others go without it.
      if (batch.length === 1) return batch.map(({ id }) => ({ id, code, message, passing: false }));
      const failed: Refused[] = [];
      for (const one of batch) failed.push(...(await send([one])));
      return failed;
    }
  }

  return async (messages) => {
    const failed: Refused[] = [];
    for (const batch of cut(messages)) failed.push(...(await send(batch)));
    return failed;
  };
}

/** Faults of the sender, in the words of SNS, that are none of the message's: rates, keys and rights. */
const PASSING = /Throttl|KMS|Authorization|AccessDenied|NotFound/;
const OF_A_MESSAGE = /^(?:InvalidParameter|InvalidBatchEntryId|BatchRequestTooLong|ParameterValueInvalid|Validation)/;

const bytesOf = ({ subject, body, attributes }: Message): number =>
  Buffer.byteLength(subject) + Buffer.byteLength(body) + Buffer.byteLength(JSON.stringify(attributes));

function cut(messages: readonly Message[]): readonly (readonly Message[])[] {
  const batches: Message[][] = [];
  let bytes = 0;
  for (const message of messages) {
    const last = batches.at(-1);
    const more = bytesOf(message);
    if (last === undefined || last.length >= ENTRIES || bytes + more > BYTES) {
      batches.push([message]);
      bytes = more;
    } else {
      last.push(message);
      bytes += more;
    }
  }
  return batches;
}

const attributesOf = (attributes: Message["attributes"]): Record<string, MessageAttributeValue> =>
  Object.fromEntries(
    Object.entries(attributes).map(([name, value]) => [
      name,
      typeof value === "string"
        ? { DataType: "String", StringValue: value }
        : { DataType: "String.Array", StringValue: JSON.stringify(value) },
    ]),
  );
