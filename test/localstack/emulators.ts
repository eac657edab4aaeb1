import { type ChildProcess, spawn } from "node:child_process";
import { once } from "node:events";
import { mkdtempSync, openSync, readFileSync, rmSync } from "node:fs";
import { createServer } from "node:net";
import { tmpdir } from "node:os";
import { delimiter, dirname, join } from "node:path";
import { setTimeout as sleep } from "node:timers/promises";
import { root } from "../tools/folders.ts";
import { pythonOf } from "../tools/installation/install.ts";
import { type Installation, installLocalStack } from "./installation.ts";

/** A LocalStack that runs. */
export interface Emulators {
  /** `http://127.0.0.1:PORT` */
  readonly endpoint: string;
  readonly installation: Installation;
  /** Where it writes what it does. */
  readonly logFile: string;
  /** Ends it and everything that it started. */
  readonly stop: () => Promise<void>;
}

export const REGION = "eu-central-1";
/** LocalStack's account for the access key `test`. */
export const ACCOUNT = "000000000000";

const host = join(import.meta.dirname, "host");
const SERVICES =
  "cloudformation,cloudwatch,dynamodb,dynamodbstreams,events,iam,kinesis,kms,lambda,logs,s3,secretsmanager,sns,sqs,ssm,sts";
const READY_MS = 300_000;
/** More than the supervisor's own grace. */
const STOP_MS = 45_000;

/** Installs what is missing, then starts LocalStack without Docker on a free port of the loopback. */
export async function startEmulators(log: (line: string) => void): Promise<Emulators> {
  const installation = await installLocalStack(log);
  const port = await freePort();
  const folder = mkdtempSync(join(tmpdir(), "crosstrail-emulators-"));
  const logFile = join(folder, "localstack.log");
  const output = openSync(logFile, "w");
  const python = pythonOf(installation.folder);
  const child = spawn(python, [join(host, "supervise.py"), python, join(host, "serve.py")], {
    // A group of its own: Ctrl-C is for whoever started it, who then closes stdin.
    ...{ detached: true, cwd: folder, env: environment(installation, port, folder) },
    stdio: ["pipe", output, output],
  });
  const stop = async (): Promise<void> => {
    await end(child);
    rmSync(folder, { recursive: true, force: true });
  };
  const endpoint = `http://127.0.0.1:${port}`;
  try {
    await ready(child, `${endpoint}/_localstack/health`);
  } catch (error) {
    const said = readFileSync(logFile, "utf8").split("\n").slice(-30).join("\n");
    await stop();
    throw new Error(`LocalStack did not start:\n${said}`, { cause: error });
  }
  return { endpoint, installation, logFile, stop };
}

function environment(installation: Installation, port: number, folder: string): NodeJS.ProcessEnv {
  // Not the AWS settings of whoever runs this.
  const own = Object.entries(process.env).filter(
    ([name]) => !/^(AWS_|LOCALSTACK_|NODE_OPTIONS|VITEST|PYTHON)/.test(name),
  );
  return {
    ...Object.fromEntries(own),
    // Functions run on this Node.
    PATH: `${dirname(process.execPath)}${delimiter}${process.env.PATH ?? ""}`,
    CROSSTRAIL_NODE: process.execPath,
    CROSSTRAIL_LAMBDA_RUNTIME: join(host, "lambda-runtime.ts"),
    CROSSTRAIL_KINESIS: join(root, "node_modules", "kinesis-local", "main.js"),
    CROSSTRAIL_LOOPBACK: join(host, "loopback.cjs"),
    CROSSTRAIL_DYNAMODB: JSON.stringify(dynamodb(installation)),
    PYTHONPATH: host,
    PYTHONDONTWRITEBYTECODE: "1",
    FILESYSTEM_ROOT: join(folder, "fs"),
    TMPDIR: folder,
    CROSSTRAIL_SCRATCH: folder,
    // A /.dockerenv on the machine would make it write to /var/lib/localstack.
    OVERRIDE_IN_DOCKER: "0",
    GATEWAY_LISTEN: `127.0.0.1:${port}`,
    // The default server ignores the address and listens on every interface.
    GATEWAY_SERVER: "hypercorn",
    LOCALSTACK_HOST: `127.0.0.1:${port}`,
    // Queue URLs would name a public host.
    SQS_ENDPOINT_STRATEGY: "path",
    DNS_ADDRESS: "0",
    SERVICES,
    DISABLE_EVENTS: "1",
    SKIP_SSL_CERT_DOWNLOAD: "1",
    KINESIS_LATENCY: "0",
    DYNAMODB_IN_MEMORY: "1",
  };
}

/** The command of the engine; `{port}` is filled in by LocalStack. DynamoDB Local listens on every interface: it has no option. */
function dynamodb({ dynamodb: engine }: Installation): readonly string[] {
  if (engine.kind === "dynalite")
    return [process.execPath, join(root, "node_modules/dynalite/cli.js"), "--host", "127.0.0.1", "--port", "{port}"];
  const main = "com.amazonaws.services.dynamodbv2.local.main.ServerRunner";
  return [engine.java, "-Xmx256m", "-cp", join(engine.jars, "*"), main, "-inMemory", "-port", "{port}"];
}

/** A port that was free a moment ago. */
async function freePort(): Promise<number> {
  const server = createServer().listen(0, "127.0.0.1");
  await once(server, "listening");
  const address = server.address();
  server.close();
  if (address === null || typeof address === "string") throw new Error("no port");
  return address.port;
}

async function ready(child: ChildProcess, url: string): Promise<void> {
  for (const limit = Date.now() + READY_MS; Date.now() < limit; await sleep(100)) {
    if (child.exitCode !== null || child.signalCode !== null) throw new Error("it ended");
    if (
      await fetch(url).then(
        ({ ok }) => ok,
        () => false,
      )
    )
      return;
  }
  throw new Error(`it was not ready after ${READY_MS / 1000} s`);
}

async function end(child: ChildProcess): Promise<void> {
  if (child.exitCode !== null || child.signalCode !== null) return;
  const ended = once(child, "exit");
  child.stdin?.end();
  // The group: the supervisor and LocalStack.
  const hard = setTimeout(() => child.pid !== undefined && process.kill(-child.pid, "SIGKILL"), STOP_MS);
  await ended;
  clearTimeout(hard);
}
