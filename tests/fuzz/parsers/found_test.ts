/** What was found by these tests and mended, each by itself: an input that once passed, hung or was shown. */
import { assert, assertEquals, assertThrows } from "@std/assert";
import { checkNetworkName } from "../../../lib/cni/identifiers.ts";
import { CniError } from "../../../lib/cni/errors.ts";
import { parseNetconf } from "../../../lib/config/json.ts";
import { loadConfig } from "../../../lib/config/load.ts";
import { BASE64, seenFromWire } from "../../../lib/datastore/etcd/wire.ts";
import { answerReader } from "../../../lib/http/answer_reader.ts";
import { readPod } from "../../../lib/kube/client/read_pod.ts";
import { understand } from "../../../lib/kube/client/answer.ts";
import { readAccess } from "../../../lib/kube/kubeconfig/kubeconfig.ts";
import { KubeError } from "../../../lib/kube/api.ts";
import { parseAddress, RecordError } from "../../../lib/state/record_text.ts";
import { hide } from "../../../lib/tls/hide.ts";
import { SECRETS, secretsIn } from "../_secrets.ts";

const KEY = "/kube-ipam/v1/default/addresses/4/0a010009";
const ARGS = { ips: [], gateways: [] };

function ipamError(ipam: unknown): CniError {
  const netconf = { cniVersion: "1.0.0", name: "net", ipam };
  return assertThrows(
    () => loadConfig(netconf, { command: "ADD", kubernetes: false, args: ARGS }),
    CniError,
  );
}

for (
  const [what, kv, count] of [
    ["another key", { key: btoa(`${KEY}0`), mod_revision: "5" }, "1"],
    ["no key", { mod_revision: "5" }, "1"],
    ["a revision that is no number", { key: btoa(KEY), mod_revision: "five" }, "1"],
    ["a count below zero", { key: btoa(KEY), mod_revision: "5" }, "-5"],
  ] as const
) {
  Deno.test(`seenFromWire() refuses ${what} (found by fuzz)`, () => {
    const answer = { header: {}, responses: [{ response_range: { kvs: [kv], count } }] };
    assertThrows(() => seenFromWire([{ kind: "get", key: KEY }], answer, BASE64), SyntaxError);
  });
}

Deno.test("seenFromWire() refuses a key outside the interval (found by fuzz)", () => {
  for (const key of ["/a", "/c", "/d"]) {
    const range = { kvs: [{ key: btoa(key), mod_revision: "5" }], count: "1" };
    const read = { kind: "list", from: "/b", to: "/c", limit: 9 } as const;
    const answer = { header: {}, responses: [{ response_range: range }] };
    assertThrows(() => seenFromWire([read], answer, BASE64), SyntaxError);
  }
});

Deno.test("a record whose numbers or names no key can hold is refused (found by fuzz)", () => {
  const good = {
    ...{ schema: 1, cluster: "c", network: "n", containerID: "c1", ifname: "eth0", node: "n" },
    ...{ nodeId: "i", boot: "b", since: 1, ip: "10.1.0.9", prefixLength: 24, source: "range" },
    ...{ cools: true, state: "held" },
  };
  const parse = (change: unknown): unknown =>
    parseAddress({
      key: KEY,
      value: JSON.stringify({ ...good, ...Object(change) }),
      revision: "1",
    });
  parse({});
  for (
    const change of [
      ...[-1, 24.5, 33].map((prefixLength) => ({ prefixLength })),
      ...[-1, -8.65e15].map((since) => ({ since })),
      { gateway: "fd00::1" },
      { node: "\ud800" },
      { pod: { name: "a", uid: "\udfff" } },
    ]
  ) {
    assertThrows(() => parse(change), RecordError);
  }
});

Deno.test("a pod whose names are not well-formed Unicode is refused (found by fuzz)", () => {
  const metadata = { name: "a", namespace: "b", uid: "c" };
  for (const [key, value] of [["uid", "\ud800"], ["name", "a\udfff"]] as const) {
    assertThrows(
      () => readPod({ kind: "Pod", metadata: { ...metadata, [key]: value } }),
      SyntaxError,
    );
  }
  const annotations = { "kube-ipam.owner": "a\ud800" };
  assertThrows(() => readPod({ kind: "Pod", metadata: { ...metadata, annotations } }), SyntaxError);
});

Deno.test("a password is not shown where it stands in an object, or for a path (found by fuzz)", () => {
  const text = `{"ipam":{"etcdConfig":{"etcdPassword":{"a":["${SECRETS.etcdPassword}" 1]}}}}`;
  const nested = assertThrows(() => parseNetconf(text), CniError);
  assertEquals(secretsIn(nested.details ?? ""), []);
  const etcdConfig = {
    etcdURL: "http://a:1",
    etcdUsername: "u",
    etcdPasswordFile: SECRETS.etcdPassword,
  };
  const { details = "" } = ipamError({ subnet: "10.1.0.0/24", etcdConfig });
  assertEquals(secretsIn(details), []);
  assert(details.includes("etcdPasswordFile: the value is not an absolute path"), details);
  // What follows a secret is shown again.
  const after = '{"ipam":{"etcdConfig":{"etcdPassword":{"a":1}},"dataDir":"/x" 1}}';
  const { details: shown = "" } = assertThrows(() => parseNetconf(after), CniError);
  assert(shown.includes('after "/x"'), shown);
});

Deno.test("a thousand mistakes make no message of a hundred thousand characters (found by fuzz)", () => {
  const bad = Array.from({ length: 1_000 }, (_, index) => ({ subnet: `x${index}` }));
  const { details = "" } = ipamError({ ranges: [bad] });
  assert(details.length < 20_000 && details.endsWith("more"), details.slice(-99));
  const odd = Object.fromEntries(bad.map(({ subnet }) => [subnet, 1]));
  const netconf = { cniVersion: "1.0.0", name: "net", ipam: { subnet: "10.1.0.0/24", ...odd } };
  const { warnings } = loadConfig(netconf, { command: "DEL", kubernetes: false, args: ARGS });
  assert(warnings.length < 100, `${warnings.length} warnings`);
});

Deno.test("a name of a network that no directory can have is refused (found by fuzz)", () => {
  assertEquals(checkNetworkName("n".repeat(253)).length, 253);
  assertThrows(() => checkNetworkName("n".repeat(254)), CniError, "Invalid network name");
});

Deno.test("names of a kubeconfig are cut in a message (found by fuzz)", () => {
  const contexts = Array.from(
    { length: 9_000 },
    (_, index) => ({ name: `c${index}${"x".repeat(500)}` }),
  );
  const value = { "current-context": "y".repeat(9_000), contexts, clusters: [], users: [] };
  const error = assertThrows(() => readAccess(value, "/k"), KubeError);
  assert((error.message + error.repair).length < 3_000);
});

Deno.test("headers of an answer do not show the token (found by fuzz)", () => {
  const token = SECRETS.bearerToken;
  const headers = new Headers({ "retry-after": token, location: `http://${token}.example/` });
  for (const status of [302, 429, 500]) {
    const understood = understand({ status, headers, text: "" }, {
      resource: "pods",
      secrets: [token],
    });
    assert(understood.kind === "refusal");
    assertEquals(secretsIn(understood.refusal.text), []);
  }
});

Deno.test("hide() takes out a secret as it is, in base64, and what JSON calls a token (found by fuzz)", () => {
  const secret = SECRETS.etcdPassword;
  for (
    const text of [
      secret,
      secret.toUpperCase(),
      ...["", "a", "ab"].map((one) => btoa(`${one}${secret}!`)),
    ]
  ) {
    assertEquals(secretsIn(hide(`before ${text} after`, [undefined, "", secret])), []);
    assert(hide(`before ${text} after`, [secret]).startsWith("before "));
  }
  assertEquals(hide('404 {"token": "abc.1", "a": "b"}', []), '404 {"token": "(secret)", "a": "b"}');
  assertEquals(hide("no secret", ["s".repeat(1_000_000)]), "no secret");
  assertEquals(hide("a short one is in every text", ["a", "is"]), "a short one is in every text");
});

Deno.test("chunks of one byte are joined where they lie, and a size without end is malformed (found by fuzz)", () => {
  const encoder = new TextEncoder();
  const head = "HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n";
  const reader = answerReader();
  const answer = reader.push(encoder.encode(`${head}${"1\r\nx\r\n".repeat(50_000)}0\r\n\r\n`));
  assertEquals(new TextDecoder().decode(answer?.body), "x".repeat(50_000));
  const endless = answerReader();
  assertThrows(() => endless.push(encoder.encode(head + "0".repeat(5_000))), SyntaxError);
});
