import { readdirSync, readFileSync } from "node:fs";
import { join } from "node:path";
import { gunzipSync } from "node:zlib";

/** What is known of one request of a recording. */
export interface Label {
  readonly auditID: string;
  readonly scenario: string;
  readonly malicious: boolean;
  readonly technique: string;
  readonly note?: string;
  readonly core?: boolean;
  readonly family?: string;
}

export interface Recording {
  readonly name: string;
  /** NDJSON text of the events. */
  readonly events: string;
  readonly labels: readonly Label[];
}

const EVENTS = /^(.+)\.(?:audit|cloudtrail)\.ndjson(?:\.gz)?$/;

const read = (file: string): string => {
  const bytes = readFileSync(file);
  return (bytes[0] === 0x1f && bytes[1] === 0x8b ? gunzipSync(bytes) : bytes).toString("utf8");
};

/** Every `NAME.audit.ndjson[.gz]` below `dir` with its `NAME.labels.ndjson[.gz]`; labels are empty where there is none. */
export function recordingsIn(dir: string): readonly Recording[] {
  const files = readdirSync(dir).sort();
  return files.flatMap((file) => {
    const name = EVENTS.exec(file)?.[1];
    if (name === undefined) return [];
    const labelled = files.find((other) => other.startsWith(`${name}.labels.ndjson`));
    const labels =
      labelled === undefined
        ? []
        : read(join(dir, labelled))
            .split("\n")
            .filter(Boolean)
            .map((line) => JSON.parse(line) as Label);
    return [{ name, events: read(join(dir, file)), labels }];
  });
}

/** Labels whose flagging is neither right nor wrong. */
const NEITHER: ReadonlySet<string> = new Set(["side-effect", "driver", "ambiguous"]);

/** True when a finding on this request is a false alarm. */
export const isBenign = (label: Label): boolean => !label.malicious && !NEITHER.has(label.technique);

/** A shape of attack: what is scored, however often it was recorded. */
export const shapeOf = ({ family, technique, note }: Label): string =>
  `${family ?? "?"} | ${technique} | ${note ?? ""}`;
