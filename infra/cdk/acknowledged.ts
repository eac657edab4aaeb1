import { type CfnElement, Stack, Validations } from "aws-cdk-lib";
import type { Construct, IConstruct } from "constructs";

/** What cdk-nag (AwsSolutions, Serverless) finds in the stack and why it stands. Whoever checks an own app finds it acknowledged there, too. `<Name>`: the logical id of that construct. */
interface Acknowledged {
  readonly id: string;
  /** Paths inside the construct. */
  readonly of: readonly string[];
  readonly reason: string;
}

const ROLES = ["DetectRole/Resource", "PublishRole/Resource", "SweepRole/Resource"] as const;
const TRACES = "xray:PutTraceSegments and xray:PutTelemetryRecords know no resources";

export const acknowledged: readonly Acknowledged[] = [
  {
    ...{ id: "AwsSolutions-KDS3", of: ["Stream/Resource"] },
    reason:
      "The rule asks for the key that AWS manages; the stream has the customer's, as everything else, so that who may read it is in one policy",
  },
  {
    ...{ id: "AwsSolutions-S1", of: ["QuarantineBucket/Resource", "ConfigBucket/Resource"] },
    reason:
      "Who reads and writes objects is for a trail with data events of these two buckets, which stands where nobody of this account can change it; an access log beside them would not",
  },
  {
    ...{ id: "AwsSolutions-SQS3", of: ["RefusedQueue/Resource"] },
    reason: "It is a queue of dead letters: publish itself puts there what a sink has refused, with the reason",
  },
  {
    ...{ id: "Serverless-SQSRedrivePolicy", of: ["DeadLetterQueue/Resource", "RefusedQueue/Resource"] },
    reason: "They are where dead letters go; nothing reads them but people",
  },
  {
    ...{ id: "AwsSolutions-IAM5[Resource::<QuarantineBucket.Arn>/kept/*]", of: ["DetectRole/Resource"] },
    reason:
      "Names of kept objects are made of time, shard and sequence number; the right goes no further than their folder",
  },
  {
    ...{ id: "AwsSolutions-IAM5[Resource::<QuarantineBucket.Arn>/aws/lambda/*]", of: ["DetectRole/Resource"] },
    reason: "Lambda chooses the names of what it gives up; the right goes no further than its folder",
  },
  { id: "AwsSolutions-IAM5[Resource::*]", of: ROLES, reason: TRACES },
  { id: "Serverless-LambdaStarPermissions", of: ROLES, reason: TRACES },
  {
    ...{ id: "Serverless-LambdaDLQ", of: ["Detect/Resource", "Publish/Resource"] },
    reason:
      "It is called by event source mappings, which have a destination or a redrive policy of their own, and never asynchronously",
  },
  {
    ...{ id: "Serverless-LambdaDLQ", of: ["Sweep/Resource"] },
    reason:
      "A sweep that fails is made up for by the next one, five minutes later, and an alarm says so; a dead one would be of no use",
  },
  {
    ...{
      id: "Serverless-LambdaEventSourceMappingDestination",
      of: ["PublishHubUrgent", "PublishHub", "PublishNotify"],
    },
    reason: "SQS mappings know no destination: their queues have a redrive policy",
  },
];

/** Writes the reasons where cdk-nag looks for them. */
export function acknowledge(scope: Construct): void {
  const stack = Stack.of(scope);
  const named = (id: string): string =>
    id.replace(/<(\w+)\./, (_, name: string) =>
      find(scope, `${name}/Resource`)
        .map((element) => `<${stack.resolve(stack.getLogicalId(element as CfnElement))}.`)
        .join(""),
    );
  for (const { id, of, reason } of acknowledged)
    for (const construct of of.flatMap((path) => find(scope, path)))
      Validations.of(construct).acknowledge({ id: named(id), reason });
}

/** What stands there: nothing, where a stack does without it. */
function find(scope: Construct, path: string): readonly IConstruct[] {
  return scope.node.findAll().filter(({ node }) => node.path === `${scope.node.path}/${path}`);
}
