/** The estimate reads what `cdk synth` writes. */
import { estimateCost } from '../../cli/cost/estimate-cost';
import { type CostTemplate, readCostFacts } from '../../cli/cost/read-facts';
import { DEFAULT_USAGE } from '../../cli/cost/usage';
import { ENVIRONMENTS, synthesizedApp } from './synthesized-app';

const templatesOf = (environment: (typeof ENVIRONMENTS)[number]) =>
  [...synthesizedApp(environment).templates.values()].map((template) => template.toJSON() as CostTemplate);

test.each(ENVIRONMENTS)('[B12] the templates of %s say what costs', (environment) => {
  const { config, resources } = synthesizedApp(environment);
  const facts = readCostFacts(templatesOf(environment));
  expect(facts).toMatchObject({
    alarms: resources('AWS::CloudWatch::Alarm').length,
    isArm: config.lambda.architecture === 'arm64',
    maximumExecutionsPerMonth: config.retraining.maximumExecutionsPerMonth,
    messageBytes: config.device.outbox?.messageBytes,
    statusIntervalSeconds: config.device.statusIntervalSeconds,
    dailyByteBudget: config.device.upload?.dailyByteBudget,
    sketchWindowSeconds: config.telemetry.sketchWindowSeconds,
    resultDays: config.telemetry.resultDays,
    captureDays: config.telemetry.captureDays,
    deviceMetricLimit: 0,
    evaluations: (30 * 24 * 60) / config.monitoring.scheduleMinutes,
    retrainingLooks: (30 * 24 * 60) / config.retraining.scheduleMinutes,
  });
  expect(facts.jobs.map(({ step }) => step)).toEqual(['Prepare', 'Train', 'Evaluate', 'Export']);
  for (const job of facts.jobs) {
    expect(job).toMatchObject({
      instanceType: config.training.instanceType,
      timeoutHours: config.training.timeoutMinutes / 60,
    });
  }
});

test('[B12] nothing of dev and prod is without a price, and telemetry is what grows with the fleet', () => {
  for (const environment of ['dev', 'prod'] as const) {
    const facts = readCostFacts(templatesOf(environment));
    const cost = (devices: number) => estimateCost(facts, { ...DEFAULT_USAGE, devices, fps: 5 }, 'us-east-1');
    const perDevice = (cost(1_000).usd - cost(0).usd) / 1_000;
    // One object and one transaction per message came to 11 USD, records that are not compressed to 2.
    expect(perDevice).toBeGreaterThan(0.5);
    expect(perDevice).toBeLessThan(1.5);
    expect(cost(0).usd).toBeLessThan(60);
  }
});

test('a template without a pipeline is refused by what it lacks', () => {
  const [first] = templatesOf('dev');
  expect(() => readCostFacts([first as CostTemplate])).toThrow(
    'templates: must have one Custom::GreengrassComponentVersion, got 0',
  );
});
