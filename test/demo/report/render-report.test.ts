import fc from 'fast-check';
import { escaped } from '../../../demo/report/html';
import { keyFigures } from '../../../demo/report/key-figures';
import { renderReport, SECTIONS } from '../../../demo/report/render-report';
import type { ReportData } from '../../../demo/report/report-data';
import { summaryText } from '../../../demo/report/summary';
import { EMPTY, seededData } from './seeded-data';

/** What a reader sees: no style sheet, no tags, entities resolved, one kind of space. */
function textOf(page: string): string {
  return page
    .replaceAll(/<style>.*?<\/style>/gs, '')
    .replaceAll(/<[^>]*>/g, ' ')
    .replaceAll('&lt;', '<')
    .replaceAll('&gt;', '>')
    .replaceAll('&quot;', '"')
    .replaceAll('&#39;', "'")
    .replaceAll('&amp;', '&')
    .replaceAll('\u00a0', ' ');
}

/** Figures that are not there and yet are shown, each with the text around it. */
function holesIn(rendered: string): string[] {
  return [
    ...textOf(rendered).matchAll(/.{0,40}(?:\bNaN\b|\bundefined\b|\bnull\b|\bInfinity\b|\[object).{0,20}/g),
  ].map(String);
}

let data: ReportData;
let page: string;
beforeAll(async () => {
  data = await seededData();
  page = renderReport(data);
});

describe('the report', () => {
  test('has every section once, in order, each with its heading', () => {
    const found = [...page.matchAll(/<section id="([^"]+)" aria-labelledby="\1-title"><h2 id="\1-title">/g)];
    expect(found.map(([, id]) => id)).toEqual(SECTIONS.map(({ id }) => id));
    for (const { id } of SECTIONS) expect(page).toContain(`href="#${id}"`);
  });

  test('[S8] says latency, bandwidth, availability and privacy with the figures of the run', () => {
    for (const text of ['3.81 ms', '48.6 ms', '61.3 MB', '160', '1.8 MB', 'uncertainty']) {
      expect(textOf(page)).toContain(text);
    }
  });

  test('shows the same figures as the summary in the terminal', () => {
    const summary = summaryText(data);
    const figures = keyFigures(data);
    expect(figures).toHaveLength(9);
    for (const { name, value, detail } of figures) {
      for (const text of [name, value, detail]) {
        expect(summary).toContain(text);
        expect(textOf(page)).toContain(text);
      }
    }
  });

  test('asks nobody for anything: no script, no address outside the file', () => {
    const addresses = [...page.matchAll(/\s(?:src|href|xlink:href|action|data)\s*=\s*["']?([^"'\s>]*)/g)];
    expect(addresses.length).toBeGreaterThan(data.examples.length);
    for (const [, address] of addresses) expect(address).toMatch(/^(#|data:)/);
    expect(page).not.toMatch(/<script|<iframe|<object|@import|url\((?!#)/i);
    expect(page).toContain("default-src 'none'");
  });

  test('heading levels never skip one, and there is one h1', () => {
    const levels = [...page.matchAll(/<h([1-6])[ >]/g)].map(([, level]) => Number(level));
    expect(levels.filter((level) => level === 1)).toHaveLength(1);
    levels.reduce((before, level) => {
      expect(level).toBeLessThanOrEqual(before + 1);
      return level;
    }, 0);
  });

  test('every table has a caption, every image and chart a text', () => {
    const count = (pattern: RegExp) => [...page.matchAll(pattern)].length;
    expect(count(/<table[^>]*><caption>[^<]+<\/caption>/g)).toBe(count(/<table/g));
    expect(count(/<img [^>]*alt="[^"]+"/g)).toBe(data.examples.length + data.parts.length);
    expect(count(/<svg role="img" aria-label="[^"]+"/g)).toBe(count(/<svg/g));
  });

  test('an assessment is a sentence, not JSON', () => {
    expect(textOf(page)).toContain('The distribution of brightness has moved away');
    expect(textOf(page)).not.toContain('"kind"');
  });

  test('confusion matrices carry numbers and recall, also for a class that nobody predicted', () => {
    const rows = [...textOf(page).matchAll(/crack\s+0\s+60\s+60\s+60\s+60\s+240\s+0\.0 %/g)];
    expect(rows).toHaveLength(1);
  });

  test('[S10] of second opinions it speaks where somebody was asked', () => {
    const text = 'Second opinions';
    expect(textOf(page)).toContain(text);
    expect(textOf(renderReport({ ...data, secondOpinions: [] }))).not.toContain(text);
  });

  test('the same data give the same page', () => {
    expect(renderReport(data)).toBe(page);
  });

  test('a run without anything renders, with dashes for what is not there', () => {
    expect(holesIn(renderReport(EMPTY))).toEqual([]);
    expect(textOf(renderReport(EMPTY))).toContain('–');
  });
});

describe('text from outside', () => {
  const HOSTILE = `<img src=x onerror="alert('1')">&`;

  test('is escaped wherever it is shown', () => {
    const hostile: ReportData = {
      ...data,
      settingsName: HOSTILE,
      phases: [{ name: HOSTILE, seconds: 1 }],
      events: [{ at: Date.parse(data.generatedAt), kind: 'fault', what: HOSTILE }],
      devices: data.devices.map((device) => ({ ...device, deviceId: HOSTILE, group: HOSTILE })),
      accuracy: [
        {
          label: HOSTILE,
          frames: 1,
          accuracy: 1,
          verdicts: {
            goods: 1,
            defects: 0,
            escaped: 0,
            escapes: null,
            escapesAsClassified: null,
            falseRejects: 0,
            review: 1,
            decidedRightly: 0,
            costPerThousand: 500,
          },
        },
      ],
      confusions: [{ title: HOSTILE, classes: [HOSTILE], rows: [[1]] }],
      rollouts: [
        {
          releaseId: HOSTILE,
          outcome: HOSTILE,
          seconds: 1,
          waves: [{ wave: HOSTILE, verdict: HOSTILE, reasons: [HOSTILE], numbers: { [HOSTILE]: 1 } }],
        },
      ],
      privacy: [{ deviceId: HOSTILE, captures: 1, bytes: 1, byReason: { [HOSTILE]: 1 } }],
      examples: data.examples.map((example) => ({ ...example, truth: HOSTILE, predicted: HOSTILE })),
      turns: data.turns.map((turn) => ({ ...turn, change: HOSTILE, after: HOSTILE })),
      secondOpinions: data.secondOpinions.map((entry) => ({ ...entry, label: HOSTILE })),
      codes: [{ className: HOSTILE, code: 1, since: HOSTILE }],
      parts: data.parts.map((part) => ({ ...part, condition: HOSTILE, label: HOSTILE })),
      limits: { [HOSTILE]: 1 },
      refusals: [{ deviceId: HOSTILE, code: HOSTILE, what: HOSTILE }],
      drift: [{ openedAt: HOSTILE, releaseId: HOSTILE, evidence: [HOSTILE] }],
    };
    const rendered = renderReport(hostile);
    expect(rendered).not.toContain('<img src=x');
    expect(rendered).not.toMatch(/<[^>]*"alert\(/);
    expect(rendered).toContain(escaped(HOSTILE));
    expect(holesIn(rendered)).toEqual([]);
  });
});

describe('[property] whatever part of a run is missing', () => {
  const LISTS = [
    'phases',
    'events',
    'devices',
    'accuracy',
    'confusions',
    'rollouts',
    'privacy',
    'models',
    'examples',
    'refusals',
    'drift',
    'turns',
    'secondOpinions',
    'codes',
    'parts',
  ] as const satisfies ReadonlyArray<keyof ReportData>;

  const hole = fc.constantFrom<number | null>(null, Number.NaN, 0, 0.5);
  const changes = fc.record({
    missing: fc.subarray([...LISTS]),
    windows: fc.array(
      fc.record({ index: fc.nat(89), accuracy: hole, meanConfidence: hole, meanBrightness: hole }),
      { maxLength: 8 },
    ),
    number: hole,
  });

  test('the page renders without NaN, undefined or null in its text', () => {
    fc.assert(
      fc.property(changes, ({ missing, windows, number }) => {
        const holed: ReportData = {
          ...data,
          devices: data.devices.map((device) => ({
            ...device,
            windows: device.windows.map((window, index) => ({
              ...window,
              ...windows.find((entry) => entry.index === index),
            })),
          })),
          accuracy: data.accuracy.map((entry) => ({
            ...entry,
            accuracy: number,
            verdicts: { ...entry.verdicts, escapes: number, costPerThousand: number },
          })),
          turns: data.turns.map((turn) => ({ ...turn, toCure: number })),
          secondOpinions: data.secondOpinions.map((entry) => ({
            ...entry,
            right: { device: number, cloud: null },
            millisecondsP50: number,
            usdPerThousandFrames: number,
          })),
          rollouts: data.rollouts.map((rollout) => ({
            ...rollout,
            waves: rollout.waves.map((wave) => ({
              ...wave,
              numbers: { accuracy: number, latencyMilliseconds: number },
            })),
          })),
          ...Object.fromEntries(missing.map((name) => [name, []])),
        };
        const rendered = renderReport(holed);
        expect(holesIn(rendered)).toEqual([]);
        expect(rendered).not.toMatch(/(?:points|d|x|y|transform)="[^"]*(?:NaN|undefined)/);
      }),
      { numRuns: 25 },
    );
  });
});
