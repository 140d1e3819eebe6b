import { assert, assertEquals, assertRejects } from "@std/assert";
import { KubeError, type KubeFailure } from "../../lib/kube/api.ts";
import { openKube } from "../../lib/kube/open.ts";
import type { Pod } from "../../lib/kube/pod.ts";
import { testNeeding } from "../support/needs.ts";
import { type IssueOptions, type KeyPair, makePki, openssl, type Pki } from "../support/pki.ts";
import { startConnectProxy, startTlsServer, type TlsServer } from "./_tls_server.ts";
import { writeKubeconfig } from "../unit/kube/kubeconfig/_kubeconfig.ts";

const NEEDS = ["openssl"] as const;
const NAME = { namespace: "default", name: "web-0" };
const POD = JSON.stringify({ kind: "Pod", metadata: { ...NAME, uid: "u1" } });
const FILES = { "/k8s/api/v1/namespaces/default/pods/web-0": POD };
/** Names that stand in the certificate of a server which is known by no address. */
const NAMED = ["DNS:kubernetes.default", "DNS:api.example"];

type Fields = Readonly<Record<string, unknown>>;

async function start(
  pki: Pki,
  options: { readonly mutual?: boolean; readonly server?: Partial<IssueOptions> } = {},
): Promise<TlsServer> {
  const { server = {}, ...rest } = options;
  const pair = await pki.issue({ name: "api", usages: ["server"], ...server });
  return await startTlsServer(pki, { ...rest, pair, files: FILES });
}

interface Question {
  readonly port: number;
  readonly cluster?: Fields;
  readonly user?: Fields;
}

async function ask(pki: Pki, question: Question): Promise<Pod | undefined> {
  const { port, ...rest } = question;
  const file = writeKubeconfig(pki.dir, { server: `https://127.0.0.1:${port}/k8s`, ...rest });
  await using api = await openKube(file);
  return await api.getPod(NAME, { signal: AbortSignal.timeout(20_000) });
}

async function assertFails(
  asked: Promise<unknown>,
  expected: { readonly kind: KubeFailure; readonly repair: RegExp; readonly message?: RegExp },
): Promise<void> {
  const { kind, message, repair } = await assertRejects(() => asked, KubeError);
  assertEquals(kind, expected.kind, message);
  assert(expected.repair.test(repair), `${message}: ${repair} is not ${expected.repair}`);
  assert(expected.message?.test(message) ?? true, `${message} is not ${expected.message}`);
}

async function base64(file: string): Promise<string> {
  return btoa(await Deno.readTextFile(file));
}

function filesOf(pair: KeyPair): Fields {
  return { "client-certificate": pair.certFile, "client-key": pair.keyFile };
}

function baseOf(path: string): string {
  return path.slice(path.lastIndexOf("/") + 1);
}

testNeeding(NEEDS, "a client certificate serves as data, as files and as one file", async () => {
  await using pki = await makePki();
  await using server = await start(pki, { mutual: true });
  const { port } = server;
  const pair = await pki.issue({ name: "node", usages: ["client"] });
  const both = `${pki.dir}/both.pem`;
  await Deno.writeTextFile(
    both,
    await Deno.readTextFile(pair.certFile) + await Deno.readTextFile(pair.keyFile),
  );
  const data = {
    cluster: { "certificate-authority-data": await base64(pki.caFile) },
    user: {
      "client-certificate-data": await base64(pair.certFile),
      "client-key-data": await base64(pair.keyFile),
    },
  };
  const cluster = { "certificate-authority": pki.caFile };
  const relative = {
    cluster: { "certificate-authority": baseOf(pki.caFile) },
    user: { "client-certificate": baseOf(pair.certFile), "client-key": baseOf(pair.keyFile) },
  };
  const questions = [
    data,
    { cluster, user: filesOf(pair) },
    { cluster, user: { ...filesOf(pair), token: "token-beside" } },
    relative,
    { cluster, user: { "client-certificate": both, "client-key": both } },
  ];
  for (const question of questions) {
    assertEquals((await ask(pki, { port, ...question }))?.uid, "u1");
  }
});

testNeeding(NEEDS, "a server that asks for a certificate refuses others", async () => {
  await using pki = await makePki();
  await using other = await makePki("another CA");
  await using server = await start(pki, { mutual: true });
  const { port } = server;
  const cluster = { "certificate-authority": pki.caFile };
  const foreign = await other.issue({ name: "node", usages: ["client"] });
  const expected = { kind: "misconfigured", repair: /client-certificate and client-key/ } as const;
  for (const user of [{}, filesOf(foreign)]) {
    await assertFails(ask(pki, { port, cluster, user }), expected);
    const named = { ...cluster, "tls-server-name": "localhost" };
    await assertFails(ask(pki, { port, cluster: named, user }), expected);
  }
});

testNeeding(NEEDS, "a certificate that is not to be trusted is misconfigured", async () => {
  await using pki = await makePki();
  await using other = await makePki("another CA");
  await using twin = await makePki();
  await using good = await start(pki);
  await using expired = await start(pki, { server: { expired: true } });
  await using named = await start(pki, { server: { altNames: NAMED } });
  const trusted = { "certificate-authority": pki.caFile };
  const cases: readonly [server: TlsServer, cluster: Fields, repair: RegExp][] = [
    [good, {}, /certificate-authority/],
    [good, { "certificate-authority": other.caFile }, /certificate-authority/],
    [good, { "certificate-authority": twin.caFile }, /certificate-authority/],
    [expired, trusted, /Renew/],
    [named, trusted, /tls-server-name/],
  ];
  for (const [{ port }, cluster, repair] of cases) {
    await assertFails(ask(pki, { port, cluster }), { kind: "misconfigured", repair });
  }
});

testNeeding(NEEDS, "tls-server-name is the name that the certificate must have", async () => {
  await using pki = await makePki();
  await using other = await makePki("another CA");
  await using server = await start(pki, { server: { altNames: NAMED } });
  await using mutual = await start(pki, { mutual: true, server: { altNames: NAMED } });
  await using expired = await start(pki, { server: { altNames: NAMED, expired: true } });
  const { port } = server;
  const pair = await pki.issue({ name: "node", usages: ["client"] });
  const cluster = { "certificate-authority": pki.caFile, "tls-server-name": "api.example" };
  assertEquals((await ask(pki, { port, cluster }))?.uid, "u1");
  assertEquals((await ask(pki, { port: mutual.port, cluster, user: filesOf(pair) }))?.uid, "u1");
  const kind = "misconfigured";
  const cases: readonly [port: number, cluster: Fields, repair: RegExp][] = [
    [port, { ...cluster, "tls-server-name": "localhost" }, /tls-server-name/],
    [port, { ...cluster, "certificate-authority": other.caFile }, /certificate-authority/],
    [port, { "tls-server-name": "api.example" }, /certificate-authority/],
    [expired.port, cluster, /Renew/],
  ];
  for (const [port, cluster, repair] of cases) {
    await assertFails(ask(pki, { port, cluster }), { kind, repair });
  }
});

testNeeding(NEEDS, "an answer comes by HTTP/1.1 and HTTP/2, up to a size and in time", async () => {
  await using pki = await makePki();
  const tls = await textsOf(await pki.issue({ name: "api" }));
  for (const name of ["", "localhost"]) {
    const answers = [streamOf(POD, 1), streamOf(" ".repeat(100_000), 100), streamOf("{", 0)];
    await using server = Deno.serve(
      { hostname: "127.0.0.1", port: 0, onListen: () => {}, ...tls },
      () => new Response(answers.shift() ?? null),
    );
    const cluster = { "certificate-authority": pki.caFile, "tls-server-name": name };
    const { port } = server.addr;
    assertEquals((await ask(pki, { port, cluster }))?.uid, "u1");
    const expected = { kind: "unavailable", repair: /./ } as const;
    await assertFails(ask(pki, { port, cluster }), { ...expected, message: /more than 8 MiB/ });
    await assertFails(ask(pki, { port, cluster }), { ...expected, message: /no answer in 3000/ });
  }
});

testNeeding(NEEDS, "a token goes to nobody but the API", async () => {
  await using pki = await makePki();
  const tls = await textsOf(await pki.issue({ name: "api", altNames: NAMED }));
  for (const name of ["", "localhost"]) {
    const listener = Deno.listenTls({ hostname: "127.0.0.1", port: 0, ...tls });
    const received = receive(listener);
    const cluster = { "certificate-authority": pki.caFile, "tls-server-name": name };
    const question = { port: listener.addr.port, cluster, user: { token: "t" } };
    await assertFails(ask(pki, question), { kind: "misconfigured", repair: /tls-server-name/ });
    listener.close();
    assertEquals(await received, 0);
  }
});

async function textsOf(pair: KeyPair): Promise<{ readonly cert: string; readonly key: string }> {
  const { certFile, keyFile } = pair;
  return { cert: await Deno.readTextFile(certFile), key: await Deno.readTextFile(keyFile) };
}

/** A body of unknown length in many pieces; with no times it never ends. */
function streamOf(text: string, times: number): ReadableStream<Uint8Array> {
  const bytes = new TextEncoder().encode(text);
  let left = times;
  return new ReadableStream({
    pull: async (controller) => {
      for (const part of [bytes.slice(0, 1), bytes.slice(1)]) {
        if (part.length > 0) controller.enqueue(part);
      }
      if (times === 0) await new Promise(() => {});
      if (--left === 0) controller.close();
    },
  });
}

/** Counts the bytes that come by all connections. */
async function receive(listener: Deno.TlsListener): Promise<number> {
  let bytes = 0;
  for await (const conn of listener) {
    try {
      bytes += await conn.read(new Uint8Array(4096)) ?? 0;
    } catch {
      // The client ended the handshake.
    }
    conn.close();
  }
  return bytes;
}

testNeeding(NEEDS, "insecure-skip-tls-verify takes any certificate, with a warning", async () => {
  await using pki = await makePki();
  await using other = await makePki("another CA");
  await using expired = await start(pki, { server: { altNames: NAMED, expired: true } });
  await using mutual = await start(pki, { mutual: true, server: { altNames: NAMED } });
  const cluster = { "insecure-skip-tls-verify": true };
  const user = filesOf(await pki.issue({ name: "node", usages: ["client"] }));
  const named = { ...cluster, "tls-server-name": "whatever.example" };
  assertEquals((await ask(pki, { port: expired.port, cluster }))?.uid, "u1");
  assertEquals((await ask(pki, { port: expired.port, cluster: named }))?.uid, "u1");
  assertEquals((await ask(pki, { port: mutual.port, cluster, user }))?.uid, "u1");
  const foreign = filesOf(await other.issue({ name: "node", usages: ["client"] }));
  await assertFails(ask(pki, { port: mutual.port, cluster, user: foreign }), {
    kind: "misconfigured",
    repair: /client-certificate/,
  });
  const server = `https://127.0.0.1:${expired.port}`;
  await using api = await openKube(writeKubeconfig(pki.dir, { server, cluster }));
  assertEquals(api.warnings.length, 2, "insecure, and no authority");
});

testNeeding(NEEDS, "a key that does not belong to its certificate never reaches TLS", async () => {
  await using pki = await makePki();
  const one = await pki.issue({ name: "one", usages: ["client"] });
  const two = await pki.issue({ name: "two", usages: ["client"] });
  const locked = `${pki.dir}/locked.key`;
  await openssl(
    ["pkey", "-in", one.keyFile, "-aes128", "-passout", "pass:abcd", "-out", locked],
  );
  const data = {
    "client-certificate-data": await base64(one.certFile),
    "client-key-data": await base64(two.keyFile),
  };
  const cases: readonly [user: Fields, message: RegExp, repair: RegExp][] = [
    [filesOf({ ...one, keyFile: two.keyFile }), /does not belong/, /files of one key pair/],
    [data, /key of users\[0\]\.user\.client-key-data as it does not belong/, /one key pair/],
    [filesOf({ ...one, keyFile: locked }), /encrypted/, /pass phrase/],
    [filesOf({ ...one, keyFile: one.certFile }), /no block "PRIVATE KEY"/, /PEM/],
  ];
  for (const name of [undefined, "api.example"]) {
    const cluster = { "certificate-authority": pki.caFile, "tls-server-name": name ?? "" };
    for (const [user, message, repair] of cases) {
      const expected = { kind: "misconfigured", message, repair } as const;
      await assertFails(ask(pki, { port: 1, cluster, user }), expected);
    }
  }
});

testNeeding(NEEDS, "proxy-url is on the way, with user and password", async () => {
  await using pki = await makePki();
  await using server = await start(pki, { mutual: true });
  await using proxy = startConnectProxy();
  const user = filesOf(await pki.issue({ name: "node", usages: ["client"] }));
  const ca = { "certificate-authority": pki.caFile };
  const { port } = server;
  assertEquals(
    (await ask(pki, { port, user, cluster: { ...ca, "proxy-url": proxy.url } }))?.uid,
    "u1",
  );
  const withUser = proxy.url.replace("//", "//user:pass%40word@");
  assertEquals(
    (await ask(pki, { port, user, cluster: { ...ca, "proxy-url": withUser } }))?.uid,
    "u1",
  );
  const [first, second] = proxy.heads;
  assert(first?.startsWith(`CONNECT 127.0.0.1:${port} `), first);
  assert(!/proxy-authorization/i.test(first ?? ""), first);
  assert(second?.includes(`Basic ${btoa("user:pass@word")}`), second);
  const dead = { ...ca, "proxy-url": "http://user:s3cret@127.0.0.1:1" };
  const error = await assertRejects(() => ask(pki, { port, user, cluster: dead }), KubeError);
  assertEquals(error.kind, "unavailable");
  assert(!error.message.includes("s3cret"), error.message);
});

testNeeding(NEEDS, "https:// to a port without TLS is told", async () => {
  await using pki = await makePki();
  await using plain = Deno.serve(
    { hostname: "127.0.0.1", port: 0, onListen: () => {} },
    () => new Response(POD),
  );
  const { port } = plain.addr;
  const cluster = { "certificate-authority": pki.caFile };
  const expected = { kind: "misconfigured", repair: /Write http:\/\// } as const;
  await assertFails(ask(pki, { port, cluster }), expected);
  const named = { ...cluster, "tls-server-name": "api.example" };
  await assertFails(ask(pki, { port, cluster: named }), expected);
});

testNeeding(NEEDS, "each certificate of an authority is told by its hash, in order", async () => {
  await using pki = await makePki();
  await using other = await makePki("another CA");
  const bundle = `${pki.dir}/bundle.pem`;
  const texts = await Promise.all([pki, other].map(({ caFile }) => Deno.readTextFile(caFile)));
  await Deno.writeTextFile(bundle, `# two\n${texts.join("\n")}`);
  const expected: string[] = [];
  for (const { caFile } of [pki, other]) {
    const { stdout } = await new Deno.Command("openssl", {
      args: ["x509", "-in", caFile, "-noout", "-fingerprint", "-sha256"],
    }).output();
    const [, print = ""] = new TextDecoder().decode(stdout).trim().split("=");
    expected.push(print.replaceAll(":", "").toLowerCase());
  }
  for (const server of ["https://127.0.0.1:1", "http://127.0.0.1:1"]) {
    const cluster = { "certificate-authority": bundle };
    await using api = await openKube(writeKubeconfig(pki.dir, { server, cluster }));
    assertEquals(api.authorities, expected);
  }
});
