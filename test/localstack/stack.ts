import { mkdtempSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { InvokeCommand } from "@aws-sdk/client-lambda";
import { ListObjectsV2Command } from "@aws-sdk/client-s3";
import { SubscribeCommand } from "@aws-sdk/client-sns";
import { GetQueueAttributesCommand } from "@aws-sdk/client-sqs";
import { GetCallerIdentityCommand, STSClient } from "@aws-sdk/client-sts";
import type { CrosstrailProps } from "../../infra/cdk/props.ts";
import type { OutputName } from "../../infra/outputs.ts";
import { bundlesIn } from "../support/bundles.ts";
import { type CloudAssembly, cloudAssembly } from "../support/cloud-assembly.ts";
import { type SecurityHub, startSecurityHub } from "../support/security-hub.ts";
import type { FunctionName } from "../tools/bundles.ts";
import { type Aws, eventually } from "./aws.ts";
import { type Roles, rightsIn } from "./calls.ts";
import { type Deployed, deleteStack, deployStack } from "./cloudformation.ts";
import { type FaultProxy, startFaultProxy } from "./fault-proxy.ts";
import { createLogGroups, logGroupsOf } from "./log-groups.ts";
import { createQueue, kinesisAnswers, known, type Queue } from "./resources.ts";
import { type SubstitutionName, substitute } from "./substitutions.ts";

/** crosstrail, deployed by the template that CDK makes. Between each of its functions and AWS stands a proxy of its own. */
export interface Stack {
  readonly deployed: Deployed;
  /** Throws when the stack has no such. */
  readonly output: (name: OutputName) => string;
  /** Messages that the topic told: a subscription of the tests' own. */
  readonly told: Queue;
  /** What a sink has refused, and what was tried too often. */
  readonly refused: Queue;
  readonly deadLetters: Queue;
  readonly outbox: { readonly urgent: Queue; readonly other: Queue; readonly notify: Queue };
  /** Keys of batches in the quarantine that the mapping of the stream has given up. */
  readonly givenUp: () => Promise<readonly string[]>;
  readonly hub: SecurityHub;
  readonly names: Readonly<Record<FunctionName, string>>;
  readonly proxies: Readonly<Record<FunctionName | "hub", FaultProxy>>;
  /** Runs the sweep to its end; throws when it fails. */
  readonly sweep: () => Promise<void>;
  /** Messages in a queue, on their way or put off. */
  readonly waiting: (queue: Queue) => Promise<number>;
  /** Waits until no message of the outbox is left. */
  readonly emptied: () => Promise<void>;
  /** What each function asked of AWS until now. */
  readonly rights: () => Readonly<Record<FunctionName, readonly string[]>>;
  readonly close: () => Promise<void>;
}

interface StackOptions {
  /** EKS cluster in whose log groups it is written. They are made anew: one deployment at a time. */
  readonly cluster: string;
  readonly props?: CrosstrailProps;
  /** Beside those without which nothing runs here. */
  readonly substitutions: readonly SubstitutionName[];
}

export async function createStack(aws: Aws, named: (name: string) => string, options: StackOptions): Promise<Stack> {
  const { account, region } = aws;
  const name = named("stack");
  const { cluster, props } = options;
  const assembly = await assembled(name, {
    clusters: [cluster],
    trailLogGroup: logGroupsOf(cluster).cloudtrail[0],
    ...props,
  });
  await createLogGroups(aws, cluster);
  await kinesisAnswers(aws);
  const hub = await startSecurityHub({ account, region, accountOf: accountsIn(aws) });
  const proxies = {
    detect: await startFaultProxy(aws.url),
    publish: await startFaultProxy(aws.url),
    sweep: await startFaultProxy(aws.url),
    hub: await startFaultProxy(hub.url),
  };
  const ways = {
    aws: { Detect: proxies.detect.url, Publish: proxies.publish.url, Sweep: proxies.sweep.url },
    hub: proxies.hub.url,
  };
  const template = substitute(assembly.template, ["runtime", "endpoints", "queues", ...options.substitutions], ways);
  const deployed = await deployStack(aws, name, { ...assembly, template });
  const output = (one: OutputName): string => known(deployed.outputs[one]);
  const queue = (one: OutputName): Queue => ({
    url: output(one),
    arn: `arn:aws:sqs:${region}:${account}:${nameOf(output(one))}`,
  });
  const outbox = { urgent: queue("HubUrgentQueueUrl"), other: queue("HubQueueUrl"), notify: queue("NotifyQueueUrl") };
  const refused = queue("RefusedQueueUrl");

  const told = await createQueue(aws, named("told"));
  const Attributes = { RawMessageDelivery: "true" };
  const TopicArn = output("TopicArn");
  await aws.sns.send(new SubscribeCommand({ TopicArn, Protocol: "sqs", Endpoint: told.arn, Attributes }));

  const waiting = async ({ url }: Queue): Promise<number> => {
    const asked = new GetQueueAttributesCommand({ QueueUrl: url, AttributeNames: ["All"] });
    const { Attributes: found = {} } = await aws.sqs.send(asked);
    const counts = Object.entries(found).filter(([one]) => one.startsWith("ApproximateNumberOfMessages"));
    return counts.reduce((sum, [, count]) => sum + Number(count), 0);
  };
  const called: Roles = [
    [output("TableName"), "table"],
    [output("QuarantineBucket"), "quarantine"],
    [output("ConfigBucket"), "config"],
    [nameOf(outbox.urgent.url), "queue hub-urgent"],
    [nameOf(outbox.other.url), "queue hub-other"],
    [nameOf(outbox.notify.url), "queue notify"],
    [nameOf(refused.url), "queue refused"],
    [TopicArn, "topic"],
    [`:product/${account}/default`, "product"],
    [":product/", "product of another account"],
  ];
  return {
    ...{ deployed, output, told, refused, outbox, hub, proxies, waiting },
    deadLetters: queue("DeadLetterQueueUrl"),
    names: { detect: output("DetectFunction"), publish: output("PublishFunction"), sweep: output("SweepFunction") },
    async givenUp() {
      const given = { Bucket: output("QuarantineBucket"), Prefix: "aws/lambda/" };
      const { Contents = [] } = await aws.s3.send(new ListObjectsV2Command(given));
      return Contents.map(({ Key }) => known(Key));
    },
    async sweep() {
      const asked = new InvokeCommand({ FunctionName: output("SweepFunction") });
      const { FunctionError, Payload } = await aws.lambda.send(asked);
      if (FunctionError !== undefined) throw new Error(`The sweep failed: ${Buffer.from(Payload ?? []).toString()}`);
    },
    async emptied() {
      await eventually("an empty outbox", async () => {
        for (const one of Object.values(outbox)) if ((await waiting(one)) > 0) return;
        return true;
      });
    },
    rights: () => ({
      detect: rightsIn(proxies.detect.calls, called),
      publish: rightsIn([...proxies.publish.calls, ...proxies.hub.calls], called),
      sweep: rightsIn(proxies.sweep.calls, called),
    }),
    async close() {
      await deleteStack(aws, deployed);
      await Promise.all([...Object.values(proxies), hub].map((one) => one.close()));
    },
  };
}

/** Whose access keys are. LocalStack does not know GetAccessKeyInfo, and asks nobody for the secret. */
function accountsIn({ url, region, account }: Aws): (accessKeyId: string) => Promise<string> {
  const accounts = new Map<string, Promise<string>>();
  const ask = async (accessKeyId: string): Promise<string> => {
    const sts = new STSClient({ region, endpoint: url, credentials: { accessKeyId, secretAccessKey: "any" } });
    const { Account = account } = await sts.send(new GetCallerIdentityCommand({}));
    sts.destroy();
    return Account;
  };
  return (key) => {
    const asked = accounts.get(key) ?? ask(key);
    accounts.set(key, asked);
    return asked;
  };
}

async function assembled(name: string, props: CrosstrailProps): Promise<CloudAssembly> {
  const folder = mkdtempSync(join(tmpdir(), "crosstrail-bundles-"));
  try {
    return cloudAssembly({ ...props, bundles: await bundlesIn(folder) }, name);
  } finally {
    rmSync(folder, { recursive: true });
  }
}

/** Of a queue. */
const nameOf = (url: string): string => known(url.split("/").at(-1));
