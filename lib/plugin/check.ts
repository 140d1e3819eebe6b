/**
 * CHECK: whether an attachment still holds what prevResult says.
 *
 * @module
 * @see https://www.cni.dev/docs/spec/#check-check-containers-networking-is-as-expected
 */
import type { Invocation } from "../cni/environment.ts";
import { parsePrevResult } from "../cni/prev_result.ts";
import { planCheck } from "../ipam/check.ts";
import { type Call, type Done, open, run } from "./call.ts";
import { readNode } from "./node.ts";

/**
 * Serves CHECK.
 *
 * @param call The call.
 * @returns Nothing for stdout.
 * @throws {CniError} With code 104, if something differs.
 */
export async function check(
  call: Call<Extract<Invocation, { command: "ADD" | "CHECK" }>>,
): Promise<Done> {
  const { config, netconf, invocation: { attachment, netns } } = call;
  const { cniVersion: version, network, space } = config;
  const previous = parsePrevResult(netconf.prevResult, {
    version,
    netns,
    ifName: attachment.ifName,
  });
  await using store = await open(call);
  const name = { network, ...attachment };
  const outcome = await run(
    store,
    planCheck({ space, node: readNode(config), name, previous }),
    call,
  );
  if (outcome.kind !== "ok") {
    const { mismatch } = await import("./failures.ts");
    throw mismatch(outcome);
  }
  return { stdout: "", log: { outcome: "ok" } };
}
