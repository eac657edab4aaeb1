import { timeOr } from "../../../schemas/events/event.ts";

/** A line that wraps its message in a time: CloudWatch Logs exported to S3 (`2026-01-01T00:00:00.000Z {…}`), or a CSV export of Logs Insights
 * (`2026-01-01 00:00:00.000,"{""kind"":…}"`). Undefined for any other line. */
export function logLine(raw: string): { readonly time: number; readonly message: string } | undefined {
  const exported = EXPORTED.exec(raw);
  if (exported) return { time: timeOr(0, exported[1]), message: exported[2] as string };
  const csv = CSV.exec(raw);
  if (csv === null) return undefined;
  const time = csv[1] ? timeOr(0, `${csv[1].replace(" ", "T")}Z`) : 0;
  return { time, message: (csv[2] as string).replaceAll('""', '"') };
}

const EXPORTED = /^(\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d(?:\.\d+)?Z)\s+(\{.*)$/s;
const CSV = /^(?:"?(\d{4}-\d\d-\d\d \d\d:\d\d:\d\d(?:\.\d+)?)"?,)?"(\{""?.*\})"(?:,[^{}]*)?$/s;

/** Streams of an EKS log group that hold something else. The audit stream's name begins with the API server's: test the longer one first (eks-auto-mode.md §1.1). */
export function isOtherStream(stream: string): boolean {
  if (stream.startsWith("kube-apiserver-audit-")) return false;
  return /^(?:kube-apiserver|authenticator|kube-controller-manager|cloud-controller-manager|kube-scheduler)-/.test(
    stream,
  );
}

/** klog (`I1124 10:00:00.0 …`) and the authenticator's logfmt (`time="…" level=…`). */
export function isOtherLog(line: string): boolean {
  return /^[IWEF]\d{4} \d\d:\d\d:\d\d\.\d+/.test(line) || /^time="?[^\s"]+"? level=/.test(line);
}
