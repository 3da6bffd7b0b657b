/** Names of devices: their groups, rights and code. */
import { environmentPrefix, eventSource, type NameScope } from '../shared/names';

type EnvironmentScope = Pick<NameScope, 'environmentName'>;

/** The code that every device runs. */
export const inferenceComponentName = (scope: EnvironmentScope): string => `${eventSource(scope)}.Inference`;

/** A configuration document for the devices of a group. */
export const configurationComponentName = (scope: EnvironmentScope): string =>
  `${eventSource(scope)}.Configuration`;

/** File of a configuration component; what a device reads below `components/` it may read anyway. */
export const CONFIGURATION_FILE = 'configuration.json';

/** Tag of a version of it: SHA-256 of the document. */
export const CONFIGURATION_TAG = 'configuration-sha256';

/** Stands for the version in a recipe that has not been published: it follows from the recipe's other content. */
export const UNVERSIONED = '0.0.0-unversioned';

/** Tag of a version of it: SHA-256 of the recipe that it was made from. */
export const RECIPE_TAG = 'recipe-sha256';

export const fleetGroupName = (scope: EnvironmentScope): string => `${environmentPrefix(scope)}-fleet`;
export const waveGroupName = (scope: EnvironmentScope, wave: string): string =>
  `${environmentPrefix(scope)}-${wave}`;
export const thingTypeName = (scope: EnvironmentScope): string => `${environmentPrefix(scope)}-core-device`;
export const devicePolicyName = (scope: EnvironmentScope): string => `${environmentPrefix(scope)}-device`;
export const roleAliasName = (scope: EnvironmentScope): string =>
  `${environmentPrefix(scope)}-token-exchange`;
