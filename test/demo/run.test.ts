import { PassThrough } from 'node:stream';
import { text } from 'node:stream/consumers';
import { DemoConsole } from '../../demo/console';
import { loopRunsOf } from '../../demo/run';
import { SMALL } from '../../demo/settings';

const run = (...environmentNames: string[]) => ({
  settings: SMALL,
  environmentNames,
  work: { path: '/out', run: '/out/run', release: () => undefined },
  console: new DemoConsole(),
  abort: new AbortController(),
});

describe('[D1] the loops of a run', () => {
  test('one environment has the run for itself', () => {
    const { settings, console } = run();
    expect(loopRunsOf({ ...run('plant'), console })).toMatchObject([
      { settings, console, environmentName: 'plant', reportFolder: '/out', runFolder: '/out/run' },
    ]);
  });

  test('several share the frame rate, and no folder, device or thing name', () => {
    const loops = loopRunsOf(run('plant-a', 'plant-b'));
    const devices = loops.flatMap(({ settings }) => [...settings.devices.canary, ...settings.devices.stable]);
    expect(new Set(devices).size).toBe(8);
    expect(loops.map(({ settings }) => settings.devices.canary[0])).toEqual([
      'plant-a-line-1',
      'plant-b-line-1',
    ]);
    expect(loops.map(({ reportFolder }) => reportFolder)).toEqual(['/out/plant-a', '/out/plant-b']);
    expect(loops.map(({ settings }) => settings.framesPerSecond)).toEqual([3, 3]);
  });

  test('each says whose line it is, and rewrites none of the others', async () => {
    const out = Object.assign(new PassThrough(), { isTTY: true, columns: 80 });
    const both = new DemoConsole(out as unknown as NodeJS.WriteStream);
    both.speakingFor('plant-a').line('\n■ rollout\n  done');
    both.speakingFor('plant-b').status('waiting');
    out.end();
    expect(await text(out)).toBe('\nplant-a | ■ rollout\nplant-a |   done\n');
  });
});
