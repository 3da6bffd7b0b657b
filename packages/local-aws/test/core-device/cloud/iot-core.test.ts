import { iotCoreOver } from '../../../core-device/cloud/iot-core';
import { NUCLEI } from '../../../core-device/nucleus/nuclei';

/** A connection on which messages wait until the test acknowledges them. */
function heldConnection() {
  const held: Array<() => void> = [];
  const connection = {
    isConnected: true,
    publish: () => new Promise<void>((resolve) => held.push(resolve)),
    subscribe: async () => () => {},
  };
  return { connection, held };
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
