/**
 * Every transition of the table x {error, killed before its effect, killed after it} x {first release, an update}, as
 * Mender's state_test.cpp does for its own. A kill is an action that never comes back: what ran is abandoned, and a new
 * device is opened over the same folder.
 */
import { mkdirSync, readdirSync, rmSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import type { ReleaseOffer } from '../../../../contracts';
import { ModelError } from '../../../../edge-components/inference/src/ports';
import { restoreRelease } from '../../../../edge-components/inference/src/releases/release-restore';
import {
  RELEASE_TRANSITIONS,
  type ReleaseAction,
} from '../../../../edge-components/inference/src/releases/release-transitions';
import { type FakeDevice, newFakeDevice, offerOf } from '../../fake-device';
import { offeredFolder, signingKey, temporaryFolder } from '../../release-fixture';

const root = temporaryFolder();
const models = join(root, 'models');
const key = signingKey();
let folders = 0;
const newFolder = (): string => join(root, `folder-${++folders}`);
const newDevice = (work = newFolder()): Promise<FakeDevice> => newFakeDevice(work, key);

beforeAll(() => {
  mkdirSync(models);
  for (const gain of [4, 5]) writeFileSync(join(models, `gain-${gain}.onnx`), `gain ${gain}`);
});
afterAll(() => rmSync(root, { recursive: true, force: true }));

async function offer(counter: number, gain: number): Promise<ReleaseOffer> {
  const artifactsPath = newFolder();
  await offeredFolder(artifactsPath, models, key, { counter, gain });
  return offerOf(artifactsPath);
}

/** The port through which each action has its effect, and how it fails from outside. */
const EFFECT: Record<
  ReleaseAction,
  { readonly of: (device: FakeDevice) => [object, string]; readonly error: () => Error }
> = {
  verify: { of: ({ ports }) => [ports, 'trustedKeys'], error: () => new Error('no keys') },
  stage: { of: ({ store }) => [store, 'stage'], error: () => new Error('input/output error') },
  load: {
    of: ({ trialHost }) => [trialHost, 'load'],
    error: () => new ModelError('no answer within 20000 ms', 'gone', true),
  },
  selfTest: { of: ({ ports }) => [ports.decoder, 'decode'], error: () => new Error('decoder failed') },
  challenge: { of: ({ slot }) => [slot, 'canChallenge'], error: () => new Error('no comparison') },
  warmUp: {
    of: ({ servingHost }) => [servingHost, 'load'],
    error: () => new ModelError('out of memory', 'load'),
  },
  switch: { of: ({ slot }) => [slot, 'switchTo'], error: () => new Error('no switch') },
  commit: { of: ({ store }) => [store, 'commit'], error: () => new Error('read-only file system') },
  cleanUp: { of: ({ store }) => [store, 'collectGarbage'], error: () => new Error('input/output error') },
};

type Method = (...parameters: unknown[]) => unknown;

/** Replaces the effect of `action`; `replace` gets the original. */
function intercept(device: FakeDevice, action: ReleaseAction, replace: (original: Method) => Method): void {
  const [target, name] = EFFECT[action].of(device);
  const original = (Reflect.get(target, name) as Method).bind(target);
  Reflect.set(target, name, replace(original));
}

async function deviceWith(serving: boolean): Promise<FakeDevice> {
  const device = await newDevice();
  if (serving) await device.installer.install(await offer(1, 4));
  device.settings.challenger = {
    ...device.settings.challenger,
    frames: 1,
    minimumFrames: 0,
    timeoutSeconds: 0.01,
  };
  return device;
}

const counterAfterRestart = async (work: string): Promise<{ device: FakeDevice; counter?: number }> => {
  const device = await newDevice(work);
  const { active, problem } = await restoreRelease(device.ports);
  expect(problem).toBeUndefined();
  if (active) device.slot.switchTo(active).keep(0);
  return { device, ...(active && { counter: active.release.counter }) };
};

test('the table is one chain from OFFERED to CLEANED_UP, and what serves changes once', () => {
  const states = ['OFFERED', ...RELEASE_TRANSITIONS.map(({ to }) => to)];
  expect(RELEASE_TRANSITIONS.map(({ from }) => from)).toEqual(states.slice(0, -1));
  expect(states.at(-1)).toBe('CLEANED_UP');
  const order = ['old', 'either', 'new'];
  const serves = RELEASE_TRANSITIONS.map(({ servesAfterKill }) => order.indexOf(servesAfterKill));
  expect(serves).toEqual([...serves].sort());
});

const ROWS = RELEASE_TRANSITIONS.flatMap((transition) =>
  ([false, true] as const).map((serving) => ({
    ...transition,
    serving,
    before: serving ? 'an update' : 'the first release',
  })),
);

test.each(ROWS)(
  'case 2: an error in $action of $before ends in the old or the new release, with its code [case 4]',
  async ({ action, onError, serving }) => {
    const device = await deviceWith(serving);
    const old = device.slot.current;
    intercept(device, action, () => () => {
      throw EFFECT[action].error();
    });
    const verdict = await device.installer.install(await offer(2, 5));
    const accepted = onError === 'ACCEPTED';
    expect(verdict.code).toBe(onError);
    expect(device.slot.current === old).toBe(!accepted);
    expect(device.trialHost.open).toBe(0);
    const { counter } = await counterAfterRestart(device.work);
    expect(counter).toBe(accepted ? 2 : serving ? 1 : undefined);
  },
);

const KILLS = ROWS.flatMap((row) => (['before', 'after'] as const).map((when) => ({ ...row, when })));

test.each(KILLS)(
  'case 2: killed $when the effect of $action of $before: whole at the next start, and the offer succeeds then',
  async ({ action, servesAfterKill, serving, when }) => {
    const device = await deviceWith(serving);
    const offered = await offer(2, 5);
    let reached: () => void = () => undefined;
    const dead = new Promise<void>((resolve) => {
      reached = resolve;
    });
    const never = new Promise<never>(() => undefined);
    intercept(device, action, (original) => (...parameters) => {
      if (action === 'switch' || action === 'challenge') {
        // Synchronous: the process dies at the next asynchronous step, which never comes.
        if (when === 'after') original(...parameters);
        reached();
        device.store.commit = () => never;
        device.servingHost.load = () => never;
        if (when === 'before') throw new Error('killed');
        return original(...parameters);
      }
      return (async () => {
        if (when === 'after') await original(...parameters);
        reached();
        return never;
      })();
    });
    // The undo of an abandoned process never runs either.
    device.store.collectGarbage = action === 'cleanUp' ? device.store.collectGarbage : () => never;
    void device.installer.install(offered);
    await dead;

    const { device: next, counter } = await counterAfterRestart(device.work);
    const old = serving ? 1 : undefined;
    const allowed = { old: [old], either: when === 'after' ? [2] : [old], new: [2] }[servesAfterKill];
    expect(allowed).toContain(counter);
    const kept = [next.store.current, next.store.previous].flatMap((reference) => reference?.digest ?? []);
    const folders = readdirSync(device.work).filter((name) => /^[0-9a-f]{64}$|^staging-/.test(name));
    expect(folders.sort()).toEqual(kept.sort());
    const verdict = await next.installer.install(offered);
    expect(verdict).toMatchObject({
      verdict: 'accepted',
      code: counter === 2 ? 'ALREADY_IN_SERVICE' : 'ACCEPTED',
    });
    expect((await counterAfterRestart(device.work)).counter).toBe(2);
  },
);

test.each<[string, (device: FakeDevice) => { failure: ModelError | undefined }]>([
  ['trial', ({ trialHost }) => trialHost],
  ['serving', ({ servingHost }) => servingHost],
])(
  'case 5: a release that ends the %s process is quarantined, with how it ended; one that was killed is tried again',
  async (_, hostOf) => {
    const device = await deviceWith(true);
    const host = hostOf(device);
    const offered = await offer(2, 5);
    host.failure = new ModelError('inference process ended with SIGKILL: from outside', 'gone');
    const killed = await device.installer.install(offered);
    expect(killed).toMatchObject({ verdict: 'refused', code: 'INTERNAL_ERROR' });
    expect(killed.message).toContain('from outside');
    expect(device.store.refusals.at(-1)).toMatchObject({ reason: killed.message });
    host.failure = new ModelError('inference process ended with SIGSEGV', 'gone', true);
    expect(await device.installer.install(offered)).toMatchObject({ code: 'LOAD_FAILED' });
    host.failure = undefined;
    const quarantined = await device.installer.install(offered);
    expect(quarantined.code).toBe('QUARANTINED');
    expect(quarantined.message).toMatch(
      /^quarantined on this device since \S+: LOAD_FAILED: fp32: inference process ended with SIGSEGV$/,
    );
    expect((await counterAfterRestart(device.work)).counter).toBe(1);
  },
);

test('an installation whose process somebody ends is begun again, and the release is accepted', async () => {
  const device = await deviceWith(true);
  const kills = new ModelError('trial process ended with SIGKILL: from outside', 'gone');
  let loads = 0;
  const { load } = device.trialHost;
  device.trialHost.load = async (specification) => {
    if (++loads <= 2) throw kills;
    return load.call(device.trialHost, specification);
  };
  expect(await device.installer.install(await offer(2, 5))).toMatchObject({ code: 'ACCEPTED' });
  expect(loads).toBe(3);
  expect(device.trialHost.open).toBe(0);
});

test('an int8 variant whose process somebody ends is not left out for it', async () => {
  const device = await newDevice();
  const artifactsPath = newFolder();
  await offeredFolder(artifactsPath, models, key, { counter: 1, gain: 4, int8: 'gain-4.onnx' });
  device.trialHost.milliseconds = { 'model-fp32.onnx': 9, 'model-int8.onnx': 1 };
  let loads = 0;
  const { load } = device.trialHost;
  device.trialHost.load = async (specification) => {
    if (++loads === 2) throw new ModelError('trial process ended with SIGKILL: from outside', 'gone');
    return load.call(device.trialHost, specification);
  };
  expect(await device.installer.install(offerOf(artifactsPath))).toMatchObject({ code: 'ACCEPTED' });
  expect(device.slot.current?.variant).toBe('int8');
});
