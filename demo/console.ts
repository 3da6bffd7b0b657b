/** What the demo prints: phases with their times, one status line that is rewritten on a terminal. */
export interface PhaseTime {
  readonly name: string;
  readonly seconds: number;
}

export class DemoConsole {
  readonly phases: PhaseTime[] = [];
  private readonly started = Date.now();
  private statusShown = false;

  /** @param speaker whose lines these are, where several speak. @default - nobody is named */
  constructor(
    private readonly out: NodeJS.WriteStream = process.stdout,
    private readonly speaker = '',
  ) {}

  /** For one of several: its lines begin with its name, and no status line is rewritten under the others' hands. */
  speakingFor(name: string): DemoConsole {
    return new DemoConsole(this.out, `${name} | `);
  }

  async phase<T>(name: string, work: () => Promise<T>): Promise<T> {
    this.line(`\n■ ${name}`);
    const started = Date.now();
    const result = await work();
    const seconds = (Date.now() - started) / 1000;
    this.phases.push({ name, seconds });
    this.line(`  ${seconds.toFixed(1)} s`);
    return result;
  }

  line(text: string): void {
    if (this.statusShown) this.out.write('\r\x1b[2K');
    this.statusShown = false;
    this.out.write(`${text.replace(/^(?=.)/gm, this.speaker)}\n`);
  }

  /** Overwritten by the next line or status; not shown where output is not a terminal. */
  status(text: string): void {
    if (!this.out.isTTY || this.speaker) return;
    this.out.write(`\r\x1b[2K  ${text.slice(0, (this.out.columns ?? 100) - 3)}`);
    this.statusShown = true;
  }

  get totalSeconds(): number {
    return (Date.now() - this.started) / 1000;
  }
}
