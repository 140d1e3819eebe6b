// deno-lint-ignore-file camelcase -- the names of the fields are etcd's
/**
 * As much of etcd's JSON gateway as a rehearsal needs: guarded puts, deletes and reads of single keys, in memory.
 *
 * No test uses it: those run against etcd.
 *
 * @module
 */

interface Txn {
  readonly compare: readonly { readonly key: string; readonly mod_revision?: string }[];
  readonly success: readonly Operation[];
  readonly failure: readonly Operation[];
}

interface Operation {
  readonly request_range?: { readonly key: string; readonly range_end?: string };
  readonly request_put?: { readonly key: string; readonly value: string };
  readonly request_delete_range?: { readonly key: string };
}

interface Kept {
  readonly value: string;
  readonly mod_revision: string;
}

/**
 * Makes a handler of its requests.
 *
 * @returns The handler.
 */
export function rehearsalGateway(): (request: Request) => Promise<Response> {
  const kept = new Map<string, Kept>();
  let revision = 0;

  function perform({ request_range, request_put, request_delete_range }: Operation): unknown {
    if (request_put !== undefined) {
      kept.set(request_put.key, { value: request_put.value, mod_revision: `${revision}` });
    }
    if (request_delete_range !== undefined) kept.delete(request_delete_range.key);
    if (request_range === undefined) return {};
    const { key, range_end } = request_range;
    const found = range_end === undefined ? kept.get(key) : undefined;
    const kvs = found === undefined ? [] : [{ key, ...found }];
    return { response_range: { header: {}, kvs, count: `${kvs.length}` } };
  }

  return async (request) => {
    const { compare, success, failure }: Txn = await request.json();
    const succeeded = compare.every(({ key, mod_revision }) =>
      kept.get(key)?.mod_revision === mod_revision
    );
    revision++;
    return Response.json({
      header: { revision: `${revision}` },
      succeeded,
      responses: (succeeded ? success : failure).map(perform),
    });
  };
}
