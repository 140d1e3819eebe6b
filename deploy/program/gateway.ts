// deno-lint-ignore-file camelcase -- the names of the fields are etcd's
/**
 * As much of etcd's JSON gateway as a rehearsal needs, in memory: guarded puts and deletes, keys and ranges of keys.
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
  readonly request_range?: Range;
  readonly request_put?: { readonly key: string; readonly value: string };
  readonly request_delete_range?: { readonly key: string };
}

interface Range {
  readonly key: string;
  readonly range_end?: string;
  readonly limit?: string;
  readonly count_only?: boolean;
}

interface Kept {
  /** In base64, as is the value. */
  readonly key: string;
  readonly value: string;
  readonly mod_revision: string;
}

/**
 * Makes a handler of its requests.
 *
 * @returns The handler.
 */
export function rehearsalGateway(): (request: Request) => Promise<Response> {
  /** By the text of the key. */
  const kept = new Map<string, Kept>();
  let revision = 0;

  function perform({ request_range, request_put, request_delete_range }: Operation): unknown {
    if (request_put !== undefined) {
      kept.set(atob(request_put.key), { ...request_put, mod_revision: `${revision}` });
    }
    if (request_delete_range !== undefined) kept.delete(atob(request_delete_range.key));
    if (request_range === undefined) return {};
    const found = find(request_range);
    const { limit, count_only } = request_range;
    const kvs = count_only === true ? [] : found.slice(0, Number(limit ?? found.length));
    return { response_range: { header: {}, kvs, count: `${found.length}` } };
  }

  function find({ key, range_end }: Range): readonly Kept[] {
    const [from, to] = [atob(key), range_end === undefined ? `${atob(key)}\0` : atob(range_end)];
    const keys = [...kept.keys()].filter((one) => from <= one && one < to).sort();
    return keys.flatMap((one) => kept.get(one) ?? []);
  }

  return async (request) => {
    if (request.method === "GET") return Response.json({ etcdserver: "3.4.0" }); // /version
    const { compare, success, failure }: Txn = await request.json();
    const succeeded = compare.every(({ key, mod_revision }) =>
      kept.get(atob(key))?.mod_revision === mod_revision
    );
    revision++;
    return Response.json({
      header: { revision: `${revision}` },
      succeeded,
      responses: (succeeded ? success : failure).map(perform),
    });
  };
}
