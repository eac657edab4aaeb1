import { join } from "node:path";
import { App } from "aws-cdk-lib";
import { addStack } from "./stack.ts";

/** Chosen where nothing is, so that there is something to look at without an account: a cluster, and both ways for CloudTrail. */
const EXAMPLE = {
  clusters: "prod",
  trailLogGroup: "my-trail",
  trailEvents: "true",
  emails: "user@example.com",
} as const;

/** Writes the template and the assets of the app into a folder; gives the path of the template. `context`: as by `-c`. Throws with a sentence when what is chosen cannot be, or breaks
 * a rule of cdk-nag. */
export function synthesise(outdir: string, context: Readonly<Record<string, string>> = EXAMPLE): string {
  const app = new App({ outdir, context: { ...context } });
  const stack = addStack(app, {});
  app.synth();
  return join(outdir, stack.templateFile);
}
