import { mkdtempSync, readFileSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { App, Stack, Validations } from "aws-cdk-lib";
import { AwsSolutionsChecks, ServerlessChecks } from "cdk-nag";
import { afterAll, afterEach, expect, it, vi } from "vitest";
import { acknowledged } from "../../infra/cdk/acknowledged.ts";
import { Crosstrail } from "../../infra/cdk/crosstrail.ts";
import { emptyBundles } from "../support/bundles.ts";

const elsewhere = mkdtempSync(join(tmpdir(), "crosstrail-nag-"));
afterEach(() => vi.restoreAllMocks());
afterAll(() => rmSync(elsewhere, { recursive: true }));

interface Report {
  readonly pluginReports: readonly {
    readonly violations: readonly {
      readonly ruleName: string;
      readonly violatingConstructs: readonly { readonly constructPath: string }[];
    }[];
  }[];
}

/** `rule path` of everything that cdk-nag finds in a stack with all there can be, errors and warnings; paths as from inside the construct. */
function found(): readonly string[] {
  const outdir = join(elsewhere, "out");
  const app = new App({ outdir });
  const stack = new Stack(app, "crosstrail");
  new Crosstrail(stack, "Crosstrail", {
    ...{ clusters: ["prod", "stage"], sourceAccounts: ["444455556666"], trailLogGroup: "trail", trailEvents: true },
    ...{ emails: ["user@example.com", "other@example.com"], bundles: emptyBundles(elsewhere) },
  });
  Validations.of(app).addPlugins(new AwsSolutionsChecks(app), new ServerlessChecks(app));
  try {
    app.synth();
  } catch (error) {
    if (!String(error).includes("validation-report.json")) throw error;
  }
  const report: Report = JSON.parse(readFileSync(join(outdir, "validation-report.json"), "utf8"));
  return report.pluginReports.flatMap(({ violations }) =>
    violations.flatMap(({ ruleName, violatingConstructs }) =>
      violatingConstructs.map(
        ({ constructPath }) => `${ruleName} ${constructPath.replace("crosstrail/Crosstrail/", "")}`,
      ),
    ),
  );
}

it("leaves nothing that cdk-nag finds without a reason", () => {
  expect(found()).toEqual([]);
});

it("gives no reason for what cdk-nag does not find", () => {
  vi.spyOn(Validations.prototype, "acknowledge").mockReturnValue();
  // Logical ids are those of the construct's children with a hash behind them.
  const all = found().map((one) => one.replace(/<Crosstrail(\w+)[0-9A-F]{8}\./, "<$1."));
  const numbers = all.map((one) => one.replace(/(?<=Email)\d+$/, "#"));
  expect(new Set(numbers)).toEqual(new Set(acknowledged.flatMap(({ id, of }) => of.map((path) => `${id} ${path}`))));
});
