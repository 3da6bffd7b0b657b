/**
 * Loses the connection to the nucleus again and again while requests are under way. A program of its own, because what it
 * looks for ends the process: `losing-connections.ts <losses>`. Prints how many requests were answered and how many failed.
 */
import { rmSync } from 'node:fs';
import { join } from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';
import { NucleusIpc } from '../../edge-components/inference/src/adapters/nucleus-ipc';
import { createIpcServices, startIpcServer } from '../../local/core-device/ipc/server';
import { silent } from './fake-device';
import { temporaryFolder } from './release-fixture';
import { UnreliableLink } from './unreliable-link';

const COMPONENT = 'com.kaizenedge.Inference';
const TOPIC = 'kaizen/results';
const REQUESTS_UNDER_WAY = 8;
/** Larger than what a socket takes at once. */
const PAYLOAD = Buffer.alloc(3_000, 1);
const LONGEST_CONNECTION_MILLISECONDS = 20;

async function main(losses: number): Promise<void> {
  const folder = temporaryFolder();
  const services = createIpcServices({
    thingName: 'line-1',
    iotCore: { publish: async () => undefined, subscribe: async () => () => undefined },
  });
  const operations = ['aws.greengrass#PublishToIoTCore'];
  const accessControl = { 'aws.greengrass.ipc.mqttproxy': { policy: { operations, resources: [TOPIC] } } };
  services.configuration.replace(COMPONENT, { defaults: { accessControl }, overrides: {} });
  const socketPath = join(folder, 'ipc.sock');
  const server = await startIpcServer({ socketPath, services, componentOf: () => COMPONENT });
  const link = await new UnreliableLink(join(folder, 'link.sock'), socketPath).start();
  process.env.AWS_GG_NUCLEUS_DOMAIN_SOCKET_FILEPATH_FOR_COMPONENT = link.path;
  process.env.SVCUID = 'token-of-the-test';
  const ipc = new NucleusIpc(
    silent,
    () => [],
    () => 0,
    () => 0,
  );
  await ipc.connect();

  const outcomes = { answered: 0, failed: 0 };
  let ending = false;
  const keepPublishing = async (): Promise<void> => {
    while (!ending) {
      try {
        await ipc.publishToCloud(TOPIC, PAYLOAD);
        outcomes.answered++;
      } catch {
        outcomes.failed++;
        await sleep(5);
      }
    }
  };
  const publishing = Array.from({ length: REQUESTS_UNDER_WAY }, keepPublishing);
  for (let loss = 0; loss < losses; loss++) {
    if (!ipc.connected) await new Promise((resolve) => ipc.once('connected', resolve));
    await sleep(Math.random() * LONGEST_CONNECTION_MILLISECONDS);
    link.down();
    link.up();
  }
  ending = true;
  await Promise.all(publishing);
  await ipc.close();
  await link.stop();
  await server.stop();
  rmSync(folder, { recursive: true, force: true });
  console.log(JSON.stringify(outcomes));
}

void main(Number(process.argv[2])).then(() => process.exit(0));
