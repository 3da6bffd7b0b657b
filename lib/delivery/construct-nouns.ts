import type { Owner } from '../../lambda/shared/names';

/** Which noun owns a construct of a stack. */
const OWNER_OF: Readonly<Record<string, Owner>> = {
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
  'Operations/SecondOpinions': 'telemetry',
  'Operations/Monitoring': 'monitoring',
  'Operations/Retraining': 'retraining',
  'Operations/Budget': 'retraining',
  'Operations/Alarms': 'monitoring',
  'Operations/Overview': 'monitoring',
  'Verification/Verifier': 'shared',
};

const constructOf = (path: string): string => path.split('/').slice(0, 2).join('/');

/** {@link nounOf}, or `shared` for a construct of another version, which the table does not have. */
export const nounOfAnyVersion = (path: string): Owner => OWNER_OF[constructOf(path)] ?? 'shared';

/**
 * @param path of the construct, without the environment: `Data/Dataset/Bucket`
 * @throws Error for a construct that the table does not have
 */
export function nounOf(path: string): Owner {
  const construct = constructOf(path);
  const noun = OWNER_OF[construct];
  if (noun === undefined) {
    throw new Error(
      `lib/delivery/construct-nouns.ts: no noun for the construct '${construct}': add it to the table`,
    );
  }
  return noun;
}
