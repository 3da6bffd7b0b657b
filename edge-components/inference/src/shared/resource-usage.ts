import type { DeviceStatus } from '../../../../contracts';
import { usageOfAll } from '../models/child-processes';

/** What this process and those that it has started have used so far, and hold now. */
export const resourceUsage = (): NonNullable<DeviceStatus['resources']> => ({
  ...usageOfAll(),
  uptimeSeconds: process.uptime(),
});
