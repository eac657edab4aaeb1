/** A day of one cluster in which everything happens that the ledger knows: to each thing that is wrong, something alike that is right. */

import { users } from "./events.ts";
import {
  audit,
  call,
  launched,
  nodeAtWork,
  nodeCredentials,
  type PodSpec,
  podBound,
  podCall,
  podCreated,
  podCredentials,
  podGone,
  podReported,
  session,
  tokenMinted,
} from "./trails.ts";

const NODES = ["i-0a1b2c3d4e5f60001", "i-0a1b2c3d4e5f60002"] as const;
const [NODE, OTHER] = NODES;
const pod = (index: number): PodSpec & { readonly node: string } => ({
  uid: `0000000${index}-aaaa-4bbb-8ccc-000000000001`,
  name: `orders-${index}`,
  node: index % 2 === 0 ? NODE : OTHER,
});
const key = (index: number): string => `ASIAEXAMPLEPOD00000${index}`;

const person = (accessKeyId: string) => {
  const user = users.human("bob", "Developer");
  return { ...user, extra: { ...user.extra, accessKeyId: [accessKeyId] } };
};

/** Lines in the order of their times. */
export const scenario: readonly string[] = [
  launched("09:00", NODE),
  launched("09:00", OTHER),
  nodeCredentials("09:01", NODE, "ASIAEXAMPLENODE00001"),
  nodeAtWork("09:02", NODE, "ASIAEXAMPLENODE00001"),
  // A node's name that somebody else took.
  call("09:03", "sts:AssumeRole", {
    userIdentity: session("Developer", "mallory", "ASIAEXAMPLEMALLORY01"),
    requestParameters: { roleArn: "arn:aws:iam::111122223333:role/AmazonEKSAutoNodeRole", roleSessionName: OTHER },
    responseElements: {
      credentials: { accessKeyId: "ASIAEXAMPLEFOREIGN01" },
      assumedRoleUser: { assumedRoleId: `AROAEXAMPLENODE:${OTHER}` },
    },
  }),
  nodeAtWork("09:04", OTHER, "ASIAEXAMPLEFOREIGN01", "203.0.113.9"),
  // Pods 1 to 4: made, bound, served; 1 is used after it is gone, 2 from several places, 3 rightly, 4's token is minted on another node.
  ...[1, 2, 3, 4].flatMap((index) => [
    podCreated(`10:0${index}`, pod(index)),
    podBound(`10:0${index}:10`, pod(index)),
    podReported(`10:0${index}:20`, pod(index), `10.0.7.${index}`),
    tokenMinted(`10:0${index}:25`, pod(index), index === 4 ? OTHER : pod(index).node, `jti-${index}`),
    ...podCredentials(`10:0${index}:30`, pod(index), pod(index).node, { key: key(index) }),
    podCall(`10:1${index}`, "s3:GetObject", key(index)),
  ]),
  podGone("10:20", pod(1)),
  podCall("10:30", "s3:GetObject", key(1)),
  podCall("10:31", "s3:ListBuckets", key(1), "203.0.113.7"),
  podCall("10:32", "s3:GetObject", key(2), "203.0.113.7"),
  podCall("10:33", "s3:GetObject", key(2), "192.0.2.44"),
  podGone("10:40", pod(3)),
  // A pod that two nodes report.
  podReported("10:41", { ...pod(2), node: OTHER }, "10.0.7.2"),
  // A key of which no issue was seen.
  podCall("10:45", "sts:GetCallerIdentity", "ASIAEXAMPLEUNKNOWN1", "203.0.113.8"),
  podCall("10:46", "iam:ListRoles", "ASIAEXAMPLEUNKNOWN1", "203.0.113.8"),
  // What pods are entered by, and what is read with their tokens.
  audit("10:50", {
    verb: "create",
    requestURI: "/api/v1/namespaces/shop/pods/orders-2/exec?command=sh",
    objectRef: { resource: "pods", subresource: "exec", namespace: "shop", name: "orders-2", apiVersion: "v1" },
    responseStatus: { metadata: {}, code: 101 },
  }),
  audit("10:51", {
    user: {
      ...users.serviceAccount(),
      extra: {
        "authentication.kubernetes.io/credential-id": ["JTI=jti-2"],
        "authentication.kubernetes.io/pod-name": [pod(2).name],
        "authentication.kubernetes.io/pod-uid": [pod(2).uid],
      },
    },
    verb: "get",
    requestURI: "/api/v1/namespaces/shop/secrets/db",
    objectRef: { resource: "secrets", namespace: "shop", name: "db", apiVersion: "v1" },
    sourceIPs: ["203.0.113.7"],
  }),
  // A person whom both trails tell of, and one whom only one does.
  ...["11:02", "11:03"].map((at, index) =>
    audit(at, {
      user: person(`ASIAEXAMPLEBOTH0000${index}`),
      verb: "get",
      requestURI: "/api/v1/namespaces/shop/configmaps/a",
      objectRef: { resource: "configmaps", namespace: "shop", name: "a", apiVersion: "v1" },
    }),
  ),
  call("11:20", "ec2:DescribeVpcs", { userIdentity: session("Developer", "bob", "ASIAEXAMPLEBOTH00000") }),
  // A key that comes from one place more when its first verdicts are out: in the same three hours, as these are judged by themselves.
  podCall("12:05", "s3:GetObject", key(2)),
  podCall("12:15", "s3:GetObject", key(2), "203.0.113.99"),
  podCall("12:58", "s3:GetObject", key(2), "192.0.2.44"),
  // Both trails go on, so that what was before is judged while there is more to come.
  ...["11:00", "11:10", "11:18", "11:20", "11:30", "11:40", "12:10", "12:20", "12:30", "12:40"].map((at) =>
    nodeAtWork(at, NODE, "ASIAEXAMPLENODE00001"),
  ),
  podCall("11:50", "s3:GetObject", key(4)),
  podCall("12:50", "s3:GetObject", key(4)),
];
