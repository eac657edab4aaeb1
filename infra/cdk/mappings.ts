import { CfnRule } from "aws-cdk-lib/aws-events";
import { CfnEventSourceMapping, CfnPermission } from "aws-cdk-lib/aws-lambda";
import type { Construct } from "constructs";
import { MAX_CONCURRENCY, queueMappings, RULE_RETRY, SWEEP_EVERY, streamMapping } from "../settings.ts";

/** ARNs and names of what feeds the functions. */
export interface Feeds {
  readonly detect: string;
  readonly publish: string;
  readonly sweep: string;
  readonly sweepArn: string;
  readonly stream: string;
  readonly quarantine: string;
  readonly deadLetters: string;
  readonly queues: Readonly<Partial<Record<string, string>>>;
}

/** What calls the functions; gives the mapping of the stream. */
export function mappings(scope: Construct, feeds: Feeds): CfnEventSourceMapping {
  const { MetricsConfig, FunctionResponseTypes, ...stream } = streamMapping;
  const detect = new CfnEventSourceMapping(scope, "DetectStream", {
    ...{ functionName: feeds.detect, eventSourceArn: feeds.stream },
    batchSize: stream.BatchSize,
    maximumBatchingWindowInSeconds: stream.MaximumBatchingWindowInSeconds,
    parallelizationFactor: stream.ParallelizationFactor,
    startingPosition: stream.StartingPosition,
    bisectBatchOnFunctionError: stream.BisectBatchOnFunctionError,
    maximumRetryAttempts: stream.MaximumRetryAttempts,
    maximumRecordAgeInSeconds: stream.MaximumRecordAgeInSeconds,
    functionResponseTypes: [...FunctionResponseTypes],
    destinationConfig: { onFailure: { destination: feeds.quarantine } },
    metricsConfig: { metrics: [...MetricsConfig.Metrics] },
  });
  for (const [id, { queue, ...mapping }] of Object.entries(queueMappings)) {
    const eventSourceArn = feeds.queues[queue];
    if (eventSourceArn === undefined) continue;
    new CfnEventSourceMapping(scope, id, {
      ...{ functionName: feeds.publish, eventSourceArn, batchSize: mapping.BatchSize },
      maximumBatchingWindowInSeconds: mapping.MaximumBatchingWindowInSeconds,
      functionResponseTypes: ["ReportBatchItemFailures"],
      scalingConfig: { maximumConcurrency: MAX_CONCURRENCY },
    });
  }
  const schedule = new CfnRule(scope, "SweepSchedule", {
    ...{ scheduleExpression: SWEEP_EVERY, state: "ENABLED", description: "crosstrail: the sweep" },
    targets: [
      {
        ...{ id: "Sweep", arn: feeds.sweepArn, deadLetterConfig: { arn: feeds.deadLetters } },
        retryPolicy: {
          maximumEventAgeInSeconds: RULE_RETRY.MaximumEventAgeInSeconds,
          maximumRetryAttempts: RULE_RETRY.MaximumRetryAttempts,
        },
      },
    ],
  });
  new CfnPermission(scope, "SweepSchedulePermission", {
    ...{ action: "lambda:InvokeFunction", functionName: feeds.sweep, principal: "events.amazonaws.com" },
    sourceArn: schedule.attrArn,
  });
  return detect;
}
