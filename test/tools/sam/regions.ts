import { readFileSync } from "node:fs";
import { join } from "node:path";
import { AUDIT_FILTER, filterName, TRAIL_FILTER, TRAIL_PATTERN, TRAIL_RULE_STATE } from "../../../infra/filters.ts";
import { type Output, outputs } from "../../../infra/outputs.ts";
import { MAX_CLUSTERS, MAX_EMAILS, parameterGroups, parameters } from "../../../infra/parameters.ts";
import { keyGrants, type Right, rights, streamWriting } from "../../../infra/rights.ts";
import {
  ARCHITECTURE,
  environment,
  environmentOf,
  type FunctionName,
  functionNames,
  functions,
  HANDLER,
  hubEnvironment,
  MAX_CONCURRENCY,
  queueMappings,
  RUNTIME,
  SWEEP_EVERY,
  streamMapping,
  streamMappingReasons,
} from "../../../infra/settings.ts";
import { root } from "../folders.ts";
import { attribute, clusterIn, emailIn, equals, iff, named, not, ref, type Value, withHub } from "./intrinsics.ts";
import { alarmResources, clusterLogGroup, conditionOfPlace, dashboard, subscriptionAlarmResources } from "./watch.ts";
import { yaml } from "./yaml.ts";

/** What stands between two marks of the template. */
export const regions: Readonly<Record<string, () => string>> = {
  application: () => yaml(application()),
  "parameter groups": () => yaml(asked()),
  parameters: () => yaml(parameterSection()),
  "conditions of places": () => yaml(places()),
  "settings of all functions": () => yaml(common()),
  ...Object.fromEntries(functionNames.map((name) => [`settings of ${name}`, () => yaml(settingsOf(name))])),
  ...Object.fromEntries(functionNames.map((name) => [`rights of ${name}`, () => yaml(rights[name].map(statement))])),
  "rights of writers": () => yaml(streamWriting.map(statement)),
  "grants of the key": () => yaml(grants()),
  "stream mapping": () => yaml(named(streamMapping), streamMappingReasons),
  "notify mapping": () => yaml(queueSettings("PublishNotify")),
  "hub mappings": () => yaml(hubMappings()),
  schedule: () => yaml({ Schedule: SWEEP_EVERY }),
  "trail rule": () => yaml({ State: TRAIL_RULE_STATE, EventPattern: named(TRAIL_PATTERN) }),
  subscriptions: () => yaml(subscriptions()),
  "e-mails": () => yaml(emails()),
  alarms: () => yaml(alarmResources()),
  "alarms of subscriptions": () => yaml(subscriptionAlarmResources()),
  dashboard: () => yaml(dashboard()),
  outputs: () => yaml(outputSection()),
};

function application(): Value {
  const { name, description, keywords, license, version } = JSON.parse(
    readFileSync(join(root, "package.json"), "utf8"),
  ) as { readonly keywords: readonly string[] } & Readonly<Record<string, string>>;
  return {
    ...{ Name: name ?? "", Description: description ?? "", Labels: keywords },
    ...{ SpdxLicenseId: license ?? "", SemanticVersion: version ?? "" },
  };
}

const asked = (): Value => ({
  ParameterGroups: parameterGroups.map(({ label, names }) => ({ Label: { default: label }, Parameters: names })),
  ParameterLabels: Object.fromEntries(
    Object.entries(parameters).map(([name, { label }]) => [name, { default: label }]),
  ),
});

function parameterSection(): Value {
  return named(
    Object.fromEntries(
      Object.entries<(typeof parameters)[keyof typeof parameters] & { readonly [key: string]: unknown }>(
        parameters,
      ).map(([name, one]) => [
        name,
        {
          ...{ Type: one.type, Default: one.default, Description: one.is },
          ...{ AllowedPattern: one.pattern, ConstraintDescription: one.otherwise },
          ...{ AllowedValues: one.allowed, MinValue: one.min, MaxValue: one.max },
        },
      ]),
    ),
  );
}

const numbers = (most: number): readonly number[] => Array.from({ length: most }, (_, index) => index + 1);

/** Of a list that stands in a text: whether it has an item in that place. */
function places(): Value {
  return Object.fromEntries([
    ...numbers(MAX_CLUSTERS).map((place) => [`HasCluster${place}`, not(equals(clusterIn(place), ""))]),
    ...numbers(MAX_EMAILS).map((place) => [`HasEmail${place}`, not(equals(emailIn(place), ""))]),
  ]);
}

const common = (): Value => ({
  ...{ Runtime: RUNTIME, Architectures: [ARCHITECTURE], Handler: HANDLER },
  Environment: {
    Variables: Object.fromEntries([
      ...Object.entries(environment).map(([name, value]) => [name, named(value)]),
      ...Object.entries(hubEnvironment).map(([name, value]) => [name, withHub(named(value))]),
    ]),
  },
});

function settingsOf(name: FunctionName): Value {
  const { code, description, memoryMb, timeoutSeconds } = functions[name];
  return {
    ...{ CodeUri: `../../${code}`, Description: description, MemorySize: memoryMb, Timeout: timeoutSeconds },
    Environment: { Variables: named(environmentOf[name]) },
  };
}

function statement({ sid, actions, resources, conditions, when }: Right): Value {
  const Resource = "of" in resources ? { "Fn::Split": [",", ref(resources.of)] } : resources;
  const said = named({ ...{ Sid: sid, Effect: "Allow", Action: actions }, Resource, Condition: conditions });
  if (when === undefined) return said;
  return when === "hub" ? withHub(said) : iff("HasHubRoles", said, ref("AWS::NoValue"));
}

const grants = (): Value =>
  keyGrants.map(({ sid, service, actions, conditions }) =>
    named({
      ...{ Sid: sid, Effect: "Allow", Principal: { Service: service }, Action: actions },
      ...{ Resource: "*", Condition: conditions },
    }),
  );

const queueSettings = (id: keyof typeof queueMappings): { readonly [name: string]: Value } => {
  const { BatchSize, MaximumBatchingWindowInSeconds } = queueMappings[id];
  return {
    ...{ BatchSize, MaximumBatchingWindowInSeconds, FunctionResponseTypes: ["ReportBatchItemFailures"] },
    ScalingConfig: { MaximumConcurrency: MAX_CONCURRENCY },
  };
};

const hubMappings = (): Value =>
  Object.fromEntries(
    (["PublishHubUrgent", "PublishHub"] as const).map((id) => [
      id,
      {
        ...{ Type: "AWS::Lambda::EventSourceMapping", Condition: "Hub" },
        Properties: {
          ...{ FunctionName: ref("Publish"), EventSourceArn: attribute(`${queueMappings[id].queue}.Arn`) },
          ...queueSettings(id),
        },
      },
    ]),
  );

function subscriptions(): Value {
  const filter = (place: string, LogGroupName: Value, FilterPattern: string, Distribution: string): Value => ({
    ...{ Type: "AWS::Logs::SubscriptionFilter", Condition: conditionOfPlace(place), DependsOn: "DetectStream" },
    Properties: {
      ...{ LogGroupName, FilterName: named(filterName(place)), FilterPattern, Distribution },
      ...{ DestinationArn: attribute("Stream.Arn"), RoleArn: attribute("LogsRole.Arn") },
    },
  });
  return Object.fromEntries([
    ...numbers(MAX_CLUSTERS).map((place) => [
      `Cluster${place}Subscription`,
      filter(`Cluster${place}`, clusterLogGroup(place), AUDIT_FILTER, "ByLogStream"),
    ]),
    ["TrailSubscription", filter("Trail", ref("TrailLogGroup"), TRAIL_FILTER, "Random")],
  ]);
}

/** A property of both topics. As resources of their own they would stand in places, and CloudFormation would take away what one place has lost though another has it now. */
function emails(): Value {
  const [first, ...rest] = numbers(MAX_EMAILS).map((place) => ({ Endpoint: emailIn(place), Protocol: "email" }));
  const others = rest.map((one, index) => iff(`HasEmail${index + 2}`, one, ref("AWS::NoValue")));
  return { Subscription: iff("HasEmail1", [first ?? "", ...others], ref("AWS::NoValue")) };
}

const CONDITIONS = {
  ...{ hub: "Hub", trailEvents: "HasTrailEvents", sourceAccounts: "HasSourceAccounts" },
  ...{ clusters: "HasCluster1", trailLogGroup: "HasTrailLogGroup" },
} as const;

const outputSection = (): Value =>
  Object.fromEntries(
    Object.entries<Output>(outputs).map(([name, { value, is, when }]) => [
      name,
      {
        ...(when === undefined ? {} : { Condition: CONDITIONS[when] }),
        ...{ Description: is, Value: named(value) },
      },
    ]),
  );
