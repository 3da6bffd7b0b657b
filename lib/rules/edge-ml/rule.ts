import type { Application, Resource } from './application';

export interface Finding {
  readonly resource: Resource;
  /** What was found, short enough to stand in brackets behind the rule's id. */
  readonly found: string;
}

/** One thing to hold, judged by templates alone. */
export interface Rule {
  /** Within the pack, such as `IOT1`. */
  readonly id: string;
  /** What is wrong with a finding, and what would be right. */
  readonly description: string;
  /** Where it is written. */
  readonly source: string;
  check(application: Application): Finding[];
}
