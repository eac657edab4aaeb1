import type { Actor } from "../../schemas/events/event.ts";

/** EKS, by name: no access entry may have such a one, aws-auth and a certificate may (eks-auto-mode.md §2.3, §2.4). */
export const isEksByName = ({ kind, name }: Actor): boolean => kind === "control-plane" && name.startsWith("eks:");

export const byCertificate = ({ credentialId }: Actor): boolean => credentialId?.startsWith("X509") ?? false;

/** EKS, as far as the record tells. */
export const isEksItself = (actor: Actor): boolean => isEksByName(actor) && !byCertificate(actor);
