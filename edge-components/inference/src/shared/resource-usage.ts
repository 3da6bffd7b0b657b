import type { DeviceStatus } from '../../../../contracts';

/** What this process has used so far, and holds now. */
export function resourceUsage(): NonNullable<DeviceStatus['resources']> {
  const { user, system } = process.cpuUsage();
  return {
    residentBytes: process.memoryUsage.rss(),
    cpuSeconds: (user + system) / 1e6,
    uptimeSeconds: process.uptime(),
  };
}
