import { assert, assertRejects } from "@std/assert";
import { KubeError } from "../../../../lib/kube/api.ts";
import { openKube } from "../../../../lib/kube/open.ts";
import { writeKubeconfig } from "../kubeconfig/_kubeconfig.ts";

const NAME = { namespace: "default", name: "web-0" };

Deno.test({
  name: "getPod() under another server name ends with the signal where TLS never begins",
  // Deno 2.6 keeps the connection until the process ends.
  sanitizeResources: false,
  fn: async () => {
    const folder = await Deno.makeTempDir({ prefix: "kube-ipam-kube-" });
    const silent = Deno.listen({ hostname: "127.0.0.1", port: 0 });
    const accepted = silent.accept();
    try {
      for (const key of ["tls-server-name", "insecure-skip-tls-verify"]) {
        const cluster = { [key]: key === "tls-server-name" ? "api.example" : true };
        const server = `https://127.0.0.1:${silent.addr.port}`;
        await using api = await openKube(writeKubeconfig(folder, { server, cluster }));
        const asked = api.getPod(NAME, { signal: AbortSignal.timeout(100) });
        await assertRejects(() => asked, KubeError, "the time of this call is over");
      }
    } finally {
      (await accepted).close();
      silent.close();
      await Deno.remove(folder, { recursive: true });
    }
  },
});

Deno.test("getPod() under another server name takes no connection as unavailable", async () => {
  const folder = await Deno.makeTempDir({ prefix: "kube-ipam-kube-" });
  try {
    const server = "https://127.0.0.1:1";
    const cluster = { "tls-server-name": "api.example" };
    await using api = await openKube(writeKubeconfig(folder, { server, cluster }));
    const asked = api.getPod(NAME, { signal: AbortSignal.timeout(5000) });
    const { kind, repair } = await assertRejects(() => asked, KubeError);
    assert(kind === "unavailable" && /NO_PROXY/.test(repair), repair);
  } finally {
    await Deno.remove(folder, { recursive: true });
  }
});
