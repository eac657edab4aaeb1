import { fileURLToPath } from "node:url";
import { defineConfig } from "vitest/config";
import { ClosingLine } from "./reporter.ts";

const onLocalStack = "test/localstack/**/*.test.ts";

export default defineConfig({
  root: fileURLToPath(new URL("../..", import.meta.url)),
  test: {
    // No test is timed: the limit only ends what hangs, also where two cores do the work of ten.
    testTimeout: 120_000,
    hookTimeout: 120_000,
    // Loading RxJS anew for every file is ten times the work of the tests; nothing here keeps state in modules.
    isolate: false,
    pool: "forks",
    reporters: ["default", new ClosingLine()],
    projects: [
      {
        extends: true,
        test: {
          name: "own",
          include: ["{schemas,detectors,functions,infra,test}/**/*.test.ts"],
          exclude: ["**/node_modules/**", onLocalStack],
        },
      },
      {
        extends: true,
        test: {
          name: "localstack",
          include: [onLocalStack],
          globalSetup: ["test/localstack/global-setup.ts"],
          // After the others, which run while the stand-ins are installed and started.
          sequence: { groupOrder: 1 },
          // The first hook waits for the installation.
          hookTimeout: 900_000,
          testTimeout: 600_000,
        },
      },
    ],
  },
});
