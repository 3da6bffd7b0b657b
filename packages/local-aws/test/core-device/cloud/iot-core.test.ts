import { iotCoreOver } from '../../../core-device/cloud/iot-core';
import { NUCLEI } from '../../../core-device/nucleus/nuclei';

/** A connection on which messages wait until the test acknowledges them. */
function heldConnection() {
  const held: Array<() => void> = [];
  const listeners: Array<() => void> = [];
  const connection = {
    isConnected: true,
    publish: () => new Promise<void>((resolve) => held.push(resolve)),
    subscribe: async () => () => {},
    on: (_event: 'connected', listener: () => void) => listeners.push(listener),
  };
  const connected = () => {
    for (const listener of listeners) listener();
  };
  return { connection, held, connected };
}
const PAYLOAD = Buffer.alloc(5_120);

test('[L5] lite says at once that a message is sent, of 15,000 bytes at most, and nothing offline', async () => {
  const { connection, held } = heldConnection();
  const { publish } = iotCoreOver(connection, NUCLEI.lite);
  await publish('t', PAYLOAD, 1, false);
  await publish('t', PAYLOAD, 1, false);
  await expect(publish('t', PAYLOAD, 1, false)).rejects.toMatchObject({ code: 'ServiceError' });
  held[0]?.();
  await new Promise(setImmediate);
  await publish('t', PAYLOAD, 1, false);
  connection.isConnected = false;
  await expect(publish('t', Buffer.alloc(1), 1, false)).rejects.toThrow('offline');
});

test('classic says so when the cloud has it', async () => {
  const { connection, held } = heldConnection();
  const { publish } = iotCoreOver(connection, NUCLEI.classic);
  let done = false;
  const published = publish('t', PAYLOAD, 1, false).then(() => {
    done = true;
  });
  await new Promise(setImmediate);
  expect(done).toBe(false);
  held[0]?.();
  await published;
});

test('[N3] a classic nucleus that spools says at once that a message is sent, offline too, until its memory is full', async () => {
  const { connection, held, connected } = heldConnection();
  connection.isConnected = false;
  const { publish } = iotCoreOver(connection, NUCLEI.classic, true);
  const many = Math.floor(2_621_440 / PAYLOAD.length);
  for (let index = 0; index < many; index++) await publish('t', PAYLOAD, 1, false);
  await expect(publish('t', PAYLOAD, 1, false)).rejects.toMatchObject({ code: 'ServiceError' });
  expect(held).toHaveLength(0);
  connection.isConnected = true;
  connected();
  expect(held).toHaveLength(5);
  held[0]?.();
  await new Promise(setImmediate);
  expect(held).toHaveLength(6);
  await publish('t', PAYLOAD, 1, false);
});
