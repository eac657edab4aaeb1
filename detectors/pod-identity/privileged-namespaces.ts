import Type from "typebox";

/** Parameter: where a service account's token is worth more than that of an ordinary workload. */
export const privilegedNamespaces = Type.Array(Type.String({ minLength: 1 }), {
  default: ["kube-system", "argocd", "flux-system", "crossplane-system", "velero"],
  description: "Namespaces whose service accounts hold rights over the whole cluster.",
});
