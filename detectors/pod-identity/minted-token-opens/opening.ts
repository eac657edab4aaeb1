import { mintsFor, type TokenMinters } from "../../core/token-minters.ts";
import { SESSION } from "../../ledger/relays.ts";

const MINUTE_MS = 60_000;
/** EKS gives tokens a day at most. */
const TOKEN_LIFE_MS = 24 * 60 * MINUTE_MS;
/** A pod fetches its credentials anew every few hours: what comes at once after a mint is more than chance. */
const AT_ONCE_MS = 10 * MINUTE_MS;

interface Minted {
  readonly time: string;
  readonly minter: string;
  readonly ip: string;
  readonly audiences: string;
  readonly pod: string;
  readonly cluster: string;
}

interface Opens {
  readonly role: string;
  readonly time: string;
  readonly how: string;
  readonly ip: string;
  readonly cluster: string;
  readonly pod: string;
}

interface Way {
  readonly on: string;
  readonly why: string;
  readonly told: (role: string) => string;
}

/** How a token opens AWS, for all that is known. Times of sessions are known by the minute. */
export function wayOf(minted: Minted, opens: Opens, forPods: boolean): Way | undefined {
  const after = Date.parse(opens.time) + MINUTE_MS - Date.parse(minted.time);
  const within = (ms: number): boolean => after > 0 && after <= ms + MINUTE_MS;
  if (opens.how === SESSION) {
    if (!forPods || minted.pod === "" || opens.pod !== minted.pod || !within(AT_ONCE_MS)) return undefined;
    return {
      ...{ on: "Pod Identity", why: "the pod that it is bound to was given credentials within minutes" },
      told: () => "and the pod that it is bound to was given AWS credentials within minutes",
    };
  }
  if (opens.how === "AssumeRoleWithWebIdentity") {
    if (!/\bsts\./.test(minted.audiences) || opens.ip !== minted.ip || !within(TOKEN_LIFE_MS)) return undefined;
    return {
      ...{ on: "web identity", why: `the session was opened from ${opens.ip}, where the minter is` },
      told: (role) => `and from the same address a session of role ${role} was opened for that service account`,
    };
  }
  if (!forPods || opens.cluster !== minted.cluster || opens.how.startsWith("Delete") || opens.role === "")
    return undefined;
  if (after > TOKEN_LIFE_MS) return undefined;
  return {
    ...{ on: "association", why: "the service account was given the role by an association" },
    told: (role) => `which opens role ${role}, as an association of the service account says`,
  };
}

/** Secret stores, as they install themselves or as the site lists them. */
export function isByDesign(
  { minter, audiences, pod }: Minted,
  namespace: string,
  { minters, privileged }: { readonly minters: TokenMinters; readonly privileged: readonly string[] },
): boolean {
  if (pod === "" && privileged.includes(namespace) && !minter.startsWith(`${namespace}/`)) return false;
  const entries = minters.filter(({ serviceAccount }) => serviceAccount === minter);
  return audiences.split(" ").every((audience) => entries.some((entry) => mintsFor(entry, audience, pod !== "")));
}
