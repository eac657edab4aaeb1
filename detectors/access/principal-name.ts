import { parseArn } from "../../schemas/arn.ts";

/** The principal of an access entry in a sentence: `role Developer`, `user bob`. */
export const principalName = (arn: string): string => parseArn(arn)?.resource.replace("/", " ") ?? arn;
