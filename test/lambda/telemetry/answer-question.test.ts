import { createHash } from 'node:crypto';
import fc from 'fast-check';
import { problemsOf, type Release, type SecondOpinionAnswer } from '../../../contracts';
import type { Classified } from '../../../contracts/second-opinion';
import {
  type AnswerQuestionPorts,
  answerQuestion,
} from '../../../lambda/telemetry/answer-question/answer-question';
import { ClassifierCache } from '../../../lambda/telemetry/answer-question/classifier-cache';
import type { FrameClassifier } from '../../../lambda/telemetry/answer-question/frame-classifier';
import { QuestionBudget } from '../../../lambda/telemetry/question-budget';
import { aRelease, DEVICE, RECEIVED_AT, USE_CASE } from '../shared/builders';
import { MemoryTable } from './memory-table';

const IMAGE = Buffer.from('the image');
const sha256 = (bytes: Buffer): string => createHash('sha256').update(bytes).digest('hex');
const MODEL = { name: 'model-cloud.onnx', sha256: 'c'.repeat(64), bytes: 10 };
const release = aRelease({
  secondOpinion: { model: MODEL, thresholds: { good: 0.8, scratch: 0.6 }, mayPass: false },
});
const GOOD: Classified = {
  probabilities: [0.9, 0.1],
  status: 'ok',
  predictedClass: 'good',
  confidence: 0.9,
  disposition: 'pass',
  inferenceMilliseconds: 7,
};

const question = (changes: object = {}, image: object = {}) => ({
  schemaVersion: 1,
  questionId: 'boot-1',
  deviceId: DEVICE,
  useCase: USE_CASE,
  releaseId: release.releaseId,
  frameId: 'frame-1',
  deadlineMilliseconds: 1_000,
  image: { sha256: sha256(IMAGE), bytes: IMAGE.length, inline: IMAGE.toString('base64'), ...image },
  topicUseCase: USE_CASE,
  topicThingName: DEVICE,
  receivedAt: RECEIVED_AT,
  ...changes,
});

function newCloud() {
  const cloud = {
    now: RECEIVED_AT + 50,
    devices: [DEVICE],
    releases: new Map<string, Release>([[release.releaseId, release]]),
    left: 10,
    spent: false,
    stored: undefined as Buffer | undefined,
    /** What the network says, and how long that takes. */
    says: GOOD as Classified | Error,
    takes: 30,
    asked: [] as string[],
    answers: [] as SecondOpinionAnswer[],
  };
  const ports: AnswerQuestionPorts = {
    now: () => cloud.now,
    isOurs: async (_, deviceId) => cloud.devices.includes(deviceId),
    findRelease: async (_, releaseId) => cloud.releases.get(releaseId),
    takeQuestion: async (useCase, deviceId, day) => {
      cloud.asked.push(`${useCase} ${deviceId} ${day}`);
      return cloud.left-- > 0;
    },
    isMoneySpent: async () => cloud.spent,
    readImage: async () => cloud.stored,
    classify: async () => {
      cloud.now += cloud.takes;
      if (cloud.says instanceof Error) throw cloud.says;
      return cloud.says;
    },
    sha256,
    publish: async (answer) => {
      expect(problemsOf('second-opinion-answer', answer)).toEqual([]);
      cloud.answers.push(answer);
    },
    log: { warn: () => undefined },
  };
  return { cloud, ask: (event: unknown) => answerQuestion(event, ports) };
}

test('[S10] a question is answered by the network that the release signs', async () => {
  const { cloud, ask } = newCloud();
  expect(await ask(question())).toEqual({ kind: 'answered', milliseconds: 80 });
  expect(cloud.answers).toEqual([
    {
      schemaVersion: 1,
      questionId: 'boot-1',
      deviceId: DEVICE,
      useCase: USE_CASE,
      releaseId: release.releaseId,
      opinion: {
        modelSha256: MODEL.sha256,
        probabilities: [0.9, 0.1],
        status: 'ok',
        predictedClass: 'good',
        confidence: 0.9,
        disposition: 'pass',
        milliseconds: { total: 80, inference: 7 },
      },
    },
  ]);
  expect(cloud.asked).toEqual([`${USE_CASE} ${DEVICE} 2026-03-01`]);
});

test('[S10] an image in S3 is the announced one, or none', async () => {
  const { cloud, ask } = newCloud();
  const elsewhere = question({}, { inline: undefined });
  expect(await ask(elsewhere)).toMatchObject({ kind: 'unreadable' });
  cloud.stored = IMAGE;
  expect(await ask(elsewhere)).toMatchObject({ kind: 'answered' });
  cloud.stored = Buffer.from('another!!');
  expect(await ask(elsewhere)).toMatchObject({ kind: 'unreadable' });
});

test.each<[string, Partial<ReturnType<typeof newCloud>['cloud']>, object, object]>([
  ['a question that has waited too long', { now: RECEIVED_AT + 1_000 }, {}, { reason: 'late' }],
  [
    'a release that is not here',
    {},
    { releaseId: `${USE_CASE}-9` },
    { reason: 'not-deployed', pauseSeconds: 600 },
  ],
  [
    'a release without a larger network',
    { releases: new Map([[release.releaseId, aRelease()]]) },
    {},
    { reason: 'not-deployed', pauseSeconds: 600 },
  ],
  ['a month whose money is spent', { spent: true }, {}, { reason: 'over-budget', pauseSeconds: 3_600 }],
  // 10:20:30 until midnight.
  ['a day whose questions are used up', { left: 0 }, {}, { reason: 'over-budget', pauseSeconds: 49_170 }],
  ['what is no image', { says: { kind: 'unreadable', problem: 'no image' } }, {}, { reason: 'unreadable' }],
  [
    'a network that gives no distribution',
    { says: { kind: 'failed', problem: 'NaN' } },
    {},
    { reason: 'failed' },
  ],
  ['a network whose file is another one', { says: new Error('other digest') }, {}, { reason: 'failed' }],
  ['an answer that took too long', { takes: 950 }, {}, { reason: 'late' }],
])('[S10] no opinion, and why: %s', async (_, state, change, refusal) => {
  const { cloud, ask } = newCloud();
  Object.assign(cloud, state);
  await ask(question(change));
  expect(cloud.answers).toMatchObject([{ refusal }]);
  expect(cloud.answers[0]).not.toHaveProperty('opinion');
});

test('[S10] what is refused before it costs anything uses up no question', async () => {
  const { cloud, ask } = newCloud();
  await ask(question({ receivedAt: RECEIVED_AT - 2_000 }));
  await ask(question({ releaseId: `${USE_CASE}-9` }));
  cloud.spent = true;
  await ask(question());
  expect(cloud.asked).toEqual([]);
});

test.each<[string, object, object, RegExp]>([
  ['for another device', { deviceId: 'line-2' }, {}, /must equal the thing name of the topic/],
  ['for another use case', { useCase: 'other' }, {}, /must equal the use case of the topic/],
  ['with a key of its own', {}, { key: 'captures/surface/line-2/1.jpg' }, /key/],
  ['whose id leads out of its folder', { questionId: '../line-2/1' }, {}, /questionId/],
  ['with an image of another length than it may have', {}, { bytes: 1e9 }, /bytes/],
  ['with a text for an image', {}, { inline: '<svg>' }, /inline/],
  ['with a deadline of a year', { deadlineMilliseconds: 3e10 }, {}, /deadlineMilliseconds/],
  ['that is none', { image: undefined }, {}, /image/],
])(
  '[S10] case 35: a question %s is refused, and nobody hears an answer',
  async (_, change, image, problem) => {
    const { cloud, ask } = newCloud();
    const { image: own, ...rest } = question({}, image);
    await expect(ask({ ...rest, image: own, ...change })).rejects.toThrow(problem);
    expect(cloud.answers).toEqual([]);
    expect(cloud.asked).toEqual([]);
  },
);

test('[S10] case 35: a device of another environment is refused, and uses up no question', async () => {
  const { cloud, ask } = newCloud();
  cloud.devices = [];
  await expect(ask(question())).rejects.toThrow(/must be a device that has reported to this environment/);
  expect([cloud.answers, cloud.asked]).toEqual([[], []]);
});

test('[S10] whatever comes is answered once or refused, and never throws otherwise', async () => {
  const anyEvent = fc.oneof(
    fc.jsonValue(),
    fc.record({ image: fc.jsonValue() }).map((part) => question(part)),
  );
  await fc.assert(
    fc.asyncProperty(anyEvent, async (event) => {
      const { cloud, ask } = newCloud();
      const error = await ask(event).then(
        () => undefined,
        (reason: Error) => reason,
      );
      expect(error?.name ?? 'InvalidInputError').toBe('InvalidInputError');
      expect(cloud.answers).toHaveLength(error ? 0 : 1);
    }),
    { numRuns: 200 },
  );
});

describe('[S10] the budget of a day', () => {
  const budgetOf = (table: MemoryTable, limits: { environment: number; device: number }) =>
    new QuestionBudget(table as never, 'sketches', limits);
  const newTable = () => new MemoryTable(['partition', 'window']);

  test('of a device is its own, and that of all is for all', async () => {
    const budget = budgetOf(newTable(), { environment: 3, device: 2 });
    const take = (device: string) => budget.take(USE_CASE, device, '2026-03-01');
    expect([await take('a'), await take('a'), await take('a')]).toEqual([true, true, false]);
    expect([await take('b'), await take('b')]).toEqual([true, false]);
    expect(await budget.take(USE_CASE, 'a', '2026-03-02')).toBe(true);
  });

  test('is never exceeded by questions that come at once', async () => {
    const budget = budgetOf(newTable(), { environment: 20, device: 7 });
    const asked = Array.from({ length: 60 }, (_, index) =>
      budget.take(USE_CASE, `d${index % 6}`, '2026-03-01'),
    );
    const answers = await Promise.all(asked);
    expect(answers.filter(Boolean)).toHaveLength(20);
  });

  test('is forgotten by the table, after it could be looked at', async () => {
    const table = newTable();
    await budgetOf(table, { environment: 3, device: 2 }).take(USE_CASE, 'a', '2026-03-01');
    expect([...table.items.values()]).toEqual([
      { partition: `questions#${USE_CASE}#2026-03-01`, window: 'a', questions: 1, expiresAt: 1_773_532_800 },
      { partition: `questions#${USE_CASE}#2026-03-01`, window: '*', questions: 1, expiresAt: 1_773_532_800 },
    ]);
  });

  test('that cannot be counted gives no leave', async () => {
    const table = newTable();
    table.fault = () => new Error('throttled');
    await expect(
      budgetOf(table, { environment: 3, device: 2 }).take(USE_CASE, 'a', '2026-03-01'),
    ).rejects.toThrow('throttled');
  });
});

describe('[S10] networks that are kept', () => {
  const releaseOf = (counter: number) => aRelease({ releaseId: `${USE_CASE}-${counter}` });

  function newCache() {
    const log: string[] = [];
    let fails = false;
    const cache = new ClassifierCache(async ({ releaseId }) => {
      log.push(`open ${releaseId}`);
      if (fails) throw new Error('S3 is away');
      return {
        classify: async () => GOOD,
        close: async () => void log.push(`close ${releaseId}`),
      } satisfies FrameClassifier;
    });
    return {
      cache,
      log,
      fail: (value: boolean) => {
        fails = value;
      },
    };
  }

  test('one is opened once, also by two questions at once', async () => {
    const { cache, log } = newCache();
    const [one, other] = await Promise.all([cache.of(releaseOf(1)), cache.of(releaseOf(1))]);
    expect(one).toBe(other);
    expect(log).toEqual([`open ${USE_CASE}-1`]);
  });

  test('the one that was not asked for longest is closed before a third is opened', async () => {
    const { cache, log } = newCache();
    for (const counter of [1, 2, 1, 3, 1]) await cache.of(releaseOf(counter));
    expect(log).toEqual([
      `open ${USE_CASE}-1`,
      `open ${USE_CASE}-2`,
      `close ${USE_CASE}-2`,
      `open ${USE_CASE}-3`,
    ]);
  });

  test('a load that failed is tried again', async () => {
    const { cache, log, fail } = newCache();
    fail(true);
    await expect(cache.of(releaseOf(1))).rejects.toThrow('S3 is away');
    fail(false);
    await cache.of(releaseOf(1));
    expect(log).toHaveLength(2);
  });
});
