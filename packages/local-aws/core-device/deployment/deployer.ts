/**
 * Carries out one deployment at a time: prepare (nothing changes), activate, and back again when that fails.
 * Stages and statuses: `DefaultDeploymentTask.java`, `DeploymentConfigMerger.java`, `activator/DefaultActivator.java`.
 *
 * Every step is recorded before it is taken, so that a device that dies at any instant finds out what it was doing:
 * see {@link Deployer.recover}.
 */
import { setTimeout as sleep } from 'node:timers/promises';
import type {
  DeploymentDocument,
  DetailedDeploymentStatus,
  JobStatusDetails,
} from '../../greengrass/deployment-document';
import { GatewayError, type ResolvedComponent } from '../cloud/gateway-client';
import type { FinalJobStatus, JobExecution } from '../cloud/jobs-client';
import { OfflineError } from '../cloud/network';
import type { ArtifactStore } from '../component/artifact-store';
import type { Component, ComponentDefinition } from '../component/component';
import type { ComponentManager } from '../component/component-manager';
import { type InterpolationScope, interpolateLifecycle } from '../component/interpolation';
import { parseRecipe, type Recipe, RecipeError } from '../component/recipe';
import {
  deployed,
  EMPTY_CONFIGURATION,
  effective,
  type JsonObject,
} from '../configuration/configuration-tree';
import { type EventLog, messageOf } from '../event-log';
import type { ComponentUpdates } from '../ipc/component-updates';
import type { ConfigurationValidation } from '../ipc/configuration-validation';
import type { Nucleus } from '../nucleus/nuclei';
import type {
  DeploymentFailure,
  DeploymentRecord,
  DeviceState,
  DeviceStateStore,
} from '../storage/device-state';
import { writeDurably } from '../storage/durable-file';
import type { Layout } from '../storage/layout';
import { parseDeploymentDocument, targetOf } from './document';
import { DeploymentCancelled, DeploymentError, DeviceStopping } from './errors';
import { type ComponentSet, type InstalledComponent, planDeployment } from './plan';
import { type Requirements, type RootsByTarget, resolveComponents } from './resolve';

/** A device that died this often while it activated one deployment gives it up (nucleus loader: 3 exits force the rollback). */
const MOST_DEATHS = 3;
const FIRST_RETRY_MILLISECONDS = 300;
const LONGEST_RETRY_MILLISECONDS = 30_000;
/** IoT Jobs: a status detail's value has at most 1,024 characters. */
const LONGEST_DETAIL = 1024;

/** The cloud as a deployment needs it. */
export interface DeploymentCloud {
  resolveComponent(
    name: string,
    requirements: Requirements,
    platform: Readonly<Record<string, string>>,
  ): Promise<ResolvedComponent>;
  thingGroups(): Promise<readonly string[] | undefined>;
}

export interface DeployerOptions {
  readonly thingName: string;
  readonly nucleus: Nucleus;
  readonly platform: Readonly<Record<string, string>>;
  readonly layout: Layout;
  readonly store: DeviceStateStore;
  readonly cloud: DeploymentCloud;
  readonly artifacts: ArtifactStore;
  readonly components: ComponentManager;
  readonly updates: ComponentUpdates;
  readonly validation: ConfigurationValidation;
  readonly log: EventLog;
}

type Finished = Extract<DeploymentRecord, { stage: 'FINISHED' }>;
interface Prepared {
  readonly recipes: ReadonlyMap<string, Recipe>;
  /** Targets whose components count from now on, this one included. */
  readonly targets: DeviceState['targets'];
}

export function definitionOf(name: string, component: InstalledComponent): ComponentDefinition {
  const { version, lifecycle, dependencies } = component;
  const hardDependencies = Object.keys(dependencies).filter((other) => dependencies[other]?.type === 'HARD');
  return { name, version, lifecycle, hardDependencies };
}

/** @param last what the nucleus appends to the startup script */
function withStartup(recipe: Recipe, last: string): Recipe {
  const { startup, ...steps } = recipe.lifecycle.steps;
  if (!startup) return recipe;
  const all = { ...steps, startup: { ...startup, script: `${startup.script}${last}` } };
  return { ...recipe, lifecycle: { ...recipe.lifecycle, steps: all } };
}

/** Whether trying again may help: no answer, throttled, or the other side's own trouble. */
function isTransient(error: unknown): boolean {
  if (error instanceof OfflineError) return true;
  if (error instanceof GatewayError)
    return error.status === undefined || error.status === 429 || error.status >= 500;
  return error instanceof DeploymentError && error.codes.includes('NETWORK_ERROR');
}

function failureOf(error: unknown): DeploymentFailure {
  if (error instanceof DeploymentError)
    return { message: error.message, codes: error.codes, types: error.types };
  return { message: messageOf(error), codes: ['DEPLOYMENT_FAILURE'], types: [] };
}

export class Deployer {
  private cancellation = new AbortController();
  private readonly stopping = new AbortController();
  /** Whether the components in force come from disk. */
  private isReadBack = true;

  constructor(private readonly options: DeployerOptions) {}

  /** Stops preparing or waiting for components; a deployment that has begun to change things goes on. */
  cancel(reason: string): void {
    this.cancellation.abort(new DeploymentCancelled(reason));
  }

  /** Leaves the deployment as it is, recorded, for the next start: a stop is no reason to roll back. */
  stop(): void {
    this.stopping.abort(new DeviceStopping('the device is stopping'));
    this.cancellation.abort(this.stopping.signal.reason);
  }

  /**
   * Starts the components of the persisted state, after putting right what the last life left half done.
   * @returns the outcome to report when a deployment ends with that
   */
  async recover(): Promise<Finished | undefined> {
    const { store, log } = this.options;
    const record = store.record;
    if (record) log('deploymentInterrupted', { deploymentId: record.deploymentId, stage: record.stage });
    if (record?.stage === 'FINISHED') {
      this.startAll();
      return record;
    }
    if (record?.stage === 'ACTIVATING') {
      // The new set may be half started: go back, then let the job, still IN_PROGRESS, do it again.
      store.commit(record.previous);
      const { previous: _way, ...base } = record;
      store.saveRecord({ ...base, deaths: base.deaths + 1, stage: 'PREPARING' });
    }
    if (record?.stage === 'ROLLING_BACK') store.commit(record.previous);
    this.startAll();
    return record?.stage === 'ROLLING_BACK' ? this.awaitRollback(record) : undefined;
  }

  /**
   * @returns the recorded outcome, to be reported and then cleared
   * @throws DeploymentCancelled when {@link cancel} came in time; nothing has changed then
   * @throws DeviceStopping after {@link stop}
   */
  async run(job: JobExecution): Promise<Finished> {
    this.stopping.signal.throwIfAborted();
    this.cancellation = new AbortController();
    const { store, log } = this.options;
    const deaths = store.record?.jobId === job.jobId ? store.record.deaths : 0;
    const base = { jobId: job.jobId, deploymentId: job.jobId, configurationArn: '', deaths };
    let record: DeploymentRecord & { stage: 'PREPARING' } = { ...base, stage: 'PREPARING' };
    try {
      const document = parseDeploymentDocument(job.jobDocument);
      const { deploymentId, configurationArn } = document;
      record = { ...base, deploymentId, configurationArn, stage: 'PREPARING' };
      log('deploymentStarted', { deploymentId, configurationArn, deaths });
      if (deaths >= MOST_DEATHS)
        throw new DeploymentError(
          `the device died ${deaths} times while it activated this deployment`,
          'DEPLOYMENT_INTERRUPTED',
        );
      store.saveRecord(record);
      const stale = this.staleness(document);
      if (stale) return this.finish(record, 'REJECTED', 'REJECTED', stale);
      const prepared = await this.prepareWithRetries(document);
      await this.askComponents(document, prepared);
      return await this.activate(record, document, prepared);
    } catch (error) {
      if (error instanceof DeviceStopping) throw error;
      if (error instanceof DeploymentCancelled) {
        store.saveRecord(undefined);
        throw error;
      }
      return this.finish(record, 'FAILED', 'FAILED_NO_STATE_CHANGE', failureOf(error));
    }
  }

  private startAll(): void {
    const { store, components } = this.options;
    const added = Object.entries(store.state.components).map(([name, component]) =>
      components.add(definitionOf(name, component)),
    );
    for (const component of added) component.start();
  }

  /** A revision older than the one in force would take the device back (REJECTED_STALE_DEPLOYMENT). */
  private staleness({ configurationArn }: DeploymentDocument): DeploymentFailure | undefined {
    const { name, revision } = targetOf(configurationArn);
    const inForce = this.options.store.state.targets[name];
    if (!inForce || inForce.revision <= revision) return undefined;
    const message = `revision ${revision} of ${name} is older than revision ${inForce.revision}, which is in force`;
    return { message, codes: ['DEPLOYMENT_REJECTED', 'REJECTED_STALE_DEPLOYMENT'], types: [] };
  }

  /** Preparing changes nothing, so it can be repeated: without an end while there is no network. */
  private async prepareWithRetries(document: DeploymentDocument): Promise<Prepared> {
    const { signal } = this.cancellation;
    for (let attempt = 0; ; attempt += 1) {
      try {
        signal.throwIfAborted();
        return await this.prepare(document, signal);
      } catch (error) {
        if (signal.aborted) throw signal.reason;
        if (!isTransient(error)) throw this.explained(error);
        this.options.log('deploymentWaits', {
          deploymentId: document.deploymentId,
          reason: messageOf(error),
        });
        const most = Math.min(LONGEST_RETRY_MILLISECONDS, FIRST_RETRY_MILLISECONDS * 2 ** attempt);
        await sleep(most * (0.5 + Math.random() / 2), undefined, { signal }).catch(() => {});
      }
    }
  }

  private explained(error: unknown): unknown {
    if (error instanceof RecipeError) return new DeploymentError(error.message, error.code);
    if (!(error instanceof GatewayError)) return error;
    if (error.status === 403) return new DeploymentError(error.message, 'CLOUD_API_ERROR', 'ACCESS_DENIED');
    if (error.status === 404 || error.status === 409 || error.status === 400)
      return new DeploymentError(
        error.message,
        'NO_AVAILABLE_COMPONENT_VERSION',
        'COMPONENT_VERSION_REQUIREMENTS_NOT_MET',
      );
    return new DeploymentError(error.message, 'CLOUD_API_ERROR');
  }

  private async prepare(document: DeploymentDocument, signal: AbortSignal): Promise<Prepared> {
    const { cloud, platform, artifacts, layout, nucleus } = this.options;
    const targets = await this.targetsWith(document);
    const roots: RootsByTarget = Object.fromEntries(
      Object.entries(targets).map(([name, target]) => [name, target.roots]),
    );
    const texts = new Map<string, string>();
    const recipes = await resolveComponents(roots, async (name, requirements) => {
      signal.throwIfAborted();
      const answer = await cloud.resolveComponent(name, requirements, platform);
      const problem = nucleus.recipeProblem(answer.recipe);
      if (problem) throw new RecipeError(`${name} ${answer.componentVersion}: ${problem}`);
      const recipe = withStartup(parseRecipe(answer.recipe, platform), nucleus.afterStartup);
      if (recipe.name !== name || recipe.version !== answer.componentVersion)
        throw new RecipeError(`asked for ${name}, got the recipe of ${recipe.name} ${recipe.version}`);
      texts.set(`${name} ${recipe.version}`, answer.recipe);
      return recipe;
    });
    for (const recipe of recipes.values()) {
      await artifacts.prepare(recipe, signal);
      writeDurably(
        layout.recipe(recipe.name, recipe.version),
        texts.get(`${recipe.name} ${recipe.version}`) ?? '',
      );
    }
    return { recipes, targets };
  }

  /** The targets in force with this deployment's; groups that the device has left no longer count. */
  private async targetsWith(document: DeploymentDocument): Promise<DeviceState['targets']> {
    const { configurationArn, deploymentId, components } = document;
    const { name, revision } = targetOf(configurationArn);
    const groups = await this.options.cloud.thingGroups();
    const kept = Object.entries(this.options.store.state.targets).filter(
      ([target]) =>
        !groups || !target.startsWith('thinggroup/') || groups.includes(target.slice('thinggroup/'.length)),
    );
    const roots = Object.fromEntries(
      Object.entries(components).map(([root, { version }]) => [root, version]),
    );
    return { ...Object.fromEntries(kept), [name]: { configurationArn, deploymentId, revision, roots } };
  }

  /** Computed late and twice: components may change their configuration while others still think about the update. */
  private componentSet(document: DeploymentDocument, { recipes }: Prepared): ComponentSet {
    const { thingName, layout, store } = this.options;
    const installed: ComponentSet = store.state.components;
    const configurations = new Map(
      [...recipes].map(([name, recipe]) => {
        const update = document.components[name]?.configurationUpdate;
        const current = installed[name]?.configuration ?? EMPTY_CONFIGURATION;
        return [
          name,
          deployed(current, recipe.defaultConfiguration, {
            ...(update?.merge ? { merge: update.merge as JsonObject } : {}),
            ...(update?.reset ? { reset: update.reset } : {}),
          }),
        ];
      }),
    );
    const scopeOf = ({ name, version }: Recipe): InterpolationScope => ({
      thingName,
      rootPath: layout.rootPath,
      artifactsPath: layout.artifacts(name, version),
      decompressedPath: layout.unarchived(name, version),
      workPath: layout.work(name),
      configuration: effective(configurations.get(name) ?? EMPTY_CONFIGURATION),
    });
    return Object.fromEntries(
      [...recipes].map(([name, recipe]) => {
        const dependencies = Object.fromEntries(
          Object.keys(recipe.dependencies).flatMap((other) => {
            const dependency = recipes.get(other);
            return dependency ? [[other, scopeOf(dependency)]] : [];
          }),
        );
        const component: InstalledComponent = {
          version: recipe.version,
          lifecycle: interpolateLifecycle(recipe.lifecycle, { ...scopeOf(recipe), dependencies }),
          dependencies: recipe.dependencies,
          configuration: configurations.get(name) ?? EMPTY_CONFIGURATION,
        };
        return [name, component];
      }),
    );
  }

  private misreads(): boolean {
    return this.isReadBack && this.options.nucleus.misreadsNumbers;
  }

  private brokenNames(): Set<string> {
    return new Set(this.options.components.all.filter(({ broken }) => broken).map(({ name }) => name));
  }

  /** Running components may put the update off, and may reject their new configuration. */
  private async askComponents(document: DeploymentDocument, prepared: Prepared): Promise<void> {
    const { validation, updates, store } = this.options;
    const { deploymentId, configurationValidationPolicy, componentUpdatePolicy } = document;
    if (!this.options.nucleus.asksComponents) return;
    if (componentUpdatePolicy.action === 'NOTIFY_COMPONENTS') {
      // Whatever the deployment brings, as the nucleus does (`DeploymentConfigMerger.java`).
      await updates.waitForAgreement(
        deploymentId,
        componentUpdatePolicy.timeout * 1000,
        this.cancellation.signal,
      );
    }
    const next = this.componentSet(document, prepared);
    const plan = planDeployment(store.state.components, next, this.brokenNames(), this.misreads());
    // A component whose version changes is started anew and judges its configuration then.
    for (const name of [...plan.reconfigure, ...plan.restart]) {
      const configuration = next[name]?.configuration ?? EMPTY_CONFIGURATION;
      const rejection = await validation.validate(
        name,
        deploymentId,
        effective(configuration),
        configurationValidationPolicy.timeout * 1000,
      );
      if (rejection !== undefined)
        throw new DeploymentError(
          `${name} rejects its configuration: ${rejection}`,
          'COMPONENT_CONFIGURATION_NOT_VALID',
        );
    }
  }

  private async activate(
    record: DeploymentRecord & { stage: 'PREPARING' },
    document: DeploymentDocument,
    prepared: Prepared,
  ): Promise<Finished> {
    this.cancellation.signal.throwIfAborted();
    const { store, updates, artifacts, log } = this.options;
    const previous = store.state;
    const next = this.componentSet(document, prepared);
    const brokenBefore = this.brokenNames();
    store.saveRecord({ ...record, stage: 'ACTIVATING', previous });
    store.commit({ components: next, targets: prepared.targets });
    try {
      await this.switchTo(previous.components, next, brokenBefore, Object.keys(next));
    } catch (error) {
      if (error instanceof DeviceStopping) throw error;
      log('deploymentFailed', { deploymentId: record.deploymentId, reason: messageOf(error) });
      if (document.failureHandlingPolicy !== 'ROLLBACK' || !this.options.nucleus.rollsBack) {
        // The target's earlier deployment stays the one in force, as in the nucleus; the components are the new ones.
        store.commit({ components: store.state.components, targets: previous.targets });
        return this.finish(record, 'FAILED', 'FAILED_ROLLBACK_NOT_REQUESTED', failureOf(error));
      }
      return this.rollBack(record, previous, failureOf(error), brokenBefore);
    }
    updates.announceDone(document.deploymentId);
    const versions = (name: string): string[] =>
      [previous, store.state].flatMap(({ components }) => components[name]?.version ?? []);
    const names = [...Object.keys(previous.components), ...Object.keys(next)];
    await artifacts.keepOnly(Object.fromEntries(names.map((name) => [name, versions(name)])));
    return this.finish(record, 'SUCCEEDED', 'SUCCESSFUL');
  }

  /** Starts what is new, waits until `awaited` are up, then stops what is no longer wanted. */
  private async switchTo(
    from: ComponentSet,
    to: ComponentSet,
    broken: ReadonlySet<string>,
    awaited: readonly string[],
  ): Promise<void> {
    const { components, store } = this.options;
    const plan = planDeployment(from, to, broken, this.misreads());
    this.isReadBack = false;
    const definition = (name: string): ComponentDefinition =>
      definitionOf(name, to[name] as InstalledComponent);
    const added = plan.add
      .filter((name) => !components.get(name))
      .map((name) => components.add(definition(name)));
    for (const component of added) component.start();
    for (const name of plan.reinstall) components.get(name)?.reinstall(definition(name));
    const restarted = this.options.nucleus.onConfigurationChange === 'tell' ? [] : plan.reconfigure;
    for (const name of [...plan.restart, ...restarted]) components.get(name)?.restart(definition(name));
    await components.waitUntilUp(awaited, (component) => this.brokenError(component), this.stopping.signal);
    // More than the plan's: a failed deployment without rollback leaves components that no set knows any more.
    const unwanted = components.all.map(({ name }) => name).filter((name) => !Object.hasOwn(to, name));
    await components.remove(unwanted);
    for (const name of unwanted) store.configuration.remove(name);
  }

  private brokenError(component: Component): DeploymentError {
    const { statusCodes = [], statusReason = 'no reason known' } = component.statusDetails ?? {};
    return new DeploymentError(
      `component ${component.name} ${component.version} is BROKEN: ${[...statusCodes, statusReason].join(': ')}`,
      'COMPONENT_UPDATE_ERROR',
      'COMPONENT_BROKEN',
    );
  }

  private async rollBack(
    record: DeploymentRecord & { stage: 'PREPARING' },
    previous: DeviceState,
    failure: DeploymentFailure,
    brokenBefore: ReadonlySet<string>,
  ): Promise<Finished> {
    const { store } = this.options;
    this.isReadBack = true;
    const abandoned = store.state.components;
    const awaited = Object.keys(previous.components).filter((name) => !brokenBefore.has(name));
    try {
      store.saveRecord({ ...record, stage: 'ROLLING_BACK', previous, failure });
      store.commit(previous);
      await this.switchTo(abandoned, previous.components, this.brokenNames(), awaited);
      this.isReadBack = true;
    } catch (error) {
      return this.finish(
        record,
        'FAILED',
        'FAILED_UNABLE_TO_ROLLBACK',
        this.withRollbackError(failure, error),
      );
    }
    return this.finish(record, 'FAILED', 'FAILED_ROLLBACK_COMPLETE', failure);
  }

  /** After a restart in the middle of a rollback: the previous set is starting already. */
  private async awaitRollback(record: DeploymentRecord & { stage: 'ROLLING_BACK' }): Promise<Finished> {
    const { components } = this.options;
    const awaited = components.all.map(({ name }) => name);
    try {
      await components.waitUntilUp(
        awaited,
        (broken) => this.brokenError(broken),
        new AbortController().signal,
      );
    } catch (error) {
      return this.finish(
        record,
        'FAILED',
        'FAILED_UNABLE_TO_ROLLBACK',
        this.withRollbackError(record.failure, error),
      );
    }
    return this.finish(record, 'FAILED', 'FAILED_ROLLBACK_COMPLETE', record.failure);
  }

  private withRollbackError(failure: DeploymentFailure, error: unknown): DeploymentFailure {
    return { ...failure, message: `${failure.message}; the rollback failed too: ${messageOf(error)}` };
  }

  private finish(
    record: DeploymentRecord,
    jobStatus: FinalJobStatus,
    detailedStatus: DetailedDeploymentStatus,
    failure?: DeploymentFailure,
  ): Finished {
    const details: JobStatusDetails = {
      'detailed-deployment-status': detailedStatus,
      ...(failure && {
        'deployment-failure-cause': failure.message.slice(0, LONGEST_DETAIL),
        'deployment-error-stack': JSON.stringify(failure.codes),
        'deployment-error-types': JSON.stringify(failure.types),
      }),
    };
    const { jobId, deploymentId, configurationArn, deaths } = record;
    const finished: Finished = {
      jobId,
      deploymentId,
      configurationArn,
      deaths,
      stage: 'FINISHED',
      outcome: { jobStatus, detailedStatus, details },
    };
    this.options.store.saveRecord(finished);
    this.options.log('deploymentFinished', {
      deploymentId,
      status: detailedStatus,
      reason: failure?.message,
    });
    return finished;
  }
}
