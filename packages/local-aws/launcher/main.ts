/** `npm run local`: starts the local AWS and keeps it until Ctrl-C. */
import { mkdirSync, mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { dirname, join } from 'node:path';
import { parseArgs } from 'node:util';
import { type LocalAws, startLocalAws } from './start-local-aws';

const USAGE = `Usage: npm run local [-- --variables <file>]
  --variables <file>  where endpoints and credentials are written, to be sourced (default out/local.env)
  --help             shows this`;

function environmentFile(aws: LocalAws): string {
  const lines = Object.entries({
    ...aws.environment,
    KAIZEN_LOCAL_MQTT: `${aws.iot.host}:${aws.iot.port}`,
    KAIZEN_LOCAL_MQTT_CA: aws.iot.caPath,
    KAIZEN_LOCAL_GATEWAY: aws.gateway.url,
    KAIZEN_LOCAL_GATEWAY_CA: aws.gateway.caPath,
  }).map(([name, value]) => `export ${name}=${value}`);
  return `${lines.join('\n')}\n`;
}

async function main(): Promise<number> {
  let values: { variables: string; help: boolean };
  try {
    const options = {
      variables: { type: 'string', default: 'out/local.env' },
      help: { type: 'boolean', default: false },
    } as const;
    ({ values } = parseArgs({ options }));
  } catch (error) {
    console.error(`${(error as Error).message.split('. ')[0]}.\n${USAGE}`);
    return 2;
  }
  if (values.help) {
    console.log(USAGE);
    return 0;
  }
  const workDirectory = mkdtempSync(join(tmpdir(), 'kaizen-local-'));
  const ended = new Promise<string | undefined>((resolve) => {
    // Not once: a second Ctrl-C must not cut the clean-up short.
    process.on('SIGINT', () => resolve(undefined));
    process.on('SIGTERM', () => resolve(undefined));
    crashed = resolve;
  });
  try {
    const aws = await startLocalAws({ workDirectory, onCrash: (message) => crashed(message) });
    try {
      const text = environmentFile(aws);
      mkdirSync(dirname(values.variables), { recursive: true });
      writeFileSync(values.variables, text, { mode: 0o600 });
      console.log(`${text}\nThe local AWS is up. In another shell: . ${values.variables}\nCtrl-C ends it.`);
      const problem = await ended;
      if (problem !== undefined) console.error(problem);
      return problem === undefined ? 0 : 1;
    } finally {
      rmSync(values.variables, { force: true });
      await aws.stop();
    }
  } finally {
    rmSync(workDirectory, { recursive: true, force: true });
  }
}

let crashed: (message: string) => void = () => {};

main().then(
  (code) => {
    process.exitCode = code;
  },
  (error: Error) => {
    console.error(`the local AWS did not start: ${error.message}`);
    process.exitCode = 1;
  },
);
