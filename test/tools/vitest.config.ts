import { fileURLToPath } from "node:url";
import { defineConfig } from "vitest/config";
import { ClosingLine } from "./reporter.ts";

export default defineConfig({
  root: fileURLToPath(new URL("../..", import.meta.url)),
  test: {
    // No test is timed: the limit only ends what hangs, also where two cores do the work of ten.
    testTimeout: 120_000,
    hookTimeout: 120_000,
    include: ["{schemas,detectors,functions,test}/**/*.test.ts"],
    // Loading RxJS anew for every file is ten times the work of the tests; nothing here keeps state in modules.
    isolate: false,
    pool: "forks",
    reporters: ["default", new ClosingLine()],
  },
});
