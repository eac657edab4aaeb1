import { existsSync, readdirSync } from "node:fs";
import { join } from "node:path";
import { fileURLToPath } from "node:url";

export const root = fileURLToPath(new URL("../../", import.meta.url));

/** `group/name` of every detector, sorted: a folder with a detector.ts. */
export function detectorFolders(): readonly string[] {
  const base = join(root, "detectors");
  const folders = (path: string): string[] =>
    readdirSync(path, { withFileTypes: true }).flatMap((entry) => (entry.isDirectory() ? [entry.name] : []));
  return folders(base)
    .filter((group) => group !== "core" && group !== "ledger")
    .flatMap((group) => folders(join(base, group)).map((name) => `${group}/${name}`))
    .filter((folder) => existsSync(join(base, folder, "detector.ts")))
    .sort();
}
