/**
 * An executable that is baked for two networks: it serves them, says what it may do, and can do nothing else.
 *
 * One network names its etcd by address, the other one by name, and is served by gRPC. A proxy before the
 * first etcd counts who comes: it is an endpoint that nobody baked.
 */
import { assert, assertEquals, assertMatch, assertStringIncludes } from "@std/assert";
import { fileURLToPath } from "node:url";
import { readSource } from "../../deploy/source.ts";
import { ownArch } from "../../deploy/toolchain.ts";
import { findProgram } from "../support/assets.ts";
import {
  assertRefused,
  assertResult,
  assertSilent,
  callFor,
  type Json,
} from "../support/answers.ts";
import { startEtcd } from "../support/etcd.ts";
import { goodFiles, install } from "../support/install.ts";
import { testNeeding } from "../support/needs.ts";
import { callPlugin, makeSandbox, type PluginAnswer } from "../support/plugin.ts";
import { startProxy } from "../support/proxy.ts";
import { compileTask, run } from "./_run.ts";

const ROOT = fileURLToPath(new URL("../../", import.meta.url));

/** What only root may read, and no network names. */
const SECRET = "/etc/shadow";

testNeeding(
  ["binary", "etcd", "openssl", "root"],
  "an executable baked for two networks serves them and can do nothing else",
  async (t) => {
    await using etcd = await startEtcd();
    await using secured = await startEtcd({ tls: "mutual-server-auth-only" });
    await using stranger = startProxy(etcd.endpoints[0] ?? "");
    await using box = await makeSandbox();
    const { root, dataDir, runDir, logFile } = box;
    const endpoint = new URL(etcd.endpoints[0] ?? "");
    const named = new URL(secured.endpoints[0] ?? "");
    named.hostname = "localhost";
    const files = await install(root, goodFiles(secured));
    const plain = box.netconf({ etcdConfig: { etcdURL: endpoint.origin }, nodeName: "node-a" });
    const byName = box.netconf(
      { etcdConfig: { etcdURL: named.origin, ...files }, nodeName: "node-a" },
      { name: "named" },
    );
    const confs = await Promise.all([plain, byName].map(async (netconf, index) => {
      const path = `${root}/${index}.conf`;
      await Deno.writeTextFile(path, JSON.stringify(netconf));
      return path;
    }));
    const permissions = {
      env: [
        ...["CNI_COMMAND", "CNI_CONTAINERID", "CNI_NETNS", "CNI_IFNAME", "CNI_ARGS", "CNI_PATH"],
      ],
      sys: [],
      net: [endpoint.host, named.host].sort(),
      read: [...Object.values<string>(files), dataDir, logFile, runDir].sort(),
      write: [dataDir, logFile, `${logFile}.1`, runDir].sort(),
    };
    const program = `${root}/baked/kube-ipam`;
    const call = (command: string, netconf: Json): Promise<PluginAnswer> =>
      callPlugin(callFor(command, "c1", { netconf }), { root, words: [program] });

    const flags = confs.flatMap((conf) => ["--conf", conf]);
    const made = await compileTask(...flags, "--release", "--output", program);
    assertEquals(made.code, 0, made.stderr);
    const shown = [
      "  env    " + permissions.env.join(", "),
      "  sys    none",
      "  net    " + permissions.net.join(", "),
      "  read   " + permissions.read.join(", "),
      "  write  " + permissions.write.join(", "),
      "  run    none",
      "  ffi    none",
    ].join("\n");

    await t.step("what is baked is shown", () => {
      assertStringIncludes(made.stdout, `Permissions: baked for "testnet", "named"\n${shown}\n`);
    });

    await t.step("version tells commit, target and exactly these permissions", async () => {
      const { commit } = await readSource(ROOT);
      const text = await run([program, "version"]);
      assertEquals([text.code, text.stderr], [0, ""]);
      assertStringIncludes(
        text.stdout,
        `\ncommit: ${commit}\ntarget: ${Deno.build.target}\nDeno: `,
      );
      assertStringIncludes(text.stdout, `\npermissions: baked for "testnet", "named"\n${shown}\n`);
      const json = await run([program, "-version", "--json"]);
      const facts = JSON.parse(json.stdout);
      assertEquals(facts.permissions, permissions);
      assertEquals([facts.commit, facts.compiled, facts.networks], [
        commit,
        true,
        ["testnet", "named"],
      ]);
    });

    await t.step("ADD and DEL serve both networks, the second one by gRPC", async () => {
      for (const netconf of [plain, byName]) {
        const first = await call("ADD", netconf);
        assertResult(first);
        assertEquals((await call("ADD", netconf)).stdout, first.stdout);
        assertSilent(await call("DEL", netconf));
      }
      const remembered = await Array.fromAsync(Deno.readDir(`${dataDir}/transport`));
      assertEquals(remembered.length, 1, "the gateway could not serve the second one");
    });

    await t.step("an etcd that is not baked is refused, and never sees a connection", async () => {
      for (const transport of ["auto", "gateway", "grpc"]) {
        const etcdConfig = { etcdURL: stranger.url, transport };
        for (const command of ["ADD", "DEL"]) {
          const answer = await call(command, box.netconf({ etcdConfig, nodeName: "node-a" }));
          const { details } = assertRefused(answer, 7);
          assertStringIncludes(details, `Requires net access to "${new URL(stranger.url).host}"`);
          assertStringIncludes(details, "kube-ipam version shows them");
        }
      }
      assertEquals(stranger.connections, 0);
      assertEquals((await fetch(`${stranger.url}/version`)).ok, true, "it would have answered");
    });

    await t.step("a file that is not baked is refused, and never opened", async () => {
      assert((await Deno.readTextFile(SECRET)).length > 0, "root may read it");
      const etcdConfig = { etcdURL: endpoint.origin };
      const user = { etcdUsername: "u", etcdPasswordFile: SECRET };
      const cases: readonly (readonly [Json, number, string])[] = [
        [{ etcdConfig, resolvConf: SECRET }, 5, `no permission to read it: "kube-ipam version"`],
        [{ etcdConfig: { ...etcdConfig, ...user } }, 7, "outside the permissions of this program"],
        [{ etcdConfig, dataDir: "/etc/kube-ipam-baked" }, 5, "no permission to write it"],
      ];
      const strace = await findProgram("strace");
      const trace = `${root}/trace`;
      const words = strace === undefined
        ? [program]
        : [strace, "-f", "-qq", "-s", "4096", "-e", "trace=file", "-o", trace, program];
      for (const [ipam, code, part] of cases) {
        const netconf = box.netconf({ nodeName: "node-a", ...ipam });
        const answer = await callPlugin(callFor("ADD", "c2", { netconf }), { root, words });
        assertStringIncludes(assertRefused(answer, code).details, part);
        if (strace === undefined) continue;
        const text = await Deno.readTextFile(trace);
        assertStringIncludes(text, `"${logFile}"`, "the trace holds something");
        for (const path of [SECRET, "/etc/kube-ipam-baked"]) {
          assert(!text.includes(`"${path}`), text);
        }
      }
    });

    await t.step("list reads its configuration from stdin, as the file is not baked", async () => {
      const [conf = ""] = confs;
      const refused = await run([program, "list", "--conf", conf]);
      assertEquals([refused.code, refused.stdout], [1, ""]);
      assertStringIncludes(refused.stderr, "give the file on stdin, as --conf - < FILE");
      const listed = await run([program, "list", "--conf", "-"], { stdin: JSON.stringify(plain) });
      assertEquals(listed.code, 0, listed.stderr);
      assertMatch(listed.stdout, /^ADDRESS .*\n10\.1\.0\.\d+ +cooling /);
    });

    await t.step("the archive is what sha256sum accepts, and holds this executable", async () => {
      const folder = `${root}/baked`;
      const names = (await Array.fromAsync(Deno.readDir(folder))).map(({ name }) => name).sort();
      const [archive = "", sum = ""] = names.filter((name) => name.includes(".tar.gz"));
      const name = archive.replace(".tar.gz", "");
      assertMatch(name, new RegExp(`^kube-ipam-[0-9.]+-linux-${ownArch()}$`));
      assertEquals(names, ["kube-ipam", `${name}.cdx.json`, archive, sum]);
      const checked = await run(["sh", "-c", `cd ${folder} && sha256sum -c ${sum}`]);
      assertEquals([checked.code, checked.stdout], [0, `${archive}: OK\n`]);
      const listed = await run(["tar", "-tvzf", `${folder}/${archive}`]);
      const lines = listed.stdout.trimEnd().split("\n");
      assert(lines.every((line) => /^-r[w-][x-]r-[x-]r-[x-] 0\/0 /.test(line)), listed.stdout);
      const paths = lines.map((line) => line.split(" ").at(-1)?.slice(name.length + 1) ?? "");
      const samples = await Array.fromAsync(Deno.readDir(`${ROOT}config-samples`));
      assertEquals(
        paths,
        ["LICENSE", "README.md", "kube-ipam", ...samples.map((one) => `config-samples/${one.name}`)]
          .sort(),
      );
      await run(["tar", "-xzf", `${folder}/${archive}`, "-C", folder]);
      const unpacked = await run([`${folder}/${name}/kube-ipam`, "version"]);
      assertEquals(unpacked.stdout, (await run([program, "version"])).stdout);
      const bill = JSON.parse(await Deno.readTextFile(`${folder}/${name}.cdx.json`));
      const { stdout } = await run(["sha256sum", program]);
      assertEquals(bill.metadata.component.hashes[0].content, stdout.slice(0, 64));
    });
  },
);
