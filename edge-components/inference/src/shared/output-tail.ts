/** A longer line is not kept: it may have been cut in the middle of a secret, which would then not be found. */
const LONGEST_LINE = 4_096;
const TOO_LONG = '(a very long line)';

/** The last lines that a program wrote, for the message about its end. Memory is bounded. */
export class OutputTail {
  private readonly kept: string[] = [];
  private line = '';
  private overlong = false;

  /**
   * @param mostLines how many are kept
   * @param redact removes secrets; given whole lines
   */
  constructor(
    private readonly mostLines: number,
    private readonly redact: (line: string) => string,
  ) {}

  push(chunk: string): void {
    const [first = '', ...rest] = chunk.split(/[\r\n]/);
    this.extend(first);
    for (const next of rest) {
      this.endLine();
      this.extend(next);
    }
  }

  /** Lines joined by `; `, without control characters; empty when there are none. */
  text(): string {
    const last = this.finishedLine();
    return [...this.kept, ...(last === '' ? [] : [last])].slice(-this.mostLines).join('; ');
  }

  private extend(text: string): void {
    if (this.line.length + text.length > LONGEST_LINE) this.overlong = true;
    this.line = this.overlong ? '' : this.line + text;
  }

  private endLine(): void {
    const line = this.finishedLine();
    this.line = '';
    this.overlong = false;
    if (line === '') return;
    this.kept.push(line);
    if (this.kept.length > this.mostLines) this.kept.shift();
  }

  private finishedLine(): string {
    if (this.overlong) return TOO_LONG;
    return this.redact(this.line)
      .replace(/\p{Cc}/gu, ' ')
      .trim();
  }
}
