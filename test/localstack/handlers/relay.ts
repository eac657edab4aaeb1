import { gunzipSync } from "node:zlib";
import { DynamoDBClient, UpdateItemCommand } from "@aws-sdk/client-dynamodb";
import { SendMessageCommand, SQSClient } from "@aws-sdk/client-sqs";
import type { KinesisStreamEvent, KinesisStreamHandler } from "aws-lambda";

const dynamodb = new DynamoDBClient();
const sqs = new SQSClient();
const { TABLE = "", QUEUE = "" } = process.env;

/** Counts each log event in a table and sends it on, with what the function knows of where it runs. */
export const handler: KinesisStreamHandler = async ({ Records }: KinesisStreamEvent) => {
  for (const record of Records) {
    const envelope = JSON.parse(gunzipSync(Buffer.from(record.kinesis.data, "base64")).toString());
    for (const { message } of envelope.logEvents) {
      const { Attributes } = await dynamodb.send(
        new UpdateItemCommand({
          ...{ TableName: TABLE, Key: { pk: { S: message } }, UpdateExpression: "ADD seen :one" },
          ...{ ExpressionAttributeValues: { ":one": { N: "1" } }, ReturnValues: "ALL_NEW" },
        }),
      );
      const body = { message, seen: Attributes?.seen?.N, logGroup: envelope.logGroup, node: process.version };
      await sqs.send(new SendMessageCommand({ QueueUrl: QUEUE, MessageBody: JSON.stringify(body) }));
    }
  }
  return { batchItemFailures: [] };
};
