import { spawn } from "node:child_process";

/** Runs a command to its end and gives what it printed. A command that fails throws with the end of what it said. */
export async function run(
  command: string,
  args: readonly string[],
  { both = false }: { readonly both?: boolean } = {},
): Promise<string> {
  const child = spawn(command, args, { stdio: ["ignore", "pipe", "pipe"] });
  const out: Buffer[] = [];
  const err: Buffer[] = [];
  child.stdout.on("data", (chunk) => out.push(chunk));
  child.stderr.on("data", (chunk) => (both ? out : err).push(chunk));
  const code = await new Promise((resolve, reject) => {
    child.once("error", reject);
    child.once("close", resolve);
  });
  const said = Buffer.concat(out).toString();
  if (code === 0) return said;
  const why = `${Buffer.concat(err)}${said}`.trim().split("\n").slice(-15).join("\n");
  throw new Error(`${command} ${args.join(" ")} ended with ${code}:\n${why}`);
}
