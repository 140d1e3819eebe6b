import { assert, assertEquals } from "@std/assert";
import { startEtcd, type TestEtcd } from "../support/etcd.ts";
import { testNeeding } from "../support/needs.ts";
import { startProxy } from "../support/proxy.ts";
import { assertFails, claim, open, valueOf } from "./_etcd.ts";

const USER = { username: "ipam", password: "pass-of-the-test" };
const TXN = "/v3/kv/txn";
const LOGIN = "/v3/auth/authenticate";

async function tokenFile(etcd: TestEtcd): Promise<string> {
  const folder = `${etcd.dir}/data/tokens`;
  const [file, ...rest] = await Array.fromAsync(Deno.readDir(folder));
  assert(file !== undefined && rest.length === 0);
  return `${folder}/${file.name}`;
}

testNeeding(["etcd"], "a warm token costs no further round trip", async () => {
  await using etcd = await startEtcd({ auth: USER });
  await using proxy = startProxy(etcd.endpoints[0] ?? "");
  const config = etcd.config({ endpoints: [proxy.url] });
  {
    await using store = open(config, etcd.dir);
    assertEquals(await claim(store), { kind: "committed" });
    assertEquals(proxy.paths, [LOGIN, TXN]);
    proxy.reset();
    assertEquals(await valueOf(store), "mine");
    assertEquals(proxy.paths, [TXN]);
  }
  proxy.reset();
  await using store = open(config, etcd.dir);
  assertEquals(await valueOf(store), "mine");
  assertEquals(proxy.paths, [TXN]);
  assertEquals(((await Deno.stat(await tokenFile(etcd))).mode ?? 0) & 0o777, 0o600);
});

testNeeding(["etcd"], "without a user each call is one round trip", async () => {
  await using etcd = await startEtcd();
  await using proxy = startProxy(etcd.endpoints[0] ?? "");
  await using store = open(etcd.config({ endpoints: [proxy.url] }), etcd.dir);
  await claim(store);
  await valueOf(store);
  assertEquals(proxy.paths, [TXN, TXN]);
});

for (const transport of ["gateway", "grpc"] as const) {
  testNeeding(["etcd"], `a token that etcd does not know is renewed: ${transport}`, async () => {
    await using etcd = await startEtcd({ auth: USER });
    const config = etcd.config({ transport });
    {
      await using store = open(config, etcd.dir);
      await claim(store);
      await Deno.writeTextFile(await tokenFile(etcd), "garbage.12");
      // This process still has the one that is known.
      assertEquals(await valueOf(store), "mine");
    }
    await using store = open(config, etcd.dir);
    assertEquals(await valueOf(store), "mine");
    assert(await Deno.readTextFile(await tokenFile(etcd)) !== "garbage.12");
  });

  testNeeding(["etcd"], `a wrong password is refused, and not shown: ${transport}`, async () => {
    await using etcd = await startEtcd({ auth: USER });
    for (const wrong of [{ password: "wrong-secret" }, { username: "nobody" }]) {
      await using store = open(etcd.config({ transport, ...wrong }), etcd.dir);
      const error = await assertFails(valueOf(store), "refused", /etcdPassword/);
      assert(!`${error.message}${error.repair}`.includes("secret"));
      assert(!`${error.message}${error.repair}`.includes(USER.password));
    }
  });

  testNeeding(["etcd"], `a role without permission is refused: ${transport}`, async () => {
    await using etcd = await startEtcd({ auth: { ...USER, prefix: "/other/" } });
    await using store = open(etcd.config({ transport }), etcd.dir);
    await assertFails(valueOf(store), "refused", /role/);
    await assertFails(claim(store), "refused", /role/);
  });

  testNeeding(["etcd"], `no user where etcd asks for one is refused: ${transport}`, async () => {
    await using etcd = await startEtcd({ auth: USER });
    const { username: _, password: __, ...config } = etcd.config({ transport });
    await using store = open(config, etcd.dir);
    await assertFails(valueOf(store), "refused", /etcdUsername/);
  });

  testNeeding(["etcd"], `a user where etcd asks for none serves: ${transport}`, async () => {
    await using etcd = await startEtcd();
    const config = etcd.config({ transport, ...USER });
    {
      await using store = open(config, etcd.dir);
      assertEquals(await claim(store), { kind: "committed" });
    }
    await using store = open(config, etcd.dir);
    assertEquals(await valueOf(store), "mine");
  });

  testNeeding(
    ["etcd", "openssl"],
    `a token older than the last change of users is renewed: ${transport}`,
    async () => {
      await using etcd = await startEtcd({ auth: USER, jwt: true });
      await using store = open(etcd.config({ transport }), etcd.dir);
      await claim(store);
      const before = await Deno.readTextFile(await tokenFile(etcd));
      await etcd.ask("/v3/auth/user/add", { name: "one-more", password: "x" });
      assertEquals(await valueOf(store), "mine");
      assert(await Deno.readTextFile(await tokenFile(etcd)) !== before);
    },
  );
}

testNeeding(["etcd"], "a refused token is renewed once in a call", async () => {
  await using etcd = await startEtcd({ auth: USER });
  await using proxy = startProxy(etcd.endpoints[0] ?? "");
  await using store = open(etcd.config({ endpoints: [proxy.url] }), etcd.dir);
  await claim(store);
  await Deno.writeTextFile(await tokenFile(etcd), "garbage.12");
  proxy.reset();
  await using next = open(etcd.config({ endpoints: [proxy.url] }), etcd.dir);
  await valueOf(next);
  assertEquals(proxy.paths, [TXN, LOGIN, TXN]);
});

testNeeding(["etcd"], "both transports share one token", async () => {
  await using etcd = await startEtcd({ auth: USER });
  for (const transport of ["gateway", "grpc"] as const) {
    await using store = open(etcd.config({ transport }), etcd.dir);
    await valueOf(store);
    await tokenFile(etcd);
  }
  const before = await Deno.readTextFile(await tokenFile(etcd));
  await using store = open(etcd.config(), etcd.dir);
  await valueOf(store);
  assertEquals(await Deno.readTextFile(await tokenFile(etcd)), before);
});
