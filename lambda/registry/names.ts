/** Names of the registry: keys of the model bucket, of the release table, ids, components, variables, events. */
import { eventSource, type NameScope, useCasePrefix } from '../shared/names';

export const REGISTRY_VARIABLES = {
  modelBucket: 'MODEL_BUCKET',
  releaseTable: 'RELEASE_TABLE',
  signingKeyArn: 'SIGNING_KEY_ARN',
  modelPackageGroup: 'MODEL_PACKAGE_GROUP',
  /** Days after which a device refuses to install a release. Default 365. */
  releaseLifetimeDays: 'RELEASE_LIFETIME_DAYS',
  /** Comma-separated architectures that a release is made for. Default `linux-x64,linux-arm64`. */
  releaseArchitectures: 'RELEASE_ARCHITECTURES',
  /** JSON of the configuration's `dispositionPolicy`. */
  dispositionPolicy: 'DISPOSITION_POLICY',
  /** Whether a part may pass on a second opinion: `true`, `false`. Default none: releases have no second opinion. */
  secondOpinionMayPass: 'SECOND_OPINION_MAY_PASS',
} as const;

/** Detail types of its events. */
export const REGISTRY_EVENTS = {
  releaseReady: 'Release Ready',
} as const;

/** Begins the name of every use case's group. */
const modelPackageGroupPrefix = (scope: Pick<NameScope, 'environmentName'>): string =>
  useCasePrefix({ ...scope, useCase: '' });

export const modelPackageGroupName = (scope: NameScope): string => useCasePrefix(scope);

/** The use case whose packages a group holds. */
export const useCaseOfGroup = (scope: Pick<NameScope, 'environmentName'>, groupName: string): string =>
  groupName.slice(modelPackageGroupPrefix(scope).length);

/** What releases are made of. */
export const RELEASE_PREFIX = 'releases/';
export const BLOB_PREFIX = `${RELEASE_PREFIX}blobs/`;
export const ENVELOPE_PREFIX = `${RELEASE_PREFIX}envelopes/`;
/** What model components carry beside a release. */
export const COMPONENT_PREFIX = 'components/';

/** File name of the signed release among the artifacts of a model component. */
export const ENVELOPE_FILE = 'release.dsse.json';
/** File name of a model component's startup script. */
export const DELIVER_RELEASE_FILE = 'deliver-release.cjs';

/** Key of a file of a release: content-addressed, so that it never changes under a component that names it. */
export function blobKey(sha256: string, fileName: string): string {
  return `${BLOB_PREFIX}${sha256}/${fileName}`;
}

/** @param sha256 digest of the envelope's bytes */
export function envelopeKey(sha256: string): string {
  return `${ENVELOPE_PREFIX}${sha256}/${ENVELOPE_FILE}`;
}

/** @param sha256 digest of the script's bytes */
export function deliverReleaseKey(sha256: string): string {
  return `${COMPONENT_PREFIX}${sha256}/${DELIVER_RELEASE_FILE}`;
}

/** Greengrass component that carries the releases of a use case: `com.kaizenedge.<environment>.model.SurfaceInspection`. */
export function modelComponentName(scope: NameScope): string {
  const words = scope.useCase.split('-').map((word) => word.charAt(0).toUpperCase() + word.slice(1));
  return `${eventSource(scope)}.model.${words.join('')}`;
}

/** Version of the model component of a release. */
export function modelComponentVersion(counter: number): string {
  return `1.0.${counter}`;
}

export function releaseIdOf(useCase: string, counter: number): string {
  return `${useCase}-${counter}`;
}

/** Counter in a release id `<useCase>-<counter>`, `undefined` when the id is not one of this use case. */
export function counterOf(useCase: string, releaseId: string): number | undefined {
  const prefix = `${useCase}-`;
  if (!releaseId.startsWith(prefix)) return undefined;
  const text = releaseId.slice(prefix.length);
  return /^[1-9]\d{0,5}$/.test(text) ? Number(text) : undefined;
}

/** Sort keys of the release table, `item`, below the use case. */
const padded = (number: number): string => String(number).padStart(6, '0');

/** Begins the sort key of every release. */
export const RELEASE_ITEM_PREFIX = 'release#';
const WAVE_ITEM_PREFIX = 'wave#';
/** The release in service everywhere. */
export const CHAMPION_ITEM = 'champion';
/** The last counter that was given away. */
export const COUNTER_ITEM = 'counter';
/** Codes of all classes that were ever released. */
export const CLASS_CODES_ITEM = 'class-codes';
/** Lets one rollout of a use case run at a time. */
export const ROLLOUT_LOCK_ITEM = 'rollout';

export const releaseItemKey = (counter: number): string => `${RELEASE_ITEM_PREFIX}${padded(counter)}`;
/** Counter of the release whose item this is; `undefined` when it is another item. */
export const counterOfItem = (item: string): number | undefined =>
  item.startsWith(RELEASE_ITEM_PREFIX) ? Number(item.slice(RELEASE_ITEM_PREFIX.length)) : undefined;
/** The release last deployed to a wave. */
export const waveItemKey = (wave: string): string => `${WAVE_ITEM_PREFIX}${wave}`;
/** The wave whose item this is; `undefined` when it is another item. */
export const waveOfItem = (item: string): string | undefined =>
  item.startsWith(WAVE_ITEM_PREFIX) ? item.slice(WAVE_ITEM_PREFIX.length) : undefined;
/** The thresholds that an operator has given a wave or a device last. */
export const operatingPointKey = (target: string): string => `operating-point#${target}`;
/** One move of thresholds, for ever. @param at ISO timestamp */
export const operatingPointMoveKey = (at: string, target: string): string =>
  `operating-point-move#${at}#${target}`;
/** Gives a model package its counter. */
export const packageClaimKey = (modelPackageVersion: number): string =>
  `package#${padded(modelPackageVersion)}`;
/** Gives the roll-back of a release its counter. */
export const rollbackClaimKey = (counter: number): string => `rollback#${padded(counter)}`;
/** Gives a release its next counter that a roll-back has overtaken. */
export const renewalClaimKey = (counter: number): string => `renewal#${padded(counter)}`;
