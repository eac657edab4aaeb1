import type { Config } from "../../schemas/config/config.ts";
import { reasonOf } from "../adapters/sinks/reason.ts";
import { parseConfig } from "../config.ts";

/** A configuration as it is kept: its text, and the version of the object that holds it. */
export interface ConfigObject {
  readonly text: string;
  readonly version: string;
}

/** What is kept now; undefined when nothing is. `known`: the version that the caller has, answered with it alone when it still stands. */
export type FetchConfig = (known: string | undefined) => Promise<ConfigObject | "unchanged" | undefined>;

export interface Configured {
  readonly config: Config;
  /** Of the last good one; `default` when there was none. */
  readonly version: string;
  /** Why what is kept now does not stand. */
  readonly problem?: { readonly version: string; readonly message: string };
}

export const DEFAULT_VERSION = "default";
const EVERY_MS = 60_000;

/** The configuration without a deployment: read again every minute, checked whole, the last good one kept. Rejects only while none was ever to be had, or no
 * object could be asked for at all when the process began: what a site declares must not be missing by accident. `accept` rejects one
 * that is valid and cannot be used. */
export function createConfigSource(
  fetch: FetchConfig,
  accept: (config: Config) => Promise<void> | void,
  now: () => number,
): () => Promise<Configured> {
  /** What was read last, and what is known by now: it, or it and that nothing can be read. */
  let read: Configured | undefined;
  let last: Configured | undefined;
  let seen: string | undefined;
  let until = Number.NEGATIVE_INFINITY;

  async function ask(): Promise<Configured> {
    const found = await fetch(seen);
    if (found === "unchanged" && read !== undefined) return read;
    if (found === undefined || found === "unchanged") {
      seen = undefined;
      return { config: { version: 1 }, version: DEFAULT_VERSION };
    }
    seen = found.version;
    try {
      const config = await parseConfig(found.text, `configuration ${found.version}`);
      await accept(config);
      return { config, version: found.version };
    } catch (cause) {
      const { config, version } = read ?? { config: { version: 1 } as const, version: DEFAULT_VERSION };
      return { config, version, problem: { version: found.version, message: reasonOf(cause) } };
    }
  }

  return async () => {
    if (last !== undefined && now() < until) return last;
    try {
      read = await ask();
      last = read;
    } catch (cause) {
      if (read === undefined) throw cause;
      const { config, version } = read;
      last = { config, version, problem: { version, message: `cannot be read: ${reasonOf(cause)}` } };
    }
    until = now() + EVERY_MS;
    return last;
  };
}
