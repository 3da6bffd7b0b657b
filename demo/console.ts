/** What the demo prints: phases with their times, one status line that is rewritten on a terminal. */
export interface PhaseTime {
  readonly name: string;
  readonly seconds: number;
}

export class DemoConsole {
  readonly phases: PhaseTime[] = [];
  private readonly started = Date.now();
  private statusShown = false;

  constructor(private readonly out: NodeJS.WriteStream = process.stdout) {}

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
    this.out.write(`${text}\n`);
  }

  /** Overwritten by the next line or status; not shown where output is not a terminal. */
  status(text: string): void {
    if (!this.out.isTTY) return;
    this.out.write(`\r\x1b[2K  ${text.slice(0, (this.out.columns ?? 100) - 3)}`);
    this.statusShown = true;
  }

  get totalSeconds(): number {
    return (Date.now() - this.started) / 1000;
  }
}
