/** How the functions run and what feeds them. Each number has its reason beside it; SAM, CDK and README.md take them from here. */

export const RUNTIME = "nodejs24.x";
export const ARCHITECTURE = "arm64"; // a fifth cheaper than x86_64 (aws-plumbing.md §4.6)
export const HANDLER = "index.handler";

export const functionNames = ["Detect", "Publish", "Sweep"] as const;
export type FunctionName = (typeof functionNames)[number];

interface FunctionSettings {
  readonly description: string;
  /** Folder of the bundle, from the root of the package. */
  readonly code: string;
  readonly memoryMb: number;
  readonly timeoutSeconds: number;
}

export const functions: Readonly<Record<FunctionName, FunctionSettings>> = {
  Detect: {
    description: "crosstrail: judges what comes over the stream",
    code: "dist/functions/detect",
    // What a process remembers takes 512 MB at the most; one vCPU comes with 1,769 MB, and judging is work of one thread.
    memoryMb: 1_769,
    // Answers twenty seconds before its time is up; a batch of six megabytes takes seconds.
    timeoutSeconds: 120,
  },
  Publish: {
    description: "crosstrail: tells Security Hub and people of findings",
    code: "dist/functions/publish",
    memoryMb: 512,
    timeoutSeconds: 60,
  },
  Sweep: {
    description: "crosstrail: verdicts whose time has come, and the health of the pipeline",
    code: "dist/functions/sweep",
    memoryMb: 1_024,
    // Less than the time between two sweeps, although two at once do no harm.
    timeoutSeconds: 240,
  },
};

export const CONFIG_KEY = "config.json";

/** What every function is told by environment variables. */
export const environment = {
  CROSSTRAIL_TABLE: "${Table}",
  CROSSTRAIL_NOTIFY_QUEUE: "${NotifyQueue}",
  CROSSTRAIL_LOG_LEVEL: "info",
  // Stacks name lines of the sources: the maps lie beside the bundles, and are read when something throws.
  NODE_OPTIONS: "--enable-source-maps",
} as const;
/** The same, only with Security Hub. */
export const hubEnvironment = {
  CROSSTRAIL_HUB_URGENT_QUEUE: "${HubUrgentQueue}",
  CROSSTRAIL_HUB_QUEUE: "${HubQueue}",
} as const;
export const environmentOf = {
  Detect: {
    CROSSTRAIL_QUARANTINE_BUCKET: "${QuarantineBucket}",
    CROSSTRAIL_CONFIG_BUCKET: "${ConfigBucket}",
    CROSSTRAIL_CONFIG_KEY: CONFIG_KEY,
    CROSSTRAIL_SHADOW: "${Shadow}",
  },
  Publish: {
    CROSSTRAIL_TOPIC: "${Topic}",
    CROSSTRAIL_DEAD_LETTER_QUEUE: "${RefusedQueue}",
    CROSSTRAIL_ACCOUNT: "${AWS::AccountId}",
    CROSSTRAIL_HUB_ROLES: "${HubRoles}",
    CROSSTRAIL_NOTIFY_FORMAT: "${NotifyFormat}",
  },
  Sweep: {
    CROSSTRAIL_CONFIG_BUCKET: "${ConfigBucket}",
    CROSSTRAIL_CONFIG_KEY: CONFIG_KEY,
    CROSSTRAIL_SHADOW: "${Shadow}",
  },
} as const satisfies Readonly<Record<FunctionName, Readonly<Record<string, string>>>>;

/** The event source mapping of the stream. Not set, and why: FilterCriteria, as it drops what is not JSON, and records of log groups are gzip (aws-plumbing.md §1.7);
 * TumblingWindowInSeconds, as state is in the table and windows go by arrival; StartingPositionTimestamp, as there is a position; an enhanced fan-out consumer, as there is one reader. */
export const streamMapping = {
  BatchSize: 1_000,
  MaximumBatchingWindowInSeconds: 2,
  ParallelizationFactor: 1,
  StartingPosition: "TRIM_HORIZON",
  FunctionResponseTypes: ["ReportBatchItemFailures"],
  BisectBatchOnFunctionError: true,
  MaximumRetryAttempts: 100,
  MaximumRecordAgeInSeconds: 21_600,
  MetricsConfig: { Metrics: ["EventCount"] },
} as const;

/** Why each is what it is: the comments of the SAM template. */
export const streamMappingReasons: Readonly<Record<keyof typeof streamMapping, string>> = {
  BatchSize:
    "Whatever is there, up to Lambda's 6 MB: the function confirms in parts by what the records hold, not by their number.",
  MaximumBatchingWindowInSeconds:
    "Events of one second tell of the same things; waiting saves writes, and findings are still out within seconds.",
  ParallelizationFactor:
    "Facts merge in any order, but findings are written by compare and swap: more shards rather than more lanes of one.",
  StartingPosition: "From the oldest: what comes between making the stream and the mapping is read.",
  FunctionResponseTypes: "The lowest unconfirmed record, not the whole batch again.",
  BisectBatchOnFunctionError: "A record that ends the process is found by halving; halving costs no attempt.",
  MaximumRetryAttempts:
    "The function answers for what AWS refuses, so this is for what kills it. Finite, as otherwise one record stops a shard for as long as the stream keeps it.",
  MaximumRecordAgeInSeconds:
    "A shard that cannot be worked off for six hours goes on; the batch waits in the quarantine, whole (an S3 destination takes the records, a queue only their numbers).",
  MetricsConfig: "Counts what was given up (OnFailureDestinationDeliveredEventCount), for its alarm.",
};

interface QueueMapping {
  readonly queue: "HubUrgentQueue" | "HubQueue" | "NotifyQueue";
  readonly hub: boolean;
  readonly BatchSize: number;
  readonly MaximumBatchingWindowInSeconds: number;
}

/** Each queue has two environments at the most, the least that Lambda allows. Each environment calls Security Hub twice a second, so that both of its queues stay below the ten
 * that an account and Region may; the topic takes more than that. Reserved concurrency would take from what the account has, and its default quota may be ten. */
export const MAX_CONCURRENCY = 2;

export const queueMappings: Readonly<Record<"PublishHubUrgent" | "PublishHub" | "PublishNotify", QueueMapping>> = {
  // At once: what is urgent waits for nothing.
  PublishHubUrgent: { queue: "HubUrgentQueue", hub: true, BatchSize: 10, MaximumBatchingWindowInSeconds: 0 },
  // A call to Security Hub takes a hundred findings: waiting saves calls.
  PublishHub: { queue: "HubQueue", hub: true, BatchSize: 100, MaximumBatchingWindowInSeconds: 5 },
  // A call to the topic takes ten.
  PublishNotify: { queue: "NotifyQueue", hub: false, BatchSize: 10, MaximumBatchingWindowInSeconds: 0 },
};

/** The longest that SQS allows: Security Hub may be down for as long. */
export const QUEUE_RETENTION_SECONDS = 14 * 24 * 3_600;
/** Six times the function's timeout, as AWS advises (docs.aws.amazon.com/lambda/latest/dg/services-sqs-configure.html). */
export const VISIBILITY_SECONDS = 6 * functions.Publish.timeoutSeconds;
/** The most that SQS allows. A message that waits for an outage is put off and comes again, each time counting; what a sink refuses goes to the refused ones by itself. */
export const MAX_RECEIVES = 1_000;

/** Verdicts settle by the minute and later, and an audit log's silence is told after ten. */
export const SWEEP_EVERY = "rate(5 minutes)";

/** Undelivered events of a rule are tried again for a day, the longest there is, then kept as dead letters. */
export const RULE_RETRY = { MaximumEventAgeInSeconds: 86_400, MaximumRetryAttempts: 185 } as const;
