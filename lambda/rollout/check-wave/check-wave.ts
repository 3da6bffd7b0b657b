import { mapConcurrently } from '../../shared/concurrency';
import {
  currentWave,
  type DeployedWave,
  lastDeployedWave,
  type RolloutState,
  type WaveCheck,
} from '../rollout-state';
import { assessDevices, type DeviceView } from './assess-devices';
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
  assess: typeof assessDevices,
  ports: CheckWavePorts,
): Promise<WaveCheck> {
  const elapsed = ports.now().getTime() - Date.parse(wave.deployedAt);
  const timedOut = elapsed >= wave.installTimeoutSeconds * 1000;
  return assess(await viewDevices(wave, ports), releaseId, timedOut, wave.installTimeoutSeconds);
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
  const check = await checkOne(wave, state.releaseId, assessDevices, ports);
  if (check.status !== 'READY') return { ...state, check };
  const ready: DeployedWave = { ...wave, readyAt: wave.readyAt ?? ports.now().toISOString() };
  return {
    ...state,
    check,
    waves: [...state.waves.slice(0, -1), ready],
    bakeSeconds: currentWave(state).bakeSeconds,
  };
}
