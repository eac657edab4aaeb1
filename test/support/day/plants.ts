/** Attacks to be planted into the day, each on its own victims, and the detector that has to find it. */
import type { Cluster, Node, Pod } from "./cast.ts";
import type { Plant } from "./day.ts";
import { ofKubelet } from "./kubelet.ts";
import { kubectl, type Person } from "./people.ts";
import { callAs, exchange } from "./pods-on-aws.ts";
import { asNode, asPod, HOUR, MINUTE, SECOND, sessionOf, tell, told, type World } from "./world.ts";

const THIEF = "203.0.113.66";

export interface Attack {
  readonly detector: string;
  readonly what: string;
  readonly plant: Plant;
}

/** At `hour` of the day. */
const at =
  (hour: number, does: (world: World, cluster: Cluster, now: number) => void): Plant =>
  (world) =>
    world.clock.at(world.options.start + hour * HOUR, (now) => does(world, world.main, now));

/** A pod that nothing is about to happen to, with credentials or a token of its own. */
const victim = (world: World, has: (pod: Pod) => boolean): Pod =>
  world.chance.one([...world.main.pods].filter((pod) => !pod.gone && !pod.node.draining && pod.node.auto && has(pod)));
const served = ({ aws, workload }: Pod): boolean => aws !== undefined && workload.aws?.by === "pod identity";
const someNode = ({ chance, main }: World): Node =>
  chance.one([...main.nodes].filter(({ auto, draining, gone }) => auto && !draining && !gone));

const mallory = (world: World, key: string): Person => ({
  ...{
    role: world.role("Developer"),
    session: "mallory@example.com",
    kubectlFrom: THIEF,
    awsFrom: THIEF,
    key,
    since: 0,
  },
});

export const attacks: readonly Attack[] = [
  {
    ...{ detector: "pod-identity/key-from-elsewhere", what: "a pod's key, used from outside" },
    plant: at(6, (world, cluster, now) =>
      callAs(world, [cluster, victim(world, served)], now, "s3:ListBuckets", {
        ...{ sourceIPAddress: THIEF, vpcEndpointId: undefined },
      }),
    ),
  },
  {
    ...{
      detector: "pod-identity/key-after-pod-elsewhere",
      what: "a pod's key, used from outside when the pod is gone",
    },
    plant: at(6.5, (world, cluster, now) => {
      const pod = victim(world, (one) => served(one) && one.workload.kind === "Deployment");
      const after = (then: number): void =>
        pod.gone
          ? callAs(world, [cluster, pod], then, "s3:ListBuckets", { sourceIPAddress: THIEF, vpcEndpointId: undefined })
          : undefined;
      world.clock.every(
        now,
        () => 5 * MINUTE,
        (then) => {
          if (pod.gone) world.clock.at(then + 10 * MINUTE, after);
          return pod.gone ? "ended" : undefined;
        },
      );
    }),
  },
  {
    ...{ detector: "tokens/used-elsewhere", what: "a pod's token, used from another node" },
    plant: at(7, (world, cluster, now) => {
      const pod = victim(world, ({ workload, token }) => workload.talks !== undefined && token !== "");
      const other = [...cluster.nodes].find((node) => node !== pod.node && node.auto) ?? pod.node;
      tell(world, now, cluster, {
        ...{ user: asPod(pod), sourceIPs: [other.ip], userAgent: "curl/8", verb: "list", level: "Metadata" },
        requestURI: "/api/v1/namespaces/shop/secrets",
        objectRef: { resource: "secrets", namespace: "shop", apiVersion: "v1" },
      });
    }),
  },
  {
    ...{ detector: "managed-instances/node-role-assumed", what: "the node role, assumed under a node's name" },
    plant: at(7.5, (world, cluster, now) => takesNodeRole(world, cluster, now, world.key())),
  },
  {
    ...{ detector: "node-identity/foreign-key", what: "a node that acts with a key that EC2 did not give it" },
    plant: at(8, (world, cluster, now) => {
      const key = world.key();
      const node = takesNodeRole(world, cluster, now, key);
      tell(world, now + MINUTE, cluster, {
        ...{
          user: asNode({ ...node, kubeletKey: key }),
          sourceIPs: [THIEF],
          userAgent: "kubectl/v1.35.4",
          verb: "list",
        },
        requestURI: `/api/v1/pods?fieldSelector=spec.nodeName%3D${node.name}`,
        objectRef: { resource: "pods", apiVersion: "v1" },
      });
    }),
  },
  {
    ...{ detector: "imds/node-role-api", what: "exec to the metadata of a node, and its key outside" },
    plant: at(9, (world, cluster, now) => {
      const pod = victim(world, ({ workload }) => workload.name === "node-exporter");
      const { node } = pod;
      kubectl(world, cluster, mallory(world, world.key()), now, {
        ...{ verb: "get", responseStatus: { metadata: {}, code: 101 }, stage: "ResponseStarted" },
        requestURI: `/api/v1/namespaces/monitoring/pods/${pod.name}/exec?command=curl&command=http%3A%2F%2F169.254.169.254%2Flatest%2Fmeta-data%2F`,
        objectRef: { resource: "pods", namespace: "monitoring", name: pod.name, apiVersion: "v1", subresource: "exec" },
      });
      told(world, now + 5 * MINUTE, "ec2:DescribeVpcs", {
        userIdentity: sessionOf(node.role, node.instance, node.agentKey, now - HOUR, "2.0"),
        ...{ sourceIPAddress: THIEF, userAgent: "aws-cli/2.31.0" },
      });
    }),
  },
  {
    ...{ detector: "pod-identity/exchange-surplus", what: "a pod's credentials, asked for by another node" },
    plant: at(9.5, (world, cluster, now) => {
      const pod = victim(world, served);
      const other = someNode(world);
      exchange(world, cluster, { ...pod, node: { ...other } }, now);
    }),
  },
  {
    ...{ detector: "access/grant-use-revoke", what: "access granted, used and taken back" },
    plant: at(11, (world, cluster, now) => {
      const person = mallory(world, world.key());
      const eks = (then: number, action: string): void =>
        told(world, then, `eks:${action}`, {
          userIdentity: sessionOf(world.role("Automation"), "run", world.key(), now),
          ...{ sourceIPAddress: THIEF, userAgent: "aws-cli/2.31.0" },
          requestParameters: { name: cluster.name, principalArn: person.role.arn, type: "STANDARD" },
        });
      eks(now, "CreateAccessEntry");
      kubectl(world, cluster, person, now + 10 * MINUTE, {
        ...{ verb: "list", requestURI: "/api/v1/namespaces/shop/pods" },
        objectRef: { resource: "pods", namespace: "shop", apiVersion: "v1" },
      });
      eks(now + HOUR, "DeleteAccessEntry");
    }),
  },
  {
    ...{ detector: "node-identity/second-address", what: "a node's own key, from another address" },
    plant: at(12, (world, cluster, now) => {
      const node = someNode(world);
      tell(world, now, cluster, {
        ...ofKubelet(world, node),
        ...{ sourceIPs: [THIEF], verb: "list", requestURI: `/api/v1/pods?fieldSelector=spec.nodeName%3D${node.name}` },
        objectRef: { resource: "pods", apiVersion: "v1" },
      });
    }),
  },
  {
    ...{ detector: "pod-identity/unknown-pod", what: "credentials for a pod that is none" },
    plant: at(13, (world, cluster, now) =>
      exchange(world, cluster, { ...victim(world, served), uid: world.chance.uuid() }, now),
    ),
  },
  {
    ...{ detector: "pod-identity/tags-contradict-pod", what: "credentials for a pod of another service account" },
    plant: at(13.5, (world, cluster, now) => {
      const pod = victim(world, served);
      exchange(world, cluster, { ...pod, workload: { ...pod.workload, serviceAccount: "admin" } }, now);
    }),
  },
  {
    ...{ detector: "tokens/never-minted", what: "a token that the cluster did not issue" },
    plant: at(14.5, (world, cluster, now) => {
      const pod = victim(world, ({ workload }) => workload.talks !== undefined);
      tell(world, now, cluster, {
        ...{ user: asPod({ ...pod, token: world.chance.uuid() }), sourceIPs: [pod.ip], verb: "list" },
        ...{ userAgent: "curl/8", requestURI: "/api/v1/namespaces/shop/pods" },
        objectRef: { resource: "pods", namespace: "shop", apiVersion: "v1" },
      });
    }),
  },
  {
    ...{ detector: "node-identity/ghost", what: "a node that EKS did not launch" },
    plant: at(15.5, (world, cluster, now) => {
      const ghost = { ...someNode(world), name: `i-0${world.chance.hex(16)}`, kubeletKey: world.key() };
      tell(world, now, cluster, {
        ...ofKubelet(world, { ...ghost, instance: ghost.name }),
        ...{ verb: "create", requestURI: "/api/v1/nodes", responseStatus: { metadata: {}, code: 201 } },
        objectRef: { resource: "nodes", name: ghost.name, apiVersion: "v1" },
        requestObject: { kind: "Node", metadata: { name: ghost.name } },
        responseObject: { kind: "Node", metadata: { name: ghost.name, uid: world.chance.uuid() } },
      });
    }),
  },
  {
    ...{ detector: "tokens/harvest", what: "tokens of many service accounts" },
    plant: at(16, (world, cluster, now) => {
      const person = mallory(world, world.key());
      for (const [index, workload] of cluster.workloads.slice(-4).entries()) {
        const { namespace, serviceAccount } = workload;
        kubectl(world, cluster, person, now + index * SECOND, {
          ...{ verb: "create", requestURI: `/api/v1/namespaces/${namespace}/serviceaccounts/${serviceAccount}/token` },
          objectRef: {
            ...{ resource: "serviceaccounts", namespace, name: serviceAccount, apiVersion: "v1", subresource: "token" },
          },
          requestObject: {
            kind: "TokenRequest",
            spec: { audiences: null, expirationSeconds: 3_600, boundObjectRef: null },
          },
          responseStatus: { metadata: {}, code: 201 },
          annotations: {
            "authentication.kubernetes.io/issued-credential-id": `JTI=${world.chance.uuid()}`,
            "authorization.k8s.io/decision": "allow",
          },
        });
      }
    }),
  },
  {
    ...{ detector: "managed-instances/tampering", what: "a node's metadata options, changed by a person" },
    plant: at(16.5, (world, _, now) =>
      told(world, now, "ec2:ModifyInstanceMetadataOptions", {
        userIdentity: sessionOf(world.role("Developer"), "mallory@example.com", world.key(), now),
        ...{ sourceIPAddress: THIEF, userAgent: "aws-cli/2.31.0", errorCode: "Client.UnauthorizedOperation" },
        requestParameters: {
          ModifyInstanceMetadataOptionsRequest: { InstanceId: freshNode(world).instance, HttpTokens: "optional" },
        },
      }),
    ),
  },
];

/** One whose launch is known. */
const freshNode = ({ main, options }: World): Node => {
  const [node] = [...main.nodes].filter(({ launched, auto }) => auto && launched > options.start);
  if (node === undefined) throw new RangeError("no node was launched today");
  return node;
};

function takesNodeRole(world: World, cluster: Cluster, now: number, key: string): Node {
  const node = someNode(world);
  told(world, now, "sts:AssumeRole", {
    userIdentity: sessionOf(world.role("Developer"), "mallory@example.com", world.key(), now),
    ...{ sourceIPAddress: THIEF, userAgent: "aws-cli/2.31.0" },
    requestParameters: { roleArn: cluster.nodeRole.arn, roleSessionName: node.instance },
    responseElements: {
      credentials: { accessKeyId: key },
      assumedRoleUser: { assumedRoleId: `${cluster.nodeRole.id}:${node.instance}` },
    },
  });
  return node;
}
