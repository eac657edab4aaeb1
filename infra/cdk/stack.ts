import { type App, Stack, Validations } from "aws-cdk-lib";
import { AwsSolutionsChecks, ServerlessChecks } from "cdk-nag";
import { Crosstrail } from "./crosstrail.ts";
import { propsFromContext } from "./from-context.ts";

/** The stack of the app: where the AWS CLI's profile points to, with what was chosen by context, and held against cdk-nag's rules. */
export function addStack(app: App, { CDK_DEFAULT_ACCOUNT: account, CDK_DEFAULT_REGION: region } = process.env): Stack {
  const env = account !== undefined && region !== undefined ? { env: { account, region } } : {};
  const name: unknown = app.node.tryGetContext("stackName");
  const stack = new Stack(app, typeof name === "string" ? name : "crosstrail", {
    description: "crosstrail: reads Kubernetes audit logs and CloudTrail of EKS Auto Mode clusters together",
    ...env,
  });
  new Crosstrail(stack, "Crosstrail", propsFromContext(app, stack));
  Validations.of(app).addPlugins(new AwsSolutionsChecks(app), new ServerlessChecks(app));
  return stack;
}
