import type { K8sBase, K8sFacetRule } from "../request.ts";
import { nodesProxy } from "./proxy.ts";

/** A command or a terminal in a container, whichever way it was asked for. */
export interface Exec {
  /** `exec` and `attach` are the pod's own subresources; `nodes-proxy` goes through the kubelet and leaves no exec event (audit-recorded.md 11). */
  readonly via: "exec" | "attach" | "nodes-proxy";
  readonly namespace: string;
  readonly pod: string;
  readonly container: string;
  /** Decoded, one element each; empty for attach. What is typed into an interactive shell is never logged. */
  readonly argv: readonly string[];
  readonly interactive: boolean;
}

/** WebSocket exec is verb get, SPDY exec is create: matched on the subresource, never on the verb (eks-auto-mode.md §1.3). */
export const exec: K8sFacetRule<Exec> = {
  trigger: ({ subresource }) => subresource === "exec" || subresource === "attach" || subresource === "proxy",
  byObject: true,
  find(request: K8sBase): Exec | undefined {
    const { object, params } = request;
    if (object.resource === "pods" && (object.subresource === "exec" || object.subresource === "attach")) {
      return {
        via: object.subresource,
        namespace: object.namespace,
        pod: object.name,
        container: params.get("container") ?? "",
        argv: params.getAll("command"),
        interactive: isTrue(params.get("tty")) || isTrue(params.get("stdin")),
      };
    }
    const proxied = nodesProxy.find(request);
    if (proxied === undefined || !["exec", "run", "attach"].includes(proxied.action)) return undefined;
    const { namespace, pod, container, argv } = proxied;
    return {
      via: "nodes-proxy",
      namespace,
      pod,
      container,
      argv,
      interactive: isTrue(params.get("tty")) || isTrue(params.get("input") ?? params.get("stdin")),
    };
  },
};

const isTrue = (value: string | null): boolean => value === "true" || value === "1";
