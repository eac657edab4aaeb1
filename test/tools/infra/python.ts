import { attempt, type Ended } from "../command.ts";
import { root } from "../folders.ts";
import { pythonOf } from "../installation/install.ts";
import { installInfraTools } from "./installation.ts";

/** The Region that templates are transformed and checked for. */
export const REGION = "eu-central-1";

/** Runs a Python program of the infra tools, cut off from AWS accounts, from the network and from the settings of whoever runs it. */
export async function python(args: readonly string[], { cwd = root, input = "" } = {}): Promise<Ended> {
  const { folder } = await installInfraTools();
  return await attempt(pythonOf(folder), args, {
    ...{ cwd, input },
    env: {
      PATH: process.env.PATH,
      AWS_DEFAULT_REGION: REGION,
      AWS_EC2_METADATA_DISABLED: "true",
      // Where the tools look for settings, and SAM CLI keeps its own.
      HOME: folder,
      SAM_CLI_TELEMETRY: "0",
      // SAM CLI asks once a week whether there is a newer one, and has no switch for that. Nobody listens here.
      HTTPS_PROXY: "http://127.0.0.1:9",
      PYTHONDONTWRITEBYTECODE: "1",
      PYTHONUTF8: "1",
    },
  });
}
