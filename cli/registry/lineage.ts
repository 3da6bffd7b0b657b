/** Where a model package comes from, and whether what it says of itself is true. Pure: links in, report out. */
import { createHash } from 'node:crypto';
import { acceptedDigest } from '../../lambda/dataset/names';
import { PIPELINE_PARAMETERS, trainingExecutionId } from '../../lambda/training/names';
import { formatTable } from '../shared/table';

/** Something that was looked for: there, or the reason why not. */
export type Found<T> = { readonly value: T } | { readonly missing: string };

export interface PackageLink {
  readonly arn: string;
  readonly version: number;
  readonly approvalStatus: string;
  readonly approvalReason?: string | undefined;
  /** ISO timestamp. */
  readonly createdAt?: string | undefined;
  readonly modelUri?: string | undefined;
  /** `CustomerMetadataProperties`. */
  readonly metadata: Readonly<Record<string, string>>;
}

export interface StepLink {
  readonly name: string;
  readonly status: string;
  readonly startedAt?: string | undefined;
  readonly endedAt?: string | undefined;
  /** Execution whose result the step cache gave. */
  readonly cachedFrom?: string | undefined;
}

export interface ExecutionLink {
  readonly arn: string;
  readonly status: string;
  readonly startedAt?: string | undefined;
  readonly endedAt?: string | undefined;
  readonly parameters: Readonly<Record<string, string>>;
  readonly steps: readonly StepLink[];
}

export interface ReleaseLink {
  readonly counter: number;
  readonly status: string;
  readonly modelPackageArn: string;
  readonly modelUri?: string | undefined;
}

/** Everything that was read. Bytes, because digests are of bytes. */
export interface LineageLinks {
  readonly modelPackage: PackageLink;
  readonly execution: Found<ExecutionLink>;
  /** sourcedir.tar.gz of the execution's jobs. */
  readonly code: Found<Uint8Array>;
  readonly manifest: Found<Uint8Array>;
  /** evaluation.json */
  readonly evaluation: Found<Uint8Array>;
  /** export.json */
  readonly exported: Found<Uint8Array>;
  /** Every release of the use case. */
  readonly releases: readonly ReleaseLink[];
}

export interface Check {
  readonly link: string;
  readonly holds: boolean;
  /** What was compared, or why it could not be. */
  readonly detail: string;
}

export interface DatasetReport {
  readonly items: number;
  /** Class -> split -> items. */
  readonly perClass: Readonly<Record<string, Readonly<Record<string, number>>>>;
  /** `captured`, `imported` and so on -> items. */
  readonly origins: Readonly<Record<string, number>>;
  /** ISO timestamp of the youngest captured item. */
  readonly newestCapture?: string | undefined;
}

export interface Lineage {
  readonly modelPackage: PackageLink;
  readonly execution?: ExecutionLink | undefined;
  readonly codeSha256?: string | undefined;
  readonly manifestUri?: string | undefined;
  readonly manifestSha256?: string | undefined;
  readonly dataset?: DatasetReport | undefined;
  readonly accuracy?: number | undefined;
  readonly champion: {
    /** `none` on the first turn. */
    readonly modelUri?: string | undefined;
    /** Release that serves this model. */
    readonly release?: number | undefined;
    readonly accuracy?: number | undefined;
    readonly worstRecallDrop?: number | undefined;
  };
  readonly releases: readonly ReleaseLink[];
  readonly checks: readonly Check[];
}

const SPLITS = ['train', 'validation', 'test'] as const;
const DIGEST = /^[0-9a-f]{64}$/;

const sha256 = (bytes: Uint8Array): string => createHash('sha256').update(bytes).digest('hex');
const contentOf = <T>(found: Found<T>): T | undefined => ('value' in found ? found.value : undefined);
/** Accepted manifests are named by their digest. */
const digestInName = (uri: string | undefined): string | undefined =>
  uri === undefined ? undefined : acceptedDigest(uri);

type Fields = Readonly<Record<string, unknown>>;

function parse(bytes: Uint8Array): Fields | undefined {
  try {
    const value: unknown = JSON.parse(Buffer.from(bytes).toString('utf8'));
    return typeof value === 'object' && value !== null ? (value as Fields) : undefined;
  } catch {
    return undefined;
  }
}

/** Two texts that must be the same; a missing one breaks the link too. */
function same(link: string, stated: string | undefined, found: string | undefined, where: string): Check {
  if (stated === undefined) return { link, holds: false, detail: 'the package does not state it' };
  if (found === undefined) return { link, holds: false, detail: `${where} does not state it` };
  const holds = stated === found;
  return {
    link,
    holds,
    detail: holds ? `the same in ${where}` : `the package says ${stated}, ${where} says ${found}`,
  };
}

/** Bytes that must have a digest. */
function hashes(link: string, found: Found<Uint8Array>, digest: string | undefined): Check {
  if ('missing' in found) return { link, holds: false, detail: found.missing };
  if (digest === undefined || !DIGEST.test(digest)) {
    return { link, holds: false, detail: `no SHA-256 is stated, got '${digest ?? ''}'` };
  }
  const actual = sha256(found.value);
  const holds = actual === digest;
  return {
    link,
    holds,
    detail: holds ? `its bytes have SHA-256 ${digest}` : `its bytes have SHA-256 ${actual}, not ${digest}`,
  };
}

function datasetOf(bytes: Uint8Array): { report: DatasetReport; unreadable: number } {
  const perClass: Record<string, Record<string, number>> = {};
  const origins: Record<string, number> = {};
  let [items, unreadable] = [0, 0];
  let newestCapture: string | undefined;
  for (const line of Buffer.from(bytes).toString('utf8').split('\n')) {
    if (line.trim() === '') continue;
    const item = parse(Buffer.from(line));
    if (item === undefined || typeof item.label !== 'string') {
      unreadable += 1;
      continue;
    }
    items += 1;
    const [split, origin] = [String(item.split), String(item.origin)];
    const counts = perClass[item.label] ?? {};
    perClass[item.label] = { ...counts, [split]: (counts[split] ?? 0) + 1 };
    origins[origin] = (origins[origin] ?? 0) + 1;
    const capturedAt = String(item.capturedAt);
    if (origin === 'captured' && (newestCapture === undefined || capturedAt > newestCapture)) {
      newestCapture = capturedAt;
    }
  }
  const sorted = Object.fromEntries(Object.entries(perClass).sort(([a], [b]) => (a < b ? -1 : 1)));
  return { report: { items, perClass: sorted, origins, newestCapture }, unreadable };
}

function executionChecks({ modelPackage, execution }: LineageLinks): Check[] {
  const link = 'pipeline execution';
  if ('missing' in execution) return [{ link, holds: false, detail: execution.missing }];
  const { metadata } = modelPackage;
  const { arn, status, parameters } = execution.value;
  return [
    same(link, metadata.pipelineExecutionId, arn.split('/').at(-1), 'the execution'),
    same('export', metadata.pipelineExecutionId, trainingExecutionId(metadata.exportUri ?? ''), 'exportUri'),
    same(
      'dataset of the execution',
      metadata.datasetManifestUri,
      parameters[PIPELINE_PARAMETERS.datasetManifestUri],
      'the execution',
    ),
    { link: 'end of the execution', holds: status === 'Succeeded', detail: `it has ${status}` },
  ];
}

function datasetChecks(links: LineageLinks, unreadable: number): Check[] {
  const digest = digestInName(links.modelPackage.metadata.datasetManifestUri);
  const checks = [hashes('dataset manifest', links.manifest, digest)];
  if (unreadable > 0) {
    checks.push({
      link: 'dataset items',
      holds: false,
      detail: `${unreadable} lines of the manifest are none`,
    });
  }
  const link = 'evaluated dataset';
  if ('missing' in links.evaluation) {
    checks.push({ link, holds: false, detail: links.evaluation.missing });
  } else {
    const stated = parse(links.evaluation.value)?.datasetManifestSha256;
    checks.push(same(link, digest, typeof stated === 'string' ? stated : undefined, 'evaluation.json'));
  }
  return checks;
}

/** Follows the links and checks each. */
export function buildLineage(links: LineageLinks): Lineage {
  const { modelPackage, releases } = links;
  const { metadata } = modelPackage;
  const execution = contentOf(links.execution);
  const manifest = contentOf(links.manifest);
  const dataset = manifest && datasetOf(manifest);
  const evaluation = parse(contentOf(links.evaluation) ?? new Uint8Array()) ?? {};
  const champion = (evaluation.champion ?? {}) as Fields;
  const championUri = execution?.parameters[PIPELINE_PARAMETERS.championModelUri];
  const number = (value: unknown) => (typeof value === 'number' ? value : undefined);
  return {
    modelPackage,
    execution,
    codeSha256: metadata.codeSha256,
    manifestUri: metadata.datasetManifestUri,
    manifestSha256: digestInName(metadata.datasetManifestUri),
    dataset: dataset?.report,
    accuracy: number(evaluation.accuracy),
    champion: {
      modelUri: championUri,
      release: releases.find(({ modelUri }) => modelUri !== undefined && modelUri === championUri)?.counter,
      // Without a champion the Evaluate step compares the model with itself.
      ...(championUri !== 'none' && {
        accuracy: number(champion.accuracy),
        worstRecallDrop: number(champion.worstRecallDrop),
      }),
    },
    releases: releases.filter(({ modelPackageArn }) => modelPackageArn === modelPackage.arn),
    checks: [
      ...executionChecks(links),
      hashes('code', links.code, metadata.codeSha256),
      hashes('exported files', links.exported, metadata.exportSha256),
      ...datasetChecks(links, dataset?.unreadable ?? 0),
    ],
  };
}

export const brokenLinks = (lineage: Lineage): Check[] => lineage.checks.filter(({ holds }) => !holds);

function stepRows(steps: readonly StepLink[]): string[][] {
  return steps.map(({ name, status, startedAt, endedAt, cachedFrom }) => {
    const seconds =
      startedAt && endedAt ? `${Math.round((Date.parse(endedAt) - Date.parse(startedAt)) / 1000)} s` : '';
    return [name, status, startedAt ?? '', seconds, cachedFrom ? `from ${cachedFrom.split('/').at(-1)}` : ''];
  });
}

function datasetLines({ dataset }: Lineage): string[] {
  if (!dataset) return [];
  const rows = Object.entries(dataset.perClass).map(([name, counts]) => [
    name,
    ...SPLITS.map((split) => String(counts[split] ?? 0)),
  ]);
  const origins = Object.entries(dataset.origins).map(([origin, count]) => `${count} ${origin}`);
  const newest = dataset.newestCapture ? `; newest capture ${dataset.newestCapture}` : '';
  return [`${dataset.items} items: ${origins.join(', ')}${newest}`, formatTable(['class', ...SPLITS], rows)];
}

/** The lineage as text for a terminal. */
export function formatLineage(lineage: Lineage): string {
  const { modelPackage, execution, champion, checks } = lineage;
  const unknown = 'not known';
  const parameters = Object.entries(execution?.parameters ?? {});
  const release = champion.release === undefined ? '' : ` (release ${champion.release})`;
  const drop =
    champion.worstRecallDrop === undefined ? '' : `, largest fall in recall ${champion.worstRecallDrop}`;
  return [
    [
      `Model package ${modelPackage.version}: ${modelPackage.arn}`,
      `${modelPackage.approvalStatus}${modelPackage.approvalReason ? `: ${modelPackage.approvalReason}` : ''}; made ${modelPackage.createdAt ?? unknown}; accuracy ${lineage.accuracy ?? unknown}`,
      `Model ${modelPackage.modelUri ?? unknown}`,
    ].join('\n'),
    [
      `Pipeline execution ${execution?.arn ?? unknown}`,
      ...(execution ? [`${execution.status}; started ${execution.startedAt ?? unknown}`] : []),
      ...(execution
        ? [formatTable(['step', 'status', 'started', 'took', 'result'], stepRows(execution.steps))]
        : []),
      ...(parameters.length > 0 ? [formatTable(['parameter', 'value'], parameters)] : []),
    ].join('\n'),
    `Code SHA-256 ${lineage.codeSha256 ?? unknown}`,
    [`Dataset ${lineage.manifestUri ?? unknown}`, ...datasetLines(lineage)].join('\n'),
    `Compared with champion ${champion.modelUri ?? unknown}${release}: accuracy ${champion.accuracy ?? unknown}${drop}`,
    `Releases\n${formatTable(
      ['counter', 'status'],
      lineage.releases.map(({ counter, status }) => [String(counter), status]),
    )}`,
    `Links\n${formatTable(
      ['link', 'holds', 'because'],
      checks.map(({ link, holds, detail }) => [link, holds ? 'yes' : 'BROKEN', detail]),
    )}`,
  ].join('\n\n');
}
