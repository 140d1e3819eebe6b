/** An etcd that serves and then lies, at any step of any verb: the call is answered as ours, and stops in time. */
import { assert } from "@std/assert";
import fc from "fast-check";
import { makeNode } from "../../integration/_node.ts";
import { startEtcd, type TestEtcd } from "../../support/etcd.ts";
import { testNeeding } from "../../support/needs.ts";
import { callHostile, goodEnv, VERBS } from "../_calls.ts";
import { fuzz } from "../_fuzz.ts";
import { damaged, type Edit, ODD, someEdits } from "../_mutate.ts";
import { RECORDS } from "../_records.ts";
import { SECRETS } from "../_secrets.ts";

const USER = { username: "ipam", password: SECRETS.etcdPassword };
/** More than any verb needs. */
const MOST_REQUESTS = 60;

/** An answer that is changed: which one of a call, and how. */
interface Lie {
  readonly at: number;
  readonly edits: readonly Edit[];
  /** Instead: the values in it are those of other records. */
  readonly swapped: boolean;
}

interface Liar extends AsyncDisposable {
  readonly url: string;
  /** How many requests there were since the lies were set. */
  readonly count: number;
  lies: readonly Lie[];
}

/** Stands before an etcd and changes what it answers. */
function startLiar(etcd: TestEtcd): Liar {
  const target = etcd.endpoints[0] ?? "";
  let lies: readonly Lie[] = [];
  let count = 0;
  const server = Deno.serve(
    { hostname: "127.0.0.1", port: 0, onListen: () => {} },
    async (request) => {
      const { pathname } = new URL(request.url);
      const { method, headers } = request;
      const asked = new Headers(headers);
      asked.delete("host");
      const body = method === "POST" ? await request.text() : null;
      const answer = await fetch(target + pathname, { method, headers: asked, body });
      const text = await answer.text();
      const lie = lies.find(({ at }) => at === count);
      count++;
      const { status } = answer;
      return new Response(lie === undefined ? text : changed(text, lie), { status });
    },
  );
  return {
    url: `http://127.0.0.1:${server.addr.port}`,
    get count() {
      return count;
    },
    get lies() {
      return lies;
    },
    set lies(next) {
      lies = next;
      count = 0;
    },
    [Symbol.asyncDispose]: () => server.shutdown(),
  };
}

function changed(text: string, { edits, swapped }: Lie): string {
  const value: unknown = JSON.parse(text);
  if (!swapped) return JSON.stringify(damaged(value, edits));
  let next = edits[0]?.at ?? 0;
  return JSON.stringify(value, (key, inner: unknown) => {
    if (key !== "value") return inner;
    const record = RECORDS[next++ % RECORDS.length]?.value;
    return btoa(JSON.stringify(damaged(record, edits.slice(1))).replaceAll(/[^ -~]/g, ""));
  });
}

const aLie = fc.record({ at: fc.nat(4), edits: someEdits, swapped: fc.boolean() });

testNeeding(
  ["etcd"],
  "an etcd that lies at any step is answered as ours, by every verb",
  async () => {
    await using etcd = await startEtcd({ auth: USER });
    await using liar = startLiar(etcd);
    const etcdConfig = {
      etcdUsername: USER.username,
      etcdPassword: USER.password,
      transport: "gateway",
    };
    await using node = await makeNode({ endpoints: [liar.url] }, { etcdConfig });
    const CNI_ARGS = "IgnoreUnknown=1;K8S_POD_NAMESPACE=shop;K8S_POD_NAME=web-1;K8S_POD_UID=u-1";
    const aRange = fc.constantFrom(
      {},
      { rangeEnd: "10.1.0.5" },
      { allocation: "lowest", rangeEnd: "10.1.0.5", cooldown: "1h" },
      { allocation: "sequential", retain: "1h", cooldown: "1ms" },
    );
    const netconfOf = (ipam: Readonly<Record<string, unknown>>, ips: readonly string[]): unknown =>
      node.netconf({ retain: "1h", ...ipam }, {
        cniVersion: "1.1.0",
        runtimeConfig: { ips },
        "cni.dev/valid-attachments": [],
        prevResult: { cniVersion: "1.1.0", ips: [{ address: "10.1.0.4/24" }], interfaces: [] },
      });
    await fuzz(
      fc.asyncProperty(
        fc.array(aLie, { minLength: 1, maxLength: 3 }),
        aRange,
        fc.constantFrom([], [], ["10.1.0.4"]),
        async (lies, ipam, ips) => {
          for (const verb of ["ADD", "ADD", ...VERBS]) {
            // What the one who was lied to wrote, another may read.
            const env = { ...goodEnv(verb, `c${verb === "ADD" ? liar.count % 3 : 1}`), CNI_ARGS };
            liar.lies = lies;
            await callHostile(node, { env, stdin: netconfOf(ipam, ips) });
            assert(liar.count < MOST_REQUESTS, `${liar.count} requests`);
          }
        },
      ),
      40,
    );
  },
);

testNeeding(["etcd"], "a kept token that was damaged is renewed (found by fuzz)", async () => {
  await using etcd = await startEtcd({ auth: USER });
  const etcdConfig = { etcdUsername: USER.username, etcdPassword: USER.password };
  await using node = await makeNode(etcd, { etcdConfig });
  const stdin = node.netconf();
  await callHostile(node, { env: goodEnv("ADD"), stdin });
  const folder = `${node.dataDir}/tokens`;
  const [file] = [...Deno.readDirSync(folder)];
  for (const odd of [...ODD.filter((one) => typeof one === "string"), "a\r\nb: c", "\0"]) {
    await Deno.writeTextFile(`${folder}/${file?.name}`, odd);
    const { code, stdout } = await callHostile(node, { env: goodEnv("ADD"), stdin });
    assert(code === 0, `${JSON.stringify(odd).slice(0, 40)}: ${stdout}`);
  }
});
