/** What a budget stops, whom it tells, and that it stops nothing else: its meaning, by a simulator of IAM. */
import { dev } from '../../config/dev';
import { ContractError } from '../../contracts';
import { type AppConfig, parseConfig } from '../../lib/shared/app-config';
import { simulate, simulateService } from './iam-simulator';
import type { Statement } from './policy-statements';
import { ResolvedValues } from './resolved-values';
import { type ResolvedStatement, resolved, resourcePoliciesOf, rolesOf } from './role-policies';
import { type PlacedResource, type SynthesizedApp, synthesizedApp, synthesizedWith } from './synthesized-app';

const BUDGET = {
  monthlyUsd: 200,
  counts: 'account',
  retrainingStopsAtPercent: 80,
  trainingStopsAtPercent: 100,
} as const;
const withBudget = (changes: Partial<NonNullable<AppConfig['budget']>>): AppConfig =>
  parseConfig({ ...dev, budget: { ...BUDGET, ...changes } }, 'dev with a budget');

const app = synthesizedApp('dev');
const { region, account } = app.config;
const only = (type: string, of: SynthesizedApp = app): PlacedResource => {
  const [found, ...others] = of.resources(type);
  expect(others).toEqual([]);
  if (!found) throw new Error(`there is no ${type}`);
  return found;
};
const roleAt = (end: string) => {
  const found = rolesOf(app).find(({ path }) => path.endsWith(end));
  if (!found) throw new Error(`there is no role ${end}`);
  return found;
};
const pipelineRole = roleAt('/Pipeline/Access/Role');
const budgetRole = roleAt('/Budget/Role');

/** Of the policy that the action attaches. */
function denied(): ResolvedStatement[] {
  const { stack, Properties } = only('AWS::IAM::ManagedPolicy');
  expect(Properties).not.toHaveProperty('Roles');
  const values = new ResolvedValues(app);
  return Properties.PolicyDocument.Statement.map((statement: Statement) =>
    resolved(values, stack, statement),
  );
}

const CREATES = [
  ['sagemaker:CreateTrainingJob', 'training-job/pipelines-1-train'],
  ['sagemaker:CreateProcessingJob', 'processing-job/pipelines-1-prepare'],
] as const;

test.each(CREATES)(
  '[B12] %s is taken from the pipeline while the policy is attached, and given back',
  async (action, rest) => {
    const resource = `arn:aws:sagemaker:${region}:${account}:${rest}`;
    const may = (statements: readonly ResolvedStatement[]) =>
      simulate(statements, { principal: pipelineRole.arn, action, resource });
    expect(await may(pipelineRole.statements)).toBe(true);
    expect(await may([...pipelineRole.statements, ...denied()])).toBe(false);
  },
);

test('[B12] jobs that run are described and stopped as before', async () => {
  const resource = `arn:aws:sagemaker:${region}:${account}:training-job/pipelines-1-train`;
  for (const verb of ['Describe', 'Stop']) {
    const action = `sagemaker:${verb}TrainingJob`;
    const statements = [...pipelineRole.statements, ...denied()];
    expect(await simulate(statements, { principal: pipelineRole.arn, action, resource })).toBe(true);
  }
});

test('[B12] the action attaches this policy to the pipeline, and its role could attach no other to no other', async () => {
  const { stack, Properties } = only('AWS::Budgets::BudgetsAction');
  const values = new ResolvedValues(app);
  const { PolicyArn, Roles } = Properties.Definition.IamActionDefinition;
  const policy = values.text(stack, PolicyArn);
  expect(Roles.map((role: unknown) => values.text(stack, role))).toEqual([
    pipelineRole.arn.split('/').at(-1),
  ]);
  expect(Properties).toMatchObject({ ApprovalModel: 'AUTOMATIC', NotificationType: 'ACTUAL' });
  const may = (resource: string, attached: string) =>
    simulate(budgetRole.statements, {
      principal: budgetRole.arn,
      action: 'iam:AttachRolePolicy',
      resource,
      context: { 'iam:PolicyARN': attached },
    });
  expect(await may(pipelineRole.arn, policy)).toBe(true);
  expect(await may(pipelineRole.arn, 'arn:aws:iam::aws:policy/AdministratorAccess')).toBe(false);
  expect(await may(budgetRole.arn, policy)).toBe(false);
});

test('[B12] AWS Budgets may publish to the topic and use its key, for this account only', async () => {
  const policies = resourcePoliciesOf(app);
  const statementsOf = (end: string) =>
    policies.filter(({ path }) => path.includes(end)).flatMap(({ statements }) => statements);
  const values = new ResolvedValues(app);
  const topic = only('AWS::SNS::Topic');
  const key = values.text(topic.stack, topic.Properties.KmsMasterKeyId);
  const arn = values.text(topic.stack, { Ref: topic.logicalId });
  const asks = (action: string, resource: string, sender: string) =>
    simulateService(statementsOf(action.startsWith('sns') ? 'Alarms/Topic' : 'EncryptionKey'), {
      service: 'budgets.amazonaws.com',
      action,
      resource,
      account,
      context: {
        'aws:SourceAccount': sender,
        'aws:SourceArn': `arn:aws:budgets::${sender}:budget/any`,
        'aws:SecureTransport': 'true',
      },
    });
  for (const [action, resource] of [
    ['sns:Publish', arn],
    ['kms:Decrypt', key],
    ['kms:GenerateDataKey', key],
  ] as const) {
    expect(await asks(action, resource, account)).toBe(true);
    expect(await asks(action, resource, '999999999999')).toBe(false);
  }
});

test('[B12] retraining is asked to stop below the share at which training is stopped', () => {
  const { Properties } = only('AWS::Budgets::Budget');
  expect(Properties.Budget).toMatchObject({ BudgetLimit: { Amount: 200, Unit: 'USD' }, TimeUnit: 'MONTHLY' });
  expect(Properties.Budget).not.toHaveProperty('BudgetName');
  expect(Properties.NotificationsWithSubscribers[0].Notification.Threshold).toBe(80);
  expect(only('AWS::Budgets::BudgetsAction').Properties.ActionThreshold).toEqual({
    Type: 'PERCENTAGE',
    Value: 100,
  });
});

test("[B12] of a shared account it counts what has the environment's tags, which stacks and jobs carry", () => {
  const shared = synthesizedWith(withBudget({ counts: 'environment' }));
  const { FilterExpression } = only('AWS::Budgets::Budget', shared).Properties.Budget;
  const wanted = Object.fromEntries(
    FilterExpression.And.map(({ Tags }: { Tags: { Key: string; Values: string[] } }) => [
      Tags.Key,
      Tags.Values[0],
    ]),
  );
  expect(wanted).toEqual({ application: 'kaizen-edge', environment: 'dev' });
  for (const stack of Object.values(shared.stacks)) expect(stack.tags.tagValues()).toMatchObject(wanted);
  const { PipelineDefinitionBody } = only('AWS::SageMaker::Pipeline', shared).Properties.PipelineDefinition;
  const text = new ResolvedValues(shared).text('training', PipelineDefinitionBody);
  const jobs = JSON.parse(text).Steps.filter(({ Type }: { Type: string }) =>
    ['Training', 'Processing'].includes(Type),
  );
  expect(jobs).toHaveLength(4);
  for (const { Arguments } of jobs) {
    expect(Arguments.Tags).toEqual(
      expect.arrayContaining(Object.entries(wanted).map(([Key, Value]) => ({ Key, Value }))),
    );
  }
});

test('[B12] an environment without a budget has nothing of it', () => {
  const local = synthesizedApp('local');
  expect(local.resources('AWS::Budgets::Budget')).toEqual([]);
  expect(JSON.stringify(local.resources('AWS::KMS::Key'))).not.toContain('budgets.amazonaws.com');
});

test.each<[string, Partial<NonNullable<AppConfig['budget']>>, Partial<AppConfig>, string]>([
  [
    'training before retraining',
    { retrainingStopsAtPercent: 100 },
    {},
    'budget.retrainingStopsAtPercent: must be below budget.trainingStopsAtPercent (100), got 100',
  ],
  ['no money', { monthlyUsd: 0 }, {}, 'budget.monthlyUsd'],
  [
    'the local AWS',
    {},
    { account: '000000000000' },
    'budget: must be left out in the local AWS (account 000000000000), which has no bill',
  ],
])('[B12] a configuration is refused: %s', (_, changes, others, sentence) => {
  const parse = () => parseConfig({ ...dev, ...others, budget: { ...BUDGET, ...changes } }, 'config');
  expect(parse).toThrow(ContractError);
  expect(parse).toThrow(sentence);
});
