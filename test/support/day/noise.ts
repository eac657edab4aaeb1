/** The noise of a control plane: recorded events, told again by the day's own nodes and controllers. */
import type { AuditEvent } from "../../../schemas/events/k8s-audit/wire.ts";
import { root } from "../../tools/folders.ts";
import { recordingsIn } from "../../tools/labels.ts";
import type { Cluster, Node } from "./cast.ts";
import { createChance } from "./chance.ts";
import { linkedRole } from "./eks-itself.ts";
import { report } from "./kubelet.ts";
import { type Kind, kindOf, SHARES, SOURCES } from "./shares.ts";
import { asCaller, asNode, SECOND, type World } from "./world.ts";

/** Audit events a second of the whole day at full noise; about one of them is the day's own. */
const PER_SECOND = 96;

/** A recorded line, taken apart at what is new each time. */
interface Template {
  readonly kind: Kind;
  readonly username: string;
  readonly parts: readonly string[];
  readonly slots: readonly Slot[];
}
type Slot = "id" | "user" | "sources" | "node" | "received" | "answered";

const MARKS = {
  id: "\u0001",
  user: "\u0002",
  sources: "\u0003",
  node: "\u0004",
  received: "\u0005",
  answered: "\u0006",
};
const NAMES = Object.fromEntries(Object.entries(MARKS).map(([name, mark]) => [mark, name])) as Record<string, Slot>;

function templateOf(line: string, event: AuditEvent, kind: Kind): Template {
  const moving = kind[2] !== "control plane";
  const user = JSON.stringify(event.user);
  if (moving && !line.includes(user)) throw new RangeError(`${kind.join(" ")} is not spelled as it is read`);
  const marked = line
    .replace(`"auditID":"${event.auditID}"`, `"auditID":"${MARKS.id}"`)
    .replace(`"user":${user}`, moving ? `"user":${MARKS.user}` : `"user":${user}`)
    .replace(
      JSON.stringify(event.sourceIPs),
      kind[2] === "node" || kind[2] === "component" ? MARKS.sources : '["10.0.0.80"]',
    )
    .replace(
      `"requestReceivedTimestamp":"${event.requestReceivedTimestamp}"`,
      `"requestReceivedTimestamp":"${MARKS.received}"`,
    )
    .replace(`"stageTimestamp":"${event.stageTimestamp}"`, `"stageTimestamp":"${MARKS.answered}"`)
    .replace(/i-[0-9a-f]{17}/g, MARKS.node);
  return {
    ...{ kind, username: event.user?.username ?? "" },
    // biome-ignore lint/suspicious/noControlCharactersInRegex: marks that no record holds.
    parts: marked.split(/[\u0001-\u0006]/),
    // biome-ignore lint/suspicious/noControlCharactersInRegex: the same.
    slots: [...marked.matchAll(/[\u0001-\u0006]/g)].map(([mark]) => NAMES[mark] ?? "id"),
  };
}

function templates(): ReadonlyMap<string, readonly Template[]> {
  const found = new Map<string, Template[]>();
  for (const { name, events } of recordingsIn(`${root}test/recordings/audit`)) {
    if (!SOURCES.includes(name)) continue;
    for (const line of events.trimEnd().split("\n")) {
      const event = JSON.parse(line) as AuditEvent;
      const kind = kindOf(event);
      if (kind === undefined) continue;
      const key = kind.join(" ");
      found.set(key, [...(found.get(key) ?? []), templateOf(line, event, kind)]);
    }
  }
  return found;
}

/** From `first` to the end, in the shares of the recordings. */
export function noise(world: World, cluster: Cluster, first: number): void {
  if (world.options.noise <= 0) return;
  const recorded = templates();
  const kinds = SHARES.map(([verb, resource, whose, seen]) => ({
    seen,
    told: recorded.get([verb, resource, whose].join(" ")) ?? [],
  }));
  const all = kinds.reduce((sum, { seen }) => sum + seen, 0);
  // A day with less noise is the same day in everything else.
  const chance = createChance(world.options.seed + 1);
  const users = createUsers(world);
  let nodes: readonly Node[] = [];
  const pick = (): Template => {
    let left = chance.next() * all;
    for (const { seen, told } of kinds) {
      left -= seen;
      if (left < 0) return chance.one(told);
    }
    return pick();
  };
  world.clock.every(
    first,
    () => 10 * SECOND,
    () => {
      nodes = [...cluster.nodes].filter(({ auto, kubeletKey, gone }) => auto && kubeletKey !== "" && !gone);
    },
  );
  const gap = SECOND / (PER_SECOND * world.options.noise);
  // What falls into one millisecond has its place within it.
  let exact = first;
  world.clock.every(
    first + 1,
    () => {
      const before = Math.floor(exact);
      exact += -Math.log(1 - chance.next()) * gap;
      return Math.max(1, Math.floor(exact) - before);
    },
    (now) => {
      const template = pick();
      const node = chance.one(nodes.filter(({ gone }) => !gone));
      if (template.kind[1] === "pods/status") {
        const pod = [...node.pods].find(({ ip, created }) => ip !== "" && created < now - 60 * SECOND);
        if (pod !== undefined) report(world, cluster, pod, now);
        return;
      }
      const text = tellAgain(template, node, users(template, node), now, chance.uuid());
      world.clock.write({
        trail: "k8s-audit",
        time: now,
        arrival: now + 2 * SECOND + chance.next() * 18 * SECOND,
        text,
      });
    },
  );
}

function tellAgain({ parts, slots }: Template, node: Node, user: string, now: number, id: string): string {
  const time = new Date(now).toISOString().slice(0, -1);
  let text = parts[0] ?? "";
  for (const [index, slot] of slots.entries()) {
    if (slot === "id") text += id;
    else if (slot === "user") text += user;
    else if (slot === "sources") text += `["${node.ip}"]`;
    else if (slot === "node") text += node.name;
    else text += `${time}${slot === "received" ? "000Z" : "400Z"}`;
    text += parts[index + 1];
  }
  return text;
}

/** Who a template is told by, as text: the identities change every hour or so, and are asked for 97 times a second. */
function createUsers(world: World) {
  const nodes = new Map<Node, { readonly key: string; readonly text: string }>();
  const operator = JSON.stringify(
    asCaller(linkedRole(world), "eks-auto-compute", "ASIAEXAMPLESLR000001", ["eks:managed"]),
  );
  const controllers = new Map<string, { readonly token: string; readonly text: string }>();
  return ({ kind: [, , whose], username }: Template, node: Node): string => {
    if (whose === "operator") return operator;
    if (whose === "controller") {
      const name = username.replace(/^.*:/, "");
      const token = world.controllers.get(name) ?? "";
      const known = controllers.get(name);
      if (known?.token === token) return known.text;
      const text = JSON.stringify(asControllerNamed(name, token));
      controllers.set(name, { token, text });
      return text;
    }
    const known = nodes.get(node);
    if (known?.key === node.kubeletKey) return known.text;
    const text = JSON.stringify(asNode(node));
    nodes.set(node, { key: node.kubeletKey, text });
    return text;
  };
}

const asControllerNamed = (name: string, token: string): object => ({
  username: `system:serviceaccount:kube-system:${name}`,
  uid: "8d615914-1192-4dc1-a43b-2f34e8b88afe",
  groups: ["system:serviceaccounts", "system:serviceaccounts:kube-system", "system:authenticated"],
  extra: { "authentication.kubernetes.io/credential-id": [`JTI=${token}`] },
});
