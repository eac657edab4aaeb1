// What the CDK CLI runs: `npx aws-cdk deploy -c clusters=prod -c trailLogGroup=my-trail`, in this folder.
import { App } from "aws-cdk-lib";
import { addStack } from "./stack.ts";

const app = new App();
addStack(app);
app.synth();
