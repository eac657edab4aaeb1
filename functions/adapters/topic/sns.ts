import { type MessageAttributeValue, PublishBatchCommand, type SNSClient } from "@aws-sdk/client-sns";
import type { Message } from "../../publish/message.ts";
import type { Topic } from "../../publish/notify.ts";

/** Of one PublishBatch, and bytes of all of it together (aws-plumbing.md §2.5). */
const ENTRIES = 10;
const BYTES = 256 * 1_024 - 4_096;

/** A topic. */
export function createSnsTopic(client: SNSClient, arn: string): Topic {
  return async (messages) => {
    const failed: Awaited<ReturnType<Topic>>[number][] = [];
    for (const batch of cut(messages)) {
      const entries = batch.map(({ subject, body, attributes }, index) => ({
        ...{ Id: String(index), Subject: subject, Message: body, MessageAttributes: attributesOf(attributes) },
      }));
      const { Failed = [] } = await client.send(
        new PublishBatchCommand({ TopicArn: arn, PublishBatchRequestEntries: entries }),
      );
      for (const { Id, Code = "", Message: message = "", SenderFault } of Failed)
        failed.push({ id: batch[Number(Id)]?.id ?? "", code: Code, message, passing: SenderFault !== true });
    }
    return failed;
  };
}

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
