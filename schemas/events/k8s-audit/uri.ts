import type { ObjectRef } from "./request.ts";

/** Path and query of a requestURI. A query that is not valid percent-encoding is read as far as it goes (URLSearchParams never throws). */
export function splitUri(uri: string): { path: string; params: URLSearchParams } {
  const mark = uri.indexOf("?");
  const raw = mark < 0 ? uri : uri.slice(0, mark);
  return { path: decodePath(raw), params: new URLSearchParams(mark < 0 ? "" : uri.slice(mark + 1)) };
}

/** Percent-decoded once, as the server does; the raw path when it cannot be decoded. */
export function decodePath(raw: string): string {
  if (!raw.includes("%")) return raw;
  try {
    return decodeURIComponent(raw);
  } catch {
    return raw;
  }
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
