import Type, { type TObject } from "typebox";
import { SiteConfig, Suppression } from "../../schemas/config/config.ts";
import { severities } from "../../schemas/findings/finding.ts";
import { Strict } from "../../schemas/maybe.ts";
import type { Detector } from "../ledger/contracts.ts";

/** The schema of the configuration file: what a site declares, suppressions, and for every detector its status, severity and parameters.
 * Unknown keys are refused everywhere. */
export function configSchema(detectors: readonly Detector[]): TObject {
  const settings = Object.fromEntries(
    detectors.map(({ meta, params }) => [
      meta.id,
      Type.Optional(
        Strict({
          status: Type.Optional(Type.Enum(["shadow", "stable", "deprecated"])),
          severity: Type.Optional(
            Type.Enum([...severities], {
              description:
                "In place of the detector's own, which is the highest that it gives: less brings its findings down to this, more raises those of full worth; what evidence puts lower stays lower.",
            }),
          ),
          params: Type.Optional(Type.Object(optional(params), { additionalProperties: false })),
        }),
      ),
    ]),
  );
  return Strict({
    $schema: Type.Optional(Type.String()),
    version: Type.Literal(1),
    ...SiteConfig.properties,
    detectors: Type.Optional(Strict(settings)),
    suppressions: Type.Optional(Type.Array(Suppression)),
  });
}

/** A configuration overrides some parameters; the others keep their defaults. */
function optional(params: TObject): Parameters<typeof Type.Object>[0] {
  return Object.fromEntries(
    Object.entries(params.properties).map(([key, schema]) => [
      key,
      Type.Optional(schema as Parameters<typeof Type.Optional>[0]),
    ]),
  );
}
