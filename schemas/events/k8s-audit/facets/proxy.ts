import type { K8sBase, K8sFacetRule } from "../request.ts";
import { segmentsOf } from "../uri.ts";

/** A request that the API server forwards: to a kubelet (nodes), a pod or a service. */
export interface Proxy {
  readonly resource: "nodes" | "pods" | "services";
  readonly namespace: string;
  /** Without scheme and port: `https:i-0a…:10250` is the node `i-0a…` (audit-recorded.md 11). */
  readonly name: string;
  readonly port: string;
  /** Path behind `/proxy`: decoded once and its dot segments resolved, as the server does before it forwards. */
  readonly path: string;
}

export type KubeletAction = "exec" | "run" | "attach" | "portForward" | "containerLogs" | "logs" | "observe" | "other";

export interface NodesProxy extends Proxy {
  /** `observe`: metrics, stats, health and configuration, what monitoring reads. */
  readonly action: KubeletAction;
  readonly pod: string;
  readonly container: string;
  readonly argv: readonly string[];
}

const PATH = /^\/api\/v1\/(?:namespaces\/([^/]+)\/)?(nodes|pods|services)\/([^/]+)\/proxy(?:\/(.*))?$/s;
const OBSERVE: ReadonlySet<string> = new Set(["metrics", "stats", "healthz", "configz", "spec", "flagz", "statusz"]);
const INTO_POD: ReadonlySet<string> = new Set(["exec", "run", "attach", "portForward", "containerLogs"]);

export const proxy: K8sFacetRule<Proxy> = {
  trigger: ({ subresource }) => subresource === "proxy",
  byObject: true,
  find(request: K8sBase): Proxy | undefined {
    const match = PATH.exec(request.path);
    if (match === null) return undefined;
    const [, namespace = "", resource, target = "", rest = ""] = match;
    const { name, port } = targetOf(target);
    return {
      resource: resource as Proxy["resource"],
      namespace,
      name,
      port,
      path: `/${segmentsOf(rest).join("/")}`,
    };
  },
};

/** The kubelet's routes (k8s.io/kubernetes pkg/kubelet/server): /exec/ns/pod[/uid]/container, the same for run, attach, containerLogs. */
export const nodesProxy: K8sFacetRule<NodesProxy> = {
  trigger: ({ subresource }) => subresource === "proxy",
  byObject: true,
  find(request: K8sBase): NodesProxy | undefined {
    const found = proxy.find(request);
    if (found?.resource !== "nodes") return undefined;
    const [head = "", ...rest] = segmentsOf(found.path);
    if (!INTO_POD.has(head)) {
      const other = head === "logs" ? "logs" : "other";
      return { ...found, action: OBSERVE.has(head) ? "observe" : other, pod: "", container: "", argv: [] };
    }
    // `cmd` is for run alone, `command` for the others: the one that the kubelet does not read must not hide the one that it does.
    const command = head === "run" ? request.params.get("cmd") : null;
    return {
      ...found,
      action: head as KubeletAction,
      namespace: rest[0] ?? "",
      pod: rest[1] ?? "",
      container: rest.length > 2 ? (rest.at(-1) ?? "") : "",
      argv: command === null ? request.params.getAll("command") : command.split(" "),
    };
  },
};

function targetOf(target: string): { name: string; port: string } {
  const parts = target.split(":");
  if (parts.length === 3) return { name: parts[1] ?? "", port: parts[2] ?? "" };
  return { name: parts[0] ?? "", port: parts[1] ?? "" };
}
