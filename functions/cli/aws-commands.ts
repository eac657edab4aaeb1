import { type Command, Option } from "commander";
import { levels } from "../log.ts";
import type { DoctorOptions } from "./doctor.ts";
import { EXIT } from "./exit.ts";
import type { HuntOptions } from "./hunt.ts";
import { endInterrupted } from "./interrupt.ts";
import { clusterOf, fromOf, liveFormats, named, names, secondsOf, timeOf } from "./options.ts";
import type { RedriveOptions } from "./redrive.ts";
import { type AwsCommand, awsCommands } from "./rights.ts";
import type { SendOptions } from "./send.ts";
import type { StreamOptions } from "./stream.ts";
import type { TailOptions } from "./tail.ts";

const STUCK_MS = 200;

/** Adds the commands that talk to AWS. Each loads its part of the SDK when it is called, and no other. `readingOptions`: those of `replay`. */
export function addAwsCommands(program: Command, now: number, readingOptions: (command: Command) => Command): void {
  readingOptions(aws(program, "hunt"))
    .requiredOption("--log-group <name>", "of a cluster: /aws/eks/NAME/cluster, or its ARN; repeatable", named)
    .option("--trail-log-group <name>", "of a CloudTrail trail; repeatable", named)
    .option(
      "--lookup [region...]",
      "CloudTrail's event history instead: 100 events a second, management events only; IAM's are in us-east-1",
    )
    .requiredOption("--since <time>", "what was logged since: 2026-11-22T10:00Z, or an age as 6h", timeOf(now))
    .option("--until <time>", "what was logged before", timeOf(now))
    .option("--again", "read again what an earlier hunt with this --ledger has read")
    .action(async (options: HuntOptions) => ended(await (await import("./hunt.ts")).hunt(options)));

  live(aws(program, "tail"))
    .requiredOption("--log-group <name>", "of a cluster: /aws/eks/NAME/cluster, or its ARN; repeatable", named)
    .option("--trail-log-group <name>", "of a CloudTrail trail; repeatable", named)
    .option("--since <time>", "begin earlier than now: 2026-11-22T10:00Z, or an age as 10m", timeOf(now))
    .option("--every <seconds>", "between two rounds", secondsOf, 5)
    .option("--only <names>", "detectors, groups, tactics or techniques; a list, repeatable", names)
    .option("--skip <names>", "the same, left out", names)
    .option("--ledger <file>", "keep what is learned and found in a file")
    .option("--set-aside <file>", "write every piece that could not be judged, as NDJSON")
    .action(async (options: TailOptions) => ended(await (await import("./tail.ts")).tail(options)));

  live(aws(program, "stream"))
    .requiredOption("--name <stream>", "name or ARN")
    .option("--consumer <name>", "each consumer has checkpoints of its own", "crosstrail")
    .option("--from <time>", "where to begin the first time: a time, an age, or oldest (default: now)", fromOf(now))
    .option("--ledger <file>", "keep the ledger, the findings and the checkpoints in a file")
    .option("--table <name>", "keep them in a DynamoDB table, as the deployed functions do")
    .option("--notify-queue <url>", "put findings into the queues of the deployed functions instead of the output")
    .option("--hub-queue <url>", "the same, for Security Hub")
    .option("--hub-urgent-queue <url>", "the same, for high and critical ones")
    .option("--quarantine-bucket <name>", "keep records that could not be judged, for crosstrail redrive")
    .option("--set-aside <file>", "keep them in a file instead, one a line")
    .action(async (options: StreamOptions) => ended(await (await import("./stream.ts")).stream(options)));

  aws(program, "send")
    .argument("[file...]", "files or folders, as crosstrail replay reads them")
    .requiredOption("--stream <name>", "name or ARN")
    .option("--cluster <account/region/name>", "of audit events without an envelope", clusterOf)
    .addOption(
      new Option("--sample <name>", "the packaged attack; its events and findings say that they are made up").choices([
        "attack",
      ]),
    )
    .option("--synthetic", "mark the events of the files as made up, too")
    .option("--quiet", "no summary")
    .action(async (files: string[], options: SendOptions) =>
      ended(await (await import("./send.ts")).send(files, options)),
    );

  aws(program, "redrive")
    .requiredOption("--bucket <name>", "of the quarantine")
    .option(
      "--prefix <prefix>",
      "of the objects (default: those that were kept, and those of Lambda's own S3 destination)",
    )
    .option("--dry-run", "only say what would be done")
    .action(async (options: RedriveOptions) => ended(await (await import("./redrive.ts")).redrive(options)));

  aws(program, "doctor")
    .option("--cluster <name>", "whose audit log has to come in; repeatable (default: those of the stack)", named)
    .option("--trail-log-group <name>", "of the CloudTrail trail that is read (default: the stack's)")
    .option("--stack <name>", "of the deployment; without it, what the account has to have before")
    .addOption(
      new Option("--format <format>", "of the results (default: table on a terminal, json otherwise)").choices([
        "table",
        "json",
      ]),
    )
    .option("--no-color", "no colours")
    .addHelpText(
      "after",
      `\nExit codes: ${EXIT.fine} all fine, ${EXIT.findings} something is to be mended, ${EXIT.failed} something could not be asked.`,
    )
    .action(async (options: DoctorOptions) => ended(await (await import("./doctor.ts")).doctor(options)));
}

function aws(program: Command, name: AwsCommand): Command {
  const { does, rights } = awsCommands[name];
  return program
    .command(name)
    .description(does)
    .option("--region <region>", "AWS Region (default: as the AWS CLI finds it)")
    .option("--profile <name>", "AWS profile")
    .option("--endpoint-url <url>", "of an emulator")
    .addHelpText("after", `\nIAM actions:\n${rights.map((right) => `  ${right}`).join("\n")}`);
}

/** Options of the commands that write findings as they appear. */
const live = (command: Command): Command =>
  command
    .addOption(
      new Option("--format <format>", "of the findings (default: table on a terminal, ndjson otherwise)").choices(
        liveFormats,
      ),
    )
    .option("--out <file>", "write the findings into a file")
    .option("--config <file>", "what is yours: Auto roles, proxies, parameters, suppressions")
    .option("--shadow", "show findings of detectors in shadow, too")
    .option("--quiet", "findings only")
    .option("--no-color", "no colours")
    .addOption(
      new Option("--log-level <level>", "of the program's own log, JSON on standard error")
        .choices(levels)
        .default("error"),
    );

/** A request that is under way when the reading was ended must not keep the process. */
function ended(code: number): void {
  process.exitCode = code;
  if (code === EXIT.interrupted) setTimeout(endInterrupted, STUCK_MS).unref();
}
