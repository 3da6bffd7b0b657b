/** Which manifests fit a device (aws-greengrass-component-common `PlatformHelper.java`, nucleus `PlatformResolver.java`). */

export type PlatformAttributes = Readonly<Record<string, string>>;

/** A manifest that says no runtime is for the classic nucleus only (nucleus lite release notes, 2.3.0). */
const DEFAULT_RUNTIME = 'aws_nucleus_classic';
const ANY = new Set(['*', 'all', 'any']);

function attributeFits(wanted: string, actual: string | undefined): boolean {
  if (ANY.has(wanted.toLowerCase())) return true;
  if (actual === undefined) return false;
  const pattern = /^\/(.*)\/$/.exec(wanted)?.[1];
  return pattern === undefined ? wanted === actual : new RegExp(`^(?:${pattern})$`).test(actual);
}

/**
 * @param wanted the manifest's Platform; undefined fits every device of the classic runtime
 * @param device e.g. `{ os: 'linux', architecture: 'amd64', runtime: 'aws_nucleus_classic' }`; runtime defaults to classic
 */
export function platformFits(wanted: PlatformAttributes | undefined, device: PlatformAttributes): boolean {
  const demands = Object.entries({ runtime: DEFAULT_RUNTIME, ...wanted });
  const offers: PlatformAttributes = { runtime: DEFAULT_RUNTIME, ...device };
  return demands.every(([name, value]) => attributeFits(value, offers[name]));
}
