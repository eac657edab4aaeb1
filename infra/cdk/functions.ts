import { existsSync } from "node:fs";
import { basename, join } from "node:path";
import { Duration, RemovalPolicy } from "aws-cdk-lib";
import { PolicyDocument, PolicyStatement, Role, ServicePrincipal } from "aws-cdk-lib/aws-iam";
import type { IKey } from "aws-cdk-lib/aws-kms";
import {
  Architecture,
  Code,
  Function as LambdaFunction,
  Runtime,
  RuntimeFamily,
  Tracing,
} from "aws-cdk-lib/aws-lambda";
import { LogGroup } from "aws-cdk-lib/aws-logs";
import type { Construct } from "constructs";
import { fill, type Values } from "../names.ts";
import { parameters } from "../parameters.ts";
import { type Right, rights } from "../rights.ts";
import {
  environment,
  environmentOf,
  type FunctionName,
  functionNames,
  functions,
  HANDLER,
  hubEnvironment,
  RUNTIME,
} from "../settings.ts";
import { packageRoot } from "./package-root.ts";
import type { CrosstrailProps } from "./props.ts";

/** The three functions, each with a role and a log group of its own. `values`: everything that their rights and variables name. */
export function deployFunctions(
  scope: Construct,
  key: IKey,
  props: CrosstrailProps,
  values: Values,
): Readonly<Record<FunctionName, LambdaFunction>> {
  const { hubRoles = [], securityHub: hub = true } = props;
  const there = { hub, hubRoles: hubRoles.length > 0 };
  const deployed = functionNames.map((name) => {
    const { code, description, memoryMb, timeoutSeconds } = functions[name];
    const logs = new LogGroup(scope, `${name}Logs`, {
      ...{ encryptionKey: key, removalPolicy: RemovalPolicy.DESTROY },
      retention: props.logRetentionDays ?? parameters.LogRetentionDays.default,
    });
    const named: Values = {
      ...{ ...values, [`${name}Logs.Arn`]: logs.logGroupArn },
      ...{ NotifyFormat: props.notifyFormat ?? "text", Shadow: String(props.shadow ?? false) },
      HubRoles: hubRoles.join(","),
    };
    const role = new Role(scope, `${name}Role`, {
      assumedBy: new ServicePrincipal("lambda.amazonaws.com"),
      inlinePolicies: {
        crosstrail: policyOf(
          rights[name].filter(({ when }) => when === undefined || there[when]),
          named,
        ),
      },
    });
    const lambda = new LambdaFunction(scope, name, {
      ...{ description, handler: HANDLER, code: codeOf(code, props), memorySize: memoryMb },
      ...{ runtime: new Runtime(RUNTIME, RuntimeFamily.NODEJS), architecture: Architecture.ARM_64 },
      ...{ timeout: Duration.seconds(timeoutSeconds), tracing: Tracing.ACTIVE, logGroup: logs },
      // Its rights are all there: CDK is not to add what it thinks is needed.
      role: role.withoutPolicyUpdates(),
      environment: fill({ ...environment, ...(hub ? hubEnvironment : {}), ...environmentOf[name] }, named),
    });
    return [name, lambda] as const;
  });
  return Object.fromEntries(deployed) as Record<FunctionName, LambdaFunction>;
}

export function policyOf(all: readonly Right[], values: Values): PolicyDocument {
  const listed = (resources: Right["resources"]): readonly string[] =>
    "of" in resources ? fill(`\${${resources.of}}`, values).split(",") : fill(resources, values);
  return new PolicyDocument({
    statements: all.map(
      ({ sid, actions, resources, conditions }) =>
        new PolicyStatement({
          ...{ sid, actions: [...actions], resources: [...listed(resources)] },
          ...(conditions === undefined ? {} : { conditions: fill(conditions, values) }),
        }),
    ),
  });
}

function codeOf(folder: string, { bundles }: CrosstrailProps): Code {
  const path = bundles === undefined ? join(packageRoot(), folder) : join(bundles, basename(folder));
  if (!existsSync(path)) throw new Error(`${path} is not there: run npm run build first.`);
  return Code.fromAsset(path);
}
