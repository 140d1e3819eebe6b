import { assertEquals, assertStringIncludes } from "@std/assert";
import { startEtcd, type TestEtcd } from "../support/etcd.ts";
import { testNeeding } from "../support/needs.ts";
import { makePki, openssl } from "../support/pki.ts";
import { assertFails, claim, open, valueOf } from "./_etcd.ts";

const NEEDS = ["etcd", "openssl"] as const;
const TRANSPORTS = ["gateway", "grpc"] as const;

function file(etcd: TestEtcd, text: string): string {
  const path = `${etcd.dir}/${crypto.randomUUID()}`;
  Deno.writeTextFileSync(path, text);
  return path;
}

for (const transport of TRANSPORTS) {
  testNeeding(NEEDS, `TLS with client certificates serves: ${transport}`, async () => {
    await using etcd = await startEtcd({ tls: "mutual" });
    await using store = open(etcd.config({ transport }), etcd.dir);
    assertEquals(await claim(store), { kind: "committed" });
    assertEquals(await valueOf(store), "mine");
  });

  testNeeding(NEEDS, `TLS with a user and a password serves: ${transport}`, async () => {
    const auth = { username: "ipam", password: "pass-of-the-test" };
    await using etcd = await startEtcd({ tls: "server", auth });
    await using store = open(etcd.config({ transport }), etcd.dir);
    assertEquals(await claim(store), { kind: "committed" });
  });

  testNeeding(NEEDS, `a CA that did not sign for etcd is misconfigured: ${transport}`, async () => {
    await using etcd = await startEtcd({ tls: "mutual" });
    await using other = await makePki("another CA");
    await using twin = await makePki();
    for (const { caFile } of [other, twin]) {
      await using store = open(etcd.config({ transport, caFile }), etcd.dir);
      await assertFails(valueOf(store), "misconfigured", /etcdTrustedCAFile/);
      await assertFails(claim(store), "misconfigured", /etcdTrustedCAFile/);
    }
  });

  testNeeding(NEEDS, `an expired server certificate is misconfigured: ${transport}`, async () => {
    await using etcd = await startExpired();
    await using store = open(etcd.config({ transport }), etcd.dir);
    await assertFails(valueOf(store), "misconfigured", /Renew/);
  });

  testNeeding(NEEDS, `a server certificate for another name is so too: ${transport}`, async () => {
    await using etcd = await startExpired({ altNames: ["DNS:etcd.example"] });
    await using store = open(etcd.config({ transport }), etcd.dir);
    await assertFails(valueOf(store), "misconfigured", /subjectAltName/);
  });

  testNeeding(NEEDS, `a client certificate that etcd does not take: ${transport}`, async () => {
    await using etcd = await startEtcd({ tls: "mutual" });
    await using other = await makePki("another CA");
    const foreign = await other.issue({ name: "node", usages: ["client"] });
    const old = await etcd.pki?.issue({ name: "node", usages: ["client"], expired: true });
    const { certFile: _, keyFile: __, ...bare } = etcd.config({ transport });
    for (const config of [bare, { ...bare, ...foreign }, { ...bare, ...old }]) {
      await using store = open(config, etcd.dir);
      await assertFails(valueOf(store), "misconfigured", /etcdCertFile/);
      await assertFails(claim(store), "misconfigured", /etcdCertFile/);
    }
  });

  testNeeding(NEEDS, `http:// to a TLS port, https:// to a plain one: ${transport}`, async () => {
    await using tls = await startEtcd({ tls: "server" });
    await using plain = await startEtcd();
    const toTls = tls.endpoints.map((one) => one.replace("https:", "http:"));
    await using first = open(tls.config({ transport, endpoints: toTls }), tls.dir);
    await assertFails(valueOf(first), "misconfigured", /Write https:\/\//);
    await assertFails(claim(first), "misconfigured", /Write https:\/\//);
    const toPlain = plain.endpoints.map((one) => one.replace("http:", "https:"));
    await using second = open(plain.config({ transport, endpoints: toPlain }), plain.dir);
    await assertFails(valueOf(second), "misconfigured", /Write http:\/\//);
  });
}

testNeeding(NEEDS, "each kind of key is taken, and told from one that does not fit", async () => {
  await using etcd = await startEtcd({ tls: "mutual" });
  const dir = etcd.dir;
  const ca = etcd.pki?.dir ?? "";
  const kinds: readonly [name: string, algorithm: string, bits: string][] = [
    ["rsa", "RSA", "rsa_keygen_bits:2048"],
    ["p256", "EC", "ec_paramgen_curve:P-256"],
    ["p384", "EC", "ec_paramgen_curve:P-384"],
    ["ed", "ED25519", ""],
  ];
  const pairs: { readonly name: string; readonly certFile: string; readonly keyFile: string }[] =
    [];
  for (const [name, algorithm, bits] of kinds) {
    const [keyFile, certFile] = [`${dir}/${name}.key`, `${dir}/${name}.pem`];
    await openssl(["genpkey", "-algorithm", algorithm, "-out", keyFile]
      .concat(bits === "" ? [] : ["-pkeyopt", bits]));
    const extensions = file(etcd, "extendedKeyUsage=clientAuth\n");
    await openssl(["req", "-new", "-key", keyFile, "-subj", "/CN=x", "-out", `${dir}/csr`]);
    await openssl(
      ["x509", "-req", "-in", `${dir}/csr`, "-out", certFile, "-days", "2"]
        .concat(["-CA", `${ca}/ca.pem`, "-CAkey", `${ca}/ca-key.pem`, "-CAcreateserial"])
        .concat(["-extfile", extensions]),
    );
    pairs.push({ name, certFile, keyFile });
    if (algorithm === "ED25519") continue;
    const old = `${dir}/${name}-old.key`;
    await openssl(["pkey", "-in", keyFile, "-traditional", "-out", old]);
    pairs.push({ name: `${name}, old form`, certFile, keyFile: old });
    if (algorithm === "EC") {
      const short = `${dir}/${name}-short.key`;
      await openssl(["ec", "-in", keyFile, "-no_public", "-out", short]);
      pairs.push({ name: `${name}, without its public part`, certFile, keyFile: short });
    }
  }
  for (const { name, certFile, keyFile } of pairs) {
    await using store = open(etcd.config({ transport: "gateway", certFile, keyFile }), dir);
    assertEquals(await valueOf(store), undefined, name);
    for (const other of pairs) {
      if (other.certFile === certFile) continue;
      await using mixed = open(etcd.config({ certFile: other.certFile, keyFile }), dir);
      const error = await assertFails(valueOf(mixed), "misconfigured", /one key pair/);
      assertStringIncludes(error.message, keyFile);
    }
  }
});

testNeeding(NEEDS, "certificate files that cannot be used are named with the repair", async () => {
  await using etcd = await startEtcd({ tls: "mutual" });
  const { certFile = "", keyFile = "", caFile = "" } = etcd.config();
  const weak = `${etcd.dir}/weak.key`;
  await openssl(["genrsa", "-out", weak, "1024"]);
  const curve = `${etcd.dir}/curve.key`;
  await openssl(["genpkey", "-algorithm", "EC", "-pkeyopt", "ec_paramgen_curve:secp224r1"]
    .concat(["-out", curve]));
  const locked = `${etcd.dir}/locked.key`;
  await openssl(["pkey", "-in", keyFile, "-aes128", "-passout", "pass:abcd", "-out", locked]);
  const lockedOld = `${etcd.dir}/locked-old.key`;
  await openssl(["ec", "-in", keyFile, "-aes128", "-passout", "pass:abcd", "-out", lockedOld]);
  const [old, oldKey] = [`${etcd.dir}/old.pem`, `${etcd.dir}/old.key`];
  await openssl(["req", "-newkey", "rsa:2048", "-nodes", "-subj", "/CN=x"]
    .concat(["-keyout", oldKey, "-out", `${etcd.dir}/csr`]));
  await openssl(["x509", "-req", "-in", `${etcd.dir}/csr`, "-signkey", oldKey, "-out", old]);
  const none = `${etcd.dir}/none.pem`;
  const text = file(etcd, "hello");
  const garbage = file(etcd, "-----BEGIN PRIVATE KEY-----\nAAAA\n-----END PRIVATE KEY-----\n");
  const noCert = file(etcd, "-----BEGIN CERTIFICATE-----\nAAAA\n-----END CERTIFICATE-----\n");
  const cases: readonly [change: Record<string, string>, shown: string, repair: RegExp][] = [
    [{ caFile: none }, none, /etcdTrustedCAFile, or install/],
    [{ certFile: none }, none, /etcdCertFile, or install/],
    [{ keyFile: none }, none, /etcdKeyFile, or install/],
    [{ caFile: etcd.dir }, etcd.dir, /must name a file/],
    [{ caFile: text }, text, /PEM/],
    [{ certFile: text }, text, /PEM/],
    [{ keyFile: text }, text, /PEM/],
    [{ caFile: keyFile }, keyFile, /PEM/],
    [{ certFile: keyFile }, keyFile, /PEM/],
    [{ keyFile: certFile }, certFile, /PEM/],
    [{ keyFile: garbage }, garbage, /RSA key of 2048 bits/],
    [{ keyFile: weak }, weak, /RSA key of 2048 bits/],
    [{ keyFile: curve }, curve, /P-256/],
    [{ keyFile: locked }, locked, /pass phrase/],
    [{ keyFile: lockedOld }, lockedOld, /pass phrase/],
    [{ certFile: noCert }, noCert, /PEM/],
    [{ certFile: old, keyFile: oldKey }, old, /-extfile/],
    [{ caFile: noCert }, "certificate files", /etcdTrustedCAFile/],
  ];
  for (const transport of TRANSPORTS) {
    for (const [change, shown, repair] of cases) {
      if (transport === "grpc" && change["caFile"] === noCert) continue;
      await using store = open(etcd.config({ transport, ...change }), etcd.dir);
      const error = await assertFails(claim(store), "misconfigured", repair);
      assertStringIncludes(error.message, shown);
    }
  }
  const { keyFile: _, ...halved } = etcd.config();
  await using store = open(halved, etcd.dir);
  await assertFails(claim(store), "misconfigured", /Set etcdKeyFile too/);
  assertEquals([certFile, caFile].includes(""), false);
});

testNeeding(NEEDS, "certificate files are not read for http://", async () => {
  await using etcd = await startEtcd();
  const none = `${etcd.dir}/none.pem`;
  const files = { caFile: none, certFile: none, keyFile: none };
  await using store = open(etcd.config(files), etcd.dir);
  assertEquals(await valueOf(store), undefined);
});

/** etcd whose certificate nobody can take: it is ready when it accepts connections. */
function startExpired(
  server: { readonly altNames?: readonly string[] } = {},
): Promise<TestEtcd> {
  const expired = server.altNames === undefined;
  return startEtcd({ tls: "server", server: { ...server, expired }, unchecked: true });
}
