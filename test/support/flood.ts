/** A stream of both trails in which whatever an attacker may choose is chosen from so many names: pods, namespaces, users, auditIDs, sessions, keys, tokens,
 * addresses, instances, user agents. */
import { users } from "./events.ts";
import { hitMakers } from "./flood-hits.ts";
import { audit, call, launched, podCall, session } from "./trails.ts";

const START = Date.UTC(2026, 10, 22);
const DAY_MS = 24 * 3_600_000;

export interface Flood {
  readonly events: number;
  readonly names: number;
  /** Reads that teach nothing between each of the others and the next. */
  readonly noise?: number;
}

/** Lines in the order of time, over one day, in chunks. */
export function* flood({ events, names, noise = 0 }: Flood, chunk = 2_000): Generator<readonly string[]> {
  for (let from = 0; from < events; from += chunk)
    yield Array.from({ length: Math.min(chunk, events - from) }, (_, index) => {
      const n = from + index;
      const at = new Date(START + (n / events) * DAY_MS).toISOString().slice(0, 19);
      const turn = Math.floor(n / (noise + 1));
      // Every name comes again, far from where it was: nothing is remembered for so long.
      const nameOf = (one: number): number => (one * 7_919) % names;
      return n % (noise + 1) === 0 ? line(turn, nameOf(turn), at) : read(nameOf(n), at);
    });
}

const hex = (n: number): string => n.toString(16).padStart(12, "0");
const ip = (n: number): string => `203.${n & 127}.${(n >> 7) & 255}.${(n >> 15) & 255}`;

/** Teaches nothing. */
const read = (name: number, at: string): string =>
  audit(at, {
    user: users.human(`user-${hex(name)}`, "Developer"),
    verb: "get",
    requestURI: `/api/v1/namespaces/ns-${hex(name)}/configmaps/a`,
    objectRef: { resource: "configmaps", namespace: `ns-${hex(name)}`, name: "a", apiVersion: "v1" },
  });

const makers: readonly ((n: number, name: number, at: string) => string)[] = [
  // A pod's token at work: token, pod, origin.
  (_, name, at) =>
    audit(at, {
      user: {
        ...users.serviceAccount(`ns-${hex(name)}`, `account-${name % 1_000}`),
        extra: {
          "authentication.kubernetes.io/credential-id": [`JTI=${hex(name)}`],
          "authentication.kubernetes.io/pod-name": [`pod-${hex(name)}`],
          "authentication.kubernetes.io/pod-uid": [`00000000-aaaa-4bbb-8ccc-${hex(name)}`],
        },
      },
      verb: "get",
      requestURI: `/api/v1/namespaces/ns-${hex(name)}/secrets/db`,
      objectRef: { resource: "secrets", namespace: `ns-${hex(name)}`, name: "db", apiVersion: "v1" },
      sourceIPs: [ip(name)],
      userAgent: `agent/${hex(name)}`,
    }),
  // Somebody enters pods, as whoever they like.
  (_, name, at) =>
    audit(at, {
      verb: "get",
      requestURI: `/api/v1/namespaces/shop/pods/pod-${hex(name)}/exec?command=sh`,
      objectRef: {
        resource: "pods",
        subresource: "exec",
        namespace: "shop",
        name: `pod-${hex(name)}`,
        apiVersion: "v1",
      },
      responseStatus: { metadata: {}, code: 101 },
      impersonatedUser: { username: `user-${hex(name)}`, groups: [] },
    }),
  // One pod is entered by whoever they say they are.
  (_, name, at) =>
    audit(at, {
      verb: "get",
      requestURI: "/api/v1/namespaces/shop/pods/orders/exec?command=sh",
      objectRef: { resource: "pods", subresource: "exec", namespace: "shop", name: "orders", apiVersion: "v1" },
      responseStatus: { metadata: {}, code: 101 },
      impersonatedUser: { username: `user-${hex(name)}`, groups: [] },
    }),
  // Nodes of any name.
  (_, name, at) =>
    audit(at, {
      user: users.node(`i-0a1b2c3d4${hex(name).slice(-8)}`),
      verb: "update",
      requestURI: "/apis/coordination.k8s.io/v1/namespaces/kube-node-lease/leases/x",
      objectRef: { resource: "leases", namespace: "kube-node-lease", name: "x", apiGroup: "coordination.k8s.io" },
      level: "Metadata",
      sourceIPs: [ip(name)],
    }),
  ...Array.from({ length: 4 }, () => (_: number, name: number, at: string) => read(name, at)),
  // Keys of any name, from anywhere; one key for whatever there is.
  (_, name, at) => podCall(at, `s3:Get${name % 50}`, `ASIA${hex(name).toUpperCase()}0000`, ip(name)),
  (_, name, at) =>
    podCall(at, `svc${name % 97}:Op${hex(name)}`, "ASIAEXAMPLEPOD000001", ip(name), { userAgent: hex(name) }),
  // Sessions of any name of one role, and one instance touched under any.
  (_, name, at) =>
    call(at, "sts:AssumeRole", {
      userIdentity: session("Developer", `mallory-${hex(name)}`, "ASIAEXAMPLEMALLORY01"),
      requestParameters: { roleArn: "arn:aws:iam::111122223333:role/Orders", roleSessionName: `s-${hex(name)}` },
      responseElements: { credentials: { accessKeyId: `ASIB${hex(name).toUpperCase()}0000` } },
    }),
  (n, name, at) =>
    call(at, "ec2:TerminateInstances", {
      userIdentity: session("Developer", `mallory-${hex(name)}`, "ASIAEXAMPLEMALLORY01"),
      requestParameters: {
        instancesSet: {
          items: [
            {
              instanceId:
                Math.floor(n / makers.length) % 2 === 0 ? "i-0a1b2c3d4e5f60001" : `i-0a1b2c3d4${hex(name).slice(-8)}`,
            },
          ],
        },
      },
      errorCode: "Client.UnauthorizedOperation",
    }),
  ...hitMakers.map((make) => (n: number, name: number, at: string) => make(n, hex(name), at)),
];

const line = (n: number, name: number, at: string): string => {
  // The instance that will be touched, of Auto Mode.
  if (n === 0) return launched(at, "i-0a1b2c3d4e5f60001");
  const make = makers[n % makers.length];
  if (make === undefined) throw new Error("no maker");
  return make(n, name, at);
};
