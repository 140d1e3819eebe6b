/**
 * DEL: gives the addresses of an attachment back. Succeeds when nothing is there.
 *
 * @module
 * @see https://www.cni.dev/docs/spec/#del-remove-container-from-network-or-un-apply-modifications
 */
import type { Invocation } from "../cni/environment.ts";
import { planRelease, type Released } from "../ipam/release.ts";
import { type Call, type Done, open, run } from "./call.ts";
import { readNode } from "./node.ts";

/**
 * Serves DEL.
 *
 * @param call The call.
 * @returns Nothing for stdout.
 * @throws {DatastoreError} If the datastore fails: the runtime must call again, or the address leaks.
 * @throws {RecordError} If the attachment's record cannot be read.
 */
export async function del(
  call: Call<Extract<Invocation, { command: "DEL" }>>,
): Promise<Done> {
  const { config: { space, network, cooldownMs }, invocation, io } = call;
  await using store = await open(call);
  const names = [{ network, ...invocation.attachment }];
  const node = readNode(call.config);
  const [released] = await run(
    store,
    planRelease({ space, node, names, cooldownMs, now: io.now() }),
    call,
  );
  if (released?.kind === "unreadable") throw released.error;
  return { stdout: "", log: toLog(released) };
}

function toLog(released: Released | undefined): Done["log"] {
  if (released === undefined || !("record" in released)) return { outcome: "absent" };
  const { kind, record } = released;
  return { outcome: kind, ips: record.addresses.map(({ ip }) => ip), node: record.node };
}
