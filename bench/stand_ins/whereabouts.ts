// deno-lint-ignore-file camelcase -- the names are of etcd
/**
 * Stands for an ADD of whereabouts 0.5.4 with etcd, of which no binary can be had: the same calls of etcd in the same order under the
 * same lock, and nothing else.
 *
 * Seven round trips, one after the other, of which five write: grant a session's lease; put a key below the lock's prefix, look for
 * one before it; get the pool, put the pool; delete the key, revoke the lease. Who waits is told by etcd of the end of the key before
 * its own, as by whereabouts's mutex. The session's keep-alive stream is left out, to its advantage.
 *
 * @module
 */
import { answer, type Etcd, type Fields, keyValuesOf, openEtcd, readAsked } from "./etcd.ts";

const SESSION_SECONDS = 60;
const FIRST = 2;

const { network, containerId, endpoints, address } = await readAsked();
const etcd = openEtcd(endpoints);
const pool = `/whereabouts/${network}`;
const prefix = `${pool}/lock/`;

const lease = await etcd.grant(SESSION_SECONDS);
const own = `${prefix}${lease}`;
await lock(etcd);
const [found] = await etcd.range(pool);
const lines = found === undefined ? [] : found.value.split("\n");
// The lowest free one; nobody gives any back here.
const given = address(FIRST + lines.length);
await etcd.put(pool, [...lines, `${given} ${containerId}`].join("\n"));
await etcd.remove(own);
await etcd.revoke(lease);
answer(given);

async function lock(etcd: Etcd): Promise<void> {
  const first = { range_end: btoa(prefix.slice(0, -1) + "0"), limit: "1" };
  const txn = await etcd.txn({
    compare: [{ key: btoa(own), target: "CREATE", result: "EQUAL", create_revision: "0" }],
    success: [
      { request_put: { key: btoa(own), value: btoa(""), lease } },
      {
        request_range: {
          key: btoa(prefix),
          ...first,
          sort_target: "CREATE",
          sort_order: "ASCEND",
        },
      },
    ],
  });
  const revision = String(fieldsOf(txn["header"])["revision"]);
  const responses = Array.isArray(txn["responses"]) ? txn["responses"] : [];
  const [oldest] = keyValuesOf(fieldsOf(fieldsOf(responses[1])["response_range"]));
  // The mutex looks once more even where its own key is the oldest: the seventh round trip.
  const before = {
    range_end: first.range_end,
    limit: "1",
    sort_target: "CREATE",
    sort_order: "DESCEND",
    max_create_revision: String(BigInt(revision) - 1n),
  };
  for (;;) {
    const [previous] = await etcd.range(prefix, before);
    if (previous === undefined || oldest?.key === own) return;
    await gone(etcd.url, { key: previous.key, revision });
  }
}

/** Waits until a key that stood at a revision is deleted. */
async function gone(
  url: string,
  { key, revision }: { readonly key: string; readonly revision: string },
): Promise<void> {
  const ending = new AbortController();
  const response = await fetch(`${url}/v3/watch`, {
    method: "POST",
    body: JSON.stringify({ create_request: { key: btoa(key), start_revision: revision } }),
    signal: ending.signal,
  });
  const decoder = new TextDecoder();
  for await (const chunk of response.body ?? []) {
    if (decoder.decode(chunk, { stream: true }).includes('"DELETE"')) break;
  }
  ending.abort();
}

function fieldsOf(value: unknown): Fields {
  return typeof value === "object" && value !== null ? value as Fields : {};
}
