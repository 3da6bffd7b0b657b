import { mapConcurrently } from '../../shared/concurrency';
import { WAYS_BACK } from '../names';
import { USUAL_QUORUM } from '../quorum';
import {
  currentWave,
  type DeployedWave,
  lastDeployedWave,
  type RolloutState,
  type WaveCheck,
} from '../rollout-state';
import { type AssessedTime, assessDevices, type DeviceView } from './assess-devices';
import { assessReturn } from './assess-return';

export interface CheckWavePorts {
  now(): Date;
  listThings(thingGroupName: string): Promise<string[]>;
  viewDevice(deviceId: string, deploymentId: string): Promise<DeviceView>;
}

/** Greengrass allows 30 control-plane requests a second. */
const DEVICES_AT_A_TIME = 10;

async function viewDevices(wave: DeployedWave, ports: CheckWavePorts): Promise<DeviceView[]> {
  const things = await ports.listThings(wave.thingGroupName);
  return mapConcurrently(things, DEVICES_AT_A_TIME, (thing) => ports.viewDevice(thing, wave.deploymentId));
}

async function checkOne(
  wave: DeployedWave,
  releaseId: string,
  assess: (devices: readonly DeviceView[], releaseId: string, time: AssessedTime) => WaveCheck,
  ports: CheckWavePorts,
): Promise<WaveCheck> {
  const elapsed = ports.now().getTime() - Date.parse(wave.deployedAt);
  const timeoutSeconds = wave.installTimeoutSeconds;
  const timedOut = elapsed >= timeoutSeconds * 1000;
  return assess(await viewDevices(wave, ports), releaseId, { timedOut, timeoutSeconds });
}

/** A history of a rollout is read by people: more names say no more, and the check has them all. */
const NAMED_IN_NOTE = 20;

function noteOf(wave: DeployedWave, { setAside = [], devices, reasons }: WaveCheck): string {
  const rest = setAside.length - NAMED_IN_NOTE;
  const names = [...setAside.slice(0, NAMED_IN_NOTE), ...(rest > 0 ? [`${rest} more`] : [])].join(', ');
  return `Wave ${wave.name} goes on without ${setAside.length} of ${devices} devices, which get the release when they can: ${names}. ${reasons.join(' ')}`;
}

/** Pending while one wave is; otherwise failed when one has. */
function joined(checks: readonly WaveCheck[]): WaveCheck {
  const has = (status: WaveCheck['status']) => checks.some((check) => check.status === status);
  return {
    status: has('PENDING') ? 'PENDING' : has('FAILED') ? 'FAILED' : 'READY',
    reasons: checks.flatMap((check) => check.reasons),
    missing: checks.flatMap((check) => check.missing ?? []),
    devices: checks.reduce((total, check) => total + check.devices, 0),
    ready: checks.reduce((total, check) => total + check.ready, 0),
  };
}

/** Looks at the devices of the current wave, or of every wave that is being rolled back. */
export async function checkWave(state: RolloutState, ports: CheckWavePorts): Promise<RolloutState> {
  const { rollback } = state;
  if (rollback?.releaseId !== undefined) {
    const { releaseId } = rollback;
    const checks = await Promise.all(
      rollback.waves.map((wave) => checkOne(wave, releaseId, assessReturn, ports)),
    );
    return { ...state, check: joined(checks) };
  }
  const wave = lastDeployedWave(state);
  const quorum = currentWave(state).quorum ?? USUAL_QUORUM;
  const check = await checkOne(
    wave,
    state.releaseId,
    (devices, releaseId, time) => assessDevices(devices, releaseId, { ...time, quorum }),
    ports,
  );
  if (check.status !== 'READY') {
    return { ...state, check, ...(check.absence && { wayBack: WAYS_BACK.silence }) };
  }
  const { setAside } = check;
  const ready: DeployedWave = {
    ...wave,
    readyAt: wave.readyAt ?? ports.now().toISOString(),
    ...(setAside && { setAside }),
  };
  return {
    ...state,
    check,
    ...(setAside && { notes: [...state.notes, noteOf(wave, check)] }),
    waves: [...state.waves.slice(0, -1), ready],
    bakeSeconds: currentWave(state).bakeSeconds,
  };
}
