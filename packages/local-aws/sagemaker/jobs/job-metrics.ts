/**
 * Metrics of a training job: what its MetricDefinitions find in its log. SageMaker sends them to CloudWatch; here the
 * job keeps them.
 */
import { isObject, type Json, type JsonObject, listOf, objectOf } from '../json';

export interface MetricPoint {
  readonly value: number;
  readonly time: Date;
}

interface Definition {
  readonly name: string;
  readonly regex: RegExp;
}

function definitionsOf(algorithm: Json): Array<{ Name: string; Regex: string }> {
  return listOf(objectOf(algorithm).MetricDefinitions)
    .filter(isObject)
    .map(({ Name, Regex }) => ({ Name: String(Name), Regex: String(Regex) }));
}

/** What is wrong with the MetricDefinitions of an AlgorithmSpecification. */
export function metricProblems(algorithm: Json): string[] {
  return definitionsOf(algorithm).flatMap(({ Name, Regex }) => {
    try {
      new RegExp(Regex);
      return [];
    } catch (error) {
      return [`MetricDefinitions '${Name}': Regex: ${(error as Error).message}`];
    }
  });
}

export class JobMetrics {
  private readonly definitions: readonly Definition[];
  private readonly points = new Map<string, MetricPoint[]>();

  /** @param algorithm AlgorithmSpecification of the request */
  constructor(algorithm: Json) {
    this.definitions = definitionsOf(algorithm).map(({ Name, Regex }) => ({
      name: Name,
      regex: new RegExp(Regex),
    }));
  }

  /** @returns whether the line has the value of a metric */
  observe(line: string, time: Date): boolean {
    let found = false;
    for (const { name, regex } of this.definitions) {
      const text = regex.exec(line)?.[1]?.trim();
      const value = text ? Number(text) : Number.NaN;
      if (!Number.isFinite(value)) continue;
      this.points.set(name, [...this.of(name), { value, time }]);
      found = true;
    }
    return found;
  }

  /** Oldest first. */
  of(name: string): readonly MetricPoint[] {
    return this.points.get(name) ?? [];
  }

  /** `FinalMetricDataList` of DescribeTrainingJob. */
  get final(): JsonObject[] {
    return [...this.points].flatMap(([MetricName, points]) => {
      const last = points.at(-1);
      return last ? [{ MetricName, Value: last.value, Timestamp: last.time.getTime() / 1000 }] : [];
    });
  }
}
