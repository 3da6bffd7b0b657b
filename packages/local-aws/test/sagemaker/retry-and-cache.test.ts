import { cacheKey, expiryMilliseconds } from '../../sagemaker/pipeline/cache';
import type { StepDefinition } from '../../sagemaker/pipeline/model';
import { exceptionTypeOf, retryDelay } from '../../sagemaker/pipeline/retry';

const policy = {
  ExceptionType: ['SageMaker.JOB_INTERNAL_ERROR'],
  IntervalSeconds: 2,
  BackoffRate: 3,
  MaxAttempts: 3,
};

test.each([
  [0, 2000],
  [1, 6000],
  [2, 18_000],
  [3, undefined],
])('after %i retries the next comes in %s ms', (retries, expected) => {
  const delay = retryDelay([policy], 'SageMaker.JOB_INTERNAL_ERROR', { retries, elapsedMilliseconds: 0 });
  expect(delay).toBe(expected);
});

test('a policy that expires counts time, not attempts', () => {
  const { MaxAttempts: _, ...timed } = policy;
  const expiring = { ...timed, ExpireAfterMin: 1 };
  const delay = (elapsedMilliseconds: number) =>
    retryDelay([expiring], 'SageMaker.JOB_INTERNAL_ERROR', { retries: 0, elapsedMilliseconds });
  expect(delay(58_000)).toBe(2000);
  expect(delay(58_001)).toBeUndefined();
});

test.each([
  ['AlgorithmError: ValueError, exit code: 1', undefined],
  ['ClientError: Data download failed', undefined],
  ['InternalServerError: ENOSPC: no space left on device', 'SageMaker.JOB_INTERNAL_ERROR'],
  ['CapacityError: none left', 'SageMaker.CAPACITY_ERROR'],
  ['ResourceLimitExceeded', 'SageMaker.RESOURCE_LIMIT'],
  ['ThrottlingException', 'Step.THROTTLING'],
])('%s is retried as %s', (reason, type) => {
  expect(exceptionTypeOf(reason)).toBe(type);
  const delay = retryDelay([policy], type, { retries: 0, elapsedMilliseconds: 0 });
  expect(delay === undefined).toBe(type !== 'SageMaker.JOB_INTERNAL_ERROR');
});

const training: StepDefinition = {
  Name: 'Train',
  Type: 'Training',
  Arguments: {},
  CacheConfig: { Enabled: true },
};
const request = { HyperParameters: { a: '1', b: '2' }, OutputDataConfig: { S3OutputPath: 's3://a' } };

test('results are reused for the same work, wherever it goes', () => {
  const key = cacheKey(training, request);
  expect(key).toMatch(/^[0-9a-f]{64}$/);
  expect(cacheKey(training, { HyperParameters: { b: '2', a: '1' } })).toBe(key);
  expect(cacheKey(training, { HyperParameters: { a: '1', b: '3' } })).not.toBe(key);
  expect(cacheKey({ ...training, Name: 'Other' }, request)).not.toBe(key);
});

test('a search is the same search wherever its models go, and another when a range or a fixed value changes', () => {
  const tune: StepDefinition = { ...training, Name: 'Tune', Type: 'Tuning' };
  const search = (range: string, epochs: string, path: string) => ({
    HyperParameterTuningJobConfig: {
      ParameterRanges: { IntegerParameterRanges: [{ Name: 'n', MaxValue: range }] },
    },
    TrainingJobDefinition: {
      StaticHyperParameters: { epochs },
      OutputDataConfig: { S3OutputPath: path },
    },
  });
  const key = cacheKey(tune, search('9', '2', 's3://a'));
  expect(key).toMatch(/^[0-9a-f]{64}$/);
  expect(cacheKey(tune, search('9', '2', 's3://b'))).toBe(key);
  expect(cacheKey(tune, search('8', '2', 's3://a'))).not.toBe(key);
  expect(cacheKey(tune, search('9', '3', 's3://a'))).not.toBe(key);
});

const { CacheConfig: _, ...uncached } = training;

test.each([
  ['without CacheConfig', uncached],
  ['with caching off', { ...training, CacheConfig: { Enabled: false } }],
  ['of steps that have effects', { ...training, Type: 'RegisterModel' as const }],
])('nothing is reused %s', (_name, step) => {
  expect(cacheKey(step, request)).toBeUndefined();
});

test.each([
  ['30d', 30 * 86_400_000],
  ['P30D', 30 * 86_400_000],
  ['T16m', 16 * 60_000],
  ['30dT5h', (30 * 24 + 5) * 3_600_000],
  ['PT1H', 3_600_000],
  [undefined, Number.POSITIVE_INFINITY],
])('%s is a duration', (text, expected) => {
  expect(expiryMilliseconds(text)).toBe(expected);
});

test.each(['', 'P', 'soon', '5', 'P1H'])('%s is no duration', (text) => {
  expect(() => expiryMilliseconds(text)).toThrow(RangeError);
});
