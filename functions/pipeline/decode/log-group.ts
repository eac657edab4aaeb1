import type { Scope } from "../../../schemas/events/event.ts";
import type { Around, Piece } from "./piece.ts";
import { messagePiece } from "./piece.ts";

/** `@log` of Logs Insights has the account before the name; the log group of a subscription has the name alone (eks-auto-mode.md §1.1). */
const GROUP = /^(?:(\d{12}):)?\/aws\/eks\/([^/]+)\/cluster$/;

/** Of the names of the streams in it that hold the audit log: it has streams of other components, too (eks-auto-mode.md §1.1). */
export const AUDIT_STREAMS = "kube-apiserver-audit-";

interface Told {
  readonly account?: string | undefined;
  readonly region?: string | undefined;
  readonly group?: string | undefined;
}

/** What an envelope tells of the cluster; what it does not tell stays as it was. */
export function scopeOf(scope: Scope, { account, region, group }: Told): Scope {
  const [, owner, cluster] = GROUP.exec(group ?? "") ?? [];
  return {
    account: [account, owner].find((id) => id !== undefined && /^\d{12}$/.test(id)) ?? scope.account,
    region: region || scope.region,
    cluster: cluster ?? scope.cluster,
  };
}

/** Streams of an EKS log group that hold something else. The audit stream's name begins with the API server's: test the longer one first (eks-auto-mode.md §1.1). */
function isOtherStream(stream: string): boolean {
  if (stream.startsWith(AUDIT_STREAMS)) return false;
  return /^(?:kube-apiserver|authenticator|kube-controller-manager|cloud-controller-manager|kube-scheduler)-/.test(
    stream,
  );
}

/** A message of a log group: to be looked into, unless its stream tells that it is of another log. */
export function messageOf(stream: string | undefined, message: unknown, around: Around): Piece {
  if (stream === undefined || !isOtherStream(stream)) return messagePiece(message, around);
  const excerpt = typeof message === "string" ? message : "";
  return { kind: "aside", code: "E_OTHER_LOG", message: `a line of ${stream}`, excerpt, around };
}
