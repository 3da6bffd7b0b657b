/** ministack with what Greengrass and the device gateway add to it, for their integration tests. */
import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';
import { REPOSITORY_ROOT, virtualEnvironmentPython } from '../../../../scripts/repository';
import { freePort } from '../../shared/free-port';
import type { RunningService } from '../../shared/running-service';
import { SupervisedProcess } from '../../shared/supervised-process';

export interface RunningMinistack extends RunningService {
  readonly iot: { readonly host: string; readonly port: number; readonly caPem: string };
}

const PROGRAM = [
  'import credentials_provider, event_sources, ministack.app',
  'credentials_provider.install()',
  'event_sources.install()',
  'ministack.app.main()',
].join('\n');

const ATTEMPTS = 300;
const PAUSE_MILLISECONDS = 100;

export async function startTestMinistack(): Promise<RunningMinistack> {
  const directory = mkdtempSync(join(tmpdir(), 'kaizen-greengrass-'));
  const [gatewayPort, mqttPort] = await Promise.all([freePort(), freePort()]);
  const url = `http://127.0.0.1:${gatewayPort}`;
  const child = new SupervisedProcess({
    name: 'ministack',
    command: virtualEnvironmentPython(),
    arguments: ['-c', PROGRAM],
    logFile: join(directory, 'ministack.log'),
    environment: {
      PATH: process.env.PATH,
      HOME: directory,
      TMPDIR: directory,
      S3_DATA_DIR: join(directory, 's3'),
      GATEWAY_PORT: String(gatewayPort),
      IOT_MTLS_ENABLED: '1',
      IOT_MTLS_PORT: String(mqttPort),
      BIND_HOST: '127.0.0.1',
      AUTH: 'true',
      PYTHONDONTWRITEBYTECODE: '1',
      PYTHONPATH: ['greengrass', 'device-gateway']
        .map((part) => join(REPOSITORY_ROOT, 'packages', 'local-aws', part))
        .join(':'),
    },
  });
  const stop = async () => {
    await child.stop();
    rmSync(directory, { recursive: true, force: true });
  };
  for (let attempt = 0; attempt < ATTEMPTS; attempt++) {
    const answer = await fetch(`${url}/_ministack/iot/ca.pem`).catch(() => undefined);
    if (answer?.ok) {
      return { url, iot: { host: 'localhost', port: mqttPort, caPem: await answer.text() }, stop };
    }
    await sleep(PAUSE_MILLISECONDS);
  }
  await stop();
  throw new Error(`ministack did not answer:\n${child.tail}`);
}
