/** Order, time filters and pages of List operations. */
import { invalid } from '../errors';
import type { JsonObject } from '../json';

export interface Page<T> {
  readonly items: readonly T[];
  readonly nextToken?: string | undefined;
}

/** What jobs of every kind are listed by. */
interface ListedJob {
  readonly name: string;
  readonly status: string;
  readonly creationTime: Date;
}

export interface ListOptions<T> {
  readonly createdAt: (item: T) => Date;
  readonly nameOf: (item: T) => string;
  /** When the request does not say. */
  readonly descending: boolean;
  readonly pageSize: number;
}

function offsetOf(token: unknown): number {
  if (token === undefined) return 0;
  const text = Buffer.from(String(token), 'base64url').toString();
  if (!/^\d+$/.test(text)) throw invalid(`NextToken: '${token}' is not a token of this service`);
  return Number(text);
}

/** Lists of jobs and packages filter by CreationTimeAfter, those of pipelines by CreatedAfter. */
export function listPage<T>(all: readonly T[], request: JsonObject, options: ListOptions<T>): Page<T> {
  const after = Number(request.CreationTimeAfter ?? request.CreatedAfter ?? Number.NEGATIVE_INFINITY);
  const before = Number(request.CreationTimeBefore ?? request.CreatedBefore ?? Number.POSITIVE_INFINITY);
  const contained = String(request.NameContains ?? request.PipelineNamePrefix ?? '');
  const found = all.filter((item) => {
    const time = options.createdAt(item).getTime() / 1000;
    return time > after && time < before && options.nameOf(item).includes(contained);
  });
  const byName = request.SortBy === 'Name';
  const sorted = found
    .map((item, index) => ({ item, index }))
    .sort((a, b) => {
      const order = byName
        ? options.nameOf(a.item).localeCompare(options.nameOf(b.item))
        : options.createdAt(a.item).getTime() - options.createdAt(b.item).getTime();
      // Created within one millisecond: the order of creation.
      return order || a.index - b.index;
    })
    .map(({ item }) => item);
  const descending =
    request.SortOrder === undefined ? options.descending : request.SortOrder === 'Descending';
  if (descending) sorted.reverse();
  const start = offsetOf(request.NextToken);
  const end = start + Number(request.MaxResults ?? options.pageSize);
  const nextToken = end < sorted.length ? Buffer.from(String(end)).toString('base64url') : undefined;
  return { items: sorted.slice(start, end), nextToken };
}

const JOBS_PER_PAGE = 10;

/** A page of jobs with the status that the request asks for, oldest first when it does not say. */
export function listJobs<T extends ListedJob>(all: readonly T[], request: JsonObject): Page<T> {
  const wanted = all.filter(
    ({ status }) => request.StatusEquals === undefined || status === request.StatusEquals,
  );
  return listPage(wanted, request, {
    createdAt: ({ creationTime }) => creationTime,
    nameOf: ({ name }) => name,
    descending: false,
    pageSize: JOBS_PER_PAGE,
  });
}
