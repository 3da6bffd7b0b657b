/** ONNX Runtime reports to its maker, unless it is told not to. The component itself: inference-component.test.ts. */
import { execFile, spawn } from 'node:child_process';
import { mkdirSync, readdirSync, rmSync } from 'node:fs';
import { createServer } from 'node:net';
import { join } from 'node:path';
import { promisify } from 'node:util';
import { SMALLEST_MODEL } from '../../edge-components/inference/src/models/smallest-model';
import { REPOSITORY_ROOT } from '../../scripts/repository';
import { networkSockets } from '../edge-components/process-sockets';
import { temporaryFolder } from '../edge-components/release-fixture';
import { waitFor } from '../edge-components/wait-for';

jest.setTimeout(60_000);

const root = temporaryFolder();
const folder = (name: string): string => {
  const path = join(root, name);
  mkdirSync(path, { recursive: true });
  return path;
};

afterAll(() => rmSync(root, { recursive: true, force: true }));

test('[L10] the trace that tests look for is that of an ONNX Runtime that reports', async () => {
  const temporary = folder('reporting');
  const program = `
    const { InferenceSession } = require('onnxruntime-node');
    InferenceSession.create(Buffer.from('${SMALLEST_MODEL.toString('base64')}', 'base64'));`;
  await promisify(execFile)(process.execPath, ['-e', program], {
    cwd: REPOSITORY_ROOT,
    env: { PATH: process.env.PATH, TMPDIR: temporary },
  });
  expect(readdirSync(temporary)).toContainEqual(expect.stringMatching(/^mat-debug-\d+\.log$/));
});

test('[L10] jobs: onnxruntime in a process of kaizen_training leaves no trace either', async () => {
  const python = join(REPOSITORY_ROOT, '.venv', 'bin', 'python');
  const traces = async (name: string, program: string): Promise<string[]> => {
    const temporary = folder(name);
    await promisify(execFile)(python, ['-c', program], {
      cwd: join(REPOSITORY_ROOT, 'training'),
      env: { PATH: process.env.PATH, TMPDIR: temporary },
    });
    return readdirSync(temporary);
  };
  expect(await traces('job', 'import kaizen_training, onnxruntime')).toEqual([]);
  expect(await traces('reporting-job', 'import onnxruntime')).not.toEqual([]);
});

test('the watch sees a socket of a grandchild', async () => {
  const server = createServer();
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
  const { port } = server.address() as { port: number };
  const grandchild = `require('node:net').connect(${port}, '127.0.0.1')`;
  const program = `require('node:child_process').spawn(process.execPath, ['-e', ${JSON.stringify(grandchild)}])`;
  const child = spawn(process.execPath, ['-e', program], { stdio: 'ignore', detached: true });
  try {
    await new Promise((resolve) => server.once('connection', resolve));
    await waitFor('the socket', () => networkSockets(child.pid as number).includes(`tcp ${port}`));
  } finally {
    process.kill(-(child.pid as number), 'SIGKILL');
    server.close();
  }
});
