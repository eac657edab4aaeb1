import {
  type EventSourceMappingConfiguration,
  type FunctionConfiguration,
  GetFunctionConfigurationCommand,
  type LambdaClient,
  ListEventSourceMappingsCommand,
} from "@aws-sdk/client-lambda";
import type { Command } from "./command.ts";
import {
  type Ask,
  check,
  missing,
  notApplicable,
  ok,
  once,
  pages,
  type Result,
  silently,
  unlessAbsent,
  type Verdict,
} from "./result.ts";
import type { OutputName, Stack } from "./stack.ts";
import { listOf } from "./when.ts";

type Client = Pick<LambdaClient, "send">;

const ROLES = [
  { role: "detect", output: "DetectFunction", sources: ["StreamArn"] },
  { role: "publish", output: "PublishFunction", sources: ["HubUrgentQueueUrl", "HubQueueUrl", "NotifyQueueUrl"] },
  { role: "sweep", output: "SweepFunction", sources: [] },
] as const satisfies readonly { role: string; output: OutputName; sources: readonly OutputName[] }[];

export interface Functions {
  readonly checks: () => readonly Promise<Result>[];
  /** The command that shows what a function has said of late. Never rejects. */
  readonly tail: (output: OutputName) => Promise<string>;
}

/** The stack's functions, and what they are fed by. */
export function openFunctions(lambda: Client, stack: Stack, command: Command): Functions {
  const of = `stack ${stack.name}`;
  const asked = new Map<string, () => Promise<FunctionConfiguration | undefined>>();
  async function configurationOf(ask: Ask, name: string): Promise<FunctionConfiguration | undefined> {
    const work =
      asked.get(name) ??
      once(() =>
        unlessAbsent(
          lambda.send(new GetFunctionConfigurationCommand({ FunctionName: name })),
          /^ResourceNotFoundException$/,
        ),
      );
    asked.set(name, work);
    return ask({ of: `function ${name}`, action: "lambda:GetFunctionConfiguration" }, work());
  }
  async function tail(output: OutputName): Promise<string> {
    const name = await stack.output(silently, output).catch(() => undefined);
    const found = name === undefined ? undefined : await configurationOf(silently, name).catch(() => undefined);
    const group = found?.LoggingConfig?.LogGroup ?? `/aws/lambda/${nameIn(name ?? "FUNCTION")}`;
    return command("logs", "tail", group, "--since", "1h");
  }
  const checks = () =>
    ROLES.flatMap(({ role, output, sources }) => {
      const judged = (title: string, judge: (ask: Ask, name: string) => Promise<Verdict>): Promise<Result> =>
        check(of, title, async (ask) => {
          const name = await stack.output(ask, output);
          return name === undefined ? notApplicable(`The stack tells of no ${role} function.`) : judge(ask, name);
        });
      const state = judged(`${role} function`, async (ask, name) =>
        functionVerdict(await configurationOf(ask, name), name),
      );
      if (sources.length === 0) return [state];
      const fed = judged(`${role} input`, async (ask, name) => {
        const wanted = await Promise.all(sources.map((source) => stack.output(ask, source)));
        const question = { of: `function ${name}`, action: "lambda:ListEventSourceMappings" };
        const found = await ask(question, mappingsOf(lambda, name));
        return mappingsVerdict(
          found,
          wanted.flatMap((one) => one ?? []),
          { name, logs: await tail(output), command },
        );
      });
      return [state, fed];
    });
  return { checks, tail };
}

/** Of a name, or of an ARN, which may end in an alias. */
const nameIn = (of: string): string => /:function:([^:]+)/.exec(of)?.[1] ?? of;

const mappingsOf = (lambda: Client, name: string): Promise<readonly EventSourceMappingConfiguration[]> =>
  pages(async (Marker) => {
    const command = new ListEventSourceMappingsCommand({ FunctionName: name, ...(Marker && { Marker }) });
    const { EventSourceMappings: items, NextMarker: next } = await lambda.send(command);
    return { items, next };
  });

type State = Pick<FunctionConfiguration, "State" | "StateReason" | "LastUpdateStatus" | "LastUpdateStatusReason">;

export function functionVerdict(found: State | undefined, name: string): Verdict {
  if (found === undefined) return missing(`There is no function ${name}: deploy the stack again.`);
  const { State = "Active", StateReason = "", LastUpdateStatus = "Successful", LastUpdateStatusReason = "" } = found;
  // Lambda lets functions that were not called for weeks become Inactive; the next call brings them back.
  if (State === "Failed") return missing(`Function ${name} has failed: ${StateReason}`);
  if (LastUpdateStatus === "Failed")
    return missing(`The last update of function ${name} has failed: ${LastUpdateStatusReason}`);
  return ok(`Function ${name} is ${State}.`);
}

/** The last part of a stream's or a queue's ARN, or of a queue's URL. */
const lastOf = (name: string): string => name.split(/[:/]/).at(-1) ?? name;

/** Of a queue the stack tells the URL; a stream may be read by a consumer of its own: `STREAM_ARN/consumer/NAME:TIME`. */
const isOf = (mapped: string, source: string): boolean =>
  source.startsWith("arn:")
    ? mapped === source || mapped.startsWith(`${source}/consumer/`)
    : mapped.startsWith("arn:") && lastOf(mapped) === lastOf(source);

type Mapping = Pick<EventSourceMappingConfiguration, "UUID" | "EventSourceArn" | "State" | "LastProcessingResult">;

const STANDING: ReadonlySet<string> = new Set(["Enabled", "Creating", "Enabling", "Updating"]);

/** `sources`: ARNs or URLs of what feeds the function. */
export function mappingsVerdict(
  mappings: readonly Mapping[],
  sources: readonly string[],
  { name, logs, command }: { readonly name: string; readonly logs: string; readonly command: Command },
): Verdict {
  const troubles = sources.flatMap((source) => {
    const own = lastOf(source);
    const found = mappings.find(({ EventSourceArn = "" }) => isOf(EventSourceArn, source));
    if (found === undefined) return [{ says: `${own} does not feed it`, mend: [] }];
    const { UUID = "", State = "", LastProcessingResult: result = "" } = found;
    if (!STANDING.has(State)) {
      const enable = command("lambda", "update-event-source-mapping", "--uuid", UUID, "--enabled");
      return [{ says: `its mapping to ${own} is ${State}`, mend: [enable] }];
    }
    // "OK" and "No records processed", and for queues nothing (docs.aws.amazon.com/lambda/latest/dg/invocation-eventsourcemapping.html).
    return /^PROBLEM/i.test(result) ? [{ says: `of ${own} Lambda says "${result}"`, mend: [logs] }] : [];
  });
  if (sources.length === 0) return notApplicable("The stack tells of nothing that feeds it.");
  if (troubles.length === 0) return ok(`It is fed by ${listOf(sources.map(lastOf))}.`);
  const says = troubles.map((one) => one.says).join("; ");
  return missing(`${name}: ${says}.`, ...new Set(troubles.flatMap(({ mend }) => mend)));
}
