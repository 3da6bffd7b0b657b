import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { App } from 'aws-cdk-lib';
import { dev } from '../../../config/dev';
import { local } from '../../../config/local';
import { prod } from '../../../config/prod';
import { type AppConfig, ContractError } from '../../../contracts';
import { loadConfig, parseConfig } from '../../../lib/shared/app-config';

const TUNING = {
  strategy: 'Bayesian',
  maximumJobs: 4,
  parallelJobs: 2,
  earlyStopping: 'Auto',
  objective: { metric: 'accuracy', regex: '"accuracy": ([0-9.]+)', goal: 'Maximize' },
  ranges: { learning_rate: { type: 'Continuous', minimum: 0.01, maximum: 0.3, scaling: 'Logarithmic' } },
} satisfies AppConfig['training']['tuning'];

/** A copy of `base` with the field at `path` set; undefined removes it. */
function changed(base: AppConfig, path: string, value: unknown): AppConfig {
  const copy = structuredClone(base);
  const names = path.split('.');
  const last = names.pop() ?? '';
  const parent = names.reduce<object>((object, name) => Reflect.get(object, name), copy);
  if (value === undefined) Reflect.deleteProperty(parent, last);
  else Reflect.set(parent, last, value);
  return copy;
}

function problemsOf(config: AppConfig): readonly string[] {
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

  test.each([
    [
      'a script outside training/scripts',
      'training.script',
      'kaizen_training/adapter.py',
      /^training\.script: /,
    ],
    [
      'a code for two classes',
      'dispositionPolicy.codes',
      { good: 1, dent: 2, crack: 1 },
      /^dispositionPolicy\.codes\.crack: must be a code that no other class has, got 1/,
    ],
    ['unnamed classes that pass', 'dispositionPolicy.otherwise', 'pass', /^dispositionPolicy\.otherwise: /],
    [
      'a script above it',
      'training.script',
      'scripts/../evil.py',
      /^training\.script: .*got "scripts\/\.\.\/evil\.py"$/,
    ],
    ['a region that is none', 'region', 'mars', /^region: .*got "mars"$/],
    ['an account of 11 digits', 'account', '12345678901', /^account: .*got "12345678901"$/],
    [
      'a probability above 1',
      'training.minimumAccuracy',
      1.5,
      /^training\.minimumAccuracy: .*<= 1, got 1\.5$/,
    ],
    [
      'a retention that CloudWatch lacks',
      'lambda.logRetentionDays',
      2,
      /^lambda\.logRetentionDays: must be one of 1, 3/,
    ],
    [
      'approval without a person',
      'registry.approval',
      'automatic',
      /^registry\.approval: .*got "automatic"$/,
    ],
    [
      'a pager without TLS',
      'monitoring.alarmSubscriptions',
      ['line@example.com', 'http://pager.example.com/'],
      /^monitoring\.alarmSubscriptions\.1: .*got "http:\/\/pager\.example\.com\/"$/,
    ],
    [
      'an e-mail address that is none',
      'monitoring.alarmSubscriptions',
      ['line'],
      /^monitoring\.alarmSubscriptions\.0: .*got "line"$/,
    ],
    [
      'one address twice',
      'monitoring.alarmSubscriptions',
      ['line@example.com', 'line@example.com'],
      /^monitoring\.alarmSubscriptions: /,
    ],
    ['images beyond any budget', 'imagePolicy', { width: 2048 }, /^imagePolicy\.width: .*<= 1024, got 2048$/],
    ['a fit that is none', 'imagePolicy', { fit: 'zoom' }, /^imagePolicy\.fit: must be one of stretch, /],
    [
      'a region beyond the frame',
      'imagePolicy',
      { region: { x: 0.5, y: 0, width: 0.6, height: 1 } },
      /^imagePolicy\.region\.width: must be at most 1 - x \(x is 0\.5\), got 0\.6$/,
    ],
    ['an unknown field', 'telemetry.windowSeconds', 1, /^telemetry: unknown field 'windowSeconds'$/],
    ...['Plant', '7-plant', 'plant--7', 'plant-', 'plant_7', 'p', 'plant.7'].map(
      (name) =>
        [`an environment called ${name}`, 'environmentName', name, /^environmentName: /] as [
          string,
          string,
          unknown,
          RegExp,
        ],
    ),
    ['a missing field', 'device.upload.privacy', undefined, /^device\.upload: .*'privacy'$/],
  ])('refuses %s, naming field, rule and value', (_what, path, value, message) => {
    expect(problemsOf(changed(local, path, value))).toEqual([expect.stringMatching(message)]);
  });

  test.each<[string, object, RegExp[]]>([
    [
      'more trials at a time than at all',
      { parallelJobs: 5 },
      [/parallelJobs: must not be above maximumJobs \(4\), got 5$/],
    ],
    ['another strategy', { strategy: 'Grid' }, [/strategy: must be one of Random, Bayesian, got "Grid"$/]],
    [
      'a pattern without a group',
      { objective: { ...TUNING.objective, regex: 'accuracy' } },
      [/regex: must be a regular expression with one group, got "accuracy"$/],
    ],
    [
      'a pattern that is none',
      { objective: { ...TUNING.objective, regex: '(' } },
      [/regex: must be a regular expression/],
    ],
    [
      'ranges that hold nothing, all at once',
      {
        ranges: {
          learning_rate: { type: 'Continuous', minimum: 0, maximum: 0, scaling: 'Logarithmic' },
          script: { type: 'Categorical', values: ['other.py'] },
        },
      },
      [
        /ranges\.learning_rate\.maximum: must be above minimum \(0\), got 0$/,
        /ranges\.learning_rate\.minimum: must be above 0 on a logarithmic scale, got 0$/,
        /ranges\.script: is given by the pipeline and cannot be searched/,
      ],
    ],
  ])('[S6] refuses a search with %s', (_what, changes, messages) => {
    expect(problemsOf(changed(local, 'training.tuning', TUNING))).toEqual([]);
    const problems = problemsOf(changed(local, 'training.tuning', { ...TUNING, ...changes }));
    expect(problems).toEqual(messages.map((message) => expect.stringMatching(message)));
  });

  test('[S1] takes hyperparameters of a script, and refuses those that have a field of their own', () => {
    const given = (value: unknown) => problemsOf(changed(local, 'training.hyperparameters', value));
    expect(given({ optimizer: 'adam', dropout: 0.5, nesterov: true })).toEqual([]);
    expect(given({ epochs: 3 })).toEqual([
      'training.hyperparameters.epochs: is set by training.epochs, got 3',
    ]);
    expect(given({ 'drop-out': 0.5 })[0]).toMatch(/^training\.hyperparameters: .*got "drop-out"$/);
    expect(given({ layers: [1, 2] })[0]).toMatch(/^training\.hyperparameters\.layers: /);
  });

  test.each<[string, AppConfig, string, unknown, string]>([
    [
      'an architecture in no hardware class',
      dev,
      'training.hardwareClasses.gateway.architectures',
      ['linux-x64'],
      'training.hardwareClasses: must have linux-x64 of registry.architectures in exactly one class, got ["industrial-pc","gateway"]',
    ],
    [
      'a cloud variant that is no larger',
      dev,
      'training.cloudVariant',
      { widthMultiplier: dev.training.widthMultiplier },
      'training.cloudVariant.widthMultiplier: must be above training.widthMultiplier (0.5), got 0.5',
    ],
    [
      'waves in another order',
      dev,
      'rollout.waves',
      dev.rollout.waves.toReversed(),
      'rollout.waves: must be canary, then stable, got ["stable","canary"]',
    ],
    [
      'a time-out shorter than a poll',
      dev,
      'rollout.pollSeconds',
      3_600,
      'rollout.waves.0.installTimeoutSeconds: must be longer than rollout.pollSeconds (3600), got 3600',
    ],
    [
      'a sketch that does not divide a day',
      dev,
      'telemetry.sketchWindowSeconds',
      7,
      'telemetry.sketchWindowSeconds: must divide a day (86400 s), got 7',
    ],
    [
      'an evaluation shorter than a sketch',
      dev,
      'monitoring.windowMinutes',
      1,
      'monitoring.windowMinutes: must hold at least one sketch of telemetry.sketchWindowSeconds (300), got 1',
    ],
    [
      'labels forgotten before results',
      dev,
      'monitoring.labelWindowMinutes',
      60,
      'monitoring.labelWindowMinutes: must not be below monitoring.windowMinutes (180), got 60',
    ],
    [
      'captures gone before their labels',
      dev,
      'telemetry.captureDays',
      6,
      'telemetry.captureDays: must not be below monitoring.labelWindowMinutes (10080), got 6',
    ],
    [
      'a training script that is not there',
      dev,
      'training.script',
      'scripts/pytorch/missing.py',
      'training.script: must be a file of training/, got "scripts/pytorch/missing.py"',
    ],
    [
      'an image of another region',
      dev,
      'region',
      'eu-central-1',
      `training.image: must lie in the region (eu-central-1), got "${dev.training.image}"`,
    ],
    [
      'a region without the image',
      prod,
      'training.image',
      '763104351884.dkr.ecr.eu-west-1.amazonaws.com/pytorch:2.13',
      'training.image: must lie in the region (us-east-1), got "763104351884.dkr.ecr.eu-west-1.amazonaws.com/pytorch:2.13"',
    ],
    [
      'a volume key of another region',
      prod,
      'training.volumeKeyArn',
      'arn:aws:kms:eu-west-1:222222222222:key/volumes',
      'training.volumeKeyArn: must lie in the region (us-east-1), got "arn:aws:kms:eu-west-1:222222222222:key/volumes"',
    ],
    [
      'an alarm above the gate',
      dev,
      'monitoring.minimumAccuracy',
      0.99,
      'monitoring.minimumAccuracy: must not be above training.minimumAccuracy (0.9), got 0.99',
    ],
    [
      'spot capacity that may be waited for less long than it is used',
      local,
      'training.spot',
      { maximumWaitMinutes: 29 },
      'training.spot.maximumWaitMinutes: must not be below training.timeoutMinutes (30), got 29',
    ],
    [
      'spot capacity for a search',
      changed(local, 'training.tuning', TUNING),
      'training.spot',
      { maximumWaitMinutes: 60 },
      'training.spot: must be left out where training.tuning is configured: all trials would share one checkpoint folder, got {"maximumWaitMinutes":60}',
    ],
    [
      'a class that needs more labels than a retraining',
      dev,
      'retraining.minimumLabelsPerNewClass',
      500,
      'retraining.minimumLabelsPerNewClass: must not be above retraining.minimumNewLabels (100), got 500',
    ],
    [
      'plaintext in AWS',
      local,
      'account',
      '111111111111',
      'transport: must be tls-only outside the local AWS (account 000000000000), got "any"',
    ],
    [
      'names that are too long together',
      changed(dev, 'environmentName', 'a-plant-far-away-in-the-mountain'),
      'useCase',
      'surface-inspection-of-steel',
      'environmentName, useCase: must give a model package group of at most 63 letters, digits and hyphens that ends in no hyphen (\'kaizen-a-plant-far-away-in-the-mountain--surface-inspection-of-steel\' has 68), got ["a-plant-far-away-in-the-mountain","surface-inspection-of-steel"]',
    ],
  ])('refuses %s', (_what, base, path, value, problem) => {
    expect(problemsOf(changed(base, path, value))).toContain(problem);
  });

  test.each(['scripts/pytorch/inspect_surface.py', 'scripts/mxnet-gluon/model_zoo.py', undefined])(
    '[S1] takes the training script %s',
    (script) => {
      expect(problemsOf(changed(dev, 'training.script', script))).toEqual([]);
    },
  );

  test.each([
    '763104351884.dkr.ecr.us-east-1.amazonaws.com/pytorch:2.13',
    'public.ecr.aws/deep-learning/pytorch:2.13',
    'registry.example.com:5000/us-west-2/pytorch:2.13',
  ])('takes the image %s in us-east-1', (image) => {
    expect(problemsOf(changed(dev, 'training.image', image))).toEqual([]);
  });

  test('[B27] F11: refuses a camera address that cannot be meant, and does not show it', () => {
    const cameras = { north: { type: 'rtsp', url: 'rtsp://admin:12/s3cret@10.0.0.1:554/s' } };
    expect(problemsOf(changed(dev, 'device.cameras', cameras))).toEqual([
      "device.cameras.north.url: write '/', '?', '#' and '@' in a user or password as %2F, %3F, %23 and %40",
    ]);
  });

  test('reports every problem at once', () => {
    let config = changed(dev, 'region', 'mars');
    config = changed(config, 'training.epochs', 0);
    config = changed(config, 'rollout.limits.latencyRatio', 0.5);
    expect(problemsOf(config).map((problem) => problem.split(':')[0])).toEqual([
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

  test("takes the context's `name` for a copy of an environment under another name", () => {
    const load = (name: unknown) => loadConfig(new App({ context: { env: 'local', name } }));
    expect(load('plant-7')).toEqual({ ...local, environmentName: 'plant-7' });
    expect(load('local')).toBe(local);
    expect(() => load('Plant 7')).toThrow(/config\/local\.ts under the context's 'name'.*environmentName/s);
  });

  test('[C9] is by the name of a file: a new environment is a new file', () => {
    const folder = mkdtempSync(join(tmpdir(), 'kaizen-config-'));
    const write = (name: string, config: AppConfig) =>
      writeFileSync(join(folder, `${name}.ts`), `export const settings = ${JSON.stringify(config)};`);
    try {
      write('plant-7', changed(dev, 'environmentName', 'plant-7'));
      write('plant-8', changed(dev, 'environmentName', 'plant-7'));
      const load = (env: string) => loadConfig(new App({ context: { env } }), folder);
      expect(load('plant-7')).toMatchObject({ environmentName: 'plant-7', account: dev.account });
      expect(() => load('plant-8')).toThrow(
        'environmentName: must be the name of its file (plant-8), got "plant-7"',
      );
      expect(() => load('dev')).toThrow(`context 'env': must be one of plant-7, plant-8, got "dev"`);
      const context = { env: 'plant-7', configurations: folder };
      expect(loadConfig(new App({ context }))).toEqual(load('plant-7'));
    } finally {
      rmSync(folder, { recursive: true });
    }
  });

  test.each(['staging', 'toString', 3])('refuses %p and says what there is', (env) => {
    expect(() => loadConfig(new App({ context: { env } }))).toThrow(
      `context 'env': must be one of dev, local, prod, got ${JSON.stringify(env)}`,
    );
  });
});
