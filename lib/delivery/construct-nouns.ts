/** Which noun owns a construct of a stack (docs/architecture.md); what no noun owns is shared. */
const NOUNS: Readonly<Record<string, string>> = {
  'Data/EncryptionKey': 'shared',
  'Data/Dataset': 'dataset',
  'Data/Registry': 'registry',
  'Data/Telemetry': 'telemetry',
  'Data/Episodes': 'monitoring',
  'Training/ManifestGate': 'dataset',
  'Training/CaptureMerge': 'dataset',
  'Training/Pipeline': 'training',
  'Training/ReleaseBuilder': 'registry',
  'Fleet/Devices': 'device',
  'Fleet/Inference': 'device',
  'Fleet/TokenExchange': 'device',
  'Fleet/DevicePolicy': 'device',
  'Fleet/Rollout': 'rollout',
  'Fleet/Intake': 'telemetry',
  'Operations/Telemetry': 'telemetry',
  'Operations/Monitoring': 'monitoring',
  'Operations/Retraining': 'retraining',
  'Operations/Alarms': 'monitoring',
  'Operations/Overview': 'monitoring',
};

/** In the order of the loop. */
export const INVENTORY_NOUNS = [
  ...['dataset', 'training', 'registry', 'rollout', 'device', 'telemetry', 'monitoring', 'retraining'],
  'shared',
] as const;

/**
 * @param path of the construct, without the environment: `Data/Dataset/Bucket`
 * @throws Error for a construct that the table does not have
 */
export function nounOf(path: string): string {
  const construct = path.split('/').slice(0, 2).join('/');
  const noun = NOUNS[construct];
  if (noun === undefined) {
    throw new Error(
      `lib/delivery/construct-nouns.ts: no noun for the construct '${construct}': add it to the table`,
    );
  }
  return noun;
}
