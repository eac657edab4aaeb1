import { type AlarmProperties, above, ofFunction, ofMapping, ofQueue, ofStream, own, silent } from "./measures.ts";
import { type FunctionName, functionNames, functions, streamMapping } from "./settings.ts";

/** When an alarm is part of a stack. */
export type When = "always" | "hub" | "trailEvents";

export interface Alarm {
  /** In the template `Alarm${id}`; its name is that of the stack and `title` in kebab case. */
  readonly id: string;
  readonly when: When;
  readonly is: string;
  /** What to do: one row of the table in README.md. */
  readonly todo: string;
  readonly properties: AlarmProperties;
}

const REDRIVE = "When the cause is mended: `crosstrail redrive --bucket ${QuarantineBucket}`.";
export const DOCTOR = "`crosstrail doctor --stack ${AWS::StackName}` says what is missing.";
export const INCIDENT = "If nobody of yours did it, it is an incident.";
const log = (name: FunctionName): string => `Its log: \`aws logs tail \${${name}Logs} --since 1h\`.`;

const WAITS = {
  Detect: ", or more to judge than one environment can: then add shards (`StreamShards`).",
  Publish: ", Security Hub or SNS.",
  Sweep: ", or more verdicts at once than it can make: what it leaves is made by the next sweep.",
} as const;

const ofEachFunction = functionNames.flatMap((name): Alarm[] => [
  {
    ...{ id: `${name}Errors`, when: "always" },
    is: `the ${name.toLowerCase()} function fails again and again`,
    todo: `${log(name)} Level error says why. ${name === "Detect" ? "The stream stands still on that shard until it succeeds or gives the batch up." : "What it did not do comes again."}`,
    properties: above(ofFunction(name, "Errors", "Sum"), 0, [3, 3]),
  },
  {
    ...{ id: `${name}Throttles`, when: "always" },
    is: `the ${name.toLowerCase()} function is not given an environment`,
    todo: "Concurrency of the account is used up: ask for more (Service Quotas, Lambda, concurrent executions), or reserve some for it.",
    properties: above(ofFunction(name, "Throttles", "Sum"), 0, [3, 3]),
  },
  {
    ...{ id: `${name}Duration`, when: "always" },
    is: `the ${name.toLowerCase()} function needs four fifths of its time`,
    todo: `See what waits, by its traces in X-Ray: DynamoDB (throttled?)${WAITS[name]}`,
    properties: above(ofFunction(name, "Duration", "p99"), functions[name].timeoutSeconds * 800, [3, 3]),
  },
]);

/** Of messages that a sink did not take. They come again after a quarter of an hour at the latest, so that within half an hour each is heard of. */
const waited = (sink: "security-hub" | "topic"): AlarmProperties =>
  above(own("Waited", "Publish", "Maximum", { sink }), 900_000, [1, 6]);

const LAG_MS = { "k8s-audit": 10 * 60_000, cloudtrail: 45 * 60_000 } as const;

export const alarms: readonly Alarm[] = [
  {
    ...{ id: "StreamSilence", when: "always" },
    is: "nothing comes over the stream",
    todo: `Somebody turned logging off, or removed subscriptions. ${DOCTOR} ${INCIDENT}`,
    properties: silent(ofStream("IncomingBytes", "Sum"), 3),
  },
  {
    ...{ id: "SweepSilence", when: "always" },
    is: "the sweep does not run",
    todo: "Verdicts that rest on what is missing are not made. Is the schedule enabled, and the function allowed to it?",
    properties: silent(ofFunction("Sweep", "Invocations", "Sum"), 6),
  },
  {
    ...{ id: "DetectAge", when: "always" },
    is: "records wait half an hour before they are judged",
    todo: "Look at errors and throttles of detect first. Otherwise there is more than it can judge: add shards (`StreamShards`). A backlog costs nothing but time until it is six hours old.",
    properties: above(ofFunction("Detect", "IteratorAge", "Maximum"), 30 * 60_000, [3, 3]),
  },
  {
    ...{ id: "StreamAge", when: "always" },
    is: "records wait four hours: at six they are given up",
    todo: `Now: look at errors and throttles of detect; otherwise add shards (\`StreamShards\`). What is given up (${streamMapping.MaximumRecordAgeInSeconds / 3_600} hours) waits in the quarantine. ${REDRIVE}`,
    properties: above(ofStream("GetRecords.IteratorAgeMilliseconds", "Maximum"), 4 * 3_600_000, [3, 3]),
  },
  {
    ...{ id: "GivenUp", when: "always" },
    is: "Lambda gave a batch up, and put it into the quarantine",
    todo: `Detect was ended before it could answer (time, memory). ${log("Detect")} ${REDRIVE}`,
    properties: above(ofMapping("OnFailureDestinationDeliveredEventCount"), 0),
  },
  {
    ...{ id: "Dropped", when: "always" },
    is: "Lambda dropped records: the quarantine did not take them",
    todo: "May detect write to the bucket ${QuarantineBucket} and use the key? What was dropped is still in the stream, for as long as it keeps records: `crosstrail stream --name ${Stream} --from TIME --table ${Table} ...`.",
    properties: above(ofMapping("DroppedEventCount"), 0),
  },
  ...ofEachFunction,
  {
    ...{ id: "StreamWritesThrottled", when: "always" },
    is: "the stream does not take all that is sent",
    todo: "Add shards, or go on demand (`StreamShards=0`). CloudWatch Logs tries again for a day.",
    properties: above(ofStream("WriteProvisionedThroughputExceeded", "Sum"), 0, [3, 5]),
  },
  {
    ...{ id: "StreamReadsThrottled", when: "always" },
    is: "others read the stream, too, and take its throughput",
    todo: "Find the other consumer; give it enhanced fan-out.",
    properties: above(ofStream("ReadProvisionedThroughputExceeded", "Sum"), 0, [3, 5]),
  },
  {
    ...{ id: "TableThrottled", when: "always" },
    is: "the table does not take all writes",
    todo: "One entity is written too often, or the account's quota for tables on demand is reached (Service Quotas, DynamoDB). Records come again until they are written.",
    properties: above(
      {
        ...{ namespace: "AWS/DynamoDB", metric: "WriteThrottleEvents", statistic: "Sum" },
        of: { TableName: "${Table}" },
      },
      0,
      [3, 5],
    ),
  },
  {
    ...{ id: "Quarantined", when: "always" },
    is: "records could not be judged, and were kept aside",
    todo: `The finding \`health/quarantined\` says why; \`crosstrail redrive --dry-run --bucket \${QuarantineBucket}\` lists them. ${REDRIVE}`,
    properties: above(own("Quarantined", "Detect"), 0),
  },
  ...(["Detect", "Sweep"] as const).map(
    (name): Alarm => ({
      ...{ id: name === "Detect" ? "DetectorThrew" : "SweepDetectorThrew", when: "always" },
      is: `a detector threw in ${name.toLowerCase()}, and made no verdict`,
      todo: "A fault of crosstrail: the finding `health/detector-error` names the detector. Put it in shadow by the configuration if it is loud, and report it.",
      properties: above(own("DetectorThrew", name), 0),
    }),
  ),
  {
    ...{ id: "AuditLag", when: "always" },
    is: "audit events come ten minutes late",
    todo: "EKS or CloudWatch Logs is slow (health dashboard of AWS), or detect is (alarm detect-age). Late events are judged; verdicts on what is missing may be premature.",
    properties: above(own("TrailLag", "Detect", "Maximum", { trail: "k8s-audit" }), LAG_MS["k8s-audit"], [3, 3]),
  },
  {
    ...{ id: "TrailLag", when: "always" },
    is: "CloudTrail's events come 45 minutes late",
    todo: "CloudTrail is slow (health dashboard of AWS), or detect is (alarm detect-age). Late events are judged; verdicts on what is missing may be premature.",
    properties: above(own("TrailLag", "Detect", "Maximum", { trail: "cloudtrail" }), LAG_MS.cloudtrail, [3, 3]),
  },
  {
    ...{ id: "DeadLetters", when: "always" },
    is: "messages or events could not be delivered",
    // A message that SQS did not move there itself has no queue to go back to: CouldNotDetermineMessageSource (…/SQSDeveloperGuide/troubleshooting-dlq-redrive.html).
    todo: "Findings that came a thousand times: mend the cause, then `aws sqs start-message-move-task --source-arn ${DeadLetterQueue.Arn}`. Events that EventBridge could not deliver SQS does not move: bodies of CloudTrail's events in a file go by `crosstrail send --stream ${Stream.Arn} FILE`; those of the sweep's schedule may be deleted.",
    properties: above(ofQueue("DeadLetterQueue", "ApproximateNumberOfMessagesVisible"), 0),
  },
  {
    ...{ id: "RefusedFindings", when: "always" },
    is: "Security Hub or the topic refused a finding",
    todo: "The message has the reason: `aws sqs receive-message --queue-url ${RefusedQueue}`. The finding stays in the table. If it is the finding's form, report it; then delete the message.",
    properties: above(ofQueue("RefusedQueue", "ApproximateNumberOfMessagesVisible"), 0),
  },
  {
    ...{ id: "HubUrgentWaiting", when: "hub" },
    is: "nobody takes high and critical findings for Security Hub out of their queue for a quarter of an hour",
    todo: `Is publish called (alarms publish-errors, publish-throttles)? ${DOCTOR} Nothing is lost for fourteen days; people are told by the topic all the same.`,
    properties: above(ofQueue("HubUrgentQueue", "ApproximateAgeOfOldestMessage"), 900, [2, 2]),
  },
  {
    ...{ id: "HubWaiting", when: "hub" },
    is: "nobody takes findings for Security Hub out of their queue for an hour",
    todo: "Is publish called (alarms publish-errors, publish-throttles)? If it is: is a detector loud? See the dashboard, and tune or suppress it by the configuration.",
    properties: above(ofQueue("HubQueue", "ApproximateAgeOfOldestMessage"), 3_600, [2, 2]),
  },
  {
    ...{ id: "HubFailing", when: "hub" },
    is: "Security Hub has not taken a finding for a quarter of an hour",
    todo: `Is Security Hub down, or off in this Region? The log of publish says why, and of which account: \`aws logs tail \${PublishLogs} --since 1h\`. ${DOCTOR} Nothing is lost for fourteen days; people are told by the topic all the same.`,
    properties: waited("security-hub"),
  },
  {
    ...{ id: "NotifyFailing", when: "always" },
    is: "the topic has not taken a finding for a quarter of an hour",
    todo: `Is SNS down, or may publish not use the topic or its key? ${log("Publish")}`,
    properties: waited("topic"),
  },
  {
    ...{ id: "NotifyWaiting", when: "always" },
    is: "nobody takes what people are to be told out of its queue for a quarter of an hour",
    todo: `Is publish called (alarms publish-errors, publish-throttles)? ${DOCTOR}`,
    properties: above(ofQueue("NotifyQueue", "ApproximateAgeOfOldestMessage"), 900, [2, 2]),
  },
  {
    ...{ id: "NotificationsFailed", when: "always" },
    is: "the topic could not reach a subscriber",
    todo: "An endpoint is gone, or a queue's key does not allow SNS: look at the topic's subscriptions.",
    properties: above(
      {
        ...{ namespace: "AWS/SNS", metric: "NumberOfNotificationsFailed", statistic: "Sum" },
        of: { TopicName: "${Topic.TopicName}" },
      },
      0,
    ),
  },
  {
    ...{ id: "TrailRuleFailed", when: "trailEvents" },
    is: "EventBridge could not put CloudTrail's events on the stream",
    todo: "Undelivered events are tried for a day and then kept as dead letters. Is the stream full, or may the rule's role not use it or its key?",
    properties: above(
      {
        ...{ namespace: "AWS/Events", metric: "FailedInvocations", statistic: "Sum" },
        of: { RuleName: "${TrailRule}" },
      },
      0,
      [3, 5],
    ),
  },
  {
    ...{ id: "TrailRuleLost", when: "trailEvents" },
    is: "events of CloudTrail are lost: they came neither on the stream nor among the dead letters",
    todo: "May EventBridge use the queue of dead letters, and its key? What is lost is in the trail's bucket: `crosstrail replay` reads its files.",
    properties: above(
      {
        ...{ namespace: "AWS/Events", metric: "InvocationsFailedToBeSentToDlq", statistic: "Sum" },
        of: { RuleName: "${TrailRule}" },
      },
      0,
    ),
  },
  {
    ...{ id: "TrailRuleSilence", when: "trailEvents" },
    is: "EventBridge sees nothing of CloudTrail",
    todo: `Is a trail logging? Without one EventBridge gets nothing. ${DOCTOR} ${INCIDENT}`,
    properties: silent(
      {
        ...{ namespace: "AWS/Events", metric: "TriggeredRules", statistic: "Sum", period: 900 },
        of: { RuleName: "${TrailRule}" },
      },
      4,
    ),
  },
];

/** `DetectAge` -> `detect-age`. */
export const kebab = (id: string): string => id.replace(/(?<=.)[A-Z]/g, "-$&").toLowerCase();

/** All properties of an alarm, with names in them. `suffix`: of which subscription. */
export const alarmProperties = ({ id, is, todo, properties }: Alarm, suffix = "") => ({
  AlarmName: `\${AWS::StackName}-${kebab(id)}${suffix}`,
  AlarmDescription: `crosstrail: ${is}. ${todo}`,
  AlarmActions: ["${AlarmTopic}"],
  OKActions: ["${AlarmTopic}"],
  ...properties,
});
