import { formatTable } from '../shared/table';
import { CHECKS, type Check, type CheckContext } from './checks';

export interface CheckResult {
  readonly name: string;
  readonly passed: boolean;
  /** What it found, or what is wrong. */
  readonly finding: string;
}

async function runCheck(check: Check, context: CheckContext): Promise<CheckResult> {
  try {
    return { name: check.name, passed: true, finding: await check.run(context) };
  } catch (error) {
    return {
      name: check.name,
      passed: false,
      finding: error instanceof Error ? error.message : String(error),
    };
  }
}

/** Asks a deployed environment everything; one wrong answer keeps no other question from being asked. */
export async function verifyEnvironment(
  context: CheckContext,
  checks: readonly Check[] = CHECKS,
): Promise<CheckResult[]> {
  return Promise.all(checks.map((check) => runCheck(check, context)));
}

export const formatResults = (results: readonly CheckResult[]): string =>
  formatTable(
    ['check', 'result', 'finding'],
    results.map(({ name, passed, finding }) => [
      name,
      passed ? 'ok' : 'FAILED',
      finding.replace(/\s+/g, ' '),
    ]),
  );
