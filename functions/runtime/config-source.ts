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
  accept: (config: Config) => Promise<void>,
  now: () => number,
): () => Promise<Configured> {
  let last: Configured | undefined;
  let seen: string | undefined;
  let until = Number.NEGATIVE_INFINITY;

  async function read(): Promise<Configured> {
    const found = await fetch(seen);
    if (found === "unchanged" && last !== undefined) return last;
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
      const { config, version } = last ?? { config: { version: 1 } as const, version: DEFAULT_VERSION };
      return { config, version, problem: { version: found.version, message: reasonOf(cause) } };
    }
  }

  return async () => {
    if (last !== undefined && now() < until) return last;
    try {
      last = await read();
    } catch (cause) {
      if (last === undefined) throw cause;
      const message = `cannot be read: ${reasonOf(cause)}`;
      last = { config: last.config, version: last.version, problem: { version: last.version, message } };
    }
    until = now() + EVERY_MS;
    return last;
  };
}
