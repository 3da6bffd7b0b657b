/** What the operator asked for cannot be done as asked: a wrong value, not a fault. Exit code 2. */
export class InputError extends Error {
  override readonly name = 'InputError';
}

/** @throws InputError with every problem, if there is one */
export function refuse(subject: string, problems: readonly string[]): void {
  if (problems.length === 0) return;
  const lines = problems.length === 1 ? ` ${problems[0]}` : `\n${problems.map((p) => `  - ${p}`).join('\n')}`;
  throw new InputError(`${subject}:${lines}`);
}
