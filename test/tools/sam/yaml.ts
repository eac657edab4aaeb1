import { Document, isMap, type Node, Pair, Scalar, YAMLMap, YAMLSeq } from "yaml";
import type { Value } from "./intrinsics.ts";

/** What fits into so many characters, and has so many keys, stands on one line. */
const SHORT = 110;
const FEW = 3;

/** A value as a template's YAML, without indentation. `comments`: before which key of it what is said. */
export function yaml(value: Value, comments: Readonly<Record<string, string>> = {}): string {
  const root = nodeOf(value, { topmost: true });
  if (isMap<Scalar<string>>(root))
    for (const { key } of root.items) {
      const comment = comments[key.value];
      if (comment !== undefined) key.commentBefore = ` ${comment}`;
    }
  // CloudFormation reads YAML 1.1, where `on` and `no` are no texts unless they are quoted.
  return new Document(root, { version: "1.1" }).toString({ lineWidth: 0, flowCollectionPadding: false });
}

interface Place {
  readonly topmost?: boolean;
  readonly inList?: boolean;
}

function nodeOf(value: Value, { topmost = false, inList = false }: Place = {}): Node {
  if (Array.isArray(value)) {
    const list = new YAMLSeq();
    list.items = value.map((item: Value) => nodeOf(item, { inList: true }));
    list.flow = !topmost && isShort(value) && !value.some(isBlock);
    return list;
  }
  if (typeof value !== "object") return new Scalar(value);
  const [[name, argument] = [], ...others] = Object.entries(value);
  if (name !== undefined && argument !== undefined && others.length === 0 && /^(?:Ref|Condition|Fn::\w+)$/.test(name))
    return functionOf(name, argument);
  const map = new YAMLMap();
  map.items = Object.entries(value).map(([key, one]) => new Pair(new Scalar(key), nodeOf(one)));
  map.flow = !topmost && inList && isShort(value) && !isBlock(value);
  return map;
}

/** The short form, `!Ref Queue`. */
function functionOf(name: string, argument: Value): Node {
  const node = name === "Fn::GetAtt" && Array.isArray(argument) ? new Scalar(argument.join(".")) : nodeOf(argument);
  node.tag = `!${name.replace("Fn::", "")}`;
  return node;
}

/** About as long as it will be in YAML. */
const isShort = (value: Value): boolean =>
  JSON.stringify(value)
    .replace(/\{"(?:Fn::)?(\w+)":/g, "!$1 ")
    .replace(/["}]/g, "").length <= SHORT;

/** Whether a value needs lines of its own. */
function isBlock(value: Value): boolean {
  if (typeof value === "string") return value.includes("\n");
  if (Array.isArray(value)) return value.some(isBlock);
  if (typeof value !== "object") return false;
  return Object.keys(value).length > FEW || Object.values(value).some(isBlock);
}
