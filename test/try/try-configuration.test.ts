import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import fc from 'fast-check';
import { problemsOf } from '../../contracts';
import { DEFAULT_IMAGE_POLICY } from '../../contracts/image-policy';
import { loadEnvironment, parseConfig } from '../../lib/shared/app-config';
import { hyperparameterValue } from '../../try/hyperparameter-value';
import {
  configurationText,
  epochsFor,
  goodShareOf,
  imagePolicyFor,
  tryConfiguration,
  useCaseNameOf,
} from '../../try/try-configuration';

const settings = {
  useCase: 'rad-7',
  passClasses: ['good', 'ok'],
  goodShare: 0.3,
  imagePolicy: DEFAULT_IMAGE_POLICY,
  epochs: 20,
  hyperparameters: {},
};

test.each([
  [{ good: 49, scratch: 49 }, ['good'], 0.5],
  [{ '0': 99, '1': 899 }, ['0'], 0.1],
  [{ good: 8, ok: 40 }, ['good', 'ok'], 0.98],
  [{ constructor: 8 }, ['good'], 0.1],
])('[B27] the yield that a try assumes is that of the set: %j', (counts, passClasses, share) => {
  expect(goodShareOf(counts, passClasses)).toBeCloseTo(share, 10);
});

describe('[B27] the configuration of a try', () => {
  const base = loadEnvironment('local');

  test('is one that the application takes, with what was asked for', () => {
    const config = parseConfig(
      tryConfiguration(base, {
        ...settings,
        hyperparameters: { dropout: '0.5', nesterov: 'true', augmentation: 'mirror,turns' },
        minimumAccuracy: 0.5,
        escapeLimit: 0.4,
      }),
      'test',
    );
    expect(config).toMatchObject({
      useCase: 'rad-7',
      dispositionPolicy: {
        classes: { good: 'pass', ok: 'pass' },
        otherwise: 'reject',
        goodShare: 0.3,
        limits: { escapeRate: 0.4, falseRejectRate: base.dispositionPolicy.limits.falseRejectRate },
      },
      training: {
        epochs: 20,
        minimumAccuracy: 0.5,
        hyperparameters: { dropout: 0.5, nesterov: true, augmentation: 'mirror,turns' },
      },
      // Or every release would begin its life below the limit at which it is retrained.
      monitoring: { minimumAccuracy: 0.5 },
      device: { frames: { policy: 'every' } },
    });
    expect(config.training.script).toBeUndefined();
  });

  test('names a script among those that are packed', () => {
    const { training } = tryConfiguration(base, { ...settings, ownScript: 'my.py' });
    expect(training.script).toBe('scripts/own/my.py');
    expect(problemsOf('app-config', { ...base, training })).toEqual([]);
  });

  test('as a file is what was written', () => {
    const folder = mkdtempSync(join(tmpdir(), 'kaizen-try-'));
    try {
      const config = tryConfiguration(base, settings);
      writeFileSync(join(folder, 'local.ts'), configurationText(config));
      expect(loadEnvironment('local', folder)).toEqual(config);
    } finally {
      rmSync(folder, { recursive: true });
    }
  });

  test('whatever a folder is called, its use case has a name', () => {
    fc.assert(
      fc.property(fc.string({ unit: 'binary' }), (text) => {
        expect(
          problemsOf('app-config', { useCase: useCaseNameOf(text) }).filter((p) => p.startsWith('useCase')),
        ).toEqual([]);
      }),
    );
    expect(useCaseNameOf('Öse, links')).toBe('ose-links');
  });

  test.each([
    [200, 60],
    [640, 30],
    [1600, 12],
    [50_000, 12],
  ])('%d images to train with are seen %d times', (items, epochs) => {
    expect(epochsFor(items)).toBe(epochs);
  });

  test.each([
    ['tiny', [28, 28], 64],
    ['small', [64, 48], 64],
    ['a little larger', [70, 40], 96],
    ['as large as the default', [128, 20], 128],
    ['large', [2592, 1944], 128],
  ])(
    'images that are %s get an input that loses nothing, or the default',
    (_, [width = 0, height = 0], side) => {
      const policy = imagePolicyFor([
        { width: 8, height: 8 },
        { width, height },
      ]);
      expect(policy).toEqual({ ...DEFAULT_IMAGE_POLICY, width: side, height: side });
    },
  );

  test.each([
    ['0.5', 0.5],
    ['true', true],
    ['"0.5"', '0.5'],
    ['adam', 'adam'],
    ['[1]', '[1]'],
    ['null', 'null'],
  ])('hyperparameter %s', (text, value) => {
    expect(hyperparameterValue(text)).toBe(value);
  });
});
