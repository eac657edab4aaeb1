import { DeleteLogGroupCommand, PutLogEventsCommand, ResourceNotFoundException } from "@aws-sdk/client-cloudwatch-logs";
import type { Aws } from "./aws.ts";
import { CLUSTER, OWNER, type Recorded } from "./recorded.ts";
import { createLogGroup } from "./resources.ts";

/** Where EKS and CloudTrail write. The names tell the cluster, so that they are the same for every deployment: one at a time. */
const GROUPS = {
  audit: [`/aws/eks/${CLUSTER}/cluster`, "kube-apiserver-audit-0123456789abcdef0123456789abcdef"],
  cloudtrail: ["/aws/cloudtrail/all", `${OWNER}_CloudTrail_eu-central-1`],
} as const;

/** Makes the log groups anew, with subscriptions to a stream. */
export async function createLogGroups(aws: Aws, stream: string): Promise<void> {
  for (const [group, logStream] of Object.values(GROUPS)) {
    await aws.logs.send(new DeleteLogGroupCommand({ logGroupName: group })).catch((error: unknown) => {
      if (!(error instanceof ResourceNotFoundException)) throw error;
    });
    await createLogGroup(aws, group, logStream, stream);
  }
}

/** Of one PutLogEvents: as few as make many records of them. */
const EVENTS = 100;

/** Writes what is recorded as EKS and CloudTrail do; gives how many events these are. */
export async function write(aws: Aws, recorded: Recorded): Promise<number> {
  let count = 0;
  for (const trail of ["audit", "cloudtrail"] as const) {
    const [logGroupName, logStreamName] = GROUPS[trail];
    const messages = recorded[trail];
    for (let at = 0; at < messages.length; at += EVENTS) {
      // Logs takes no events older than a fortnight: the time of writing is now, as that of any late event.
      const logEvents = messages.slice(at, at + EVENTS).map((message) => ({ timestamp: Date.now(), message }));
      await aws.logs.send(new PutLogEventsCommand({ logGroupName, logStreamName, logEvents }));
      count += logEvents.length;
    }
  }
  return count;
}
