import { type AwsSecurityFinding, BatchImportFindingsCommand, SecurityHubClient } from "@aws-sdk/client-securityhub";
import { SendMessageCommand, SQSClient } from "@aws-sdk/client-sqs";

const hub = new SecurityHubClient();
const sqs = new SQSClient();

/** Imports the finding that it is given, and says so in a queue. */
export async function handler(finding: AwsSecurityFinding): Promise<unknown> {
  const { SuccessCount, FailedFindings } = await hub.send(new BatchImportFindingsCommand({ Findings: [finding] }));
  await sqs.send(new SendMessageCommand({ QueueUrl: process.env.QUEUE, MessageBody: String(finding.Id) }));
  return { SuccessCount, FailedFindings };
}
