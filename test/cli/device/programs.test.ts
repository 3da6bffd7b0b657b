/** Commands that start programs of rooms behind walls. */
import { existsSync } from 'node:fs';
import { join } from 'node:path';
import { Command } from 'commander';
import { addCameraCommands, CAMERA_PROGRAM } from '../../../cli/device/camera-commands';
import { addSimulateCommand, SIMULATE_PROGRAM } from '../../../cli/device/simulate-commands';
import { InputError } from '../../../cli/shared/errors';
import { type StartProgram, startProgram } from '../../../cli/shared/repository-program';
import { DEFAULT_IMAGE_POLICY } from '../../../contracts/image-policy';

const ROOT = join(__dirname, '..', '..', '..');
const open = () => Promise.reject(new Error('no environment is to be opened here'));

async function run(args: readonly string[], end: number | NodeJS.Signals = 0) {
  const started: Array<{ file: string; request: unknown }> = [];
  const start: StartProgram = async (file, [text = '']) => {
    started.push({ file, request: JSON.parse(text) });
    return end;
  };
  const program = new Command('kaizen').option('--env <name>', '', 'local').exitOverride();
  program.configureOutput({ writeErr: () => undefined, writeOut: () => undefined });
  program.command('device');
  const ports = {} as Parameters<ReturnType<typeof addCameraCommands>>[1];
  addSimulateCommand(start)(program, ports, open);
  addCameraCommands(start)(program, ports, open);
  for (const command of program.commands) for (const sub of command.commands) sub.exitOverride();
  await program.parseAsync([...args], { from: 'user' });
  return started;
}

describe('[B27] kaizen camera try', () => {
  test('starts the component’s program with what was said', async () => {
    expect(existsSync(join(ROOT, CAMERA_PROGRAM))).toBe(true);
    expect(
      await run(['camera', 'try', 'rtsp://10.0.0.1/s', '--program', 'gstreamer', '--seconds', '2', '--json']),
    ).toEqual([
      {
        file: CAMERA_PROGRAM,
        request: {
          do: 'try',
          camera: { source: 'rtsp://10.0.0.1/s', program: 'gstreamer' },
          seconds: 2,
          policy: DEFAULT_IMAGE_POLICY,
          picture: 'camera.png',
          json: true,
        },
      },
    ]);
  });

  test('its exit code is the program’s: a bad camera is no wrong request', async () => {
    await expect(run(['camera', 'try', 'x'], 1)).rejects.not.toThrow(InputError);
    await expect(run(['camera', 'try', 'x'], 1)).rejects.toThrow(/something is wrong with this camera/);
    await expect(run(['camera', 'try', 'x'], 2)).rejects.toThrow(InputError);
    await expect(run(['camera', 'try', 'x'], 'SIGKILL')).rejects.toThrow(Error);
  });

  test.each([
    [['--seconds', '0']],
    [['--type', 'ftp']],
    [['--frames-per-second', '0']],
    [['--image-policy', '{}x']],
  ])('%j is refused before anything starts', async (more) => {
    await expect(run(['camera', 'try', 'x', ...more])).rejects.toThrow();
  });
});

describe('[B27] kaizen device simulate', () => {
  test('starts the simulated device with what was said', async () => {
    expect(existsSync(join(ROOT, SIMULATE_PROGRAM))).toBe(true);
    expect(
      await run([
        '--env',
        'plant-a',
        'device',
        'simulate',
        'press-1',
        '--group',
        'stable',
        '--nucleus',
        'lite',
        '--camera',
        './parts',
      ]),
    ).toEqual([
      {
        file: SIMULATE_PROGRAM,
        request: {
          environment: 'plant-a',
          thingName: 'press-1',
          wave: 'stable',
          nucleus: 'lite',
          camera: { source: './parts' },
        },
      },
    ]);
  });

  test('shows rendered parts where nobody says otherwise', async () => {
    const [started] = await run(['device', 'simulate', 'press-1', '--group', 'canary']);
    expect(started?.request).toMatchObject({ nucleus: 'classic', camera: { source: 'line' } });
  });

  test.each([
    [['device', 'simulate', 'press-1']],
    [['device', 'simulate', 'a/b', '--group', 'canary']],
    [['device', 'simulate', 'x', '--group', 'all']],
  ])('%j is refused before anything starts', async (args) => {
    await expect(run(args)).rejects.toThrow();
  });

  test('its failure is an error, and a wrong request a wrong request', async () => {
    const args = ['device', 'simulate', 'press-1', '--group', 'canary'];
    await expect(run(args, 1)).rejects.toThrow('the device has ended');
    await expect(run(args, 2)).rejects.toThrow(InputError);
  });
});

test('[B27] a program of the repository is started as it is, and its exit code answered', async () => {
  const request = {
    do: 'try',
    camera: { source: 'ftp://10.0.0.1/x' },
    seconds: 1,
    policy: DEFAULT_IMAGE_POLICY,
  };
  expect(await startProgram(CAMERA_PROGRAM, [JSON.stringify(request)])).toBe(2);
});
