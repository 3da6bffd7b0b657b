import { createHash } from 'node:crypto';
import { ContractError, type ExportedModel, parseContractJson, type Release } from '../../../contracts';
import type { ClassCodes } from '../../../contracts/class-codes';
import type { S3Location } from '../../../contracts/s3-address';
import { mapConcurrently } from '../../shared/concurrency';
import { InvalidInputError } from '../../shared/errors';
import type { HashedObject } from '../../shared/objects';
import { parseS3Uri } from '../../shared/s3-uri';
import { type CloudModel, cloudModelOf } from '../../training/cloud-champion';
import { blobKey, modelComponentVersion, packageClaimKey } from '../names';
import type { Claim, StoredRelease } from '../release-items';
import { type Signer, signRelease } from '../sign-release';
import { answeringVariant, composeRelease, exportProblems, type ReleaseSettings } from './compose-release';

/** What the registry says about a model package now; an event may be late. */
export interface ModelPackage {
  readonly arn: string;
  readonly version: number;
  readonly approvalStatus: string;
  /** `CustomerMetadataProperties`, written by the pipeline's Register step. */
  readonly metadata: Readonly<Record<string, string>>;
  /** `ModelDataUrl` of the package's container. */
  readonly modelUri?: string | undefined;
}

export interface BuildReleasePorts {
  now(): Date;
  describePackage(arn: string): Promise<ModelPackage>;
  readText(location: S3Location): Promise<string>;
  hash(location: S3Location): Promise<HashedObject>;
  /** Copies into the model bucket unless the content-addressed key is there. */
  keep(source: S3Location, etag: string, key: string): Promise<void>;
  putEnvelope(key: string, body: Buffer): Promise<void>;
  readonly signer: Signer;
  readonly releases: {
    claimCounter(claimKey: string, now: string, highestPublished: () => Promise<number>): Promise<Claim>;
    find(counter: number): Promise<StoredRelease | undefined>;
    add(stored: StoredRelease): Promise<StoredRelease>;
    /** Codes of all classes of the use case, after those that have none have got theirs. */
    giveCodes(classes: readonly string[], pinned: ClassCodes): Promise<ClassCodes>;
    noteAnnounced(counter: number, at: string): Promise<void>;
  };
  /** The highest counter of which a component version exists. */
  highestPublished(): Promise<number>;
  announce(detail: { useCase: string; counter: number; releaseId: string }): Promise<void>;
}

export interface BuildReleaseSettings extends ReleaseSettings {
  readonly useCase: string;
}

/** Files are hashed a few at a time: a release has up to 40, some of them large. */
const FILES_AT_A_TIME = 4;

interface ApprovedPackage extends ModelPackage {
  readonly exportUri: string;
  /** Digest of export.json as it was registered, and therefore approved. */
  readonly exportSha256: string;
  readonly modelUri: string;
  readonly cloudModel?: CloudModel;
}

/**
 * Makes the release of an approved model package, exactly once however often it is asked: the counter belongs to the
 * package, every step repeats without effect, and a call after a crash completes what is missing.
 * @throws InvalidInputError when the package is not approved, lacks metadata, or its export is not the one that was registered
 * @throws ContractError when `export.json` breaks its contract
 */
export async function buildRelease(
  modelPackageArn: string,
  settings: BuildReleaseSettings,
  ports: BuildReleasePorts,
): Promise<StoredRelease> {
  const approved = approvedPackage(await ports.describePackage(modelPackageArn), settings.useCase);
  const claim = await ports.releases.claimCounter(
    packageClaimKey(approved.version),
    ports.now().toISOString(),
    () => ports.highestPublished(),
  );
  const stored =
    (await ports.releases.find(claim.counter)) ?? (await makeRelease(approved, claim, settings, ports));
  // Between the item and this note lies the only step that a repeated call repeats visibly; who listens expects it.
  if (stored.status === 'READY' && stored.announcedAt === undefined) {
    const { useCase, counter, releaseId } = stored.release;
    await ports.announce({ useCase, counter, releaseId });
    await ports.releases.noteAnnounced(counter, ports.now().toISOString());
  }
  return stored;
}

/** Every way in which a package is not ready for a release, at once. */
function approvedPackage(found: ModelPackage, useCase: string): ApprovedPackage {
  const { exportUri, exportSha256 } = found.metadata;
  const cloud = cloudModelOf(found.metadata);
  const problems = [
    ...(found.approvalStatus === 'Approved'
      ? []
      : [`ModelApprovalStatus: must be Approved, got '${found.approvalStatus}'`]),
    ...(found.metadata.useCase === useCase
      ? []
      : [`CustomerMetadataProperties.useCase: must be '${useCase}', got '${found.metadata.useCase}'`]),
    ...(exportUri ? [] : ['CustomerMetadataProperties.exportUri: must be there']),
    ...(exportSha256 ? [] : ['CustomerMetadataProperties.exportSha256: must be there']),
    ...(found.modelUri ? [] : ['InferenceSpecification.Containers.0.ModelDataUrl: must be there']),
    ...cloud.problems,
  ];
  if (problems.length > 0 || !exportUri || !exportSha256 || !found.modelUri) {
    throw new InvalidInputError(`model package ${found.arn} gets no release:\n${problems.join('\n')}`);
  }
  return {
    ...found,
    exportUri: exportUri.replace(/\/*$/, '/'),
    exportSha256,
    modelUri: found.modelUri,
    ...(cloud.model && { cloudModel: cloud.model }),
  };
}

async function makeRelease(
  approved: ApprovedPackage,
  claim: Claim,
  settings: BuildReleaseSettings,
  ports: BuildReleasePorts,
): Promise<StoredRelease> {
  const exported = await readExport(approved, settings, ports);
  const cloudFile = answeringVariant(exported)?.file;
  await keepFiles(approved.exportUri, [...exported.files, ...(cloudFile ? [cloudFile] : [])], ports);
  const codes = await ports.releases.giveCodes(exported.classes, settings.dispositionPolicy.codes ?? {});
  const release: Release = composeRelease(
    exported,
    {
      counter: claim.counter,
      createdAt: claim.claimedAt,
      modelPackageArn: approved.arn,
      modelPackageVersion: approved.version,
    },
    codes,
    settings,
  );
  const envelope = await signRelease(release, codes, ports.signer);
  await ports.putEnvelope(envelope.key, envelope.body);
  return ports.releases.add({
    release,
    envelopeKey: envelope.key,
    envelopeSha256: envelope.sha256,
    componentName: release.target.componentName,
    componentVersion: modelComponentVersion(release.counter),
    exportUri: approved.exportUri,
    modelUri: approved.modelUri,
    ...(approved.cloudModel && { cloudModel: approved.cloudModel }),
    ...(cloudFile && { cloudModelKey: blobKey(cloudFile.sha256, cloudFile.name) }),
    status: 'READY',
  });
}

/** What was approved: jobs of another execution may write below this one's prefix (docs/adr/0021). */
async function readExport(
  { exportUri, exportSha256 }: ApprovedPackage,
  settings: BuildReleaseSettings,
  ports: BuildReleasePorts,
): Promise<ExportedModel> {
  const uri = `${exportUri}export.json`;
  const text = await ports.readText(parseS3Uri(uri, 'exportUri'));
  const sha256 = createHash('sha256').update(text).digest('hex');
  if (sha256 !== exportSha256) {
    throw new InvalidInputError(
      `${uri} is not what was approved: its SHA-256 must be ${exportSha256} (CustomerMetadataProperties.exportSha256), got ${sha256}`,
    );
  }
  const exported = parseContractJson('exported-model', text, uri);
  const problems = exportProblems(exported, settings.useCase, settings.architectures);
  if (problems.length > 0) throw new ContractError('exported-model', uri, problems);
  return exported;
}

/** Compares every file with what the export says of it, then keeps all of them; none when one is wrong. */
async function keepFiles(
  exportUri: string,
  files: ExportedModel['files'],
  ports: BuildReleasePorts,
): Promise<void> {
  const problems: string[] = [];
  const checked = await mapConcurrently(files, FILES_AT_A_TIME, async (file) => {
    const source = parseS3Uri(`${exportUri}${file.name}`, 'exportUri');
    const actual = await ports.hash(source);
    for (const field of ['bytes', 'sha256'] as const) {
      if (actual[field] !== file[field]) {
        problems.push(`${file.name}: ${field} must be ${file[field]}, got ${actual[field]}`);
      }
    }
    return { source, etag: actual.etag, key: blobKey(file.sha256, file.name) };
  });
  if (problems.length > 0) {
    throw new InvalidInputError(
      `the files under ${exportUri} are not those of export.json:\n${problems.join('\n')}`,
    );
  }
  for (const { source, etag, key } of checked) await ports.keep(source, etag, key);
}
