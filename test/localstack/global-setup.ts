import { mkdtempSync, renameSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import type { TestProject } from "vitest/node";
import { startEmulators } from "./emulators.ts";

/** What the suites read until one of the two stands there. */
export type Standing = { readonly endpoint: string } | { readonly failed: string };

declare module "vitest" {
  interface ProvidedContext {
    /** Path of the file that will hold a `Standing`. */
    readonly emulators: string;
  }
}

/**
 * Starts the stand-ins once for all suites of test/localstack/. It does not wait for them: the other tests run while they are
 * installed and started. With `AWS_ENDPOINT_URL` set, that is used, and nothing is installed or started.
 */
export function setup(project: TestProject): () => Promise<void> {
  const folder = mkdtempSync(join(tmpdir(), "crosstrail-standing-"));
  const file = join(folder, "standing.json");
  const tell = (standing: Standing): void => {
    writeFileSync(`${file}.new`, JSON.stringify(standing));
    renameSync(`${file}.new`, file);
  };
  project.provide("emulators", file);
  const own = process.env.AWS_ENDPOINT_URL;
  const starting = own === undefined ? startEmulators((line) => console.error(line)) : undefined;
  if (own !== undefined) tell({ endpoint: own });
  const started = starting?.then(
    (emulators) => {
      tell({ endpoint: emulators.endpoint });
      return emulators;
    },
    (error: unknown) => {
      tell({ failed: error instanceof Error ? error.message : String(error) });
    },
  );
  return async () => {
    await (await started)?.stop();
    rmSync(folder, { recursive: true, force: true });
  };
}
