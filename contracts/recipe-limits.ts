/**
 * What a Greengrass recipe may hold so that every nucleus takes it. Nucleus lite has less room than the service's 16 KiB:
 * its buffer for a recipe has 8,196 bytes (aws-greengrass-lite, ggl-recipe/src/recipe.c) and its objects 255 parts
 * (aws-greengrass-component-sdk, include/gg/object.h). It refuses a larger one on the device, in the middle of a deployment.
 */
const LARGEST_RECIPE_BYTES = 8_196;
const MOST_PARTS = 255;

/**
 * Configuration of all components of a deployment together: nucleus lite took a deployment with 2,045 bytes, and left one
 * with 3,053 in its queue for ever, without a word (run, lite 2.6.0). Its buffer for a job is one for everything in it.
 */
const MOST_CONFIGURATION_BYTES = 2_045;

/** What the service adds to every artifact, and devices check. */
const STAMP = { Digest: 'd'.repeat(44), Algorithm: 'SHA-256' };

interface WithArtifacts {
  readonly Manifests: readonly { readonly Artifacts?: readonly object[] }[];
}

/** As nucleus lite counts: a list has its items, a map twice its entries, and both what these have. */
function partsOf(value: unknown): number {
  if (typeof value !== 'object' || value === null) return 0;
  const members = Object.values(value);
  const own = Array.isArray(value) ? members.length : 2 * members.length;
  return members.reduce<number>((sum, member) => sum + partsOf(member), own);
}

/** Why a nucleus would refuse the recipe; undefined when all take it. */
export function recipeProblem<Recipe extends WithArtifacts>(recipe: Recipe): string | undefined {
  const stored = {
    ...recipe,
    Manifests: recipe.Manifests.map((manifest) =>
      manifest.Artifacts
        ? { ...manifest, Artifacts: manifest.Artifacts.map((artifact) => ({ ...artifact, ...STAMP })) }
        : manifest,
    ),
  };
  const bytes = Buffer.byteLength(JSON.stringify(stored));
  const parts = partsOf(stored);
  if (bytes <= LARGEST_RECIPE_BYTES && parts <= MOST_PARTS) return undefined;
  return `has ${bytes} bytes and ${parts} parts with the digests of its artifacts; nucleus lite takes ${LARGEST_RECIPE_BYTES} bytes and ${MOST_PARTS} parts`;
}

/** Of a deployment, as Greengrass's API has it. */
interface Configured {
  readonly configurationUpdate?:
    | { readonly merge?: string | undefined; readonly reset?: readonly string[] | undefined }
    | undefined;
}

/** Why a nucleus would not take a deployment with these components; undefined when all take it. */
export function deploymentProblem(components: Readonly<Record<string, Configured>>): string | undefined {
  const sizes = Object.entries(components).map(([name, { configurationUpdate }]): [string, number] => [
    name,
    Buffer.byteLength((configurationUpdate?.merge ?? '') + (configurationUpdate?.reset ?? []).join('')),
  ]);
  const bytes = sizes.reduce((sum, [, size]) => sum + size, 0);
  if (bytes <= MOST_CONFIGURATION_BYTES) return undefined;
  const [largest = ['', 0]] = sizes.sort(([, left], [, right]) => right - left);
  return `has ${bytes} bytes of configuration, ${largest[1]} of them of ${largest[0]}; nucleus lite takes ${MOST_CONFIGURATION_BYTES}: put what the inference component needs into a document (kaizen device configure)`;
}
