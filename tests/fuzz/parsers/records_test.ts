/** Whatever a stored value holds: a record whose fields can be used, or a RecordError. */
import { assert, assertEquals } from "@std/assert";
import fc from "fast-check";
import { parseAddr } from "../../../lib/net/addr.ts";
import {
  attachmentKey,
  attachmentOfRecord,
  expiringKey,
  nodeKey,
  ownerKeyOfRecord,
  podKey,
} from "../../../lib/state/keys.ts";
import {
  parseAddress,
  parseAttachment,
  parseCluster,
  parseExpiring,
  parseNetwork,
  parseOwner,
  RecordError,
} from "../../../lib/state/record_text.ts";
import type { Grant, HolderRecord } from "../../../lib/state/records.ts";
import { corpus, fuzz, throwsOnly } from "../_fuzz.ts";
import { aCut, cutUp, damaged, someEdits } from "../_mutate.ts";
import { RECORDS } from "../_records.ts";

const PARSERS = [
  parseAddress,
  parseAttachment,
  parseCluster,
  parseExpiring,
  parseNetwork,
  parseOwner,
];

/** Every reader reads it: a key may hold the record of another kind. */
function read(value: string): void {
  for (const parse of PARSERS) {
    throwsOnly(() => {
      const record = parse({ key: "/kube-ipam/v1/default/x", value, revision: "1" });
      assertEquals(record.schema, 1);
      if ("since" in record) new Date(record.since).toISOString();
      if ("containerID" in record) useHolder(record);
      if ("ip" in record) useGrant(record);
      if ("until" in record && record.until !== undefined) useMoment(record.until);
      if (!("addresses" in record)) return;
      if ("containerID" in record) record.addresses.forEach(useGrant);
      else for (const { until } of record.addresses) if (until !== undefined) useMoment(until);
    }, RecordError);
  }
}

/** As a plan and its messages use one. */
function useHolder(record: HolderRecord): void {
  const { cluster, network, ifname: ifName, pod, node } = record;
  const name = attachmentOfRecord(record);
  attachmentKey("default", name);
  nodeKey("default", { ...name, cluster, node });
  if (pod?.uid !== undefined) podKey("default", { cluster, uid: pod.uid, network, ifName });
  ownerKeyOfRecord("default", record);
}

function useGrant({ ip, prefixLength, gateway }: Grant): void {
  const { family } = parseAddr(ip);
  assert(Number.isInteger(prefixLength) && prefixLength >= 0);
  assert(prefixLength <= (family === 4 ? 32 : 128), `/${prefixLength}`);
  if (gateway !== undefined) assertEquals(parseAddr(gateway).family, family);
}

function useMoment(untilMs: number): void {
  new Date(untilMs).toISOString();
  assertEquals(
    expiringKey("default", { untilMs, addr: parseAddr("10.1.0.9") }).includes("-"),
    true,
  );
  assert(
    /\/[0-9a-f]{16}\/0a010009$/.test(
      expiringKey("default", { untilMs, addr: parseAddr("10.1.0.9") }),
    ),
  );
}

Deno.test("records of the corpus are read, or refused as ours", () => {
  for (const { text } of corpus("record")) read(text);
});

Deno.test("a record that is damaged is refused as ours, or can be used", () =>
  fuzz(
    fc.property(fc.constantFrom(...RECORDS), someEdits, ({ value }, edits) =>
      read(JSON.stringify(damaged(value, edits)))),
    600,
  ));

Deno.test("a record whose bytes are damaged is refused as ours, or can be used", () =>
  fuzz(
    fc.property(
      fc.constantFrom(...RECORDS),
      fc.array(aCut, { minLength: 1, maxLength: 2 }),
      ({ value }, cuts) =>
        read(
          new TextDecoder().decode(cutUp(new TextEncoder().encode(JSON.stringify(value)), cuts)),
        ),
    ),
    200,
  ));

Deno.test("any text is refused as a record as ours", () =>
  fuzz(
    fc.property(
      fc.oneof(
        fc.string({ unit: fc.nat(0xd7ff).map((code) => String.fromCharCode(code)) }),
        fc.json(),
      ),
      (text) => read(text),
    ),
    60,
  ));
