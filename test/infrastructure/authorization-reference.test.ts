import { deviceActionsMatching } from './authorization-reference';
import { type Fault, planted, withoutStatements, withResource } from './planted-faults';
import { type Exceptions, PolicyJudge, type Principal } from './policy-faults';
import { devicesOf, resourcePoliciesOf, rolesOf } from './role-policies';
import { ENVIRONMENTS, synthesizedApp, synthesizedAsking, synthesizedInVpc } from './synthesized-app';

const EXCEPTIONS: Exceptions = {
  everyResource: {
    'cloudwatch:PutMetricData':
      'The only type is the data set of OTLP; metrics have no ARN, the condition limits the namespace.',
  },
  unnamedTypes: {
    'dynamodb:GetRecords stream':
      "The CDK's grants of tables name the readers of streams; on a table they allow nothing, and no table has a stream.",
    'dynamodb:GetShardIterator stream':
      "The CDK's grants of tables name the readers of streams; on a table they allow nothing, and no table has a stream.",
    'iot:CreateJob thing':
      'A job has things or groups for targets, and the deployments of waves have groups.',
  },
  strangeResources: {
    'sagemaker:CreateModelPackage model-package-group':
      'The reference knows the package alone, the request names the group: the group allows nothing more.',
  },
};

async function judged(judge: PolicyJudge, principals: readonly Principal[]): Promise<string[]> {
  expect(principals.length).toBeGreaterThan(0);
  return (await Promise.all(principals.map((principal) => judge.faultsOf(principal)))).flat();
}

test("[C14] AWS's reference has nothing against what jobs in a VPC may do", async () => {
  const jobs = rolesOf(synthesizedInVpc('dev')).filter(({ path }) => path.includes('/Pipeline/Jobs/'));
  expect(jobs.flatMap(({ statements }) => statements.map(({ Sid }) => Sid))).toEqual(
    expect.arrayContaining(['MakeNetworkInterfaces', 'EncryptVolumes']),
  );
  expect(await judged(new PolicyJudge(EXCEPTIONS), jobs)).toEqual([]);
});

test("[S10] AWS's reference has nothing against what answers questions, and what asks them, may do", async () => {
  const roles = rolesOf(synthesizedAsking('prod')).filter(({ path }) =>
    /\/(SecondOpinions|TokenExchange)\//.test(path),
  );
  expect(roles.flatMap(({ statements }) => statements.map(({ Sid }) => Sid))).toEqual(
    expect.arrayContaining(['CountQuestions', 'CountUndelivered', 'Answer', 'PutOwnQuestions']),
  );
  expect(await judged(new PolicyJudge(EXCEPTIONS), roles)).toEqual([]);
});

describe.each(ENVIRONMENTS)("%s: AWS's reference", (environment) => {
  const app = () => synthesizedApp(environment);

  test('knows every action, resource, condition and dependent right of every role', async () => {
    expect(await judged(new PolicyJudge(EXCEPTIONS), rolesOf(app()))).toEqual([]);
  });

  test('knows what the policies of resources, and the trust in roles, speak of', async () => {
    expect(await judged(new PolicyJudge(EXCEPTIONS), resourcePoliciesOf(app()))).toEqual([]);
  });

  test('knows what the policy of devices speaks of', async () => {
    expect(await judged(new PolicyJudge(EXCEPTIONS, deviceActionsMatching), devicesOf(app()))).toEqual([]);
  });
});

test('every exception above is needed somewhere', async () => {
  const judge = new PolicyJudge(EXCEPTIONS);
  for (const environment of ENVIRONMENTS) await judged(judge, rolesOf(synthesizedApp(environment)));
  const listed = Object.entries(EXCEPTIONS).flatMap(([kind, keys]) =>
    Object.keys(keys).map((key) => `${kind}: ${key}`),
  );
  expect(listed.filter((key) => !judge.needed.has(key))).toEqual([]);
});

describe('a fault of ours, put back', () => {
  const dev = () => synthesizedApp('dev');
  const greengrass = (rest: string) =>
    `arn:aws:greengrass:${dev().config.region}:${dev().config.account}:${rest}`;
  /** The role, or the device policy, of a construct. */
  const changed = (end: string, fault: Fault): Principal => {
    const [found] = [...rolesOf(dev()), ...devicesOf(dev())].filter(({ path }) => path.endsWith(end));
    if (!found) throw new Error(`no role ends with ${end}`);
    return { path: found.path, statements: planted(found.statements, fault) };
  };

  test.each(['DeployWave', 'RollBackWave'])('C1: %s may deploy by the ARN of deployments', async (step) => {
    const deployments = greengrass('deployments:*');
    const role = changed(`${step}/Role`, withResource('greengrass:CreateDeployment', [deployments]));
    expect(await new PolicyJudge(EXCEPTIONS).faultsOf(role)).toEqual([
      `dev/Fleet/Rollout/${step}/Role: greengrass:CreateDeployment on ${deployments} is refused, for the action has no resource type: only * allows it`,
    ]);
  });

  test('C2: CheckWave may list effective deployments, and not what they are made of', async () => {
    const role = changed('CheckWave/Role', withoutStatements(/^Read(Deployment|JobExecution)/));
    const lacking = [
      'DescribeJob',
      'DescribeThing',
      'DescribeThingGroup',
      'GetThingShadow',
      'DescribeJobExecution',
    ];
    expect(await new PolicyJudge(EXCEPTIONS).faultsOf(role)).toEqual(
      lacking.map(
        (action) =>
          `dev/Fleet/Rollout/CheckWave/Role: greengrass:ListEffectiveDeployments on ${greengrass('coreDevices:*')} is refused, for the role lacks iot:${action}`,
      ),
    );
  });

  test.each(['DeployWave', 'RollBackWave'])('C2: %s may deploy, and not touch shadows', async (step) => {
    const role = changed(`${step}/Role`, withoutStatements(/^WriteDeploymentShadows$/));
    expect(await new PolicyJudge(EXCEPTIONS).faultsOf(role)).toEqual(
      ['Delete', 'Update'].map(
        (verb) =>
          `dev/Fleet/Rollout/${step}/Role: greengrass:CreateDeployment on * is refused, for the role lacks iot:${verb}ThingShadow`,
      ),
    );
  });

  test.each([
    ['ResolveComponentCandidates', 'components:*', 'the action has no resource type: only * allows it'],
    ['GetDeploymentConfiguration', 'deployments:*', 'the action has no resource type: only * allows it'],
    ['ListThingGroupsForCoreDevice', 'coreDevices:*', 'the action is about a thing'],
  ])('C3: a device may %s of %s', async (action, resource, reason) => {
    const policy = changed(
      'DevicePolicy/Policy',
      withResource(`greengrass:${action}`, [greengrass(resource)]),
    );
    const faults = await new PolicyJudge(EXCEPTIONS, deviceActionsMatching).faultsOf(policy);
    expect(faults[0]).toBe(
      `dev/Fleet/DevicePolicy/Policy: greengrass:${action} on ${greengrass(resource)} is refused, for ${reason}`,
    );
  });
});

describe('a fault of any kind', () => {
  const allow = (action: string, resource: string, key?: string): Principal => ({
    path: 'A/Role',
    statements: [
      {
        Effect: 'Allow',
        Action: [action],
        Resource: [resource],
        ...(key !== undefined && { Condition: { StringEquals: { [key]: 'value' } } }),
      },
    ],
  });

  test.each([
    ['an action that there is not', allow('s3:ReadObject', '*'), 's3:ReadObject on * is about nothing'],
    ['a service that there is not', allow('s4:GetObject', '*'), 's4:GetObject on * is about nothing'],
    ['a pattern of nothing', allow('s3:Read*', '*'), 's3:Read* on * is about nothing'],
    [
      'the bucket of an object',
      allow('s3:GetObject', 'arn:aws:s3:::bucket'),
      's3:GetObject on arn:aws:s3:::bucket is refused, for the action is about a',
    ],
    [
      'a key in place of a list',
      allow('s3:ListBucket', 'arn:aws:s3:::bucket/images/*'),
      's3:ListBucket on arn:aws:s3:::bucket/images/* is refused, for the action is about a',
    ],
    [
      'a key that no request carries',
      allow('s3:GetObject', 'arn:aws:s3:::bucket/*', 's3:prefix'),
      's3:GetObject on arn:aws:s3:::bucket/* is refused, for no such request carries s3:prefix',
    ],
    [
      'everything where names would do',
      allow('kms:Sign', '*'),
      'kms:Sign on * is too wide, for the action can name a key',
    ],
    [
      'a job that cannot be given its role',
      allow('sagemaker:CreateTrainingJob', 'arn:aws:sagemaker:us-east-1:111122223333:training-job/*'),
      'sagemaker:CreateTrainingJob on arn:aws:sagemaker:us-east-1:111122223333:training-job/* is refused, for the role lacks iam:PassRole',
    ],
  ])('is told: %s', async (_what, principal, sentence) => {
    const [first] = await new PolicyJudge(EXCEPTIONS).faultsOf(principal);
    expect(first).toContain(`A/Role: ${sentence}`);
  });

  test.each([
    ['a global key', allow('s3:GetObject', 'arn:aws:s3:::bucket/*', 'aws:SourceAccount')],
    [
      'a tag',
      allow(
        'sagemaker:DescribeModelPackage',
        'arn:aws:sagemaker:us-east-1:111122223333:model-package/a/*',
        'aws:ResourceTag/a',
      ),
    ],
    ['a family', allow('s3:GetObject*', 'arn:aws:s3:::bucket/a?c/*')],
  ])('is not seen in %s', async (_what, principal) => {
    expect(await new PolicyJudge(EXCEPTIONS).faultsOf(principal)).toEqual([]);
  });
});
