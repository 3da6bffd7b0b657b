/**
 * Startup script of a model component: offers the component's release to the inference component and waits for its
 * verdict. Exit 0 on accepted, 1 on refused or no verdict, so that Greengrass sees a refused release as a failed
 * deployment. Uses nothing but Node: it runs from the artifact folder of a component that carries weights only.
 *
 * Environment: ARTIFACTS_PATH, INBOX_PATH, COMPONENT_NAME, COMPONENT_VERSION (required); VERDICT_TIMEOUT_SECONDS.
 */
import { randomBytes } from 'node:crypto';
import { mkdir, open, readFile, rename, rm } from 'node:fs/promises';
import { join } from 'node:path';
import type { ReleaseOffer, ReleaseVerdict } from '../../../contracts';

const REQUIRED = ['ARTIFACTS_PATH', 'INBOX_PATH', 'COMPONENT_NAME', 'COMPONENT_VERSION'] as const;
const POLL_MILLISECONDS = 100;
/** The nucleus starts this script up to 30 ms before it makes the other component's folder and hands it to its user. */
const NOT_YET = ['ENOENT', 'EACCES'];
/**
 * A first deployment brings both components, and this one may start before the inference component has. Below the 120 s
 * after which either nucleus ends a startup script of which the recipe says nothing, so that the log says why.
 */
const DEFAULT_TIMEOUT_SECONDS = 110;

type Environment = Readonly<Record<(typeof REQUIRED)[number], string>>;

/** @throws Error naming every variable that is missing or wrong */
function readEnvironment(variables: NodeJS.ProcessEnv): { environment: Environment; timeoutSeconds: number } {
  const problems = REQUIRED.filter((name) => !variables[name]).map((name) => `${name} is not set`);
  const timeoutSeconds = Number(variables.VERDICT_TIMEOUT_SECONDS ?? DEFAULT_TIMEOUT_SECONDS);
  if (!(timeoutSeconds > 0)) {
    problems.push(
      `VERDICT_TIMEOUT_SECONDS must be a positive number, got '${variables.VERDICT_TIMEOUT_SECONDS}'`,
    );
  }
  if (problems.length > 0) throw new Error(`environment: ${problems.join('; ')}`);
  return {
    environment: Object.fromEntries(REQUIRED.map((name) => [name, variables[name]])) as Environment,
    timeoutSeconds,
  };
}

const pause = (): Promise<void> => new Promise((resolve) => setTimeout(resolve, POLL_MILLISECONDS));

async function makeFolder(path: string): Promise<void> {
  await mkdir(path).catch((error: NodeJS.ErrnoException) => {
    if (error.code !== 'EEXIST') throw error;
  });
}

/** Makes nothing above the inbox: the component's own folder must not belong to who runs this. */
async function waitForInbox(inbox: string, deadline: number): Promise<void> {
  for (let isFirst = true; ; isFirst = false) {
    try {
      return await makeFolder(inbox);
    } catch (error) {
      const { code, message } = error as NodeJS.ErrnoException;
      if (!NOT_YET.includes(code ?? '') || performance.now() >= deadline) throw error;
      if (isFirst) console.error(`waits for the inbox: ${message}`);
    }
    await pause();
  }
}

/** Under a temporary name first: the inference component must never read half an offer. */
async function putOffer(folder: string, offer: ReleaseOffer): Promise<void> {
  await makeFolder(folder);
  const temporary = join(folder, 'offer.json.tmp');
  const handle = await open(temporary, 'w');
  try {
    await handle.writeFile(JSON.stringify(offer));
    await handle.sync();
  } finally {
    await handle.close();
  }
  await rename(temporary, join(folder, 'offer.json'));
}

async function readVerdict(path: string): Promise<ReleaseVerdict | undefined> {
  try {
    return JSON.parse(await readFile(path, 'utf8')) as ReleaseVerdict;
  } catch (error) {
    if ((error as NodeJS.ErrnoException).code === 'ENOENT') return undefined;
    throw error;
  }
}

async function deliver(): Promise<boolean> {
  const { environment, timeoutSeconds } = readEnvironment(process.env);
  // Sorts by time, so that offers are answered in the order in which they were made.
  const offerId = `${new Date().toISOString().replace(/[^0-9]/g, '')}-${randomBytes(4).toString('hex')}`;
  const folder = join(environment.INBOX_PATH, offerId);
  const deadline = performance.now() + timeoutSeconds * 1000;
  const withdraw = (): Promise<void> => rm(folder, { recursive: true, force: true });
  for (const signal of ['SIGTERM', 'SIGINT'] as const) {
    process.on(signal, () => void withdraw().finally(() => process.exit(1)));
  }
  await waitForInbox(environment.INBOX_PATH, deadline);
  await putOffer(folder, {
    schemaVersion: 1,
    offerId,
    componentName: environment.COMPONENT_NAME,
    componentVersion: environment.COMPONENT_VERSION,
    artifactsPath: environment.ARTIFACTS_PATH,
    offeredAt: new Date().toISOString(),
  });
  try {
    while (performance.now() < deadline) {
      const verdict = await readVerdict(join(folder, 'verdict.json'));
      if (verdict) {
        console.log(JSON.stringify(verdict));
        return verdict.verdict === 'accepted';
      }
      await pause();
    }
    console.error(`no verdict within ${timeoutSeconds} s: is the inference component running?`);
    return false;
  } finally {
    await withdraw();
  }
}

deliver().then(
  (accepted) => {
    process.exitCode = accepted ? 0 : 1;
  },
  (error: Error) => {
    console.error(error.message);
    process.exitCode = 1;
  },
);
