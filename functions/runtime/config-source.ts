import type { Config } from "../../schemas/config/config.ts";
import { CrosstrailError } from "../../schemas/errors.ts";
import { reasonOf } from "../adapters/sinks/reason.ts";
import { parseConfig } from "../config.ts";

/** A configuration as it is kept: its text, and the version of the object that holds it. */
export interface ConfigObject {
  readonly text: string;
  readonly version: string;
}

export interface ConfigStore {
  /** What is kept now; undefined when nothing is. `known`: the version that the caller has, answered with it alone when it still stands. */
  readonly now: (known: string | undefined) => Promise<ConfigObject | "unchanged" | undefined>;
  /** What was kept before a version, the latest first and not all of it. Rejects with an error that is `refused` where that is not allowed. */
  readonly earlier: (than: string) => AsyncIterable<ConfigObject> | Iterable<ConfigObject>;
}

export interface Configured {
  readonly config: Config;
  /** Of the last good one; `default` when there is none. */
  readonly version: string;
  /** Why what is kept now does not stand. */
  readonly problem?: { readonly version: string; readonly message: string };
}

interface LastGood extends Configured {
  /** Why it was not looked for. */
  readonly unread?: string;
}

export const DEFAULT_VERSION = "default";
const DEFAULT: Configured = { config: { version: 1 }, version: DEFAULT_VERSION };
const EVERY_MS = 60_000;

/** The configuration without a deployment: read again every minute, checked whole, the last good one kept; a process that begins with a bad one looks for it
 * among the earlier versions, so that all processes go by the same. Rejects only while none was ever to be had, or no
 * object could be asked for at all when the process began: what a site declares must not be missing by accident. `accept` rejects one
 * that is valid and cannot be used. */
export function createConfigSource(
  store: ConfigStore,
  accept: (config: Config) => Promise<void> | void,
  now: () => number,
): () => Promise<Configured> {
  /** What was read last, and what is known by now: it, or it and that nothing can be read. */
  let read: Configured | undefined;
  let last: Configured | undefined;
  let seen: string | undefined;
  let until = Number.NEGATIVE_INFINITY;

  async function ask(): Promise<Configured> {
    const found = await store.now(seen);
    if (found === "unchanged" && read !== undefined) return read;
    if (found === undefined || found === "unchanged") {
      seen = undefined;
      return DEFAULT;
    }
    const { version } = found;
    const current = await checked(found);
    if (typeof current !== "string") {
      seen = version;
      return current;
    }
    const good: LastGood = read ?? (await lastGood(version));
    seen = version;
    const message = good.unread === undefined ? current : `${current}; no earlier version can be read: ${good.unread}`;
    return { config: good.config, version: good.version, problem: { version, message } };
  }

  /** A configuration that can be used, or why it cannot. */
  async function checked({ text, version }: ConfigObject): Promise<Configured | string> {
    try {
      const config = await parseConfig(text, `configuration ${version}`);
      await accept(config);
      return { config, version };
    } catch (cause) {
      return reasonOf(cause);
    }
  }

  async function lastGood(bad: string): Promise<LastGood> {
    try {
      for await (const object of store.earlier(bad)) {
        const good = await checked(object);
        if (typeof good !== "string") return good;
      }
      return DEFAULT;
    } catch (cause) {
      // What may pass is asked again, as the defaults would know nothing of what is suppressed.
      if (!(cause instanceof CrosstrailError) || cause.kind !== "refused") throw cause;
      return { ...DEFAULT, unread: cause.message };
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
