import { ChangeMessageVisibilityBatchCommand, SendMessageCommand, type SQSClient } from "@aws-sdk/client-sqs";
import { cut } from "../../../schemas/redact.ts";
import type { Delay, Park } from "../../publish/letters.ts";

const ENTRIES = 10;
/** UTF-16 units, each of six bytes at the most in JSON: what is parked must fit into a message, or it would come again for ever. */
const MAX_TEXT = 16_384;

/** Puts messages of these queues (URLs) off. What has come back by itself meanwhile is left as it is. */
export function createDelay(client: SQSClient, queues: readonly string[]): Delay {
  return async (records, seconds) => {
    for (const [arn, some] of Map.groupBy(records, ({ eventSourceARN }) => eventSourceARN)) {
      const QueueUrl = queues.find((url) => url.split("/").at(-1) === arn.split(":").at(-1));
      if (QueueUrl === undefined) continue;
      for (let at = 0; at < some.length; at += ENTRIES) {
        const Entries = some.slice(at, at + ENTRIES).map(({ receiptHandle }, index) => ({
          ...{ Id: String(index), ReceiptHandle: receiptHandle, VisibilityTimeout: seconds },
        }));
        await client.send(new ChangeMessageVisibilityBatchCommand({ QueueUrl, Entries }));
      }
    }
  };
}

/** Keeps what a sink has refused in the queue of dead letters, with the reason. */
export const createPark =
  (client: SQSClient, deadLetters: string): Park =>
  async ({ body, message, ...rest }) => {
    const MessageBody = JSON.stringify({ ...rest, message: cut(message, MAX_TEXT), body: cut(body, MAX_TEXT) });
    await client.send(new SendMessageCommand({ QueueUrl: deadLetters, MessageBody }));
  };
