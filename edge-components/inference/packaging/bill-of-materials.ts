/**
 * The software bill of materials of an artifact: CycloneDX 1.6. It lists what is shipped and nothing else: every file
 * with its digest, every npm package of which code is in a bundle, every library that is linked into a native file.
 */
import { createHash } from 'node:crypto';
import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { Contrib, Enums, Models, Serialize, Spec } from '@cyclonedx/cyclonedx-library';
import { PackageURL } from 'packageurl-js';
import parseLicenseExpression from 'spdx-expression-parse';
import { type Bundle, packagesOf } from './bundles';
import { installedFolder } from './installed-package';
import type { NativeFile } from './native-files';
import { type NpmPackage, NpmPackages } from './npm-package';

const PUBLISHER = 'Kaizen Edge';

export interface Shipment {
  readonly bundles: ReadonlyMap<string, Bundle>;
  readonly nativeFiles: ReadonlyMap<string, NativeFile>;
  /** Contents by path in the artifact: of the bundles and the native files. */
  readonly contents: ReadonlyMap<string, Uint8Array>;
}

const licenseFactory = new Contrib.License.Factories.LicenseFactory((expression) => {
  parseLicenseExpression(expression);
});
const componentBuilder = new Contrib.FromNodePackageJson.Builders.ComponentBuilder(
  new Contrib.FromNodePackageJson.Factories.ExternalReferenceFactory(),
  licenseFactory,
);

function fileComponent(name: string, contents: Uint8Array): Models.Component {
  const sha256 = createHash('sha256').update(contents).digest('hex');
  return new Models.Component(Enums.ComponentType.File, name, {
    bomRef: `file:${name}`,
    hashes: new Models.HashDictionary([[Enums.HashAlgorithm['SHA-256'], sha256]]),
  });
}

function packageUrl({ manifest: { name, version } }: NpmPackage): string {
  const [scope, plainName] = name.includes('/') ? name.split('/') : [undefined, name];
  return new PackageURL('npm', scope, plainName as string, version).toString();
}

function packageComponent(npmPackage: NpmPackage): Models.Component {
  const { name, version } = npmPackage.manifest;
  const component = componentBuilder.makeComponent(npmPackage.manifest);
  if (!component) throw new Error(`${npmPackage.folder}/package.json has no valid name`);
  component.purl = packageUrl(npmPackage);
  component.bomRef.value = component.purl;
  const [algorithm, digest] = Contrib.FromNodePackageJson.Utils.parsePackageIntegrity(npmPackage.integrity);
  const tarball = `https://registry.npmjs.org/${name}/-/${name.split('/').pop()}-${version}.tgz`;
  component.externalReferences.add(
    new Models.ExternalReference(tarball, Enums.ExternalReferenceType.Distribution, {
      hashes: new Models.HashDictionary([[algorithm, digest]]),
      comment: 'digest from package-lock.json',
    }),
  );
  return component;
}

function linkedLibrary(parent: string, purl: PackageURL, license: string): Models.Component {
  return new Models.Component(Enums.ComponentType.Library, purl.name, {
    bomRef: `${parent}#${purl.name}`,
    version: purl.version ?? undefined,
    purl: purl.toString(),
    licenses: new Models.LicenseRepository([licenseFactory.makeFromString(license)]),
  });
}

/** Library to licence, from the table in the package's README; links become their text. */
function licenseTable(readme: string): [library: string, license: string][] {
  const rows = readme.matchAll(/^\| *([a-z0-9-]+) *\| *(.+?) *\|$/gm);
  return [...rows].map(([, name = '', license = '']) => [
    name,
    license.replace(/\[([^\]]+)\]\([^)]+\)/g, '$1'),
  ]);
}

/**
 * sharp's build of libvips links its dependencies statically. README.md of the package names them with their licences,
 * versions.json gives the versions under shorter names.
 * @throws Error when there is a version of a library without a licence
 */
function librariesOfLibvips(folder: string, parent: string): Models.Component[] {
  const read = (name: string) => readFileSync(join(installedFolder(folder), name), 'utf8');
  const versions = new Map(Object.entries(JSON.parse(read('versions.json')) as Record<string, string>));
  const libraries = licenseTable(read('README.md')).map(([name, license]) => {
    const key = [name, name.replace(/^lib/, ''), ...(name === 'libultrahdr' ? ['uhdr'] : [])].find(
      (candidate) => versions.has(candidate),
    );
    const version = key && versions.get(key);
    if (key) versions.delete(key);
    return linkedLibrary(parent, new PackageURL('generic', undefined, name, version), license);
  });
  if (versions.size > 0) {
    throw new Error(`${folder}/README.md names no licence of ${[...versions.keys()].join(', ')}`);
  }
  return libraries;
}

/**
 * Libraries inside the native files of a package. The AWS Common Runtime's are not listed: its package does not say
 * which versions of them it was built from.
 */
function linkedLibraries({ folder, manifest }: NpmPackage, parent: string): Models.Component[] {
  if (manifest.name.startsWith('@img/sharp-libvips-')) return librariesOfLibvips(folder, parent);
  if (manifest.name === 'onnxruntime-node') {
    // The package has the version of the ONNX Runtime in it.
    const purl = new PackageURL(
      'github',
      'microsoft',
      'onnxruntime',
      `v${manifest.version}`,
      undefined,
      undefined,
    );
    return [linkedLibrary(parent, purl, manifest.license)];
  }
  return [];
}

/** What belongs to a package lies inside its component: its native files and the libraries in them. */
function addContents(
  component: Models.Component,
  npmPackage: NpmPackage,
  { nativeFiles, contents }: Shipment,
): void {
  const files = [...nativeFiles].filter(([, file]) => file.package === npmPackage.folder);
  if (files.length === 0) return;
  const parts = [
    ...files.map(([name]) => fileComponent(name, contents.get(name) as Uint8Array)),
    ...linkedLibraries(npmPackage, component.bomRef.value as string),
  ];
  for (const part of parts) {
    component.components.add(part);
    component.dependencies.add(part.bomRef);
  }
}

/** Without a serial number and without the artifact's version, because both follow from the content. */
export function billOfMaterials(shipment: Shipment): Models.Bom {
  const { bundles, nativeFiles, contents } = shipment;
  const shipped = [...bundles.values()].flatMap(packagesOf);
  const folders = [...new Set([...shipped, ...[...nativeFiles.values()].map((file) => file.package)])].sort();
  const npmPackages = new NpmPackages();
  const read = folders.map((folder) => npmPackages.read(folder));

  // Two copies of the same version are one component.
  const byUrl = new Map<string, Models.Component>();
  const byFolder = new Map<string, Models.Component>();
  for (const npmPackage of read) {
    const url = packageUrl(npmPackage);
    const component = byUrl.get(url) ?? packageComponent(npmPackage);
    byUrl.set(url, component);
    byFolder.set(npmPackage.folder, component);
    addContents(component, npmPackage, shipment);
  }
  const link = (from: Models.Component, targets: readonly string[]): void => {
    for (const target of targets) {
      const found = byFolder.get(target);
      if (found && found !== from) from.dependencies.add(found.bomRef);
    }
  };
  for (const { folder, dependencies } of read) link(byFolder.get(folder) as Models.Component, dependencies);

  const application = new Models.Component(Enums.ComponentType.Application, 'com.kaizenedge.Inference', {
    bomRef: 'com.kaizenedge.Inference',
    publisher: PUBLISHER,
  });
  const bom = new Models.Bom({ metadata: new Models.Metadata({ component: application }) });
  bom.metadata.lifecycles.add(Enums.LifecyclePhase.Build);
  for (const [name, bundle] of bundles) {
    const file = fileComponent(name, contents.get(name) as Uint8Array);
    link(file, packagesOf(bundle));
    application.dependencies.add(file.bomRef);
    bom.components.add(file);
  }
  for (const component of byUrl.values()) bom.components.add(component);
  return bom;
}

/** A UUID of version 8 (RFC 9562: own content) from a digest. */
function contentUuid(hex: string): string {
  const variant = ((Number.parseInt(hex.charAt(16), 16) & 0x3) | 0x8).toString(16);
  return [
    hex.slice(0, 8),
    hex.slice(8, 12),
    `8${hex.slice(13, 16)}`,
    `${variant}${hex.slice(17, 20)}`,
    hex.slice(20, 32),
  ].join('-');
}

/** Gives the bill its artifact's version, and a serial number that follows from its content. */
export function identify(bom: Models.Bom, version: string): void {
  if (bom.metadata.component) bom.metadata.component.version = version;
  bom.serialNumber = undefined;
  bom.serialNumber = `urn:uuid:${contentUuid(createHash('sha256').update(billAsJson(bom)).digest('hex'))}`;
}

/** The same bill has the same text. */
export function billAsJson(bom: Models.Bom): string {
  const factory = new Serialize.JSON.Normalize.Factory(Spec.Spec1dot6);
  const text = new Serialize.JsonSerializer(factory).serialize(bom, { sortLists: true, space: 2 });
  return `${text}\n`;
}
