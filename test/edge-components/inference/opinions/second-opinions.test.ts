import type { InferenceResult, SecondOpinionQuestion } from '../../../../contracts';
import {
  secondOpinionOf,
  type UseCaseSettings,
} from '../../../../edge-components/inference/src/configuration/configuration';
import type { ReviewedFrame } from '../../../../edge-components/inference/src/opinions/question';
import { SecondOpinions } from '../../../../edge-components/inference/src/opinions/second-opinions';
import { MessageTooLarge } from '../../../../edge-components/inference/src/ports';
import { fakeTimeouts, pass } from '../../fake-timeouts';
import { answerTo, aReviewingRelease, readQuestion, refusalOf } from './opinion-cloud';

const release = aReviewingRelease();
const SETTINGS = {
  questionTopic: 'ask/{thingName}',
  answerTopic: 'hear/{thingName}',
  ask: 'review' as 'never' | 'review',
  deadlineMilliseconds: 1_000,
  maximumInFlight: 2,
  questionsPerMinute: 60,
  inlineBytes: 1_000,
};

beforeEach(fakeTimeouts);
afterEach(() => jest.useRealTimers());

function newOpinions() {
  const world = {
    now: 0,
    online: true,
    settings: SETTINGS,
    privacy: 'selected' as 'never' | 'selected',
    largestBytes: Number.POSITIVE_INFINITY,
    sendFails: false,
    partIsThere: true,
    questions: [] as SecondOpinionQuestion[],
    topics: [] as string[],
    uploads: new Map<string, Buffer>(),
    revised: [] as string[],
    warnings: [] as string[],
    hear: undefined as ((payload: Buffer) => void) | undefined,
  };
  const opinions = new SecondOpinions({
    useCase: 'line',
    deviceId: 'line-1',
    clock: { now: () => 0, monotonic: () => world.now },
    log: {
      info: () => undefined,
      warn: (_, details) => world.warnings.push(String(details?.error)),
      error: () => undefined,
    },
    settings: () =>
      secondOpinionOf({
        secondOpinion: world.settings,
        upload: { privacy: world.privacy },
      } as UseCaseSettings),
    online: () => world.online,
    captureBucket: () => 'bucket',
    captureStore: {
      put: async (bucket, key, body) => void world.uploads.set(`${bucket}/${key}`, body),
    },
    publisher: {
      publishToCloud: async (topic, payload) => {
        if (world.sendFails) throw new Error('ServiceError');
        if (payload.length > world.largestBytes) throw new MessageTooLarge('too large');
        world.topics.push(topic);
        world.questions.push(readQuestion(payload));
      },
    },
    subscriber: {
      subscribeToCloud: (topic, onMessage) => {
        world.topics.push(topic);
        world.hear = onMessage;
        return () => {
          world.hear = undefined;
        };
      },
    },
    revise: ({ result }, { predictedClass }, disposition) => {
      if (world.partIsThere) world.revised.push(`${result.recordId} ${predictedClass} ${disposition}`);
      return world.partIsThere;
    },
  });
  opinions.apply();
  return { world, opinions };
}

let records = 0;
const reviewed = (changes: Partial<ReviewedFrame> = {}, text = 'image'): ReviewedFrame => {
  const recordId = `process-1-${++records}`;
  const result = { recordId, frameId: `frame-${records}`, status: 'uncertain', disposition: 'review' };
  const frame = {
    cameraId: 'camera-1',
    frameId: `frame-${records}`,
    capturedAt: '2026-11-23T12:00:00.000Z',
    bytes: Buffer.from(text),
    frameBytes: text.length,
    receivedAt: 0,
  };
  return { result: result as InferenceResult, frame, release, novel: false, ...changes };
};

type World = ReturnType<typeof newOpinions>['world'];
const say = (world: World, message: unknown): void => world.hear?.(Buffer.from(JSON.stringify(message)));
const asked = (world: World): SecondOpinionQuestion => world.questions.at(-1) as SecondOpinionQuestion;
const GOOD = [0.9, 0.05, 0.05];

test('[S10] a frame for review is asked about, and the answer decides the part', async () => {
  const { world, opinions } = newOpinions();
  const frame = reviewed();
  const outcome = opinions.ask(frame);
  await pass(0);
  expect(world.topics).toEqual(['hear/line-1', 'ask/line-1']);
  expect(asked(world)).toMatchObject({
    questionId: frame.result.recordId,
    deadlineMilliseconds: 1_000,
    image: { bytes: 5, inline: Buffer.from('image').toString('base64') },
  });
  world.now = 80;
  say(world, answerTo(asked(world), release, GOOD));
  expect(await outcome).toEqual({
    outcome: 'answered',
    predictedClass: 'good',
    confidence: 0.9,
    disposition: 'pass',
    decided: true,
    milliseconds: 80,
  });
  expect(world.revised).toEqual([`${frame.result.recordId} good pass`]);
  expect(opinions.counts).toBe('answered 1, decided 1');
});

test('[S10] an answer that says nothing new tells the line nothing', async () => {
  const { world, opinions } = newOpinions();
  const outcome = opinions.ask(reviewed());
  await pass(0);
  say(world, answerTo(asked(world), release, [0.5, 0.3, 0.2]));
  expect(await outcome).toMatchObject({ outcome: 'answered', disposition: 'review', decided: false });
  expect(world.revised).toEqual([]);
});

test('[S10] an answer for a part that has gone is kept, and decides nothing', async () => {
  const { world, opinions } = newOpinions();
  world.partIsThere = false;
  const outcome = opinions.ask(reviewed());
  await pass(0);
  say(world, answerTo(asked(world), release, GOOD));
  expect(await outcome).toMatchObject({ outcome: 'answered', disposition: 'pass', decided: false });
});

test('[S10] what is not answered by the deadline stays review; the answer after it is counted, and that is all', async () => {
  const { world, opinions } = newOpinions();
  const outcome = opinions.ask(reviewed());
  await pass(999);
  await pass(1);
  expect(await outcome).toMatchObject({ outcome: 'unanswered', decided: false });
  say(world, answerTo(asked(world), release, GOOD));
  expect(world.revised).toEqual([]);
  expect(opinions.counts).toBe('unanswered 1, answered too late 1');
});

test('[S10] the deadline is that of the part: what the device took itself is gone', async () => {
  const { world, opinions } = newOpinions();
  world.now = 300;
  void opinions.ask(reviewed());
  await pass(0);
  expect(asked(world).deadlineMilliseconds).toBe(700);
  world.now = 1_000;
  expect(opinions.ask(reviewed())).toBeUndefined();
  expect(opinions.counts).toBe('past 1');
});

test.each(['late', 'over-budget', 'not-deployed', 'unreadable', 'failed'] as const)(
  '[S10] a refusal leaves the part with a person: %s',
  async (reason) => {
    const { world, opinions } = newOpinions();
    const outcome = opinions.ask(reviewed());
    await pass(0);
    say(world, refusalOf(asked(world), { reason }));
    expect(await outcome).toEqual({ outcome: reason, decided: false, milliseconds: 0 });
    expect(world.revised).toEqual([]);
    expect(opinions.counts).toBe(`${reason} 1`);
  },
);

test('[S10] over budget: nobody is asked for as long as the cloud has said', async () => {
  const { world, opinions } = newOpinions();
  const outcome = opinions.ask(reviewed());
  await pass(0);
  say(world, refusalOf(asked(world), { reason: 'over-budget', pauseSeconds: 3_600 }));
  await outcome;
  world.now = 900;
  expect(opinions.ask(reviewed())).toBeUndefined();
  expect(world.questions).toHaveLength(1);
  expect(opinions.counts).toBe('over-budget 1, paused 1');
});

test('[S10] malformed, foreign and replayed answers change nothing; the true one still counts, once', async () => {
  const { world, opinions } = newOpinions();
  const outcome = opinions.ask(reviewed());
  await pass(0);
  const answer = answerTo(asked(world), release, GOOD);
  world.hear?.(Buffer.from('no json'));
  say(world, { ...answer, deviceId: 'line-2' });
  say(world, { ...answer, opinion: { ...answer.opinion, modelSha256: 'd'.repeat(64) } });
  say(world, { ...answer, questionId: 'process-0-1' });
  say(world, answer);
  await outcome;
  say(world, answer);
  expect(world.revised).toHaveLength(1);
  expect(opinions.counts).toBe('malformed 3, not asked for 2, answered 1, decided 1');
});

test('[S10] offline nobody is asked, and no image waits to be sent', async () => {
  const { world, opinions } = newOpinions();
  world.online = false;
  expect(opinions.ask(reviewed())).toBeUndefined();
  expect(world.questions).toEqual([]);
  expect(opinions.counts).toBe('offline 1');
});

test('[S10] privacy: where no pixel may leave, or none for this, nobody is asked and nobody listens', () => {
  for (const change of [
    { privacy: 'never' as const },
    { settings: { ...SETTINGS, ask: 'never' as const } },
  ]) {
    const { world, opinions } = newOpinions();
    Object.assign(world, change);
    opinions.apply();
    expect(world.hear).toBeUndefined();
    expect(opinions.ask(reviewed())).toBeUndefined();
    expect(world.questions).toEqual([]);
    expect(opinions.counts).toBeUndefined();
  }
});

test('[S10] a release without a larger network asks nobody', () => {
  const { world, opinions } = newOpinions();
  const { secondOpinion, ...without } = release;
  expect(opinions.ask(reviewed({ release: without }))).toBeUndefined();
  expect(world.questions).toEqual([]);
});

test('[S10] a large image goes by way of S3, below the own prefix of the device', async () => {
  const { world, opinions } = newOpinions();
  const frame = reviewed({}, 'x'.repeat(1_001));
  void opinions.ask(frame);
  await pass(0);
  expect(asked(world).image).toEqual({ bytes: 1_001, sha256: expect.any(String) });
  expect([...world.uploads.keys()]).toEqual([`bucket/questions/line/line-1/${frame.result.recordId}`]);
});

test('[S10] a nucleus that takes no such message: by way of S3, and the next one at once', async () => {
  const { world, opinions } = newOpinions();
  world.largestBytes = 500;
  void opinions.ask(reviewed({}, 'x'.repeat(600)));
  void opinions.ask(reviewed({}, 'x'.repeat(600)));
  await pass(0);
  expect(world.questions.map(({ image }) => image.inline)).toEqual([undefined, undefined]);
  expect(world.uploads.size).toBe(2);
});

test('[S10] a question that cannot be sent leaves the part as it is', async () => {
  const { world, opinions } = newOpinions();
  world.sendFails = true;
  expect(await opinions.ask(reviewed())).toMatchObject({ outcome: 'unsent', decided: false });
});

test('[S10] a dead function costs three questions, then one every half minute and less', async () => {
  const { world, opinions } = newOpinions();
  for (let second = 0; second < 60; second++) {
    world.now = second * 1_000;
    void opinions.ask(reviewed({ frame: { ...reviewed().frame, receivedAt: world.now } }));
    await pass(1_000);
  }
  expect(world.questions).toHaveLength(4);
});

test('[S10] the end of the component: what waits is let go at once', async () => {
  const { world, opinions } = newOpinions();
  const outcome = opinions.ask(reviewed());
  await pass(0);
  opinions.stop();
  expect(await outcome).toMatchObject({ outcome: 'stopped', decided: false });
  expect(world.hear).toBeUndefined();
  expect(opinions.ask(reviewed())).toBeUndefined();
});
