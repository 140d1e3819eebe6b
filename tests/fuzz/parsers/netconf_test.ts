/** Whatever stands on stdin: a configuration, or an error of ours that shows no secret. */
import { assert, assertEquals } from "@std/assert";
import fc from "fast-check";
import { CniError } from "../../../lib/cni/errors.ts";
import type { Command } from "../../../lib/cni/environment.ts";
import { parsePrevResult } from "../../../lib/cni/prev_result.ts";
import { parseValidAttachments } from "../../../lib/cni/valid_attachments.ts";
import { parseNetconf } from "../../../lib/config/json.ts";
import { loadConfig } from "../../../lib/config/load.ts";
import { ipamShape } from "../../../lib/config/shape.ts";
import { callsOf, sampleNames, SAMPLES } from "../../support/manifests.ts";
import { corpus, fuzz, throwsOnly } from "../_fuzz.ts";
import { aCut, cutUp, damaged, isInPlace, someEdits } from "../_mutate.ts";
import { SECRETS, secretsIn } from "../_secrets.ts";

const COMMANDS: readonly Command[] = ["ADD", "DEL", "CHECK", "GC", "STATUS"];
const encoder = new TextEncoder();

const samples = await Promise.all(
  (await sampleNames(".conf", ".conflist")).map((name) =>
    Deno.readTextFile(new URL(name, SAMPLES))
  ),
);

/** With everything that a runtime and an operator may write beside the samples. */
const full = {
  cniVersion: "1.1.0",
  name: "net",
  type: "bridge",
  runtimeConfig: {
    ips: ["10.1.0.9/24"],
    ipRanges: [[{ subnet: "10.2.0.0/24" }]],
    dns: { servers: ["10.0.0.1"] },
  },
  args: { cni: { ips: ["10.1.0.9"] } },
  prevResult: {
    cniVersion: "1.1.0",
    ips: [{ address: "10.1.0.9/24", gateway: "10.1.0.1", interface: 0 }],
    interfaces: [{ name: "eth0" }],
    dns: {},
  },
  "cni.dev/valid-attachments": [{ containerID: "c1", ifname: "eth0" }],
  ipam: {
    type: "kube-ipam",
    ranges: [[{
      subnet: "10.1.0.0/24",
      rangeStart: "10.1.0.10",
      rangeEnd: "10.1.0.99",
      gateway: "10.1.0.1",
      fixedStart: "10.1.0.100",
      fixedEnd: "10.1.0.200",
      exclude: ["10.1.0.50/31"],
      retain: "7d",
    }], [{ subnet: "fd00::/64" }]],
    routes: [{ dst: "0.0.0.0/0", gw: "10.1.0.1" }],
    dns: { nameservers: ["10.0.0.1"] },
    etcdConfig: {
      etcdURL: ["http://127.0.0.1:2379"],
      etcdUsername: "ipam",
      etcdPassword: SECRETS.etcdPassword,
    },
    fixedPolicy: [{ addresses: "10.1.0.100", namespaces: ["a"], serviceAccounts: ["b"] }],
    allocation: "lowest",
    cooldown: "30s",
    gcGrace: "60s",
    kubeConfig: "/etc/kubernetes/k",
    addressSpace: "blue",
    log: { file: "/tmp/x", level: "debug", maxSize: "1MB" },
  },
};

const text = fc.oneof(
  fc.constantFrom(
    "10.1.0.0/24",
    "10.1.0.9",
    "fd00::/64",
    "fd00::9",
    "10.1.0.1-10.1.0.9",
    "30s",
    "etcd",
    "/x",
    "",
  ),
  fc.string({ unit: "binary" }),
);
const KEYS = [
  ...Object.keys(ipamShape.keys ?? {}),
  ...[
    "ips",
    "ipRanges",
    "cni",
    "dst",
    "gw",
    "etcdURL",
    "addresses",
    "namespaces",
    "serviceAccounts",
    "__proto__",
  ],
];
const { value } = fc.letrec((tie) => ({
  value: fc.oneof(
    { maxDepth: 4 },
    text,
    fc.integer(),
    fc.boolean(),
    fc.constant(null),
    tie("list"),
    tie("object"),
  ),
  list: fc.array(tie("value"), { maxLength: 3 }),
  object: fc.dictionary(fc.constantFrom(...KEYS), tie("value"), { maxKeys: 5 }),
}));
const anIpam = fc.dictionary(fc.constantFrom(...KEYS), value, { maxKeys: 8 });

/** Reads all that a call reads of a netconf; nothing but a CniError may come out, and no secret in it. */
function readAll(netconf: Readonly<Record<string, unknown>>): void {
  for (const command of COMMANDS) {
    const args = { ips: ["10.1.0.9", "x"], gateways: [] };
    shown(() => loadConfig(netconf, { command, kubernetes: command === "CHECK", args }).warnings);
  }
  for (const version of ["0.1.0", "1.1.0"] as const) {
    shown(() => parsePrevResult(netconf["prevResult"], { version, ifName: "eth0", netns: "/n" }));
  }
  shown(() => parseValidAttachments(netconf));
}

function shown(work: () => unknown): void {
  throwsOnly(() => {
    try {
      const result = work();
      if (Array.isArray(result)) assertEquals(secretsIn(result.join("\n")), []);
    } catch (error) {
      if (!(error instanceof CniError)) throw error;
      const said = `${error.message}\n${error.details}`;
      assertEquals(secretsIn(said), [], said);
      assert(said.length < 65_536, `${said.length} characters`);
      throw error;
    }
  }, CniError);
}

function readBytes(bytes: Uint8Array): void {
  shown(() => {
    const netconf = parseNetconf(new TextDecoder().decode(bytes));
    readAll(netconf);
  });
}

Deno.test("netconfs of the corpus are read, or refused as ours", () => {
  for (const { bytes } of corpus("netconf")) readBytes(bytes);
});

Deno.test("netconfs made of known keys and any values are read, or refused as ours", () =>
  fuzz(
    fc.property(anIpam, anIpam, anIpam, (ipam, runtimeConfig, args) =>
      readAll({ cniVersion: "1.0.0", name: "net", ipam, runtimeConfig, args })),
    150,
  ));

Deno.test("samples whose values were damaged are read, or refused as ours", () => {
  const valid = [...samples.flatMap((sample) => callsOf(sample)), full, full, full];
  return fuzz(
    fc.property(
      fc.constantFrom(...valid),
      someEdits.filter(isInPlace),
      (netconf, edits) => readBytes(encoder.encode(JSON.stringify(damaged(netconf, edits)))),
    ),
    300,
  );
});

Deno.test("samples whose bytes were damaged are read, or refused as ours", () => {
  const valid = [...samples, JSON.stringify(full), JSON.stringify(full, null, 2)].map((text) =>
    encoder.encode(text)
  );
  return fuzz(
    fc.property(
      fc.constantFrom(...valid),
      fc.array(aCut, { minLength: 1, maxLength: 3 }),
      (bytes, cuts) => readBytes(cutUp(bytes, cuts)),
    ),
    200,
  );
});

Deno.test("any text is read as a netconf, or refused as ours", () =>
  fuzz(
    fc.property(fc.oneof(fc.string({ unit: "binary" }), fc.json()), (text) =>
      readBytes(encoder.encode(text))),
    150,
  ));
