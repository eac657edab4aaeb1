import { join } from "node:path";
import type { BuildOptions } from "esbuild";
import { root } from "./folders.ts";

export const functionNames = ["detect", "publish", "sweep"] as const;
export type FunctionName = (typeof functionNames)[number];

/** What the command and the functions have in common. */
export const common = {
  absWorkingDir: root,
  bundle: true,
  format: "esm",
  platform: "node",
  banner: {
    // pino and its kin are CommonJS and ask for `require` when they start.
    js: 'import { createRequire as __createRequire } from "node:module"; const require = __createRequire(import.meta.url);',
  },
  sourcemap: true,
  sourcesContent: false,
  legalComments: "none", // all of them are in the notices, whole
  metafile: true,
  logLevel: "warning",
} as const satisfies BuildOptions;

/** A Lambda function. The runtime is named in infra/; what only some starts need stands in chunks, which are loaded by those. */
export const functionBundle = (name: FunctionName) =>
  ({
    ...common,
    target: "node24",
    entryPoints: { index: `functions/${name}/handler.ts` },
    outdir: `dist/functions/${name}`,
    outExtension: { ".js": ".mjs" },
    splitting: true,
    minify: true,
    // For Node it names CommonJS, of which nothing can be left out.
    alias: { rxjs: join(root, "node_modules/rxjs/dist/esm/index.js") },
  }) as const satisfies BuildOptions;
