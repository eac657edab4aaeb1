/** What else is in the account: ordinary instances, backups, tags, deployments from outside. */
import { service } from "../records.ts";
import { nodeCredentials } from "../trails.ts";
import type { Cluster } from "./cast.ts";
import { ACCOUNT } from "./cast.ts";
import { rollOut } from "./pods.ts";
import { asCaller, DAY, HOUR, MINUTE, SECOND, sessionOf, tell, told, type World } from "./world.ts";

interface Instance {
  readonly instance: string;
  readonly volume: string;
  readonly ip: string;
  key: string;
}

/** Instances that are no nodes, with a role of their own, each at an address of its own. */
export function instances(world: World, first: number, count = 6): readonly Instance[] {
  const { clock, chance } = world;
  const role = world.role("legacy-app");
  return Array.from({ length: count }, (_, index) => {
    const own: Instance = {
      ...{ instance: `i-0${chance.hex(16)}`, volume: `vol-0${chance.hex(16)}`, ip: `192.0.2.${50 + index}` },
      key: world.key(),
    };
    clock.every(
      first + chance.between(0, 5 * HOUR),
      () => chance.between(5 * HOUR, 6 * HOUR),
      (now) => {
        const key = world.key();
        world.trailed(
          now,
          nodeCredentials(now, own.instance, key, role.name, {
            ...world.eventId(),
            responseElements: {
              credentials: { accessKeyId: key },
              assumedRoleUser: { assumedRoleId: `${role.id}:${own.instance}` },
            },
          }),
        );
        clock.at(now + MINUTE, () => {
          own.key = key;
        });
      },
    );
    clock.every(
      first + chance.between(0, 10 * MINUTE),
      () => chance.between(4 * MINUTE, 12 * MINUTE),
      (now) =>
        told(world, now, chance.one(["s3:GetObject", "ec2:DescribeInstances", "ssm:UpdateInstanceInformation"]), {
          userIdentity: sessionOf(role, own.instance, own.key, now - HOUR, "2.0"),
          ...{ sourceIPAddress: own.ip, userAgent: "aws-sdk-go/1.55.5 amazon-ssm-agent/3.3.2299.0" },
        }),
    );
    return own;
  });
}

/** A role that a service of AWS works with: AWS Backup, Lambda. */
function robot(world: World, role: string, session: string, principal: string, now: number): object {
  const of = world.role(role);
  const key = world.key();
  told(world, now, "sts:AssumeRole", {
    ...service(principal),
    requestParameters: { roleArn: of.arn, roleSessionName: session },
    responseElements: { credentials: { accessKeyId: key }, assumedRoleUser: { assumedRoleId: `${of.id}:${session}` } },
  });
  return sessionOf(of, session, key, now);
}

/** Snapshots of the ordinary instances, once a day; and a look at every instance there is. */
export function backups(world: World, clusters: readonly Cluster[], own: readonly Instance[], day: number): void {
  world.clock.at(day + 2 * HOUR, (now) => {
    const identity = robot(world, "AWSBackupDefaultServiceRole", "AWSBackup-aaaa", "backup.amazonaws.com", now);
    const backup = (then: number, action: string, fields: object): void =>
      told(world, then, `ec2:${action}`, {
        userIdentity: { ...identity, invokedBy: "backup.amazonaws.com" },
        ...{ sourceIPAddress: "backup.amazonaws.com", userAgent: "backup.amazonaws.com", ...fields },
      });
    const all = [...clusters.flatMap(({ nodes }) => [...nodes]), ...own].map(({ instance }) => instance);
    for (const [index, instanceId] of all.entries()) {
      const requestParameters = { instancesSet: { items: [{ instanceId }] } };
      backup(now + (index + 1) * SECOND, "DescribeInstances", { requestParameters });
      backup(now + (index + 1) * SECOND, "DescribeVolumes", {});
    }
    for (const [index, { volume }] of own.entries())
      backup(now + (120 + index) * SECOND, "CreateSnapshot", {
        requestParameters: { volumeId: volume, tagSpecificationSet: { items: [] } },
        responseElements: { snapshotId: `snap-0${world.chance.hex(16)}`, volumeId: volume },
      });
  });
}

/** A cost tool that writes its tags on every instance, twice a day: tags of managed instances may be changed (eks-auto-mode.md §4.3). */
export function tagging(world: World, clusters: readonly Cluster[], own: readonly Instance[], day: number): void {
  for (const hour of [5, 17])
    world.clock.at(day + hour * HOUR, (now) => {
      const userIdentity = robot(world, "cost-tagger", "cost-tagger", "lambda.amazonaws.com", now);
      const from = { userIdentity, sourceIPAddress: "198.51.100.99", userAgent: "Boto3/1.40.4 exec-env/AWS_Lambda" };
      told(world, now + SECOND, "ec2:DescribeInstances", from);
      told(world, now + SECOND, "ec2:DescribeTags", from);
      const all = [...clusters.flatMap(({ nodes }) => [...nodes]), ...own].map(({ instance }) => instance);
      for (const [index, resourceId] of all.entries())
        told(world, now + (2 + index) * SECOND, "ec2:CreateTags", {
          ...from,
          requestParameters: {
            resourcesSet: { items: [{ resourceId }] },
            tagSet: { items: [{ key: "cost-center", value: "4711" }] },
          },
          responseElements: { _return: true },
        });
    });
}

/** A pipeline outside of AWS: its user assumes a role, and applies its manifests with it. */
export function deploys(world: World, cluster: Cluster, day: number): void {
  const { clock, chance } = world;
  const role = world.role("Deployer");
  const from = "203.0.113.50";
  for (const hour of [7, 9.5, 11, 14, 16, 20])
    clock.at(day + hour * HOUR, (now) => {
      const key = world.key();
      const session = `pipeline-${Math.floor(now / MINUTE)}`;
      told(world, now, "sts:AssumeRole", {
        userIdentity: {
          ...{ type: "IAMUser", principalId: "AIDAEXAMPLECI0000001", arn: `arn:aws:iam::${ACCOUNT}:user/ci` },
          ...{ accountId: ACCOUNT, accessKeyId: "AKIAEXAMPLECI0000001", userName: "ci" },
        },
        ...{ sourceIPAddress: from, userAgent: "aws-cli/2.31.0" },
        requestParameters: { roleArn: role.arn, roleSessionName: session },
        responseElements: {
          credentials: { accessKeyId: key },
          assumedRoleUser: { assumedRoleId: `${role.id}:${session}` },
        },
      });
      told(world, now + 2 * SECOND, "eks:DescribeCluster", {
        ...{ userIdentity: sessionOf(role, session, key, now), sourceIPAddress: from, userAgent: "aws-cli/2.31.0" },
        requestParameters: { name: cluster.name },
      });
      const applies = (then: number, group: string, resource: string, name: string, namespace: string): void => {
        const path = `${group === "" ? "/api/v1" : `/apis/${group}/v1`}/namespaces/${namespace}/${resource}/${name}`;
        for (const verb of ["get", "patch"] as const)
          tell(world, then + (verb === "get" ? 0 : 100), cluster, {
            ...{ user: asCaller(role, session, key), sourceIPs: [from], verb, requestURI: path },
            userAgent: "kubectl/v1.35.4 (linux/amd64) kubernetes/0000000",
            objectRef: { resource, namespace, name, ...(group && { apiGroup: group }), apiVersion: "v1" },
            ...(resource === "configmaps" ? { level: "Metadata" } : verb === "patch" && bodies(name)),
          });
      };
      const mayCall = (aws: unknown): boolean => hour !== 14 || aws !== undefined;
      const workload = chance.one(
        cluster.workloads.filter(({ kind, talks, aws }) => kind === "Deployment" && !talks && mayCall(aws)),
      );
      applies(now + 5 * SECOND, "", "configmaps", `${workload.name}-config`, workload.namespace);
      applies(now + 6 * SECOND, "", "services", workload.name, workload.namespace);
      applies(now + 7 * SECOND, "apps", "deployments", workload.name, workload.namespace);
      clock.at(now + 8 * SECOND, (then) => {
        // A release calls an API that the one before did not.
        if (hour === 14 && workload.aws !== undefined)
          workload.aws.apis = [...workload.aws.apis, "dynamodb:ListTables"];
        rollOut(world, cluster, workload, then);
      });
    });
}

const bodies = (name: string): object => {
  const body = { metadata: { name }, spec: { template: { spec: { containers: [{ name: "app", image: "app:3" }] } } } };
  return { requestObject: body, responseObject: body };
};

export const days = (from: number, until: number): number[] =>
  Array.from({ length: Math.ceil((until - from) / DAY) }, (_, index) => from + index * DAY);
