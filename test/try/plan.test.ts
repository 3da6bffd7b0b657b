/** What a try finds out before anything is started, and what it says at the end, over a few images. */
import { existsSync, mkdirSync, mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { dirname, join } from 'node:path';
import { Writable } from 'node:stream';
import { DemoConsole } from '../../demo/console';
import type { LoopContext } from '../../demo/context';
import { MemorySampler } from '../../demo/memory-sampler';
import type { Line } from '../../try/line';
import { planTry, type TryRun } from '../../try/plan';
import { gatherReport } from '../../try/report/gather';
import { renderTryReport } from '../../try/report/render-try-report';
import { jpegOf } from '../cli/dataset/pictures';
import { asClients, environment, FakeBucket, runKaizen } from '../cli/fakes';
import { observation } from './report/seen';

const OF_CLASS = 20;
let folder: string;
beforeAll(async () => {
  folder = mkdtempSync(join(tmpdir(), 'kaizen-try-'));
  for (const [index, name] of ['OK', 'NG'].entries()) {
    for (let part = 0; part < OF_CLASS; part++) {
      const path = join(folder, 'parts', name, `${part}.jpg`);
      mkdirSync(dirname(path), { recursive: true });
      writeFileSync(path, await jpegOf(1000 + 2 * part + index));
    }
  }
});
afterAll(() => rmSync(folder, { recursive: true }));

function runOf(more: Partial<TryRun['request']> = {}, ask?: TryRun['ask']) {
  let printed = '';
  const out = new Writable({
    write: (chunk, _encoding, done) => {
      printed += chunk;
      done();
    },
  });
  const run: TryRun = {
    request: {
      source: join(folder, 'parts'),
      name: 'parts',
      taking: { split: 'stratified' },
      hyperparameters: {},
      outputFolder: join(folder, 'out'),
      keep: false,
      ...more,
    },
    console: new DemoConsole(out as unknown as NodeJS.WriteStream),
    abort: new AbortController(),
    ask,
  };
  return { run, printed: () => printed };
}

describe('[B27] the plan of a try', () => {
  test('is what the images and their classes say', async () => {
    const { run, printed } = runOf();
    const plan = await planTry(run);
    const { counts } = plan.examination.report;
    expect(plan).toMatchObject({
      passClasses: { names: ['ok'] },
      epochs: 60,
      heldOutItems: plan.heldOut.length,
    });
    expect(plan.heldOut.map(({ label }) => label).sort()).toEqual(
      Object.entries(counts.test).flatMap(([label, count]) => Array<string>(count).fill(label)),
    );
    expect(existsSync(join(folder, 'out', 'dataset.html'))).toBe(true);
    expect(printed()).toContain("May pass: ok (called 'ok')");
  });

  test('asks where the names tell nothing, and refuses where nobody answers', async () => {
    const taking = {
      split: 'stratified',
      map: [
        ['OK', 'left'],
        ['NG', 'right'],
      ],
    } as const;
    const asked: (readonly string[])[] = [];
    const answer = async (classes: readonly string[]) => {
      asked.push(classes);
      return ['left'];
    };
    const plan = await planTry(runOf({ taking }, answer).run);
    expect(asked).toEqual([['left', 'right']]);
    expect(plan.passClasses.names).toEqual(['left']);
    await expect(planTry(runOf({ taking }).run)).rejects.toThrow(/say which may pass/);
  });

  test('refuses what the application would not take, before anything is started', async () => {
    await expect(planTry(runOf({ hyperparameters: { epochs: '3' } }).run)).rejects.toThrow(
      /hyperparameters.*epochs/,
    );
    await expect(planTry(runOf({ script: join(folder, 'none.py') }).run)).rejects.toThrow(
      /--script: there is no file/,
    );
  });

  test('refuses in the words of kaizen dataset import', async () => {
    const source = join(folder, 'parts');
    writeFileSync(join(source, 'OK', 'cut.jpg'), Buffer.from([0xff, 0xd8, 0xff, 0xe0]));
    try {
      const { run, printed } = runOf();
      const refusal = await planTry(run).catch((error: Error) => error);
      const imported = await runKaizen(
        ['dataset', 'import', source, '--split', 'stratified', '--dry-run'],
        {},
      );
      expect(refusal).toMatchObject({ name: 'InputError' });
      expect(imported.exitCode).toBe(2);
      expect(imported.errors).toContain((refusal as Error).message);
      const [, errors = ''] = imported.output.split('Errors (');
      expect(errors).not.toBe('');
      expect(printed()).toContain(errors.trim());
    } finally {
      rmSync(join(source, 'OK', 'cut.jpg'));
    }
  });
});

describe('[B27] what a try gathers', () => {
  const contextOf = (bucket: FakeBucket): LoopContext =>
    ({
      clients: asClients({ s3: bucket }),
      environment,
      console: runOf().run.console,
      signal: new AbortController().signal,
      events: [],
      rollouts: [],
      models: [],
    }) as unknown as LoopContext;
  const EXECUTION = 'arn:aws:sagemaker:us-east-1:000000000000:pipeline/p/execution/e1';

  test('is a report of the images that the devices were shown, with pictures of what is wrong', async () => {
    const { run } = runOf();
    const plan = await planTry(run);
    const seen = plan.heldOut.map(({ name = '', label }, index) =>
      observation({ id: String(index), truth: label, predicted: 'ok', disposition: 'pass', name }),
    );
    const line: Line = {
      observations: {
        all: seen,
        lineBytes: 500,
        refresh: async () => undefined,
      } as unknown as Line['observations'],
      devices: [{ deviceId: 'device-1', wave: 'canary', nucleus: 'classic' }],
      inspected: seen.map(({ truth }) => truth),
      totals: () => ({ bytes: 9000, frames: 70 }),
      inspect: async () => undefined,
      resume: () => undefined,
    };
    const memory = new MemorySampler();
    memory.stop();
    const data = await gatherReport({
      ...{ request: run.request, plan, context: contextOf(new FakeBucket()), line, memory },
      executionArn: EXECUTION,
      outcome: { succeeded: true, sentence: 'the model passes' },
    });
    const defects = seen.filter(({ truth }) => truth.label === 'ng').length;
    expect(data).toMatchObject({
      inspection: { escapes: { count: defects, of: defects }, falseRejects: { count: 0 } },
      bandwidth: { frames: 70, streamedBytes: 9000, resultBytes: 500, captureBytes: 0 },
      dataset: { items: 2 * OF_CLASS },
      training: { registered: true, epochs: 60 },
    });
    expect(data.inspection?.mistakes).toHaveLength(defects);
    expect(data.inspection?.mistakes.every(({ picture }) => picture?.startsWith('data:image/jpeg'))).toBe(
      true,
    );
    expect(renderTryReport(data)).not.toMatch(/undefined|NaN/);
  });

  test('of a refused model is what the training measured, and no inspection', async () => {
    const { run } = runOf();
    const plan = await planTry(run);
    const memory = new MemorySampler();
    memory.stop();
    const data = await gatherReport({
      ...{ request: run.request, plan, context: contextOf(new FakeBucket()), line: undefined, memory },
      executionArn: EXECUTION,
      outcome: { succeeded: false, sentence: 'accuracy 50 % is below 80 %' },
    });
    expect(data).toMatchObject({ training: { registered: false, evaluation: undefined } });
    expect(data).toMatchObject({ inspection: undefined, bandwidth: undefined });
    expect(renderTryReport(data)).toContain('accuracy 50 % is below 80 %');
  });
});
