/** What a request is about: `objectRef`, or the URI where the reference is missing (truncated events). */
export interface ObjectRef {
  readonly group: string;
  readonly resource: string;
  readonly subresource: string;
  readonly namespace: string;
  /** Empty on list, watch, deletecollection and on a create that names nothing. */
  readonly name: string;
  readonly uid: string;
}

/** Path and query of a requestURI. A query that is not valid percent-encoding is read as far as it goes (URLSearchParams never throws). */
export function splitUri(uri: string): { path: string; params: URLSearchParams } {
  const mark = uri.indexOf("?");
  const raw = mark < 0 ? uri : uri.slice(0, mark);
  return { path: decodePath(raw), params: new URLSearchParams(mark < 0 ? "" : uri.slice(mark + 1)) };
}

/** Percent-decoded once, as the server does. Bytes that are no UTF-8 become U+FFFD, as where the server logs them decoded; nothing in a path
 * may keep the rest of it from being read. */
export const decodePath = (raw: string): string => raw.replace(/(?:%[0-9a-f]{2})+/gi, decodeRun);

function decodeRun(run: string): string {
  const bytes = run
    .slice(1)
    .split("%")
    .map((digits) => Number.parseInt(digits, 16));
  return new TextDecoder("utf-8", { ignoreBOM: true }).decode(Uint8Array.from(bytes));
}

/** Segments of a path with empty and dot segments resolved, so that `//exec` and `metrics/../exec` read as what the kubelet serves. */
export function segmentsOf(path: string): string[] {
  const out: string[] = [];
  for (const part of path.split("/")) {
    if (part === "..") out.pop();
    else if (part !== "" && part !== ".") out.push(part);
  }
  return out;
}

/** The object that a path names (Kubernetes API conventions): for events that lost their objectRef. */
export function refOfPath(path: string): ObjectRef | undefined {
  const parts = segmentsOf(path);
  const core = parts[0] === "api";
  if (!core && parts[0] !== "apis") return undefined;
  const group = core ? "" : (parts[1] ?? "");
  let rest = parts.slice(core ? 2 : 3);
  let namespace = "";
  // `/namespaces/x` alone is the namespace itself.
  if (rest[0] === "namespaces" && rest.length > 2) {
    namespace = rest[1] ?? "";
    rest = rest.slice(2);
  }
  const [resource, name = "", subresource = ""] = rest;
  if (resource === undefined) return undefined;
  return { group, resource, subresource, namespace, name, uid: "" };
}
