import { setTimeout as sleep } from "node:timers/promises";
import { run } from "../tools/command.ts";

/** Ids of the processes that a function runs in: its name is the last word of their command line. */
export async function processesOf(name: string): Promise<readonly number[]> {
  const listed = await run("ps", ["-A", "-ww", "-o", "pid=,args="]);
  return listed
    .split("\n")
    .map((line) => line.trim())
    .filter((line) => line.endsWith(` ${name}`))
    .map((line) => Number.parseInt(line, 10));
}

/** Ends them as a machine that fails would, and waits until they are gone; gives how many there were. */
export async function killAll(name: string): Promise<number> {
  const ids = await processesOf(name);
  for (const id of ids) process.kill(id, "SIGKILL");
  const left = async (): Promise<boolean> => (await processesOf(name)).some((id) => ids.includes(id));
  while (await left()) await sleep(50);
  return ids.length;
}
