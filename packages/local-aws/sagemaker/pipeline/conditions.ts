/** The conditions of a Condition step, on resolved values. */
import { isObject, type Json, listOf } from '../json';
import { ResolutionError } from './expressions';

type Comparison = (left: number, right: number) => boolean;

const COMPARISONS: Readonly<Record<string, Comparison>> = {
  GreaterThan: (left, right) => left > right,
  GreaterThanOrEqualTo: (left, right) => left >= right,
  LessThan: (left, right) => left < right,
  LessThanOrEqualTo: (left, right) => left <= right,
};

function numberOf(value: Json, type: string): number {
  if (typeof value === 'number' && Number.isFinite(value)) return value;
  throw new ResolutionError(`the condition ${type} compares numbers, got ${JSON.stringify(value)}`);
}

/** Plain values only, and of one type: 1 and "1" are a mistake in the definition, not two different values. */
function equal(left: Json, right: Json, type: string): boolean {
  if (typeof left !== typeof right || typeof left === 'object') {
    const shown = `${JSON.stringify(left)} and ${JSON.stringify(right)}`;
    throw new ResolutionError(`the condition ${type} compares plain values of one type, got ${shown}`);
  }
  return left === right;
}

/** @throws ResolutionError when the condition is not one or compares what cannot be compared */
export function holds(condition: Json): boolean {
  if (!isObject(condition)) throw new ResolutionError(`${JSON.stringify(condition)} is not a condition`);
  const type = String(condition.Type);
  const compare = COMPARISONS[type];
  if (compare) return compare(numberOf(condition.LeftValue, type), numberOf(condition.RightValue, type));
  switch (type) {
    case 'Equals':
      return equal(condition.LeftValue, condition.RightValue, type);
    case 'In':
      return listOf(condition.Values).some((value) => equal(condition.QueryValue, value, type));
    case 'Not':
      return !holds(condition.Expression);
    case 'Or':
      return listOf(condition.Conditions).some(holds);
    default:
      throw new ResolutionError(`there is no condition '${type}'`);
  }
}

/** A Condition step takes its IfSteps when every condition holds. */
export const allHold = (conditions: Json): boolean => listOf(conditions).every(holds);
