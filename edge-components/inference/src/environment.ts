/** The environment variables that the recipe and the nucleus give the component. */
import { isIdentifier } from './cameras/sources/frame-message';

const REQUIRED = [
  'AWS_IOT_THING_NAME',
  'WORK_PATH',
  'TRUSTED_KEYS_PATH',
  'COMPONENT_VERSION',
  'AWS_GG_NUCLEUS_DOMAIN_SOCKET_FILEPATH_FOR_COMPONENT',
  'SVCUID',
] as const;

export type Environment = Readonly<Record<(typeof REQUIRED)[number], string>> & {
  readonly AWS_REGION: string | undefined;
};

/** @throws Error naming every variable that is missing or wrong */
export function readEnvironment(variables: NodeJS.ProcessEnv): Environment {
  const problems = REQUIRED.filter((name) => !variables[name]).map((name) => `${name} is not set`);
  const thingName = variables.AWS_IOT_THING_NAME;
  if (thingName && !(isIdentifier(thingName) && /^[a-zA-Z0-9_-]{1,124}$/.test(thingName))) {
    problems.push(`AWS_IOT_THING_NAME must match ^[a-zA-Z0-9_-]{1,124}$, got '${thingName}'`);
  }
  if (problems.length > 0) throw new Error(`environment: ${problems.join('; ')}`);
  const required = Object.fromEntries(REQUIRED.map((name) => [name, variables[name]]));
  return { ...required, AWS_REGION: variables.AWS_REGION } as Environment;
}
