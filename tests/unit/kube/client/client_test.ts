import { assert, assertEquals, assertRejects } from "@std/assert";
import { type KubeApi, KubeError, type KubeFailure } from "../../../../lib/kube/api.ts";
import type { Pod } from "../../../../lib/kube/pod.ts";
import { openKube } from "../../../../lib/kube/open.ts";
import { writeKubeconfig } from "../kubeconfig/_kubeconfig.ts";

const NAME = { namespace: "default", name: "web-0" };
const TOKEN = "s3cret-token";
const POD = {
  kind: "Pod",
  apiVersion: "v1",
  metadata: { ...NAME, uid: "u1", annotations: { "kube-ipam.ip": "10.0.0.1" } },
  spec: { containers: [{ env: [{ name: "PASSWORD", value: "hunter2" }] }] },
};

/** What is left of a request when it has ended. */
interface Seen {
  readonly method: string;
  readonly url: string;
  readonly headers: Headers;
}

interface Api extends AsyncDisposable {
  readonly api: KubeApi;
  readonly requests: readonly Seen[];
}

/** An API that gives one answer to everything. */
async function serve(answer: (request: Request) => Response | Promise<Response>): Promise<Api> {
  const requests: Seen[] = [];
  const server = Deno.serve({ hostname: "127.0.0.1", port: 0, onListen: () => {} }, (request) => {
    const { method, url, headers } = request;
    requests.push({ method, url, headers: new Headers(headers) });
    return answer(request);
  });
  const folder = await Deno.makeTempDir({ prefix: "kube-ipam-kube-" });
  const url = `http://127.0.0.1:${server.addr.port}`;
  const user = { token: TOKEN };
  const api = await openKube(writeKubeconfig(folder, { server: `${url}/k8s/clusters/c-x`, user }));
  await Deno.remove(folder, { recursive: true });
  return {
    api,
    requests,
    [Symbol.asyncDispose]: async () => {
      await api[Symbol.asyncDispose]();
      await server.shutdown();
    },
  };
}

function ask(api: KubeApi, signal = AbortSignal.timeout(10_000)): Promise<Pod | undefined> {
  return api.getPod(NAME, { signal });
}

function json(body: unknown, init?: ResponseInit): Response {
  return Response.json(body, init);
}

function status(code: number, rest: Record<string, unknown> = {}): Response {
  return json({ kind: "Status", apiVersion: "v1", status: "Failure", code, ...rest }, {
    status: code,
  });
}

const NOT_FOUND = { reason: "NotFound", message: 'pods "web-0" not found' };
const FORBIDDEN = 'pods "web-0" is forbidden: User "node" cannot get resource "pods"';
const HTML = "<html><body>hunter2</body></html>";

Deno.test("getPod() asks for one pod, with the token and without a resource version", async () => {
  await using served = await serve(() => json(POD));
  const pod = await ask(served.api);
  assertEquals([pod?.uid, pod?.annotations], ["u1", { "kube-ipam.ip": "10.0.0.1" }]);
  const [request] = served.requests;
  const url = new URL(request?.url ?? "");
  assertEquals(
    url.pathname + url.search,
    "/k8s/clusters/c-x/api/v1/namespaces/default/pods/web-0",
  );
  assertEquals(request?.method, "GET");
  assertEquals(request?.headers.get("accept"), "application/json");
  assertEquals(request?.headers.get("authorization"), `Bearer ${TOKEN}`);
});

Deno.test("getPod() believes that there is no pod only where the API says so", async () => {
  await using served = await serve(() => status(404, { ...NOT_FOUND, details: { kind: "pods" } }));
  assertEquals(await ask(served.api), undefined);
});

/** What is answered, and what is made of it. */
const FAILURES: readonly [
  answer: () => Response,
  kind: KubeFailure,
  message: RegExp,
  repair: RegExp,
][] = [
  [
    () => status(404, { ...NOT_FOUND, details: { kind: "namespaces" } }),
    "unavailable",
    /404, .*that is not the API's/,
    /path prefix/,
  ],
  [() => status(404, NOT_FOUND), "unavailable", /not the API's/, /server/],
  [
    () => status(404, { reason: "Gone", details: { kind: "pods" } }),
    "unavailable",
    /not the API's/,
    /server/,
  ],
  [
    () => json({ reason: "NotFound", details: { kind: "pods" } }, { status: 404 }),
    "unavailable",
    /not the API's/,
    /server/,
  ],
  [() => new Response(HTML, { status: 404 }), "unavailable", /404 that is not the API's/, /server/],
  [
    () => status(401, { message: "Unauthorized" }),
    "refused",
    /401, Unauthorized/,
    /Renew the token/,
  ],
  [
    () => status(403, { message: FORBIDDEN }),
    "refused",
    /403, pods "web-0" is forbidden: User "node"/,
    /ClusterRole with "get" on pods.*rbac\.yaml/,
  ],
  [() => new Response(HTML, { status: 403 }), "refused", /403$/, /ClusterRole/],
  [
    () => status(410, { reason: "Expired", message: "too old" }),
    "unavailable",
    /410, too old/,
    /server/,
  ],
  [
    () => new Response("", { status: 429, headers: { "retry-after": "7" } }),
    "unavailable",
    /429, Retry-After 7/,
    /reached/,
  ],
  [() => status(429, { message: "too many" }), "unavailable", /429, too many/, /reached/],
  [
    () => status(500, { message: "etcdserver: timeout" }),
    "unavailable",
    /500, etcdserver: timeout/,
    /reached/,
  ],
  [() => new Response(HTML, { status: 502 }), "unavailable", /502/, /reached/],
  [
    () => new Response("", { status: 503, headers: { "retry-after": "1" } }),
    "unavailable",
    /503, Retry-After 1/,
    /reached/,
  ],
  [
    () => new Response("Client sent an HTTP request to an HTTPS server.\n", { status: 400 }),
    "misconfigured",
    /serves TLS/,
    /https:\/\//,
  ],
  [() => new Response("", { status: 406 }), "unavailable", /406/, /server/],
  [
    () => Response.redirect("https://login.example/path?token=hunter2"),
    "misconfigured",
    /302, a redirect to https:\/\/login\.example$/,
    /API itself/,
  ],
  [
    () => new Response(null, { status: 308, headers: { location: "/elsewhere" } }),
    "misconfigured",
    /308, a redirect$/,
    /API itself/,
  ],
  [() => new Response(null, { status: 204 }), "unavailable", /204/, /server/],
  [() => new Response(HTML), "unavailable", /200 that is not JSON/, /server/],
  [() => new Response(""), "unavailable", /200 that is not JSON/, /server/],
  [
    () => new Response(JSON.stringify(POD).slice(0, -9)),
    "unavailable",
    /200 that is not JSON/,
    /server/,
  ],
  [() => json(null), "unavailable", /not this: kind is not Pod/, /server/],
  [() => json({ kind: "Status", status: "Success" }), "unavailable", /kind is not Pod/, /server/],
  [() => json({ kind: "PodList", items: [POD] }), "unavailable", /kind is not Pod/, /server/],
  [
    () => json({ ...POD, metadata: { ...POD.metadata, name: "web-1" } }),
    "unavailable",
    /another pod/,
    /server/,
  ],
  [
    () => json({ ...POD, metadata: { ...POD.metadata, namespace: "x" } }),
    "unavailable",
    /another pod/,
    /server/,
  ],
  [() => json({ ...POD, metadata: NAME }), "unavailable", /uid is absent/, /server/],
  [() => new Response("x".repeat(8 * 1024 * 1024 + 1)), "unavailable", /more than 8 MiB/, /server/],
  [() => new Response(endless()), "unavailable", /more than 8 MiB/, /server/],
];

function endless(): ReadableStream<Uint8Array> {
  return new ReadableStream({
    pull: (controller) => controller.enqueue(new Uint8Array(65_536).fill(32)),
  });
}

Deno.test("getPod() takes nothing else for an answer, and shows no content", async () => {
  for (const [answer, kind, message, repair] of FAILURES) {
    await using served = await serve(answer);
    const error = await assertRejects(() => ask(served.api), KubeError);
    assertEquals(error.kind, kind, error.message);
    assert(message.test(error.message), `${error.message} is not ${message}`);
    assert(repair.test(error.repair), `${error.repair} is not ${repair}`);
    assert(error.message.startsWith('Cannot read the pod "default/web-0" from http://127.0.0.1'));
    assert(!/hunter2|s3cret/.test(`${error.message} ${error.repair}`), error.message);
    assertEquals(served.requests.length, 1);
  }
});

Deno.test("getPod() ends with the signal: no answer, and a body that never ends", async () => {
  const ending = new AbortController();
  const hung = new Promise<Response>((resolve) =>
    ending.signal.addEventListener("abort", () => resolve(new Response()))
  );
  const slow = (): Response =>
    new Response(
      new ReadableStream({
        start: (controller) => controller.enqueue(new TextEncoder().encode("{")),
      }),
    );
  {
    await using first = await serve(() => hung);
    await using second = await serve(slow);
    for (const { api } of [first, second]) {
      const signal = AbortSignal.timeout(100);
      const error = await assertRejects(() => ask(api, signal), KubeError, "time of this call");
      assertEquals(error.kind, "unavailable");
      await assertRejects(() => ask(api, signal), KubeError, "time of this call");
    }
    assertEquals(first.requests.length, 1);
    const own = await assertRejects(() => ask(second.api), KubeError, "no answer in 3000 ms");
    assertEquals(own.kind, "unavailable");
    ending.abort();
  }
});

Deno.test("getPod() takes an answer that is cut off, and no connection, as unavailable", async () => {
  const listener = Deno.listen({ hostname: "127.0.0.1", port: 0 });
  const server = `http://127.0.0.1:${listener.addr.port}`;
  const answers = [
    "",
    "HTTP/1.1 200 OK\r\ncontent-length: 100\r\n\r\n{",
    "HTTP/1.1 200 OK\r\ntransfer-encoding: chunked\r\n\r\n5\r\n{",
    "SSH-2.0-OpenSSH\r\n",
  ];
  const folder = await Deno.makeTempDir({ prefix: "kube-ipam-kube-" });
  try {
    await using api = await openKube(writeKubeconfig(folder, { server }));
    for (const answer of answers) {
      const asked = assertRejects(() => ask(api), KubeError);
      {
        using conn = await listener.accept();
        await conn.read(new Uint8Array(4096));
        await conn.write(new TextEncoder().encode(answer));
      }
      assertEquals((await asked).kind, "unavailable", answer);
    }
    listener.close();
    const refused = await assertRejects(() => ask(api), KubeError, "onnect");
    assertEquals(refused.kind, "unavailable");
    assert(/NO_PROXY/.test(refused.repair), refused.repair);
  } finally {
    await Deno.remove(folder, { recursive: true });
  }
});

Deno.test("getPod() puts nothing but a name into the path", async () => {
  await using served = await serve(() => json(POD));
  const signal = AbortSignal.timeout(1000);
  for (const name of ["", "..", ".", "a/b", "a?b", "A", "a%2fb", "-a"]) {
    for (const pod of [{ ...NAME, name }, { ...NAME, namespace: name }]) {
      await assertRejects(() => served.api.getPod(pod, { signal }), KubeError, "no name of a pod");
    }
  }
  assertEquals(served.requests.length, 0);
});

Deno.test("getPod() shows nothing of the token that a server sends back", async () => {
  await using served = await serve((request) =>
    status(401, { message: `you sent ${request.headers.get("authorization")} and are nobody` })
  );
  const error = await assertRejects(() => ask(served.api), KubeError);
  assertEquals(error.message.includes(TOKEN), false);
  assert(error.message.includes("you sent Bearer (secret) and are nobody"), error.message);
});
