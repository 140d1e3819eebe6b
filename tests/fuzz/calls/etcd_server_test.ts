// deno-lint-ignore-file camelcase -- the names of the fields are etcd's
/** Whatever a server in the place of etcd sends: an answer, or a DatastoreError that shows no secret, and no call that hangs. */
import { assert, assertEquals } from "@std/assert";
import fc from "fast-check";
import type { EtcdConfig } from "../../../lib/config/config.ts";
import { DatastoreError } from "../../../lib/datastore/datastore.ts";
import { openEtcd } from "../../../lib/datastore/etcd/open.ts";
import type { Read, Txn } from "../../../lib/state/txn.ts";
import { fuzz } from "../_fuzz.ts";
import { damaged, someEdits } from "../_mutate.ts";
import { SECRETS, secretsIn } from "../_secrets.ts";
import { anAnswer, type HostileServer, plainly, reactionOf, startHostile } from "../_server.ts";

/** Long enough for an answer on loopback; what hangs is not waited for longer. */
const PATIENCE_MS = 150;
const KEY = "/kube-ipam/v1/default/addresses/4/0a010009";
const READS: readonly Read[] = [
  { kind: "get", key: KEY },
  { kind: "list", from: `${KEY}0`, to: `${KEY}f`, limit: 9, values: true },
  { kind: "count", from: "/a", to: "/b" },
];
const TXN: Txn = {
  guards: [{ kind: "absent", key: KEY }],
  writes: [{ kind: "put", key: KEY, value: "{}" }],
  otherwise: READS.slice(1),
};
const kv = { key: btoa(KEY), mod_revision: "5", value: btoa('{"schema":1}') };
const GOOD = {
  header: { revision: "7" },
  responses: [
    { response_range: { kvs: [kv], count: "1" } },
    { response_range: { kvs: [], count: "0" } },
    { response_range: { count: "3" } },
  ],
};
const BODIES: readonly unknown[] = [
  GOOD,
  { header: {}, token: SECRETS.etcdToken },
  { header: {}, token: "a\nb" },
  { code: 16, message: "etcdserver: invalid auth token" },
  { code: 3, error: "etcdserver: user name is empty" },
  { code: 9, error: "etcdserver: authentication is not enabled" },
  { code: 8, message: "etcdserver: mvcc: database space exceeded" },
  { code: 14, message: `etcdserver: ${"x".repeat(9_000)}` },
];
const aBody = fc.tuple(fc.constantFrom(...BODIES), fc.oneof(fc.constant([]), someEdits))
  .map(([body, edits]) => JSON.stringify(damaged(body, edits)));

interface Bench extends AsyncDisposable {
  readonly server: HostileServer;
  /** Reads, then commits, with everything an etcd client does on the way. */
  use(change?: Partial<EtcdConfig>): Promise<void>;
}

async function makeBench(): Promise<Bench> {
  const dataDir = await Deno.makeTempDir({ prefix: "kube-ipam-fuzz-" });
  const server = startHostile(() => plainly(500, ""));
  return {
    server,
    use: async (change = {}) => {
      const config: EtcdConfig = {
        kind: "etcd",
        endpoints: [server.url],
        transport: "gateway",
        username: "ipam",
        password: SECRETS.etcdPassword,
        ...change,
      };
      await using store = openEtcd(config, { dataDir, runDir: dataDir, random: () => 0 });
      const options = () => ({ signal: AbortSignal.timeout(PATIENCE_MS) });
      await refusedAsOurs(() => store.read(READS, options()));
      await refusedAsOurs(() => store.commit(TXN, options()));
    },
    [Symbol.asyncDispose]: async () => {
      await server[Symbol.asyncDispose]();
      await Deno.remove(dataDir, { recursive: true });
    },
  };
}

async function refusedAsOurs(work: () => Promise<unknown>): Promise<void> {
  try {
    await work();
  } catch (error) {
    if (!(error instanceof DatastoreError)) throw error;
    const said = `${error.message}\n${error.repair}`;
    assertEquals(secretsIn(said), [], said);
    assert(said.length < 3_000, `${said.length} characters`);
  }
}

Deno.test("an etcd that answers anything at all is an answer, or refused as ours", async () => {
  await using bench = await makeBench();
  const { server } = bench;
  await fuzz(
    fc.asyncProperty(
      fc.array(fc.tuple(anAnswer, aBody), { minLength: 1, maxLength: 4 }),
      async (answers) => {
        server.reset();
        let next = 0;
        server.react = (met) => {
          const [answer, body] = answers[next++ % answers.length] ?? [];
          return answer === undefined || body === undefined
            ? plainly(500, "")
            : reactionOf(answer, { met, body });
        };
        await bench.use();
        assert(
          server.met.every(({ line }) =>
            /^(?:POST \/v3\/(?:kv\/txn|auth\/authenticate)|GET \/version)$/.test(line)
          ),
        );
      },
    ),
    120,
  );
});

Deno.test("an etcd behind a name, asked by fetch, is an answer, or refused as ours", async () => {
  await using bench = await makeBench();
  const { server } = bench;
  await fuzz(
    fc.asyncProperty(anAnswer, aBody, async (answer, body) => {
      server.reset();
      server.react = (met) => reactionOf(answer, { met, body });
      await bench.use({ endpoints: [`http://localhost:${server.port}`] });
    }),
    50,
  );
});

Deno.test("an etcd that cannot serve the gateway, asked by gRPC, is refused as ours", async () => {
  await using bench = await makeBench();
  const { server } = bench;
  await fuzz(
    fc.asyncProperty(anAnswer, aBody, async (answer, body) => {
      server.reset();
      server.react = (met) =>
        reactionOf({ ...answer, status: 404, framing: "length", echo: "no", cuts: [] }, {
          met,
          body,
        });
      await bench.use({ transport: "auto" });
    }),
    6,
  );
});

Deno.test("an etcd token that cannot be sent is not kept, so the next call asks for another (found by fuzz)", async () => {
  await using bench = await makeBench();
  const { server } = bench;
  let logins = 0;
  const tokens = ["a\nb", "\u00e9", " ", "x".repeat(9_000), SECRETS.etcdToken];
  server.react = ({ line, head }) => {
    if (line.endsWith("authenticate")) {
      return plainly(200, JSON.stringify({ header: {}, token: tokens[logins++] }));
    }
    const isRight = head.includes(SECRETS.etcdToken);
    return plainly(
      isRight ? 200 : 401,
      JSON.stringify(isRight ? GOOD : { code: 16, message: "invalid auth token" }),
    );
  };
  // Two calls in each.
  for (let index = 0; index < 3; index++) await bench.use();
  assertEquals(logins, tokens.length);
});

Deno.test("an etcd that sends the password back is not quoted (found by fuzz)", async () => {
  await using bench = await makeBench();
  const { server } = bench;
  for (
    const shown of [(text: string) => text, btoa, (text: string) => `${"x".repeat(230)}${text}`]
  ) {
    for (const status of [400, 401, 403, 404, 500, 503]) {
      server.reset();
      server.react = ({ head, body }) =>
        plainly(status, JSON.stringify({ code: 14, message: shown(head + body), error: "" }));
      await bench.use();
    }
  }
});
