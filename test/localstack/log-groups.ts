import {
  CreateLogGroupCommand,
  CreateLogStreamCommand,
  DeleteLogGroupCommand,
  PutLogEventsCommand,
  ResourceNotFoundException,
} from "@aws-sdk/client-cloudwatch-logs";
import type { Aws } from "./aws.ts";
import { OWNER, type Recorded } from "./recorded.ts";

/** Where EKS and CloudTrail write: group and log stream. The group's name tells the cluster, so that it is the same for every deployment. */
export const logGroupsOf = (cluster: string) =>
  ({
    audit: [`/aws/eks/${cluster}/cluster`, "kube-apiserver-audit-0123456789abcdef0123456789abcdef"],
    cloudtrail: [`/aws/cloudtrail/${cluster}`, `${OWNER}_CloudTrail_eu-central-1`],
  }) as const;

/** Makes the log groups anew. */
export async function createLogGroups(aws: Aws, cluster: string): Promise<void> {
  for (const [logGroupName, logStreamName] of Object.values(logGroupsOf(cluster))) {
    await aws.logs.send(new DeleteLogGroupCommand({ logGroupName })).catch((error: unknown) => {
      if (!(error instanceof ResourceNotFoundException)) throw error;
    });
    await aws.logs.send(new CreateLogGroupCommand({ logGroupName }));
    await aws.logs.send(new CreateLogStreamCommand({ logGroupName, logStreamName }));
  }
}

/** Of one PutLogEvents: as few as make many records of them. */
const EVENTS = 100;

/** Writes what is recorded as EKS and CloudTrail do; gives how many events these are. Logs takes no events older than a fortnight: `at` (ms), when they are logged,
 * is now if nothing else is said, as that of any late event. */
export async function write(aws: Aws, cluster: string, recorded: Recorded, at?: number): Promise<number> {
  const groups = logGroupsOf(cluster);
  let count = 0;
  for (const trail of ["audit", "cloudtrail"] as const) {
    const [logGroupName, logStreamName] = groups[trail];
    const messages = recorded[trail];
    for (let begin = 0; begin < messages.length; begin += EVENTS) {
      const timestamp = at ?? Date.now();
      const logEvents = messages.slice(begin, begin + EVENTS).map((message) => ({ timestamp, message }));
      await aws.logs.send(new PutLogEventsCommand({ logGroupName, logStreamName, logEvents }));
      count += logEvents.length;
    }
  }
  return count;
}
