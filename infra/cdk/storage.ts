import { Duration, RemovalPolicy } from "aws-cdk-lib";
import { AttributeType, BillingMode, Table, TableEncryption } from "aws-cdk-lib/aws-dynamodb";
import { Stream, StreamEncryption, StreamMode } from "aws-cdk-lib/aws-kinesis";
import type { IKey } from "aws-cdk-lib/aws-kms";
import { BlockPublicAccess, Bucket, BucketEncryption, type BucketProps } from "aws-cdk-lib/aws-s3";
import type { Construct } from "constructs";
import { parameters } from "../parameters.ts";
import type { CrosstrailProps } from "./props.ts";

/** What is kept: the stream, the ledger with its findings, and two buckets. The table and the buckets outlive the stack, but not a deployment that fails at first: there is nothing in them yet. */
export function storage(scope: Construct, key: IKey, props: CrosstrailProps) {
  const shards = props.streamShards ?? parameters.StreamShards.default;
  const hours = props.streamRetentionHours ?? parameters.StreamRetentionHours.default;
  // Records keep the partition key of their producer (USER_PARTITION_KEY, the default): AUTO would spread an API server's events over all shards.
  const stream = new Stream(scope, "Stream", {
    ...{ encryption: StreamEncryption.KMS, encryptionKey: key, retentionPeriod: Duration.hours(hours) },
    ...(shards === 0
      ? { streamMode: StreamMode.ON_DEMAND }
      : { streamMode: StreamMode.PROVISIONED, shardCount: shards }),
    removalPolicy: RemovalPolicy.DESTROY,
  });
  // What settles stands in the table under keys that begin with its time (`due#…`): finding it is a query, and needs no index.
  const table = new Table(scope, "Table", {
    partitionKey: { name: "pk", type: AttributeType.STRING },
    sortKey: { name: "sk", type: AttributeType.STRING },
    ...{ billingMode: BillingMode.PAY_PER_REQUEST, timeToLiveAttribute: "expires" },
    ...{ encryption: TableEncryption.CUSTOMER_MANAGED, encryptionKey: key },
    pointInTimeRecoverySpecification: { pointInTimeRecoveryEnabled: true },
    removalPolicy: RemovalPolicy.RETAIN_ON_UPDATE_OR_DELETE,
  });
  const bucket: BucketProps = {
    ...{ encryption: BucketEncryption.KMS, encryptionKey: key, bucketKeyEnabled: true, enforceSSL: true },
    blockPublicAccess: BlockPublicAccess.BLOCK_ALL,
    removalPolicy: RemovalPolicy.RETAIN_ON_UPDATE_OR_DELETE,
  };
  const quarantine = new Bucket(scope, "QuarantineBucket", {
    ...bucket,
    lifecycleRules: [
      {
        id: "expire",
        expiration: Duration.days(props.quarantineDays ?? parameters.QuarantineDays.default),
        abortIncompleteMultipartUploadAfter: Duration.days(1),
      },
    ],
  });
  const configuration = new Bucket(scope, "ConfigBucket", {
    ...{ ...bucket, versioned: true },
    // Versions that were replaced a year ago.
    lifecycleRules: [{ id: "expire", noncurrentVersionExpiration: Duration.days(365) }],
  });
  // What stays keeps its policy: TLS only.
  for (const { policy } of [quarantine, configuration])
    policy?.applyRemovalPolicy(RemovalPolicy.RETAIN_ON_UPDATE_OR_DELETE);
  return { stream, table, quarantine, configuration };
}
