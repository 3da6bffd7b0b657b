import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { demoConfiguration, writeConfiguration } from '../../demo/configuration';
import { CLASS_MIX, type DemoSettings, FULL, SMALL, THREE_TURNS } from '../../demo/settings';
import { bytesForAllDraws } from '../../edge-components/inference/src/captures/capture-selection';
import { loadEnvironment, parseConfig } from '../../lib/shared/app-config';

const base = loadEnvironment('local');

describe.each<[string, DemoSettings]>([
  ['small', SMALL],
  ['full', FULL],
  ['small, three turns', { ...SMALL, ...THREE_TURNS }],
  ['full, three turns', { ...FULL, ...THREE_TURNS }],
])('the configuration of the demo: %s', (_, settings) => {
  const config = parseConfig(demoConfiguration(base, settings), 'the demo');

  test('[S10] is one that the application takes, and asks a larger network for second opinions', () => {
    expect(config.secondOpinion).toMatchObject({ mayPass: true });
    expect(config.training.cloudVariant?.widthMultiplier).toBe(settings.cloudWidthMultiplier);
  });

  test('the thresholds are chosen for the yield that the line has', () => {
    expect(config.dispositionPolicy.goodShare).toBe(CLASS_MIX.normal.good);
  });

  test('captures of what is new give the labels of a retraining within a minute, and the budget holds those of every turn', () => {
    const devices = settings.devices.canary.length + settings.devices.stable.length;
    const upload = config.device.upload as Required<typeof config.device.upload>;
    const { noveltySampleProbability, controlSampleProbability } = upload;
    const { minimumNewLabels } = config.retraining;
    const chosen = 1 - (1 - noveltySampleProbability) * (1 - controlSampleProbability);
    expect(60 * devices * settings.framesPerSecond * chosen).toBeGreaterThan(minimumNewLabels);
    // As the renderer makes them, and what the device counts beside an image.
    const captures = (devices * bytesForAllDraws(upload)) / (3_900 + 1_024);
    expect(captures).toBeGreaterThan(1.25 * minimumNewLabels * settings.turns.length);
  });

  test('what it does not name is the local environment’s', () => {
    expect(config.rollout).toEqual(base.rollout);
    expect(config.monitoring).toEqual(base.monitoring);
  });
});

test('a second retraining in one run is not held up by the cooldown of the first', () => {
  const cooldown = (settings: typeof SMALL) => demoConfiguration(base, settings).retraining.cooldownMinutes;
  expect(SMALL.turns).toHaveLength(1);
  expect(THREE_TURNS.turns).toHaveLength(2);
  expect(cooldown({ ...SMALL, ...THREE_TURNS })).toBeLessThan(cooldown(SMALL));
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
