/** What Deno refuses a compiled program that was given the permissions of one network. */
import { assertEquals } from "@std/assert";
import { compile } from "../../deploy/compile.ts";
import { startEtcd } from "../support/etcd.ts";
import { testNeeding } from "../support/needs.ts";
import { startProxy } from "../support/proxy.ts";
import { run } from "./_run.ts";

/** What only root may read. */
const SECRET = "/etc/shadow";

/** Tries what no network needs; prints what came of each. */
const PROBE = `
const [stranger, secret, elsewhere] = Deno.args;
const tries = {
  net: () => fetch(stranger),
  connect: () => Deno.connect({ hostname: "127.0.0.1", port: Number(new URL(stranger).port) }),
  read: () => Deno.readTextFile(secret),
  write: () => Deno.writeTextFile(elsewhere, ""),
  run: () => new Deno.Command("true").output(),
  spawn: async () => (await import("node:child_process")).execFileSync("/bin/true"),
  ffi: () => Deno.dlopen("libc.so.6", {}),
  env: () => Deno.env.get("PATH"),
  sys: () => Deno.hostname(),
};
for (const [name, attempt] of Object.entries(tries)) {
  try {
    await attempt();
    console.log(name, "done");
  } catch (error) {
    console.log(name, error.name, error.cause?.name ?? "");
  }
}
`;

testNeeding(
  ["binary", "etcd", "root"],
  "a program with baked permissions starts no other, and reaches no other host or file",
  async () => {
    await using etcd = await startEtcd();
    await using stranger = startProxy(etcd.endpoints[0] ?? "");
    const folder = await Deno.makeTempDir({ prefix: "kube-ipam-probe-" });
    try {
      await Deno.writeTextFile(`${folder}/probe.ts`, PROBE);
      const inside = `${folder}/inside`;
      const own = new URL(etcd.endpoints[0] ?? "");
      const permissions = { env: ["CNI_ARGS"], net: [own.host], read: [inside], write: [inside] };
      const output = `${folder}/probe`;
      await compile({ entry: `${folder}/probe.ts`, output, baked: { networks: [], permissions } });
      const tried = await run([output, stranger.url, SECRET, `${folder}/outside`]);
      assertEquals(tried.stderr, "");
      const lines = tried.stdout.trimEnd().split("\n");
      assertEquals(lines.length, 9);
      assertEquals(lines.filter((line) => !/ NotCapable ?$/.test(line)), []);
      assertEquals(stranger.connections, 0);
      // The same probe where all of it is baked, or belongs to it: so it can do what it was refused.
      await Deno.mkdir(inside);
      await Deno.writeTextFile(`${inside}/read`, "");
      const allowed = await run([output, `${own.origin}/version`, `${inside}/read`, `${inside}/a`]);
      assertEquals(
        allowed.stdout.trimEnd().split("\n").filter((line) => line.endsWith(" done")),
        ["net done", "connect done", "read done", "write done"],
      );
    } finally {
      await Deno.remove(folder, { recursive: true });
    }
  },
);
