/**
 * ADD does not evaluate etcd3 and grpc-js, though the binary holds them.
 *
 * No trace of the kernel shows which of its own files a program runs. So one more binary is made of the
 * same files, in which that of these packages throws as soon as it is evaluated: ADD must not notice, and a call
 * that does want gRPC must, which proves that the right file was changed.
 */
import { gunzipSync, gzipSync } from "node:zlib";
import { assert, assertEquals, assertStringIncludes } from "@std/assert";
import { compile } from "../../deploy/compile.ts";
import { startEtcd } from "../support/etcd.ts";
import { testNeeding } from "../support/needs.ts";
import { callPlugin, makeSandbox, type PluginAnswer } from "../support/plugin.ts";

const TRAP = "the gRPC client was evaluated";

/** Texts that are in these packages, and nowhere else. */
const MARKS = ["grpc-node-js/", "etcdserverpb"];

const THROW = `throw new Error("${TRAP}");`;

async function setTraps(folder: string): Promise<void> {
  let count = 0;
  for await (const { name, isFile } of Deno.readDir(folder)) {
    const path = `${folder}/${name}`;
    const bytes = isFile ? await Deno.readFile(path) : new Uint8Array();
    const isPacked = name.endsWith(".gz");
    const text = new TextDecoder().decode(isPacked ? gunzipSync(bytes) : bytes);
    if (!MARKS.some((mark) => text.includes(mark))) continue;
    // A packed one is a function; a chunk still exports what the others import.
    await Deno.writeFile(
      path,
      isPacked ? gzipSync(`(function(){${THROW}})`) : new TextEncoder().encode(THROW + text),
    );
    count++;
  }
  assert(count > 0, "a file holds the gRPC client");
}

testNeeding(["binary", "etcd"], "ADD and DEL do not load the gRPC client", async () => {
  await using box = await makeSandbox();
  await using etcd = await startEtcd();
  const program = `${box.root}/trapped`;
  await compile({ output: program, change: setTraps });
  const call = (
    command: string,
    ipam: Readonly<Record<string, unknown>>,
  ): Promise<PluginAnswer> =>
    callPlugin({
      command,
      containerId: "lazy",
      ifName: "eth0",
      netns: "/run/netns/lazy",
      netconf: box.netconf(ipam),
    }, { root: box.root, words: [program] });
  const etcdConfig = { etcdURL: etcd.endpoints.join(",") };
  for (const ipam of [{}, { etcdConfig }]) {
    for (const command of ["ADD", "DEL"]) {
      const { code, stdout } = await call(command, ipam);
      assertEquals(code, 0, stdout);
    }
  }
  const trapped = await call("ADD", { etcdConfig: { ...etcdConfig, transport: "grpc" } });
  assertEquals(trapped.code, 1);
  assertStringIncludes(trapped.stdout, TRAP);
});

testNeeding(
  ["binary", "etcd"],
  "ADD and DEL by gRPC, with the packages in the binary",
  async () => {
    await using box = await makeSandbox();
    await using etcd = await startEtcd();
    const etcdConfig = { etcdURL: etcd.endpoints.join(","), transport: "grpc" };
    for (const command of ["ADD", "CHECK", "DEL"]) {
      const prevResult = { cniVersion: "1.0.0", ips: [{ address: "10.1.0.10/24" }] };
      const { code, stdout } = await box.call({
        command,
        containerId: "grpc",
        ifName: "eth0",
        netns: "/run/netns/grpc",
        netconf: {
          ...box.netconf({ etcdConfig, rangeStart: "10.1.0.10", rangeEnd: "10.1.0.10" }),
          prevResult,
        },
      });
      assertEquals(code, 0, stdout);
    }
  },
);
