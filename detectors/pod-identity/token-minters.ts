import Type, { type Static } from "typebox";
import type { EventOn } from "../core/contracts.ts";
import { isForeign, POD_IDENTITY } from "./token-audiences.ts";

const STS = "sts.amazonaws.com";

/** What installs the AWS provider: its chart, its manifest, the add-on of EKS. Newer versions leave the minting to the kubelet. */
const AWS_PROVIDER = [
  "kube-system/secrets-store-csi-driver-provider-aws",
  "kube-system/csi-secrets-store-provider-aws",
  "aws-secrets-manager/aws-secrets-store-csi-driver-provider",
];

/** Flux, for objects that name a service account of their own. */
const FLUX = ["source", "kustomize", "helm", "notification", "image-reflector", "image-automation"].map(
  (name) => `flux-system/${name}-controller`,
);

/** Parameter: who mints tokens by design. Names are those that their charts and manifests install under. Only the AWS provider of the
 * Secrets Store CSI driver mints for Pod Identity, and binds every such token to the pod (audit-recorded.md, corrections). */
export const tokenMinters = Type.Array(
  Type.Object(
    {
      serviceAccount: Type.String({ description: "`namespace/name` of the minter." }),
      audiences: Type.Array(Type.String(), { description: "What it mints for others; a trailing `*` is any ending." }),
      bound: Type.Boolean({ description: "Only when the token is bound to a pod." }),
    },
    { additionalProperties: false },
  ),
  {
    default: [
      { serviceAccount: "external-secrets/external-secrets", audiences: [STS, "vault"], bound: false },
      { serviceAccount: "cert-manager/cert-manager", audiences: [STS, "vault://*"], bound: false },
      { serviceAccount: "kube-system/secrets-store-csi-driver", audiences: [STS], bound: false },
      ...AWS_PROVIDER.flatMap((serviceAccount) => [
        { serviceAccount, audiences: [STS], bound: false },
        { serviceAccount, audiences: [POD_IDENTITY], bound: true },
      ]),
      ...FLUX.map((serviceAccount) => ({ serviceAccount, audiences: [STS], bound: false })),
      { serviceAccount: "vault/vault", audiences: [STS, "vault"], bound: false },
      {
        serviceAccount: "vault-secrets-operator-system/vault-secrets-operator-controller-manager",
        audiences: [STS, "vault"],
        bound: false,
      },
    ],
    description: "Service accounts that mint tokens of other service accounts by design, and for which audiences.",
  },
);

export type TokenMinters = Static<typeof tokenMinters>;

/** Whose token a service account mints, itself acting under no other name. */
export type Kinship = "own" | "same namespace" | "other namespace";

export function kinshipOf({ actor, facets, actingAs }: EventOn<"token">): Kinship | undefined {
  if (actor.serviceAccount === undefined || actingAs !== undefined) return undefined;
  const { namespace, serviceAccount } = facets.token;
  if (actor.serviceAccount.namespace !== namespace) return "other namespace";
  return actor.serviceAccount.name === serviceAccount ? "own" : "same namespace";
}

const minterOf = ({ actor, actingAs }: EventOn<"token">): string =>
  actor.serviceAccount === undefined || actingAs !== undefined
    ? ""
    : `${actor.serviceAccount.namespace}/${actor.serviceAccount.name}`;

/** The entries of whoever asks, itself acting under no other name. */
export const listed = (request: EventOn<"token">, minters: TokenMinters): TokenMinters =>
  minters.filter(({ serviceAccount }) => serviceAccount === minterOf(request));

/** Entries for a service account of the same name elsewhere: an installation under another namespace, or an imitation. */
export function namesakes(request: EventOn<"token">, minters: TokenMinters): TokenMinters {
  const [namespace, name] = minterOf(request).split("/");
  return minters.filter(({ serviceAccount }) => {
    const [itsNamespace, itsName] = serviceAccount.split("/");
    return itsName === name && itsNamespace !== namespace;
  });
}

/** True for a token that these entries were made for: a configured audience, or the minter's own token for anybody but AWS and the API
 * server; never the token of a privileged namespace that is not its own, unless a pod holds it. */
export function mintsByDesign(
  request: EventOn<"token">,
  entries: TokenMinters,
  privileged: readonly string[],
): boolean {
  const { token } = request.facets;
  if (entries.length === 0 || token.audiences.length === 0) return false;
  const own = kinshipOf(request) === "own";
  const toPod = token.boundTo?.kind === "Pod";
  if (!own && !toPod && privileged.includes(token.namespace)) return false;
  return token.audiences.every(
    (audience) =>
      (own && isForeign(audience)) ||
      entries.some((entry) => (toPod || !entry.bound) && entry.audiences.some((pattern) => fits(audience, pattern))),
  );
}

const fits = (audience: string, pattern: string): boolean =>
  pattern.endsWith("*") ? audience.startsWith(pattern.slice(0, -1)) : audience === pattern;
