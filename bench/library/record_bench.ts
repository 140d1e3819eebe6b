/** Reading and writing the records that a datastore keeps. */
import { formatRecord, parseAddress, parseAttachment } from "../../lib/state/record_text.ts";
import {
  type AddressRecord,
  type AttachmentRecord,
  type Grant,
  SCHEMA,
} from "../../lib/state/records.ts";

const GRANT: Grant = {
  ip: "10.188.0.216",
  prefixLength: 24,
  gateway: "10.188.0.1",
  source: "range",
  cools: true,
};
const HOLDER = {
  schema: SCHEMA,
  cluster: "default",
  network: "testnet",
  containerID: "c".repeat(64),
  ifname: "eth0",
  node: "ip-10-0-112-34.eu-central-1.compute.internal",
  nodeId: "0123456789abcdef",
  boot: "fedcba9876543210",
  pod: {
    namespace: "shop",
    name: "web-7d9c6b5f4-x2x9k",
    uid: "5d3a9c1e-4b7f-4a60-8e1d-000000000001",
  },
  since: 1_800_000_000_000,
} as const;
const ADDRESS: AddressRecord = { ...HOLDER, ...GRANT, state: "held" };
const ATTACHMENT: AttachmentRecord = { ...HOLDER, addresses: [GRANT] };
const SIXTEEN: AttachmentRecord = { ...HOLDER, addresses: Array.from({ length: 16 }, () => GRANT) };

function entryOf(
  value: string,
): { readonly key: string; readonly value: string; readonly revision: string } {
  return { key: "/kube-ipam/v1/default/a/b", value, revision: "1" };
}

const address = entryOf(formatRecord(ADDRESS));
const attachment = entryOf(formatRecord(ATTACHMENT));
const sixteen = entryOf(formatRecord(SIXTEEN));

const reading = "reading a record";
Deno.bench("an address", { group: reading, baseline: true }, () => void parseAddress(address));
Deno.bench(
  "an attachment of one address",
  { group: reading },
  () => void parseAttachment(attachment),
);
Deno.bench(
  "an attachment of 16 addresses",
  { group: reading },
  () => void parseAttachment(sixteen),
);

const writing = "writing a record";
Deno.bench("an address", { group: writing, baseline: true }, () => void formatRecord(ADDRESS));
Deno.bench("an attachment of 16 addresses", { group: writing }, () => void formatRecord(SIXTEEN));
