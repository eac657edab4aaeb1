import { type FunctionName, functionNames, functions } from "../../infra/settings.ts";
import { isSection, type Json, type Section, type Template } from "../support/template/template.ts";

/** How functions reach the stand-ins. */
export interface Ways {
  /** Base URL of a function's proxy. */
  readonly aws: Readonly<Record<FunctionName, string>>;
  readonly hub: string;
}

/** A place where the template that is deployed here differs from the one that ships. */
export interface Substitution {
  readonly what: string;
  readonly reason: string;
  /** Of which resources. */
  readonly type: string;
  /** Their properties as they are here; nothing where they stay. */
  readonly change: (properties: Section, site: Site) => Section | undefined;
}

interface Site {
  readonly template: Template;
  /** Of the resource. */
  readonly id: string;
  readonly ways: Ways;
}

/** Messages are not lost from sight for less than a function may take: AWS refuses it. */
const LEAST_VISIBILITY_S = functions.Publish.timeoutSeconds;
const ATTEMPTS = 2;

export const substitutions = {
  runtime: {
    what: "`Runtime` `nodejs24.x` -> `nodejs22.x`",
    reason: "LocalStack knows no later one; functions run on the project's Node all the same",
    type: "AWS::Lambda::Function",
    change: (properties) => ({ ...properties, Runtime: "nodejs22.x" }),
  },
  endpoints: {
    what: "`AWS_ENDPOINT_URL` and `AWS_ENDPOINT_URL_SECURITYHUB` among the functions' variables",
    reason: "they would ask AWS; each function has a proxy of its own",
    type: "AWS::Lambda::Function",
    change: (properties, { template, id, ways }) =>
      withVariables(properties, {
        ...{ AWS_ENDPOINT_URL: ways.aws[functionOf(template, id)], AWS_ENDPOINT_URL_SECURITYHUB: ways.hub },
      }),
  },
  queues: {
    what: "URLs of queues among the functions' variables lead to the proxy",
    reason: "clients of SQS go where the URL says, not to the endpoint",
    type: "AWS::Lambda::Function",
    change(properties, { template, id, ways }) {
      const queues = Object.entries(variablesOf(properties)).flatMap(([name, value]) => {
        const queue = isSection(value) ? String(value.Ref) : "";
        if (template.Resources[queue]?.Type !== "AWS::SQS::Queue") return [];
        const path = `queue/\${AWS::Region}/\${AWS::AccountId}/\${${queue}.QueueName}`;
        return [[name, { "Fn::Sub": `${ways.aws[functionOf(template, id)]}/${path}` }]];
      });
      return queues.length === 0 ? undefined : withVariables(properties, Object.fromEntries(queues));
    },
  },
  visibility: {
    what: `\`VisibilityTimeout\` 360 -> ${LEAST_VISIBILITY_S}`,
    reason:
      "messages of a process that was killed would come again after six minutes; this is the least that AWS takes",
    type: "AWS::SQS::Queue",
    change: (properties) =>
      properties.VisibilityTimeout === undefined ? undefined : { ...properties, VisibilityTimeout: LEAST_VISIBILITY_S },
  },
  unscheduled: {
    what: "`State` of the sweep's schedule `ENABLED` -> `DISABLED`",
    reason: "the suite says itself when it is swept",
    type: "AWS::Events::Rule",
    change: (properties) =>
      properties.ScheduleExpression === undefined ? undefined : { ...properties, State: "DISABLED" },
  },
  minutely: {
    what: "`ScheduleExpression` `rate(5 minutes)` -> `rate(1 minute)`",
    reason: "so that the first sweep comes soon",
    type: "AWS::Events::Rule",
    change: (properties) =>
      properties.ScheduleExpression === undefined ? undefined : { ...properties, ScheduleExpression: "rate(1 minute)" },
  },
  attempts: {
    what: `\`MaximumRetryAttempts\` 100 -> ${ATTEMPTS}`,
    reason: "so that what always fails is given up soon",
    type: "AWS::Lambda::EventSourceMapping",
    change: (properties) =>
      properties.MaximumRetryAttempts === undefined ? undefined : { ...properties, MaximumRetryAttempts: ATTEMPTS },
  },
} as const satisfies Readonly<Record<string, Substitution>>;

export type SubstitutionName = keyof typeof substitutions;

/** The template as it is deployed here. Throws when something that is named finds nothing to change. */
export function substitute(shipped: Template, names: readonly SubstitutionName[], ways: Ways): Template {
  let template = shipped;
  for (const name of names) {
    const { type, change, what }: Substitution = substitutions[name];
    const changed = Object.entries(template.Resources).flatMap(([id, resource]) => {
      const properties = resource.Type === type ? change(resource.Properties ?? {}, { template, id, ways }) : undefined;
      return properties === undefined ? [] : [[id, { ...resource, Properties: properties }] as const];
    });
    if (changed.length === 0) throw new Error(`nothing in the template for: ${what}`);
    template = { ...template, Resources: { ...template.Resources, ...Object.fromEntries(changed) } };
  }
  return template;
}

const section = (value: Json | undefined): Section => (isSection(value) ? value : {});
const variablesOf = (properties: Section): Section => section(section(properties.Environment).Variables);
const withVariables = (properties: Section, variables: Section): Section => ({
  ...properties,
  Environment: { Variables: { ...variablesOf(properties), ...variables } },
});

/** Which of the functions a resource is, by the stack's outputs. */
function functionOf({ Outputs = {} }: Template, id: string): FunctionName {
  const name = functionNames.find((one) => section(Outputs[`${one}Function`]?.Value).Ref === id);
  if (name === undefined) throw new Error(`no output names ${id}`);
  return name;
}
