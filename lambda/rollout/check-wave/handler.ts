import { paginateListEffectiveDeployments, ResourceNotFoundException } from '@aws-sdk/client-greengrassv2';
import { documentClient, greengrass, iot } from '../../shared/aws';
import { requireEnvironment } from '../../shared/env';
import { log } from '../../shared/log';
import { InventoryTable } from '../../telemetry/inventory-table';
import { TELEMETRY_VARIABLES } from '../../telemetry/names';
import { step } from '../step';
import { listThings } from '../thing-group';
import type { DeviceView } from './assess-devices';
import { checkWave } from './check-wave';

async function effectiveDeployment(
  coreDeviceThingName: string,
  deploymentId: string,
): Promise<DeviceView['deployment']> {
  for await (const page of paginateListEffectiveDeployments(
    { client: greengrass() },
    { coreDeviceThingName },
  )) {
    const found = page.effectiveDeployments?.find((deployment) => deployment.deploymentId === deploymentId);
    if (found) {
      const errors = found.statusDetails?.errorStack ?? [];
      const reason = [found.reason, errors.join(' > ')].filter(Boolean).join('; ');
      return { status: found.coreDeviceExecutionStatus ?? 'QUEUED', ...(reason && { reason }) };
    }
  }
  return undefined;
}

async function viewDevice(deviceId: string, deploymentId: string): Promise<DeviceView> {
  const table = new InventoryTable(documentClient(), requireEnvironment(TELEMETRY_VARIABLES.inventoryTable));
  const [deployment, inventory] = await Promise.all([
    // A thing that Greengrass has never heard of has not answered either.
    effectiveDeployment(deviceId, deploymentId).catch((error: unknown) => {
      if (error instanceof ResourceNotFoundException) return undefined;
      throw error;
    }),
    table.find(deviceId),
  ]);
  return {
    deviceId,
    ...(deployment && { deployment }),
    ...(inventory && { inventory }),
  };
}

/** State machine step: do all devices run the release? */
export const handler = step(async (state) => {
  const next = await checkWave(state, {
    now: () => new Date(),
    listThings: (thingGroupName) => listThings(iot(), thingGroupName),
    viewDevice,
  });
  log.info('wave checked', { ...next.check });
  return next;
});
