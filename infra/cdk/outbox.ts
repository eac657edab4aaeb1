import { Aws, Duration } from "aws-cdk-lib";
import { PolicyStatement, ServicePrincipal } from "aws-cdk-lib/aws-iam";
import type { IKey } from "aws-cdk-lib/aws-kms";
import { type CfnTopic, Topic } from "aws-cdk-lib/aws-sns";
import { Queue, QueueEncryption, type QueueProps } from "aws-cdk-lib/aws-sqs";
import type { Construct } from "constructs";
import { MAX_RECEIVES, QUEUE_RETENTION_SECONDS, VISIBILITY_SECONDS } from "../settings.ts";
import type { CrosstrailProps } from "./props.ts";

/** Queues between the functions, what could not be delivered, what a sink refused, and the topic. */
export function outbox(scope: Construct, key: IKey, { securityHub = true, emails = [] }: CrosstrailProps) {
  const common: QueueProps = {
    ...{ encryption: QueueEncryption.KMS, encryptionMasterKey: key, enforceSSL: true },
    retentionPeriod: Duration.seconds(QUEUE_RETENTION_SECONDS),
  };
  const deadLetters = new Queue(scope, "DeadLetterQueue", common);
  // Rules of this account leave here what they could not deliver.
  deadLetters.addToResourcePolicy(
    new PolicyStatement({
      ...{ sid: "Rules", actions: ["sqs:SendMessage"], resources: [deadLetters.queueArn] },
      principals: [new ServicePrincipal("events.amazonaws.com")],
      conditions: {
        StringEquals: { "aws:SourceAccount": Aws.ACCOUNT_ID },
        ArnLike: { "aws:SourceArn": `arn:${Aws.PARTITION}:events:${Aws.REGION}:${Aws.ACCOUNT_ID}:rule/*` },
      },
    }),
  );
  const refused = new Queue(scope, "RefusedQueue", common);
  const letters: QueueProps = {
    ...common,
    visibilityTimeout: Duration.seconds(VISIBILITY_SECONDS),
    deadLetterQueue: { queue: deadLetters, maxReceiveCount: MAX_RECEIVES },
  };
  const notify = new Queue(scope, "NotifyQueue", letters);
  const hub = securityHub
    ? { urgent: new Queue(scope, "HubUrgentQueue", letters), other: new Queue(scope, "HubQueue", letters) }
    : undefined;
  const topic = subscribe(new Topic(scope, "Topic", { masterKey: key, enforceSSL: true }), emails);
  return { deadLetters, refused, notify, hub, topic };
}

/** As a property of the topic, which CloudFormation compares as a set. Resources of their own would stand in places, and what one place has lost would be taken away though another has it now. */
export function subscribe(topic: Topic, emails: readonly string[]): Topic {
  if (emails.length > 0)
    (topic.node.defaultChild as CfnTopic).subscription = emails.map((endpoint) => ({ endpoint, protocol: "email" }));
  return topic;
}
