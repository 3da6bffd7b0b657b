import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { demoConfiguration, writeConfiguration } from '../../demo/configuration';
import { CLASS_MIX, FULL, SMALL } from '../../demo/settings';
import { loadEnvironment, parseConfig } from '../../lib/shared/app-config';

const base = loadEnvironment('local');

describe.each([SMALL, FULL])('the configuration of the $name demo', (settings) => {
  const config = parseConfig(demoConfiguration(base, settings), 'the demo');

  test('[S10] is one that the application takes, and asks for second opinions', () => {
    expect(config.secondOpinion).toBeDefined();
    expect(config.training.cloudVariant?.widthMultiplier).toBeGreaterThan(settings.widthMultiplier);
  });

  test('the thresholds are chosen for the yield that the line has', () => {
    expect(config.dispositionPolicy.goodShare).toBe(CLASS_MIX.normal.good);
  });

  test('captures of a turn hold the labels that a retraining needs, and a tenth of what it sees at most', () => {
    const devices = settings.devices.canary.length + settings.devices.stable.length;
    const { dailyByteBudget = 0 } = config.device.upload;
    // As the renderer makes them, and what the device counts beside an image.
    const captureBytes = 3_900 + 1_024;
    const captures = (devices * dailyByteBudget) / settings.turns.length / captureBytes;
    expect(captures).toBeGreaterThan(1.5 * config.retraining.minimumNewLabels);
    // From the change to the end of a turn, in four minutes at the least.
    expect(captures).toBeLessThan((devices * settings.framesPerSecond * 240) / 10);
  });

  test('what it does not name is the local environment’s', () => {
    expect(config.rollout).toEqual(base.rollout);
    expect(config.monitoring).toEqual(base.monitoring);
  });
});

test('a second retraining in one run is not held up by the cooldown of the first', () => {
  const cooldown = (settings: typeof SMALL) => demoConfiguration(base, settings).retraining.cooldownMinutes;
  expect(SMALL.turns).toHaveLength(1);
  expect(FULL.turns).toHaveLength(2);
  expect(cooldown(FULL)).toBeLessThan(cooldown(SMALL));
});

test('what is written is what the application reads', () => {
  const folder = mkdtempSync(join(tmpdir(), 'kaizen-test-'));
  try {
    const config = demoConfiguration(base, SMALL);
    expect(loadEnvironment('local', writeConfiguration(join(folder, 'made'), config))).toEqual(config);
  } finally {
    rmSync(folder, { recursive: true, force: true });
  }
});

test.each(Object.entries(CLASS_MIX))('the shares of the mix %s sum to 1', (_, mix) => {
  expect(Object.values(mix).reduce((sum, share) => sum + share, 0)).toBeCloseTo(1, 12);
});
