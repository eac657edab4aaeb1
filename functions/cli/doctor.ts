import { CloudFormationClient } from "@aws-sdk/client-cloudformation";
import { CloudTrailClient } from "@aws-sdk/client-cloudtrail";
import { CloudWatchClient } from "@aws-sdk/client-cloudwatch";
import { CloudWatchLogsClient } from "@aws-sdk/client-cloudwatch-logs";
import { DynamoDBClient } from "@aws-sdk/client-dynamodb";
import { EKSClient } from "@aws-sdk/client-eks";
import { EventBridgeClient } from "@aws-sdk/client-eventbridge";
import { KMSClient } from "@aws-sdk/client-kms";
import { LambdaClient } from "@aws-sdk/client-lambda";
import { S3Client } from "@aws-sdk/client-s3";
import { SecurityHubClient } from "@aws-sdk/client-securityhub";
import { SNSClient } from "@aws-sdk/client-sns";
import { SQSClient } from "@aws-sdk/client-sqs";
import { STSClient } from "@aws-sdk/client-sts";
import { NodeHttpHandler } from "@smithy/node-http-handler";
import { CrosstrailError } from "../../schemas/errors.ts";
import { compact } from "../../schemas/json.ts";
import { commandsFor } from "../doctor/command.ts";
import { type Clients, examine } from "../doctor/examine.ts";
import { identityOf } from "../doctor/identity.ts";
import type { Result } from "../doctor/result.ts";
import { safe, safeJson, styleOf, wantsColour } from "../terminal.ts";
import { type AwsOptions, clientConfig, regionOf, s3Config } from "./aws.ts";
import { countsOf, resultLines } from "./doctor-table.ts";
import { EXIT } from "./exit.ts";
import { columnsOf } from "./print.ts";

export interface DoctorOptions extends AwsOptions {
  readonly cluster?: readonly string[];
  readonly trailLogGroup?: string;
  readonly stack?: string;
  readonly format?: "table" | "json";
  readonly color: boolean;
}

/** Checks an account, and with a stack the deployment in it. Gives the exit code. Rejects with E_AWS or E_AWS_REFUSED where nothing can be asked. */
export async function doctor(options: DoctorOptions): Promise<number> {
  const { cluster: clusters = [], trailLogGroup, profile } = options;
  // As a script may give it.
  const stack = options.stack || undefined;
  if (clusters.length === 0 && stack === undefined)
    throw new CrosstrailError("E_CONFIG", "name what is to be checked: --cluster, --stack or both", {
      cause: undefined,
    });
  const sts = new STSClient({ ...patient(clientConfig(options)), maxAttempts: 3 });
  const region = await regionOf(sts);
  const who = await identityOf(sts);
  const command = commandsFor({ region, ...compact({ profile }) });
  const results = await examine(clientsOf(options), {
    ...{ clusters, region, command, now: Date.now() },
    ...compact({ stack, trailLogGroup }),
  });
  const terminal = process.stdout.isTTY === true;
  if ((options.format ?? (terminal ? "table" : "json")) === "json")
    console.log(safeJson({ ...who, region, counts: countsOf(results), results }));
  else {
    const { account = "unknown", arn = "somebody" } = who;
    console.log(safe(`Account ${account}, ${region}, as ${arn}`));
    const style = styleOf(wantsColour(process.stdout, options.color, process.env));
    for (const line of resultLines(results, columnsOf(undefined), style)) console.log(line);
  }
  return exitOf(results);
}

/** Fine is only what was asked whole. */
function exitOf(results: readonly Result[]): number {
  if (results.some(({ outcome }) => outcome === "missing")) return EXIT.findings;
  return results.some(({ outcome }) => outcome === "unknown") ? EXIT.failed : EXIT.fine;
}

/** A service that cannot be reached is an answer here, and no reason to wait for long. */
const patient = <T extends object>(config: T) => ({
  ...config,
  maxAttempts: 6,
  requestHandler: new NodeHttpHandler({
    connectionTimeout: 5_000,
    requestTimeout: 15_000,
    throwOnRequestTimeout: true,
  }),
});

function clientsOf(options: DoctorOptions): Clients {
  const config = patient(clientConfig(options));
  return {
    cloudformation: new CloudFormationClient(config),
    cloudtrail: (region) => new CloudTrailClient({ ...config, ...compact({ region }) }),
    cloudwatch: new CloudWatchClient(config),
    dynamodb: new DynamoDBClient(config),
    eks: new EKSClient(config),
    events: new EventBridgeClient(config),
    hub: new SecurityHubClient(config),
    kms: new KMSClient(config),
    lambda: new LambdaClient(config),
    logs: new CloudWatchLogsClient(config),
    s3: new S3Client(patient(s3Config(options))),
    sns: new SNSClient(config),
    sqs: new SQSClient(config),
  };
}
