import type { KinesisStreamHandler } from "aws-lambda";
import { createS3Quarantine } from "../adapters/quarantine/s3.ts";
import { createSharedClock } from "../ledger/shared-clock.ts";
import { readEnvironment } from "../runtime/environment.ts";
import { everyMinute } from "../runtime/every-minute.ts";
import { finding } from "../runtime/finding.ts";
import { shared } from "../runtime/wiring.ts";
import { createDetect } from "./detect.ts";

const env = readEnvironment(["CROSSTRAIL_QUARANTINE_BUCKET"], process.env);
const common = shared(process.env);
const { s3, program, publish } = finding(process.env, common);

const clock = createSharedClock({ store: common.ledger, now: common.now });

const detect = createDetect({
  ...common,
  ...{ program, publish, clock },
  passed: everyMinute(clock.time, common.now),
  quarantine: createS3Quarantine(s3, env.CROSSTRAIL_QUARANTINE_BUCKET),
});

/** Kinesis -> findings in the outbox. */
export const handler: KinesisStreamHandler = (event, context) => detect(event, context);
