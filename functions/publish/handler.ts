import type { SQSHandler } from "aws-lambda";
import { shared } from "../runtime/wiring.ts";
import { createPublish } from "./publish.ts";

const publish = createPublish(process.env, shared(process.env));

/** Outbox -> Security Hub and the topic. */
export const handler: SQSHandler = (event, context) => publish(event, context);
