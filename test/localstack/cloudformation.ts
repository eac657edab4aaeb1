import {
  AlreadyExistsException,
  CreateStackCommand,
  type CreateStackCommandInput,
  DeleteStackCommand,
  DescribeStackEventsCommand,
  DescribeStacksCommand,
  waitUntilStackCreateComplete,
  waitUntilStackDeleteComplete,
} from "@aws-sdk/client-cloudformation";
import { PutObjectCommand } from "@aws-sdk/client-s3";
import type { CloudAssembly } from "../support/cloud-assembly.ts";
import type { Aws } from "./aws.ts";
import { known } from "./resources.ts";

export interface Deployed {
  /** Still answers when the stack is gone. */
  readonly id: string;
  readonly outputs: Readonly<Partial<Record<string, string>>>;
}

/** Seconds, of what hangs. */
const WAITED = { minDelay: 1, maxDelay: 2, maxWaitTime: 300 };
const BOOTSTRAP = "CDKToolkit";

/** As `cdk deploy` does it. Throws an Error with all that failed. */
export async function deployStack(aws: Aws, name: string, { template, assets }: CloudAssembly): Promise<Deployed> {
  const { outputs } = await create(aws, { StackName: BOOTSTRAP, TemplateBody: JSON.stringify(bootstrap(aws)) });
  for (const { bucket, key, content } of assets)
    await aws.s3.send(new PutObjectCommand({ Bucket: placed(bucket, aws), Key: key, Body: content }));
  const where = { Bucket: known(outputs.Bucket), Key: `${name}.json` };
  await aws.s3.send(new PutObjectCommand({ ...where, Body: JSON.stringify(template) }));
  // Larger than what may come with the request.
  const TemplateURL = `${aws.url}/${where.Bucket}/${where.Key}`;
  return await create(aws, { StackName: name, TemplateURL, Capabilities: ["CAPABILITY_IAM"], DisableRollback: true });
}

/** What of `cdk bootstrap` a deployment needs: a bucket for assets, and the version of itself that templates ask for. */
const bootstrap = ({ account, region }: Aws) => ({
  Resources: {
    Bucket: {
      Type: "AWS::S3::Bucket",
      Properties: { BucketName: `cdk-hnb659fds-assets-${account}-${region}` },
    },
    Version: {
      Type: "AWS::SSM::Parameter",
      Properties: { Type: "String", Name: "/cdk-bootstrap/hnb659fds/version", Value: "30" },
    },
  },
  Outputs: { Bucket: { Value: { Ref: "Bucket" } } },
});

/** Also of a stack that stands already, or is being made by another suite. */
async function create(aws: Aws, input: CreateStackCommandInput): Promise<Deployed> {
  const client = aws.cloudformation;
  const { StackName } = input;
  await client.send(new CreateStackCommand(input)).catch((error: unknown) => {
    if (!(error instanceof AlreadyExistsException)) throw error;
  });
  await waitUntilStackCreateComplete({ client, ...WAITED }, { StackName }).catch(async (error: unknown) => {
    throw new Error(`${StackName} was not created:\n${await failures(aws, known(StackName))}`, { cause: error });
  });
  const { Stacks: [stack] = [] } = await client.send(new DescribeStacksCommand({ StackName }));
  const outputs = (stack?.Outputs ?? []).map(({ OutputKey, OutputValue }) => [OutputKey, OutputValue]);
  return { id: known(stack?.StackId), outputs: Object.fromEntries(outputs) };
}

/** Tries again once, as somebody at a console would, and says why: what functions do to its resources meanwhile may keep one. Throws an Error with all that failed. */
export async function deleteStack(aws: Aws, { id }: Deployed): Promise<void> {
  const client = aws.cloudformation;
  const once = async (): Promise<void> => {
    await client.send(new DeleteStackCommand({ StackName: id }));
    await waitUntilStackDeleteComplete({ client, ...WAITED }, { StackName: id }).catch(async (cause: unknown) => {
      throw new Error(`${id} was not deleted:\n${await failures(aws, id)}`, { cause });
    });
  };
  await once().catch(async (error: unknown) => {
    console.warn(error instanceof Error ? error.message : error);
    await once();
  });
}

async function failures(aws: Aws, StackName: string): Promise<string> {
  const { StackEvents = [] } = await aws.cloudformation.send(new DescribeStackEventsCommand({ StackName }));
  return StackEvents.filter(({ ResourceStatus }) => ResourceStatus?.endsWith("FAILED"))
    .map(({ LogicalResourceId, ResourceStatusReason }) => `${LogicalResourceId}: ${ResourceStatusReason}`)
    .join("\n");
}

const placed = (text: string, { account, region }: Aws): string =>
  text.replace(/\$\{AWS::(\w+)\}/g, (_, name: string) => (name === "Region" ? region : account));
