import { fileURLToPath } from "node:url";
import { defineConfig } from "vitest/config";
import { ClosingLine } from "./reporter.ts";

export default defineConfig({
  root: fileURLToPath(new URL("../..", import.meta.url)),
  test: {
    include: ["{schemas,detectors,functions,test}/**/*.test.ts"],
    // Loading RxJS anew for every file is ten times the work of the tests; nothing here keeps state in modules.
    isolate: false,
    pool: "forks",
    reporters: ["default", new ClosingLine()],
  },
});
