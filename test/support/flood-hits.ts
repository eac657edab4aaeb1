/** What of a flood makes hits: each of its own subject, or many on one entity, where whatever there is meets whatever there is. */
import { users } from "./events.ts";
import { audit, call, session } from "./trails.ts";

/** A maker of lines: `n` counts them, `name` is one of so many. */
export type Maker = (n: number, name: string, at: string) => string;

const GUEST = "arn:aws:iam::111122223333:role/Guest";
const LONG = "A".repeat(6_000);

/** The access of one role, given or taken back, by whoever they say they are. */
const access = (api: string, name: string, at: string, fields: object = {}): string =>
  call(at, `eks:${api}`, {
    userIdentity: session("PlatformAdmin", `mallory-${name}`, "ASIAEXAMPLEMALLORY01"),
    requestParameters: { name: "demo", principalArn: GUEST, ...fields },
  });

const withKey = (user: ReturnType<typeof users.human>, name: string): object => ({
  ...user,
  extra: { ...user.extra, accessKeyId: [`ASIA${name.toUpperCase()}0000`] },
});

export const hitMakers: readonly Maker[] = [
  // Whoever they say they are, as an account of kube-system in any pod, with a command as long as may be.
  (_, name, at) =>
    audit(at, {
      user: withKey(users.human(name, "Developer"), name),
      verb: "get",
      requestURI: `/api/v1/namespaces/shop/pods/pod-${name}/exec?command=sh&command=${LONG}`,
      objectRef: { resource: "pods", subresource: "exec", namespace: "shop", name: `pod-${name}`, apiVersion: "v1" },
      responseStatus: { metadata: {}, code: 101 },
      userAgent: LONG,
      impersonatedUser: { username: "system:serviceaccount:kube-system:expand-controller", groups: ["system:masters"] },
    }),
  // One role is let in, comes in and is shut out, all the time.
  (n, name, at) =>
    n % 3 === 0
      ? access("DeleteAccessEntry", name, at)
      : access("AssociateAccessPolicy", name, at, {
          policyArn: "arn:aws:eks::aws:cluster-access-policy/AmazonEKSClusterAdminPolicy",
          accessScope: { type: "cluster" },
        }),
  (_, name, at) =>
    audit(at, {
      user: withKey(users.human("guest", "Guest"), name),
      verb: "list",
      requestURI: "/api/v1/secrets?limit=500",
      objectRef: { resource: "secrets", apiVersion: "v1" },
      level: "Metadata",
    }),
  // Names and addresses that are a megabyte long; of most is kept what fits.
  (n, name, at) =>
    audit(at, {
      user: users.human(n % 1_000 === 999 ? `${name}${"B".repeat(200_000)}` : name, "Developer"),
      verb: "get",
      requestURI: `/api/v1/namespaces/shop/pods/${name}/exec?command=sh`,
      objectRef: { resource: "pods", subresource: "exec", namespace: "shop", name, apiVersion: "v1" },
      responseStatus: { metadata: {}, code: 101 },
    }),
];
