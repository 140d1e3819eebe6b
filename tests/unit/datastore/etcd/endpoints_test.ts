import { assertEquals, assertRejects } from "@std/assert";
import { DatastoreError } from "../../../../lib/datastore/datastore.ts";
import {
  GatewayCannotServe,
  makeEndpoints,
  type Tried,
  tryEndpoints,
} from "../../../../lib/datastore/etcd/endpoints.ts";
import type { Failure } from "../../../../lib/datastore/etcd/failure.ts";

const THREE = ["http://a:1", "http://b:1", "http://c:1"];
const [A = "", B = "", C = ""] = THREE;
const signal = new AbortController().signal;

async function withRunDir(fn: (runDir: string) => void | Promise<void>): Promise<void> {
  const runDir = await Deno.makeTempDir();
  try {
    await fn(runDir);
  } finally {
    await Deno.remove(runDir, { recursive: true });
  }
}

function failing(kind: Failure["kind"], sent = false): Tried<never> {
  return { kind: "failure", failure: { kind, sent, text: `seen ${kind}`, repair: `fix ${kind}` } };
}

Deno.test("order() begins where chance says and goes round", () =>
  withRunDir((runDir) => {
    const orders = [0, 0.34, 0.99].map((chance) =>
      makeEndpoints(THREE, { runDir, random: () => chance }).order()
    );
    assertEquals(orders, [[A, B, C], [B, C, A], [C, A, B]]);
  }));

Deno.test("order() puts the failed ones last, also for the next process", () =>
  withRunDir((runDir) => {
    const options = { runDir, random: () => 0 };
    const first = makeEndpoints(THREE, options);
    first.failed(A);
    assertEquals(first.order(), [B, C, A]);
    assertEquals(makeEndpoints(THREE, options).order(), [B, C, A]);
    assertEquals(makeEndpoints(THREE.toReversed(), options).order(), [C, B, A]);
    first.failed(B);
    assertEquals(makeEndpoints(THREE, options).order(), [C, A, B]);
    makeEndpoints(THREE, options).answered(A);
    assertEquals(makeEndpoints(THREE, options).order(), [A, C, B]);
  }));

Deno.test("order() forgets failures that are minutes old, and other clusters do not share them", () =>
  withRunDir(async (runDir) => {
    const options = { runDir, random: () => 0 };
    makeEndpoints(THREE, options).failed(A);
    assertEquals(makeEndpoints([A, B], options).order(), [A, B]);
    for await (const { name } of Deno.readDir(`${runDir}/failed`)) {
      const old = new Date(Date.now() - 3_600_000);
      await Deno.utime(`${runDir}/failed/${name}`, old, old);
    }
    assertEquals(makeEndpoints(THREE, options).order(), THREE);
  }));

Deno.test("a single endpoint leaves no file", () =>
  withRunDir(async (runDir) => {
    const one = makeEndpoints([A], { runDir, random: Math.random });
    one.failed(A);
    assertEquals(one.order(), [A]);
    assertEquals(await Array.fromAsync(Deno.readDir(runDir)), []);
  }));

Deno.test("a folder that cannot be written changes nothing", () => {
  const endpoints = makeEndpoints(THREE, { runDir: "/dev/null/no", random: () => 0 });
  endpoints.failed(A);
  assertEquals(endpoints.order(), [B, C, A]);
});

Deno.test("tryEndpoints() goes on until one answers", () =>
  withRunDir(async (runDir) => {
    const endpoints = makeEndpoints(THREE, { runDir, random: () => 0 });
    const asked: string[] = [];
    const value = await tryEndpoints<number>((endpoint) => {
      asked.push(endpoint);
      return Promise.resolve(
        endpoint === C ? { kind: "answer", value: 42 } : failing("unreachable"),
      );
    }, { endpoints, signal, writes: true });
    assertEquals([value, asked], [42, THREE]);
    assertEquals(endpoints.order(), [C, A, B]);
  }));

Deno.test("tryEndpoints() says what all of them said", () =>
  withRunDir(async (runDir) => {
    const cases: readonly [Tried<never>[], boolean, string][] = [
      [[failing("unreachable"), failing("unreachable")], true, "unreachable"],
      [[failing("unreachable", true), failing("unreachable")], true, "ambiguous"],
      [[failing("unreachable", true), failing("unreachable")], false, "unreachable"],
      [[failing("misconfigured"), failing("misconfigured")], true, "misconfigured"],
      [[failing("misconfigured"), failing("unreachable")], true, "unreachable"],
      [[failing("refused")], true, "refused"],
      [[failing("full")], true, "full"],
      [[failing("unreachable", true), failing("refused")], true, "ambiguous"],
      [[failing("unreachable", true), failing("refused")], false, "refused"],
    ];
    for (const [tries, writes, kind] of cases) {
      const endpoints = makeEndpoints(THREE.slice(0, tries.length), { runDir, random: () => 0 });
      const left = [...tries];
      const error = await assertRejects(
        () =>
          tryEndpoints(
            () => Promise.resolve(left.shift() ?? failing("unreachable")),
            { endpoints, signal, writes },
          ),
        DatastoreError,
      );
      assertEquals(error.kind, kind);
      assertEquals(left, []);
      await Deno.remove(`${runDir}/failed`, { recursive: true }).catch(() => {});
    }
  }));

Deno.test("tryEndpoints() gives up at once where the gateway cannot serve", () =>
  withRunDir(async (runDir) => {
    const endpoints = makeEndpoints(THREE, { runDir, random: () => 0 });
    const attempt = (): Promise<Tried<never>> => Promise.resolve(failing("gateway", true));
    const error = await assertRejects(
      () => tryEndpoints(attempt, { endpoints, signal, writes: true }),
      GatewayCannotServe,
    );
    assertEquals(error.lost, true);
  }));

Deno.test("tryEndpoints() asks nobody when the time is over", () =>
  withRunDir(async (runDir) => {
    const endpoints = makeEndpoints(THREE, { runDir, random: () => 0 });
    const attempt = (): Promise<Tried<never>> => Promise.reject(new Error("asked"));
    const options = { endpoints, signal: AbortSignal.abort(), writes: true };
    const error = await assertRejects(() => tryEndpoints(attempt, options), DatastoreError);
    assertEquals(error.kind, "unreachable");
  }));
