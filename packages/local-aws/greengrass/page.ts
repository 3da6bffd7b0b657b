/** Pages of list operations. The token is the number of items already given. */
import { invalid } from './errors';

export interface PageRequest {
  readonly maxResults?: string;
  readonly nextToken?: string;
}

/** @throws ServiceError ValidationException when maxResults is not 1 to 100 or the token is not one of ours */
export function pageOf<Item>(
  items: readonly Item[],
  request: PageRequest,
): { items: Item[]; nextToken?: string | undefined } {
  const size = request.maxResults === undefined ? 100 : Number(request.maxResults);
  if (!Number.isInteger(size) || size < 1 || size > 100)
    throw invalid(`Invalid Input: maxResults: must be 1 to 100, got ${request.maxResults}`);
  const begin = request.nextToken === undefined ? 0 : Number(request.nextToken);
  if (!Number.isInteger(begin) || begin < 0)
    throw invalid(`Invalid Input: nextToken: ${request.nextToken} was not given out`);
  const end = begin + size;
  return { items: items.slice(begin, end), nextToken: end < items.length ? String(end) : undefined };
}
