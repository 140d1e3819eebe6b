/**
 * Stands for an ADD of the original kube-ipam 0.2.0, of which no binary can be had: the same calls of etcd in the same order under
 * the same lock, and nothing else.
 *
 * Nine round trips, one after the other, of which six write: put the network; grant a lease, take the lock; read the last address
 * and the next one; put both; read the lock, revoke its lease. Who does not get the lock sleeps 2 s, twenty times at most, and then
 * goes on without it, as the original does. It finds the next address free at once, which is the original's best case.
 *
 * @module
 */
import { answer, type Etcd, openEtcd, readAsked } from "./etcd.ts";

const LEASE_SECONDS = 10;
const TRIES = 20;
const SLEEP_MS = 2_000;
const FIRST = 2;

const { network, containerId, endpoints, address } = await readAsked();
const etcd = openEtcd(endpoints);
const root = `/etcd-cni/networks/${network}`;
const lockKey = `${root}/lock`;

await etcd.put(root, "[[{}]]");
await lock(etcd);
const [last] = await etcd.range(`${root}/lastReserved/0`);
let next = last === undefined ? FIRST : Number(last.value) + 1;
while ((await etcd.range(`${root}/used/${address(next)}`)).length > 0) next++;
await etcd.put(`${root}/used/${address(next)}`, containerId);
await etcd.put(`${root}/lastReserved/0`, String(next));
const [held] = await etcd.range(lockKey);
if (held !== undefined) await etcd.revoke(held.value);
answer(address(next));

async function lock(etcd: Etcd): Promise<void> {
  for (let attempt = 0; attempt < TRIES; attempt++) {
    const lease = await etcd.grant(LEASE_SECONDS);
    const { succeeded } = await etcd.txn({
      compare: [{ key: btoa(lockKey), target: "VERSION", result: "EQUAL", version: "0" }],
      success: [{ request_put: { key: btoa(lockKey), value: btoa(lease), lease } }],
    });
    if (succeeded === true) return;
    await new Promise((resolve) => setTimeout(resolve, SLEEP_MS));
  }
}
