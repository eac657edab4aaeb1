import { createHash } from "node:crypto";
import type { AuditEvent, AuditUser } from "../../schemas/events/k8s-audit/wire.ts";

/** What keeps its name: Kubernetes' and AWS's own objects and roles, and products under the names that they install themselves with. */
const KEPT = [
  /^(?:default|kube-(?:system|public|node-lease)|kubernetes|kube-root-ca\.crt|extension-apiserver-authentication)$/,
  /^(?:cluster-admin|admin|edit|view|coredns.*|kube-dns.*|kube-proxy|aws-node|aws-auth|amazon-vpc-cni|alb|debugger.*|node-debugger.*)$/,
  /^(?:eks[:-]|EKS-Auto:|system:|apiserver-|AWSServiceRole|AmazonEKS|https?:|i-[0-9a-f]{8})/,
  /^(?:[\w-]+-controller|(?:generic|pod)-garbage-collector|horizontal-pod-autoscaler|root-ca-cert-publisher|kube-(?:scheduler|controller-manager))$/,
  /^(?:argocd|cert-manager|external-(?:dns|secrets)|grafana|istio-|karpenter|kyverno|monitoring|prometheus|sh\.helm\.)/,
  /^(?:pod-identity-webhook|vpc-resource-|general-purpose|system|k8s-metrics|v\d\w*\.|[\w-]+\.[\w-]+\.[\w.-]+$|\d|\.\.$)/,
];
/** Names that are also words of the API: they are names only where a name stands. */
const WORDS: ReadonlySet<string> = new Set(
  "api app bad c debug i latest legacy m masters meta none open registry x y".split(" "),
);

const ROLE_AND_SESSION = /:(?:assumed-role|role|user)\/([^/]+)(?:\/([^/]+))?$/;
const SERVICE_ACCOUNT = /^system:serviceaccount:([^:]+):(.+)$/;

function* namesOfUser(user: AuditUser | null | undefined): Generator<string> {
  const name = user?.username ?? "";
  for (const text of [name, ...Object.values(user?.extra ?? {}).flatMap((values) => values ?? [])]) {
    for (const part of ROLE_AND_SESSION.exec(text)?.slice(1) ?? SERVICE_ACCOUNT.exec(text)?.slice(1) ?? [])
      yield (part ?? "").replace(/[@-]example\.\w+$/, "");
  }
  if (!name.includes(":")) yield name;
  yield* user?.groups ?? [];
}

function* namesOf({ objectRef, user, impersonatedUser, requestObject, responseObject }: AuditEvent): Generator<string> {
  yield* namesOfUser(user);
  yield* namesOfUser(impersonatedUser);
  yield objectRef?.namespace ?? "";
  yield (objectRef?.name ?? "").replace(/^https?:|:\d+$|\.[0-9a-f]{16}$/g, "");
  for (const match of JSON.stringify([requestObject, responseObject]).matchAll(
    /"(?:containers|serviceAccountName|secretName)":(?:\[\{[^[]*?"name":)?"([^"]+)"/g,
  ))
    yield match[1] ?? "";
}

/** Every name that merely occurs in these events; of `checkout` and `checkout-7b7847ffc7` the first, which renames both. */
function recordedNames(events: readonly AuditEvent[]): string[] {
  const all = new Set(events.flatMap((event) => [...namesOf(event)]));
  const own = [...all].filter((name) => name !== "" && !KEPT.some((kept) => kept.test(name)));
  return own.filter((name) => !own.some((base) => base !== name && !WORDS.has(base) && name.startsWith(`${base}-`)));
}

const hex = (...of: readonly (string | number)[]): string => createHash("sha256").update(of.join("\n")).digest("hex");

const SYLLABLES = "ba ce di fo gu ha je ki lo mu na pe ri so tu va we xi yo zu".split(" ");

/** An invented name: of one word or two, capitalised like the old one. */
function invented(seed: number, name: string): string {
  const bytes = Buffer.from(hex(seed, name), "hex");
  const word = [...bytes.subarray(0, 5)].map((byte) => SYLLABLES[byte % SYLLABLES.length]).join("");
  const parted = (bytes[5] ?? 0) % 2 === 0 ? word : `${word.slice(0, 4)}-${word.slice(4)}`;
  return /^[A-Z]/.test(name) ? word.replace(/^./, (letter) => letter.toUpperCase()) : parted;
}

/** The digits of `text` exchanged for others, the rest as it is. */
function scrambled(seed: number, text: string): string {
  const digits = hex(seed, text) + hex(text, seed);
  return text.replace(/[0-9a-f]/g, (_, at: number) => digits[at] ?? "0");
}

/** Another UUID of the same version and variant. */
const otherUuid = (seed: number, uuid: string): string =>
  scrambled(seed, uuid).replace(/^(.{14}).(.{4}).(.*)$/, `$1${uuid[14]}$2${uuid[19]}$3`);

const NETS = ["192.0.2", "198.51.100", "203.0.113"];
const ACCOUNTS = ["444455556666", "777788889999", "123456789012"];

/** Another address of the same kind: private or for documentation. Anything else is kept. */
function otherAddress(seed: number, address: string): string {
  const [a = 0, b = 0, c = 0, d = 0] = address.split(".").map(Number);
  if (a === 10 && b === 0) return seed % 2 === 0 ? `10.${20 + seed}.${c}.${d}` : `192.168.${c}.${d}`;
  if (a === 172 && b >= 16 && b < 32) return `10.${200 + b}.${c}.${d}`;
  const net = NETS.indexOf(`${a}.${b}.${c}`);
  return net === -1 ? address : `${NETS[(net + 1 + (seed % 2)) % NETS.length]}.${d}`;
}

const HOUR_MS = 3_600_000;

const escaped = (text: string): string => text.replace(/[.*+?^${}()|[\]\\]/g, "\\$&");
/** What stands before a name in JSON text that may hold percent-encoded text, and before a word that is one. */
const BEFORE = /(?:^|[^A-Za-z0-9.%\\-]|%[0-9A-F]{2}|\\u[0-9a-f]{4}|\\[nt"])$/;
const BEFORE_WORD =
  /(?:"(?:name|namespace|generateName|serviceAccountName|secretName|app)\\?":\\?"|(?:serviceaccounts?|ServiceAccount):(?:[\w-]+:)?|\/(?:(?!apis)[a-z]+s|exec|run|attach)\/|container=)$/;

/** Renames people, roles, keys, accounts, namespaces, workloads, instances, addresses, ids and times of recorded audit events, in the text of
 * the events: every name everywhere in the same way, so that the events still fit together. Other seeds give other names. */
export function renaming(seed: number, events: readonly AuditEvent[]): (text: string) => string {
  const names = recordedNames(events);
  const renamed = new Map(names.map((name) => [name, invented(seed, name)]));
  if (new Set(renamed.values()).size < names.length) throw new Error(`seed ${seed} gives two names the same name`);
  const longestFirst = [...names].sort((a, b) => b.length - a.length);
  const anyName = new RegExp(`(?:${longestFirst.map(escaped).join("|")})(?![A-Za-z0-9])`, "g");
  const isName = (name: string, before: string, after: string): boolean =>
    WORDS.has(name) ? BEFORE_WORD.test(before) || isQuoted(before, after) : BEFORE.test(before);

  const domain = ["example.net", "example.edu", "corp.example"][seed % 3] ?? "";
  // Hours that keep a recording within one day: a finding about a name is about a day.
  const shift = (24 * (90 + seed) - (seed % 3) * 5) * HOUR_MS;
  const digits = (text: string): string => scrambled(seed, text);
  const account = (old: string): string => (old === "111122223333" ? (ACCOUNTS[seed % 3] ?? old) : digits(old));
  return (text) =>
    text
      .replace(anyName, (name, at: number) =>
        isName(name, text.slice(Math.max(0, at - 64), at), text.slice(at + name.length, at + name.length + 64))
          ? (renamed.get(name) ?? name)
          : name,
      )
      .replace(/[0-9a-f]{8}(?:-[0-9a-f]{4}){3}-[0-9a-f]{12}/g, (uuid) => otherUuid(seed, uuid))
      .replace(/(?<=X509SHA256=)[0-9a-f]{64}/g, digits)
      .replace(/(?<=i-)[0-9a-f]{17}/g, digits)
      .replace(/\d{4}-\d\d-\d\dT\d\d/g, (hour) =>
        new Date(Date.parse(`${hour}:00Z`) + shift).toISOString().slice(0, 13),
      )
      .replace(/(?<![\d.])\d{1,3}(?:\.\d{1,3}){3}(?![\d.])/g, (address) => otherAddress(seed, address))
      .replace(/(?<=:)\d{12}(?=[:"\\])/g, account)
      .replace(
        /A(?:SIA|KIA|ROA|IDA)[A-Z0-9]{6,}/g,
        (key) => key.slice(0, 4) + hex(seed, key).toUpperCase().slice(4, key.length),
      )
      .replace(/example\.(?:com|org)/g, (host) => (host.endsWith("com") ? domain : `other.${domain}`))
      .replace("hello world; drop", `goodbye world ${seed}`);
}

/** In a message or a reason of the server: `secrets \"x\" not found`, `ServiceAccount \"runner/ci\"`. */
const isQuoted = (before: string, after: string): boolean =>
  (/(?:\/|\\")$/.test(before) && /^\\"(?!:)/.test(after)) || (before.endsWith('\\"') && /^\/[\w-]+\\"/.test(after));
