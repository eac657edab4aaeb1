import { mkdtempSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { App, Stack } from "aws-cdk-lib";
import { Crosstrail } from "../../infra/cdk/crosstrail.ts";
import type { CrosstrailProps } from "../../infra/cdk/props.ts";
import { root } from "../tools/folders.ts";
import { transform } from "../tools/infra/transform.ts";
import { emptyBundles } from "./bundles.ts";
import { namesIn } from "./template/cdk-names.ts";
import type { Template } from "./template/template.ts";

export const SAM_TEMPLATE = join(root, "infra", "sam", "template.yaml");

/** What the SAM transform makes of the template. */
export const samTemplate = (): Promise<Template> => transform(SAM_TEMPLATE);

export interface Synthesised {
  readonly template: Template;
  /** Logical ids as SAM has them. */
  readonly names: Readonly<Record<string, string>>;
}

interface Place {
  readonly account: string;
  readonly region: string;
}

/** What the construct makes, alone in a stack; the folder of the app is gone afterwards. */
export function synthesise(props: (scope: Stack) => CrosstrailProps, env?: Place): Synthesised {
  const outdir = mkdtempSync(join(tmpdir(), "crosstrail-cdk-"));
  try {
    const app = new App({ outdir, analyticsReporting: false, context: { "aws:cdk:enable-path-metadata": true } });
    const stack = new Stack(app, "crosstrail", env === undefined ? {} : { env });
    new Crosstrail(stack, "Crosstrail", { ...props(stack), bundles: emptyBundles(outdir) });
    const template: Template = app.synth().getStackByName("crosstrail").template;
    return { template, names: namesIn(template, "crosstrail/Crosstrail") };
  } finally {
    rmSync(outdir, { recursive: true });
  }
}
