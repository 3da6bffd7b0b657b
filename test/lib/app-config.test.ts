import { App } from 'aws-cdk-lib';
import { dev } from '../../config/dev';
import { local } from '../../config/local';
import { prod } from '../../config/prod';
import { type AppConfig, ContractError } from '../../contracts';
import { loadConfig, parseConfig } from '../../lib/app-config';

type Change = (config: AppConfig) => void;

function problemsAfter(base: AppConfig, change: Change): readonly string[] {
  const config = structuredClone(base);
  change(config);
  try {
    parseConfig(config, 'config/test.ts');
  } catch (error) {
    if (error instanceof ContractError) return error.problems;
    throw error;
  }
  return [];
}

describe('[D1] the configuration of an environment', () => {
  test.each([
    ['local', local],
    ['dev', dev],
    ['prod', prod],
  ])('%s is valid, and names itself', (name, config) => {
    expect(parseConfig(config, name).environmentName).toBe(name);
  });

  test.each<[string, Change, RegExp]>([
    ['a region that is none', (c) => void (c.region = 'mars'), /^region: .*got "mars"$/],
    ['an account of 11 digits', (c) => void (c.account = '12345678901'), /^account: .*got "12345678901"$/],
    [
      'a probability above 1',
      (c) => void (c.training.minimumAccuracy = 1.5),
      /^training\.minimumAccuracy: .*<= 1.*got 1\.5$/,
    ],
    [
      'a retention that CloudWatch does not know',
      (c) => void (c.lambda.logRetentionDays = 2 as never),
      /^lambda\.logRetentionDays: must be one of 1, 3/,
    ],
    [
      'approval without a person',
      (c) => void (c.registry.approval = 'automatic' as never),
      /^registry\.approval: /,
    ],
    [
      'an unknown field',
      (c) => void Object.assign(c.telemetry, { windowSeconds: 1 }),
      /^telemetry: unknown field 'windowSeconds'$/,
    ],
    [
      'a missing field',
      (c) => void Reflect.deleteProperty(c.device.upload, 'privacy'),
      /^device\.upload: .*'privacy'$/,
    ],
  ])('refuses %s, naming field, rule and value', (_what, change, message) => {
    expect(problemsAfter(local, change)).toEqual([expect.stringMatching(message)]);
  });

  test.each<[string, AppConfig, Change, RegExp]>([
    [
      'waves in another order',
      dev,
      (c) => void c.rollout.waves.reverse(),
      /^rollout\.waves: must be canary, then stable, got \["stable","canary"\]$/,
    ],
    [
      'a time-out shorter than a poll',
      dev,
      (c) => void (c.rollout.pollSeconds = 3_600),
      /^rollout\.waves\.0\.installTimeoutSeconds: must be longer than rollout\.pollSeconds \(3600\), got 3600$/,
    ],
    [
      'a sketch that does not divide a day',
      dev,
      (c) => void (c.telemetry.sketchWindowSeconds = 7),
      /^telemetry\.sketchWindowSeconds: must divide a day .*got 7$/,
    ],
    [
      'an evaluation shorter than a sketch',
      dev,
      (c) => void (c.monitoring.windowMinutes = 1),
      /^monitoring\.windowMinutes: must hold at least one sketch.*got 1$/,
    ],
    [
      'labels forgotten before results',
      dev,
      (c) => void (c.monitoring.labelWindowMinutes = 60),
      /^monitoring\.labelWindowMinutes: must not be below monitoring\.windowMinutes \(180\), got 60$/,
    ],
    [
      'an alarm above the gate',
      dev,
      (c) => void (c.monitoring.minimumAccuracy = 0.99),
      /^monitoring\.minimumAccuracy: must not be above training\.minimumAccuracy \(0\.9\), got 0\.99$/,
    ],
    [
      'a class that needs more labels than a retraining',
      dev,
      (c) => void (c.retraining.minimumLabelsPerNewClass = 500),
      /^retraining\.minimumLabelsPerNewClass: must not be above retraining\.minimumNewLabels \(100\), got 500$/,
    ],
    [
      'the local account in AWS',
      dev,
      (c) => void (c.account = '000000000000'),
      /^account: must be 000000000000 in local, and only there/,
    ],
    [
      'an AWS account in local',
      local,
      (c) => void (c.account = '111111111111'),
      /^account: must be 000000000000 in local/,
    ],
    [
      'plaintext outside local',
      dev,
      (c) => void (c.transport = 'any'),
      /^transport: must be tls-only outside local, got "any"$/,
    ],
    [
      'a prod that forgets',
      prod,
      (c) => void (c.removal = 'destroy'),
      /^removal: must be retain in prod, got "destroy"$/,
    ],
  ])('refuses %s', (_what, base, change, message) => {
    expect(problemsAfter(base, change)).toContainEqual(expect.stringMatching(message));
  });

  test('reports every problem at once', () => {
    const problems = problemsAfter(dev, (config) => {
      config.region = 'mars';
      config.training.epochs = 0;
      config.rollout.limits.latencyRatio = 0.5;
    });
    expect(problems.map((problem) => problem.split(':')[0])).toEqual([
      'region',
      'training.epochs',
      'rollout.limits.latencyRatio',
    ]);
  });
});

describe('[D1] choosing an environment', () => {
  test('is by the context value env, and local without one', () => {
    expect(loadConfig(new App())).toBe(local);
    expect(loadConfig(new App({ context: { env: 'prod' } }))).toBe(prod);
  });

  test.each(['staging', 'toString', 3])('refuses %p and says what there is', (env) => {
    expect(() => loadConfig(new App({ context: { env } }))).toThrow(
      `context 'env': must be one of local, dev, prod, got ${JSON.stringify(env)}`,
    );
  });
});
