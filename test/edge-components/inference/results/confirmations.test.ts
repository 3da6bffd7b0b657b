import { Confirmations } from '../../../../edge-components/inference/src/results/confirmations';
import { MemoryNucleus, MemoryOutbox } from '../../memory-device';

const TOPIC = 'kaizen/dev/line/line-1/confirmations';
const message = {
  schemaVersion: 1,
  deviceId: 'line-1',
  useCase: 'line',
  stream: '00000001-1a2b3c4d',
  received: [[1, 7]],
};

function newConfirmations() {
  const nucleus = new MemoryNucleus();
  const outbox = new MemoryOutbox();
  const warnings: string[] = [];
  const state = { topic: TOPIC as string | undefined };
  const confirmations = new Confirmations({
    subscriber: nucleus,
    outbox,
    log: {
      info: () => undefined,
      error: () => undefined,
      warn: (_text, { error } = {}) => void warnings.push(String(error)),
    },
    useCase: 'line',
    deviceId: 'line-1',
    topic: () => state.topic,
  });
  return { nucleus, outbox, warnings, state, confirmations };
}

test('[L5] what the cloud confirms reaches the outbox', () => {
  const { nucleus, outbox, confirmations } = newConfirmations();
  confirmations.apply();
  nucleus.deliver(TOPIC, message);
  expect(outbox.confirmed).toMatchObject([{ stream: message.stream, received: [[1, 7]] }]);
});

test.each([
  ['no JSON', '{"poison', /JSON/],
  ['no confirmation', { ...message, received: [[1]] }, /received\.0/],
  ['that of another device', { ...message, deviceId: 'line-2' }, /it is for line of line-2/],
  ['that of another use case', { ...message, useCase: 'welds' }, /it is for welds of line-1/],
])('[L5] %s changes nothing and is told', (_what, payload, problem) => {
  const { nucleus, outbox, warnings, confirmations } = newConfirmations();
  confirmations.apply();
  nucleus.deliver(TOPIC, payload);
  expect(outbox.confirmed).toEqual([]);
  expect(warnings).toEqual([expect.stringMatching(problem)]);
});

test('[L5] it listens where the configuration says now, and nowhere when it says nothing', () => {
  const { nucleus, state, confirmations } = newConfirmations();
  confirmations.apply();
  confirmations.apply();
  expect(nucleus.subscribed).toEqual([TOPIC]);
  state.topic = 'another';
  confirmations.apply();
  expect(nucleus.subscribed).toEqual(['another']);
  state.topic = undefined;
  confirmations.apply();
  expect(nucleus.subscribed).toEqual([]);
});
