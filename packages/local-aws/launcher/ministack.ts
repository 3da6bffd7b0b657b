/** ministack as a child process: the part of AWS that others have already emulated well. */
import { mkdirSync } from 'node:fs';
import { join } from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';
import { freePort } from '../shared/free-port';
import type { RunningService } from '../shared/running-service';
import { SupervisedProcess } from '../shared/supervised-process';

/** Only ends a start that hangs: ministack answers within a second on an idle machine. */
const READY_TIMEOUT_MILLISECONDS = 120_000;
const POLL_MILLISECONDS = 100;

export interface Ministack extends RunningService {
  readonly iot: { readonly host: string; readonly port: number; readonly caPem: string };
}

export interface MinistackOptions {
  /** Logs and state. */
  readonly workDirectory: string;
  /** Interpreter that has what requirements.lock pins. */
  readonly python: string;
  /**
   * Lambda runtime, such as `nodejs24.x`, -> executable. A function whose runtime is not named runs on this machine's
   * `node`; where its major version is another, its invocations fail.
   */
  readonly functionRuntimes?: Readonly<Record<string, string>> | undefined;
  /** Added to its environment, which it hands to the functions that it runs. */
  readonly environment?: Readonly<Record<string, string>>;
  /** Called with one message when it ends although nobody stopped it. */
  readonly onCrash: (message: string) => void;
}

/** @throws Error with its last log lines when it does not come up; nothing is left running then */
export async function startMinistack(options: MinistackOptions): Promise<Ministack> {
  const [gatewayPort, mqttPort] = await Promise.all([freePort(), freePort()]);
  const temporary = join(options.workDirectory, 'ministack');
  mkdirSync(temporary, { recursive: true });
  const url = `http://127.0.0.1:${gatewayPort}`;
  const child = new SupervisedProcess({
    name: 'ministack',
    command: options.python,
    arguments: [join(__dirname, 'ministack_launcher.py')],
    logFile: join(options.workDirectory, 'ministack.log'),
    onCrash: options.onCrash,
    environment: {
      PATH: process.env.PATH,
      HOME: temporary,
      TMPDIR: temporary,
      S3_DATA_DIR: join(temporary, 's3'),
      GATEWAY_PORT: String(gatewayPort),
      IOT_MTLS_ENABLED: '1',
      IOT_MTLS_PORT: String(mqttPort),
      BIND_HOST: '127.0.0.1',
      MINISTACK_HOST: 'localhost',
      // Roles limited by their policies, bucket policies and IoT policies enforced.
      AUTH: 'true',
      LOG_LEVEL: 'INFO',
      PYTHONUNBUFFERED: '1',
      PYTHONDONTWRITEBYTECODE: '1',
      LOCAL_AWS_FUNCTION_RUNTIMES: JSON.stringify(options.functionRuntimes ?? {}),
      ...options.environment,
    },
  });
  try {
    await waitUntilReady(url, child);
    const answer = await fetch(`${url}/_ministack/iot/ca.pem`);
    if (!answer.ok) throw new Error(`ministack gave no certificate authority: HTTP ${answer.status}`);
    // Joined with another one, a file without a line break at its end is no PEM file.
    const caPem = `${(await answer.text()).trimEnd()}\n`;
    return { url, iot: { host: 'localhost', port: mqttPort, caPem }, stop: () => child.stop() };
  } catch (error) {
    await child.stop();
    throw error;
  }
}

async function waitUntilReady(url: string, child: SupervisedProcess): Promise<void> {
  let outcome: number | string | undefined;
  void child.ended.then((ended) => {
    outcome = ended;
  });
  const deadline = Date.now() + READY_TIMEOUT_MILLISECONDS;
  while (Date.now() < deadline) {
    if (outcome !== undefined) throw new Error(`ministack ended at start (${outcome}):\n${child.tail}`);
    const ready = await fetch(`${url}/_ministack/ready`).then(
      (answer) => answer.ok,
      () => false,
    );
    if (ready) return;
    await sleep(POLL_MILLISECONDS);
  }
  throw new Error(`ministack was not ready after ${READY_TIMEOUT_MILLISECONDS / 1000} s:\n${child.tail}`);
}
