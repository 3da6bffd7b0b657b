import { Match, Template } from 'aws-cdk-lib/assertions';
import { REGISTRY_EVENTS } from '../../lambda/registry/names';
import { eventSource } from '../../lambda/shared/names';
import { seededRandom } from '../lambda/shared/builders';
import { type Definition, definitionOf, type Retrier, retryDelay, type State } from './rollout-machine';
import { ENVIRONMENTS, synthesizedApp } from './synthesized-app';

function successors(state: State): string[] {
  return [
    state.Next,
    state.Default,
    ...(state.Choices ?? []).map(({ Next }) => Next),
    ...(state.Catch ?? []).map(({ Next }) => Next),
  ].filter((name): name is string => name !== undefined);
}

function reachable({ States }: Definition, from: string): Set<string> {
  const seen = new Set<string>();
  const open = [from];
  for (let name = open.pop(); name !== undefined; name = open.pop()) {
    if (seen.has(name)) continue;
    seen.add(name);
    const state = States[name];
    if (!state) throw new Error(`there is no state '${name}'`);
    open.push(...successors(state));
  }
  return seen;
}

const definition = definitionOf('local');
const states = Object.entries(definition.States);
const ofType = (type: State['Type']) => states.filter(([, state]) => state.Type === type);

describe('the rollout state machine', () => {
  test('every state can be reached', () => {
    expect([...reachable(definition, definition.StartAt)].sort()).toEqual(
      states.map(([name]) => name).sort(),
    );
  });

  test('from every state an end can be reached', () => {
    const ends = states.filter(([, { Type }]) => Type === 'Succeed' || Type === 'Fail').map(([name]) => name);
    for (const [name] of states) {
      const after = reachable(definition, name);
      expect({ name, ends: ends.some((end) => after.has(end)) }).toEqual({ name, ends: true });
    }
  });

  test.each(ofType('Task'))('%s has a time limit, retries and a way out of every failure', (_, state) => {
    expect(state.TimeoutSeconds).toBeGreaterThan(0);
    expect(state.Retry?.at(-1)).toMatchObject({ ErrorEquals: ['States.ALL'], JitterStrategy: 'FULL' });
    expect(state.Catch?.at(-1)?.ErrorEquals).toEqual(['States.ALL']);
    // The state stays what it was, with the error beside it: the roll-back needs to know what was deployed.
    expect(state.Catch?.at(-1)?.ResultPath).toBe('$.error');
  });

  test.each(ofType('Task'))(
    'case 50: %s outlives five minutes of throttling, whatever the jitter, and ends within half an hour',
    (_, { Retry = [] }) => {
      for (const error of [
        'ThrottlingException',
        'Lambda.TooManyRequestsException',
        'States.Timeout',
        'Error',
      ]) {
        const outlived = Array.from({ length: 2_000 }, (__, seed) => {
          const used = new Map<Retrier, number>();
          const random = seededRandom(seed);
          const delays: number[] = [];
          for (let next = retryDelay(Retry, error, used, random); next !== undefined; ) {
            delays.push(next);
            next = retryDelay(Retry, error, used, random);
          }
          return delays.reduce((sum, delay) => sum + delay, 0);
        });
        expect(Math.min(...outlived)).toBeGreaterThan(300);
        expect(Math.max(...outlived)).toBeLessThan(1_800);
      }
    },
  );

  test.each(ofType('Task'))('%s does not try again what stays as it is', (_, { Retry = [] }) => {
    for (const error of ['InvalidInputError', 'ConfigurationError', 'ContractError']) {
      expect(retryDelay(Retry, error, new Map(), () => 1)).toBeUndefined();
    }
  });

  test('[B2] a failure of any step before the end leads to the roll-back', () => {
    for (const name of [
      'Plan the rollout',
      'Deploy to the wave',
      'Check the devices of the wave',
      'Judge the wave',
    ]) {
      expect(definition.States[name]?.Catch?.at(-1)?.Next).toBe('Note that a step gave up');
    }
    expect(definition.States['Note that a step gave up']?.Next).toBe('Roll back every touched wave');
  });

  test.each(ofType('Choice'))('%s has an answer to everything', (_, state) => {
    expect(state.Default).toBeDefined();
  });

  test.each(ofType('Choice'))(
    '%s goes the careful way when the answer is none that it knows',
    (name, state) => {
      const careful: Record<string, string> = {
        'Do all devices run the release?': 'Roll back every touched wave',
        'Is the release good enough?': 'Roll back every touched wave',
        'May the rollout start?': 'Nothing to roll out',
        'Is there another wave?': 'Record the release in service',
        'Does the wave have devices?': 'Is there another wave?',
        'Is there anything to wait for?': 'Record the roll-back',
        'Are the devices back?': 'Record the roll-back',
      };
      expect(state.Default).toBe(careful[name]);
    },
  );

  test('case 50: a way back that gives up is not recorded as done', () => {
    for (const name of [
      'Roll back every touched wave',
      'Check the devices rolled back',
      'Record the roll-back',
    ]) {
      expect(definition.States[name]?.Catch?.at(-1)?.Next).toBe('Roll-back not finished');
    }
    expect(definition.States['Roll-back not finished']).toMatchObject({
      Type: 'Fail',
      Error: 'RollBackNotFinished',
    });
  });

  test('a release that was rolled back ends as a failure that says why', () => {
    expect(definition.States['Rolled back']).toMatchObject({
      Type: 'Fail',
      ErrorPath: '$.ending',
      CausePath: '$.summary',
    });
    expect(definition.States['Record the roll-back']?.Next).toBe('Rolled back');
  });

  test('every wait is bounded by the configuration, and the bake by the wave', () => {
    for (const [, state] of ofType('Wait')) {
      if (state.SecondsPath) expect(state.SecondsPath).toBe('$.bakeSeconds');
      else expect(state.Seconds).toBe(synthesizedApp('local').config.rollout.pollSeconds);
    }
  });

  test.each(ENVIRONMENTS)('the longest rollout of %s fits into one execution', (environment) => {
    const { waves } = synthesizedApp(environment).config.rollout;
    const [poll] = Object.values(definitionOf(environment).States).flatMap(({ Seconds }) => Seconds ?? []);
    const waiting =
      waves.reduce((total, wave) => total + wave.installTimeoutSeconds + wave.decisionTimeoutSeconds, 0) +
      Math.max(...waves.map((wave) => wave.installTimeoutSeconds));
    // Wait entered and exited, task entered, scheduled, started, succeeded and exited, choice entered and exited.
    expect((waiting / (poll ?? 0)) * 9).toBeLessThan(25_000);
  });
});

describe.each(ENVIRONMENTS)('the rollout of %s', (environment) => {
  const { stacks } = synthesizedApp(environment);
  const template = Template.fromStack(stacks.fleet);

  test('is logged, traced, and its log is encrypted', () => {
    template.hasResourceProperties('AWS::StepFunctions::StateMachine', {
      StateMachineName: `kaizen-${environment}-rollout`,
      LoggingConfiguration: { Level: 'ALL', IncludeExecutionData: true },
      TracingConfiguration: { Enabled: true },
    });
    for (const group of Object.values(template.findResources('AWS::Logs::LogGroup'))) {
      expect(group.Properties.KmsKeyId).toBeDefined();
    }
  });

  test('starts on a ready release of its use case, and keeps events that it cannot deliver', () => {
    template.hasResourceProperties('AWS::Events::Rule', {
      EventPattern: {
        source: [eventSource({ environmentName: environment })],
        'detail-type': [REGISTRY_EVENTS.releaseReady],
        detail: { useCase: ['surface-inspection'] },
      },
      Targets: [Match.objectLike({ InputPath: '$.detail', DeadLetterConfig: Match.anyValue() })],
    });
  });

  test('[C10] case 54: whatever ends an execution, or five minutes, makes room for the next', () => {
    template.hasResourceProperties('AWS::Events::Rule', {
      EventPattern: {
        source: ['aws.states'],
        'detail-type': ['Step Functions Execution Status Change'],
        detail: {
          stateMachineArn: [{ Ref: Match.stringLikeRegexp('^RolloutStateMachine') }],
          status: ['SUCCEEDED', 'FAILED', 'TIMED_OUT', 'ABORTED'],
        },
      },
      Targets: [Match.objectLike({ DeadLetterConfig: Match.anyValue() })],
    });
    template.hasResourceProperties('AWS::Events::Rule', { ScheduleExpression: 'rate(5 minutes)' });
    template.hasResourceProperties('AWS::Lambda::EventInvokeConfig', {
      DestinationConfig: { OnFailure: { Destination: Match.anyValue() } },
    });
  });

  test('[C10] no execution times out, so no alarm has to ask whether one did', () => {
    expect(definitionOf(environment)).not.toHaveProperty('TimeoutSeconds');
  });

  test('[B5] only the roll-back may sign', () => {
    const policies = Object.entries(template.findResources('AWS::IAM::Policy'));
    const signing = policies.filter(([, policy]) => JSON.stringify(policy).includes('kms:Sign'));
    expect(signing).toHaveLength(1);
    expect(signing[0]?.[0]).toContain('RollBackWave');
  });

  test('who sweeps may ask and start executions and write the table, and nothing else', () => {
    const [policy] = Object.entries(template.findResources('AWS::IAM::Policy'))
      .filter(([name]) => name.includes('StartNextRollout'))
      .map(([, found]) => found);
    const statements: { readonly Action: string | string[] }[] = policy?.Properties.PolicyDocument.Statement;
    const services = statements
      .flatMap(({ Action }) => Action)
      .filter((action) => !action.startsWith('dynamodb:'));
    expect(services.filter((action) => !/^(kms|logs|xray|sqs):/.test(action)).sort()).toEqual([
      'states:DescribeExecution',
      'states:StartExecution',
    ]);
    expect(services.filter((action) => /^kms:(Sign|GetPublicKey)/.test(action))).toEqual([]);
  });

  test('who looks and who judges cannot deploy', () => {
    const policies = Object.entries(template.findResources('AWS::IAM::Policy'));
    const deploying = policies
      .filter(([, policy]) => JSON.stringify(policy).includes('greengrass:CreateDeployment'))
      .map(([name]) => name);
    expect(deploying).toHaveLength(2);
    expect(deploying.some((name) => /CheckWave|JudgeWave|PlanRollout|FinishRollout/.test(name))).toBe(false);
  });
});
