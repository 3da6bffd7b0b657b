import { parseTargetArn } from '../../greengrass/arn';
import type { DeploymentRecord } from '../../greengrass/deployment-ledger';
import { parseDeploymentRequest } from '../../greengrass/deployment-request';
import { deploymentStatus, effectiveStatus, statusDetailsOf } from '../../greengrass/deployment-status';
import type { JobExecutionStatus } from '../../greengrass/ports';

function record(kind: 'thing' | 'thinggroup'): DeploymentRecord {
  const targetArn = `arn:aws:iot:eu-west-1:111122223333:${kind}/x`;
  return {
    deploymentId: 'd',
    revision: 1,
    configurationArn: 'c',
    jobId: 'j',
    jobArn: 'a',
    request: { ...parseDeploymentRequest({ targetArn }), target: parseTargetArn(targetArn) },
    createdAt: new Date(0),
  };
}

const ENDED_WELL: JobExecutionStatus[] = ['SUCCEEDED'];

test.each<['thing' | 'thinggroup', boolean, boolean, JobExecutionStatus[], string]>([
  ['thinggroup', true, false, [], 'ACTIVE'],
  ['thinggroup', true, false, ENDED_WELL, 'ACTIVE'],
  ['thinggroup', true, false, ['FAILED'], 'ACTIVE'],
  ['thinggroup', true, true, ENDED_WELL, 'CANCELED'],
  ['thinggroup', false, true, ENDED_WELL, 'INACTIVE'],
  ['thing', true, false, ['QUEUED'], 'ACTIVE'],
  ['thing', true, false, ['IN_PROGRESS'], 'ACTIVE'],
  ['thing', true, false, ENDED_WELL, 'COMPLETED'],
  ['thing', true, false, ['FAILED'], 'FAILED'],
  ['thing', true, false, ['REJECTED'], 'FAILED'],
  ['thing', true, false, ['TIMED_OUT'], 'FAILED'],
  ['thing', true, false, ['CANCELED'], 'CANCELED'],
  ['thing', true, true, ['QUEUED'], 'CANCELED'],
  ['thing', false, false, ENDED_WELL, 'INACTIVE'],
])(
  'a deployment to a %s, latest %s, job canceled %s, executions %j is %s',
  (kind, latest, jobCanceled, states, status) => {
    const executions = states.map((one) => ({ status: one }));
    expect(deploymentStatus(record(kind), { latest, jobCanceled, executions })).toBe(status);
  },
);

test.each<['thing' | 'thinggroup', JobExecutionStatus, string | undefined]>([
  ['thing', 'SUCCEEDED', 'COMPLETED'],
  ['thinggroup', 'SUCCEEDED', 'SUCCEEDED'],
  ['thing', 'FAILED', 'FAILED'],
  ['thinggroup', 'REMOVED', undefined],
])('on a device a deployment to a %s that %s is %s', (kind, status, effective) => {
  expect(effectiveStatus(record(kind), status)).toBe(effective);
});

test.each<[string, Record<string, string>, unknown]>([
  ['nothing', {}, undefined],
  [
    'lists',
    { 'deployment-error-stack': '["A","B"]', 'deployment-error-types': '["C"]' },
    { errorStack: ['A', 'B'], errorTypes: ['C'] },
  ],
  ['plain text', { 'deployment-error-stack': 'A' }, { errorStack: ['A'], errorTypes: [] }],
])('error details given as %s', (_how, statusDetails, expected) => {
  const execution = {
    jobId: 'j',
    thingName: 't',
    status: 'FAILED' as const,
    executionNumber: 1,
    queuedAt: new Date(0),
    updatedAt: new Date(0),
    statusDetails,
  };
  expect(statusDetailsOf(execution)).toEqual(expected);
});
