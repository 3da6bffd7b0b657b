import { type DeviceStatus, problemsOf } from '../../../contracts';
import { InvalidInputError } from '../../shared/errors';
import { parseDeviceMessage } from '../device-message';
import type { InventoryItem } from '../inventory-table';

export interface IngestStatusPorts {
  /** Writes the item unless the table has one received later. */
  putIfNewer(item: InventoryItem): Promise<'stored' | 'older'>;
}

/**
 * Ingests one status message. Newer is decided by when AWS IoT received it: a device's clock may be wrong, and a
 * status from ten years ahead must not block all that follow.
 * @throws InvalidInputError when the message breaks the contract or comes from another device than it says
 */
export async function ingestStatus(body: string, ports: IngestStatusPorts): Promise<'stored' | 'older'> {
  const { payload, receivedAt } = parseDeviceMessage(body);
  const problems = problemsOf('device-status', payload);
  if (problems.length > 0) throw new InvalidInputError(`status refused:\n${problems.join('\n')}`);
  return ports.putIfNewer({ ...(payload as unknown as DeviceStatus), receivedAt });
}
