import { S3Client } from "@aws-sdk/client-s3";
import type { Draft } from "../../detectors/core/compose.ts";
import { registry } from "../../detectors/registry.ts";
import { createS3Config } from "../adapters/config/s3.ts";
import { type Configured, createConfigSource } from "./config-source.ts";
import { type Env, isOn, readEnvironment } from "./environment.ts";
import { patience } from "./patience.ts";
import { accept, createPrograms } from "./program.ts";
import { deskOf, type Shared } from "./wiring.ts";

const samples = async () => (await import("../../detectors/samples.generated.ts")).samples;

type Common = Pick<Shared, "ledger" | "findings" | "sqs" | "now" | "region">;

/** What those functions have that find something: the configuration, the detectors, and the desk. */
export function finding(env: Env, common: Common, s3 = new S3Client(patience)) {
  const { ledger, now, region } = common;
  const names = readEnvironment(["CROSSTRAIL_CONFIG_BUCKET", "CROSSTRAIL_CONFIG_KEY"], env);
  const trial = isOn("CROSSTRAIL_SHADOW", env);
  const desk = deskOf(env, common);
  const store = createS3Config(s3, names.CROSSTRAIL_CONFIG_BUCKET, names.CROSSTRAIL_CONFIG_KEY);
  const configured = createConfigSource(store, accept(registry, samples), now);
  return {
    s3,
    desk,
    program: createPrograms({ configured, trial, detectors: registry, store: ledger, now, region }),
    publish: async (drafts: readonly Draft[], { version }: Configured): Promise<void> => {
      await desk.take(drafts.map((draft) => ({ ...draft, finding: { ...draft.finding, config: version } })));
    },
  };
}
