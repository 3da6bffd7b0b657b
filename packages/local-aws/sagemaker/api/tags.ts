/** Tags of every resource, by ARN. */
import { isObject, type Json, type JsonObject, listOf } from '../json';
import type { Operations } from './operation';
import { ARN, list, object, PAGING, TAGS, text } from './request-schema';

export class Tags {
  private readonly byArn = new Map<string, Map<string, string>>();

  add(arn: string, tags: Json): void {
    const all = this.byArn.get(arn) ?? new Map<string, string>();
    for (const tag of listOf(tags).filter(isObject)) all.set(String(tag.Key), String(tag.Value));
    this.byArn.set(arn, all);
  }

  remove(arn: string, keys: Json): void {
    for (const key of listOf(keys)) this.byArn.get(arn)?.delete(String(key));
  }

  forget(arn: string): void {
    this.byArn.delete(arn);
  }

  of(arn: string): JsonObject[] {
    return [...(this.byArn.get(arn) ?? [])].map(([Key, Value]) => ({ Key, Value }));
  }
}

export function tagOperations(tags: Tags): Operations {
  return {
    AddTags: {
      request: object({ ResourceArn: ARN, Tags: TAGS }, ['ResourceArn', 'Tags']),
      handle: (request) => {
        tags.add(String(request.ResourceArn), request.Tags);
        return { Tags: tags.of(String(request.ResourceArn)) };
      },
    },
    ListTags: {
      request: object({ ResourceArn: ARN, NextToken: PAGING.NextToken }, ['ResourceArn']),
      handle: (request) => ({ Tags: tags.of(String(request.ResourceArn)) }),
    },
    DeleteTags: {
      request: object({ ResourceArn: ARN, TagKeys: list(text(128), 50, 1) }, ['ResourceArn', 'TagKeys']),
      handle: (request) => {
        tags.remove(String(request.ResourceArn), request.TagKeys);
        return {};
      },
    },
  };
}
