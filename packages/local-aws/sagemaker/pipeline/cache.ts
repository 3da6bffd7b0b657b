/**
 * Step caching. The attributes that count are those of the page "Default cache key attributes by pipeline step
 * type" of the SageMaker developer guide: where results go and on what machines they are made does not count.
 */
import { createHash } from 'node:crypto';
import { canonicalJson, type JsonObject, objectOf } from '../json';
import type { StepDefinition, StepType } from './model';

const KEY_ATTRIBUTES: Partial<Record<StepType, readonly string[]>> = {
  Processing: ['AppSpecification', 'Environment', 'ProcessingInputs'],
  Training: [
    'AlgorithmSpecification',
    'CheckpointConfig',
    'Environment',
    'HyperParameters',
    'InputDataConfig',
  ],
  // Of TrainingJobDefinition only some parts count, see below.
  Tuning: ['HyperParameterTuningJobConfig', 'TrainingJobDefinitions'],
};
const TRAINING_DEFINITION_ATTRIBUTES = [
  'AlgorithmSpecification',
  'HyperParameterRanges',
  'InputDataConfig',
  'StaticHyperParameters',
  'TuningObjective',
];

const pick = (value: JsonObject, names: readonly string[]): JsonObject =>
  Object.fromEntries(names.map((name) => [name, value[name] ?? null]));

/** Key of the step's result; undefined when results of this step are never reused. */
export function cacheKey(step: StepDefinition, resolved: JsonObject): string | undefined {
  const attributes = KEY_ATTRIBUTES[step.Type];
  if (!step.CacheConfig?.Enabled || !attributes) return undefined;
  const counted = pick(resolved, attributes);
  if (step.Type === 'Tuning') {
    counted.TrainingJobDefinition = pick(
      objectOf(resolved.TrainingJobDefinition),
      TRAINING_DEFINITION_ATTRIBUTES,
    );
  }
  return createHash('sha256')
    .update(`${step.Name}\n${step.Type}\n${canonicalJson(counted)}`)
    .digest('hex');
}

const UNIT_SECONDS = { Y: 365 * 86_400, M: 30 * 86_400, W: 7 * 86_400, D: 86_400, H: 3_600, TM: 60 } as const;

/**
 * Milliseconds of an ISO 8601 duration, also in the guide's short form without `P` ("30d", "T16m", "30dT5h").
 * Without an ExpireAfter a result never expires.
 * @throws RangeError when it is not a duration
 */
export function expiryMilliseconds(expireAfter: string | undefined): number {
  if (expireAfter === undefined) return Number.POSITIVE_INFINITY;
  const match = /^P?(\d+Y)?(\d+M)?(\d+W)?(\d+D)?(?:T(?=\d)(\d+H)?(\d+M)?)?$/i.exec(expireAfter);
  const parts = match?.slice(1) ?? [];
  if (!parts.some((part) => part !== undefined)) {
    throw new RangeError(`ExpireAfter: must be an ISO 8601 duration, got '${expireAfter}'`);
  }
  const units = ['Y', 'M', 'W', 'D', 'H', 'TM'] as const;
  const seconds = units.reduce(
    (sum, unit, index) => sum + Number.parseInt(parts[index] ?? '0', 10) * UNIT_SECONDS[unit],
    0,
  );
  return seconds * 1000;
}
