import type { WaveItem } from '../../registry/release-items';
import type { ComponentVersion } from '../compose-deployment';
import { currentWave, planOf, type RolloutState, withNextWave } from '../rollout-state';

export interface DeployWavePorts {
  now(): Date;
  listThings(thingGroupName: string): Promise<string[]>;
  deploy(
    thingGroupArn: string,
    ours: readonly ComponentVersion[],
    name: string,
    cause: string,
  ): Promise<string>;
  noteWave(name: string, counter: number): Promise<WaveItem>;
  /** The execution that holds the use case. */
  holder(): Promise<string | undefined>;
}

/**
 * Deploys the release to the current wave. A group without devices gets the deployment too, since devices that join it
 * later follow it, but there is nobody to wait for or to judge by: the rollout goes on to the next wave.
 * @throws Error when another rollout has the use case: this execution was stopped, and its release given up
 */
export async function deployWave(
  state: RolloutState,
  inferenceComponent: ComponentVersion,
  ports: DeployWavePorts,
): Promise<RolloutState> {
  const { componentName, componentVersion } = planOf(state);
  const wave = currentWave(state);
  const holder = await ports.holder();
  if (holder !== state.executionArn) {
    throw new Error(
      `the use case is held by ${holder ?? 'nobody'}, not by ${state.executionArn}: start the release anew`,
    );
  }
  const things = await ports.listThings(wave.thingGroupName);
  // Noted first: from here on the wave counts as touched.
  const { previousCounter } = await ports.noteWave(wave.name, state.counter);
  const deploymentId = await ports.deploy(
    wave.thingGroupArn,
    [inferenceComponent, { name: componentName, version: componentVersion, hotSwapped: true }],
    `${state.releaseId} to ${wave.name}`,
    state.executionArn,
  );
  const deployed = {
    name: wave.name,
    thingGroupName: wave.thingGroupName,
    thingGroupArn: wave.thingGroupArn,
    installTimeoutSeconds: wave.installTimeoutSeconds,
    deploymentId,
    deployedAt: ports.now().toISOString(),
    ...(previousCounter !== undefined && { previousCounter }),
  };
  const { check: _check, judgement: _judgement, ...kept } = state;
  const next: RolloutState = {
    ...kept,
    waves: [...state.waves.filter(({ name }) => name !== wave.name), deployed],
    deployment: { outcome: things.length === 0 ? 'NO_DEVICES' : 'DEPLOYED' },
  };
  if (things.length > 0) return next;
  const note = `Wave ${wave.name} was skipped: thing group ${wave.thingGroupName} has no devices to wait for.`;
  return withNextWave({ ...next, notes: [...state.notes, note] });
}
