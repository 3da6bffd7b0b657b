/** What must not be so when nothing happens any more. Pure. */
import type { EndState, ReleaseRecord } from './rollout-world';

/** In service before the first rollout. */
const FIRST_MODEL = 1;

/** Where a device is away for ever, so many more tries than one are due to a release: what else fails does not count. */
const MOST_SILENCES = 5;

const byCounter = ({ releases }: EndState, counter: number | undefined): ReleaseRecord | undefined =>
  releases.find((release) => release.counter === counter);

/** The lock is free, and nothing waits for an end. */
function unfinished({ settled, lock, releases, executions }: EndState): string[] {
  const waiting = releases.filter(({ status }) => status === 'READY' || status === 'ROLLING_OUT');
  return [
    ...(settled ? [] : ['it does not come to rest']),
    ...(lock ? [`the lock is held: ${JSON.stringify(lock)}`] : []),
    ...waiting.map(({ counter, status }) => `release ${counter} is ${status} for ever`),
    ...executions.flatMap(({ executionArn, error, cause }) =>
      error === 'States.Runtime' ? [`${executionArn} broke: ${cause}`] : [],
    ),
  ];
}

/** What was taken back serves nowhere, but on devices that are named and have not been back since. */
function serving(state: EndState): string[] {
  return [...state.running].flatMap(([deviceId, counter]) => {
    const release = byCounter(state, counter);
    if (release?.status !== 'ROLLED_BACK') return [];
    if (release.setAside?.includes(deviceId) && state.awayForEver.includes(deviceId)) return [];
    return [`${deviceId} serves release ${counter}, which was rolled back`];
  });
}

/** Registry, table, deployments and devices have one model. */
function disagreeing(state: EndState): string[] {
  const { champion, waves, running, awayForEver } = state;
  const problems = waves.flatMap(({ name, noted, deployed }) =>
    noted === deployed ? [] : [`wave ${name} is noted with ${noted} and has ${deployed}`],
  );
  if (!champion) return problems;
  const isOfChampion = (counter: number | undefined) =>
    byCounter(state, counter)?.modelPackageVersion === champion.modelPackageVersion;
  if (byCounter(state, champion.counter)?.status !== 'IN_SERVICE') {
    problems.push(`the champion, release ${champion.counter}, is not in service`);
  }
  for (const { name, deployed } of waves) {
    if (!isOfChampion(deployed))
      problems.push(`wave ${name} has ${deployed}, not the champion ${champion.counter}`);
    if (byCounter(state, deployed)?.status !== 'IN_SERVICE')
      problems.push(`wave ${name} has ${deployed}, not in service`);
  }
  for (const [deviceId, counter] of running) {
    if (awayForEver.includes(deviceId) || isOfChampion(counter)) continue;
    problems.push(`${deviceId} runs ${counter}, not the champion ${champion.counter}`);
  }
  return problems;
}

/** Every model that was approved has come to an end that says why; a good one that nobody disturbed has served. */
function forgotten(state: EndState): string[] {
  const { releases, qualities, stops, awayForEver, champion } = state;
  const problems: string[] = [];
  for (const [modelPackageVersion, quality] of qualities) {
    const made = releases.filter((release) => release.modelPackageVersion === modelPackageVersion);
    const own = made.filter(({ rollbackOf }) => rollbackOf === undefined);
    const silent = own.filter(({ status, reason }) => ['ROLLED_BACK', 'ABORTED'].includes(status) && !reason);
    problems.push(
      ...silent.map(({ counter, status }) => `release ${counter} is ${status} and nobody says why`),
    );
    const hasServed =
      made.some(({ status }) => status === 'IN_SERVICE') ||
      state.events.some(
        ({ type, detail }) =>
          type === 'Rollout Completed' && own.some(({ counter }) => counter === detail.counter),
      );
    const isOvertaken = (champion?.modelPackageVersion ?? 0) > modelPackageVersion;
    const silences = Math.max(0, ...own.map((release) => release.silences ?? 0));
    const isGivenUp = awayForEver.length > 0 && silences >= MOST_SILENCES;
    if (quality === 'good' && stops === 0 && !isGivenUp && !hasServed && !isOvertaken) {
      problems.push(
        `the good model ${modelPackageVersion} was approved and has never served: ${own.map(({ counter, status, reason }) => `${counter} ${status} (${reason})`).join(', ')}`,
      );
    }
    if (
      quality !== 'good' &&
      champion?.modelPackageVersion === modelPackageVersion &&
      modelPackageVersion > 1
    ) {
      problems.push(`the champion is model ${modelPackageVersion}, which is ${quality}`);
    }
  }
  return problems;
}

/** What is said of releases is what became of them, and it has been said to whoever listens. */
function untold({ releases, champion, waves, events }: EndState): string[] {
  const isAnnounced = (type: string, { counter }: ReleaseRecord) =>
    events.some((event) => event.type === type && event.detail.counter === counter);
  const isNew = ({ rollbackOf, modelPackageVersion }: ReleaseRecord) =>
    rollbackOf === undefined && modelPackageVersion !== FIRST_MODEL;
  const served = [champion?.counter, ...waves.map(({ deployed }) => deployed)];
  return releases.flatMap((release) => {
    const { counter, status } = release;
    if (status === 'ROLLED_BACK') {
      const isTold = isAnnounced('Rollout Rolled Back', release);
      return isTold ? [] : [`nobody was told that release ${counter} was rolled back`];
    }
    if (status !== 'IN_SERVICE') return [];
    if (!served.includes(counter)) return [`release ${counter} is in service nowhere, and IN_SERVICE`];
    const isTold = !isNew(release) || isAnnounced('Rollout Completed', release);
    return isTold ? [] : [`nobody was told that release ${counter} is in service`];
  });
}

/** Of good models that nobody disturbed, the one that was approved last serves in the end. */
function outdated({ champion, qualities, stops, awayForEver }: EndState): string[] {
  const good = [...qualities].flatMap(([model, quality]) => (quality === 'good' ? [model] : []));
  const newest = Math.max(...good);
  if (!champion || stops > 0 || awayForEver.length > 0 || champion.modelPackageVersion === newest) return [];
  return [`the champion is model ${champion.modelPackageVersion}, and the newest good one is ${newest}`];
}

/** Everything that is wrong with an end state, in sentences; nothing when all is well. */
export const badEndStates = (state: EndState): string[] => [
  ...unfinished(state),
  ...serving(state),
  ...disagreeing(state),
  ...forgotten(state),
  ...untold(state),
  ...outdated(state),
  ...state.untruths,
];
