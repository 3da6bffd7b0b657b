import {
  CloudSubscriptions,
  type Subscribe,
} from '../../../../edge-components/inference/src/nucleus/cloud-subscriptions';
import { silent } from '../../fake-device';

beforeEach(() => jest.useFakeTimers());
afterEach(() => jest.useRealTimers());

/** A connection to a nucleus that is online or not. */
function newConnection() {
  const state = { online: true, attempts: 0, listeners: [] as ((payload: Buffer) => void)[] };
  const subscribe: Subscribe = async (_topic, onMessage) => {
    state.attempts++;
    if (!state.online) throw new Error('offline');
    state.listeners.push(onMessage);
  };
  return { state, subscribe };
}

test('[L5] a subscription is made again over every connection, until it is ended', async () => {
  const subscriptions = new CloudSubscriptions(silent, () => 1);
  const heard: string[] = [];
  const end = subscriptions.add('topic', (payload) => heard.push(payload.toString()));
  const [first, second] = [newConnection(), newConnection()];
  subscriptions.connected(first.subscribe);
  await jest.advanceTimersByTimeAsync(0);
  first.state.listeners[0]?.(Buffer.from('one'));
  subscriptions.disconnected();
  subscriptions.connected(second.subscribe);
  await jest.advanceTimersByTimeAsync(0);
  second.state.listeners[0]?.(Buffer.from('two'));
  end();
  second.state.listeners[0]?.(Buffer.from('three'));
  expect(heard).toEqual(['one', 'two']);
  subscriptions.connected(newConnection().subscribe);
  expect(second.state.attempts).toBe(1);
});

test('[L5] a nucleus that is offline refuses, and is asked again, more and more seldom', async () => {
  const subscriptions = new CloudSubscriptions(silent, () => 1);
  const { state, subscribe } = newConnection();
  state.online = false;
  subscriptions.connected(subscribe);
  subscriptions.add('topic', () => undefined);
  await jest.advanceTimersByTimeAsync(3_600_000);
  // 1, 2, 4, ... 60 seconds apart, and then every minute.
  expect(state.attempts).toBeGreaterThan(60);
  expect(state.attempts).toBeLessThan(70);
  state.online = true;
  await jest.advanceTimersByTimeAsync(60_000);
  expect(state.listeners).toHaveLength(1);
  await jest.advanceTimersByTimeAsync(3_600_000);
  expect(state.listeners).toHaveLength(1);
});

test('[L5] a connection that was lost is not asked any more', async () => {
  const subscriptions = new CloudSubscriptions(silent, () => 1);
  const { state, subscribe } = newConnection();
  state.online = false;
  subscriptions.add('topic', () => undefined);
  subscriptions.connected(subscribe);
  await jest.advanceTimersByTimeAsync(1_000);
  subscriptions.disconnected();
  const { attempts } = state;
  await jest.advanceTimersByTimeAsync(600_000);
  expect(state.attempts).toBe(attempts);
});
