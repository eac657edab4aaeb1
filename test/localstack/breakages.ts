import {
  DeleteSubscriptionFilterCommand,
  DescribeSubscriptionFiltersCommand,
  PutSubscriptionFilterCommand,
} from "@aws-sdk/client-cloudwatch-logs";
import { ListEventSourceMappingsCommand, UpdateEventSourceMappingCommand } from "@aws-sdk/client-lambda";
import { DeleteObjectCommand, PutObjectCommand } from "@aws-sdk/client-s3";
import { SendMessageCommand } from "@aws-sdk/client-sqs";
import type { Outcome } from "../../functions/doctor/result.ts";
import type { Aws } from "./aws.ts";
import { known, take } from "./resources.ts";
import type { Stack } from "./stack.ts";

interface Site {
  readonly aws: Aws;
  readonly stack: Stack;
  /** Log group of the cluster. */
  readonly group: string;
}

/** What was broken, and how the doctor tells of it. */
export interface Broken {
  /** The one that misses something. */
  readonly check: string;
  readonly says: RegExp;
  /** Part of the command that mends it. */
  readonly mend: string;
  /** Checks that have nothing left to look at. */
  readonly others?: Readonly<Record<string, Outcome>>;
  readonly restore: () => Promise<unknown>;
}

/** One thing each that goes wrong with a deployment. */
export const breakages: readonly (readonly [what: string, spoil: (site: Site) => Promise<Broken>])[] = [
  [
    "a subscription filter that was deleted",
    async ({ aws, group: logGroupName }) => {
      const asked = new DescribeSubscriptionFiltersCommand({ logGroupName });
      const { subscriptionFilters: [filter] = [] } = await aws.logs.send(asked);
      const { filterName, filterPattern, destinationArn, roleArn } = known(filter);
      await aws.logs.send(new DeleteSubscriptionFilterCommand({ logGroupName, filterName }));
      const again = { logGroupName, filterName, filterPattern, destinationArn, roleArn };
      return {
        ...{ check: "cluster: subscription filter", says: /^Nothing is sent to the stack\.$/ },
        mend: `aws logs put-subscription-filter --log-group-name ${logGroupName} --filter-name crosstrail `,
        others: { "cluster: filter pattern": "not applicable" },
        restore: () => aws.logs.send(new PutSubscriptionFilterCommand(again)),
      };
    },
  ],
  [
    "a mapping that was switched off",
    async ({ aws, stack }) => {
      const asked = new ListEventSourceMappingsCommand({ FunctionName: stack.names.detect });
      const { EventSourceMappings: [mapping] = [] } = await aws.lambda.send(asked);
      const UUID = known(mapping?.UUID);
      const enable = (Enabled: boolean) => aws.lambda.send(new UpdateEventSourceMappingCommand({ UUID, Enabled }));
      await enable(false);
      return {
        ...{ check: "stack: detect input", says: / is Disabled\.$/ },
        mend: `aws lambda update-event-source-mapping --uuid ${UUID} --enabled `,
        restore: () => enable(true),
      };
    },
  ],
  [
    "a message that was given up",
    async ({ aws, stack }) => {
      const QueueUrl = stack.deadLetters.url;
      await aws.sqs.send(new SendMessageCommand({ QueueUrl, MessageBody: "{}" }));
      return {
        ...{ check: "stack: dead letters", says: /^It holds 1 messages that were given up\.$/ },
        mend: `aws sqs receive-message --queue-url ${QueueUrl} `,
        restore: () => take(aws, stack.deadLetters, 1),
      };
    },
  ],
  [
    "a record that was kept aside",
    async ({ aws, stack }) => {
      const kept = { Bucket: stack.output("QuarantineBucket"), Key: "kept/2026-11-22/0/1.json" };
      await aws.s3.send(new PutObjectCommand({ ...kept, Body: "{}" }));
      return {
        ...{ check: "stack: quarantine", says: /^1 objects hold records/ },
        mend: `crosstrail redrive --bucket ${kept.Bucket}`,
        restore: () => aws.s3.send(new DeleteObjectCommand(kept)),
      };
    },
  ],
];
