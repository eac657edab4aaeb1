import { spawn } from "node:child_process";

interface Options {
  readonly env?: NodeJS.ProcessEnv;
  readonly cwd?: string;
  /** Given to it on stdin. */
  readonly input?: string;
}
export interface Ended {
  /** Nothing when a signal ended it. */
  readonly code: number | null;
  readonly stdout: string;
  readonly stderr: string;
}

/** Runs a command to its end, well or not. One that cannot be started throws. */
export async function attempt(
  command: string,
  args: readonly string[],
  { input, ...options }: Options = {},
): Promise<Ended> {
  const child = spawn(command, args, { ...options, stdio: ["pipe", "pipe", "pipe"] });
  const [out, err]: [Buffer[], Buffer[]] = [[], []];
  child.stdout.on("data", (chunk) => out.push(chunk));
  child.stderr.on("data", (chunk) => err.push(chunk));
  child.stdin.on("error", () => undefined); // it ended without reading all of it, and says itself why
  child.stdin.end(input);
  const code = await new Promise<number | null>((resolve, reject) => {
    child.once("error", reject);
    child.once("close", resolve);
  });
  return { code, stdout: Buffer.concat(out).toString(), stderr: Buffer.concat(err).toString() };
}

/** Runs a command to its end and gives what it printed. A command that fails throws with the end of what it said. */
export async function run(
  command: string,
  args: readonly string[],
  { both = false, ...options }: Options & { readonly both?: boolean } = {},
): Promise<string> {
  const { code, stdout, stderr } = await attempt(command, args, options);
  if (code === 0) return both ? stderr + stdout : stdout;
  const why = `${stderr}${stdout}`.trim().split("\n").slice(-15).join("\n");
  throw new Error(`${command} ${args.join(" ")} ended with ${code}:\n${why}`);
}
