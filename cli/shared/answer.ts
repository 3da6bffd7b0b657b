import type { ProgramPorts } from './commands';

/** Of every command. */
export interface AnswerOptions {
  readonly json?: boolean | undefined;
}

/** The answer of a command: text for a person or, with `--json`, one document for a program. */
export function answer(
  { write }: Pick<ProgramPorts, 'write'>,
  { json }: AnswerOptions,
  document: unknown,
  text: string,
): void {
  write(json ? JSON.stringify(document, null, 2) : text);
}
