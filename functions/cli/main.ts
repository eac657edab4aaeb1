import { readFileSync } from "node:fs";
import { Command, Option } from "commander";
import { severities } from "../../schemas/findings/finding.ts";
import { reasonOf } from "../adapters/sinks/reason.ts";
import { levels } from "../log.ts";
import { safe, wantsColour } from "../terminal.ts";
import { addAwsCommands } from "./aws-commands.ts";
import { catalogue, explain } from "./catalogue.ts";
import { EXIT } from "./exit.ts";
import { report } from "./failure.ts";
import { endInterrupted } from "./interrupt.ts";
import { exported, prune, stats, story } from "./ledger.ts";
import { clusterOf, formats, names, severityOf, timeOf } from "./options.ts";
import { packageFile } from "./package-file.ts";
import type { ReadingOptions } from "./reading.ts";
import { replay } from "./replay.ts";

const now = Date.now();
const STUCK_MS = 200;
const program = new Command("crosstrail")
  .description("Detects attacks on Amazon EKS Auto Mode in Kubernetes audit logs and AWS CloudTrail.")
  .version(version(), "-V, --version")
  .showSuggestionAfterError()
  .exitOverride()
  .configureOutput({
    outputError: (text, write) =>
      write(
        `crosstrail: ${safe(
          text
            .trim()
            .replace(/^error: /, "")
            .replaceAll("\n", " "),
        )}\n`,
      ),
  })
  .addHelpText(
    "after",
    `
Examples:
  crosstrail replay audit.json.gz cloudtrail/          files and folders, gzip or plain, in any mixture
  aws logs filter-log-events ... | crosstrail replay --cluster 111122223333/eu-central-1/prod -
  crosstrail hunt --log-group /aws/eks/prod/cluster --lookup --since 6h
  crosstrail tail --log-group /aws/eks/prod/cluster --trail-log-group my-trail
  crosstrail replay --only credential-access --fail-on high --format ndjson logs/ > findings.ndjson
  crosstrail explain imds/exec-endpoint
  crosstrail doctor --cluster prod --stack crosstrail

Exit codes: 0 done, 1 an input could not be read or an internal error, 2 wrong usage or configuration,
10 --fail-on reached or something to be mended, 130 interrupted.`,
  );

/** Of the commands that read something to its end, and report. */
const readingOptions = (command: Command): Command =>
  command
    .addOption(
      new Option("--format <format>", "of the findings (default: table on a terminal, ndjson otherwise)").choices(
        formats,
      ),
    )
    .option("--out <file>", "write the findings into a file")
    .option("--config <file>", "what is yours: Auto roles, proxies, parameters, suppressions")
    .option("--cluster <account/region/name>", "of audit events without an envelope", clusterOf)
    .option("--only <names>", "detectors, groups, tactics or techniques; a list, repeatable", names)
    .option("--skip <names>", "the same, left out", names)
    .option(
      "--fail-on <severity>",
      `exit ${EXIT.findings} when a finding is that severe: ${severities.join(", ")}`,
      severityOf,
    )
    .option(
      "--set-aside <file>",
      "write every piece that could not be judged, with its place and the reason, as NDJSON",
    )
    .option("--ledger <file>", "keep what is learned and found in a file, so that logs can be fed day by day")
    .option("--shadow", "show findings of detectors in shadow, too")
    .option("--quiet", "no progress bar, no summary")
    .option("--no-color", "no colours")
    .addOption(
      new Option("--log-level <level>", "of the program's own log, JSON on standard error")
        .choices(levels)
        .default("error"),
    );

readingOptions(
  program
    .command("replay")
    .description("replay recorded logs and report findings")
    .argument("<input...>", "files, folders, or - for standard input")
    .option("--since <time>", "leave out earlier events: 2026-11-22T10:00Z, or an age as 6h", timeOf(now))
    .option("--until <time>", "leave out events from this time on", timeOf(now)),
).action(async (inputs: string[], options: ReadingOptions) => {
  process.exitCode = await replay(inputs, options);
  // A read from a named pipe that nobody writes to keeps the process alive, and cannot be called off.
  if (process.exitCode === EXIT.interrupted) setTimeout(endInterrupted, STUCK_MS).unref();
});

addAwsCommands(program, now, readingOptions);

program
  .command("detectors")
  .description("the catalogue")
  .addOption(new Option("--format <format>").choices(["table", "json", "markdown"]).default("table"))
  .option("--no-color", "no colours")
  .action(({ format, color }: { format: "table" | "json" | "markdown"; color: boolean }) => {
    console.log(
      catalogue(format, Math.min(process.stdout.columns ?? 120, 140), wantsColour(process.stdout, color, process.env)),
    );
  });

program
  .command("explain")
  .description("a detector's runbook, parameters, needed logs and known gaps")
  .argument("<detector>", "as in the catalogue")
  .action((id: string) => {
    console.log(explain(id));
  });

const ledgerFile = (): Option =>
  new Option("--ledger <file>", "the ledger that crosstrail replay --ledger keeps").makeOptionMandatory();

program
  .command("story")
  .description(
    "what the ledger knows of a finding, pod, node, session, token, key, role or resource, and of what it is linked to",
  )
  .argument(
    "<subject>",
    "a finding's id, a pod's uid or namespace/name, an instance id, a session, a JTI, an access key, a role, a resource id",
  )
  .addOption(ledgerFile())
  .addOption(new Option("--format <format>").choices(["text", "json"]).default("text"))
  .option("--no-color", "no colours")
  .action(story);

const ledger = program.command("ledger").description("what a kept ledger holds");
for (const [name, description, run] of [
  ["stats", "how many entities, facts, verdicts that are not yet due, and findings", stats],
  ["export", "every entity and finding, one a line of JSON", exported],
  ["prune", "remove what has outlived its time", prune],
] as const)
  ledger
    .command(name)
    .description(description)
    .addOption(ledgerFile())
    .action(({ ledger: file }: { ledger: string }) => run(file));

process.stdout.on("error", (error: NodeJS.ErrnoException) => {
  // A reader that has seen enough, as `head`, is no error.
  if (error.code === "EPIPE") return;
  console.error(safe(`crosstrail: standard output: ${reasonOf(error)}`));
  process.exit(EXIT.failed);
});

try {
  await program.parseAsync();
} catch (cause) {
  process.exitCode = report(cause, process.env.CROSSTRAIL_DEBUG !== undefined);
}

function version(): string {
  const file = packageFile("package.json");
  return file === undefined ? "unknown" : (JSON.parse(readFileSync(file, "utf8")) as { version: string }).version;
}
