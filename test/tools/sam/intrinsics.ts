import { MAX_CLUSTERS, MAX_EMAILS, type ParameterName } from "../../../infra/parameters.ts";

/** A value of a template in CloudFormation's long form: `{ Ref: "Queue" }`, `{ "Fn::Sub": "${Queue}/x" }`. */
export type Value = string | number | boolean | readonly Value[] | { readonly [name: string]: Value };

export const ref = (name: string): Value => ({ Ref: name });
export const iff = (condition: string, then: Value, otherwise: Value): Value => ({
  "Fn::If": [condition, then, otherwise],
});
export const equals = (left: Value, right: Value): Value => ({ "Fn::Equals": [left, right] });
export const not = (condition: Value): Value => ({ "Fn::Not": [condition] });
/** Only in a stack with Security Hub. */
export const withHub = (value: Value): Value => iff("Hub", value, ref("AWS::NoValue"));
const inPlace =
  (list: ParameterName, places: number) =>
  (place: number): Value => ({
    // So many empty ones behind it that every place has something to select, also where nothing is made of it.
    "Fn::Select": [place - 1, { "Fn::Split": [",", { "Fn::Join": [",", [ref(list), ",".repeat(places - 2)]] }] }],
  });
/** What stands in a place of the list, counted from one; empty where nothing does. */
export const clusterIn = inPlace("Clusters", MAX_CLUSTERS);
export const emailIn = inPlace("Emails", MAX_EMAILS);

/** `Queue.Arn` */
export const attribute = (name: string): Value => ({ "Fn::GetAtt": name.split(".") });

/** Names that are no resource: one of two. */
const chosen: Readonly<Record<string, Value>> = {
  EncryptionKey: iff("OwnKey", attribute("Key.Arn"), ref("KeyArn")),
  AlarmTopic: iff("OwnAlarmTopic", ref("AlarmTopic"), ref("AlarmTopicArn")),
  Shadow: iff("OnTrial", "true", "false"),
};

/** The data of infra/ as a template has it: what is named becomes a reference, or a text with references in it. `also`: more names, and what they stand for. */
export function named(data: unknown, also: Readonly<Record<string, Value>> = {}): Value {
  const all = { ...chosen, ...also };
  if (typeof data === "string") return text(data, all);
  if (Array.isArray(data)) return data.map((one) => named(one, also));
  if (typeof data === "object" && data !== null)
    return Object.fromEntries(
      Object.entries(data).flatMap(([key, one]) => (one === undefined ? [] : [[key, named(one, also)]])),
    );
  return data as number | boolean;
}

function text(data: string, all: Readonly<Record<string, Value>>): Value {
  const [, whole] = /^\$\{([^}]+)\}$/.exec(data) ?? [];
  if (whole !== undefined) return all[whole] ?? (whole.includes(".") ? attribute(whole) : ref(whole));
  const names = [...data.matchAll(/\$\{([^}]+)\}/g)].map(([, name = ""]) => name);
  const values = Object.fromEntries(names.flatMap((name) => (all[name] === undefined ? [] : [[name, all[name]]])));
  if (names.length === 0) return data;
  return { "Fn::Sub": Object.keys(values).length === 0 ? data : [data, values] };
}
