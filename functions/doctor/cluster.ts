import { type Cluster, DescribeClusterCommand, type EKSClient } from "@aws-sdk/client-eks";
import { autoClusterRole, autoNodeRole, siteOf } from "../../detectors/core/site.ts";
import { roleOf } from "../../schemas/arn.ts";
import type { Config } from "../../schemas/config/config.ts";
import type { Command } from "./command.ts";
import {
  type Ask,
  check,
  missing,
  notApplicable,
  ok,
  once,
  type Result,
  unlessAbsent,
  type Verdict,
} from "./result.ts";

export interface ClusterContext {
  readonly command: Command;
  /** Undefined where none is known: without a stack, or when it cannot be read. */
  readonly config: () => Promise<Config | undefined>;
}

/** What EKS itself says of a cluster. */
export function checkCluster(
  eks: Pick<EKSClient, "send">,
  name: string,
  { command, config }: ClusterContext,
): readonly Promise<Result>[] {
  const described = once(() =>
    unlessAbsent(eks.send(new DescribeClusterCommand({ name })), /^ResourceNotFoundException$/),
  );
  const cluster = async (ask: Ask): Promise<Cluster | undefined> => {
    const answer = await ask({ of: `cluster ${name}`, action: "eks:DescribeCluster" }, described());
    return answer?.cluster;
  };
  const of = `cluster ${name}`;
  const judged = (title: string, judge: (found: Cluster) => Verdict | Promise<Verdict>): Promise<Result> =>
    check(of, title, async (ask) => {
      const found = await cluster(ask);
      return found === undefined ? notApplicable(`There is no cluster ${name}.`) : judge(found);
    });
  return [
    check(of, "audit logging", async (ask) => {
      const found = await cluster(ask);
      return found === undefined ? absent(name, command) : auditLoggingVerdict(found, name, command);
    }),
    judged("Auto Mode", autoModeVerdict),
    judged("node role", async (found) => nodeRoleVerdict(found, await config())),
    judged("cluster role", async (found) => clusterRoleVerdict(found, await config())),
  ];
}

const absent = (name: string, command: Command): Verdict =>
  missing(`There is no cluster ${name} in this account and Region.`, command("eks", "list-clusters"));

type Logging = Pick<Cluster, "logging">;

/** One of the entries may switch it on, whichever it is; an entry of types that are off comes beside (API reference, LogSetup). */
export function auditLoggingVerdict({ logging }: Logging, name: string, command: Command): Verdict {
  const on = logging?.clusterLogging?.some(({ types, enabled }) => enabled === true && types?.includes("audit"));
  return on ? ok("The audit log is on.") : missing("The audit log is off.", switchOn(name, command));
}

export const switchOn = (name: string, command: Command): string =>
  command(
    ...["eks", "update-cluster-config", "--name", name],
    ...["--logging", JSON.stringify({ clusterLogging: [{ types: ["audit"], enabled: true }] })],
  );

type Computing = Pick<Cluster, "computeConfig" | "roleArn">;
const isAuto = ({ computeConfig }: Computing): boolean => computeConfig?.enabled === true;

export function autoModeVerdict(cluster: Computing): Verdict {
  if (!isAuto(cluster)) return notApplicable("Auto Mode is off: detectors of managed instances have nothing to see.");
  const pools = cluster.computeConfig?.nodePools ?? [];
  return ok(`Auto Mode is on; built-in node pools: ${pools.join(", ") || "none"}.`);
}

const NOT_AUTO = "Auto Mode is off.";

/** Of the node role of the built-in pools. Those of a site's own NodeClasses stand in the cluster. */
export function nodeRoleVerdict(cluster: Computing, config: Config | undefined): Verdict {
  if (!isAuto(cluster)) return notApplicable(NOT_AUTO);
  const arn = cluster.computeConfig?.nodeRoleArn;
  if (arn === undefined)
    return ok(
      "EKS knows no node role, as there are no built-in node pools: those of your NodeClasses belong into auto.nodeRoles.",
      "kubectl get nodeclasses.eks.amazonaws.com -o custom-columns=CLASS:.metadata.name,ROLE:.spec.role",
    );
  return roleVerdict({ arn, key: "nodeRoles", what: "node role", config }, (known) => autoNodeRole(siteOf(known), arn));
}

export function clusterRoleVerdict(cluster: Computing, config: Config | undefined): Verdict {
  if (!isAuto(cluster)) return notApplicable(NOT_AUTO);
  const arn = cluster.roleArn;
  if (arn === undefined) return missing("The cluster tells no role of its own.");
  return roleVerdict({ arn, key: "clusterRoles", what: "cluster role", config }, (known) =>
    autoClusterRole(siteOf(known), arn),
  );
}

interface RoleQuestion {
  readonly arn: string;
  readonly key: "nodeRoles" | "clusterRoles";
  readonly what: string;
  readonly config: Config | undefined;
}

function roleVerdict(
  { arn, key, what, config }: RoleQuestion,
  known: (config: Config) => "declared" | "default name" | undefined,
): Verdict {
  const name = roleOf(arn)?.name ?? arn;
  const how = known(config ?? { version: 1 });
  if (how === "declared") return ok(`The ${what} ${name} is named by the configuration.`);
  if (how === "default name") return ok(`The ${what} ${name} is known by its name.`);
  const names = [...(config?.auto?.[key] ?? []), name];
  const line = `"auto": { "${key}": ${JSON.stringify(names)} }`;
  if (config === undefined)
    return ok(`The ${what} is ${name}, which is no name that EKS proposes: the configuration should name it.`, line);
  return missing(`The ${what} ${name} is not named by the configuration, and is no name that EKS proposes.`, line);
}
