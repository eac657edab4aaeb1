import { readFileSync } from "node:fs";
import { join } from "node:path";
import { expect } from "vitest";
import type { Finding } from "../../schemas/findings/finding.ts";
import { root } from "../tools/folders.ts";
import { type Aws, connect, endpoint } from "./aws.ts";
import { type Running, start } from "./command-line.ts";
import { type FaultProxy, startFaultProxy } from "./fault-proxy.ts";
import { attacksOf, OWNER, type Recorded } from "./recorded.ts";

export interface Live {
  readonly aws: Aws;
  readonly proxy: FaultProxy;
  /** Starts a command by way of the proxy. */
  readonly begin: (...args: readonly string[]) => Running;
}

const begun: Running[] = [];

/** Ends what a test that failed has left running. */
export function endBegun(): void {
  for (const running of begun.splice(0)) running.kill("SIGKILL");
}

export async function goLive(): Promise<Live> {
  const aws = connect(await endpoint(), { account: OWNER });
  const proxy = await startFaultProxy(aws.url);
  return {
    ...{ aws, proxy },
    begin(...args) {
      const running = start({ ...aws, url: proxy.url }, ...args);
      begun.push(running);
      return running;
    },
  };
}

/** An attack on a cluster, and a trail that is stopped. */
export const first: Recorded = {
  ...attacksOf(["attack-impersonation"]),
  cloudtrail: [readFileSync(join(root, "detectors/trail/cloudtrail-change/events/hit-stopped.ndjson"), "utf8").trim()],
};
/** What comes later. */
export const second = attacksOf(["attack-persistence-evasion"]);
export const countOf = ({ audit, cloudtrail }: Recorded): number => audit.length + cloudtrail.length;

export const findingsIn = (lines: readonly string[]): readonly Finding[] => lines.map((line) => JSON.parse(line));
export const idsOf = (findings: readonly Finding[]): readonly string[] =>
  [...new Set(findings.map(({ id }) => id))].toSorted();

/** No finding was told of twice, unless it has become worse. */
export function expectNews(findings: readonly Finding[]): void {
  const told = findings.map(({ id, severity }) => `${id} ${severity}`);
  expect(told.toSorted()).toEqual([...new Set(told)].toSorted());
}
