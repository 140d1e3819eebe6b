/** Whatever stands on stdin and in the variables of a call: one answer of ours, with the SQLite datastore. */
import { assertEquals } from "@std/assert";
import fc from "fast-check";
import { addressFor, entriesIn } from "../../support/answers.ts";
import { makeSandbox, type Sandbox } from "../../support/plugin.ts";
import { callHostile, goodEnv, VERBS } from "../_calls.ts";
import { corpus, fuzz } from "../_fuzz.ts";
import { aCut, cutUp, damaged, someEdits } from "../_mutate.ts";
import { SECRETS } from "../_secrets.ts";

const VALID = "cni.dev/valid-attachments";
const encoder = new TextEncoder();

function goodNetconf(sandbox: Sandbox): Readonly<Record<string, unknown>> {
  const prevResult = { cniVersion: "1.1.0", ips: [{ address: "10.1.0.9/24" }], interfaces: [] };
  return sandbox.netconf({
    ranges: [[{ subnet: "10.1.0.0/24", fixedStart: "10.1.0.100", fixedEnd: "10.1.0.200" }], [{
      subnet: "fd00::/64",
    }]],
    subnet: undefined,
    routes: [{ dst: "0.0.0.0/0" }],
    retain: "1h",
    cooldown: "1s",
    allocation: "lowest",
    datastore: "sqlite",
    nodeName: "node-1",
    addressSpace: "blue",
  }, {
    cniVersion: "1.1.0",
    runtimeConfig: { ips: ["10.1.0.150/24"] },
    args: { cni: { ips: ["10.1.0.151"] } },
    [VALID]: [{ containerID: "c1", ifname: "eth0" }],
    prevResult,
  });
}

/** Nothing outside the sandbox may be written, and nobody else be asked. */
function staysInside(text: string, { root }: Sandbox): boolean {
  if (/etcd|kubeConfig|https?:/i.test(text)) return false;
  const paths = text.match(/"\/[^"]*/g) ?? [];
  return paths.every((path) =>
    path.startsWith(`"${root}/`) && !path.includes("..") && !path.includes("\\")
  );
}

const aVerb = fc.constantFrom(...VERBS);

Deno.test("a call whose netconf is damaged is answered, and changes nothing of others", async () => {
  await using sandbox = await makeSandbox();
  const netconf = sandbox.netconf({ rangeStart: "10.1.0.240" }, { name: "neighbour" });
  await addressFor(sandbox, "other", { netconf });
  const before = await entriesIn(sandbox);
  const good = goodNetconf(sandbox);
  await fuzz(
    fc.asyncProperty(aVerb, someEdits, async (verb, edits) => {
      const text = JSON.stringify(damaged(good, edits));
      fc.pre(staysInside(text, sandbox));
      await callHostile(sandbox, { env: goodEnv(verb), stdin: text });
    }),
    150,
  );
  await fuzz(
    fc.asyncProperty(aVerb, fc.array(aCut, { minLength: 1, maxLength: 2 }), async (verb, cuts) => {
      const bytes = cutUp(encoder.encode(JSON.stringify(good)), cuts);
      fc.pre(staysInside(new TextDecoder().decode(bytes), sandbox));
      await callHostile(sandbox, { env: goodEnv(verb), stdin: bytes });
    }),
    60,
  );
  const after = new Set(
    (await entriesIn(sandbox, ["default", "blue"])).map(({ key, value }) => `${key} ${value}`),
  );
  for (const { key, value } of before) assertEquals(after.has(`${key} ${value}`), true, key);
});

Deno.test("a call with a netconf of the corpus is answered", async () => {
  await using sandbox = await makeSandbox();
  for (const { bytes, text } of corpus("netconf")) {
    if (/etcdURL|"\/|sqlite/.test(text) && !/etcdPassword/.test(text)) continue;
    // It must not be kept where the plugin would keep it by default.
    const stdin = text.includes('"ipam":{') && !text.includes("etcdPassword")
      ? text.replace(
        '"ipam":{',
        `"ipam":{"dataDir":"${sandbox.dataDir}","runDir":"${sandbox.runDir}","log":{"file":"${sandbox.logFile}"},"annotations":"off",`,
      )
      : bytes;
    if (stdin === bytes && text.includes('"subnet"') && !text.includes("etcd")) continue;
    for (const verb of VERBS) await callHostile(sandbox, { env: goodEnv(verb), stdin });
  }
});

const anyText = fc.oneof(
  fc.string({ unit: "binary" }),
  fc.constantFrom("", " ", "\ufffd", "a".repeat(3_000), ".", "..", "a/b", "__proto__"),
);
const args = fc.array(
  fc.tuple(
    fc.constantFrom("IP", "GATEWAY", "K8S_POD_NAME", "K8S_POD_UID", "IgnoreUnknown", "X"),
    fc.oneof(anyText, fc.constantFrom("1", "10.1.0.9")),
  ),
  { maxLength: 4 },
).map((pairs) => pairs.map((pair) => pair.join("=")).join(";"));

Deno.test("a call whose variables are damaged is answered", async () => {
  await using sandbox = await makeSandbox();
  const netconf = goodNetconf(sandbox);
  const variables = fc.record({
    CNI_COMMAND: fc.oneof({ weight: 5, arbitrary: fc.constantFrom(...VERBS, "VERSION") }, anyText),
    CNI_CONTAINERID: fc.oneof({
      weight: 3,
      arbitrary: fc.constantFrom("c1", "__proto__", "constructor"),
    }, anyText),
    CNI_IFNAME: fc.oneof({ weight: 3, arbitrary: fc.constantFrom("eth0", "__proto__") }, anyText),
    CNI_NETNS: anyText,
    CNI_ARGS: fc.oneof(args, anyText),
  }, { requiredKeys: [] });
  await fuzz(
    fc.asyncProperty(
      variables,
      (env) => callHostile(sandbox, { env, stdin: netconf }).then(() => {}),
    ),
    150,
  );
  for (const { text } of corpus("args")) {
    for (const verb of ["ADD", "DEL"]) {
      await callHostile(sandbox, { env: { ...goodEnv(verb), CNI_ARGS: text }, stdin: netconf });
    }
  }
});

Deno.test("no password of a netconf is shown, however the netconf is damaged", async () => {
  await using sandbox = await makeSandbox();
  const netconf = sandbox.netconf({
    etcdConfig: {
      etcdURL: "http://127.0.0.1:1",
      etcdUsername: "ipam",
      etcdPassword: SECRETS.etcdPassword,
    },
  });
  const text = JSON.stringify(netconf);
  await fuzz(
    fc.asyncProperty(aVerb, fc.array(aCut, { minLength: 1, maxLength: 2 }), async (verb, cuts) => {
      const bytes = cutUp(encoder.encode(text), cuts);
      const damagedText = new TextDecoder().decode(bytes);
      // Where the key is damaged too, nobody can know what the value was.
      fc.pre(
        damagedText.includes('"etcdPassword":') && damagedText.includes('"http://127.0.0.1:1"'),
      );
      fc.pre(
        (damagedText.match(/"\/[^"]*/g) ?? []).every((path) =>
          path.startsWith(`"${sandbox.root}/`)
        ),
      );
      await callHostile(sandbox, { env: goodEnv(verb), stdin: bytes });
    }),
    80,
  );
});
