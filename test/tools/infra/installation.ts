import { join } from "node:path";
import { run } from "../command.ts";
import { type Installed, install, type Kind, makeVenv, pythonOf } from "../installation/install.ts";

const LOCK = join(import.meta.dirname, "locks", "infra-tools.txt");

/** SAM CLI (with the SAM transform) and cfn-lint. Not beside LocalStack: the two ask for different versions of the same packages. */
const infraTools: Kind<object> = {
  name: "infra-tools",
  what: "SAM CLI and cfn-lint",
  takes: "about a minute",
  from: [LOCK, import.meta.filename],
  async fill(making) {
    const pip = await makeVenv(making);
    // The lock names all there is to install: older pips take the extras of a locked package for another that is not locked.
    await pip(LOCK, "--no-deps", "--only-binary", ":all:");
    await run(pythonOf(making.partial), ["-m", "pip", "check", "--disable-pip-version-check"]);
    return {};
  },
};

export const installInfraTools = (log: (line: string) => void = console.error): Promise<Installed> =>
  install(infraTools, log);
