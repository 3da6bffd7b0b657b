import type { Log } from '../ports';
import { type ComponentSettings, type ConfigurationReading, readConfiguration } from './configuration';

export interface AcceptedConfiguration {
  /** Undefined when there is none. */
  read(): Promise<unknown>;
  write(configuration: unknown): Promise<void>;
}

export interface DeployedConfigurationPorts {
  readonly deviceId: string;
  /** What was deployed last. */
  readonly read: () => Promise<unknown>;
  readonly log: Log;
  /** The last one that was good, over restarts. */
  readonly accepted: AcceptedConfiguration;
  /** Brings new settings into effect. */
  readonly apply: (settings: ComponentSettings) => Promise<void>;
  /** All that had changed was read, and applied where it could be. */
  readonly onRead: () => void;
}

/** The configuration in force, and the way of a new one into force. One that does not fit leaves the one before. */
export class DeployedConfiguration {
  private current!: ComponentSettings;
  private lastProblem: string | undefined;
  /** 1 while the configuration is read, as it is first during the start; 2 or more when it has changed meanwhile. */
  private readings = 1;
  private stopping = false;

  constructor(private readonly ports: DeployedConfigurationPorts) {}

  /** In force. */
  get settings(): ComponentSettings {
    return this.current;
  }

  /** Why what was deployed last is not in force. */
  get problem(): string | undefined {
    return this.lastProblem;
  }

  /**
   * The first one. Nothing is applied. Nucleus lite cannot be told that a configuration is wrong: it restarts the component
   * with it. So one that is wrong gives way to the last one that was good.
   * @throws Error with everything that is wrong with it, when there is no other
   */
  async readFirst(): Promise<void> {
    const reading = await this.read();
    if (reading.ok) {
      this.current = reading.settings;
      return;
    }
    const before = readConfiguration(await this.ports.accepted.read(), this.ports.deviceId);
    if (!before.ok) throw new Error(`configuration is invalid:\n  - ${reading.problems.join('\n  - ')}`);
    this.current = before.settings;
    this.refuse(reading.problems);
  }

  /** What has changed during the start is read now that there is something to apply it to. */
  async catchUp(): Promise<void> {
    const changed = this.readings > 1;
    this.readings = 0;
    if (changed) await this.update();
    else this.ports.onRead();
  }

  /** One deployment changes many keys, and each is announced: those that come during a reading share the next one. */
  async update(): Promise<void> {
    this.readings++;
    if (this.readings > 1) return;
    while (this.readings > 0 && !this.stopping) {
      this.readings = 1;
      await this.take();
      this.readings--;
    }
    this.ports.onRead();
  }

  stop(): void {
    this.stopping = true;
  }

  private async read(): Promise<ConfigurationReading> {
    const { read, deviceId, accepted, log } = this.ports;
    const configuration = await read();
    const reading = readConfiguration(configuration, deviceId);
    if (reading.ok) {
      await accepted.write(configuration).catch((error: Error) => {
        log.warn('accepted configuration not kept', { error: error.message });
      });
    }
    return reading;
  }

  private refuse(problems: readonly string[]): void {
    this.lastProblem = problems.join('; ');
    this.ports.log.error('configuration refused', { problems });
  }

  private async take(): Promise<void> {
    const { log, apply } = this.ports;
    try {
      const reading = await this.read();
      if (reading.ok) {
        this.current = reading.settings;
        this.lastProblem = undefined;
        await apply(reading.settings);
      } else {
        this.refuse(reading.problems);
      }
    } catch (error) {
      log.warn('configuration not read', { error: (error as Error).message });
    }
  }
}
