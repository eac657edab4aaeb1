import { writeSync } from "node:fs";
import type { Reporter, TestModule, TestRunEndReason } from "vitest/node";

/**
 * Prints `N passed, N failed` (`, N skipped` when any) as the last line of stdout. A run that goes wrong without a failed
 * test (an import that throws, a hook, a rejection, a killed worker, nothing that passed) counts as a failure, and so
 * does each check that `.ci/run` saw fail before the tests: the line never says 0 failed when the exit code disagrees.
 */
export class ClosingLine implements Reporter {
  #passed = 0;
  #failed = 0;
  #skipped = 0;

  onInit(): void {
    // Not at the end of the run: other reporters and the tests' own output may still come.
    process.once("exit", (code) => {
      if (this.#failed === 0 && (code !== 0 || this.#passed === 0)) this.#failed = 1;
      this.#failed += Number(process.env.FAILED_CHECKS ?? 0);
      if (this.#failed > 0 && code === 0) process.exitCode = 1;
      const skipped = this.#skipped > 0 ? `, ${this.#skipped} skipped` : "";
      writeSync(1, `${this.#passed} passed, ${this.#failed} failed${skipped}\n`);
    });
  }

  onTestRunEnd(modules: readonly TestModule[], unhandled: readonly unknown[], reason: TestRunEndReason): void {
    this.#passed = 0;
    this.#failed = unhandled.length;
    this.#skipped = 0;
    for (const module of modules) this.#count(module, reason === "interrupted");
  }

  #count(module: TestModule, interrupted: boolean): void {
    const before = this.#failed;
    for (const test of module.children.allTests()) {
      const { state } = test.result();
      if (state === "passed") this.#passed += 1;
      // Pending: it was to run and never answered, unless somebody asked to stop there.
      else if (state === "skipped" || (state === "pending" && interrupted)) this.#skipped += 1;
      else this.#failed += 1;
    }
    if (!module.ok() && this.#failed === before) this.#failed += 1;
  }
}
