/** [S1] What a spot job must ask for, and where its checkpoints go. */

import type { CheckpointFolder } from '../../sagemaker/jobs/checkpoints';
import { checkpointsOf, whileStoring } from '../../sagemaker/jobs/checkpoints';
import { longestWaitSeconds, spotProblems } from '../../sagemaker/jobs/spot';
import type { JsonObject } from '../../sagemaker/json';

const WAIT = 'StoppingCondition.MaxWaitTimeInSeconds';

test.each<[string, JsonObject, string[]]>([
  ['on demand', { StoppingCondition: { MaxRuntimeInSeconds: 60 } }, []],
  [
    'on demand with a waiting limit',
    { StoppingCondition: { MaxWaitTimeInSeconds: 60 } },
    [`${WAIT}: only with EnableManagedSpotTraining, got 60`],
  ],
  [
    'spot without one',
    { EnableManagedSpotTraining: true, StoppingCondition: { MaxRuntimeInSeconds: 60 } },
    [`${WAIT}: must be given with EnableManagedSpotTraining`],
  ],
  [
    'spot that may wait for less than it may run',
    {
      EnableManagedSpotTraining: true,
      StoppingCondition: { MaxRuntimeInSeconds: 60, MaxWaitTimeInSeconds: 59 },
    },
    [`${WAIT}: must not be below MaxRuntimeInSeconds (60), got 59`],
  ],
  [
    'spot',
    {
      EnableManagedSpotTraining: true,
      StoppingCondition: { MaxRuntimeInSeconds: 60, MaxWaitTimeInSeconds: 60 },
    },
    [],
  ],
])('[S1] %s', (_what, request, problems) => {
  expect(spotProblems(request)).toEqual(problems);
});

test('[S1] only spot jobs wait for capacity', () => {
  const StoppingCondition = { MaxWaitTimeInSeconds: 90 };
  expect(longestWaitSeconds({ StoppingCondition })).toBeUndefined();
  expect(longestWaitSeconds({ EnableManagedSpotTraining: true, StoppingCondition })).toBe(90);
});

test('[S1] checkpoints lie in /opt/ml/checkpoints unless the request says where', () => {
  expect(checkpointsOf({})).toBeUndefined();
  expect(checkpointsOf({ CheckpointConfig: { S3Uri: 's3://b/c' } })).toEqual({
    uri: 's3://b/c',
    localPath: '/opt/ml/checkpoints',
  });
  expect(
    checkpointsOf({ CheckpointConfig: { S3Uri: 's3://b/c', LocalPath: '/opt/ml/kept' } })?.localPath,
  ).toBe('/opt/ml/kept');
});

describe('[S1] copying while a job runs', () => {
  const folder = (store: () => Promise<void>) => ({ store }) as unknown as CheckpointFolder;

  test('ends with a copy, also of a job that failed, whose own error is told', async () => {
    const store = jest.fn(async () => undefined);
    const failing = async () => Promise.reject(new Error('AlgorithmError'));
    await expect(whileStoring([folder(store)], failing)).rejects.toThrow('AlgorithmError');
    expect(store.mock.calls.length).toBeGreaterThan(0);
  });

  test('fails a job whose last copy failed: it could not be gone on from', async () => {
    const store = async () => Promise.reject(new Error('InternalServerError: S3'));
    await expect(whileStoring([folder(store)], async () => undefined)).rejects.toThrow('S3');
  });
});
