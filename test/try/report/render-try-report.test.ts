import { inspectionOf } from '../../../try/report/figures';
import { renderTryReport, SECTIONS } from '../../../try/report/render-try-report';
import type { TryReportData } from '../../../try/report/report-data';
import { summaryText, verdictOf } from '../../../try/report/words';
import { observation } from './seen';

const PICTURE = 'data:image/jpeg;base64,AAAA';
const seen = [
  observation({ id: '1', truth: 'good', predicted: 'good', disposition: 'pass' }),
  observation({ id: '2', truth: 'dent', predicted: 'good', disposition: 'pass', name: 'dent/<2>.png' }),
  observation({ id: '3', truth: 'dent', predicted: 'dent', disposition: 'review' }),
];
const inspection = inspectionOf({
  shown: seen.map(({ truth }) => truth),
  notShown: 0,
  observations: seen,
  classes: ['dent', 'good'],
  passClasses: ['good'],
  devices: [{ deviceId: 'device-1', wave: 'canary', nucleus: 'lite' }],
});
const data: TryReportData = {
  generatedAt: '2026-11-27T10:00:00.000Z',
  name: 'parts',
  source: './parts',
  dataset: {
    layout: 'class folders',
    splitting: 'hash',
    items: 30,
    manifestSha256: 'ab'.repeat(32),
    classes: [
      { name: 'dent', mayPass: false, train: 10, validation: 3, test: 2, pictures: [PICTURE] },
      { name: 'good', mayPass: true, train: 11, validation: 3, test: 1, pictures: [] },
    ],
    sizes: ['64 × 64: 30 images'],
    notes: ["class 'Dent' is called 'dent'"],
    warnings: ['few'],
  },
  passBecause: "called 'good'",
  training: {
    script: "The project's own script",
    epochs: 12,
    input: '128 × 128',
    sentence: 'passed: 3 checks',
    registered: true,
  },
  models: [],
  rollouts: [],
  inspection: {
    ...inspection,
    mistakes: inspection.mistakes.map((mistake) => ({ ...mistake, picture: PICTURE })),
  },
  bandwidth: { frames: 100, streamedBytes: 1e6, resultBytes: 1e4, captureBytes: 1e4 },
  phases: [{ name: 'deploy', seconds: 30 }],
  totalSeconds: 300,
  peakMemoryBytes: 3e9,
};
const without = (part: Partial<TryReportData>): TryReportData => ({ ...data, ...part });

describe('[B27] the report of a try', () => {
  test('says first what it comes to', () => {
    expect(verdictOf(data)).toBe(
      'Four devices looked at 3 images that the training had not seen, each once. Of 2 defective parts 1 would have passed; ' +
        'of 1 good part (what is called good) none would have been taken out; a person would have had to look at 1.',
    );
    const page = renderTryReport(data);
    expect(page.indexOf('Of 2 defective parts')).toBeLessThan(page.indexOf('<nav'));
  });

  test('page and terminal have the same figures', () => {
    const page = renderTryReport(data).replaceAll('\u00a0', ' ');
    const lines = summaryText(data).split('\n').slice(2);
    expect(lines).toHaveLength(6);
    expect(lines.join('\n')).toContain('1 of 2 (50.0 %)');
    expect(page).toContain('1 of 2 (50.0 %)');
    expect(page).toContain('20 kB instead of 1.0 MB');
  });

  test('has every section, each linked once, and escapes what the user has named', () => {
    const page = renderTryReport(data);
    for (const { id } of SECTIONS) {
      expect(page.split(`href="#${id}"`)).toHaveLength(2);
      expect(page.split(`<section id="${id}"`)).toHaveLength(2);
    }
    expect(page).toContain('dent/&lt;2&gt;.png');
    expect(page).not.toContain('<2>');
    expect(page).not.toMatch(/undefined|NaN|\[object/);
  });

  test('asks nobody for anything', () => {
    const addresses = [...renderTryReport(data).matchAll(/(?:src|href)="([^"]*)"/g)].map(
      ([, address]) => address,
    );
    expect(addresses.filter((address) => !/^(#|data:)/.test(address ?? ''))).toEqual([]);
  });

  test('of a model that the gate refused says so, and what to do', () => {
    const { inspection: _inspection, bandwidth: _bandwidth, ...rest } = data;
    const refused: TryReportData = {
      ...rest,
      training: {
        ...data.training,
        registered: false,
        evaluation: {
          accuracy: 0.61,
          linearBaselineAccuracy: 0.7,
          confusion: {
            title: 'as the training measured it',
            classes: ['dent', 'good'],
            rows: [
              [1, 1],
              [0, 1],
            ],
          },
        },
        sentence: 'the training failed: accuracy 61 % is below 80 %',
      },
    };
    expect(verdictOf(refused)).toBe(
      'The model was not released: the training failed: accuracy 61 % is below 80 %',
    );
    const page = renderTryReport(refused);
    expect(page).toContain('No release came into service.');
    expect(page).toContain('--minimum-accuracy');
    expect(page).toContain('as the training measured it');
    expect(page).toContain('right in 61.0 %; logistic regression on the same pixels in 70.0 %');
    expect(page).not.toMatch(/undefined|NaN/);
  });

  test('of a rollout that was taken back says why', () => {
    const { inspection: _inspection, ...rest } = data;
    const wave = { wave: 'canary', verdict: 'ROLL_BACK', reasons: ['latency doubled'], numbers: {} };
    const rollouts = [{ releaseId: 'parts-1', outcome: 'rolled back', waves: [wave], seconds: 20 }];
    expect(verdictOf({ ...rest, rollouts })).toContain('taken back: latency doubled');
  });

  test('tells who has few defective parts that the bounds are wide', () => {
    expect(renderTryReport(data)).toContain('Few defective parts were held out');
    expect(
      renderTryReport(
        without({ inspection: { ...inspection, escapes: { count: 0, of: 400, lower: 0, upper: 0.01 } } }),
      ),
    ).not.toContain('Few defective parts');
  });
});
