/** From a model package and its export to a release: pure. */
import type { ExportedModel, Release } from '../../../contracts';
import type { ClassCodes } from '../../../contracts/class-codes';
import { furtherOutputProblems } from '../../../contracts/further-outputs';
import { inputProblems } from '../../../contracts/image-policy';
import { ownValue } from '../../../contracts/own-value';
import { DELIVER_RELEASE_FILE, ENVELOPE_FILE, modelComponentName, releaseIdOf } from '../names';
import type { PolicySettings, SecondOpinionRule } from '../settings';

export type Architecture = Release['target']['architectures'][number];

export interface ReleaseSettings {
  /** Its component belongs to one environment, and so does the release. */
  readonly environmentName: string;
  /** From creation until devices refuse to install. */
  readonly lifetimeDays: number;
  readonly architectures: readonly Architecture[];
  readonly dispositionPolicy: PolicySettings;
  /** Undefined where nobody answers questions of devices. */
  readonly secondOpinion?: SecondOpinionRule | undefined;
}

export interface ReleaseOrigin {
  readonly counter: number;
  /** ISO timestamp. */
  readonly createdAt: string;
  readonly modelPackageArn: string;
  readonly modelPackageVersion: number;
}

const MILLISECONDS_PER_DAY = 86_400_000;

/** ISO timestamp `days` after `from`. */
export function expiryOf(from: string, days: number): string {
  return new Date(Date.parse(from) + days * MILLISECONDS_PER_DAY).toISOString();
}

/**
 * The signed policy of a release with these classes.
 * @param bounds within which an operator may move thresholds, chosen on the validation split
 */
export function composePolicy(
  classes: readonly string[],
  codes: ClassCodes,
  { classes: configured, otherwise, novel, contradicted = 'review', costs, operatingRange }: PolicySettings,
  bounds?: ExportedModel['thresholdBounds'],
): NonNullable<Release['dispositionPolicy']> {
  const ofClasses = <Value>(value: (name: string) => Value): Record<string, Value> =>
    Object.fromEntries(classes.map((name) => [name, value(name)]));
  return {
    codes: ofClasses((name) => codes[name] as number),
    classes: ofClasses((name) => ownValue(configured, name) ?? otherwise),
    novel,
    contradicted,
    // An export of before a plant has forbidden it again does not bring it back.
    ...(bounds && operatingRange && { operatingRange: { bounds, costs } }),
  };
}

/** The larger network of the export, where there is one and it is no worse than the devices' (docs/adr/0057). */
export function answeringVariant({ cloudVariant }: ExportedModel): ExportedModel['cloudVariant'] {
  return cloudVariant?.inService === false ? undefined : cloudVariant;
}

/** The network that answers, where somebody asks. */
function composeSecondOpinion(
  exported: ExportedModel,
  rule: SecondOpinionRule | undefined,
): Pick<Release, 'secondOpinion'> {
  const cloudVariant = answeringVariant(exported);
  if (!cloudVariant || !rule) return {};
  return {
    secondOpinion: {
      model: cloudVariant.file,
      thresholds: cloudVariant.thresholds ?? exported.thresholds,
      ...rule,
    },
  };
}

/** @param codes of at least the classes of the export */
export function composeRelease(
  exported: ExportedModel,
  origin: ReleaseOrigin,
  codes: ClassCodes,
  settings: ReleaseSettings,
): Release {
  const { useCase, classes, input, files, variants, goldenSamples, thresholds, thresholdBounds, baseline } =
    exported;
  const { novelty, embedding } = exported;
  return {
    schemaVersion: 1,
    releaseId: releaseIdOf(useCase, origin.counter),
    counter: origin.counter,
    useCase,
    modelPackageArn: origin.modelPackageArn,
    modelPackageVersion: origin.modelPackageVersion,
    createdAt: origin.createdAt,
    expiresAt: expiryOf(origin.createdAt, settings.lifetimeDays),
    target: {
      componentName: modelComponentName({ ...settings, useCase }),
      architectures: [...settings.architectures],
    },
    classes,
    dispositionPolicy: composePolicy(classes, codes, settings.dispositionPolicy, thresholdBounds),
    input,
    files,
    variants,
    goldenSamples,
    thresholds,
    baseline,
    ...composeSecondOpinion(exported, settings.secondOpinion),
    // Only where there are any: devices of before there were such outputs refuse what they do not know.
    ...(novelty && { novelty }),
    ...(embedding && { embedding }),
  };
}

function repeated(names: readonly string[]): string[] {
  return [...new Set(names.filter((name, index) => names.indexOf(name) !== index))];
}

/**
 * What a schema cannot say: rules between the fields of an export. A device checks the same rules and refuses the
 * release; here they stop it before anybody signs it.
 */
export function exportProblems(
  exported: ExportedModel,
  useCase: string,
  architectures: readonly Architecture[],
): string[] {
  const files = exported.files.map(({ name }) => name);
  const variants = exported.variants.map(({ name }) => name);
  const { classes, thresholds, goldenSamples, cloudVariant } = exported;
  return [
    ...(exported.useCase === useCase ? [] : [`useCase: must be '${useCase}', got '${exported.useCase}'`]),
    ...repeated(files).map((name) => `files: '${name}' is listed twice`),
    ...repeated(variants).map((name) => `variants: '${name}' is listed twice`),
    ...files
      .filter((name) => name === ENVELOPE_FILE || name === DELIVER_RELEASE_FILE)
      .map((name) => `files: '${name}' is a reserved name`),
    ...[...exported.variants, ...goldenSamples]
      .filter(({ file }) => !files.includes(file))
      .map(({ file }) => `files: '${file}' is used but not listed`),
    // Devices download what is in files.
    ...(cloudVariant && files.includes(cloudVariant.file.name)
      ? [`cloudVariant: '${cloudVariant.file.name}' must not be among files`]
      : []),
    ...(cloudVariant?.thresholds
      ? [
          ...classes
            .filter((name) => !Object.hasOwn(cloudVariant.thresholds ?? {}, name))
            .map((name) => `cloudVariant.thresholds: none for class '${name}'`),
          ...Object.keys(cloudVariant.thresholds)
            .filter((name) => !classes.includes(name))
            .map((name) => `cloudVariant.thresholds: '${name}' is no class`),
        ]
      : []),
    ...architectures
      .filter((name) => !exported.variants.some((variant) => variant.architectures?.includes(name) ?? true))
      .map((name) => `variants: none is offered to ${name}, which the release is for`),
    ...classes
      .filter((name) => !Object.hasOwn(thresholds, name))
      .map((name) => `thresholds: none for class '${name}'`),
    ...Object.keys(thresholds)
      .filter((name) => !classes.includes(name))
      .map((name) => `thresholds: '${name}' is no class`),
    ...goldenSamples.flatMap(({ file, probabilities }) =>
      variants
        .filter((variant) => probabilities[variant]?.length !== classes.length)
        .map(
          (variant) =>
            `goldenSamples: '${file}' has ${probabilities[variant]?.length ?? 'no'} probabilities of variant '${variant}' for ${classes.length} classes`,
        ),
    ),
    ...inputProblems(exported.input),
    ...furtherOutputProblems(exported),
  ];
}
