// What the CDK CLI runs in this folder, for every command: what is chosen stands in cdk.context.json, or comes by `-c clusters=prod -c trailLogGroup=my-trail`.
import { App } from "aws-cdk-lib";
import { addStack } from "./stack.ts";

try {
  const app = new App();
  addStack(app);
  app.synth();
} catch (error) {
  // What is chosen and cannot be: its sentence, and not where it was thrown.
  console.error(error instanceof Error ? error.message : String(error));
  process.exitCode = 1;
}
