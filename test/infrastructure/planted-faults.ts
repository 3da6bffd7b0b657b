/** Faults that were in our policies once, put back: for tests of what must find them. */
import type { ResolvedStatement } from './role-policies';

/** What becomes of a statement; undefined takes it out. */
export type Fault = (statement: ResolvedStatement) => ResolvedStatement | undefined;

/** @throws Error when the fault changes nothing, and would show nothing */
export function planted(statements: readonly ResolvedStatement[], fault: Fault): ResolvedStatement[] {
  const changed = statements.flatMap((statement) => fault(statement) ?? []);
  if (JSON.stringify(changed) === JSON.stringify(statements)) throw new Error('the fault changes nothing');
  return changed;
}

/** The action, alone in its statement, on other resources. */
export const withResource =
  (action: string, Resource: string[]): Fault =>
  (statement) =>
    statement.Action.includes(action) ? { ...statement, Action: [action], Resource } : statement;

export const withoutStatements =
  (sids: RegExp): Fault =>
  (statement) =>
    sids.test(statement.Sid ?? '') ? undefined : statement;

export const withoutConditions =
  (sid: string): Fault =>
  ({ Condition, ...statement }) =>
    statement.Sid === sid || Condition === undefined ? statement : { ...statement, Condition };
